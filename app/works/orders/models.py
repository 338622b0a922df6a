"""Work orders, who carries them out, and what they report."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.compounds.models import Compound
from app.kit.moves import HasMoves
from app.kit.orm import Base, HasId, enum_type
from app.kit.words import Worded
from app.matters.models import Matter
from app.people.models import Resident
from app.resolutions.models import Resolution
from app.works.limits import Urgency


class OrderState(Worded):
    """Steps of a work order (domain notes, section 8). WITHDRAWN is one that nobody carried out
    and that is not wanted any more; RATED and CLOSED come with the evaluation."""

    REQUESTED = "REQUESTED", "待派", "requested"
    ASSIGNED = "ASSIGNED", "已派", "assigned"
    ACCEPTED = "ACCEPTED", "已接", "accepted"
    DECLINED = "DECLINED", "已退单", "declined"
    SUBMITTED = "SUBMITTED", "已报完成", "submitted"
    VERIFIED = "VERIFIED", "已核实", "verified"
    RETURNED = "RETURNED", "退回重办", "returned"
    WITHDRAWN = "WITHDRAWN", "已撤", "withdrawn"
    RATED = "RATED", "已评", "rated"
    CLOSED = "CLOSED", "已结项", "closed"


_S = OrderState
ORDER_MOVES: dict[OrderState, frozenset[OrderState]] = {
    # REQUESTED > ACCEPTED: whoever takes an open order has accepted it (抢单).
    _S.REQUESTED: frozenset({_S.ASSIGNED, _S.ACCEPTED, _S.WITHDRAWN}),
    # ASSIGNED > ASSIGNED: whoever does not answer loses the order to somebody else.
    _S.ASSIGNED: frozenset({_S.ASSIGNED, _S.ACCEPTED, _S.DECLINED, _S.WITHDRAWN}),
    # ACCEPTED, RETURNED > ASSIGNED: it is taken back from a doer who has left.
    _S.ACCEPTED: frozenset({_S.SUBMITTED, _S.ASSIGNED}),
    _S.DECLINED: frozenset({_S.ASSIGNED, _S.WITHDRAWN}),
    _S.SUBMITTED: frozenset({_S.VERIFIED, _S.RETURNED}),
    _S.RETURNED: frozenset({_S.SUBMITTED, _S.ASSIGNED}),
    # VERIFIED, RATED > RETURNED: it is not solved after all.
    _S.VERIFIED: frozenset({_S.RATED, _S.CLOSED, _S.RETURNED}),
    _S.RATED: frozenset({_S.CLOSED, _S.RETURNED}),
    _S.WITHDRAWN: frozenset(),
    _S.CLOSED: frozenset(),
}
DONE = frozenset({_S.VERIFIED, _S.RATED, _S.CLOSED})
# Whoever was to carry it out has not said that it is done.
OWED = frozenset({_S.ASSIGNED, _S.ACCEPTED, _S.DECLINED, _S.RETURNED})
AT_WORK = frozenset({_S.ACCEPTED, _S.RETURNED})


class OrderWay(Worded):
    """派单, 抢单, 创单: the secretary assigns it, it is open for takers, or a seated member
    proposes it and the secretary confirms it by assigning."""

    ASSIGN = "ASSIGN", "派单", "assigned"
    TAKE = "TAKE", "抢单", "open to takers"
    PROPOSE = "PROPOSE", "创单", "proposed"


class DoerKind(Worded):
    """Who carries an order out."""

    PARTY_BRANCH = "PARTY_BRANCH", "小区党支部", "the party branch"
    PARTY_GROUP = "PARTY_GROUP", "楼栋党小组", "a party group"
    OWNERS_COMMITTEE = "OWNERS_COMMITTEE", "业委会", "the owners' committee"
    PROPERTY_FIRM = "PROPERTY_FIRM", "物业", "the property firm"
    DEPARTMENT = "DEPARTMENT", "职能部门", "a department"
    SEATED_MEMBER = "SEATED_MEMBER", "下沉党员", "a seated party member"
    PARTNER_UNIT = "PARTNER_UNIT", "下沉单位", "a partner unit"
    COMMUNITY = "COMMUNITY", "社区", "the community"


class ProgressKind(Worded):
    BEFORE = "BEFORE", "办理前", "before"
    PROGRESS = "PROGRESS", "办理中", "in progress"
    AFTER = "AFTER", "办理后", "after"


class WorkOrder(HasMoves):
    """任务单, numbered within its compound. An order of a decided matter names its resolution; one
    of a dispatched matter has none.

    `due_at` is exclusive: what is finished before it is in time. `finished_at` is the time of the
    submission that was verified.
    """

    MOVES = ORDER_MOVES
    CALLED = ("这张任务单", "This work order")

    __tablename__ = "work_orders"
    __table_args__ = (
        UniqueConstraint("compound_id", "number"),
        Index(None, "compound_id", "id"),
        Index(None, "matter_id"),
        Index(None, "resolution_id"),
        Index(None, "state", "due_at"),
        Index(None, "compound_id", "state", "due_at"),
        CheckConstraint("number >= 1", name="number_starts_at_one"),
        CheckConstraint("return_count >= 0", name="return_count_is_a_count"),
        CheckConstraint("escalation_level BETWEEN 0 AND 2", name="escalation_level_is_known"),
        CheckConstraint("verified_by_id <> submitted_by_id", name="verified_by_somebody_else"),
        CheckConstraint(
            "state IN ('REQUESTED', 'WITHDRAWN') OR (assigned_at IS NOT NULL AND due_at IS NOT NULL"
            " AND accept_due_at IS NOT NULL AND contact_due_at IS NOT NULL)",
            name="assignment_has_its_terms",
        ),
        CheckConstraint(
            "(state NOT IN ('VERIFIED', 'RATED', 'CLOSED') OR verified_at IS NOT NULL)"
            " AND (verified_at IS NULL) = (verified_by_id IS NULL)"
            " AND (verified_at IS NULL) = (finished_at IS NULL)",
            name="verification_has_its_time_and_author",
        ),
        CheckConstraint(
            "state NOT IN ('SUBMITTED', 'VERIFIED', 'RETURNED', 'RATED', 'CLOSED')"
            " OR (submitted_at IS NOT NULL AND submitted_by_id IS NOT NULL)",
            name="submission_has_its_time_and_author",
        ),
        CheckConstraint(
            "state NOT IN ('DECLINED', 'RETURNED', 'WITHDRAWN') OR reason IS NOT NULL",
            name="refusal_has_a_reason",
        ),
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    matter_id: Mapped[UUID] = mapped_column(ForeignKey("matters.id"))
    resolution_id: Mapped[UUID | None] = mapped_column(ForeignKey("resolutions.id"))
    number: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    urgency: Mapped[Urgency] = mapped_column(enum_type(Urgency, "urgency"))
    way: Mapped[OrderWay] = mapped_column(enum_type(OrderWay, "way"))
    doer_kind: Mapped[DoerKind] = mapped_column(enum_type(DoerKind, "doer_kind"))
    doer_name: Mapped[str] = mapped_column(String(80))
    state: Mapped[OrderState] = mapped_column(enum_type(OrderState, "state"))
    requested_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    requested_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    assigned_at: Mapped[datetime | None]
    accept_due_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    contact_due_at: Mapped[datetime | None]
    contacted_at: Mapped[datetime | None]
    submission: Mapped[str | None] = mapped_column(Text)
    submitted_at: Mapped[datetime | None]
    submitted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    verified_at: Mapped[datetime | None]
    verified_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    finished_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Text)
    return_count: Mapped[int] = mapped_column(Integer, default=0)
    escalation_level: Mapped[int] = mapped_column(Integer, default=0)
    escalated_at: Mapped[datetime | None]

    compound: Mapped[Compound] = relationship()
    matter: Mapped[Matter] = relationship()
    resolution: Mapped[Resolution | None] = relationship()
    doers: Mapped[list["OrderDoer"]] = relationship(order_by="OrderDoer.named_at")

    @property
    def held_ids(self) -> list[UUID]:
        """Its session, if it carries out a resolution, and its matter."""
        session_ids = [] if self.resolution is None else [self.resolution.session_id]
        return [*session_ids, self.matter_id]

    @property
    def label(self) -> str:
        """The printed number, e.g. `W1`."""
        return f"W{self.number}"

    @property
    def is_in_time(self) -> bool | None:
        """Whether it was finished in its term; None while it is not verified."""
        if self.finished_at is None or self.due_at is None:
            return None
        return self.finished_at < self.due_at

    @property
    def is_contacted_in_time(self) -> bool | None:
        """Whether the first contact came in its term; None while there was none."""
        if self.contacted_at is None or self.contact_due_at is None:
            return None
        return self.contacted_at < self.contact_due_at

    def is_overdue(self, at: datetime) -> bool:
        """Whether its day has passed, and nobody has said that it is done; what is only proposed
        is nobody's yet."""
        is_owed = self.state in OWED or (
            self.state is OrderState.REQUESTED and self.way is not OrderWay.PROPOSE
        )
        return is_owed and self.due_at is not None and self.due_at <= at

    def is_done_by(self, resident_id: UUID) -> bool:
        """Whether this person carries it out now."""
        return any(doer.resident_id == resident_id and doer.left_at is None for doer in self.doers)

    def assign(self, at: datetime, due_at: datetime, answer_due_at: datetime) -> None:
        """It is somebody's to accept; the terms of the answer begin anew."""
        self._move(OrderState.ASSIGNED)
        self._begin(at, due_at, answer_due_at)
        self.contacted_at = None

    def take(self, at: datetime, due_at: datetime, answer_due_at: datetime) -> None:
        """抢单: assigned and accepted in one."""
        self.require_state(OrderState.REQUESTED)
        self._move(OrderState.ACCEPTED)
        self._begin(at, due_at, answer_due_at)
        self.accepted_at = self.contacted_at = at

    def accept(self, at: datetime) -> None:
        """Its doer takes it on; with that the first contact is made."""
        self.require_state(OrderState.ASSIGNED)
        self._move(OrderState.ACCEPTED)
        self.accepted_at = at
        self.contact(at)

    def decline(self, reason: str) -> None:
        """Its doer does not take it on; it may be assigned again."""
        self._move(OrderState.DECLINED)
        self.reason = reason

    def contact(self, at: datetime) -> None:
        """The doer has spoken with the raiser; the first time counts."""
        self.require_state(OrderState.ASSIGNED, *AT_WORK)
        self.contacted_at = self.contacted_at or at

    def submit(self, words: str, by_id: UUID, at: datetime) -> None:
        """Its doer says that it is done."""
        self._move(OrderState.SUBMITTED)
        self.submission, self.submitted_by_id, self.submitted_at = words, by_id, at

    def verify(self, by_id: UUID, at: datetime) -> None:
        """Somebody else found that it is done."""
        self._move(OrderState.VERIFIED)
        self.verified_by_id, self.verified_at, self.finished_at = by_id, at, self.submitted_at

    def send_back(self, reason: str, due_at: datetime | None) -> None:
        """Somebody else found that it is not done."""
        self._move(OrderState.RETURNED)
        self.reason = reason
        self.due_at = due_at or self.due_at
        self.return_count += 1

    def withdraw(self, reason: str) -> None:
        """It is not wanted any more, and nobody has taken it on."""
        self._move(OrderState.WITHDRAWN)
        self.reason = reason

    def rate(self) -> None:
        """The raiser has said what it was worth."""
        self._move(OrderState.RATED)

    def close(self) -> None:
        """Nothing more is to come."""
        self._move(OrderState.CLOSED)

    def reopen(self, reason: str, due_at: datetime) -> None:
        """It is not solved after all: its doer goes on, with a new term."""
        self.require_state(OrderState.VERIFIED, OrderState.RATED)
        self.send_back(reason, due_at)
        self.verified_at = self.verified_by_id = self.finished_at = None

    def escalate(self, level: int, at: datetime) -> None:
        """Its being overdue was reported upwards."""
        self.escalation_level = max(self.escalation_level, level)
        self.escalated_at = self.escalated_at or at

    def _begin(self, at: datetime, due_at: datetime, answer_due_at: datetime) -> None:
        self.assigned_at, self.due_at = at, due_at
        self.accept_due_at = self.contact_due_at = answer_due_at
        self.accepted_at = self.reason = None


class OrderDoer(Base):
    """Who acts for the doer of an order: one of them accepts, the others help. Whoever loses the
    order stays, with the time."""

    __tablename__ = "order_doers"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("work_orders.id"), primary_key=True)
    resident_id: Mapped[UUID] = mapped_column(
        ForeignKey("residents.id"), primary_key=True, index=True
    )
    named_at: Mapped[datetime]
    left_at: Mapped[datetime | None]

    resident: Mapped[Resident] = relationship()


class OrderProgress(HasId, Base):
    """What was found, done and left behind, in the words of the doer."""

    __tablename__ = "order_progress"
    __table_args__ = (Index(None, "order_id", "id"),)

    order_id: Mapped[UUID] = mapped_column(ForeignKey("work_orders.id"))
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    kind: Mapped[ProgressKind] = mapped_column(enum_type(ProgressKind, "kind"))
    text: Mapped[str] = mapped_column(Text)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    at: Mapped[datetime]

    by: Mapped[Resident] = relationship()
