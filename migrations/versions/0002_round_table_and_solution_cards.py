"""round table and solution cards"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SESSION_STATES = ["DRAFT", "COLLECTING", "LISTED", "VOTING", "EXTENDED", "TALLIED", "CANCELLED"]
NEW_SESSION_STATES = [*SESSION_STATES[:-1], "MEETING", "RESOLVED", "CANCELLED"]
MATTER_STATES = [
    "SUBMITTED",
    "LISTED",
    "MERGED",
    "DISPATCHED",
    "WHISTLED",
    "REFUSED",
    "SELECTED",
    "DEFERRED",
]
NEW_MATTER_STATES = [*MATTER_STATES[:-1], "DELIBERATED", "DEFERRED"]
NOTICE_KINDS = [
    "SESSION_ANNOUNCED",
    "LIST_FROZEN",
    "VOTING_OPENED",
    "VOTING_EXTENDED",
    "TALLIED",
    "SESSION_CANCELLED",
]


def upgrade() -> None:
    replace_checks(
        "agenda_sessions",
        {
            "state": one_of("state", NEW_SESSION_STATES),
            "tally_has_an_outcome": (
                "(state IN ('DRAFT', 'COLLECTING', 'LISTED', 'VOTING', 'EXTENDED', 'CANCELLED'))"
                " = (outcome IS NULL)"
            ),
        },
    )
    replace_checks("matters", {"state": one_of("state", NEW_MATTER_STATES)})
    replace_checks(
        "public_notices", {"kind": one_of("kind", [*NOTICE_KINDS, "ROUND_TABLE_AGENDA"])}
    )
    op.create_table(
        "attendances",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "mode",
            sa.Enum(
                "SCAN", "CLERK", name="mode", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("noted_by_id", sa.Uuid(), nullable=False),
        sa.Column("is_on_roll", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_attendances_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["noted_by_id"], ["residents.id"], name=op.f("fk_attendances_noted_by_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_attendances_resident_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["agenda_sessions.id"],
            name=op.f("fk_attendances_session_id_agenda_sessions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendances")),
        sa.UniqueConstraint(
            "session_id", "resident_id", name=op.f("uq_attendances_session_id_resident_id")
        ),
    )
    op.create_index(
        op.f("ix_attendances_session_id_id"), "attendances", ["session_id", "id"], unique=False
    )

    op.create_table(
        "invitations",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "OWNERS",
                "TENANTS",
                "AFFECTED",
                "DEPARTMENT",
                "PROPERTY_FIRM",
                "OWNERS_COMMITTEE",
                "EXPERT",
                "OTHER",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=True),
        sa.Column("resident_id", sa.Uuid(), nullable=True),
        sa.Column("not_needed_why", sa.Text(), nullable=True),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(name IS NULL) = (not_needed_why IS NOT NULL)",
            name=op.f("ck_invitations_name_or_reason"),
        ),
        sa.CheckConstraint(
            "not_needed_why IS NULL OR resident_id IS NULL",
            name=op.f("ck_invitations_reason_names_nobody"),
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_invitations_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_invitations_resident_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["agenda_sessions.id"],
            name=op.f("fk_invitations_session_id_agenda_sessions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint(
            "session_id", "kind", "name", name=op.f("uq_invitations_session_id_kind_name")
        ),
    )
    op.create_index(
        op.f("ix_invitations_session_id_id"), "invitations", ["session_id", "id"], unique=False
    )
    op.create_index(
        "uq_invitations_not_needed",
        "invitations",
        ["session_id", "kind"],
        unique=True,
        sqlite_where=sa.text("name IS NULL"),
        postgresql_where=sa.text("name IS NULL"),
    )

    op.create_table(
        "remarks",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("speaker", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("noted_by_id", sa.Uuid(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("position >= 1", name=op.f("ck_remarks_position_starts_at_one")),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_remarks_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matters.id"], name=op.f("fk_remarks_matter_id_matters")
        ),
        sa.ForeignKeyConstraint(
            ["noted_by_id"], ["residents.id"], name=op.f("fk_remarks_noted_by_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["agenda_sessions.id"],
            name=op.f("fk_remarks_session_id_agenda_sessions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remarks")),
        sa.UniqueConstraint("session_id", "position", name=op.f("uq_remarks_session_id_position")),
    )
    op.create_table(
        "solution_cards",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("is_anonymous", sa.Boolean(), nullable=False),
        sa.Column("owner_vote_item", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "OPEN",
                "MERGED",
                "ADOPTED",
                "DROPPED",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("put_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'MERGED') = (merged_into_id IS NOT NULL)",
            name=op.f("ck_solution_cards_merged_names_its_target"),
        ),
        sa.CheckConstraint(
            "merged_into_id <> id", name=op.f("ck_solution_cards_merged_into_another")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_solution_cards_number_starts_at_one")),
        sa.CheckConstraint(
            "owner_vote_item BETWEEN 1 AND 9", name=op.f("ck_solution_cards_item_of_civil_code_278")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["residents.id"], name=op.f("fk_solution_cards_author_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_solution_cards_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matters.id"], name=op.f("fk_solution_cards_matter_id_matters")
        ),
        sa.ForeignKeyConstraint(
            ["merged_into_id"],
            ["solution_cards.id"],
            name=op.f("fk_solution_cards_merged_into_id_solution_cards"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["agenda_sessions.id"],
            name=op.f("fk_solution_cards_session_id_agenda_sessions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_solution_cards")),
        sa.UniqueConstraint(
            "session_id", "number", name=op.f("uq_solution_cards_session_id_number")
        ),
    )
    op.create_index(
        op.f("ix_solution_cards_matter_id"), "solution_cards", ["matter_id"], unique=False
    )
    op.create_index(
        op.f("ix_solution_cards_merged_into_id"), "solution_cards", ["merged_into_id"], unique=False
    )

    op.create_table(
        "card_supports",
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("supported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["card_id"], ["solution_cards.id"], name=op.f("fk_card_supports_card_id_solution_cards")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_card_supports_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("card_id", "resident_id", name=op.f("pk_card_supports")),
    )


def downgrade() -> None:
    op.drop_table("card_supports")
    op.drop_table("solution_cards")
    op.drop_table("remarks")
    op.drop_table("invitations")
    op.drop_table("attendances")
    # What the round table did goes with its tables: a session is back where the tally left it.
    op.execute("DELETE FROM public_notices WHERE kind = 'ROUND_TABLE_AGENDA'")
    op.execute("UPDATE matters SET state = 'SELECTED' WHERE state = 'DELIBERATED'")
    op.execute(
        "UPDATE agenda_sessions SET state = 'TALLIED' WHERE state IN ('MEETING', 'RESOLVED')"
    )
    replace_checks("public_notices", {"kind": one_of("kind", NOTICE_KINDS)})
    replace_checks("matters", {"state": one_of("state", MATTER_STATES)})
    replace_checks(
        "agenda_sessions",
        {
            "state": one_of("state", SESSION_STATES),
            "tally_has_an_outcome": "(state = 'TALLIED') = (outcome IS NOT NULL)",
        },
    )


def replace_checks(table: str, conditions: dict[str, str]) -> None:
    """Put these CHECKs in the place of those of the same names; SQLite rebuilds the table."""
    with op.batch_alter_table(table) as batch:
        for name, condition in conditions.items():
            batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
            batch.create_check_constraint(op.f(f"ck_{table}_{name}"), condition)


def one_of(column: str, values: Sequence[str]) -> str:
    """The CHECK that keeps a column to these values."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
