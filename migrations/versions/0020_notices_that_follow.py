"""notices follow what they tell of, in two languages apart, and matters have numbers

Notices of before keep both languages in one text and follow nothing. On the way down a notice has
its English below its Chinese again, as it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

UNIQUE = "uq_matters_compound_id_number"


def upgrade() -> None:
    with op.batch_alter_table("public_notices") as batch:
        batch.add_column(sa.Column("title_en", sa.String(400), nullable=True))
        batch.add_column(sa.Column("text_en", sa.Text(), nullable=True))
        batch.add_column(sa.Column("says", sa.JSON(none_as_null=True), nullable=True))
    with op.batch_alter_table("matters") as batch:
        batch.add_column(sa.Column("number", sa.Integer(), nullable=True))
    number_matters()
    with op.batch_alter_table("matters") as batch:
        batch.alter_column("number", existing_type=sa.Integer(), nullable=False)
        batch.create_unique_constraint(op.f(UNIQUE), ["compound_id", "number"])
        batch.create_check_constraint(op.f("ck_matters_number_starts_at_one"), "number >= 1")


def number_matters() -> None:
    """In the order in which they were raised in their compound."""
    op.execute(
        "UPDATE matters SET number = counted.number FROM ("
        " SELECT id AS counted_id, row_number() OVER"
        " (PARTITION BY compound_id ORDER BY raised_at, id) AS number FROM matters"
        ") AS counted WHERE counted.counted_id = matters.id"
    )


def downgrade() -> None:
    with op.batch_alter_table("matters") as batch:
        batch.drop_constraint(op.f("ck_matters_number_starts_at_one"), type_="check")
        batch.drop_constraint(op.f(UNIQUE), type_="unique")
        batch.drop_column("number")
    op.execute(
        "UPDATE public_notices SET text = text || '\n\n' || title_en || '\n' || text_en"
        " WHERE text_en IS NOT NULL"
    )
    with op.batch_alter_table("public_notices") as batch:
        batch.drop_column("says")
        batch.drop_column("text_en")
        batch.drop_column("title_en")
