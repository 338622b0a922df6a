"""the chain of the audit log, which is only added to

A later revision that rebuilds one of the two tables on SQLite loses its triggers with the old
table and has to make them again.
"""

import hashlib
import json
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("audit_entries", "audit_links")
CITY = UUID(int=0)

ENTRIES = sa.table(
    "audit_entries",
    *(
        sa.column(name, kind)
        for name, kind in (
            ("id", sa.Uuid()),
            ("at", sa.DateTime(timezone=True)),
            ("actor_id", sa.Uuid()),
            ("community_id", sa.Uuid()),
            ("compound_id", sa.Uuid()),
            ("thing", sa.String()),
            ("thing_id", sa.Uuid()),
            ("verb", sa.String()),
            ("from_state", sa.String()),
            ("to_state", sa.String()),
            ("reason", sa.Text()),
        )
    ),
)
LINKS = sa.table(
    "audit_links",
    sa.column("chain_id", sa.Uuid()),
    sa.column("number", sa.Integer()),
    sa.column("entry_id", sa.Uuid()),
    sa.column("hash", sa.LargeBinary()),
)


def upgrade() -> None:
    op.create_table(
        "audit_links",
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_audit_links_number_starts_at_one")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["audit_entries.id"], name=op.f("fk_audit_links_entry_id_audit_entries")
        ),
        sa.PrimaryKeyConstraint("chain_id", "number", name=op.f("pk_audit_links")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_links_entry_id")),
    )
    link_what_is_there(op.get_bind())
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_to_change_the_log() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'the audit log is only added to'; END $$"
        )
    for table in TABLES:
        for statement in guards(table):
            op.execute(statement)


def downgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in TABLES:
        for change in ("update", "delete", *(("truncate",) if is_postgresql else ())):
            on = f" ON {table}" if is_postgresql else ""
            op.execute(f"DROP TRIGGER {table}_no_{change}{on}")
    if is_postgresql:
        op.execute("DROP FUNCTION refuse_to_change_the_log()")
    op.drop_table("audit_links")


def guards(table: str) -> list[str]:
    """The statements that make the triggers of a table."""
    if op.get_bind().dialect.name == "postgresql":
        return [
            f"CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_log()"
            for change in ("update", "delete", "truncate")
        ]
    return [
        f"CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table}"
        " BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END"
        for change in ("update", "delete")
    ]


def link_what_is_there(connection: sa.Connection) -> None:
    """Chain the entries of each place in the order of their ids, as `app.kit.audit` does since."""
    heads: dict[UUID, tuple[int, bytes]] = {}
    links = []
    for entry in connection.execute(sa.select(ENTRIES).order_by(ENTRIES.c.id)):
        chain_id = entry.compound_id or entry.community_id or CITY
        number, before = heads.get(chain_id, (0, bytes(32)))
        heads[chain_id] = number + 1, digest(chain_id, number + 1, before, entry)
        links.append(
            {
                "chain_id": chain_id,
                "number": number + 1,
                "entry_id": entry.id,
                "hash": heads[chain_id][1],
            }
        )
    if links:
        connection.execute(sa.insert(LINKS), links)


def digest(chain_id: UUID, number: int, before: bytes, entry: sa.Row) -> bytes:
    facts = {
        "chain": str(chain_id),
        "number": number,
        "before": before.hex(),
        "at": instant(entry.at),
        **{name: text(entry, name) for name in ENTRIES.c.keys() if name != "at"},  # noqa: SIM118
    }
    spelled = json.dumps(facts, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(spelled.encode()).digest()


def text(entry: sa.Row, name: str) -> str | None:
    value = getattr(entry, name)
    return None if value is None else str(value)


def instant(at: datetime) -> str:
    """SQLite keeps no zone: what it stores is UTC."""
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return aware.isoformat(timespec="microseconds")
