"""Casts a second: ours beside pgbench and a bare Flask view, in turn, round by round.

After each round the rows are compared with what was acknowledged: a contestant that is fast by
losing ballots has no result.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection, LargeBinary, Uuid, bindparam, create_engine, text

from app.kit.web.api import PREFIX
from bench import pgbench
from bench.client import Run, drive, request_bytes
from bench.figures import Figure
from bench.plan import Plan
from bench.seeding import Home, add_home, add_people, add_roll, add_session, ballot_body, seeding
from bench.servers import Server, memory_of, serving
from bench.sites import Site, Tokens, copies, empty_database

PART = "cast"
FAULTS = ("lost", "doubled", "false", "refused")
BARE = "bench.contestants.bare_flask:app"
CHUNK = 400
LEAST_WAVES = 5


@dataclass(frozen=True)
class Contestant:
    """Who casts: `writes` is for the bare application, empty for ours."""

    name: str
    wsgi: str
    writes: str = ""


OURS = Contestant("ours", "wsgi:app")
CONTESTANTS: dict[str, tuple[Contestant, ...]] = {
    "postgresql": (
        OURS,
        Contestant("bare_rows", BARE, "rows"),
        Contestant("bare_one_statement", BARE, "one_statement"),
        Contestant("bare_single", BARE, "single"),
    ),
    "sqlite": (
        OURS,
        Contestant("bare_rows", BARE, "rows"),
        Contestant("bare_single", BARE, "single"),
    ),
}


@dataclass(frozen=True)
class Check:
    """What the rows say of a round: all of it is 0 where nothing went wrong.

    `lost`: acknowledged, and not there; `false`: there with another commitment than was answered;
    `doubled`: more ballots, or more voters marked, than casts that may have been stored;
    `refused`: casts without a receipt.
    """

    lost: int
    doubled: int
    false: int
    refused: int


@dataclass(frozen=True)
class Before:
    """Rows of a session before a round."""

    ballots: int = 0
    voted: int = 0


def count_rows(connection: Connection, session_id: UUID) -> Before:
    """The ballots of a session, and the people of whom a ballot came in."""
    ballots, voted = (
        connection.scalar(
            text(f"SELECT count(*) FROM {rows}").bindparams(
                bindparam("session", session_id, type_=Uuid())
            )
        )
        for rows in (
            "ballots WHERE session_id = :session",
            "roll_entries WHERE session_id = :session AND voted_on IS NOT NULL",
        )
    )
    return Before(ballots or 0, voted or 0)


def check_round(
    site: Site,
    session_id: UUID,
    nonces: Sequence[bytes],
    run: Run,
    before: Before,
    *,
    marks_voters: bool = True,
) -> Check:
    """Compare what was acknowledged with what is stored; each cast has a nonce of its own."""
    acknowledged: dict[bytes, str] = {}
    maybe_stored = 0
    for nonce, answer in zip(nonces, run.answers, strict=True):
        if answer.status == 200:
            acknowledged[nonce] = json.loads(answer.body)["commitment"]
        elif answer.status == 0 or answer.status >= 500:
            maybe_stored += 1
    engine = create_engine(site.url)
    with engine.connect() as connection:
        stored = _stored(connection, session_id, list(acknowledged))
        after = count_rows(connection, session_id)
    engine.dispose()
    most = len(acknowledged) + maybe_stored
    extra = [after.ballots - before.ballots - most]
    if marks_voters:
        extra.append(after.voted - before.voted - most)
    unmarked = max(0, before.voted + len(acknowledged) - after.voted) if marks_voters else 0
    return Check(
        lost=max(unmarked, sum(nonce not in stored for nonce in acknowledged)),
        doubled=max(0, *extra),
        false=sum(
            stored[nonce] != answered for nonce, answered in acknowledged.items() if nonce in stored
        ),
        refused=len(nonces) - len(acknowledged),
    )


def _stored(
    connection: Connection, session_id: UUID, nonces: Sequence[bytes]
) -> Mapping[bytes, str]:
    """Commitments in hexadecimal by nonce, of those nonces that are there."""
    query = text(
        "SELECT nonce, commitment FROM ballots WHERE session_id = :session AND nonce IN :nonces"
    ).bindparams(
        bindparam("session", session_id, type_=Uuid()),
        bindparam("nonces", expanding=True, type_=LargeBinary()),
    )
    return {
        bytes(nonce): bytes(committed).hex()
        for start in range(0, len(nonces), CHUNK)
        for nonce, committed in connection.execute(query, {"nonces": nonces[start : start + CHUNK]})
    }


def cast_requests(
    home: Home, session_id: UUID, tokens: Sequence[str]
) -> tuple[list[bytes], list[bytes]]:
    """One cast for each token in any order, and the nonces of the casts."""
    path = f"{PREFIX}/sessions/{session_id}/ballot"
    nonces = [random.randbytes(16) for _ in tokens]
    requests = [
        request_bytes(
            "PUT", path, {"Authorization": f"Bearer {token}"}, ballot_body(home, number, nonce)
        )
        for number, (token, nonce) in enumerate(zip(tokens, nonces, strict=True))
    ]
    return requests, nonces


def figures_of(
    part: str, engine: str, who: str, size: int, round_: int, run: Run, check: Check
) -> Iterator[Figure]:
    """What one round of casts says; only acknowledged casts count as casts."""
    casts = run.statuses()[200]
    values = {
        "casts": casts,
        "casts_per_s": casts / run.seconds,
        "p50_ms": run.milliseconds(0.5),
        "p99_ms": run.milliseconds(0.99),
        "client_share": run.client_share,
        **vars(check),
    }
    for measure, value in values.items():
        yield Figure(part, engine, who, size, round_, measure, value)


@dataclass
class _Entry:
    """A contestant on a database of its own, with the sessions that are still without a ballot."""

    contestant: Contestant
    site: Site
    sessions: list[UUID]
    casts: int = 0

    @property
    def environment(self) -> dict[str, str]:
        return {**self.site.environment, "BENCH_WRITES": self.contestant.writes}


PGBENCH = Contestant("pgbench", "")


def measure(plan: Plan, folder: Path, server: str | None) -> Iterator[Figure]:
    """Every contestant on every engine, with each number of workers."""
    with ExitStack() as stack:
        entries = [
            entry
            for engine in plan.engines
            for entry in stack.enter_context(_entries(engine, plan, folder / engine, server))
        ]
        tokens = Tokens(entries[0].site)
        for workers in plan.workers:
            yield from _with_workers(plan, entries, tokens, workers, folder)


@contextmanager
def _entries(engine: str, plan: Plan, folder: Path, server: str | None) -> Iterator[list[_Entry]]:
    """The contestants of an engine: one seeded database, and a copy of it for each."""
    contestants = CONTESTANTS[engine]
    if engine == "postgresql" and pgbench.program() is not None:
        contestants = (*contestants, PGBENCH)
    with empty_database(engine, folder, server) as url:
        with seeding(url) as connection:
            home = add_home(connection)
            add_people(connection, home, 1, plan.voters)
            sessions = []
            # One session for each round, and one for each warm-up.
            for number in range(sum(1 + plan.rounds_with(each) for each in plan.workers)):
                sessions.append(add_session(connection, home, number))
                add_roll(connection, home, sessions[-1], 1, plan.voters, voted=False)
        site = Site(engine, url, folder, home)
        site.make_keys(sessions)
        with copies(site, len(contestants)) as sites:
            yield [
                _Entry(contestant, copy, list(sessions))
                for contestant, copy in zip(contestants, sites, strict=True)
            ]


def _with_workers(
    plan: Plan, entries: Sequence[_Entry], tokens: Tokens, workers: int, folder: Path
) -> Iterator[Figure]:
    """All rounds with so many workers; every server runs all the while, one at a time is asked."""
    with ExitStack() as stack:
        servers: dict[int, Server] = {}
        for place, entry in enumerate(entries):
            if entry.contestant is PGBENCH:
                continue
            log = folder / f"{entry.site.engine}-{entry.contestant.name}-{workers}.log"
            servers[place] = stack.enter_context(
                serving(entry.contestant.wsgi, entry.environment, workers, log)
            )
            _warm_up(plan, entry, servers[place], tokens)
        for round_ in range(plan.rounds_with(workers)):
            for place, entry in enumerate(entries):
                if entry.contestant is PGBENCH:
                    yield from _pgbench_round(plan, entry, workers, round_, folder)
                else:
                    yield from _round(plan, entry, servers[place], tokens, workers, round_)
        for place, entry in enumerate(entries):
            if place in servers:
                yield from _memory(entry, servers[place], workers)


def _warm_up(plan: Plan, entry: _Entry, server: Server, tokens: Tokens) -> None:
    """Let every worker meet every statement, and find how many casts a round shall have."""
    voters = tokens.first(plan.warm_up)
    requests, _ = cast_requests(entry.site.home, entry.sessions.pop(), voters)
    half = len(requests) // 2
    drive(server.address, requests[:half], plan.connections)
    rate = drive(server.address, requests[half:], plan.connections).rate
    # A percentile of fewer answers would say nothing.
    fewest = LEAST_WAVES * plan.connections
    entry.casts = min(plan.voters, max(fewest, int(rate * plan.seconds)))


def _round(
    plan: Plan, entry: _Entry, server: Server, tokens: Tokens, workers: int, round_: int
) -> Iterator[Figure]:
    site, session_id = entry.site, entry.sessions.pop()
    voters = random.sample(tokens.first(plan.voters), entry.casts)
    requests, nonces = cast_requests(site.home, session_id, voters)
    run = drive(server.address, requests, plan.connections)
    marks_voters = entry.contestant.writes != "single"
    check = check_round(site, session_id, nonces, run, Before(), marks_voters=marks_voters)
    name = entry.contestant.name
    yield from figures_of(PART, site.engine, name, workers, round_, run, check)


def _pgbench_round(
    plan: Plan, entry: _Entry, workers: int, round_: int, folder: Path
) -> Iterator[Figure]:
    """pgbench knows no workers; it is measured in the rounds of each number of them."""
    site, session_id = entry.site, entry.sessions.pop()
    run = pgbench.run(site.url, site.home, session_id, plan.voters, folder)
    engine = create_engine(site.url)
    with engine.connect() as connection:
        stored = count_rows(connection, session_id)
    engine.dispose()
    casts = len(run.milliseconds)
    values = {
        "casts": casts,
        "casts_per_s": run.rate,
        "p50_ms": run.percentile(0.5),
        "p99_ms": run.percentile(0.99),
        "lost": max(0, casts - min(stored.ballots, stored.voted)),
        "doubled": max(0, max(stored.ballots, stored.voted) - casts),
    }
    for measure_, value in values.items():
        yield Figure(PART, site.engine, PGBENCH.name, workers, round_, measure_, value)


def _memory(entry: _Entry, server: Server, workers: int) -> Iterator[Figure]:
    """What each worker holds after all its rounds; the rounds here are the workers."""
    for number, pid in enumerate(server.workers()):
        memory = memory_of(pid)
        if memory is None:
            return
        for measure_, size in vars(memory).items():
            megabytes = size / 1_000_000
            name = entry.contestant.name
            yield Figure(
                "memory", entry.site.engine, name, workers, number, f"{measure_}_mb", megabytes
            )
