"""the index that keeps nonces apart begins with the nonce

It began as the primary key does, with compound and session. On a table that PostgreSQL takes for an
empty one, since the ballots of the last vote were just erased, the two cost the same, and the
foreign key of the marks was checked with this one, by reading all ballots of the session.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NAME = "uq_ballots_nonce_once"


def upgrade() -> None:
    _replace("nonce", "session_id", "compound_id")


def downgrade() -> None:
    _replace("compound_id", "session_id", "nonce")


def _replace(*columns: str) -> None:
    kwargs = {"sqlite_with_rowid": False}
    with op.batch_alter_table("ballots", table_kwargs=kwargs) as batch:
        batch.drop_constraint(NAME, type_="unique")
        batch.create_unique_constraint(NAME, list(columns))
