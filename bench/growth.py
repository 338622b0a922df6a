"""How the time of a cast and of a read grows with ballots, sessions and compounds.

One worker, one request at a time: what is left is the time of the request itself. Sizes take turns.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import create_engine, text

from app.kit.web.api import PREFIX
from bench.casts import cast_requests, check_round, count_rows, figures_of
from bench.client import Run, drive, request_bytes
from bench.figures import Figure
from bench.plan import Plan
from bench.seeding import (
    CROWD_BALLOTS,
    Home,
    add_ballots,
    add_crowd,
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

BALLOTS, SESSIONS, COMPOUNDS = "growth_ballots", "growth_sessions", "growth_compounds"


@dataclass(frozen=True)
class _Place:
    """One size of one kind of growth: its site, and the session into which is cast."""

    part: str
    size: int
    site: Site
    session_id: UUID
    server: Server


def measure(plan: Plan, folder: Path, server: str | None) -> Iterator[Figure]:
    """All three kinds of growth, one engine after the other."""
    for engine in plan.engines:
        with _by_ballots(engine, plan, folder / engine, server) as places:
            yield from _bytes_a_ballot(places)
            tokens = Tokens(places[0].site)
            yield from _rounds(plan, places, tokens)
            yield from _results(plan, places, tokens)
        with _by_neighbours(engine, plan, folder / engine, server) as places:
            yield from _rounds(plan, places, tokens)


def _voters(plan: Plan) -> int:
    return max(CROWD_BALLOTS, plan.warm_up + plan.growth_rounds * plan.growth_casts)


@contextmanager
def _by_ballots(
    engine: str, plan: Plan, folder: Path, server: str | None
) -> Iterator[list[_Place]]:
    """One database; a session for each number of ballots, into which the same people cast."""
    voters = _voters(plan)
    with ExitStack() as stack:
        url = stack.enter_context(empty_database(engine, folder / "ballots", server))
        sessions = []
        with seeding(url) as connection:
            home = add_home(connection)
            add_people(connection, home, 1, voters)
            add_others(connection, home, voters + 1, voters + max(plan.ballots))
            for number, size in enumerate(plan.ballots):
                sessions.append(add_session(connection, home, number))
                add_roll(connection, home, sessions[-1], 1, voters, voted=False)
                add_roll(connection, home, sessions[-1], voters + 1, voters + size, voted=True)
                add_ballots(connection, home, sessions[-1], size)
        site = Site(engine, url, folder / "ballots", home)
        site.make_keys(sessions)
        running = stack.enter_context(_serving(site))
        yield [
            _Place(BALLOTS, size, site, session_id, running)
            for size, session_id in zip(plan.ballots, sessions, strict=True)
        ]


@contextmanager
def _by_neighbours(
    engine: str, plan: Plan, folder: Path, server: str | None
) -> Iterator[list[_Place]]:
    """A database and a server for each number of sessions in ten compounds, and for each number of
    compounds with a session each."""
    voters = _voters(plan)
    sizes = [(SESSIONS, size, (10, size)) for size in plan.sessions]
    sizes += [(COMPOUNDS, size, (size, size)) for size in plan.compounds]
    with ExitStack() as stack:
        places = []
        for part, size, (compounds, sessions) in sizes:
            place = folder / f"{part}-{size}"
            url = stack.enter_context(empty_database(engine, place, server))
            with seeding(url) as connection:
                home = add_home(connection)
                add_people(connection, home, 1, voters)
                session_id = add_session(connection, home, 0)
                add_roll(connection, home, session_id, 1, voters, voted=False)
                add_crowd(connection, home, compounds, sessions)
            site = Site(engine, url, place, home)
            site.make_keys([session_id])
            running = stack.enter_context(_serving(site))
            places.append(_Place(part, size, site, session_id, running))
        yield places


def _bytes_a_ballot(places: Sequence[_Place]) -> Iterator[Figure]:
    """What PostgreSQL keeps of a ballot before it is sealed: its rows in four tables, and their
    indexes."""
    place = places[-1]
    if place.site.engine != "postgresql":
        return
    engine = create_engine(place.site.url)
    with engine.connect() as connection:
        tables = ("ballots", "ballot_marks", "ballot_commitments", "roll_entries")
        size = sum(
            connection.scalar(text(f"SELECT pg_total_relation_size('{table}')")) or 0
            for table in tables
        )
        ballots = connection.scalar(text("SELECT count(*) FROM ballots")) or 0
    engine.dispose()
    yield Figure(place.part, "postgresql", "ours", place.size, 0, "bytes_a_ballot", size / ballots)


@contextmanager
def _serving(site: Site) -> Iterator[Server]:
    with serving("wsgi:app", site.environment, 1, site.folder / "server.log") as server:
        yield server


def _rounds(plan: Plan, places: Sequence[_Place], tokens: Tokens) -> Iterator[Figure]:
    """Cast and read the turnout, size after size, round after round."""
    voters = tokens.first(_voters(plan))
    for place in places:
        requests, _ = cast_requests(place.site.home, place.session_id, voters[: plan.warm_up])
        drive(place.server.address, requests, 1)
    for round_ in range(plan.growth_rounds):
        voters = tokens.first(_voters(plan))
        first = plan.warm_up + round_ * plan.growth_casts
        for place in places:
            theirs = voters[first : first + plan.growth_casts]
            yield from _cast(place, theirs, round_)
            run = _read(place, "turnout", theirs[0], plan.growth_reads)
            yield _figure(place, "turnout_p50_ms", round_, run)


def _cast(place: _Place, voters: Sequence[str], round_: int) -> Iterator[Figure]:
    site = place.site
    requests, nonces = cast_requests(site.home, place.session_id, voters)
    engine = create_engine(site.url)
    with engine.connect() as connection:
        before = count_rows(connection, place.session_id)
    engine.dispose()
    run = drive(place.server.address, requests, 1)
    check = check_round(site, place.session_id, nonces, run, before)
    yield from figures_of(place.part, site.engine, "ours", place.size, round_, run, check)


def _results(plan: Plan, places: Sequence[_Place], tokens: Tokens) -> Iterator[Figure]:
    """Read the stored result of each session, after all casts."""
    home: Home = places[0].site.home
    with seeding(places[0].site.url) as connection:
        for place in places:
            add_result(connection, home, place.session_id, place.size)
    (reader,) = tokens.first(1)[:1]
    for round_ in range(-1, plan.growth_rounds):
        for place in places:
            run = _read(place, "result", reader, plan.growth_reads)
            if round_ >= 0:
                yield _figure(place, "result_p50_ms", round_, run)


def _read(place: _Place, what: str, token: str, times: int) -> Run:
    """Raises RuntimeError where it is not answered."""
    path = f"{PREFIX}/sessions/{place.session_id}/{what}"
    request = request_bytes("GET", path, {"Authorization": f"Bearer {token}"})
    run = drive(place.server.address, [request] * times, 1)
    if set(run.statuses()) != {200}:
        raise RuntimeError(f"{what} of {place.size}: {run.answers[0]}")
    return run


def _figure(place: _Place, measure_: str, round_: int, run: Run) -> Figure:
    value = run.milliseconds(0.5)
    return Figure(place.part, place.site.engine, "ours", place.size, round_, measure_, value)
