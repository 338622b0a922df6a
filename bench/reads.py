"""Reading turnout and result, with and without If-None-Match, beside a bare Flask view, and beside
one that asks the database whether the login still stands, as we must."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from app.kit.web.api import PREFIX
from bench.casts import BARE
from bench.client import drive, request_bytes
from bench.figures import Figure
from bench.plan import Plan
from bench.seeding import (
    add_ballots,
    add_home,
    add_others,
    add_people,
    add_result,
    add_roll,
    add_session,
    seeding,
)
from bench.servers import Server, serving
from bench.sites import Site, Tokens, empty_database

PART = "reads"
WORKERS = 2
ROLL, RETURNED = 1_500, 600  # an ordinary compound
KINDS = ("turnout", "result")


def measure(plan: Plan, folder: Path, server: str | None) -> Iterator[Figure]:
    """Ours on each engine and the bare view, in turn; `size` is the status that is answered."""
    with ExitStack() as stack:
        paths: dict[str, str] = {}
        readers: list[tuple[str, str, Server]] = []
        for engine in plan.engines:
            url = stack.enter_context(empty_database(engine, folder / engine, server))
            with seeding(url) as connection:
                home = add_home(connection)
                add_people(connection, home, 1, 1)
                add_others(connection, home, 2, ROLL)
                for number, kind in enumerate(KINDS):
                    session_id = add_session(connection, home, number)
                    add_roll(connection, home, session_id, 1, ROLL - RETURNED, voted=False)
                    add_roll(connection, home, session_id, ROLL - RETURNED + 1, ROLL, voted=True)
                    add_ballots(connection, home, session_id, RETURNED)
                    paths[f"{engine} {kind}"] = f"{PREFIX}/sessions/{session_id}/{kind}"
                add_result(connection, home, session_id, RETURNED)
            site = Site(engine, url, folder / engine, home)
            site.make_keys([])
            log = folder / engine / "server.log"
            running = stack.enter_context(serving("wsgi:app", site.environment, WORKERS, log))
            readers.append((engine, "ours", running))
        bare = {**site.environment, "BENCH_WRITES": "single"}
        running = stack.enter_context(serving(BARE, bare, WORKERS, folder / "bare.log"))
        readers.append((site.engine, "bare", running))
        if site.engine == "postgresql":
            asking = {**bare, "BENCH_ASKS": "yes"}
            running = stack.enter_context(serving(BARE, asking, WORKERS, folder / "asking.log"))
            readers.append((site.engine, "asking", running))
        tokens = Tokens(site)
        for round_ in range(-1, plan.rounds):
            (token,) = tokens.first(1)
            for kind in KINDS:
                for engine, who, running in readers:
                    path = paths[f"{engine} {kind}"]
                    for figure in _read(
                        plan, running, engine, f"{who} {kind}", path, token, round_
                    ):
                        if round_ >= 0:  # the first one warms up
                            yield figure


def _read(
    plan: Plan, server: Server, engine: str, subject: str, path: str, token: str, round_: int
) -> Iterator[Figure]:
    """One round without and one with the ETag. Raises RuntimeError for an unexpected status."""
    headers = {"Authorization": f"Bearer {token}"}
    plain = request_bytes("GET", path, headers)
    (first,) = drive(server.address, [plain], 1).answers
    conditional = request_bytes("GET", path, {**headers, "If-None-Match": first.etag})
    for status, request in ((200, plain), (304, conditional)):
        run = drive(server.address, [request] * plan.reads, plan.connections)
        if set(run.statuses()) != {status}:
            raise RuntimeError(f"{subject}: {dict(run.statuses())} instead of {status}")
        for measure_, value in (
            ("reads_per_s", run.rate),
            ("p50_ms", run.milliseconds(0.5)),
            ("p99_ms", run.milliseconds(0.99)),
        ):
            engine_ = engine if subject.startswith("ours") else "none"
            yield Figure(PART, engine_, subject, status, round_, measure_, value)
