"""how many people a judgement comes from, so that what few of them said is not told; and words of a
matter, which its raiser may correct or take back until they stand on a list

What was judged by follow-ups before counts as said by one person. On the way down a matter that was
taken back is refused with that as the reason, and earlier words are lost.
"""

import sqlalchemy as sa
from alembic import op

from migrations.checks import allow, disallow

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

CATEGORIES = [
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
]


def upgrade() -> None:
    op.add_column("matter_evaluations", sa.Column("people", sa.Integer(), nullable=True))
    op.add_column("matter_evaluations", sa.Column("online", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE matter_evaluations SET"
        " people = CASE WHEN satisfied + mostly + not_satisfied = 0 THEN 0"
        " WHEN round_id IS NULL THEN 1 ELSE satisfied + mostly + not_satisfied END,"
        " online = (SELECT evaluation_rounds.online FROM evaluation_rounds"
        " WHERE evaluation_rounds.id = matter_evaluations.round_id)"
    )
    with op.batch_alter_table("matter_evaluations") as batch:
        batch.alter_column("people", existing_type=sa.Integer(), nullable=False)
        batch.create_check_constraint(
            op.f("ck_matter_evaluations_people_answered"),
            "people >= 0 AND people <= satisfied + mostly + not_satisfied"
            " AND (people = 0) = (satisfied + mostly + not_satisfied = 0)",
        )
        batch.create_check_constraint(
            op.f("ck_matter_evaluations_some_answered_online"), "online >= 0 AND online <= people"
        )
    allow("matters", "state", "WITHDRAWN")
    for table in ("matters", "endorsements"):
        op.add_column(table, sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("matters") as batch:
        batch.alter_column("version", existing_type=sa.Integer(), server_default=None)
        batch.create_check_constraint(op.f("ck_matters_version_starts_at_one"), "version >= 1")
    with op.batch_alter_table("endorsements") as batch:
        batch.alter_column("version", existing_type=sa.Integer(), server_default=None)
    op.create_table(
        "matter_versions",
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "category",
            sa.Enum(
                *CATEGORIES,
                name="category",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_matter_versions_number_starts_at_one")),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_matter_versions_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matters.id"], name=op.f("fk_matter_versions_matter_id_matters")
        ),
        sa.PrimaryKeyConstraint("matter_id", "number", name=op.f("pk_matter_versions")),
    )


def downgrade() -> None:
    op.drop_table("matter_versions")
    op.execute("UPDATE matters SET reason = '提出人撤回' WHERE state = 'WITHDRAWN'")
    op.execute("UPDATE matters SET state = 'REFUSED' WHERE state = 'WITHDRAWN'")
    with op.batch_alter_table("endorsements") as batch:
        batch.drop_column("version")
    with op.batch_alter_table("matters") as batch:
        batch.drop_constraint(op.f("ck_matters_version_starts_at_one"), type_="check")
        batch.drop_column("version")
    disallow("matters", "state", "WITHDRAWN")
    with op.batch_alter_table("matter_evaluations") as batch:
        batch.drop_constraint(op.f("ck_matter_evaluations_some_answered_online"), type_="check")
        batch.drop_constraint(op.f("ck_matter_evaluations_people_answered"), type_="check")
        batch.drop_column("online")
        batch.drop_column("people")
