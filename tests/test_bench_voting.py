"""The benchmark of voting, on a few ballots: its checks must see what goes wrong."""

import csv
import os
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import IntegrityError

from bench import __main__ as command
from bench import pgbench, scale, voting
from bench.capacity import Evening
from bench.casts import FAULTS, Before, Check, cast_requests, check_round, count_rows
from bench.client import Run, drive, request_bytes
from bench.figures import Figure, Figures, percentile, ratio
from bench.goals import goals
from bench.picture import draw
from bench.plan import Plan
from bench.seeding import (
    CROWD_BALLOTS,
    add_ballots,
    add_crowd,
    add_home,
    add_people,
    add_roll,
    add_session,
    seeding,
)
from bench.servers import serving
from bench.sites import Site, Tokens, empty_database
from bench.voting import NotDurable
from bench.voting_report import as_csv, as_text, write

TINY = Plan(
    workers=(1,),
    rounds=2,
    side_rounds=1,
    seconds=0.1,
    voters=64,
    warm_up=8,
    connections=4,
    ballots=(10, 200),
    sessions=(20,),
    compounds=(),
    growth_rounds=2,
    growth_casts=4,
    growth_reads=2,
    reads=8,
    closing=((100, 1),),
)
VOTERS = 40


@pytest.fixture(scope="module")
def tiny() -> tuple[Figures, dict[str, str]]:
    """Everything measured once, on both engines."""
    return voting.measure(TINY, durable=False)


def test_every_part_is_measured_on_both_engines_and_no_ballot_is_lost(
    tiny: tuple[Figures, dict[str, str]],
):
    figures, facts = tiny
    parts = {(each.part, each.engine) for each in figures.all}
    for part in ("cast", "reads", "growth_ballots", "growth_sessions", "closing"):
        assert {(part, "sqlite"), (part, "postgresql")} <= parts
    who = {each.subject for each in figures.all if each.part == "cast"}
    wanted = {"ours", "bare_rows", "bare_one_statement", "bare_single"}
    assert who - {"pgbench"} == wanted
    assert ("pgbench" in who) == (pgbench.program() is not None) == (facts["pgbench"] == "had")
    assert figures.total(FAULTS) == 0
    assert figures.total(["casts"]) > 0
    assert {goal.en for goal in goals(figures, 1) if goal.found is None} == set()


