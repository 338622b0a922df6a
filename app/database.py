"""How each engine is opened for this application, and what production asks of PostgreSQL."""

from flask import Flask, request
from sqlalchemy import text

from app.config import Settings, UnsafeSettings
from app.extensions import db
from app.orm import open_sqlite


def init_app(app: Flask) -> None:
    """Prepare the engine and, in production, check that commits survive a crash."""
    settings: Settings = app.extensions["settings"]
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            open_sqlite(db.engine)
            app.before_request(read_without_waiting)
        elif settings.production:
            check_durability()


def read_without_waiting() -> None:
    """On SQLite, a request that only reads does not queue behind writers."""
    if request.method in ("GET", "HEAD") and request.path.startswith(("/api/", "/board/")):
        db.session.connection(execution_options={"sqlite_begin": "DEFERRED"})


def check_durability() -> None:
    """Raises UnsafeSettings where PostgreSQL may lose what it has acknowledged."""
    with db.engine.connect() as connection:
        lax = [
            f"{setting} = off"
            for setting in ("fsync", "synchronous_commit")
            if connection.scalar(text(f"SHOW {setting}")) == "off"
        ]
    db.engine.dispose()  # a server that forks now must not share the connection
    if lax:
        raise UnsafeSettings(f"PostgreSQL runs with {', '.join(lax)}")
