"""Which of the two databases there is."""

from pathlib import Path

from sqlalchemy.engine import make_url

from app.backup.engines.dumps import Database
from app.backup.engines.postgresql import PostgresqlDatabase
from app.backup.engines.sqlite import SqliteDatabase


def open_database(url: str, pg_bin: Path | None) -> Database:
    """The database of DATABASE_URL; `pg_bin` is where PostgreSQL's programs are, if it is told."""
    parsed = make_url(url)
    if parsed.get_backend_name() == SqliteDatabase.engine_name:
        return SqliteDatabase(parsed)
    return PostgresqlDatabase(parsed, pg_bin)
