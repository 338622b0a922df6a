"""What was carried out in a month: orders in all states, hours, and whistles."""

from datetime import timedelta
from uuid import UUID

from app.board.models import NoticeKind
from app.kit.orm import new_id
from app.works.escalations import Escalation, MissedStep
from app.works.hours.models import WorkHours
from app.works.limits import Urgency, WhistleKind
from app.works.orders.models import (
    DoerKind,
    OrderDoer,
    OrderProgress,
    OrderState,
    OrderWay,
    ProgressKind,
    WorkOrder,
)
from app.works.whistles.models import Whistle, WhistleGround, WhistleState
from bench.decade import DAY, WORDS, Decade, Session

_S = OrderState
# Of fifty orders; most are closed long ago, and some nobody ever finished.
ORDER_STATES = (
    *[_S.CLOSED] * 30,
    *[_S.RATED] * 6,
    *[_S.VERIFIED] * 5,
    *[_S.WITHDRAWN] * 3,
    *[_S.SUBMITTED] * 2,
    _S.RETURNED,
    _S.ACCEPTED,
    _S.DECLINED,
    _S.REQUESTED,
)
_W = WhistleState
WHISTLE_STATES = (
    *[_W.VERIFIED_CLOSED] * 14,
    *[_W.WITHDRAWN] * 3,
    _W.COLLECTED,
    _W.FED_BACK,
    _W.REWORK,
)
OVERDUE = frozenset({_S.RETURNED, _S.ACCEPTED, _S.DECLINED})


def share(total: int, parts: int, index: int) -> int:
    """How many of `total` fall to the part with this index, so that all parts add up to it."""
    return total * (index + 1) // parts - total * index // parts


def add_works(decade: Decade, session: Session, number: int) -> None:
    """The month's share of all orders, hours and whistles of the plan."""
    plan = decade.plan
    orders = [_order(decade, session) for _ in range(share(plan.orders, plan.sessions, number))]
    for index in range(share(plan.hours, plan.sessions, number)):
        decade.rows.add(
            WorkHours,
            order_id=orders[index % len(orders)],
            compound_id=decade.place.compound_id,
            member_id=decade.voter(index),
            worked_on=decade.at.date(),
            minutes=60,
            logged_by_id=decade.voter(index),
            logged_at=decade.at,
        )
    for _ in range(share(plan.whistles, plan.sessions, number)):
        _whistle(decade, session)


def _order(decade: Decade, session: Session) -> UUID:
    rows, compound_id, at = decade.rows, decade.place.compound_id, decade.at
    order_id, number = new_id(), rows.count(WorkOrder) + 1
    state = ORDER_STATES[number % len(ORDER_STATES)]
    index = number % len(session.resolutions)
    doer_id, checker_id = decade.voter(number), decade.voter(number + 1)
    is_assigned = state not in (_S.REQUESTED, _S.WITHDRAWN)
    is_submitted = state in (_S.SUBMITTED, _S.VERIFIED, _S.RETURNED, _S.RATED, _S.CLOSED)
    is_verified = state in (_S.VERIFIED, _S.RATED, _S.CLOSED)
    is_overdue = state in OVERDUE
    due_at = at + 7 * DAY
    rows.add(
        WorkOrder,
        id=order_id,
        compound_id=compound_id,
        matter_id=session.matters[index],
        resolution_id=session.resolutions[index],
        number=number,
        title="清僵尸车、划黄线",
        text=WORDS,
        urgency=Urgency.NORMAL,
        way=OrderWay.PROPOSE if state is _S.REQUESTED else OrderWay.ASSIGN,
        doer_kind=list(DoerKind)[number % len(DoerKind)],
        doer_name="物业",
        state=state,
        requested_by_id=decade.secretary,
        requested_at=at,
        due_at=due_at if is_assigned else None,
        assigned_at=at if is_assigned else None,
        accept_due_at=at + DAY if is_assigned else None,
        contact_due_at=at + DAY if is_assigned else None,
        accepted_at=at if is_assigned else None,
        contacted_at=at if is_assigned else None,
        submission=WORDS if is_submitted else None,
        submitted_at=at + 5 * DAY if is_submitted else None,
        submitted_by_id=doer_id if is_submitted else None,
        verified_at=at + 6 * DAY if is_verified else None,
        verified_by_id=checker_id if is_verified else None,
        finished_at=at + 5 * DAY if is_verified else None,
        reason="另有安排" if state in (_S.DECLINED, _S.RETURNED, _S.WITHDRAWN) else None,
        return_count=1 if state is _S.RETURNED else 0,
        escalation_level=2 if is_overdue else 0,
        escalated_at=due_at if is_overdue else None,
    )
    decade.move(WorkOrder, order_id, "create", _S.REQUESTED)
    if is_assigned:
        rows.add(OrderDoer, order_id=order_id, resident_id=doer_id, named_at=at)
        for kind in (ProgressKind.BEFORE, ProgressKind.AFTER):
            rows.add(
                OrderProgress,
                order_id=order_id,
                compound_id=compound_id,
                kind=kind,
                text="现场查看",
                by_id=doer_id,
                at=at,
            )
        decade.notice(NoticeKind.ORDER_ASSIGNED, order_id)
        decade.move(WorkOrder, order_id, "assign", _S.ASSIGNED)
    if is_verified:
        decade.notice(NoticeKind.ORDER_VERIFIED, order_id)
        decade.move(WorkOrder, order_id, "verify", _S.VERIFIED)
    if is_overdue:
        decade.notice(NoticeKind.ORDER_OVERDUE, order_id)
        for level in (1, 2):
            rows.add(
                Escalation,
                compound_id=compound_id,
                order_id=order_id,
                step=MissedStep.SUBMIT,
                level=level,
                due_at=due_at,
                escalated_at=due_at + level * DAY,
            )
            decade.move(WorkOrder, order_id, "escalate", state)
    return order_id


