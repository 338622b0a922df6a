"""Revision 0010 goes up and down with rows in place, on both engines."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, inspect, make_url, select, text
from sqlalchemy.exc import IntegrityError

from app.attachments.models import Attachment
from app.config import Settings
from app.kit.orm import table_of
from tests import databases


@pytest.fixture
def engine(engine_name: str, settings: Settings, tmp_path: Path) -> Iterator[Engine]:
    """A database of this test alone, before revision 0011."""
    server = None
    if engine_name == "postgresql":
        server = make_url(settings.database_url).render_as_string(hide_password=False)
    with databases.database(engine_name, tmp_path, server) as url:
        move(url, "0009")
        engine = create_engine(url)
        yield engine
        engine.dispose()


def move(url: str, revision: str) -> None:
    """Down to a revision."""
    config = Config(toml_file=databases.ROOT / "pyproject.toml")
    config.attributes["url"] = url
    command.downgrade(config, revision)


# Letters stand for ids; of the uploads one was logged when it was claimed, one was not, and one
# is unclaimed.
ROWS = [
    "INSERT INTO subdistricts (id, name, since) VALUES (:a, '街道', '2020-01-01')",
    "INSERT INTO communities (id, name, since, subdistrict_id)"
    " VALUES (:b, '社区', '2020-01-01', :a)",
    "INSERT INTO compounds (id, name, since, community_id) VALUES (:c, '小区', '2020-01-01', :b)",
    "INSERT INTO residents (id, openid, joined_at) VALUES (:d, 'o-1', '2026-03-01')",
    *(
        "INSERT INTO attachments (id, compound_id, uploaded_by_id, uploaded_at, content_type, size,"
        " width, height, sha256, name, about, about_id, is_public) VALUES (:"
        f"{id_}, :c, :d, '2026-03-01 08:00:00', 'image/jpeg', 9, 8, 8, 'x', '{name}', {thing},"
        " false)"
        for id_, name, thing in (
            ("e", "logged", "'remarks', :d"),
            ("f", "not logged", "'remarks', :d"),
            ("g", "unclaimed", "NULL, NULL"),
        )
    ),
    *(
        f"INSERT INTO audit_entries (id, at, actor_id, compound_id, thing, thing_id, verb)"
        f" VALUES (:{id_}, '2026-03-01 {hour}:00:00', :d, :c, 'attachments', :e, '{verb}')"
        for id_, hour, verb in (("h", "08", "upload"), ("i", "09", "attach"))
    ),
]


def facts(engine: Engine) -> list[tuple[str, bool]]:
    query = text("SELECT name, about_id IS NULL FROM attachments ORDER BY name")
    with engine.connect() as connection:
        return [(name, bool(is_free)) for name, is_free in connection.execute(query)]


def test_up_and_down_with_rows(engine: Engine):
    is_sqlite = engine.dialect.name == "sqlite"
    ids = {name: (uuid4().hex if is_sqlite else uuid4()) for name in "abcdefghi"}
    with engine.begin() as connection:
        if not is_sqlite:
            connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))
        for statement in ROWS:
            connection.execute(text(statement), ids)
    url = engine.url.render_as_string(hide_password=False)
    before = facts(engine)
    for _ in range(2):
        databases.migrate(url, "0010")
        assert facts(engine) == before
        columns = table_of(Attachment).c
        with engine.connect() as connection:
            query = select(columns.name, columns.claimed_at)
            claimed = {name: at for name, at in connection.execute(query)}  # noqa: C416
        assert claimed == {
            "logged": datetime(2026, 3, 1, 9, tzinfo=UTC),
            "not logged": datetime(2026, 3, 1, 8, tzinfo=UTC),
            "unclaimed": None,
        }
        with pytest.raises(IntegrityError), engine.begin() as connection:
            connection.execute(text("UPDATE attachments SET claimed_at = NULL"))
        move(url, "0009")
        names = {column["name"] for column in inspect(engine).get_columns("attachments")}
        assert "claimed_at" not in names
        assert facts(engine) == before
