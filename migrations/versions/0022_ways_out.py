"""when a matter was last judged unsolved, owners' votes on matters, and notices of what goes no
further

On the way down these notices go, and an owners' vote no longer says on which matter it was.
"""

import sqlalchemy as sa
from alembic import op

from migrations.checks import allow, disallow

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

NEW_NOTICE_KINDS = (
    "MATTER_SHELVED",
    "OWNERS_DECIDED",
    "CONVENTION_WITHDRAWN",
    "CONVENTION_REPEAL_WITHDRAWN",
)


def upgrade() -> None:
    allow("public_notices", "kind", *NEW_NOTICE_KINDS)
    op.add_column("matters", sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE matters SET reopened_at = (SELECT max(concluded_at) FROM matter_evaluations"
        " WHERE matter_evaluations.matter_id = matters.id AND verdict = 'REOPENED')"
    )
    with op.batch_alter_table("official_owner_votes") as batch:
        batch.add_column(sa.Column("matter_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_official_owner_votes_matter_id_matters"), "matters", ["matter_id"], ["id"]
        )
        batch.create_index(op.f("ix_official_owner_votes_matter_id"), ["matter_id"])


def downgrade() -> None:
    with op.batch_alter_table("official_owner_votes") as batch:
        batch.drop_index(op.f("ix_official_owner_votes_matter_id"))
        batch.drop_constraint(op.f("fk_official_owner_votes_matter_id_matters"), type_="foreignkey")
        batch.drop_column("matter_id")
    op.drop_column("matters", "reopened_at")
    notices = sa.table("public_notices", sa.column("id"), sa.column("kind"))
    objections = sa.table("objections", sa.column("notice_id"))
    are_new = notices.c.kind.in_(NEW_NOTICE_KINDS)
    op.execute(
        objections.delete().where(
            objections.c.notice_id.in_(sa.select(notices.c.id).where(are_new))
        )
    )
    op.execute(notices.delete().where(are_new))
    disallow("public_notices", "kind", *NEW_NOTICE_KINDS)
