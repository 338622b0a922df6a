"""how many people a judgement comes from, so that what few of them said is not told

What was judged by follow-ups before counts as said by one person.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


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


def downgrade() -> None:
    with op.batch_alter_table("matter_evaluations") as batch:
        batch.drop_constraint(op.f("ck_matter_evaluations_some_answered_online"), type_="check")
        batch.drop_constraint(op.f("ck_matter_evaluations_people_answered"), type_="check")
        batch.drop_column("online")
        batch.drop_column("people")
