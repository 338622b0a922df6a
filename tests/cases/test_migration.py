"""Migrations of cases go down and up again with rows in place, on both engines."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import (
    JSON,
    Engine,
    column,
    create_engine,
    inspect,
    make_url,
    select,
    table,
    text,
)

from app.config import Settings
from tests import databases

NEW_TABLES = {"cases", "convention_lineages", "rating_lists", "rating_entries"}
ROWS = [
    "INSERT INTO subdistricts (id, name, since) VALUES (:a, '街道', '2020-01-01')",
    "INSERT INTO communities (id, name, since, subdistrict_id)"
    " VALUES (:b, '社区', '2020-01-01', :a)",
    "INSERT INTO compounds (id, name, since, community_id) VALUES (:c, '小区', '2020-01-01', :b)",
    *(
        f"INSERT INTO residents (id, openid, joined_at) VALUES (:{row}, 'o-{row}', '2026-03-01')"
        for row in "de"
    ),
    "INSERT INTO matters (id, compound_id, raised_by_id, raised_at, title, body, category, state,"
    " carry_over) VALUES (:f, :c, :d, '2026-03-01', '停车', '说明', 'PARKING', 'CLOSED', 0)",
    "INSERT INTO conventions (id, compound_id, legal_type, created_at)"
    " VALUES (:g, :c, 'SELF_DISCIPLINE', '2026-03-01')",
    "INSERT INTO convention_versions (id, convention_id, compound_id, number, state, title,"
    " is_trial, review_months, drafted_by_id, drafted_at, submissions)"
    " VALUES (:h, :g, :c, 1, 'DRAFT', '停车规约', false, 6, :d, '2026-03-01', 0)",
    "INSERT INTO cases (id, compound_id, matter_id, convention_id, version_id, category, title,"
    " problem, solution, state, drafted_by_id, drafted_at, published_by_id, published_at, snapshot,"
    " search_text) VALUES (:i, :c, :f, :g, :h, 'PARKING', '停车', '停车难', '划线', 'PUBLISHED',"
    " :d, '2026-03-01', :e, '2026-03-02', :snapshot, '停车')",
    "INSERT INTO convention_lineages (convention_id, compound_id, case_id, source_version_id,"
    " adopted_by_id, adopted_at) VALUES (:g, :c, :i, :h, :d, '2026-03-02')",
    *(
        "INSERT INTO public_notices (id, kind, about_id, compound_id, community_id,"
        " subdistrict_id, title, text, data, published_at, modified_at, revision)"
        f" VALUES (:{row}, '{kind}', :i, :c, :b, :a, '公示', '文', '{{}}', '2026-03-08',"
        " '2026-03-08', 1)"
        for row, kind in (("j", "RATING_NOTICED"), ("k", "CASE_PUBLISHED"), ("l", "MATTER_CLOSED"))
    ),
    *(
        "INSERT INTO objections (id, notice_id, compound_id, resident_id, text, raised_at,"
        f" answer_due_at) VALUES (:{row}, :{notice}, :c, :d, '异议', '2026-03-09', '2026-03-12')"
        for row, notice in (("m", "j"), ("n", "l"))
    ),
    "INSERT INTO rating_lists (id, community_id, period, state, drafted_by_id, drafted_at)"
    " VALUES (:o, :b, '2026-03', 'DRAFT', :d, '2026-03-01')",
    "INSERT INTO rating_entries (id, list_id, compound_id, number, firm_name, colour, reason,"
    " notice_id) VALUES (:p, :o, :c, 1, '安居物业', 'RED', '按期', :j)",
]


@pytest.fixture
def engine(engine_name: str, settings: Settings, tmp_path: Path):
    """A database of this test alone, at revision 0012."""
    server = None
    if engine_name == "postgresql":
        server = make_url(settings.database_url).render_as_string(hide_password=False)
    with databases.database(engine_name, tmp_path, server) as url:
        _go_down(url, "0012")
        engine = create_engine(url)
        yield engine
        engine.dispose()


def _go_down(url: str, revision: str) -> None:
    config = Config(toml_file=databases.ROOT / "pyproject.toml")
    config.attributes["url"] = url
    command.downgrade(config, revision)


def _kinds(engine: Engine) -> list[str]:
    query = (
        "SELECT kind FROM public_notices LEFT JOIN objections"
        " ON objections.notice_id = public_notices.id"
    )
    with engine.connect() as connection:
        return list(connection.scalars(text(query)))


def _fill(engine: Engine, snapshot: dict[str, Any]) -> None:
    plain = engine.dialect.name == "sqlite"
    ids = {name: (uuid4().hex if plain else uuid4()) for name in "abcdefghijklmnop"}
    with engine.begin() as connection:
        for statement in ROWS:
            connection.execute(text(statement), {**ids, "snapshot": json.dumps(snapshot)})


def test_down_and_up_with_rows(engine: Engine):
    _fill(engine, {})
    url = engine.url.render_as_string(hide_password=False)
    _go_down(url, "0012-1")
    assert NEW_TABLES.isdisjoint(inspect(engine).get_table_names())
    assert _kinds(engine) == ["MATTER_CLOSED"]
    databases.migrate(url)
    assert set(inspect(engine).get_table_names()) >= NEW_TABLES
    assert _kinds(engine) == ["MATTER_CLOSED"]


def test_solved_rate_of_a_published_case_keeps_its_number(engine: Engine):
    counted = {"numerator": 7, "denominator": 8, "text": "7/8 = 87.5%"}
    _fill(engine, {"figures": {"satisfaction": counted, "resolution": counted}, "name": "停车"})
    url = engine.url.render_as_string(hide_password=False)
    databases.migrate(url)
    assert _snapshots(engine) == [
        {"figures": {"satisfaction": counted, "solved_rate": counted}, "name": "停车"}
    ]
    _go_down(url, "0020")
    assert _snapshots(engine) == [
        {"figures": {"satisfaction": counted, "resolution": counted}, "name": "停车"}
    ]


def _snapshots(engine: Engine) -> list[dict[str, Any]]:
    """What the published cases keep."""
    cases = table("cases", column("snapshot", JSON))
    with engine.connect() as connection:
        return list(connection.scalars(select(cases.c.snapshot)))
