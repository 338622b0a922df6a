"""Migration 0007 goes down and up again with rows in place, on both engines."""

import os
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, inspect, text

from tests import databases

NEW_TABLES = {
    "conventions",
    "convention_versions",
    "convention_clauses",
    "convention_flags",
    "convention_resolutions",
    "official_owner_votes",
}
NOTICE = (
    "INSERT INTO public_notices (id, kind, about_id, compound_id, community_id, subdistrict_id,"
    " title, text, data, published_at, modified_at, term_ends_at, revision)"
)
ROWS = [
    "INSERT INTO subdistricts (id, name, since) VALUES (:a, '街道', '2020-01-01')",
    "INSERT INTO communities (id, name, since, subdistrict_id)"
    " VALUES (:b, '社区', '2020-01-01', :a)",
    "INSERT INTO compounds (id, name, since, community_id) VALUES (:c, '小区', '2020-01-01', :b)",
    "INSERT INTO residents (id, openid, joined_at) VALUES (:d, 'o-1', '2026-03-01')",
    f"{NOTICE} VALUES (:e, 'CONVENTION_NOTICED', :f, :c, :b, :a, '公示', '文', '{{}}',"
    " '2026-03-30', '2026-03-30', '2026-04-07', 1)",
    f"{NOTICE} VALUES (:g, 'RESOLUTION_NOTICED', :h, :c, :b, :a, '公示', '文', '{{}}',"
    " '2026-03-30', '2026-03-30', '2026-04-07', 1)",
    "INSERT INTO objections (id, notice_id, compound_id, resident_id, text, raised_at,"
    " answer_due_at) VALUES (:i, :e, :c, :d, '太严', '2026-03-31', '2026-04-03')",
    "INSERT INTO objections (id, notice_id, compound_id, resident_id, text, raised_at,"
    " answer_due_at) VALUES (:j, :g, :c, :d, '太晚', '2026-03-31', '2026-04-03')",
    "INSERT INTO conventions (id, compound_id, legal_type, created_at)"
    " VALUES (:h, :c, 'SELF_DISCIPLINE', '2026-03-27')",
    "INSERT INTO convention_versions (id, convention_id, compound_id, number, state, title,"
    " is_trial, review_months, drafted_by_id, drafted_at, submissions, voted_at, notice_id)"
    " VALUES (:f, :h, :c, 1, 'NOTICED', '规约', true, 6, :d, '2026-03-27', 1, '2026-03-28', :e)",
    "INSERT INTO convention_clauses (id, version_id, number, text, is_active)"
    " VALUES (:k, :f, 1, '不停车。', true)",
]


@pytest.fixture
def engine(engine_name: str, tmp_path: Path):
    """A database of this test alone, at revision 0007."""
    with databases.database(engine_name, tmp_path, os.environ.get("TEST_DATABASE_URL")) as url:
        _go_down(url, "0007")
        engine = create_engine(url)
        yield engine
        engine.dispose()


def _go_down(url: str, revision: str) -> None:
    config = Config(toml_file=databases.ROOT / "pyproject.toml")
    config.attributes["url"] = url
    command.downgrade(config, revision)


def test_down_and_up_with_rows(engine: Engine):
    plain = engine.dialect.name == "sqlite"
    ids = {name: (uuid4().hex if plain else uuid4()) for name in "abcdefghijk"}
    with engine.begin() as connection:
        for statement in ROWS:
            connection.execute(text(statement), ids)
    url = engine.url.render_as_string(hide_password=False)
    _go_down(url, "-1")
    assert NEW_TABLES.isdisjoint(inspect(engine).get_table_names())
    with engine.connect() as connection:
        kinds = connection.scalars(text("SELECT kind FROM public_notices")).all()
        objections = connection.scalars(text("SELECT text FROM objections")).all()
    assert (kinds, objections) == (["RESOLUTION_NOTICED"], ["太晚"])
    databases.migrate(url)
    assert set(inspect(engine).get_table_names()) >= NEW_TABLES
    with engine.begin() as connection:
        connection.execute(text("UPDATE public_notices SET kind = 'CONVENTION_REPEALED'"))
