"""Whistles: 街道吹哨、部门报到 (domain notes, section 5)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.compounds.models import Compound
from app.kit.moves import HasMoves
from app.kit.orm import enum_type
from app.kit.words import Worded
from app.matters.models import Matter
from app.works.escalations import MissedStep
from app.works.limits import WhistleKind
from app.works.refusals import ObjectedAlready


class WhistleState(Worded):
    """Steps of a whistle (domain notes, section 8). WITHDRAWN is one that was not blown;
    EVALUATED comes with the evaluation."""

    COLLECTED = "COLLECTED", "待吹", "waiting to be blown"
    BLOWN = "BLOWN", "已吹", "blown"
    SIGNED = "SIGNED", "已签收", "signed"
    REPORTED = "REPORTED", "已报到", "reported in"
    FED_BACK = "FED_BACK", "已反馈", "fed back"
    VERIFIED_CLOSED = "VERIFIED_CLOSED", "已核实结项", "verified and closed"
    REWORK = "REWORK", "退回重办", "sent back"
    WITHDRAWN = "WITHDRAWN", "已撤回", "withdrawn"
    EVALUATED = "EVALUATED", "已评", "evaluated"


_S = WhistleState
WHISTLE_MOVES: dict[WhistleState, frozenset[WhistleState]] = {
    _S.COLLECTED: frozenset({_S.BLOWN, _S.WITHDRAWN}),
    # BLOWN > COLLECTED: the department objects, and the street looks at it again.
    _S.BLOWN: frozenset({_S.SIGNED, _S.COLLECTED}),
    # SIGNED, REPORTED, REWORK > COLLECTED: the street recalls it, since whoever led it has left.
    _S.SIGNED: frozenset({_S.REPORTED, _S.COLLECTED}),
    _S.REPORTED: frozenset({_S.FED_BACK, _S.COLLECTED}),
    _S.FED_BACK: frozenset({_S.VERIFIED_CLOSED, _S.REWORK}),
    _S.REWORK: frozenset({_S.FED_BACK, _S.COLLECTED}),
    _S.VERIFIED_CLOSED: frozenset({_S.EVALUATED}),
    _S.WITHDRAWN: frozenset(),
    _S.EVALUATED: frozenset(),
}
# What a department owes, one after the other.
WHISTLE_STEPS = (MissedStep.SIGN, MissedStep.REPORT, MissedStep.FEED_BACK)
WHISTLE_DONE = frozenset({_S.VERIFIED_CLOSED, _S.EVALUATED})


class WhistleGround(Worded):
    """The three cases in which a whistle is allowed (W5)."""

    CARED_UNSOLVED = (
        "CARED_UNSOLVED",
        "居民关心而街道无力解决",
        "beyond the street's power",
    )
    JOINT_ENFORCEMENT = "JOINT_ENFORCEMENT", "联合执法", "joint enforcement"
    EMERGENCY = "EMERGENCY", "应急", "emergency"


class Whistle(HasMoves):
    """哨, numbered within its compound. Whoever signs leads it; each term is kept with the time at
    which its step really came. Terms are exclusive."""

    MOVES = WHISTLE_MOVES
    CALLED = ("这声哨", "This whistle")

    __tablename__ = "whistles"
    __table_args__ = (
        UniqueConstraint("compound_id", "number"),
        Index(None, "compound_id", "id"),
        Index(None, "matter_id"),
        Index(None, "state", "due_at"),
        CheckConstraint("number >= 1", name="number_starts_at_one"),
        CheckConstraint("rework_count >= 0", name="rework_count_is_a_count"),
        CheckConstraint("escalation_level BETWEEN 0 AND 2", name="escalation_level_is_known"),
        CheckConstraint("closed_by_id <> signed_by_id", name="closed_by_somebody_else"),
        CheckConstraint(
            "state IN ('COLLECTED', 'WITHDRAWN') OR (kind IS NOT NULL AND department IS NOT NULL"
            " AND blown_at IS NOT NULL AND sign_due_at IS NOT NULL AND contact_due_at IS NOT NULL"
            " AND report_due_at IS NOT NULL AND due_at IS NOT NULL)",
            name="blowing_has_its_terms",
        ),
        CheckConstraint(
            "(state IN ('COLLECTED', 'BLOWN', 'WITHDRAWN')) = (signed_at IS NULL)"
            " AND (signed_at IS NULL) = (signed_by_id IS NULL)",
            name="signature_has_its_time_and_author",
        ),
        CheckConstraint(
            "(state NOT IN ('VERIFIED_CLOSED', 'EVALUATED') OR closed_at IS NOT NULL)"
            " AND (closed_at IS NULL) = (closed_by_id IS NULL)",
            name="closing_has_its_time_and_author",
        ),
        CheckConstraint(
            "(objected_at IS NULL) = (objection IS NULL)", name="objection_has_its_time"
        ),
        CheckConstraint(
            "state NOT IN ('REWORK', 'WITHDRAWN') OR reason IS NOT NULL",
            name="refusal_has_a_reason",
        ),
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    matter_id: Mapped[UUID] = mapped_column(ForeignKey("matters.id"))
    number: Mapped[int] = mapped_column(Integer)
    ground: Mapped[WhistleGround] = mapped_column(enum_type(WhistleGround, "ground"))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[WhistleState] = mapped_column(enum_type(WhistleState, "state"))
    requested_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    requested_at: Mapped[datetime]
    kind: Mapped[WhistleKind | None] = mapped_column(enum_type(WhistleKind, "kind"))
    department: Mapped[str | None] = mapped_column(String(80))
    receiver_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    blown_at: Mapped[datetime | None]
    blown_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    objected_at: Mapped[datetime | None]
    objection: Mapped[str | None] = mapped_column(Text)
    sign_due_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    signed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    contact_due_at: Mapped[datetime | None]
    contacted_at: Mapped[datetime | None]
    report_due_at: Mapped[datetime | None]
    reported_at: Mapped[datetime | None]
    report: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime | None]
    fed_back_at: Mapped[datetime | None]
    feedback: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    rework_count: Mapped[int] = mapped_column(Integer, default=0)
    escalation_level: Mapped[int] = mapped_column(Integer, default=0)
    escalated_at: Mapped[datetime | None]

    compound: Mapped[Compound] = relationship()
    matter: Mapped[Matter] = relationship()

    @property
    def held_ids(self) -> list[UUID]:
        """Its matter."""
        return [self.matter_id]

    @property
    def label(self) -> str:
        """The printed number, e.g. `哨1`."""
        return f"哨{self.number}"

    @property
    def next_step(self) -> tuple[MissedStep, datetime | None] | None:
        """What the department owes now, and until when."""
        return {
            WhistleState.BLOWN: (MissedStep.SIGN, self.sign_due_at),
            WhistleState.SIGNED: (MissedStep.REPORT, self.report_due_at),
            WhistleState.REPORTED: (MissedStep.FEED_BACK, self.due_at),
            WhistleState.REWORK: (MissedStep.FEED_BACK, self.due_at),
        }.get(self.state)

    @property
    def is_in_time(self) -> bool | None:
        """Whether what was verified had been fed back in its term; None while it is not closed."""
        if self.closed_at is None or self.fed_back_at is None or self.due_at is None:
            return None
        return self.fed_back_at < self.due_at

    def is_overdue(self, at: datetime) -> bool:
        """Whether the term of the department's next step has passed."""
        step = self.next_step
        return step is not None and step[1] is not None and step[1] <= at

    def blow(
        self,
        at: datetime,
        by_id: UUID,
        *,
        kind: WhistleKind,
        department: str,
        receiver_id: UUID | None,
        sign_due_at: datetime,
        contact_due_at: datetime,
        report_due_at: datetime,
        due_at: datetime,
    ) -> None:
        """The street calls a department."""
        self._move(WhistleState.BLOWN)
        self.blown_at, self.blown_by_id = at, by_id
        self.kind, self.department, self.receiver_id = kind, department, receiver_id
        self.sign_due_at, self.contact_due_at = sign_due_at, contact_due_at
        self.report_due_at, self.due_at = report_due_at, due_at

    def object_to(self, reason: str, at: datetime) -> None:
        """The department says that the matter is not its own, once; the street looks again."""
        self.require_state(WhistleState.BLOWN)
        if self.objected_at is not None:
            raise ObjectedAlready
        self._move(WhistleState.COLLECTED)
        self.objected_at, self.objection = at, reason

    def recall(self, reason: str) -> None:
        """The street takes it back from whoever was to lead it, and looks again; what was written
        down stays in the log."""
        self._move(WhistleState.COLLECTED)
        self.reason = reason
        self.signed_at = self.signed_by_id = self.contacted_at = None
        self.reported_at = self.report = None

    def sign(self, by_id: UUID, at: datetime) -> None:
        """The department takes it; whoever signs leads it."""
        self._move(WhistleState.SIGNED)
        self.signed_at, self.signed_by_id = at, by_id

    def contact(self, at: datetime) -> None:
        """The department has spoken with those concerned; the first time counts."""
        self.require_state(WhistleState.SIGNED, WhistleState.REPORTED, WhistleState.REWORK)
        self.contacted_at = self.contacted_at or at

    def report_in(self, words: str, at: datetime) -> None:
        """报到: the department is on site."""
        self._move(WhistleState.REPORTED)
        self.reported_at, self.report = at, words

    def feed_back(self, words: str, at: datetime) -> None:
        """The department says what it did."""
        self._move(WhistleState.FED_BACK)
        self.fed_back_at, self.feedback = at, words

    def verify_close(self, by_id: UUID, at: datetime) -> None:
        """核实结项 by somebody who is not the doer."""
        self._move(WhistleState.VERIFIED_CLOSED)
        self.closed_at, self.closed_by_id = at, by_id

    def rework(self, reason: str, due_at: datetime) -> None:
        """It is not solved: the department goes on, with a new term."""
        self._move(WhistleState.REWORK)
        self.reason, self.due_at = reason, due_at
        self.rework_count += 1

    def withdraw(self, reason: str) -> None:
        """It is not blown."""
        self._move(WhistleState.WITHDRAWN)
        self.reason = reason

    def evaluate(self) -> None:
        """The raiser has said what it was worth."""
        self._move(WhistleState.EVALUATED)

    def escalate(self, level: int, at: datetime) -> None:
        """Its being overdue was reported upwards."""
        self.escalation_level = max(self.escalation_level, level)
        self.escalated_at = self.escalated_at or at
