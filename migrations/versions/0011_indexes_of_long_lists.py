"""indexes for lists that grew long

The host list's last changes were looked for in the whole audit log, and the overdue orders of a
compound among all its orders.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_audit_entries_community_id_id"), "audit_entries", ["community_id", "id"]
    )
    op.create_index(
        op.f("ix_work_orders_compound_id_state_due_at"),
        "work_orders",
        ["compound_id", "state", "due_at"],
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_work_orders_compound_id_state_due_at"), "work_orders")
    op.drop_index(op.f("ix_audit_entries_community_id_id"), "audit_entries")
