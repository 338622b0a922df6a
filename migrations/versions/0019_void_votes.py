"""votes whose key was lost: a session is VOID beside the one that holds it again, and so may a
resolution's vote be

On the way down a void session becomes a cancelled one, and a resolution whose vote was void a
draft; their notices go.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
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
    "CASE_PUBLISHED",
    "RATING_NOTICED",
    "RATING_FINAL",
    "COUNTERSIGNED",
    "COUNTERSIGNATURE_REFUSED",
    "OPERATOR_KEY_CHANGED",
]
NEW_NOTICE_KINDS = ["VOTE_VOID", "RESOLUTION_VOTE_VOID"]
SESSION_STATES = [
    "DRAFT",
    "COLLECTING",
    "LISTED",
    "VOTING",
    "EXTENDED",
    "TALLIED",
    "MEETING",
    "RESOLVED",
    "EXECUTING",
    "EVALUATING",
    "CLOSED",
    "CANCELLED",
]
RESOLUTION_STATES = [
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
]
WITHOUT_OUTCOME = "'DRAFT', 'COLLECTING', 'LISTED', 'VOTING', 'EXTENDED', 'CANCELLED'"
WITHOUT_FIGURES = "'DRAFT', 'TABLED', 'SHELVED', 'ESCALATED'"
OUTCOME, FIGURES = "tally_has_an_outcome", "outcome_has_its_figures"


def upgrade() -> None:
    replace_check("public_notices", "kind", [*NOTICE_KINDS, *NEW_NOTICE_KINDS])
    op.drop_index("uq_agenda_sessions_period", "agenda_sessions")
    with op.batch_alter_table("agenda_sessions") as batch:
        batch.add_column(sa.Column("key_missing_since", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("successor_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_agenda_sessions_successor_id_agenda_sessions"),
            "agenda_sessions",
            ["successor_id"],
            ["id"],
        )
        batch.create_unique_constraint(op.f("uq_agenda_sessions_successor_id"), ["successor_id"])
        replace(batch, "agenda_sessions", "state", states(*SESSION_STATES, "VOID"))
        replace(batch, "agenda_sessions", OUTCOME, without_outcome(f"{WITHOUT_OUTCOME}, 'VOID'"))
        batch.create_check_constraint(
            op.f("ck_agenda_sessions_void_vote_is_held_again"),
            "successor_id IS NULL OR state = 'VOID'",
        )
    index_period("state NOT IN ('CANCELLED', 'VOID')")
    with op.batch_alter_table("resolutions") as batch:
        batch.add_column(sa.Column("key_missing_since", sa.DateTime(timezone=True), nullable=True))
        replace(batch, "resolutions", "state", states(*RESOLUTION_STATES, "VOID"))
        replace(batch, "resolutions", FIGURES, without_figures(f"{WITHOUT_FIGURES}, 'VOID'"))


def downgrade() -> None:
    sessions = sa.table("agenda_sessions", sa.column("state"), sa.column("successor_id"))
    are_void = sessions.c.state == "VOID"
    op.execute(sessions.update().where(are_void).values(state="CANCELLED", successor_id=None))
    resolutions = sa.table("resolutions", sa.column("state"))
    op.execute(resolutions.update().where(resolutions.c.state == "VOID").values(state="DRAFT"))
    with op.batch_alter_table("resolutions") as batch:
        replace(batch, "resolutions", FIGURES, without_figures(WITHOUT_FIGURES))
        replace(batch, "resolutions", "state", states(*RESOLUTION_STATES))
        batch.drop_column("key_missing_since")
    op.drop_index("uq_agenda_sessions_period", "agenda_sessions")
    with op.batch_alter_table("agenda_sessions") as batch:
        batch.drop_constraint(op.f("ck_agenda_sessions_void_vote_is_held_again"), type_="check")
        replace(batch, "agenda_sessions", OUTCOME, without_outcome(WITHOUT_OUTCOME))
        replace(batch, "agenda_sessions", "state", states(*SESSION_STATES))
        batch.drop_constraint(op.f("uq_agenda_sessions_successor_id"), type_="unique")
        batch.drop_constraint(
            op.f("fk_agenda_sessions_successor_id_agenda_sessions"), type_="foreignkey"
        )
        batch.drop_column("successor_id")
        batch.drop_column("key_missing_since")
    index_period("state <> 'CANCELLED'")
    notices = sa.table("public_notices", sa.column("id"), sa.column("kind"))
    objections = sa.table("objections", sa.column("notice_id"))
    are_new = notices.c.kind.in_(NEW_NOTICE_KINDS)
    op.execute(
        objections.delete().where(
            objections.c.notice_id.in_(sa.select(notices.c.id).where(are_new))
        )
    )
    op.execute(notices.delete().where(are_new))
    replace_check("public_notices", "kind", NOTICE_KINDS)


def states(*names: str) -> str:
    return f"state IN ({', '.join(map(repr, names))})"


def without_outcome(names: str) -> str:
    return f"(state IN ({names})) = (outcome IS NULL)"


def without_figures(names: str) -> str:
    return f"state IN ({names}) OR present IS NOT NULL"


def index_period(where: str) -> None:
    """One session a month in a community, but for those that this condition leaves out."""
    op.create_index(
        "uq_agenda_sessions_period",
        "agenda_sessions",
        ["community_id", "period"],
        unique=True,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def replace(batch, table: str, name: str, condition: str) -> None:
    """A check with another condition."""
    batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
    batch.create_check_constraint(op.f(f"ck_{table}_{name}"), condition)


def replace_check(table: str, column: str, values: Sequence[str]) -> None:
    """Keep a column to these values from now on; SQLite rebuilds the table."""
    name = op.f(f"ck_{table}_{column}")
    condition = f"{column} IN ({', '.join(repr(value) for value in values)})"
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, condition)
