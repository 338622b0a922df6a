"""Orders, hours and whistles."""

from typing import Any

from sqlalchemy import select

from app.works.hours.models import WorkHours
from app.works.limits import Urgency
from app.works.orders.models import DoerKind, OrderDoer, OrderWay, WorkOrder
from app.works.whistles.models import Whistle, WhistleGround
from tests.cast import Person
from tests.walk.turn import NotNow, Turn, column, json, people, says

DOERS = (
    "SEATED_MEMBER",
    "PROPERTY_MANAGER",
    "OC_DIRECTOR",
    "BUILDING_HEAD",
    "DEPARTMENT",
    "BRANCH_SECRETARY",
)
DEPARTMENTS = ("区水务局", "区城管局", "区住建局")
FIRMS = ("物业", "下沉党员", "共建单位", "社区")


@says("POST /matters/{matter_id}/orders", "POST /resolutions/{resolution_id}/orders")
def order(turn: Turn) -> dict[str, Any]:
    is_branch = turn.by in turn.world.holders("BRANCH_SECRETARY", turn.ground.compound)
    return json(
        title=f"办理{turn.world.memory.next()}",
        text=turn.words(),
        urgency=turn.pick(list(Urgency)).value,
        doer_kind=turn.pick(list(DoerKind)).value,
        doer_name=turn.pick(FIRMS),
        due_on=turn.day(0, 12) if turn.happens(0.4) else ...,
        is_open=is_branch and turn.happens(0.3),
    )


@says("POST /orders/{order_id}/assign")
def assign(turn: Turn) -> dict[str, Any]:
    keeps = turn.about.state in ("ACCEPTED", "RETURNED") and not turn.world.is_tidy
    if keeps and not turn.happens(0.1):
        raise NotNow  # whoever has taken it on mostly keeps it
    holders = [each for role in DOERS for each in turn.world.holders(role, turn.ground.compound)]
    doers = turn.chance.sample(holders, min(len(holders), turn.pick((0, 1, 1, 2))))
    changed = turn.happens(0.4)
    return json(
        doer_kind=turn.pick(list(DoerKind)).value if changed else ...,
        doer_name=turn.pick(FIRMS) if changed else ...,
        doer_ids=sorted({str(each.id) for each in doers}),
        due_on=turn.day(0, 9) if turn.happens(0.4) else ...,
    )


@says("POST /orders/{order_id}/take")
def take(turn: Turn) -> dict[str, Any]:
    if turn.about.name != OrderWay.TAKE:
        raise NotNow
    return {}


def doers(turn: Turn) -> list[Person]:
    """Those who act for the order's doer; the secretary where nobody is named."""
    query = select(OrderDoer.resident_id).where(
        OrderDoer.order_id == turn.about.id, OrderDoer.left_at.is_(None)
    )
    named = people(turn, turn.rows(query.order_by(OrderDoer.named_at, OrderDoer.resident_id)))
    return named or turn.world.holders("BRANCH_SECRETARY", turn.ground.compound)


@says("POST /orders/{order_id}/accept", who=doers)
def accept(turn: Turn) -> dict[str, Any]:
    return {}


@says("POST /orders/{order_id}/decline", "POST /orders/{order_id}/withdraw")
def decline(turn: Turn) -> dict[str, Any]:
    return json(reason=turn.words())


@says("POST /orders/{order_id}/decline", who=doers)
def decline_it(turn: Turn) -> dict[str, Any]:
    return json(reason=turn.words())


@says("POST /orders/{order_id}/contact", who=doers)
def contact(turn: Turn) -> dict[str, Any]:
    return json(note=turn.words())


@says("POST /orders/{order_id}/progress", "POST /orders/{order_id}/submit", who=doers)
def words(turn: Turn) -> dict[str, Any]:
    return json(text=turn.words(), attachment_ids=turn.photo(0.2))


def checkers(turn: Turn) -> list[Person]:
    """Those who may check, and have not done the work."""
    busy = {each.id for each in doers(turn)} | {column(turn, WorkOrder.submitted_by_id)}
    roles = ("BRANCH_SECRETARY", "GRID_WORKER", "BUILDING_HEAD", "COMMUNITY_SECRETARY")
    found = [each for role in roles for each in turn.world.holders(role, turn.ground.compound)]
    return [each for each in dict.fromkeys(found) if each.id not in busy]


