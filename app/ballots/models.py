"""Ballots and results, the operator's keys, and the officers who countersign.

No ballot names its voter: it is found by its slot, HMAC(session key, voter), and the key lies
outside the database. Nor does its row carry a time or an id that grows with time.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.agenda.models import AgendaItem, AgendaSession
from app.kit.orm import UNNUMBERED, Base, HasId, enum_type, unique_where
from app.people.models import Resident
from votes.scheme import BallotScheme
from votes.selection import Outcome


class BallotSlot(Base):
    """A slot of the scheme as it stood when voting opened; its label is "5", or "5.2" for a
    second pick of the same weight."""

    __tablename__ = "ballot_slots"

    session_id: Mapped[UUID] = mapped_column(ForeignKey("agenda_sessions.id"), primary_key=True)
    label: Mapped[str] = mapped_column(String(8), primary_key=True)
    weight: Mapped[int] = mapped_column(Integer, primary_key=True)


class Ballot(Base):
    """One voter's live ballot. A replacement overwrites it and raises `version`."""

    __tablename__ = "ballots"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version_starts_at_one"),
        # Two voters with one nonce would have equal trackers, and neither could find the own mark.
        # The nonce comes first: an index that begins as the primary key does would be taken in its
        # place to check the marks' foreign key, as long as the table passes for an empty one.
        UniqueConstraint("nonce", "session_id", "compound_id", name="uq_ballots_nonce_once"),
        UNNUMBERED,
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("agenda_sessions.id"), primary_key=True)
    slot: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    nonce: Mapped[bytes] = mapped_column(LargeBinary(16))
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32))
    version: Mapped[int] = mapped_column(Integer)


class BallotMark(Base):
    """One mark of a live ballot.

    The constraints repeat the rules of a valid ballot (R2): one matter a slot, no matter twice,
    only matters on the frozen list, only weights of the scheme.
    """

    __tablename__ = "ballot_marks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["compound_id", "session_id", "slot"],
            ["ballots.compound_id", "ballots.session_id", "ballots.slot"],
        ),
        ForeignKeyConstraint(
            ["session_id", "label", "weight"],
            ["ballot_slots.session_id", "ballot_slots.label", "ballot_slots.weight"],
        ),
        ForeignKeyConstraint(
            ["session_id", "matter_id"], ["agenda_items.session_id", "agenda_items.matter_id"]
        ),
        UniqueConstraint(
            "compound_id", "session_id", "slot", "matter_id", name="uq_ballot_marks_matter_once"
        ),
        UNNUMBERED,
    )

    compound_id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    slot: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    label: Mapped[str] = mapped_column(String(8), primary_key=True)
    weight: Mapped[int] = mapped_column(Integer)
    matter_id: Mapped[UUID]
    tracker: Mapped[bytes] = mapped_column(LargeBinary(10))


class BallotCommitment(Base):
    """The commitment of one cast or replacement. Rows are only ever added."""

    __tablename__ = "ballot_commitments"
    __table_args__ = UNNUMBERED

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("agenda_sessions.id"), primary_key=True)
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    slot: Mapped[bytes] = mapped_column(LargeBinary(32))
    version: Mapped[int] = mapped_column(Integer)


class SealedCommitment(Base):
    """A commitment of a sealed vote: without its slot, written in the order of the values."""

    __tablename__ = "sealed_commitments"
    __table_args__ = UNNUMBERED

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("agenda_sessions.id"), primary_key=True)
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)


class SessionBundle(Base):
    """The published bundle of a sealed vote (`docs/bundle.md`), byte for byte as it is served.

    `digest` is the SHA-256 of the body, so that its reader is answered without reading it.
    """

    __tablename__ = "session_bundles"

    session_id: Mapped[UUID] = mapped_column(ForeignKey("agenda_sessions.id"), primary_key=True)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_at: Mapped[datetime]
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)

    def take_countersignature(self, body: bytes, digest: bytes) -> None:
        """The same bundle with the officer's signature; its root stays."""
        self.body, self.digest = body, digest


