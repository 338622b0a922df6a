"""What the values of an enum column may be, changed on both engines."""

import re
from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op


def allow(table: str, column: str, *values: str) -> None:
    """Let a column have these values as well; SQLite rebuilds the table."""
    _replace(table, column, [*_allowed(table, column), *values])


def disallow(table: str, column: str, *values: str) -> None:
    """Let no row have them any more; whoever calls this has seen to those that have."""
    _replace(table, column, [each for each in _allowed(table, column) if each not in values])


def _allowed(table: str, column: str) -> list[str]:
    (text,) = (
        check["sqltext"]
        for check in sa.inspect(op.get_bind()).get_check_constraints(table)
        if check["name"] == f"ck_{table}_{column}"
    )
    return re.findall(r"'(\w+)'", text)


def _replace(table: str, column: str, values: Iterable[str]) -> None:
    name = op.f(f"ck_{table}_{column}")
    condition = f"{column} IN ({', '.join(map(repr, values))})"
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, condition)
