"""解决率 of a published case is called the solved rate: a resolution is 决议"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

CASES = sa.table("cases", sa.column("id", sa.Uuid), sa.column("snapshot", sa.JSON))


def upgrade() -> None:
    _rename("resolution", "solved_rate")


def downgrade() -> None:
    _rename("solved_rate", "resolution")


def _rename(before: str, after: str) -> None:
    connection = op.get_bind()
    for id_, snapshot in connection.execute(sa.select(CASES.c.id, CASES.c.snapshot)).all():
        figures: dict[str, Any] = (snapshot or {}).get("figures") or {}
        if before in figures:
            figures[after] = figures.pop(before)
            changed = sa.update(CASES).where(CASES.c.id == id_).values(snapshot=snapshot)
            connection.execute(changed)