class OperatorKey(HasId, Base):
    """An Ed25519 public key of the operator: the one without `until` is pinned, and no other signs
    anything that begins now. Former ones stay, since old receipts and bundles are checked with
    them. The private half lies in the key store."""

    __tablename__ = "operator_keys"
    __table_args__ = (
        unique_where("uq_operator_keys_one_pinned", "algorithm", where="until IS NULL"),
        CheckConstraint("algorithm = 'Ed25519'", name="algorithm"),
        CheckConstraint("length(public_key) = 32", name="public_key_is_whole"),
        CheckConstraint("since <= until", name="since_before_until"),
    )

    algorithm: Mapped[str] = mapped_column(String(16), default="Ed25519")
    public_key: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    since: Mapped[datetime]
    until: Mapped[datetime | None]

    def retire(self, at: datetime) -> None:
        """Another key is pinned in its place."""
        self.until = at


class OfficerKey(HasId, Base):
    """An officer's Ed25519 public key, whose private half never comes here. `proof` is the holder's
    signature over `votes.bundle.officer_key_message`. A key that was revoked never comes back."""

    __tablename__ = "officer_keys"
    __table_args__ = (
        unique_where("uq_officer_keys_one_live", "resident_id", where="revoked_at IS NULL"),
    )

    resident_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    public_key: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    proof: Mapped[bytes] = mapped_column(LargeBinary(64))
    registered_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    resident: Mapped[Resident] = relationship()


class CompoundCountersigner(HasId, Base):
    """Who countersigns the votes of a compound from the next opening on; empty: nobody."""

    __tablename__ = "compound_countersigners"

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"), unique=True)
    resident_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    named_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    named_at: Mapped[datetime]


class SessionResult(Base):
    """The count of a closed session, stored once."""

    __tablename__ = "session_results"
    __table_args__ = (
        CheckConstraint("blank <= returned AND returned <= roll", name="counts_agree"),
    )

    session_id: Mapped[UUID] = mapped_column(ForeignKey("agenda_sessions.id"), primary_key=True)
    roll: Mapped[int] = mapped_column(Integer)
    returned: Mapped[int] = mapped_column(Integer)
    blank: Mapped[int] = mapped_column(Integer)
    required: Mapped[int] = mapped_column(Integer)
    explanation_zh: Mapped[str] = mapped_column(Text)
    explanation_en: Mapped[str] = mapped_column(Text)
    tallied_at: Mapped[datetime]

    agenda_session: Mapped[AgendaSession] = relationship()
    rows: Mapped[list["ResultRow"]] = relationship(
        order_by="ResultRow.rank", back_populates="result"
    )

    @property
    def chosen(self) -> list[AgendaItem]:
        """What the session takes up, in the order of the tally."""
        return [row.item for row in self.rows if row.outcome is Outcome.SELECTED]


class ResultRow(Base):
    """One matter's line of the result; `counts` in the order of the scheme's slots."""

    __tablename__ = "result_rows"
    __table_args__ = (
        UniqueConstraint("session_id", "rank"),
        ForeignKeyConstraint(
            ["session_id", "matter_id"], ["agenda_items.session_id", "agenda_items.matter_id"]
        ),
    )

    session_id: Mapped[UUID] = mapped_column(
        ForeignKey("session_results.session_id"), primary_key=True
    )
    matter_id: Mapped[UUID] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(Integer)
    counts: Mapped[list[int]] = mapped_column(JSON)
    score: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[Outcome] = mapped_column(enum_type(Outcome, "outcome"))
    decided_by: Mapped[str | None] = mapped_column(String(16))

    result: Mapped[SessionResult] = relationship(back_populates="rows")
    item: Mapped[AgendaItem] = relationship(lazy="joined", innerjoin=True, viewonly=True)

    @property
    def marks(self) -> dict[str, int]:
        """How many marks of each weight, as programs name them: `n5`. None without a vote, which
        has no scheme (R8)."""
        scheme = self.result.agenda_session.scheme
        weights = BallotScheme.from_data(scheme).weights if scheme else ()
        return {f"n{weight}": n for weight, n in zip(weights, self.counts, strict=True)}
