"""Which revision a database is at, and which this release knows."""

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from app.backup.faults import OtherRelease

PROJECT = Path(__file__).parents[2]


def revision_of(session: Session) -> str | None:
    """The database's revision, None for one without our tables."""
    if not inspect(session.connection()).has_table("alembic_version"):
        return None
    found: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def newest_revision() -> str:
    """The revision that this release works with."""
    head = _scripts().get_current_head()
    assert head is not None  # noqa: S101 - there are revisions, and they make one line
    return head


def require_known(revision: str) -> None:
    """Raises OtherRelease for a revision of a newer release, or of no release of ours."""
    known = {script.revision for script in _scripts().walk_revisions()}
    if revision not in known:
        newest = newest_revision()
        raise OtherRelease(
            f"本程序不认识备份的数据库版本 {revision}（最新 {newest}），请用做备份的那一版恢复",
            f"the backup's schema {revision} is unknown to this release (newest: {newest});"
            " restore it with the release that made it",
        )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(Config(toml_file=PROJECT / "pyproject.toml"))
