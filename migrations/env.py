"""Runs migrations on SQLite and PostgreSQL.

SQLite rebuilds a table to change it. With foreign keys on, dropping the old table would delete
the rows of its children without a word, so they are off while migrations run and every reference
is checked afterwards.
"""

from alembic import context
from sqlalchemy import create_engine, event, pool

from app import create_app
from app.kit.extensions import db
from app.kit.orm import UTCDateTime

target_metadata = db.metadata


def render_item(kind, item, autogen_context):
    """Revisions name the plain type, so that they outlive our own classes."""
    return "sa.DateTime(timezone=True)" if isinstance(item, UTCDateTime) else False


def migrate(url: str) -> None:
    engine = create_engine(url, poolclass=pool.NullPool)
    is_sqlite = engine.dialect.name == "sqlite"
    if is_sqlite:

        @event.listens_for(engine, "connect")
        def on_connect(connection, record):
            connection.isolation_level = None
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA foreign_keys=OFF")

        @event.listens_for(engine, "begin")
        def on_begin(connection):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=target_metadata,
            render_as_batch=is_sqlite,
            compare_type=True,
            render_item=render_item,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            context.run_migrations()
            if is_sqlite:
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken:
                    raise RuntimeError(f"rows without their parents: {broken[:5]}")


def database_url() -> str:
    """The URL given with `-x url=...` or by a caller, else the application's."""
    given = context.get_x_argument(as_dictionary=True).get("url")
    return given or context.config.attributes.get("url") or application_url()


def application_url() -> str:
    return create_app().config["SQLALCHEMY_DATABASE_URI"]


migrate(database_url())
