"""The log of every move: who, when, from, to, why, in which place. Rows are only ever added.

The entries of a place form a chain (`AuditLink`): each link's hash covers its entry and the hash
of the link before it. So whoever noted the newest hash of a place finds out later whether an entry
was changed, taken out or slipped in. Triggers of the database refuse to change or delete either
table.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    event,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.kit.orm import Base, HasId, table_of
from votes.bundle import canonical_json

CITY = UUID(int=0)  # the chain of what happened in no community
NO_HASH = bytes(32)  # stands before the first link of a chain

# Advisory locks of PostgreSQL with two numbers are apart from those with one: see kit.locks.
_CHAIN_LOCKS = 0x6368
_NEW_ENTRIES = "new_audit_entries"


class AuditEntry(HasId, Base):
    """One move of one thing. `actor_id` is empty where the clock moved it."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index(None, "thing_id"),
        Index(None, "compound_id", "at"),
        Index(None, "community_id", "id"),
    )

    at: Mapped[datetime]
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    community_id: Mapped[UUID | None] = mapped_column(ForeignKey("communities.id"))
    compound_id: Mapped[UUID | None] = mapped_column(ForeignKey("compounds.id"))
    thing: Mapped[str] = mapped_column(String(40))
    thing_id: Mapped[UUID]
    verb: Mapped[str] = mapped_column(String(40))
    from_state: Mapped[str | None] = mapped_column(String(40))
    to_state: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(Text)

    def __init__(self, *, about: Base | None = None, **values: Any) -> None:
        super().__init__(**values)
        self.about = about  # the thing itself, until the commit

    @property
    def chain_id(self) -> UUID:
        """The place in whose chain the entry stands: compound, else community, else the city."""
        return self.compound_id or self.community_id or CITY


class AuditLink(Base):
    """The place of an entry in its chain: `number` counts from 1 without a gap."""

    __tablename__ = "audit_links"
    __table_args__ = (CheckConstraint("number >= 1", name="number_starts_at_one"),)

    chain_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("audit_entries.id"), unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))

    entry: Mapped[AuditEntry] = relationship()


class ChainHead(NamedTuple):
    """The newest link of a chain: how many entries it has, and the hash that covers them all."""

    number: int
    hash: bytes


class ChainCheck(NamedTuple):
    """What a recount of a chain found; `broken_at` is the first number that does not hold."""

    head: ChainHead
    broken_at: int | None


class HeadFault(StrEnum):
    """What became of a chain whose head somebody noted earlier."""

    MISSING = "MISSING"  # the place has no entry at all
    SHORTER = "SHORTER"  # the newest entries are not there: an older copy
    REWRITTEN = "REWRITTEN"  # another entry stands at that number


def record(
    session: Session,
    thing: Base,
    verb: str,
    by: HasId | UUID | None,
    at: datetime,
    *,
    compound_id: UUID | None = None,
    community_id: UUID | None = None,
    from_state: StrEnum | str | None = None,
    to_state: StrEnum | str | None = None,
    reason: str | None = None,
) -> None:
    """Log what was done to `thing` (any row with an id) by somebody, or by the clock; the caller
    commits. It stands in the chain of the thing's compound, else of its community, unless another
    is given."""
    if compound_id is None and community_id is None:
        compound_id = getattr(thing, "compound_id", None)
        community_id = getattr(thing, "community_id", None) if compound_id is None else None
    entry = AuditEntry(
        about=thing,
        at=at,
        actor_id=by if by is None or isinstance(by, UUID) else by.id,
        community_id=community_id,
        compound_id=compound_id,
        thing=thing.__tablename__,
        thing_id=thing.id,  # type: ignore[attr-defined]
        verb=verb,
        from_state=None if from_state is None else str(from_state),
        to_state=None if to_state is None else str(to_state),
        reason=reason,
    )
    session.add(entry)
    session.info.setdefault(_NEW_ENTRIES, []).append(entry)


def read_new(session: Session) -> list[AuditEntry]:
    """What was recorded since the last commit, in order; each entry still has its thing."""
    entries = session.info.get(_NEW_ENTRIES, ())
    if entries:
        session.flush()
    return [each for each in entries if inspect(each).persistent]


@event.listens_for(Session, "before_commit")
def link_new_entries(session: Session) -> None:
    """Put what was recorded at the end of its chains, as the last act of the transaction.

    No other lock is taken after a chain's, and chains are taken in order, so that no two
    transactions wait for each other.
    """
    if session.in_nested_transaction() or _NEW_ENTRIES not in session.info:
        return
    session.flush()
    chains: dict[UUID, list[AuditEntry]] = defaultdict(list)
    for entry in session.info.pop(_NEW_ENTRIES):
        if inspect(entry).persistent:  # else its savepoint was rolled back
            chains[entry.chain_id].append(entry)
    for chain_id in sorted(chains):
        _hold_chain(session, chain_id)
        number, digest = read_head(session, chain_id)
        links = []
        for entry in chains[chain_id]:
            number, digest = number + 1, link_hash(chain_id, number + 1, digest, entry)
            links.append(
                {"chain_id": chain_id, "number": number, "entry_id": entry.id, "hash": digest}
            )
        session.execute(insert(table_of(AuditLink)), links)


