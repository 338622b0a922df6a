"""Agenda sessions, their lists and rolls, and the host list of a community."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    and_,
    or_,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.agenda.refusals import CountersigningDecided
from app.compounds.models import Compound
from app.kit.moves import HasMoves
from app.kit.orm import UNNUMBERED, Base, HasId, constant, enum_type, unique_where
from app.kit.words import Worded
from app.matters.models import Matter
from app.people.models import Resident
from votes.explanation import label
from votes.selection import Mode


class SessionState(Worded):
    """The steps of a session (domain notes, section 8); later steps come with their features."""

    DRAFT = "DRAFT", "筹备中", "in preparation"
    COLLECTING = "COLLECTING", "征集中", "collecting matters"
    LISTED = "LISTED", "题单已定", "list frozen"
    VOTING = "VOTING", "投票中", "voting"
    EXTENDED = "EXTENDED", "投票已延长", "voting extended"
    TALLIED = "TALLIED", "已计票", "tallied"
    MEETING = "MEETING", "圆桌会进行中", "at the round table"
    RESOLVED = "RESOLVED", "已议决", "resolved"
    EXECUTING = "EXECUTING", "办理中", "being carried out"
    EVALUATING = "EVALUATING", "回头看", "looking back"
    CLOSED = "CLOSED", "已结束", "closed"
    CANCELLED = "CANCELLED", "已取消", "cancelled"
    VOID = "VOID", "投票作废", "void"


_S = SessionState
SESSION_MOVES: dict[SessionState, frozenset[SessionState]] = {
    _S.DRAFT: frozenset({_S.COLLECTING, _S.CANCELLED}),
    _S.COLLECTING: frozenset({_S.LISTED, _S.CANCELLED}),
    # LISTED > TALLIED: with fewer than two matters there is nothing to vote on (R8).
    _S.LISTED: frozenset({_S.VOTING, _S.TALLIED, _S.CANCELLED}),
    # VOTING, EXTENDED > VOID: the vote's key is lost, and another session holds the vote again.
    _S.VOTING: frozenset({_S.EXTENDED, _S.TALLIED, _S.VOID}),
    _S.EXTENDED: frozenset({_S.TALLIED, _S.VOID}),
    # TALLIED > CLOSED: nothing was chosen, so there is no round table.
    _S.TALLIED: frozenset({_S.MEETING, _S.CLOSED}),
    _S.MEETING: frozenset({_S.RESOLVED}),
    # RESOLVED > EVALUATING, CLOSED: a session with nothing to carry out.
    _S.RESOLVED: frozenset({_S.EXECUTING, _S.EVALUATING, _S.CLOSED}),
    _S.EXECUTING: frozenset({_S.EVALUATING}),
    _S.EVALUATING: frozenset({_S.CLOSED}),
    _S.CLOSED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.VOID: frozenset(),
}
# Another session of the month may stand beside these.
GIVEN_UP = frozenset({_S.CANCELLED, _S.VOID})
BEFORE_VOTING = frozenset({_S.DRAFT, _S.COLLECTING, _S.LISTED})
OPEN_STATES = frozenset({_S.VOTING, _S.EXTENDED})
BEFORE_TALLY = BEFORE_VOTING | OPEN_STATES
# Cards, their supports and invitations: from the tally until the round table ends.
DISCUSSION_STATES = frozenset({_S.TALLIED, _S.MEETING})


class SessionOutcome(Worded):
    """What the tally is worth: decided, consultative only (R6), or no vote was needed (R8)."""

    DECIDED = "DECIDED", "有效", "decided"
    CONSULTATIVE = "CONSULTATIVE", "仅供参考", "consultative"
    NO_VOTE = "NO_VOTE", "不必投票", "no vote needed"


class Channel(Worded):
    """How a ballot came in."""

    PHONE = "PHONE", "手机", "phone"
    PAPER = "PAPER", "纸票", "paper"


class ManualMethod(Worded):
    """How an assembly votes where nobody casts a ballot: only totals are counted."""

    HANDS = "HANDS", "举手表决", "raised hands"
    STICKERS = "STICKERS", "贴纸投票", "stickers on a board"
    BEANS = "BEANS", "投豆表决", "beans"


class AdmissionReason(Worded):
    """Why somebody is on a roll."""

    ROSTER = "ROSTER", "在名单上", "on the roster"
    OPENING = "OPENING", "开始投票时已核实", "verified when voting opened"
    VERIFIED_WHILE_OPEN = "VERIFIED_WHILE_OPEN", "投票期间核实", "verified while voting was open"


class AgendaSession(HasMoves):
    """One month's 月月谈 of the host compound.

    Voting is open from `voting_opens_at` (inclusive) to `voting_closes_at` (exclusive). Scheme,
    rules, the operator's public key, and the second officer's (32 bytes, empty where nobody is to
    countersign) are copied here when voting opens, so that later settings change nothing.
    `key_check` is by what the session's key in the key store is known again, and
    `key_missing_since` when the key was first found to be gone. A void vote is held again by the
    session `successor_id`.
    """

    MOVES = SESSION_MOVES
    CALLED = ("这一期月月谈", "This session")

    __tablename__ = "agenda_sessions"
    __table_args__ = (
        unique_where(
            "uq_agenda_sessions_period",
            "community_id",
            "period",
            where="state NOT IN ('CANCELLED', 'VOID')",
        ),
        Index(None, "compound_id", "id"),
        Index(None, "state", "voting_closes_at"),
        CheckConstraint("voting_opens_at < voting_closes_at", name="opens_before_it_closes"),
        CheckConstraint("voting_closes_at <= round_table_at", name="closes_before_round_table"),
        CheckConstraint(
            "(state IN ('DRAFT', 'COLLECTING', 'LISTED', 'VOTING', 'EXTENDED', 'CANCELLED',"
            " 'VOID')) = (outcome IS NULL)",
            name="tally_has_an_outcome",
        ),
        CheckConstraint(
            "(officer_key IS NULL) = (countersigner_id IS NULL)"
            " AND (countersign_refused_at IS NULL) = (countersign_refusal IS NULL)"
            " AND (countersigned_at IS NULL OR countersign_refused_at IS NULL)"
            " AND (officer_key IS NOT NULL"
            " OR (countersigned_at IS NULL AND countersign_refused_at IS NULL))",
            name="countersigning_is_whole",
        ),
        CheckConstraint("successor_id IS NULL OR state = 'VOID'", name="void_vote_is_held_again"),
        CheckConstraint(
            "manual_method IS NULL OR state NOT IN ('VOTING', 'EXTENDED')",
            name="no_ballots_where_totals_are_counted",
        ),
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    community_id: Mapped[UUID] = mapped_column(ForeignKey("communities.id"))
    period: Mapped[str] = mapped_column(String(7))
    mode: Mapped[Mode] = mapped_column(enum_type(Mode, "mode"))
    state: Mapped[SessionState] = mapped_column(enum_type(SessionState, "state"))
    place: Mapped[str] = mapped_column(String(200))
    voting_opens_at: Mapped[datetime]
    voting_closes_at: Mapped[datetime]
    round_table_at: Mapped[datetime]
    created_at: Mapped[datetime]
    host_waited_since: Mapped[datetime]
    extended_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[SessionOutcome | None] = mapped_column(enum_type(SessionOutcome, "outcome"))
    scheme: Mapped[list[dict[str, int]] | None] = mapped_column(JSON)
    rules: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    roll_root: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    operator_key: Mapped[bytes | None] = mapped_column(ForeignKey("operator_keys.public_key"))
    key_check: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    key_missing_since: Mapped[datetime | None]
    successor_id: Mapped[UUID | None] = mapped_column(ForeignKey("agenda_sessions.id"), unique=True)
    officer_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    countersigner_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    countersigned_at: Mapped[datetime | None]
    countersign_refused_at: Mapped[datetime | None]
    countersign_refusal: Mapped[str | None] = mapped_column(Text)
    manual_method: Mapped[ManualMethod | None] = mapped_column(
        enum_type(ManualMethod, "manual_method")
    )

    compound: Mapped[Compound] = relationship()
    countersigner: Mapped[Resident | None] = relationship()
    items: Mapped[list["AgendaItem"]] = relationship(order_by="AgendaItem.number")

    @property
    def name(self) -> str:
        """As notices call it, e.g. `香樟苑小区 2026年3月 · 月月谈`."""
        year, month = self.period.split("-")
        return f"{self.compound.name} {year}年{int(month)}月 · 月月谈"

    @property
    def ended_at(self) -> datetime:
        """When voting ended, or is to end."""
        is_by_ballot = self.closed_at is not None and self.manual_method is None
        return (self.closed_at if is_by_ballot else None) or self.voting_closes_at

    @property
    def has_a_choice(self) -> bool:
        """Whether its list holds enough for a vote (R8)."""
        return len(self.items) > 1

    def is_due(self, at: datetime) -> bool:
        """Whether the clock has reached the session's next move; no ballots are cast where an
        assembly is counted."""
        if self.state is SessionState.LISTED and self.manual_method is not None:
            return False
        if self.state in (SessionState.COLLECTING, SessionState.LISTED):
            return at >= self.voting_opens_at
        return self.state in OPEN_STATES and at >= self.voting_closes_at

    @classmethod
    def is_due_in_sql(cls, at: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
        """`is_due` as a condition of a statement."""

        def is_in(states: Iterable[SessionState]) -> ColumnElement[bool]:
            return cls.state.in_([constant(state) for state in states])

        waits_for_an_assembly = and_(is_in([_S.LISTED]), cls.manual_method.is_not(None))
        return or_(
            and_(
                is_in([_S.COLLECTING, _S.LISTED]),
                ~waits_for_an_assembly,
                cls.voting_opens_at <= at,
            ),
            and_(is_in(sorted(OPEN_STATES)), cls.voting_closes_at <= at),
        )

    def start_collecting(self) -> None:
        """The session is announced; matters are collected for it."""
        self._move(SessionState.COLLECTING)

    def freeze_list(self, items: list["AgendaItem"]) -> None:
        """The list is numbered and changes no more."""
        self._move(SessionState.LISTED)
        self.items = items

    def open_voting(
        self, at: datetime, scheme: list[dict[str, int]], rules: dict[str, Any], roll_root: bytes
    ) -> None:
        """Voting begins; by hand it may begin earlier than announced."""
        self._move(SessionState.VOTING)
        self.voting_opens_at = min(self.voting_opens_at, at)
        self.scheme, self.rules, self.roll_root = scheme, rules, roll_root

    def take_keys(self, operator_key: bytes, key_check: bytes) -> None:
        """As voting opens: the key that signs receipts and result, and how the vote's own key is
        known again."""
        self.operator_key, self.key_check = operator_key, key_check

    def take_countersigner(self, officer: Resident, public_key: bytes) -> None:
        """As voting opens: who countersigns the result, with which key."""
        self.countersigner, self.officer_key = officer, public_key

    def countersign(self, at: datetime) -> None:
        """The second officer found that the result holds. Raises CountersigningDecided."""
        self._require_undecided()
        self.countersigned_at = at

    def refuse_countersignature(self, at: datetime, reason: str) -> None:
        """The second officer does not put a name to it. Raises CountersigningDecided."""
        self._require_undecided()
        self.countersign_refused_at, self.countersign_refusal = at, reason

    def _require_undecided(self) -> None:
        if self.countersigned_at is not None or self.countersign_refused_at is not None:
            raise CountersigningDecided

    def conclude_count(
        self,
        at: datetime,
        outcome: SessionOutcome,
        scheme: list[dict[str, int]],
        rules: dict[str, Any],
    ) -> None:
        """The totals of an assembly are its result."""
        self._move(SessionState.TALLIED)
        self.closed_at, self.outcome = at, outcome
        self.scheme, self.rules = scheme, rules

    def extend_voting(self, at: datetime, extension: timedelta) -> None:
        """Voting goes on, once, past the announced end; a round table before that moves along."""
        self._move(SessionState.EXTENDED)
        self.extended_at = at
        self.voting_closes_at = max(self.voting_closes_at, at) + extension
        while self.round_table_at < self.voting_closes_at:
            self.round_table_at += extension  # whole days: the hour that suits people stays

    def close_voting(self, at: datetime, outcome: SessionOutcome) -> None:
        """The ballots are counted; by hand it may close earlier than announced."""
        self._move(SessionState.TALLIED)
        self.key_missing_since = None
        self.closed_at, self.outcome = min(at, self.voting_closes_at), outcome

    def miss_key(self, at: datetime) -> None:
        """The vote's key is not in the key store; it may come back."""
        self.key_missing_since = at

    def find_key(self) -> None:
        """The vote's key is there again."""
        self.key_missing_since = None

    def void(self) -> None:
        """The vote's key is lost: its ballots count nowhere."""
        self._move(SessionState.VOID)

    def be_held_again(self, successor_id: UUID) -> None:
        """Another session holds the void vote again."""
        self.successor_id = successor_id

    def start_meeting(self) -> None:
        """The round table on the chosen matters begins."""
        self._move(SessionState.MEETING)

    def conclude_meeting(self) -> None:
        """The round table ends; what it decided stands in its resolutions."""
        self._move(SessionState.RESOLVED)

    def execute(self) -> None:
        """The first order from one of its resolutions is made."""
        self._move(SessionState.EXECUTING)

    def start_evaluation(self) -> None:
        """回头看: what was carried out is looked at again."""
        self._move(SessionState.EVALUATING)

    def close(self) -> None:
        """What became of each of its matters is known."""
        self._move(SessionState.CLOSED)

    def cancel(self) -> None:
        """The session does not take place; possible before voting only."""
        self._move(SessionState.CANCELLED)


