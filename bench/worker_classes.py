"""Our casts under other kinds of gunicorn workers: what `gunicorn.conf.py` could say instead."""

import importlib.util
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.casts import Before, cast_requests, check_round, figures_of
from bench.client import drive
from bench.figures import Figure
from bench.plan import Plan
from bench.seeding import add_home, add_people, add_roll, add_session, seeding
from bench.servers import serving
from bench.sites import Site, Tokens, empty_database

PART = "workers"
WORKERS = 2
CASTS = 1_000
KINDS: dict[str, tuple[str, ...]] = {
    "sync": (),
    "gthread × 4": ("--worker-class", "gthread", "--threads", "4"),
    "gthread × 8": ("--worker-class", "gthread", "--threads", "8"),
    "gevent": ("--worker-class", "gevent"),
}


def measure(plan: Plan, folder: Path, server: str | None) -> Iterator[Figure]:
    """Every kind that is installed, two workers each, in turn."""
    kinds = [kind for kind in KINDS if kind != "gevent" or importlib.util.find_spec("gevent")]
    casts = min(CASTS, plan.voters)
    for engine in plan.engines:
        with ExitStack() as stack:
            url = stack.enter_context(empty_database(engine, folder / engine, server))
            sessions = []
            with seeding(url) as connection:
                home = add_home(connection)
                add_people(connection, home, 1, casts)
                for number in range(len(kinds) * (1 + plan.side_rounds)):
                    sessions.append(add_session(connection, home, number))
                    add_roll(connection, home, sessions[-1], 1, casts, voted=False)
            site = Site(engine, url, folder / engine, home)
            site.make_keys(sessions)
            servers = {
                kind: stack.enter_context(
                    serving(
                        "wsgi:app",
                        site.environment,
                        WORKERS,
                        site.folder / f"{place}.log",
                        KINDS[kind],
                    )
                )
                for place, kind in enumerate(kinds)
            }
            tokens = Tokens(site)
            for round_ in range(-1, plan.side_rounds):
                for kind, running in servers.items():
                    session_id, voters = sessions.pop(), tokens.first(casts)
                    if round_ < 0:  # the first one warms up
                        voters = voters[: plan.warm_up]
                    requests, nonces = cast_requests(home, session_id, voters)
                    run = drive(running.address, requests, plan.connections)
                    check = check_round(site, session_id, nonces, run, Before())
                    if round_ >= 0:
                        yield from figures_of(PART, engine, kind, WORKERS, round_, run, check)
