"""when an upload was claimed: by which move of a thing

Uploads that were claimed before have the time of their entry in the audit log.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attachments", sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        """
        UPDATE attachments SET claimed_at = coalesce(
            (
                SELECT max(at) FROM audit_entries
                WHERE thing = 'attachments' AND verb = 'attach' AND thing_id = attachments.id
            ),
            uploaded_at
        )
        WHERE about_id IS NOT NULL
        """
    )
    with op.batch_alter_table("attachments") as batch:
        batch.create_check_constraint(
            op.f("ck_attachments_claim_has_its_time"),
            "(about_id IS NULL) = (claimed_at IS NULL)",
        )


def downgrade() -> None:
    with op.batch_alter_table("attachments") as batch:
        batch.drop_constraint(op.f("ck_attachments_claim_has_its_time"), type_="check")
        batch.drop_column("claimed_at")
