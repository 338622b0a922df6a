"""when a matter was last judged unsolved"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("matters", sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE matters SET reopened_at = (SELECT max(concluded_at) FROM matter_evaluations"
        " WHERE matter_evaluations.matter_id = matters.id AND verdict = 'REOPENED')"
    )


def downgrade() -> None:
    op.drop_column("matters", "reopened_at")
