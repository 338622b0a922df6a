"""Migration 0009 goes down and up again with rows in place, on both engines."""

from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, inspect, make_url, text

from app.config import Settings
from tests import databases

NEW_TABLES = {
    "evaluation_answers",
    "evaluation_paper_counts",
    "evaluation_rounds",
    "follow_ups",
    "matter_evaluations",
}
ROWS = [
    "INSERT INTO subdistricts (id, name, since) VALUES (:a, '街道', '2020-01-01')",
    "INSERT INTO communities (id, name, since, subdistrict_id)"
    " VALUES (:b, '社区', '2020-01-01', :a)",
    "INSERT INTO compounds (id, name, since, community_id) VALUES (:c, '小区', '2020-01-01', :b)",
    "INSERT INTO residents (id, openid, joined_at) VALUES (:d, 'o-1', '2026-03-01')",
    *(
        "INSERT INTO matters (id, compound_id, raised_by_id, raised_at, title, body, category,"
        f" state, carry_over) VALUES (:{row}, :c, :d, '2026-03-01', '路灯', '说明', 'LIGHTING',"
        f" '{state}', 0)"
        for row, state in (("e", "CLOSED"), ("f", "REOPENED"), ("g", "LISTED"))
    ),
    *(
        "INSERT INTO agenda_sessions (id, compound_id, community_id, period, mode, state, place,"
        " voting_opens_at, voting_closes_at, round_table_at, created_at, host_waited_since,"
        f" outcome) VALUES (:{row}, :c, :b, '{month}', 'OPEN', '{state}', '站', '2026-03-02',"
        " '2026-03-03', '2026-03-04', '2026-03-01', '2026-03-01', 'DECIDED')"
        for row, month, state in (("h", "2026-03", "CLOSED"), ("i", "2026-02", "EVALUATING"))
    ),
    "INSERT INTO resolutions (id, session_id, compound_id, matter_id, number, title, text, state,"
    " drafted_by_id, drafted_at, attempt, roll, present, yes, no, abstain)"
    " VALUES (:j, :h, :c, :e, 1, '决', '文', 'PASSED', :d, '2026-03-27', 1, 24, 21, 18, 2, 1)",
    "INSERT INTO work_orders (id, compound_id, matter_id, resolution_id, number, title, text,"
    " urgency, way, doer_kind, doer_name, state, requested_by_id, requested_at, due_at,"
    " assigned_at, accept_due_at, contact_due_at, submitted_at, submitted_by_id, verified_at,"
    " verified_by_id, finished_at, return_count, escalation_level)"
    " VALUES (:k, :c, :e, :j, 1, '换灯', '换灯', 'NORMAL', 'ASSIGN', 'COMMUNITY', '社区',"
    " 'CLOSED', :d, '2026-03-28', '2026-04-04', '2026-03-28', '2026-03-29', '2026-03-29',"
    " '2026-03-30', :d, '2026-03-31', :o, '2026-03-30', 0, 0)",
    "INSERT INTO follow_ups (id, compound_id, matter_id, order_id, resident_id, attempt,"
    " is_raiser, solved, satisfaction, channel, answered_at)"
    " VALUES (:l, :c, :e, :k, :d, 0, true, true, 'SATISFIED', 'APP', '2026-04-01')",
    "INSERT INTO evaluation_rounds (id, compound_id, subject_kind, subject_id, title, state,"
    " opened_by_id, opened_at, closes_at, min_answers, closed_at, outcome, online, satisfied,"
    " mostly, not_satisfied, solved, unsolved) VALUES (:m, :c, 'MATTER', :e, '路灯', 'CLOSED',"
    " :d, '2026-04-01', '2026-04-08', 1, '2026-04-08', 'COUNTED', 1, 1, 0, 0, 1, 0)",
    "INSERT INTO evaluation_answers (id, round_id, compound_id, resident_id, solved, satisfaction)"
    " VALUES (:p, :m, :c, :d, true, 'SATISFIED')",
    "INSERT INTO matter_evaluations (id, compound_id, matter_id, round_id, verdict,"
    " raiser_says_unsolved, satisfied, mostly, not_satisfied, solved, unsolved, explanation_zh,"
    " explanation_en, concluded_at) VALUES (:n, :c, :e, :m, 'CLOSED', false, 1, 0, 0, 1, 0, '办结',"
    " 'Closed', '2026-04-08')",
    *(
        "INSERT INTO public_notices (id, kind, about_id, compound_id, community_id,"
        " subdistrict_id, title, text, data, published_at, modified_at, revision)"
        f" VALUES (:{row}, '{kind}', :n, :c, :b, :a, '公示', '文', '{{}}', '2026-04-08',"
        " '2026-04-08', 1)"
        for row, kind in (("q", "MATTER_CLOSED"), ("r", "ORDER_VERIFIED"))
    ),
]


