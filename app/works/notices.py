"""What the board says of orders and whistles, Chinese first; nobody is named."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.board.models import NoticeKind, PublicNotice
from app.board.services import post
from app.kit.clock import local, spoken, spoken_end
from app.works.ledgers import MissedStep
from app.works.limits import WhistleKind
from app.works.orders.models import DoerKind, WorkOrder
from app.works.whistles.models import Whistle

DOERS = {
    DoerKind.PARTY_BRANCH: ("小区党支部", "the party branch"),
    DoerKind.PARTY_GROUP: ("楼栋党小组", "a party group"),
    DoerKind.OWNERS_COMMITTEE: ("业委会", "the owners' committee"),
    DoerKind.PROPERTY_FIRM: ("物业", "the property firm"),
    DoerKind.DEPARTMENT: ("职能部门", "a department"),
    DoerKind.SEATED_MEMBER: ("下沉党员", "a seated party member"),
    DoerKind.PARTNER_UNIT: ("下沉单位", "a partner unit"),
    DoerKind.COMMUNITY: ("社区", "the community"),
}
KINDS = {WhistleKind.PUSH: ("推进哨", "push"), WhistleKind.HARD: ("攻坚哨", "hard")}
STEPS = {
    MissedStep.SIGN: ("签收", "sign"),
    MissedStep.REPORT: ("报到", "report"),
    MissedStep.FEED_BACK: ("反馈", "feed back"),
}


def order_data(order: WorkOrder) -> dict[str, Any]:
    """An order for programs: its words, its doer and its terms."""
    return {
        "order_id": str(order.id),
        "number": order.number,
        "label": order.label,
        "title": order.title,
        "text": order.text,
        "state": order.state.value,
        "urgency": order.urgency.value,
        "matter_id": str(order.matter_id),
        "matter": order.matter.title,
        "resolution_id": None if order.resolution_id is None else str(order.resolution_id),
        "session_id": None if order.resolution is None else str(order.resolution.session_id),
        "doer_kind": order.doer_kind.value,
        "doer_name": order.doer_name,
        "due_at": _written(order.due_at),
        "finished_at": _written(order.finished_at),
        "is_in_time": order.is_in_time,
    }


def whistle_data(whistle: Whistle) -> dict[str, Any]:
    """A whistle for programs: its department, its terms, and when each step really came."""
    times = ("sign_due_at", "signed_at", "contact_due_at", "contacted_at", "report_due_at")
    later = ("reported_at", "due_at", "fed_back_at", "closed_at")
    return {
        "whistle_id": str(whistle.id),
        "number": whistle.number,
        "label": whistle.label,
        "state": whistle.state.value,
        "ground": whistle.ground.value,
        "kind": whistle.kind and whistle.kind.value,
        "department": whistle.department,
        "matter_id": str(whistle.matter_id),
        "matter": whistle.matter.title,
        **{name: _written(getattr(whistle, name)) for name in (*times, *later)},
        "rework_count": whistle.rework_count,
        "is_in_time": whistle.is_in_time,
    }


def post_assignment(session: Session, order: WorkOrder, at: datetime) -> None:
    """派单: who carries an order out, and until when."""
    zh, en = DOERS[order.doer_kind]
    due = _spoken_due(order.due_at or at)
    _post_order(
        session,
        NoticeKind.ORDER_ASSIGNED,
        order,
        "已派单",
        f"承办：{order.doer_name}（{zh}），期限：{due}。\nTo be carried out by {en}, due {due}.",
        at,
    )


def post_verification(session: Session, order: WorkOrder, at: datetime) -> None:
    """办结: an order is done, in time or late. Done anew, its notice is corrected."""
    due, finished = _spoken_due(order.due_at or at), spoken(order.finished_at or at)
    zh, en = ("按期办结", "in time") if order.is_in_time else ("逾期办结", "late")
    earlier = session.scalar(
        select(PublicNotice).where(
            PublicNotice.about_id == order.id, PublicNotice.kind == NoticeKind.ORDER_VERIFIED
        )
    )
    if earlier is not None:
        earlier.correct(f"重办后办结：{finished}，{zh}。 Done anew at {finished}, {en}.", at)
        return
    _post_order(
        session,
        NoticeKind.ORDER_VERIFIED,
        order,
        zh,
        f"承办：{order.doer_name}，期限：{due}，办结：{finished}，已由他人核实，{zh}。\n"
        f"Done at {finished}, due {due}, {en}; checked by somebody who did not do it.",
        at,
    )


def post_overdue_order(session: Session, order: WorkOrder, at: datetime) -> None:
    """逾期: an order was not done in its term."""
    due = _spoken_due(order.due_at or at)
    _post_order(
        session,
        NoticeKind.ORDER_OVERDUE,
        order,
        "逾期未办结",
        f"承办：{order.doer_name}，期限：{due}，尚未办结，已报社区督办。\n"
        f"Due {due} and not done yet; the community was told.",
        at,
    )


def post_overdue_whistle(
    session: Session, whistle: Whistle, step: MissedStep, due_at: datetime, at: datetime
) -> None:
    """逾期: a department did not take its next step in its term."""
    zh, en = STEPS[step]
    due = _spoken_due(due_at)
    _post_whistle(
        session,
        NoticeKind.WHISTLE_ESCALATED,
        whistle,
        f"逾期未{zh}",
        f"{whistle.department}应于 {due} 前{zh}，逾期未办，已报社区督办。\n"
        f"The department was to {en} by {due} and did not; the community was told.",
        at,
    )


def post_closing(session: Session, whistle: Whistle, at: datetime) -> None:
    """核实结项: a whistle is done, in time or late."""
    due, fed_back = _spoken_due(whistle.due_at or at), spoken(whistle.fed_back_at or at)
    zh, en = ("按期", "in time") if whistle.is_in_time else ("逾期", "late")
    _post_whistle(
        session,
        NoticeKind.WHISTLE_CLOSED,
        whistle,
        f"{zh}办结",
        f"{whistle.department}于 {fed_back} 反馈，期限：{due}，{zh}；已由他人核实结项。\n"
        f"Fed back at {fed_back}, due {due}, {en}; checked by somebody who did not do it.",
        at,
    )


def _post_order(
    session: Session, kind: NoticeKind, order: WorkOrder, zh: str, text: str, at: datetime
) -> None:
    post(
        session,
        kind,
        order.compound,
        order.id,
        title=f"任务单{order.label}「{order.title}」{zh}",
        text=f"议题：{order.matter.title}。{text}",
        data=order_data(order),
        at=at,
    )


def _post_whistle(
    session: Session, kind: NoticeKind, whistle: Whistle, zh: str, text: str, at: datetime
) -> None:
    name = KINDS[whistle.kind][0] if whistle.kind else "哨"
    post(
        session,
        kind,
        whistle.compound,
        whistle.id,
        title=f"{name}（{whistle.label}）「{whistle.matter.title}」{zh}",
        text=text,
        data=whistle_data(whistle),
        at=at,
    )


def _spoken_due(instant: datetime) -> str:
    """A term as people say it: `2026-04-17 24:00` for the end of a day."""
    at_midnight = local(instant).time() == local(instant).min.time()
    return spoken_end(instant) if at_midnight else spoken(instant)


def _written(instant: datetime | None) -> str | None:
    return None if instant is None else local(instant).isoformat()
