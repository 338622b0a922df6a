"""holiday tables that an operator records"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "holiday_tables",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "year BETWEEN 2000 AND 2199", name=op.f("ck_holiday_tables_year_is_credible")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday_tables")),
        sa.UniqueConstraint("year", name=op.f("uq_holiday_tables_year")),
    )


def downgrade() -> None:
    op.drop_table("holiday_tables")