@pytest.fixture
def engine(engine_name: str, settings: Settings, tmp_path: Path):
    """A database of this test alone, at revision 0007."""
    server = None
    if engine_name == "postgresql":
        server = make_url(settings.database_url).render_as_string(hide_password=False)
    with databases.database(engine_name, tmp_path, server) as url:
        _go_down(url, "0009")
        engine = create_engine(url)
        yield engine
        engine.dispose()


def _go_down(url: str, revision: str) -> None:
    config = Config(toml_file=databases.ROOT / "pyproject.toml")
    config.attributes["url"] = url
    command.downgrade(config, revision)


def _fill(engine: Engine) -> None:
    plain = engine.dialect.name == "sqlite"
    names = "abcdefghijklmnopqr"
    ids = {name: (uuid4().hex if plain else uuid4()) for name in names}
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO residents (id, openid, joined_at) VALUES (:o, 'o-2', '2026-03-01')"),
            ids,
        )
        for statement in ROWS:
            connection.execute(text(statement), ids)


def _facts(engine: Engine) -> dict[str, object]:
    def column(query: str) -> list[str]:
        with engine.connect() as connection:
            return list(connection.scalars(text(query)))

    return {
        "sessions": column("SELECT state FROM agenda_sessions ORDER BY period"),
        "matters": sorted(column("SELECT state FROM matters")),
        "orders": column("SELECT state FROM work_orders"),
        "notices": column("SELECT kind FROM public_notices"),
    }


def test_down_and_up_with_rows(engine: Engine):
    _fill(engine)
    url = engine.url.render_as_string(hide_password=False)
    _go_down(url, "0009-1")
    assert NEW_TABLES.isdisjoint(inspect(engine).get_table_names())
    back = {
        # The session of February had nothing to carry out.
        "sessions": ["RESOLVED", "EXECUTING"],
        "matters": ["DONE", "DONE", "LISTED"],
        "orders": ["CLOSED"],
        "notices": ["ORDER_VERIFIED"],
    }
    assert _facts(engine) == back
    databases.migrate(url)
    assert set(inspect(engine).get_table_names()) >= NEW_TABLES
    assert _facts(engine) == back
    with engine.begin() as connection:
        connection.execute(text("UPDATE matters SET state = 'REOPENED'"))
        connection.execute(text("UPDATE agenda_sessions SET state = 'CLOSED'"))


def test_judgements_made_before_tell_of_no_more_people_than_is_known(engine: Engine):
    """0024: a round's answers are people; follow-ups count as one person's. What a raiser took
    back is refused on the way down, and says so."""
    _fill(engine)
    by_follow_ups = (
        "INSERT INTO matter_evaluations (id, compound_id, matter_id, verdict,"
        " raiser_says_unsolved, satisfied, mostly, not_satisfied, solved, unsolved, explanation_zh,"
        " explanation_en, concluded_at) SELECT :id, compound_id, matter_id, verdict,"
        " raiser_says_unsolved, 10, 1, 1, 12, 0, explanation_zh, explanation_en, concluded_at"
        " FROM matter_evaluations"
    )
    id_ = uuid4().hex if engine.dialect.name == "sqlite" else uuid4()
    with engine.begin() as connection:
        connection.execute(text(by_follow_ups), {"id": id_})
    url = engine.url.render_as_string(hide_password=False)
    databases.migrate(url)
    with engine.begin() as connection:
        told = connection.execute(
            text("SELECT satisfied, people, online FROM matter_evaluations ORDER BY satisfied")
        )
        assert [tuple(row) for row in told] == [(1, 1, 1), (10, 1, None)]
        assert set(connection.scalars(text("SELECT version FROM matters"))) == {1}
        connection.execute(text("UPDATE matters SET state = 'WITHDRAWN' WHERE state = 'LISTED'"))
    _go_down(url, "0023")
    with engine.connect() as connection:
        refused = connection.scalars(text("SELECT reason FROM matters WHERE state = 'REFUSED'"))
        assert list(refused) == ["提出人撤回"]
