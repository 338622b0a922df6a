"""The file by which database and account are made, on a real server."""

import os

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from tests.databases import ROOT


@pytest.mark.parametrize("engine", ["postgresql"])
def test_account_and_database_are_made_as_the_service_needs_them(engine: str):
    admin = create_engine(os.environ["TEST_DATABASE_URL"], isolation_level="AUTOCOMMIT")
    sql = (ROOT / "deploy" / "postgresql.sql").read_text(encoding="utf-8")
    name = f"yyt_deploy_{os.getpid()}"
    lines = [line for line in sql.splitlines() if not line.startswith("--")]
    statements = [part.strip() for part in "\n".join(lines).split(";") if part.strip()]
    try:
        with admin.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement.replace("yueyuetan", name))
            granted = connection.scalar(
                text("SELECT pg_has_role(:name, 'pg_read_all_stats', 'MEMBER')"), {"name": name}
            )
            connection.exec_driver_sql(f"ALTER ROLE {name} PASSWORD 'p'")
        assert granted is True
        url = make_url(os.environ["TEST_DATABASE_URL"])
        url = url.set(username=name, password="p", database=name)
        service = create_engine(url)
        with service.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE t (a int)")
            assert connection.scalar(text("SHOW server_encoding")) == "UTF8"
            with pytest.raises(ProgrammingError):
                connection.exec_driver_sql("CREATE ROLE another")
        service.dispose()
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.exec_driver_sql(f"DROP ROLE IF EXISTS {name}")
        admin.dispose()
