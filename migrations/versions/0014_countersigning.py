"""countersigning: officers' keys, who countersigns where, and the second officer's word

On the way down the countersignatures in published bundles stay: a bundle is not changed.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
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
]
NEW_NOTICE_KINDS = ["COUNTERSIGNED", "COUNTERSIGNATURE_REFUSED"]


def upgrade() -> None:
    replace_check("public_notices", "kind", [*NOTICE_KINDS, *NEW_NOTICE_KINDS])
    op.create_table(
        "officer_keys",
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(32), nullable=False),
        sa.Column("proof", sa.LargeBinary(64), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_officer_keys_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_keys")),
        sa.UniqueConstraint("public_key", name=op.f("uq_officer_keys_public_key")),
    )
    op.create_index(
        "uq_officer_keys_one_live",
        "officer_keys",
        ["resident_id"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "compound_countersigners",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=True),
        sa.Column("named_by_id", sa.Uuid(), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["compound_id"],
            ["compounds.id"],
            name=op.f("fk_compound_countersigners_compound_id_compounds"),
        ),
        sa.ForeignKeyConstraint(
            ["named_by_id"],
            ["residents.id"],
            name=op.f("fk_compound_countersigners_named_by_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"],
            ["residents.id"],
            name=op.f("fk_compound_countersigners_resident_id_residents"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compound_countersigners")),
        sa.UniqueConstraint("compound_id", name=op.f("uq_compound_countersigners_compound_id")),
    )
    with op.batch_alter_table("agenda_sessions") as batch:
        batch.add_column(sa.Column("officer_key", sa.LargeBinary(32), nullable=True))
        batch.add_column(sa.Column("countersigner_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("countersigned_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(
            sa.Column("countersign_refused_at", sa.DateTime(timezone=True), nullable=True)
        )
        batch.add_column(sa.Column("countersign_refusal", sa.Text(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_agenda_sessions_countersigner_id_residents"),
            "residents",
            ["countersigner_id"],
            ["id"],
        )
        batch.create_check_constraint(
            op.f("ck_agenda_sessions_countersigning_is_whole"),
            "(officer_key IS NULL) = (countersigner_id IS NULL)"
            " AND (countersign_refused_at IS NULL) = (countersign_refusal IS NULL)"
            " AND (countersigned_at IS NULL OR countersign_refused_at IS NULL)"
            " AND (officer_key IS NOT NULL"
            " OR (countersigned_at IS NULL AND countersign_refused_at IS NULL))",
        )


def downgrade() -> None:
    with op.batch_alter_table("agenda_sessions") as batch:
        batch.drop_constraint(op.f("ck_agenda_sessions_countersigning_is_whole"), type_="check")
        batch.drop_constraint(
            op.f("fk_agenda_sessions_countersigner_id_residents"), type_="foreignkey"
        )
        for column in (
            "countersign_refusal",
            "countersign_refused_at",
            "countersigned_at",
            "countersigner_id",
            "officer_key",
        ):
            batch.drop_column(column)
    op.drop_table("compound_countersigners")
    op.drop_table("officer_keys")
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
