"""case library, lineage of conventions, and rating lists"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
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
]
NEW_NOTICE_KINDS = [
    "CASE_PUBLISHED",
    "RATING_NOTICED",
    "RATING_FINAL",
]


def upgrade() -> None:
    replace_check("public_notices", "kind", [*NOTICE_KINDS, *NEW_NOTICE_KINDS])
    op.create_table(
        "rating_lists",
        sa.Column("community_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "DRAFT",
                "REVIEWED",
                "NOTICED",
                "FINAL",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("drafted_by_id", sa.Uuid(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_by_id", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notice_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("final_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(final_at IS NULL) = (state <> 'FINAL')",
            name=op.f("ck_rating_lists_final_has_its_time"),
        ),
        sa.CheckConstraint(
            "(notice_ends_at IS NULL) = (state IN ('DRAFT', 'REVIEWED'))",
            name=op.f("ck_rating_lists_notice_has_its_end"),
        ),
        sa.CheckConstraint(
            "(reviewed_at IS NULL) = (state = 'DRAFT') AND (reviewed_at IS NULL) = (reviewed_by_id IS NULL)",
            name=op.f("ck_rating_lists_review_has_its_time_and_author"),
        ),
        sa.CheckConstraint(
            "reviewed_by_id <> drafted_by_id",
            name=op.f("ck_rating_lists_reviewed_by_somebody_else"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["communities.id"],
            name=op.f("fk_rating_lists_community_id_communities"),
        ),
        sa.ForeignKeyConstraint(
            ["drafted_by_id"],
            ["residents.id"],
            name=op.f("fk_rating_lists_drafted_by_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["reviewed_by_id"],
            ["residents.id"],
            name=op.f("fk_rating_lists_reviewed_by_id_residents"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_lists")),
        sa.UniqueConstraint(
            "community_id", "period", name=op.f("uq_rating_lists_community_id_period")
        ),
    )
    op.create_index(
        op.f("ix_rating_lists_community_id_id"),
        "rating_lists",
        ["community_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_rating_lists_state_notice_ends_at"),
        "rating_lists",
        ["state", "notice_ends_at"],
        unique=False,
    )
    op.create_table(
        "rating_entries",
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("firm_name", sa.String(length=80), nullable=False),
        sa.Column("manager", sa.String(length=40), nullable=True),
        sa.Column(
            "colour",
            sa.Enum(
                "RED", "BLACK", name="colour", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=True),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("changed_why", sa.Text(), nullable=True),
        sa.Column("struck_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_rating_entries_number_starts_at_one")),
        sa.CheckConstraint(
            "struck_at IS NULL OR changed_why IS NOT NULL",
            name=op.f("ck_rating_entries_striking_has_a_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_rating_entries_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["rating_lists.id"], name=op.f("fk_rating_entries_list_id_rating_lists")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"],
            ["public_notices.id"],
            name=op.f("fk_rating_entries_notice_id_public_notices"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_entries")),
        sa.UniqueConstraint(
            "list_id",
            "compound_id",
            "firm_name",
            name=op.f("uq_rating_entries_list_id_compound_id_firm_name"),
        ),
        sa.UniqueConstraint("list_id", "number", name=op.f("uq_rating_entries_list_id_number")),
    )
    op.create_index(
        op.f("ix_rating_entries_compound_id"), "rating_entries", ["compound_id"], unique=False
    )
    op.create_index(
        op.f("ix_rating_entries_notice_id"), "rating_entries", ["notice_id"], unique=False
    )
    op.create_table(
        "cases",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("convention_id", sa.Uuid(), nullable=True),
        sa.Column("version_id", sa.Uuid(), nullable=True),
        sa.Column(
            "category",
            sa.Enum(
                "PARKING",
                "LIFT_ADD",
                "FUME_NOISE",
                "ILLEGAL_BUILD",
                "PROPERTY_FEE",
                "RENOVATION",
                "SUBSIDENCE_ROAD",
                "LEAK_DRAIN",
                "EBIKE",
                "LIGHTING",
                "LIFT_MAINTAIN",
                "OWNERS_COMMITTEE",
                "COMMON_FUNDS",
                "SANITATION",
                "GREEN_SPACE",
                "ELDERLY",
                "CHILDCARE",
                "PETS_NEIGHBOUR",
                "FIRE_CORRIDOR",
                "ACCESS",
                "OTHER",
                name="category",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("solution", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "DRAFT",
                "PUBLISHED",
                "WITHDRAWN",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("drafted_by_id", sa.Uuid(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by_id", sa.Uuid(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snapshot", sa.JSON(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=True),
        sa.Column("withdrawn_why", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(published_at IS NULL) = (published_by_id IS NULL) AND (published_at IS NULL) = (snapshot IS NULL) AND (published_at IS NULL) = (search_text IS NULL) AND (state <> 'PUBLISHED' OR published_at IS NOT NULL) AND (state <> 'DRAFT' OR published_at IS NULL)",
            name=op.f("ck_cases_publication_is_whole"),
        ),
        sa.CheckConstraint(
            "(state = 'WITHDRAWN') = (withdrawn_why IS NOT NULL)",
            name=op.f("ck_cases_withdrawal_has_a_reason"),
        ),
        sa.CheckConstraint(
            "published_by_id <> drafted_by_id", name=op.f("ck_cases_published_by_somebody_else")
        ),
        sa.CheckConstraint(
            "version_id IS NULL OR (convention_id IS NOT NULL AND published_at IS NOT NULL)",
            name=op.f("ck_cases_version_is_the_one_published"),
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_cases_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["convention_id"], ["conventions.id"], name=op.f("fk_cases_convention_id_conventions")
        ),
        sa.ForeignKeyConstraint(
            ["drafted_by_id"], ["residents.id"], name=op.f("fk_cases_drafted_by_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matters.id"], name=op.f("fk_cases_matter_id_matters")
        ),
        sa.ForeignKeyConstraint(
            ["published_by_id"], ["residents.id"], name=op.f("fk_cases_published_by_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["convention_versions.id"],
            name=op.f("fk_cases_version_id_convention_versions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    op.create_index(op.f("ix_cases_compound_id_id"), "cases", ["compound_id", "id"], unique=False)
    op.create_index(
        op.f("ix_cases_state_category_id"), "cases", ["state", "category", "id"], unique=False
    )
    op.create_index(
        "uq_cases_one_of_a_matter",
        "cases",
        ["matter_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'WITHDRAWN'"),
        postgresql_where=sa.text("state <> 'WITHDRAWN'"),
    )
    op.create_table(
        "convention_lineages",
        sa.Column("convention_id", sa.Uuid(), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("source_version_id", sa.Uuid(), nullable=False),
        sa.Column("adopted_by_id", sa.Uuid(), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["adopted_by_id"],
            ["residents.id"],
            name=op.f("fk_convention_lineages_adopted_by_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_convention_lineages_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"],
            ["compounds.id"],
            name=op.f("fk_convention_lineages_compound_id_compounds"),
        ),
        sa.ForeignKeyConstraint(
            ["convention_id"],
            ["conventions.id"],
            name=op.f("fk_convention_lineages_convention_id_conventions"),
        ),
        sa.ForeignKeyConstraint(
            ["source_version_id"],
            ["convention_versions.id"],
            name=op.f("fk_convention_lineages_source_version_id_convention_versions"),
        ),
        sa.PrimaryKeyConstraint("convention_id", name=op.f("pk_convention_lineages")),
    )
    op.create_index(
        op.f("ix_convention_lineages_case_id"), "convention_lineages", ["case_id"], unique=False
    )


def downgrade() -> None:
    notices = sa.table("public_notices", sa.column("id"), sa.column("kind"))
    objections = sa.table("objections", sa.column("notice_id"))
    are_new = notices.c.kind.in_(NEW_NOTICE_KINDS)
    for table in ("convention_lineages", "cases", "rating_entries", "rating_lists"):
        op.drop_table(table)
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