@says("POST /orders/{order_id}/verify", who=checkers)
def verify(turn: Turn) -> dict[str, Any]:
    return json(note=turn.words() if turn.happens(0.5) else ...)


@says("POST /orders/{order_id}/return", who=checkers)
def send_back(turn: Turn) -> dict[str, Any]:
    return json(reason=turn.words(), due_on=turn.day(0, 9) if turn.happens(0.5) else ...)


@says("POST /orders/{order_id}/hours", who=doers)
def hours(turn: Turn) -> dict[str, Any]:
    members = turn.world.holders("SEATED_MEMBER", turn.ground.compound)
    if turn.by not in members:
        raise NotNow
    return json(worked_on=turn.day(0, 0), minutes=turn.pick((30, 60, 90)))


def givers(turn: Turn) -> list[Person]:
    own = people(turn, [column(turn, WorkHours.member_id)])
    return own + turn.world.holders("BRANCH_SECRETARY", turn.ground.compound)


@says("POST /hours/{hours_id}/reverse", who=givers)
def reverse(turn: Turn) -> dict[str, Any]:
    return json(reason=turn.words())


# Whistles


@says("POST /matters/{matter_id}/whistles")
def whistle(turn: Turn) -> dict[str, Any]:
    return json(ground=turn.pick(list(WhistleGround)).value, text=turn.words())


@says("POST /whistles/{whistle_id}/blow")
def blow(turn: Turn) -> dict[str, Any]:
    receivers = turn.world.holders("DEPARTMENT", turn.ground.compound)
    named = bool(receivers) and turn.happens(0.6)
    return json(
        kind=turn.pick(("PUSH", "HARD")),
        department=turn.pick(DEPARTMENTS),
        receiver_id=str(turn.pick(receivers).id) if named else None,
        due_on=turn.day(1, 12) if turn.happens(0.4) else ...,
    )


def receivers(turn: Turn) -> list[Person]:
    """Whoever signed, or was called; else the department as a whole."""
    query = select(Whistle.signed_by_id, Whistle.receiver_id).where(Whistle.id == turn.about.id)
    signed, called = turn.rows(query)[0]
    named = people(turn, [signed or called])
    return named or turn.world.holders("DEPARTMENT", turn.ground.compound)


@says("POST /whistles/{whistle_id}/object", who=receivers)
def objection(turn: Turn) -> dict[str, Any]:
    return json(reason=turn.words())


@says("POST /whistles/{whistle_id}/sign", who=receivers)
def sign(turn: Turn) -> dict[str, Any]:
    return {}


@says("POST /whistles/{whistle_id}/contact", who=receivers)
def contact_them(turn: Turn) -> dict[str, Any]:
    return json(note=turn.words())


@says("POST /whistles/{whistle_id}/report", "POST /whistles/{whistle_id}/feed-back", who=receivers)
def report(turn: Turn) -> dict[str, Any]:
    return json(text=turn.words(), attachment_ids=turn.photo(0.2))


def closers(turn: Turn) -> list[Person]:
    query = select(Whistle.signed_by_id, Whistle.receiver_id).where(Whistle.id == turn.about.id)
    busy = turn.rows(query)[0]
    roles = ("SUBDISTRICT_OFFICER", "COMMUNITY_SECRETARY", "GRID_WORKER")
    found = [each for role in roles for each in turn.world.holders(role, turn.ground.compound)]
    return [each for each in dict.fromkeys(found) if each.id not in busy]


@says("POST /whistles/{whistle_id}/verify-close", who=closers)
def verify_close(turn: Turn) -> dict[str, Any]:
    return json(note=turn.words())


@says("POST /whistles/{whistle_id}/rework", who=closers)
def rework(turn: Turn) -> dict[str, Any]:
    return json(reason=turn.words(), due_on=turn.day(1, 9))


@says("POST /whistles/{whistle_id}/withdraw")
def withdraw(turn: Turn) -> dict[str, Any]:
    return json(reason=turn.words())
