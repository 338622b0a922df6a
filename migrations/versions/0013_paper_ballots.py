"""paper slips, ballots that are taken back, and assemblies that are counted"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "paper_batches",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("issued_by_id", sa.Uuid(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("size >= 1", name=op.f("ck_paper_batches_has_slips")),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_paper_batches_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["issued_by_id"], ["residents.id"], name=op.f("fk_paper_batches_issued_by_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["agenda_sessions.id"],
            name=op.f("fk_paper_batches_session_id_agenda_sessions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_batches")),
    )
    op.create_index(
        op.f("ix_paper_batches_session_id"), "paper_batches", ["session_id"], unique=False
    )

    op.create_table(
        "paper_slips",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.String(length=6), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "ISSUED",
                "ENTERED",
                "CONFIRMED",
                "WITHDRAWN",
                "VOID",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("entered_by_id", sa.Uuid(), nullable=True),
        sa.Column("confirmed_by_id", sa.Uuid(), nullable=True),
        sa.Column("slot", sa.LargeBinary(length=32), nullable=True),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('CONFIRMED', 'WITHDRAWN')) = (confirmed_by_id IS NOT NULL)",
            name=op.f("ck_paper_slips_ballot_has_its_second_person"),
        ),
        sa.CheckConstraint(
            "(state IN ('WITHDRAWN', 'VOID')) = (reason IS NOT NULL)",
            name=op.f("ck_paper_slips_end_has_its_reason"),
        ),
        sa.CheckConstraint(
            "(state <> 'ISSUED' OR entered_by_id IS NULL) AND (state IN ('ISSUED', 'VOID') OR entered_by_id IS NOT NULL)",
            name=op.f("ck_paper_slips_entry_has_its_person"),
        ),
        sa.CheckConstraint(
            "slot IS NULL OR state IN ('ENTERED', 'CONFIRMED')",
            name=op.f("ck_paper_slips_only_live_slips_have_a_slot"),
        ),
        sa.CheckConstraint(
            "state <> 'ENTERED' OR slot IS NOT NULL", name=op.f("ck_paper_slips_entry_has_its_slot")
        ),
        sa.CheckConstraint(
            "(slot IS NULL) = (commitment IS NULL)", name=op.f("ck_paper_slips_entry_is_whole")
        ),
        sa.CheckConstraint(
            "confirmed_by_id <> entered_by_id",
            name=op.f("ck_paper_slips_confirmed_by_somebody_else"),
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["paper_batches.id"], name=op.f("fk_paper_slips_batch_id_paper_batches")
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_paper_slips_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"],
            ["residents.id"],
            name=op.f("fk_paper_slips_confirmed_by_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["residents.id"], name=op.f("fk_paper_slips_entered_by_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["agenda_sessions.id"],
            name=op.f("fk_paper_slips_session_id_agenda_sessions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_slips")),
        sa.UniqueConstraint("session_id", "serial", name=op.f("uq_paper_slips_session_id_serial")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_paper_slips_batch_id"), "paper_slips", ["batch_id"], unique=False)
    op.create_index(
        op.f("ix_paper_slips_session_id_id"), "paper_slips", ["session_id", "id"], unique=False
    )
    op.create_index(
        op.f("uq_paper_slips_one_live"),
        "paper_slips",
        ["session_id", "slot"],
        unique=True,
        sqlite_where=sa.text("slot IS NOT NULL"),
        postgresql_where=sa.text("slot IS NOT NULL"),
    )

    replace_channels("PHONE", "PAPER", added=sa.Column("withdrawn_on", sa.Date(), nullable=True))
    create_manual_counts()


def create_manual_counts() -> None:
    with op.batch_alter_table("agenda_sessions") as batch:
        batch.add_column(sa.Column("manual_method", sa.String(length=32), nullable=True))
        batch.create_check_constraint(
            op.f("ck_agenda_sessions_manual_method"),
            "manual_method IN ('HANDS', 'STICKERS', 'BEANS')",
        )
        batch.create_check_constraint(
            op.f("ck_agenda_sessions_no_ballots_where_totals_are_counted"),
            "manual_method IS NULL OR state NOT IN ('VOTING', 'EXTENDED')",
        )
    op.create_table(
        "manual_counts",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("participants", sa.Integer(), nullable=False),
        sa.Column("entered_by_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_witness_id", sa.Uuid(), nullable=False),
        sa.Column("second_witness_id", sa.Uuid(), nullable=False),
        sa.Column("first_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("second_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("participants >= 1", name=op.f("ck_manual_counts_somebody_took_part")),
        sa.CheckConstraint(
            "first_witness_id <> second_witness_id", name=op.f("ck_manual_counts_two_witnesses")
        ),
        sa.CheckConstraint(
            "entered_by_id <> first_witness_id AND entered_by_id <> second_witness_id",
            name=op.f("ck_manual_counts_witnessed_by_others"),
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_manual_counts_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["entered_by_id"],
            ["residents.id"],
            name=op.f("fk_manual_counts_entered_by_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["first_witness_id"],
            ["residents.id"],
            name=op.f("fk_manual_counts_first_witness_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["second_witness_id"],
            ["residents.id"],
            name=op.f("fk_manual_counts_second_witness_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["agenda_sessions.id"],
            name=op.f("fk_manual_counts_session_id_agenda_sessions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manual_counts")),
        sa.UniqueConstraint("session_id", name=op.f("uq_manual_counts_session_id")),
    )
    op.create_table(
        "manual_totals",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("weight", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "marks >= 1 AND weight >= 1", name=op.f("ck_manual_totals_totals_are_numbers")
        ),
        sa.ForeignKeyConstraint(
            ["session_id", "matter_id"],
            ["agenda_items.session_id", "agenda_items.matter_id"],
            name=op.f("fk_manual_totals_session_id_matter_id_agenda_items"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["manual_counts.session_id"],
            name=op.f("fk_manual_totals_session_id_manual_counts"),
        ),
        sa.PrimaryKeyConstraint("session_id", "matter_id", "weight", name=op.f("pk_manual_totals")),
    )


def downgrade() -> None:
    roll = sa.table("roll_entries", sa.column("channel"))
    op.drop_table("manual_totals")
    op.drop_table("manual_counts")
    with op.batch_alter_table("agenda_sessions") as batch:
        batch.drop_constraint(
            op.f("ck_agenda_sessions_no_ballots_where_totals_are_counted"), type_="check"
        )
        batch.drop_constraint(op.f("ck_agenda_sessions_manual_method"), type_="check")
        batch.drop_column("manual_method")
    op.execute(roll.update().where(roll.c.channel == "PAPER").values(channel="PHONE"))
    replace_channels("PHONE", dropped="withdrawn_on")
    op.drop_table("paper_slips")
    op.drop_table("paper_batches")


def replace_channels(
    *channels: str, added: "sa.Column[Any] | None" = None, dropped: str | None = None
) -> None:
    """Keep the channels of a roll to these, and give or take a column; SQLite rebuilds the table,
    which must not number its rows."""
    name = op.f("ck_roll_entries_channel")
    condition = f"channel IN ({', '.join(repr(channel) for channel in channels)})"
    kwargs = {"sqlite_with_rowid": False}
    with op.batch_alter_table("roll_entries", table_kwargs=kwargs) as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, condition)
        if added is not None:
            batch.add_column(added)
        if dropped is not None:
            batch.drop_column(dropped)
