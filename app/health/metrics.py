"""Figures for Prometheus. Labels name operations, kinds and codes: no path, no id, no person.

Workers count requests; what stands in the database is read when somebody asks, by the process that
answers (`flask metrics`).
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from time import perf_counter

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import DBAPIError

from app.config import Settings
from app.finaliser.heartbeat import read_heartbeat
from app.finaliser.steps import STEPS
from app.health.probes import OK, PROBES, Answers, Asker, Probe, covered_until, read_years
from app.kit import clock
from app.kit.calendar.terms import end_of_day
from app.kit.errors import DomainError
from app.kit.extensions import db

SECONDS = Histogram(
    "yueyuetan_request_seconds",
    "Time until a request was answered",
    ["operation"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
UNAVAILABLE = Counter(
    "yueyuetan_unavailable_total", "Requests that were answered with 503", ["operation"]
)
CASTS = Counter("yueyuetan_casts_total", "Ballots that were acknowledged, replacements too")
UPLOADS = Gauge("yueyuetan_uploads_in_progress", "Uploads under way", multiprocess_mode="livesum")
HOLIDAYS = "yueyuetan_holidays_until_seconds"
CAST = "ballots.cast_ballot"
NOWHERE = "none"
WHOLE = 200


def init_app(app: Flask) -> None:
    """Count this application's requests."""
    app.before_request(begin)
    app.after_request(count)
    app.teardown_request(end_upload)


def begin() -> None:
    """Note when the request came."""
    g.metrics_began = perf_counter()
    if request.mimetype == "multipart/form-data":
        g.metrics_upload = True
        UPLOADS.inc()


def count(response: Response) -> Response:
    """Count the answer under its operation: an address that leads nowhere has none."""
    operation = request.endpoint or NOWHERE
    if "metrics_began" in g:
        SECONDS.labels(operation).observe(perf_counter() - g.metrics_began)
    if response.status_code == 503:
        UNAVAILABLE.labels(operation).inc()
    if operation == CAST and response.status_code == WHOLE:
        CASTS.inc()
    return response


def end_upload(error: BaseException | None) -> None:
    """The upload is over, however it ended."""
    if g.pop("metrics_upload", False):
        UPLOADS.dec()


def ask_due() -> Answers:
    """How many things of each kind are due and have not moved, and until when holidays are known.

    What cannot be asked, such as keys without their store, is left out.
    """
    found: dict[str, str] = {}
    for step in STEPS:
        if not step.is_counted:
            continue
        try:
            found[step.name] = str(len(step.due(db.session())))
        except (DomainError, DBAPIError):
            db.session.rollback()
    return {**found, **_holidays()}


def _holidays() -> Answers:
    """The end of the last day that the tables of holidays cover, as Unix time."""
    try:
        covered = covered_until(clock.local_date(clock.now()), read_years())
    except DBAPIError:
        return {}
    finally:
        db.session.remove()
    return {HOLIDAYS: str(end_of_day(covered).timestamp())}


class State(Collector):
    """What the database, the key store and the finaliser say at this moment."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._checks, self._due = Asker(app, PROBES), Asker(app, (Probe((), ask_due),))

    def collect(self) -> Iterable[Metric]:
        """A gauge that cannot be read is left out: no figure is better than an old one."""
        checks = self._checks.ask()
        yield _gauge(
            "yueyuetan_check",
            "1 where a check of /readyz holds",
            "check",
            {name: code == OK for name, code in checks.items()},
        )
        if checks["database"] == OK:
            figures = {kind: float(number) for kind, number in self._due.ask().items()}
            until = figures.pop(HOLIDAYS, None)
            yield _gauge("yueyuetan_due", "Things that are due and have not moved", "kind", figures)
            if until is not None:
                yield GaugeMetricFamily(HOLIDAYS, "Until when holidays are known, Unix time", until)
        with self._app.app_context():
            yield from _heartbeat()


def _heartbeat() -> Iterator[Metric]:
    settings: Settings = current_app.extensions["settings"]
    heartbeat = read_heartbeat(settings.heartbeat_file)
    if heartbeat is None:
        return
    yield GaugeMetricFamily(
        "yueyuetan_finaliser_heartbeat_age_seconds",
        "Since the finaliser's last sign of life",
        heartbeat.age().total_seconds(),
    )
    if heartbeat.clean_at is not None:
        yield GaugeMetricFamily(
            "yueyuetan_finaliser_clean_age_seconds",
            "Since the finaliser last moved everything that was due",
            (clock.now() - heartbeat.clean_at).total_seconds(),
        )
    yield _gauge(
        "yueyuetan_finaliser_failing",
        "1 for each part that is away or step in which something cannot be moved",
        "part",
        dict.fromkeys(heartbeat.failing, 1),
    )


def _gauge(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family


def registry(app: Flask) -> CollectorRegistry:
    """What `/metrics` tells: the state, and what the workers have counted."""
    made = CollectorRegistry()
    made.register(State(app))
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(made)  # type: ignore[no-untyped-call]
    return made
