"""the inbox: what people are told, and what they have read

Nobody is told anew what happened before. On the way down what people were told is lost.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

KINDS = (
    "SESSION_ANNOUNCED",
    "LIST_FROZEN",
    "VOTING_OPENED",
    "VOTING_EXTENDED",
    "VOTE_VOID",
    "TALLIED",
    "SESSION_CANCELLED",
    "RESOLUTION_NOTICED",
    "RESOLUTION_EFFECTIVE",
    "RESOLUTION_VOTE_VOID",
    "CONVENTION_NOTICED",
    "CONVENTION_IN_FORCE",
    "CONVENTION_REPEAL_NOTICED",
    "CONVENTION_REPEALED",
    "EVALUATION_OPENED",
    "EVALUATION_CLOSED",
    "HOME_VERIFIED",
    "HOME_REFUSED",
    "HOME_ENDED",
    "HOUSEHOLD_JOINED",
    "HOUSEHOLD_LEFT",
    "BIRTH_DATE_CORRECTED",
    "OFFICE_GIVEN",
    "OFFICE_ENDED",
    "OBJECTION_RAISED",
    "OBJECTION_ANSWERED",
    "MATTER_LISTED",
    "MATTER_MERGED",
    "MATTER_TOOK_IN",
    "MATTER_DISPATCHED",
    "MATTER_WHISTLED",
    "MATTER_REFUSED",
    "MATTER_CORRECTED",
    "MATTER_WITHDRAWN",
    "MATTER_CHOSEN",
    "MATTER_NOT_CHOSEN",
    "MATTER_SHELVED",
    "MATTER_LEFT_TO_OWNERS",
    "MATTER_DONE",
    "MATTER_CLOSED",
    "MATTER_REOPENED",
    "INVITED",
    "ARRIVAL_NOTED",
    "REVIEW_ASKED",
    "CONVENTION_REVIEW_ASKED",
    "CONVENTION_RETURNED",
    "ORDER_ASSIGNED",
    "ORDER_TAKEN_AWAY",
    "ORDER_RETURNED",
    "ORDER_REOPENED",
    "ORDER_WITHDRAWN",
    "ORDER_OVERDUE",
    "ORDER_OVERDUE_REPORTED",
    "ORDER_DECLINED",
    "WHISTLE_REQUESTED",
    "WHISTLE_BLOWN",
    "WHISTLE_REWORK",
    "WHISTLE_RECALLED",
    "WHISTLE_OVERDUE",
    "WHISTLE_OVERDUE_REPORTED",
    "WHISTLE_OBJECTED",
)
TO_ALL = sa.text("resident_id IS NULL")


def upgrade() -> None:
    op.create_table(
        "inbox_messages",
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("resident_id", sa.Uuid(), nullable=True),
        sa.Column("compound_id", sa.Uuid(), nullable=True),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(200), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("title_en", sa.String(400), nullable=True),
        sa.Column("text_en", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "resident_id IS NOT NULL OR compound_id IS NOT NULL",
            name=op.f("ck_inbox_messages_is_for_somebody"),
        ),
        sa.CheckConstraint(
            "(notice_id IS NULL) = (title IS NOT NULL)"
            " AND (title IS NULL) = (text IS NULL)"
            " AND (title IS NULL) = (title_en IS NULL)"
            " AND (title IS NULL) = (text_en IS NULL)",
            name=op.f("ck_inbox_messages_words_of_its_own_or_a_notice"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_inbox_messages_{column}_{table}")
            )
            for column, table in (
                ("resident_id", "residents"),
                ("compound_id", "compounds"),
                ("notice_id", "public_notices"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_messages")),
        sa.UniqueConstraint("notice_id", name=op.f("uq_inbox_messages_notice_id")),
    )
    op.create_index(
        op.f("ix_inbox_messages_resident_id_id"), "inbox_messages", ["resident_id", "id"]
    )
    op.create_index(
        "ix_inbox_messages_to_all",
        "inbox_messages",
        ["compound_id", "id"],
        sqlite_where=TO_ALL,
        postgresql_where=TO_ALL,
    )
    op.create_table(
        "inbox_reads",
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["inbox_messages.id"],
            name=op.f("fk_inbox_reads_message_id_inbox_messages"),
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_inbox_reads_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("resident_id", "message_id", name=op.f("pk_inbox_reads")),
    )
    op.create_index(op.f("ix_inbox_reads_message_id"), "inbox_reads", ["message_id"])
    op.create_table(
        "inbox_marks",
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("read_until", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_inbox_marks_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("resident_id", name=op.f("pk_inbox_marks")),
    )


def downgrade() -> None:
    for table in ("inbox_marks", "inbox_reads", "inbox_messages"):
        op.drop_table(table)
