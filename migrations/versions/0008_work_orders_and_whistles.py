"""work orders and whistles"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
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
    "CANCELLED",
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
    "DEFERRED",
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
]
NEW_NOTICE_KINDS = [
    "ORDER_ASSIGNED",
    "ORDER_VERIFIED",
    "ORDER_OVERDUE",
    "WHISTLE_ESCALATED",
    "WHISTLE_CLOSED",
]


def upgrade() -> None:
    replace_check("agenda_sessions", "state", [*SESSION_STATES[:-1], "EXECUTING", "CANCELLED"])
    replace_check("matters", "state", [*MATTER_STATES[:-1], "EXECUTING", "DONE", "DEFERRED"])
    replace_check("public_notices", "kind", [*NOTICE_KINDS, *NEW_NOTICE_KINDS])
    op.create_table(
        "whistles",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "ground",
            sa.Enum(
                "CARED_UNSOLVED",
                "JOINT_ENFORCEMENT",
                "EMERGENCY",
                name="ground",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "COLLECTED",
                "BLOWN",
                "SIGNED",
                "REPORTED",
                "FED_BACK",
                "VERIFIED_CLOSED",
                "REWORK",
                "WITHDRAWN",
                "EVALUATED",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("requested_by_id", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "PUSH", "HARD", name="kind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=True,
        ),
        sa.Column("department", sa.String(length=80), nullable=True),
        sa.Column("receiver_id", sa.Uuid(), nullable=True),
        sa.Column("blown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blown_by_id", sa.Uuid(), nullable=True),
        sa.Column("objected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("objection", sa.Text(), nullable=True),
        sa.Column("sign_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_by_id", sa.Uuid(), nullable=True),
        sa.Column("contact_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fed_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("feedback", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("rework_count", sa.Integer(), nullable=False),
        sa.Column("escalation_level", sa.Integer(), nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('COLLECTED', 'BLOWN', 'WITHDRAWN')) = (signed_at IS NULL) AND (signed_at IS NULL) = (signed_by_id IS NULL)",
            name=op.f("ck_whistles_signature_has_its_time_and_author"),
        ),
        sa.CheckConstraint(
            "(state NOT IN ('VERIFIED_CLOSED', 'EVALUATED') OR closed_at IS NOT NULL) AND (closed_at IS NULL) = (closed_by_id IS NULL)",
            name=op.f("ck_whistles_closing_has_its_time_and_author"),
        ),
        sa.CheckConstraint(
            "state IN ('COLLECTED', 'WITHDRAWN') OR (kind IS NOT NULL AND department IS NOT NULL AND blown_at IS NOT NULL AND sign_due_at IS NOT NULL AND contact_due_at IS NOT NULL AND report_due_at IS NOT NULL AND due_at IS NOT NULL)",
            name=op.f("ck_whistles_blowing_has_its_terms"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('REWORK', 'WITHDRAWN') OR reason IS NOT NULL",
            name=op.f("ck_whistles_refusal_has_a_reason"),
        ),
        sa.CheckConstraint(
            "(objected_at IS NULL) = (objection IS NULL)",
            name=op.f("ck_whistles_objection_has_its_time"),
        ),
        sa.CheckConstraint(
            "closed_by_id <> signed_by_id", name=op.f("ck_whistles_closed_by_somebody_else")
        ),
        sa.CheckConstraint(
            "escalation_level BETWEEN 0 AND 2", name=op.f("ck_whistles_escalation_level_is_known")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_whistles_number_starts_at_one")),
        sa.CheckConstraint("rework_count >= 0", name=op.f("ck_whistles_rework_count_is_a_count")),
        sa.ForeignKeyConstraint(
            ["blown_by_id"], ["residents.id"], name=op.f("fk_whistles_blown_by_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["closed_by_id"], ["residents.id"], name=op.f("fk_whistles_closed_by_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_whistles_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matters.id"], name=op.f("fk_whistles_matter_id_matters")
        ),
        sa.ForeignKeyConstraint(
            ["receiver_id"], ["residents.id"], name=op.f("fk_whistles_receiver_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"],
            ["residents.id"],
            name=op.f("fk_whistles_requested_by_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["signed_by_id"], ["residents.id"], name=op.f("fk_whistles_signed_by_id_residents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_whistles")),
        sa.UniqueConstraint("compound_id", "number", name=op.f("uq_whistles_compound_id_number")),
    )
    op.create_index(
        op.f("ix_whistles_compound_id_id"), "whistles", ["compound_id", "id"], unique=False
    )
    op.create_index(op.f("ix_whistles_matter_id"), "whistles", ["matter_id"], unique=False)
    op.create_index(op.f("ix_whistles_state_due_at"), "whistles", ["state", "due_at"], unique=False)
    op.create_table(
        "work_orders",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("resolution_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "urgency",
            sa.Enum(
                "EMERGENCY",
                "UTILITY",
                "NORMAL",
                "COMPLEX",
                name="urgency",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "way",
            sa.Enum(
                "ASSIGN",
                "TAKE",
                "PROPOSE",
                name="way",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "doer_kind",
            sa.Enum(
                "PARTY_BRANCH",
                "PARTY_GROUP",
                "OWNERS_COMMITTEE",
                "PROPERTY_FIRM",
                "DEPARTMENT",
                "SEATED_MEMBER",
                "PARTNER_UNIT",
                "COMMUNITY",
                name="doer_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("doer_name", sa.String(length=80), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "REQUESTED",
                "ASSIGNED",
                "ACCEPTED",
                "DECLINED",
                "SUBMITTED",
                "VERIFIED",
                "RETURNED",
                "WITHDRAWN",
                "RATED",
                "CLOSED",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("requested_by_id", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accept_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contact_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submission", sa.Text(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_by_id", sa.Uuid(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_by_id", sa.Uuid(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("return_count", sa.Integer(), nullable=False),
        sa.Column("escalation_level", sa.Integer(), nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state NOT IN ('VERIFIED', 'RATED', 'CLOSED') OR verified_at IS NOT NULL) AND (verified_at IS NULL) = (verified_by_id IS NULL) AND (verified_at IS NULL) = (finished_at IS NULL)",
            name=op.f("ck_work_orders_verification_has_its_time_and_author"),
        ),
        sa.CheckConstraint(
            "state IN ('REQUESTED', 'WITHDRAWN') OR (assigned_at IS NOT NULL AND due_at IS NOT NULL AND accept_due_at IS NOT NULL AND contact_due_at IS NOT NULL)",
            name=op.f("ck_work_orders_assignment_has_its_terms"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('DECLINED', 'RETURNED', 'WITHDRAWN') OR reason IS NOT NULL",
            name=op.f("ck_work_orders_refusal_has_a_reason"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('SUBMITTED', 'VERIFIED', 'RETURNED', 'RATED', 'CLOSED') OR (submitted_at IS NOT NULL AND submitted_by_id IS NOT NULL)",
            name=op.f("ck_work_orders_submission_has_its_time_and_author"),
        ),
        sa.CheckConstraint(
            "escalation_level BETWEEN 0 AND 2",
            name=op.f("ck_work_orders_escalation_level_is_known"),
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_work_orders_number_starts_at_one")),
        sa.CheckConstraint(
            "return_count >= 0", name=op.f("ck_work_orders_return_count_is_a_count")
        ),
        sa.CheckConstraint(
            "verified_by_id <> submitted_by_id",
            name=op.f("ck_work_orders_verified_by_somebody_else"),
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_work_orders_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matters.id"], name=op.f("fk_work_orders_matter_id_matters")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"],
            ["residents.id"],
            name=op.f("fk_work_orders_requested_by_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["resolution_id"],
            ["resolutions.id"],
            name=op.f("fk_work_orders_resolution_id_resolutions"),
        ),
        sa.ForeignKeyConstraint(
            ["submitted_by_id"],
            ["residents.id"],
            name=op.f("fk_work_orders_submitted_by_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["verified_by_id"],
            ["residents.id"],
            name=op.f("fk_work_orders_verified_by_id_residents"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_orders")),
        sa.UniqueConstraint(
            "compound_id", "number", name=op.f("uq_work_orders_compound_id_number")
        ),
    )
    op.create_index(
        op.f("ix_work_orders_compound_id_id"), "work_orders", ["compound_id", "id"], unique=False
    )
    op.create_index(op.f("ix_work_orders_matter_id"), "work_orders", ["matter_id"], unique=False)
    op.create_index(
        op.f("ix_work_orders_resolution_id"), "work_orders", ["resolution_id"], unique=False
    )
    op.create_index(
        op.f("ix_work_orders_state_due_at"), "work_orders", ["state", "due_at"], unique=False
    )
    op.create_table(
        "escalations",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("whistle_id", sa.Uuid(), nullable=True),
        sa.Column(
            "step",
            sa.Enum(
                "SUBMIT",
                "SIGN",
                "REPORT",
                "FEED_BACK",
                name="step",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(order_id IS NULL) = (step <> 'SUBMIT')", name=op.f("ck_escalations_step_of_its_thing")
        ),
        sa.CheckConstraint(
            "(order_id IS NULL) <> (whistle_id IS NULL)",
            name=op.f("ck_escalations_about_one_thing"),
        ),
        sa.CheckConstraint("level IN (1, 2)", name=op.f("ck_escalations_level_is_known")),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_escalations_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["work_orders.id"], name=op.f("fk_escalations_order_id_work_orders")
        ),
        sa.ForeignKeyConstraint(
            ["whistle_id"], ["whistles.id"], name=op.f("fk_escalations_whistle_id_whistles")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalations")),
    )
    op.create_index(
        op.f("ix_escalations_compound_id_id"), "escalations", ["compound_id", "id"], unique=False
    )
    op.create_index(
        "uq_escalations_order",
        "escalations",
        ["order_id", "due_at", "level"],
        unique=True,
        sqlite_where=sa.text("order_id IS NOT NULL"),
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    op.create_index(
        "uq_escalations_whistle",
        "escalations",
        ["whistle_id", "step", "due_at", "level"],
        unique=True,
        sqlite_where=sa.text("whistle_id IS NOT NULL"),
        postgresql_where=sa.text("whistle_id IS NOT NULL"),
    )
    op.create_table(
        "order_doers",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["work_orders.id"], name=op.f("fk_order_doers_order_id_work_orders")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_order_doers_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("order_id", "resident_id", name=op.f("pk_order_doers")),
    )
    op.create_index(
        op.f("ix_order_doers_resident_id"), "order_doers", ["resident_id"], unique=False
    )
    op.create_table(
        "order_progress",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "BEFORE",
                "PROGRESS",
                "AFTER",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["residents.id"], name=op.f("fk_order_progress_by_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_order_progress_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["work_orders.id"], name=op.f("fk_order_progress_order_id_work_orders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_progress")),
    )
    op.create_index(
        op.f("ix_order_progress_order_id_id"), "order_progress", ["order_id", "id"], unique=False
    )
    op.create_table(
        "work_hours",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("worked_on", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("logged_by_id", sa.Uuid(), nullable=False),
        sa.Column("logged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(reverses_id IS NULL AND minutes BETWEEN 15 AND 720) OR (reverses_id IS NOT NULL AND minutes BETWEEN -720 AND -15)",
            name=op.f("ck_work_hours_minutes_of_a_day"),
        ),
        sa.CheckConstraint(
            "(reverses_id IS NULL) = (reason IS NULL)",
            name=op.f("ck_work_hours_reversal_has_a_reason"),
        ),
        sa.CheckConstraint("reverses_id <> id", name=op.f("ck_work_hours_reverses_another")),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_work_hours_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["logged_by_id"], ["residents.id"], name=op.f("fk_work_hours_logged_by_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["residents.id"], name=op.f("fk_work_hours_member_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["work_orders.id"], name=op.f("fk_work_hours_order_id_work_orders")
        ),
        sa.ForeignKeyConstraint(
            ["reverses_id"], ["work_hours.id"], name=op.f("fk_work_hours_reverses_id_work_hours")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_hours")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_work_hours_reverses_id")),
    )
    op.create_index(
        op.f("ix_work_hours_compound_id_id"), "work_hours", ["compound_id", "id"], unique=False
    )
    op.create_index(
        op.f("ix_work_hours_member_id_worked_on"),
        "work_hours",
        ["member_id", "worked_on"],
        unique=False,
    )
    op.create_index(op.f("ix_work_hours_order_id"), "work_hours", ["order_id"], unique=False)


def downgrade() -> None:
    # What was carried out goes with its tables: matters and sessions are back where it began.
    op.execute(
        "UPDATE matters SET state = CASE"
        " WHEN EXISTS (SELECT 1 FROM resolutions WHERE resolutions.matter_id = matters.id"
        " AND resolutions.state IN ('PASSED', 'NOTICED', 'EFFECTIVE', 'SUPERSEDED'))"
        " THEN 'RESOLVED'"
        " WHEN EXISTS (SELECT 1 FROM whistles WHERE whistles.matter_id = matters.id)"
        " THEN 'WHISTLED' ELSE 'DISPATCHED' END"
        " WHERE state IN ('EXECUTING', 'DONE')"
    )
    op.execute("UPDATE agenda_sessions SET state = 'RESOLVED' WHERE state = 'EXECUTING'")
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
        "escalations",
        "work_hours",
        "order_progress",
        "order_doers",
        "work_orders",
        "whistles",
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