def test_report_names_every_goal_and_no_machine(
    tiny: tuple[Figures, dict[str, str]], tmp_path: Path
):
    figures, facts = tiny
    write(figures, TINY, facts, tmp_path)
    written = (tmp_path / "voting.md").read_text()
    assert all(goal.zh in written and goal.en in written for goal in goals(figures, 1))
    assert not re.search(r"/home|/root|/tmp|/work", written)
    with (tmp_path / "voting.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["part"] != "run"]
    assert len(rows) == len(figures.all)
    assert [float(row["value"]) for row in rows[:50]] == pytest.approx(
        [each.value for each in figures.all[:50]], rel=1e-4
    )


def test_picture_is_drawn_with_the_own_font(
    tiny: tuple[Figures, dict[str, str]], tmp_path: Path, recwarn: pytest.WarningsRecorder
):
    target = tmp_path / "voting.png"
    draw(tiny[0], TINY, target)
    assert target.read_bytes().startswith(b"\x89PNG")
    assert [str(each.message) for each in recwarn if "Glyph" in str(each.message)] == []


# What the figures say.


def figure(value: float, round_: int = 0, **changes: object) -> Figure:
    facts = {"part": "cast", "engine": "postgresql", "subject": "ours", "size": 2}
    facts |= {"round": round_, "measure": "casts_per_s", "value": value, **changes}
    return Figure(**facts)  # type: ignore[arg-type]


def test_percentile_is_the_nearest_rank():
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile(range(1, 101), 0.5) == 50
    assert percentile([7.0], 0.99) == 7.0
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_ratio_is_the_median_of_the_rounds_that_both_have():
    assert ratio({0: 1.0, 1: 10.0, 2: 3.0, 3: 9.0}, {0: 2.0, 1: 10.0, 2: 10.0}) == 0.5
    assert ratio({0: 1.0}, {1: 1.0}) is None
    assert ratio({}, {}) is None


@pytest.mark.parametrize(
    ("ours", "bare", "holds", "meets_aim"),
    [(64, 100, False, False), (65, 100, True, False), (90, 100, True, True)],
)
def test_a_goal_is_a_ratio_of_the_same_run(ours: int, bare: int, holds: bool, meets_aim: bool):
    figures = Figures([figure(ours), figure(bare, subject="bare_rows")])
    first = goals(figures)[0]
    assert (first.holds, first.meets_aim) == (holds, meets_aim)
    assert goals(figures)[1].holds is None


@pytest.mark.parametrize("fault", FAULTS)
def test_a_single_fault_anywhere_misses_a_goal(fault: str):
    figures = Figures([figure(0, measure="lost"), figure(1, measure=fault, part="growth_ballots")])
    assert goals(figures)[-1].holds is False


def test_evening_asks_for_casts_at_its_peak():
    evening = Evening("", "", compounds=1_800)
    assert evening.ballots == 1_800 * 600
    assert evening.mean_rate == 100
    assert evening.machines(rate=300) == evening.peak_rate / 300 == 1


def test_page_on_scale_takes_what_was_measured_and_keeps_the_rest(tmp_path: Path, root: Path):
    page = tmp_path / "scale.md"
    page.write_text((root / "docs" / "scale.md").read_text())
    for casts in (300, 600):
        found = Figures([figure(casts)])
        scale.update(page, scale.as_block(found, Plan(), {"date": "2026-01-01"}))
    written = page.read_text()
    assert written.count("| PostgreSQL | 600 |") == 1
    assert "| PostgreSQL | 300 |" not in written
    assert written.startswith("# 规模 · Scale")
    assert written.endswith("million |\n")
    page.write_text("nothing")
    with pytest.raises(ValueError, match="no place"):
        scale.update(page, "block")


def test_report_of_nothing_says_so():
    said = as_text(Figures([]), TINY, {"date": "2026-01-01"})
    assert "没有 not had" in said
    assert "未测 not measured" in said
    assert as_csv(Figures([]), {}).splitlines() == ["part,engine,subject,size,round,measure,value"]


# What the checks see.


@pytest.fixture(scope="module")
def site(engine_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("bench") / "site"
    with empty_database(engine_name, folder, os.environ.get("TEST_DATABASE_URL")) as url:
        with seeding(url) as connection:
            home = add_home(connection)
            add_people(connection, home, 1, VOTERS)
        yield Site(engine_name, url, folder, home)


def new_session(site: Site) -> UUID:
    with seeding(site.url) as connection:
        highest = connection.scalar(text("SELECT count(*) FROM agenda_sessions"))
        session_id = add_session(connection, site.home, highest or 0)
        add_roll(connection, site.home, session_id, 1, VOTERS, voted=False)
    site.make_keys([session_id])
    return session_id


def cast_at(site: Site, wsgi: str, session_id: UUID, **lie: str) -> tuple[list[bytes], Run]:
    tokens = Tokens(site).first(VOTERS)
    requests, nonces = cast_requests(site.home, session_id, tokens)
    environment = {**site.environment, "BENCH_WRITES": "rows", **lie}
    log = site.folder / "server.log"
    with serving(wsgi, environment, 1, log) as server:
        return nonces, drive(server.address, requests, 4)


def test_ballots_of_the_application_are_all_there(site: Site):
    session_id = new_session(site)
    nonces, run = cast_at(site, "wsgi:app", session_id)
    assert run.statuses() == {200: VOTERS}
    assert check_round(site, session_id, nonces, run, Before()) == Check(0, 0, 0, 0)


@pytest.mark.parametrize(
    ("lie", "found"),
    [
        ("lose", Check(lost=VOTERS // 4, doubled=0, false=0, refused=0)),
        ("alter", Check(lost=0, doubled=0, false=VOTERS // 4, refused=0)),
        ("double", Check(lost=0, doubled=VOTERS // 4, false=0, refused=0)),
        ("refuse", Check(lost=0, doubled=0, false=0, refused=VOTERS // 4)),
    ],
)
def test_a_liar_is_found_out(site: Site, lie: str, found: Check):
    session_id = new_session(site)
    nonces, run = cast_at(site, "tests.bench_liar:app", session_id, BENCH_LIE=lie)
    assert check_round(site, session_id, nonces, run, Before()) == found


def test_what_is_seeded_keeps_every_constraint(engine_name: str, tmp_path: Path):
    """While seeding nobody checks, so that it goes fast."""
    folder = tmp_path / "seeded"
    with empty_database(engine_name, folder, os.environ.get("TEST_DATABASE_URL")) as url:
        with seeding(url) as connection:
            home = add_home(connection)
            add_people(connection, home, 1, 30)
            session_id = add_session(connection, home, 0)
            add_roll(connection, home, session_id, 1, 30, voted=True)
            add_ballots(connection, home, session_id, 30)
            add_crowd(connection, home, 3, 12)
        engine = create_engine(url)
        with engine.connect() as connection:
            assert count_rows(connection, session_id) == Before(30, 30)
            marks = connection.scalar(text("SELECT count(*) FROM ballot_marks"))
            assert marks == 3 * (30 + 12 * CROWD_BALLOTS)
            assert broken_references(connection) == []
        engine.dispose()


def broken_references(connection: Connection) -> list[object]:
    """Rows that refer to nothing."""
    if connection.dialect.name == "sqlite":
        return list(connection.exec_driver_sql("PRAGMA foreign_key_check"))
    # Marking a constraint as not checked and checking it again reads every row.
    names = connection.execute(
        text("SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f'")
    ).all()
    broken = []
    for table, name in names:
        connection.execute(
            text(f"UPDATE pg_constraint SET convalidated = false WHERE conname = '{name}'")
        )
        try:
            with connection.begin_nested():
                connection.execute(text(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"))
        except IntegrityError as error:
            broken.append((name, str(error)))
    return broken


def test_client_tells_of_answers_that_never_came(tmp_path: Path):
    """The listener is there, nobody answers whole."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            for _ in range(3):
                link, _ = listener.accept()
                link.recv(1000)
                link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
                link.close()

        threading.Thread(target=hang_up, daemon=True).start()
        run = drive(listener.getsockname(), [request_bytes("GET", "/")] * 3, 1)
    assert run.statuses() == {0: 3}


# The command.


@pytest.mark.parametrize(("value", "status"), [(65, 0), (64, 1)])
def test_exit_status_tells_of_a_missed_goal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: int, status: int
):
    found = Figures([figure(value), figure(100, subject="bare_rows")])
    monkeypatch.setattr(voting, "measure", lambda *_: (found, {"date": "2026-01-01"}))
    words = ["bench", "voting", "--quick", "--results", str(tmp_path)]
    monkeypatch.setattr("sys.argv", words)
    assert command.main() == status
    assert {each.name for each in tmp_path.iterdir()} == {"voting.md", "voting.csv", "voting.png"}


def test_server_that_may_lose_ballots_is_refused():
    with pytest.raises(NotDurable, match="fsync"):
        voting._require_durable({"fsync": "off", "synchronous_commit": "on"})
