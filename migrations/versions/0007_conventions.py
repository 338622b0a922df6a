"""conventions"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
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
]
NEW_NOTICE_KINDS = [
    "CONVENTION_NOTICED",
    "CONVENTION_IN_FORCE",
    "CONVENTION_CLAUSE_ACTIVE",
    "CONVENTION_REPEAL_NOTICED",
    "CONVENTION_REPEALED",
]
TABLES = [
    "convention_resolutions",
    "convention_flags",
    "convention_clauses",
    "convention_versions",
    "official_owner_votes",
    "conventions",
]


def upgrade() -> None:
    replace_check("public_notices", "kind", [*NOTICE_KINDS, *NEW_NOTICE_KINDS])
    op.create_table(
        "conventions",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column(
            "legal_type",
            sa.Enum(
                "SELF_DISCIPLINE",
                "RESIDENT_PACT",
                "OWNER_COVENANT",
                name="legal_type",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_conventions_compound_id_compounds")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conventions")),
    )
    op.create_index(
        op.f("ix_conventions_compound_id_id"), "conventions", ["compound_id", "id"], unique=False
    )

    op.create_table(
        "official_owner_votes",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.Integer(), nullable=False),
        sa.Column("official_ref", sa.String(length=200), nullable=False),
        sa.Column("area_all", sa.BigInteger(), nullable=False),
        sa.Column("area_part", sa.BigInteger(), nullable=False),
        sa.Column("area_yes", sa.BigInteger(), nullable=False),
        sa.Column("heads_all", sa.Integer(), nullable=False),
        sa.Column("heads_part", sa.Integer(), nullable=False),
        sa.Column("heads_yes", sa.Integer(), nullable=False),
        sa.Column("explanation_zh", sa.Text(), nullable=False),
        sa.Column("explanation_en", sa.Text(), nullable=False),
        sa.Column("entered_by_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "0 < area_yes AND area_yes <= area_part AND area_part <= area_all AND 0 < heads_yes AND heads_yes <= heads_part AND heads_part <= heads_all",
            name=op.f("ck_official_owner_votes_figures_lie_within_each_other"),
        ),
        sa.CheckConstraint(
            "3 * area_part >= 2 * area_all AND 3 * heads_part >= 2 * heads_all",
            name=op.f("ck_official_owner_votes_enough_took_part"),
        ),
        sa.CheckConstraint(
            "CASE WHEN item IN (6, 7, 8) THEN 4 * area_yes >= 3 * area_part AND 4 * heads_yes >= 3 * heads_part ELSE 2 * area_yes > area_part AND 2 * heads_yes > heads_part END",
            name=op.f("ck_official_owner_votes_passed"),
        ),
        sa.CheckConstraint(
            "item BETWEEN 1 AND 9", name=op.f("ck_official_owner_votes_item_of_the_law")
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"],
            ["compounds.id"],
            name=op.f("fk_official_owner_votes_compound_id_compounds"),
        ),
        sa.ForeignKeyConstraint(
            ["entered_by_id"],
            ["residents.id"],
            name=op.f("fk_official_owner_votes_entered_by_id_residents"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_official_owner_votes")),
        sa.UniqueConstraint("id", "item", name=op.f("uq_official_owner_votes_id_item")),
    )
    op.create_index(
        op.f("ix_official_owner_votes_compound_id"),
        "official_owner_votes",
        ["compound_id"],
        unique=False,
    )

    op.create_table(
        "convention_versions",
        sa.Column("convention_id", sa.Uuid(), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "DRAFT",
                "REVIEW",
                "VOTED",
                "NOTICED",
                "FILED",
                "IN_FORCE",
                "AMENDED",
                "REPEALED",
                "WITHDRAWN",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("is_trial", sa.Boolean(), nullable=False),
        sa.Column("review_months", sa.Integer(), nullable=False),
        sa.Column("amends_id", sa.Uuid(), nullable=True),
        sa.Column("drafted_by_id", sa.Uuid(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revised_by_id", sa.Uuid(), nullable=True),
        sa.Column("submissions", sa.Integer(), nullable=False),
        sa.Column(
            "opinion",
            sa.Enum(
                "APPROVED",
                "RETURNED",
                name="opinion",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("advice", sa.Text(), nullable=True),
        sa.Column("reviewed_by_id", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("roll", sa.Integer(), nullable=True),
        sa.Column("present", sa.Integer(), nullable=True),
        sa.Column("yes", sa.Integer(), nullable=True),
        sa.Column("no", sa.Integer(), nullable=True),
        sa.Column("abstain", sa.Integer(), nullable=True),
        sa.Column("minutes_ref", sa.String(length=200), nullable=True),
        sa.Column("owner_vote_id", sa.Uuid(), nullable=True),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("notice_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filing_ref", sa.String(length=200), nullable=True),
        sa.Column("in_force_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_by", sa.Date(), nullable=True),
        sa.Column("repeal_reason", sa.Text(), nullable=True),
        sa.Column("repeal_resolution_id", sa.Uuid(), nullable=True),
        sa.Column("repeal_notice_id", sa.Uuid(), nullable=True),
        sa.Column("repeal_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("repealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_why", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'WITHDRAWN') = (withdrawn_why IS NOT NULL)",
            name=op.f("ck_convention_versions_withdrawal_has_a_reason"),
        ),
        sa.CheckConstraint(
            "state <> 'REPEALED' OR (repeal_notice_id IS NOT NULL AND repeal_reason IS NOT NULL AND repealed_at IS NOT NULL)",
            name=op.f("ck_convention_versions_repeal_has_its_reason_and_notice"),
        ),
        sa.CheckConstraint(
            "state IN ('DRAFT', 'REVIEW', 'WITHDRAWN') OR voted_at IS NOT NULL",
            name=op.f("ck_convention_versions_text_was_voted"),
        ),
        sa.CheckConstraint(
            "state IN ('DRAFT', 'REVIEW', 'WITHDRAWN', 'VOTED') OR notice_id IS NOT NULL",
            name=op.f("ck_convention_versions_published_by_a_notice"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('IN_FORCE', 'AMENDED', 'REPEALED') OR (in_force_at IS NOT NULL AND review_by IS NOT NULL)",
            name=op.f("ck_convention_versions_force_has_its_days"),
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_convention_versions_number_starts_at_one")),
        sa.CheckConstraint(
            "present IS NULL OR (present <= roll AND yes >= 0 AND no >= 0 AND abstain >= 0 AND yes + no + abstain <= present)",
            name=op.f("ck_convention_versions_votes_within_present"),
        ),
        sa.CheckConstraint("review_months >= 1", name=op.f("ck_convention_versions_review_comes")),
        sa.ForeignKeyConstraint(
            ["amends_id"],
            ["convention_versions.id"],
            name=op.f("fk_convention_versions_amends_id_convention_versions"),
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"],
            ["compounds.id"],
            name=op.f("fk_convention_versions_compound_id_compounds"),
        ),
        sa.ForeignKeyConstraint(
            ["convention_id"],
            ["conventions.id"],
            name=op.f("fk_convention_versions_convention_id_conventions"),
        ),
        sa.ForeignKeyConstraint(
            ["drafted_by_id"],
            ["residents.id"],
            name=op.f("fk_convention_versions_drafted_by_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"],
            ["public_notices.id"],
            name=op.f("fk_convention_versions_notice_id_public_notices"),
        ),
        sa.ForeignKeyConstraint(
            ["owner_vote_id"],
            ["official_owner_votes.id"],
            name=op.f("fk_convention_versions_owner_vote_id_official_owner_votes"),
        ),
        sa.ForeignKeyConstraint(
            ["repeal_notice_id"],
            ["public_notices.id"],
            name=op.f("fk_convention_versions_repeal_notice_id_public_notices"),
        ),
        sa.ForeignKeyConstraint(
            ["repeal_resolution_id"],
            ["resolutions.id"],
            name=op.f("fk_convention_versions_repeal_resolution_id_resolutions"),
        ),
        sa.ForeignKeyConstraint(
            ["reviewed_by_id"],
            ["residents.id"],
            name=op.f("fk_convention_versions_reviewed_by_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["revised_by_id"],
            ["residents.id"],
            name=op.f("fk_convention_versions_revised_by_id_residents"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_convention_versions")),
        sa.UniqueConstraint(
            "convention_id", "number", name=op.f("uq_convention_versions_convention_id_number")
        ),
    )
    op.create_index(
        op.f("ix_convention_versions_amends_id"), "convention_versions", ["amends_id"], unique=False
    )
    op.create_index(
        op.f("ix_convention_versions_compound_id_review_by"),
        "convention_versions",
        ["compound_id", "review_by"],
        unique=False,
    )
    op.create_index(
        op.f("ix_convention_versions_notice_id"), "convention_versions", ["notice_id"], unique=False
    )
    op.create_index(
        op.f("ix_convention_versions_repeal_notice_id"),
        "convention_versions",
        ["repeal_notice_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_convention_versions_state_notice_ends_at"),
        "convention_versions",
        ["state", "notice_ends_at"],
        unique=False,
    )
    op.create_index(
        "uq_convention_versions_one_in_force",
        "convention_versions",
        ["convention_id"],
        unique=True,
        sqlite_where=sa.text("state = 'IN_FORCE'"),
        postgresql_where=sa.text("state = 'IN_FORCE'"),
    )
    op.create_index(
        "uq_convention_versions_one_open",
        "convention_versions",
        ["convention_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('DRAFT', 'REVIEW', 'VOTED', 'NOTICED', 'FILED')"),
        postgresql_where=sa.text("state IN ('DRAFT', 'REVIEW', 'VOTED', 'NOTICED', 'FILED')"),
    )

    op.create_table(
        "convention_clauses",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("owner_vote_item", sa.Integer(), nullable=True),
        sa.Column("owner_vote_id", sa.Uuid(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("resolution_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "is_active = (owner_vote_item IS NULL OR owner_vote_id IS NOT NULL)",
            name=op.f("ck_convention_clauses_active_only_with_the_owners_vote"),
        ),
        sa.CheckConstraint(
            "number BETWEEN 1 AND 99", name=op.f("ck_convention_clauses_number_can_be_printed")
        ),
        sa.CheckConstraint(
            "owner_vote_item BETWEEN 1 AND 9",
            name=op.f("ck_convention_clauses_owner_vote_item_of_the_law"),
        ),
        sa.CheckConstraint(
            "owner_vote_item IS NOT NULL OR owner_vote_id IS NULL",
            name=op.f("ck_convention_clauses_vote_is_on_an_item"),
        ),
        sa.ForeignKeyConstraint(
            ["owner_vote_id", "owner_vote_item"],
            ["official_owner_votes.id", "official_owner_votes.item"],
            name="fk_convention_clauses_vote_on_its_item",
        ),
        sa.ForeignKeyConstraint(
            ["resolution_id"],
            ["resolutions.id"],
            name=op.f("fk_convention_clauses_resolution_id_resolutions"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["convention_versions.id"],
            name=op.f("fk_convention_clauses_version_id_convention_versions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_convention_clauses")),
        sa.UniqueConstraint(
            "version_id", "number", name=op.f("uq_convention_clauses_version_id_number")
        ),
    )
    op.create_index(
        op.f("ix_convention_clauses_resolution_id"),
        "convention_clauses",
        ["resolution_id"],
        unique=False,
    )

    op.create_table(
        "convention_flags",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("submission", sa.Integer(), nullable=False),
        sa.Column("clause_number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("word", sa.String(length=20), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("why_en", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "decision",
            sa.Enum(
                "CLEARED",
                "UPHELD",
                name="decision",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decided_by_id IS NULL) AND (decision IS NULL) = (decision_reason IS NULL)",
            name=op.f("ck_convention_flags_decision_has_its_reason_time_and_author"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["residents.id"],
            name=op.f("fk_convention_flags_decided_by_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["convention_versions.id"],
            name=op.f("fk_convention_flags_version_id_convention_versions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_convention_flags")),
        sa.UniqueConstraint(
            "version_id",
            "submission",
            "clause_number",
            "position",
            name="uq_convention_flags_place",
        ),
    )
    op.create_table(
        "convention_resolutions",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("resolution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resolution_id"],
            ["resolutions.id"],
            name=op.f("fk_convention_resolutions_resolution_id_resolutions"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["convention_versions.id"],
            name=op.f("fk_convention_resolutions_version_id_convention_versions"),
        ),
        sa.PrimaryKeyConstraint(
            "version_id", "resolution_id", name=op.f("pk_convention_resolutions")
        ),
    )
    op.create_index(
        op.f("ix_convention_resolutions_resolution_id"),
        "convention_resolutions",
        ["resolution_id"],
        unique=False,
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    # What was said of conventions goes with them, and so do the objections to it.
    op.execute(
        "DELETE FROM objections WHERE notice_id IN"
        " (SELECT id FROM public_notices WHERE kind LIKE 'CONVENTION_%')"
    )
    op.execute("DELETE FROM public_notices WHERE kind LIKE 'CONVENTION_%'")
    replace_check("public_notices", "kind", NOTICE_KINDS)


def replace_check(table: str, column: str, values: Sequence[str]) -> None:
    """Keep a column to these values from now on; SQLite rebuilds the table."""
    name = op.f(f"ck_{table}_{column}")
    condition = f"{column} IN ({', '.join(repr(value) for value in values)})"
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, condition)
