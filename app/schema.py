"""The schema that this code is written for, and the one that a database has."""

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from app.config import Fault

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


class Schema(StrEnum):
    """How a database stands to this code."""

    OWN = "own"
    MISSING = "missing"
    BEHIND = "behind"
    AHEAD = "ahead"
    UNKNOWN = "unknown"


WHAT_TO_DO = {
    Schema.MISSING: (
        "数据库里还没有表：先运行 alembic upgrade head",
        "The database holds no tables yet: run alembic upgrade head first",
    ),
    Schema.BEHIND: (
        "数据库是旧版本的：先备份，再运行 alembic upgrade head",
        "The database is of an older version: back it up, then run alembic upgrade head",
    ),
    Schema.AHEAD: (
        "数据库是更新版本的：换上新版本的程序，不要用旧程序打开",
        "The database is of a newer version: install that version of the program",
    ),
    Schema.UNKNOWN: (
        "数据库的版本不认识：核对 DATABASE_URL 是不是这个程序的库",
        "The database's version is not known: does DATABASE_URL name this program's database?",
    ),
}


def read_schema(connection: Connection) -> Schema:
    """How the database stands to this code."""
    return judge(MigrationContext.configure(connection).get_current_heads())


def judge(found: Sequence[str]) -> Schema:
    """How revisions that stand in a database stand to this code, which has one head. Revisions are
    numbered, so a higher number is of a later version."""
    known = revisions()
    if not found:
        return Schema.MISSING
    if len(found) > 1:
        return Schema.UNKNOWN
    if found[0] in known:
        return Schema.OWN if found[0] == known[0] else Schema.BEHIND
    is_later = found[0].isdecimal() and int(found[0]) > int(known[0])
    return Schema.AHEAD if is_later else Schema.UNKNOWN


def schema_fault(schema: Schema) -> Fault:
    """What is to be said of a schema that is not ours, and what is to be done."""
    return Fault(f"schema_{schema}", *WHAT_TO_DO[schema])


@cache
def revisions() -> tuple[str, ...]:
    """The revisions that this code knows, its own first."""
    scripts = ScriptDirectory.from_config(Config(toml_file=str(PROJECT)))
    return tuple(script.revision for script in scripts.walk_revisions())
