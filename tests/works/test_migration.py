"""Migration 0008 goes down and up again with rows in place, on both engines."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, inspect, make_url, text

from app.config import Settings
from tests import databases

NEW_TABLES = {
    "work_orders",
    "order_doers",
    "order_progress",
    "work_hours",
    "whistles",
    "escalations",
}


@pytest.fixture
def engine(engine_name: str, settings: Settings, tmp_path: Path) -> Iterator[Engine]:
    """A database of this test alone, at revision 0008."""
    server = None
    if engine_name == "postgresql":
        server = make_url(settings.database_url).render_as_string(hide_password=False)
    with databases.database(engine_name, tmp_path, server) as url:
        _go_down(url, "0008")
        engine = create_engine(url)
        yield engine
        engine.dispose()


# Letters stand for ids; the matters are one that was decided, one dispatched, one whistled.
ROWS = [
    "INSERT INTO subdistricts (id, name, since) VALUES (:a, '街道', '2020-01-01')",
    "INSERT INTO communities (id, name, since, subdistrict_id)"
    " VALUES (:b, '社区', '2020-01-01', :a)",
    "INSERT INTO compounds (id, name, since, community_id) VALUES (:c, '小区', '2020-01-01', :b)",
    "INSERT INTO residents (id, openid, joined_at) VALUES (:d, 'o-1', '2026-03-01')",
    *(
        "INSERT INTO matters (id, compound_id, raised_by_id, raised_at, title, body, category,"
        f" state, carry_over) VALUES (:{id_}, :c, :d, '2026-03-01', '{title}', '说明', 'PARKING',"
        f" '{state}', 0)"
        for id_, title, state in (
            ("e", "decided", "DONE"),
            ("f", "dispatched", "EXECUTING"),
            ("g", "whistled", "EXECUTING"),
        )
    ),
    "INSERT INTO agenda_sessions (id, compound_id, community_id, period, mode, state, place,"
    " voting_opens_at, voting_closes_at, round_table_at, created_at, host_waited_since, outcome)"
    " VALUES (:h, :c, :b, '2026-03', 'OPEN', 'EXECUTING', '站', '2026-03-02', '2026-03-03',"
    " '2026-03-04', '2026-03-01', '2026-03-01', 'DECIDED')",
    "INSERT INTO resolutions (id, session_id, compound_id, matter_id, number, title, text, state,"
    " drafted_by_id, drafted_at, attempt, roll, present, yes, no, abstain)"
    " VALUES (:i, :h, :c, :e, 1, '决', '文', 'PASSED', :d, '2026-03-27', 1, 24, 21, 18, 2, 1)",
    "INSERT INTO work_orders (id, compound_id, matter_id, number, title, text, urgency, way,"
    " doer_kind, doer_name, state, requested_by_id, requested_at, due_at, assigned_at,"
    " accept_due_at, contact_due_at, return_count, escalation_level) VALUES (:j, :c, :f, 1, '灯',"
    " '灯', 'NORMAL', 'ASSIGN', 'PROPERTY_FIRM', '物业', 'ASSIGNED', :d, '2026-03-04',"
    " '2026-03-11', '2026-03-04', '2026-03-05', '2026-03-05', 0, 0)",
    "INSERT INTO whistles (id, compound_id, matter_id, number, ground, text, state,"
    " requested_by_id, requested_at, rework_count, escalation_level)"
    " VALUES (:k, :c, :g, 1, 'EMERGENCY', '塌陷', 'COLLECTED', :d, '2026-03-04', 0, 0)",
    *(
        "INSERT INTO public_notices (id, kind, about_id, compound_id, community_id,"
        " subdistrict_id, title, text, data, published_at, modified_at, revision)"
        f" VALUES (:{id_}, '{kind}', :{about}, :c, :b, :a, '公示', '文', '{{}}', '2026-03-30',"
        " '2026-03-30', 1)"
        for id_, kind, about in (("l", "ORDER_ASSIGNED", "j"), ("m", "TALLIED", "h"))
    ),
    "INSERT INTO objections (id, notice_id, compound_id, resident_id, text, raised_at,"
    " answer_due_at) VALUES (:n, :l, :c, :d, '太晚', '2026-03-31', '2026-04-03')",
]


def _go_down(url: str, revision: str) -> None:
    config = Config(toml_file=databases.ROOT / "pyproject.toml")
    config.attributes["url"] = url
    command.downgrade(config, revision)


def _facts(engine: Engine) -> dict[str, object]:
    with engine.connect() as connection:
        return {
            "session": connection.scalar(text("SELECT state FROM agenda_sessions")),
            "matters": connection.execute(
                text("SELECT title, state FROM matters ORDER BY title")
            ).all(),
            "notices": connection.scalars(text("SELECT kind FROM public_notices")).all(),
            "objections": connection.scalar(text("SELECT count(*) FROM objections")),
        }


def test_down_and_up_with_rows(engine: Engine):
    plain = engine.dialect.name == "sqlite"
    ids = {name: (uuid4().hex if plain else uuid4()) for name in "abcdefghijklmn"}
    with engine.begin() as connection:
        for statement in ROWS:
            connection.execute(text(statement), ids)
    url = engine.url.render_as_string(hide_password=False)
    _go_down(url, "0007")
    assert NEW_TABLES.isdisjoint(inspect(engine).get_table_names())
    before = {
        "session": "RESOLVED",
        "matters": [
            ("decided", "RESOLVED"),
            ("dispatched", "DISPATCHED"),
            ("whistled", "WHISTLED"),
        ],
        "notices": ["TALLIED"],
        "objections": 0,
    }
    assert _facts(engine) == before
    databases.migrate(url)
    assert set(inspect(engine).get_table_names()) >= NEW_TABLES
    assert _facts(engine) == before
    with engine.begin() as connection:
        connection.execute(text("UPDATE agenda_sessions SET state = 'EXECUTING'"))
        connection.execute(text("UPDATE matters SET state = 'DONE'"))
