"""Migration 0003 goes down and up again with rows in place, on both engines."""

from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, inspect, make_url, text

from app.config import Settings
from tests import databases

NEW_TABLES = {"objections", "resolutions", "branch_reviews", "resolution_cards", "resolution_votes"}


@pytest.fixture
def engine(engine_name: str, settings: Settings, tmp_path: Path):
    """A database of this test alone, at revision 0003."""
    server = None
    if engine_name == "postgresql":
        server = make_url(settings.database_url).render_as_string(hide_password=False)
    with databases.database(engine_name, tmp_path, server) as url:
        _go_down(url, "0003")
        engine = create_engine(url)
        yield engine
        engine.dispose()


ROWS = [
    "INSERT INTO subdistricts (id, name, since) VALUES (:a, '街道', '2020-01-01')",
    "INSERT INTO communities (id, name, since, subdistrict_id)"
    " VALUES (:b, '社区', '2020-01-01', :a)",
    "INSERT INTO compounds (id, name, since, community_id) VALUES (:c, '小区', '2020-01-01', :b)",
    "INSERT INTO residents (id, openid, joined_at) VALUES (:d, 'o-1', '2026-03-01')",
    "INSERT INTO matters (id, compound_id, raised_by_id, raised_at, title, body, category, state,"
    " carry_over) VALUES (:e, :c, :d, '2026-03-01', '停车', '说明', 'PARKING', 'RESOLVED', 0)",
    "INSERT INTO agenda_sessions (id, compound_id, community_id, period, mode, state, place,"
    " voting_opens_at, voting_closes_at, round_table_at, created_at, host_waited_since, outcome)"
    " VALUES (:f, :c, :b, '2026-03', 'OPEN', 'RESOLVED', '站', '2026-03-02', '2026-03-03',"
    " '2026-03-04', '2026-03-01', '2026-03-01', 'DECIDED')",
    "INSERT INTO public_notices (id, kind, about_id, compound_id, community_id, subdistrict_id,"
    " title, text, data, published_at, modified_at, term_ends_at, revision)"
    " VALUES (:g, 'RESOLUTION_NOTICED', :h, :c, :b, :a, '公示', '文', '{}', '2026-03-30',"
    " '2026-03-30', '2026-04-07', 1)",
    "INSERT INTO public_notices (id, kind, about_id, compound_id, community_id, subdistrict_id,"
    " title, text, data, published_at, modified_at, revision)"
    " VALUES (:i, 'TALLIED', :f, :c, :b, :a, '计票', '文', '{}', '2026-03-19', '2026-03-19', 1)",
    "INSERT INTO resolutions (id, session_id, compound_id, matter_id, number, title, text, state,"
    " drafted_by_id, drafted_at, attempt, roll, present, yes, no, abstain, notice_id)"
    " VALUES (:h, :f, :c, :e, 1, '决', '文', 'NOTICED', :d, '2026-03-27', 1, 24, 21, 18, 2, 1, :g)",
    "INSERT INTO objections (id, notice_id, compound_id, resident_id, text, raised_at,"
    " answer_due_at) VALUES (:j, :g, :c, :d, '太晚', '2026-03-31', '2026-04-03')",
]


def _go_down(url: str, revision: str) -> None:
    config = Config(toml_file=databases.ROOT / "pyproject.toml")
    config.attributes["url"] = url
    command.downgrade(config, revision)


def _fill(engine: Engine) -> None:
    plain = engine.dialect.name == "sqlite"
    ids = {name: (uuid4().hex if plain else uuid4()) for name in "abcdefghij"}
    with engine.begin() as connection:
        for statement in ROWS:
            connection.execute(text(statement), ids)


def _facts(engine: Engine) -> dict[str, object]:
    with engine.connect() as connection:
        return {
            "session": connection.scalar(text("SELECT state FROM agenda_sessions")),
            "matter": connection.scalar(text("SELECT state FROM matters")),
            "notices": connection.scalars(text("SELECT kind FROM public_notices")).all(),
            "people": connection.scalar(text("SELECT count(*) FROM residents")),
        }


def test_down_and_up_with_rows(engine: Engine):
    _fill(engine)
    url = engine.url.render_as_string(hide_password=False)
    _go_down(url, "0002")
    assert NEW_TABLES.isdisjoint(inspect(engine).get_table_names())
    columns = {column["name"] for column in inspect(engine).get_columns("public_notices")}
    assert "term_ends_at" not in columns
    assert _facts(engine) == {
        "session": "MEETING",
        "matter": "DELIBERATED",
        "notices": ["TALLIED"],
        "people": 1,
    }
    databases.migrate(url)
    assert set(inspect(engine).get_table_names()) >= NEW_TABLES
    assert _facts(engine)["notices"] == ["TALLIED"]
    with engine.begin() as connection:
        connection.execute(text("UPDATE matters SET state = 'OWNER_VOTE'"))