def read_head(session: Session, chain_id: UUID) -> ChainHead:
    """The newest link of a chain; number 0 for an empty one."""
    row = session.execute(
        select(AuditLink.number, AuditLink.hash)
        .where(AuditLink.chain_id == chain_id)
        .order_by(AuditLink.number.desc())
        .limit(1)
    ).one_or_none()
    return ChainHead(0, NO_HASH) if row is None else ChainHead(*row)


def read_heads(session: Session) -> dict[UUID, ChainHead]:
    """The newest link of every chain."""
    newest = (
        select(AuditLink.chain_id, func.max(AuditLink.number).label("number"))
        .group_by(AuditLink.chain_id)
        .subquery()
    )
    rows = session.execute(
        select(AuditLink.chain_id, AuditLink.number, AuditLink.hash).join(
            newest,
            (AuditLink.chain_id == newest.c.chain_id) & (AuditLink.number == newest.c.number),
        )
    )
    return {chain_id: ChainHead(number, digest) for chain_id, number, digest in rows}


def compare_head(session: Session, chain_id: UUID, earlier: ChainHead) -> HeadFault | None:
    """Whether a chain still holds a head that was noted earlier; entries after it are no fault.

    The chain itself is recounted by `check_chain`.
    """
    now = read_head(session, chain_id)
    if now.number < earlier.number:
        return HeadFault.SHORTER if now.number else HeadFault.MISSING
    found = session.scalar(
        select(AuditLink.hash).where(
            AuditLink.chain_id == chain_id, AuditLink.number == earlier.number
        )
    )
    return None if found == earlier.hash else HeadFault.REWRITTEN


def check_chain(session: Session, chain_id: UUID) -> ChainCheck:
    """Recount the chain of a place from its first link, and look for entries without a link.

    What is added meanwhile is left to the next check.
    """
    newest = read_head(session, chain_id)
    with session.execute(
        select(AuditLink, AuditEntry)
        .join(AuditEntry, AuditLink.entry_id == AuditEntry.id)
        .where(AuditLink.chain_id == chain_id, AuditLink.number <= newest.number)
        .order_by(AuditLink.number)
        .execution_options(yield_per=1000)
    ) as rows:
        head = _recount(chain_id, rows)
    if head != newest:
        return ChainCheck(newest, head.number + 1)
    unlinked = session.scalar(
        select(func.count())
        .select_from(AuditEntry)
        .outerjoin(AuditLink, AuditLink.entry_id == AuditEntry.id)
        .where(
            func.coalesce(AuditEntry.compound_id, AuditEntry.community_id, CITY) == chain_id,
            AuditLink.entry_id.is_(None),
        )
    )
    return ChainCheck(head, head.number + 1 if unlinked else None)


def link_hash(chain_id: UUID, number: int, before: bytes, entry: AuditEntry) -> bytes:
    """SHA-256 over the canonical JSON of the entry, its place in the chain and the hash before."""
    facts = {
        "chain": str(chain_id),
        "number": number,
        "before": before.hex(),
        "id": str(entry.id),
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": _text(entry.actor_id),
        "community_id": _text(entry.community_id),
        "compound_id": _text(entry.compound_id),
        "thing": entry.thing,
        "thing_id": str(entry.thing_id),
        "verb": entry.verb,
        "from_state": entry.from_state,
        "to_state": entry.to_state,
        "reason": entry.reason,
    }
    return hashlib.sha256(canonical_json(facts)).digest()


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _recount(chain_id: UUID, rows: Iterable[tuple[AuditLink, AuditEntry]]) -> ChainHead:
    """The last link up to which everything holds."""
    head = ChainHead(0, NO_HASH)
    for link, entry in rows:
        number = head.number + 1
        digest = link_hash(chain_id, number, head.hash, entry)
        if (link.number, link.hash, entry.chain_id) != (number, digest, chain_id):
            break
        head = ChainHead(number, digest)
    return head


def _hold_chain(session: Session, chain_id: UUID) -> None:
    """Let no other transaction add to the chain until this one ends."""
    if session.get_bind().dialect.name == "postgresql":
        key = int.from_bytes(chain_id.bytes[12:], signed=True)
        session.execute(select(func.pg_advisory_xact_lock(_CHAIN_LOCKS, key)))
