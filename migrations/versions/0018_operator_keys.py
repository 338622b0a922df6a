"""the operator's key is pinned: which keys were the operator's, and which one each vote has

The table is empty afterwards: `flask keys pin` takes over the key that the store holds. A vote that
is open meanwhile has the pinned key. On the way down former public keys are lost to the database;
the bundles that they signed name them.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NOTICE_KINDS = [
    "SESSION_ANNOUNCED",
    "LIST_FROZEN",
    "VOTING_OPENED",
    "VOTING_EXTENDED",
    "TALLIED",
    "SESSION_CANCELLED",
    "ROUND_TABLE_AGENDA",
    "MEETING_CONCLUDED",
    "RESOLUTION_NOTICED",
    "RESOLUTION_EFFECTIVE",
    "RESOLUTION_ESCALATED",
    "CONVENTION_NOTICED",
    "CONVENTION_IN_FORCE",
    "CONVENTION_CLAUSE_ACTIVE",
    "CONVENTION_REPEAL_NOTICED",
    "CONVENTION_REPEALED",
    "ORDER_ASSIGNED",
    "ORDER_VERIFIED",
    "ORDER_OVERDUE",
    "WHISTLE_ESCALATED",
    "WHISTLE_CLOSED",
    "EVALUATION_OPENED",
    "EVALUATION_CLOSED",
    "MATTER_CLOSED",
    "MATTER_REOPENED",
    "LOOK_BACK_STARTED",
    "SESSION_CLOSED",
    "CASE_PUBLISHED",
    "RATING_NOTICED",
    "RATING_FINAL",
    "COUNTERSIGNED",
    "COUNTERSIGNATURE_REFUSED",
]
NEW_NOTICE_KINDS = ["OPERATOR_KEY_CHANGED"]


def upgrade() -> None:
    replace_check("public_notices", "kind", [*NOTICE_KINDS, *NEW_NOTICE_KINDS])
    op.create_table(
        "operator_keys",
        sa.Column("algorithm", sa.String(16), nullable=False),
        sa.Column("public_key", sa.LargeBinary(32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("algorithm = 'Ed25519'", name=op.f("ck_operator_keys_algorithm")),
        sa.CheckConstraint(
            "length(public_key) = 32", name=op.f("ck_operator_keys_public_key_is_whole")
        ),
        sa.CheckConstraint("since <= until", name=op.f("ck_operator_keys_since_before_until")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_keys")),
        sa.UniqueConstraint("public_key", name=op.f("uq_operator_keys_public_key")),
    )
    op.create_index(
        "uq_operator_keys_one_pinned",
        "operator_keys",
        ["algorithm"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    with op.batch_alter_table("agenda_sessions") as batch:
        batch.add_column(sa.Column("operator_key", sa.LargeBinary(32), nullable=True))
        batch.add_column(sa.Column("key_check", sa.LargeBinary(16), nullable=True))
        batch.create_foreign_key(
            op.f("fk_agenda_sessions_operator_key_operator_keys"),
            "operator_keys",
            ["operator_key"],
            ["public_key"],
        )
    with op.batch_alter_table("resolutions") as batch:
        batch.add_column(sa.Column("key_check", sa.LargeBinary(16), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("resolutions") as batch:
        batch.drop_column("key_check")
    with op.batch_alter_table("agenda_sessions") as batch:
        batch.drop_constraint(
            op.f("fk_agenda_sessions_operator_key_operator_keys"), type_="foreignkey"
        )
        batch.drop_column("key_check")
        batch.drop_column("operator_key")
    op.drop_table("operator_keys")
    notices = sa.table("public_notices", sa.column("id"), sa.column("kind"))
    objections = sa.table("objections", sa.column("notice_id"))
    are_new = notices.c.kind.in_(NEW_NOTICE_KINDS)
    op.execute(
        objections.delete().where(
            objections.c.notice_id.in_(sa.select(notices.c.id).where(are_new))
        )
    )
    op.execute(notices.delete().where(are_new))
    replace_check("public_notices", "kind", NOTICE_KINDS)


def replace_check(table: str, column: str, values: Sequence[str]) -> None:
    """Keep a column to these values from now on; SQLite rebuilds the table."""
    name = op.f(f"ck_{table}_{column}")
    condition = f"{column} IN ({', '.join(repr(value) for value in values)})"
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, condition)