def _whistle(decade: Decade, session: Session) -> None:
    rows, compound_id, at = decade.rows, decade.place.compound_id, decade.at
    whistle_id, number = new_id(), rows.count(Whistle) + 1
    state = WHISTLE_STATES[number % len(WHISTLE_STATES)]
    is_blown = state not in (_W.COLLECTED, _W.WITHDRAWN)
    is_closed = state is _W.VERIFIED_CLOSED
    due_at = at + 9 * DAY
    terms = {
        "sign_due_at": at + timedelta(hours=2),
        "contact_due_at": at + DAY,
        "report_due_at": at + 2 * DAY,
        "due_at": due_at,
        "blown_at": at,
        "signed_at": at,
        "contacted_at": at,
        "reported_at": at,
        "fed_back_at": at + 5 * DAY,
    }
    rows.add(
        Whistle,
        id=whistle_id,
        compound_id=compound_id,
        matter_id=session.matters[number % len(session.matters)],
        number=number,
        ground=WhistleGround.CARED_UNSOLVED,
        text=WORDS,
        state=state,
        requested_by_id=decade.secretary,
        requested_at=at,
        **(terms if is_blown else {}),
        kind=WhistleKind.PUSH if is_blown else None,
        department="城管" if is_blown else None,
        signed_by_id=decade.voter(number) if is_blown else None,
        report=WORDS if is_blown else None,
        feedback=WORDS if is_blown else None,
        closed_at=at + 6 * DAY if is_closed else None,
        closed_by_id=decade.voter(number + 1) if is_closed else None,
        reason="没有解决" if state in (_W.REWORK, _W.WITHDRAWN) else None,
        rework_count=1 if state is _W.REWORK else 0,
        escalation_level=2 if state is _W.REWORK else 0,
        escalated_at=due_at if state is _W.REWORK else None,
    )
    decade.move(Whistle, whistle_id, "request", _W.COLLECTED)
    if is_closed:
        decade.notice(NoticeKind.WHISTLE_CLOSED, whistle_id)
        decade.move(Whistle, whistle_id, "verify_close", state)
    if state is _W.REWORK:
        decade.notice(NoticeKind.WHISTLE_ESCALATED, whistle_id)
        for level in (1, 2):
            rows.add(
                Escalation,
                compound_id=compound_id,
                whistle_id=whistle_id,
                step=MissedStep.FEED_BACK,
                level=level,
                due_at=due_at,
                escalated_at=due_at + level * DAY,
            )
            decade.move(Whistle, whistle_id, "escalate", state)
