"""resolutions and objections"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MATTER_STATES = [
    "SUBMITTED",
    "LISTED",
    "MERGED",
    "DISPATCHED",
    "WHISTLED",
    "REFUSED",
    "SELECTED",
    "DELIBERATED",
    "DEFERRED",
]
NEW_MATTER_STATES = ["RESOLVED", "OWNER_VOTE", "SHELVED"]
NOTICE_KINDS = [
    "SESSION_ANNOUNCED",
    "LIST_FROZEN",
    "VOTING_OPENED",
    "VOTING_EXTENDED",
    "TALLIED",
    "SESSION_CANCELLED",
    "ROUND_TABLE_AGENDA",
]
NEW_NOTICE_KINDS = [
    "MEETING_CONCLUDED",
    "RESOLUTION_NOTICED",
    "RESOLUTION_EFFECTIVE",
    "RESOLUTION_ESCALATED",
]


def upgrade() -> None:
    replace_check("matters", "state", [*MATTER_STATES[:-1], *NEW_MATTER_STATES, "DEFERRED"])
    replace_check("public_notices", "kind", [*NOTICE_KINDS, *NEW_NOTICE_KINDS])
    op.add_column(
        "public_notices", sa.Column("term_ends_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_table(
        "objections",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (answered_by_id IS NULL)",
            name=op.f("ck_objections_answer_has_its_time_and_author"),
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"],
            ["residents.id"],
            name=op.f("fk_objections_answered_by_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_objections_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"],
            ["public_notices.id"],
            name=op.f("fk_objections_notice_id_public_notices"),
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_objections_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objections")),
    )
    op.create_index(
        op.f("ix_objections_notice_id_id"), "objections", ["notice_id", "id"], unique=False
    )

    op.create_table(
        "resolutions",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "DRAFT",
                "TABLED",
                "PASSED",
                "FAILED",
                "NO_QUORUM",
                "SHELVED",
                "NOTICED",
                "EFFECTIVE",
                "SUPERSEDED",
                "ESCALATED",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("drafted_by_id", sa.Uuid(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                "HANDS",
                "PAPER",
                "PHONE",
                name="method",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "secrecy",
            sa.Enum(
                "SECRET",
                "NAMED",
                name="secrecy",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("rule", sa.JSON(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("roll", sa.Integer(), nullable=True),
        sa.Column("present", sa.Integer(), nullable=True),
        sa.Column("yes", sa.Integer(), nullable=True),
        sa.Column("no", sa.Integer(), nullable=True),
        sa.Column("abstain", sa.Integer(), nullable=True),
        sa.Column("explanation_zh", sa.Text(), nullable=True),
        sa.Column("explanation_en", sa.Text(), nullable=True),
        sa.Column("publish_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("notice_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shelved_why", sa.Text(), nullable=True),
        sa.Column(
            "escalated_to",
            sa.Enum(
                "RESIDENTS_MEETING",
                "OWNERS_ASSEMBLY",
                "COMMUNITY",
                name="escalated_to",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("escalated_why", sa.Text(), nullable=True),
        sa.Column("supersedes_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state <> 'SHELVED' OR shelved_why IS NOT NULL",
            name=op.f("ck_resolutions_shelving_has_a_reason"),
        ),
        sa.CheckConstraint(
            "(state = 'ESCALATED') = (escalated_to IS NOT NULL)"
            " AND (escalated_to IS NULL) = (escalated_why IS NULL)",
            name=op.f("ck_resolutions_escalation_has_its_reason"),
        ),
        sa.CheckConstraint(
            "state IN ('DRAFT', 'TABLED', 'SHELVED', 'ESCALATED') OR present IS NOT NULL",
            name=op.f("ck_resolutions_outcome_has_its_figures"),
        ),
        sa.CheckConstraint("attempt >= 0", name=op.f("ck_resolutions_attempt_is_a_count")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_resolutions_number_starts_at_one")),
        sa.CheckConstraint(
            "present IS NULL OR (present <= roll AND yes >= 0 AND no >= 0 AND abstain >= 0 AND yes + no + abstain <= present)",
            name=op.f("ck_resolutions_votes_within_present"),
        ),
        sa.CheckConstraint("supersedes_id <> id", name=op.f("ck_resolutions_supersedes_another")),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_resolutions_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["drafted_by_id"], ["residents.id"], name=op.f("fk_resolutions_drafted_by_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matters.id"], name=op.f("fk_resolutions_matter_id_matters")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"],
            ["public_notices.id"],
            name=op.f("fk_resolutions_notice_id_public_notices"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["agenda_sessions.id"],
            name=op.f("fk_resolutions_session_id_agenda_sessions"),
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id"],
            ["resolutions.id"],
            name=op.f("fk_resolutions_supersedes_id_resolutions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resolutions")),
        sa.UniqueConstraint("session_id", "number", name=op.f("uq_resolutions_session_id_number")),
    )
    op.create_index(
        op.f("ix_resolutions_compound_id_id"), "resolutions", ["compound_id", "id"], unique=False
    )
    op.create_index(
        op.f("ix_resolutions_supersedes_id"), "resolutions", ["supersedes_id"], unique=False
    )
    op.create_index(op.f("ix_resolutions_matter_id"), "resolutions", ["matter_id"], unique=False)
    op.create_index(
        op.f("ix_resolutions_state_notice_ends_at"),
        "resolutions",
        ["state", "notice_ends_at"],
        unique=False,
    )
    op.create_index(
        "uq_resolutions_one_successor",
        "resolutions",
        ["supersedes_id"],
        unique=True,
        sqlite_where=sa.text("state NOT IN ('FAILED', 'SHELVED', 'ESCALATED')"),
        postgresql_where=sa.text("state NOT IN ('FAILED', 'SHELVED', 'ESCALATED')"),
    )

    op.create_table(
        "branch_reviews",
        sa.Column("resolution_id", sa.Uuid(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "opinion",
            sa.Enum(
                "AGREED",
                "AGREED_WITH_ADVICE",
                "RETURNED",
                name="opinion",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("advice", sa.Text(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(opinion IS NULL) = (given_at IS NULL)",
            name=op.f("ck_branch_reviews_opinion_has_its_time"),
        ),
        sa.ForeignKeyConstraint(
            ["given_by_id"], ["residents.id"], name=op.f("fk_branch_reviews_given_by_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["resolution_id"],
            ["resolutions.id"],
            name=op.f("fk_branch_reviews_resolution_id_resolutions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch_reviews")),
        sa.UniqueConstraint("resolution_id", name=op.f("uq_branch_reviews_resolution_id")),
    )
    op.create_table(
        "resolution_cards",
        sa.Column("resolution_id", sa.Uuid(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["card_id"],
            ["solution_cards.id"],
            name=op.f("fk_resolution_cards_card_id_solution_cards"),
        ),
        sa.ForeignKeyConstraint(
            ["resolution_id"],
            ["resolutions.id"],
            name=op.f("fk_resolution_cards_resolution_id_resolutions"),
        ),
        sa.PrimaryKeyConstraint("resolution_id", "card_id", name=op.f("pk_resolution_cards")),
    )
    op.create_index(
        op.f("ix_resolution_cards_card_id"), "resolution_cards", ["card_id"], unique=False
    )

    op.create_table(
        "resolution_votes",
        sa.Column("resolution_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("slot", sa.String(length=64), nullable=False),
        sa.Column("voter_id", sa.Uuid(), nullable=True),
        sa.Column(
            "answer",
            sa.Enum(
                "YES",
                "NO",
                "ABSTAIN",
                name="answer",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["resolution_id"],
            ["resolutions.id"],
            name=op.f("fk_resolution_votes_resolution_id_resolutions"),
        ),
        sa.ForeignKeyConstraint(
            ["voter_id"], ["residents.id"], name=op.f("fk_resolution_votes_voter_id_residents")
        ),
        sa.PrimaryKeyConstraint(
            "resolution_id", "attempt", "slot", name=op.f("pk_resolution_votes")
        ),
        sa.UniqueConstraint(
            "resolution_id",
            "attempt",
            "voter_id",
            name=op.f("uq_resolution_votes_resolution_id_attempt_voter_id"),
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in (
        "resolution_votes",
        "resolution_cards",
        "branch_reviews",
        "resolutions",
        "objections",
    ):
        op.drop_table(table)
    # What was resolved goes with its tables: round tables are back where nothing was decided.
    op.execute(
        "DELETE FROM public_notices"
        " WHERE kind IN ('MEETING_CONCLUDED', 'RESOLUTION_NOTICED', 'RESOLUTION_EFFECTIVE',"
        " 'RESOLUTION_ESCALATED')"
    )
    op.execute(
        "UPDATE matters SET state = 'DELIBERATED'"
        " WHERE state IN ('RESOLVED', 'OWNER_VOTE', 'SHELVED')"
    )
    op.execute("UPDATE agenda_sessions SET state = 'MEETING' WHERE state = 'RESOLVED'")
    with op.batch_alter_table("public_notices") as batch:
        batch.drop_column("term_ends_at")
    replace_check("public_notices", "kind", NOTICE_KINDS)
    replace_check("matters", "state", MATTER_STATES)


def replace_check(table: str, column: str, values: Sequence[str]) -> None:
    """Keep a column to these values from now on; SQLite rebuilds the table."""
    name = op.f(f"ck_{table}_{column}")
    condition = f"{column} IN ({', '.join(repr(value) for value in values)})"
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, condition)