class AgendaItem(Base):
    """A matter on a frozen list, with its number and its support at that moment."""

    __tablename__ = "agenda_items"
    __table_args__ = (
        UniqueConstraint("session_id", "number"),
        Index(None, "matter_id"),
        CheckConstraint("number >= 1", name="number_starts_at_one"),
    )

    session_id: Mapped[UUID] = mapped_column(ForeignKey("agenda_sessions.id"), primary_key=True)
    matter_id: Mapped[UUID] = mapped_column(ForeignKey("matters.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer)
    endorsements: Mapped[int] = mapped_column(Integer)

    matter: Mapped[Matter] = relationship(lazy="joined", innerjoin=True)

    @property
    def label(self) -> str:
        """The printed number, e.g. `M01`."""
        return label(self.number)


class RollEntry(Base):
    """That somebody may vote in a session, and whether they did: the day, never the hour.

    A finer time would lead from the voter to the ballot. `withdrawn_on` is the last day on which
    a ballot of this voter was taken back, whether or not another came in since.
    """

    __tablename__ = "roll_entries"
    __table_args__ = (
        Index(None, "session_id", "voted_on"),
        Index(None, "resident_id"),
        CheckConstraint(
            "(voted_on IS NULL) = (channel IS NULL)", name="participation_has_its_channel"
        ),
        UNNUMBERED,
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("agenda_sessions.id"), primary_key=True)
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"), primary_key=True)
    admitted_on: Mapped[date]
    admitted_why: Mapped[AdmissionReason] = mapped_column(
        enum_type(AdmissionReason, "admitted_why")
    )
    channel: Mapped[Channel | None] = mapped_column(enum_type(Channel, "channel"))
    voted_on: Mapped[date | None]
    withdrawn_on: Mapped[date | None]


class HostPlace(HasId, Base):
    """A compound's place in its community's host list: who has waited longest is next."""

    __tablename__ = "host_places"

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"), unique=True)
    community_id: Mapped[UUID] = mapped_column(ForeignKey("communities.id"), index=True)
    waiting_since: Mapped[datetime]
    position: Mapped[int] = mapped_column(Integer)

    compound: Mapped[Compound] = relationship()
