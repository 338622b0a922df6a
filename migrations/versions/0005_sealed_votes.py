"""sealed votes: bundles, their commitments, and the root of the opening roll

On the way down the bundles go; the results stay. The ballots of sealed votes exist no more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agenda_sessions", sa.Column("roll_root", sa.LargeBinary(32), nullable=True))
    op.create_table(
        "sealed_commitments",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["compound_id"],
            ["compounds.id"],
            name=op.f("fk_sealed_commitments_compound_id_compounds"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["agenda_sessions.id"],
            name=op.f("fk_sealed_commitments_session_id_agenda_sessions"),
        ),
        sa.PrimaryKeyConstraint(
            "compound_id", "session_id", "commitment", name=op.f("pk_sealed_commitments")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "session_bundles",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["agenda_sessions.id"],
            name=op.f("fk_session_bundles_session_id_agenda_sessions"),
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_session_bundles")),
    )


def downgrade() -> None:
    op.drop_table("session_bundles")
    op.drop_table("sealed_commitments")
    with op.batch_alter_table("agenda_sessions") as batch:
        batch.drop_column("roll_root")
