"""follow-ups, evaluation rounds and judgements"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SESSION_STATES = [
    "DRAFT",
    "COLLECTING",
    "LISTED",
    "VOTING",
    "EXTENDED",
    "TALLIED",
    "MEETING",
    "RESOLVED",
    "EXECUTING",
    "CANCELLED",
]
NEW_SESSION_STATES = [
    "EVALUATING",
    "CLOSED",
]
MATTER_STATES = [
    "SUBMITTED",
    "LISTED",
    "MERGED",
    "DISPATCHED",
    "WHISTLED",
    "REFUSED",
    "SELECTED",
    "DELIBERATED",
    "RESOLVED",
    "OWNER_VOTE",
    "SHELVED",
    "EXECUTING",
    "DONE",
    "DEFERRED",
]
NEW_MATTER_STATES = [
    "EVALUATED",
    "CLOSED",
    "REOPENED",
]
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
]
NEW_NOTICE_KINDS = [
    "EVALUATION_OPENED",
    "EVALUATION_CLOSED",
    "MATTER_CLOSED",
    "MATTER_REOPENED",
    "LOOK_BACK_STARTED",
    "SESSION_CLOSED",
]


def upgrade() -> None:
    replace_check(
        "agenda_sessions", "state", [*SESSION_STATES[:-1], *NEW_SESSION_STATES, "CANCELLED"]
    )
    replace_check("matters", "state", [*MATTER_STATES[:-1], *NEW_MATTER_STATES, "DEFERRED"])
    replace_check("public_notices", "kind", [*NOTICE_KINDS, *NEW_NOTICE_KINDS])
    op.create_table(
        "evaluation_rounds",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column(
            "subject_kind",
            sa.Enum(
                "MATTER",
                "CONVENTION",
                name="subject_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "OPEN", "CLOSED", name="state", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("opened_by_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("min_answers", sa.Integer(), nullable=False),
        sa.Column("sheets_out", sa.Integer(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "COUNTED",
                "TOO_FEW",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("online", sa.Integer(), nullable=True),
        sa.Column("satisfied", sa.Integer(), nullable=True),
        sa.Column("mostly", sa.Integer(), nullable=True),
        sa.Column("not_satisfied", sa.Integer(), nullable=True),
        sa.Column("solved", sa.Integer(), nullable=True),
        sa.Column("unsolved", sa.Integer(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'CLOSED') = (closed_at IS NOT NULL) AND (closed_at IS NULL) = (outcome IS NULL) AND (closed_at IS NULL) = (online IS NULL) AND (closed_at IS NULL) = (satisfied IS NULL) AND (closed_at IS NULL) = (mostly IS NULL) AND (closed_at IS NULL) = (not_satisfied IS NULL) AND (closed_at IS NULL) = (solved IS NULL) AND (closed_at IS NULL) = (unsolved IS NULL)",
            name=op.f("ck_evaluation_rounds_closing_has_its_figures"),
        ),
        sa.CheckConstraint(
            "closed_at IS NULL OR (outcome = 'COUNTED') = (satisfied + mostly + not_satisfied >= min_answers)",
            name=op.f("ck_evaluation_rounds_result_of_enough_answers"),
        ),
        sa.CheckConstraint(
            "min_answers >= 1", name=op.f("ck_evaluation_rounds_somebody_must_answer")
        ),
        sa.CheckConstraint(
            "opened_at < closes_at", name=op.f("ck_evaluation_rounds_opens_before_it_closes")
        ),
        sa.CheckConstraint(
            "sheets_out >= 1", name=op.f("ck_evaluation_rounds_sheets_are_a_number")
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"],
            ["compounds.id"],
            name=op.f("fk_evaluation_rounds_compound_id_compounds"),
        ),
        sa.ForeignKeyConstraint(
            ["opened_by_id"],
            ["residents.id"],
            name=op.f("fk_evaluation_rounds_opened_by_id_residents"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_rounds")),
    )
    op.create_index(
        op.f("ix_evaluation_rounds_compound_id_id"),
        "evaluation_rounds",
        ["compound_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_evaluation_rounds_state_closes_at"),
        "evaluation_rounds",
        ["state", "closes_at"],
        unique=False,
    )
    op.create_index(
        "uq_evaluation_rounds_one_open",
        "evaluation_rounds",
        ["subject_kind", "subject_id"],
        unique=True,
        sqlite_where=sa.text("state = 'OPEN'"),
        postgresql_where=sa.text("state = 'OPEN'"),
    )
    op.create_table(
        "evaluation_answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("solved", sa.Boolean(), nullable=True),
        sa.Column(
            "satisfaction",
            sa.Enum(
                "SATISFIED",
                "MOSTLY",
                "NOT",
                name="satisfaction",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["compound_id"],
            ["compounds.id"],
            name=op.f("fk_evaluation_answers_compound_id_compounds"),
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"],
            ["residents.id"],
            name=op.f("fk_evaluation_answers_resident_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["evaluation_rounds.id"],
            name=op.f("fk_evaluation_answers_round_id_evaluation_rounds"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_answers")),
        sa.UniqueConstraint(
            "round_id", "resident_id", name=op.f("uq_evaluation_answers_round_id_resident_id")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_evaluation_answers_round_id_id"),
        "evaluation_answers",
        ["round_id", "id"],
        unique=False,
    )
    op.create_table(
        "evaluation_paper_counts",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("satisfied", sa.Integer(), nullable=False),
        sa.Column("mostly", sa.Integer(), nullable=False),
        sa.Column("not_satisfied", sa.Integer(), nullable=False),
        sa.Column("solved", sa.Integer(), nullable=True),
        sa.Column("unsolved", sa.Integer(), nullable=True),
        sa.Column("entered_by_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by_id", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(confirmed_by_id IS NULL) = (confirmed_at IS NULL)",
            name=op.f("ck_evaluation_paper_counts_confirmation_has_its_time"),
        ),
        sa.CheckConstraint(
            "(solved IS NULL) = (unsolved IS NULL) AND (solved IS NULL OR solved + unsolved = satisfied + mostly + not_satisfied)",
            name=op.f("ck_evaluation_paper_counts_each_sheet_answers_both"),
        ),
        sa.CheckConstraint(
            "confirmed_by_id <> entered_by_id",
            name=op.f("ck_evaluation_paper_counts_confirmed_by_somebody_else"),
        ),
        sa.CheckConstraint(
            "satisfied >= 0 AND mostly >= 0 AND not_satisfied >= 0 AND solved >= 0 AND unsolved >= 0",
            name=op.f("ck_evaluation_paper_counts_counts_are_numbers"),
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"],
            ["compounds.id"],
            name=op.f("fk_evaluation_paper_counts_compound_id_compounds"),
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"],
            ["residents.id"],
            name=op.f("fk_evaluation_paper_counts_confirmed_by_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["entered_by_id"],
            ["residents.id"],
            name=op.f("fk_evaluation_paper_counts_entered_by_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["evaluation_rounds.id"],
            name=op.f("fk_evaluation_paper_counts_round_id_evaluation_rounds"),
        ),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_evaluation_paper_counts")),
    )
    op.create_table(
        "matter_evaluations",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=True),
        sa.Column(
            "verdict",
            sa.Enum(
                "CLOSED",
                "REOPENED",
                name="verdict",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("raiser_says_unsolved", sa.Boolean(), nullable=False),
        sa.Column("satisfied", sa.Integer(), nullable=False),
        sa.Column("mostly", sa.Integer(), nullable=False),
        sa.Column("not_satisfied", sa.Integer(), nullable=False),
        sa.Column("solved", sa.Integer(), nullable=False),
        sa.Column("unsolved", sa.Integer(), nullable=False),
        sa.Column("explanation_zh", sa.Text(), nullable=False),
        sa.Column("explanation_en", sa.Text(), nullable=False),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("concluded_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "NOT raiser_says_unsolved OR verdict = 'REOPENED'",
            name=op.f("ck_matter_evaluations_the_raiser_reopens"),
        ),
        sa.CheckConstraint(
            "satisfied >= 0 AND mostly >= 0 AND not_satisfied >= 0 AND solved >= 0 AND unsolved >= 0 AND solved + unsolved = satisfied + mostly + not_satisfied",
            name=op.f("ck_matter_evaluations_figures_agree"),
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"],
            ["compounds.id"],
            name=op.f("fk_matter_evaluations_compound_id_compounds"),
        ),
        sa.ForeignKeyConstraint(
            ["concluded_by_id"],
            ["residents.id"],
            name=op.f("fk_matter_evaluations_concluded_by_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matters.id"], name=op.f("fk_matter_evaluations_matter_id_matters")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["evaluation_rounds.id"],
            name=op.f("fk_matter_evaluations_round_id_evaluation_rounds"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter_evaluations")),
        sa.UniqueConstraint("round_id", name=op.f("uq_matter_evaluations_round_id")),
    )
    op.create_index(
        op.f("ix_matter_evaluations_matter_id_id"),
        "matter_evaluations",
        ["matter_id", "id"],
        unique=False,
    )
    op.create_table(
        "follow_ups",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("whistle_id", sa.Uuid(), nullable=True),
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("is_raiser", sa.Boolean(), nullable=False),
        sa.Column("solved", sa.Boolean(), nullable=False),
        sa.Column(
            "satisfaction",
            sa.Enum(
                "SATISFIED",
                "MOSTLY",
                "NOT",
                name="satisfaction",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column(
            "channel",
            sa.Enum(
                "APP",
                "PHONE_CALL",
                "VISIT",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("entered_by_id", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(channel = 'APP') = (entered_by_id IS NULL)",
            name=op.f("ck_follow_ups_what_was_taken_names_its_clerk"),
        ),
        sa.CheckConstraint(
            "(order_id IS NULL) <> (whistle_id IS NULL)", name=op.f("ck_follow_ups_about_one_thing")
        ),
        sa.CheckConstraint("attempt >= 0", name=op.f("ck_follow_ups_attempt_is_a_count")),
        sa.CheckConstraint(
            "entered_by_id <> resident_id", name=op.f("ck_follow_ups_taken_by_somebody_else")
        ),
        sa.CheckConstraint(
            "entered_by_id IS NULL OR is_raiser",
            name=op.f("ck_follow_ups_only_the_raiser_s_is_taken"),
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_follow_ups_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["residents.id"], name=op.f("fk_follow_ups_entered_by_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matters.id"], name=op.f("fk_follow_ups_matter_id_matters")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["work_orders.id"], name=op.f("fk_follow_ups_order_id_work_orders")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_follow_ups_resident_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["whistle_id"], ["whistles.id"], name=op.f("fk_follow_ups_whistle_id_whistles")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_ups")),
        sa.UniqueConstraint(
            "order_id",
            "resident_id",
            "attempt",
            name=op.f("uq_follow_ups_order_id_resident_id_attempt"),
        ),
        sa.UniqueConstraint(
            "whistle_id",
            "resident_id",
            "attempt",
            name=op.f("uq_follow_ups_whistle_id_resident_id_attempt"),
        ),
    )
    op.create_index(
        op.f("ix_follow_ups_compound_id_id"), "follow_ups", ["compound_id", "id"], unique=False
    )
    op.create_index(
        op.f("ix_follow_ups_matter_id_id"), "follow_ups", ["matter_id", "id"], unique=False
    )


def downgrade() -> None:
    # What was judged goes with its tables: matters are done again, and sessions not looked at yet.
    op.execute(
        "UPDATE matters SET state = 'DONE' WHERE state IN ('EVALUATED', 'CLOSED', 'REOPENED')"
    )
    op.execute(
        "UPDATE agenda_sessions SET state = CASE WHEN EXISTS (SELECT 1 FROM work_orders"
        " JOIN resolutions ON work_orders.resolution_id = resolutions.id"
        " WHERE resolutions.session_id = agenda_sessions.id) THEN 'EXECUTING' ELSE 'RESOLVED' END"
        " WHERE state IN ('EVALUATING', 'CLOSED')"
    )
    notices = sa.table("public_notices", sa.column("id"), sa.column("kind"))
    objections = sa.table("objections", sa.column("notice_id"))
    are_new = notices.c.kind.in_(NEW_NOTICE_KINDS)
    op.execute(
        objections.delete().where(
            objections.c.notice_id.in_(sa.select(notices.c.id).where(are_new))
        )
    )
    op.execute(notices.delete().where(are_new))
    for table in (
        "follow_ups",
        "matter_evaluations",
        "evaluation_paper_counts",
        "evaluation_answers",
        "evaluation_rounds",
    ):
        op.drop_table(table)
    replace_check("public_notices", "kind", NOTICE_KINDS)
    replace_check("matters", "state", MATTER_STATES)
    replace_check("agenda_sessions", "state", SESSION_STATES)


def replace_check(table: str, column: str, values: Sequence[str]) -> None:
    """Keep a column to these values from now on; SQLite rebuilds the table."""
    name = op.f(f"ck_{table}_{column}")
    condition = f"{column} IN ({', '.join(repr(value) for value in values)})"
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, condition)
