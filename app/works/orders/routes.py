"""URLs of work orders."""

from typing import Any
from uuid import UUID

from app.attachments.refusals import TooManyAttachments, UnknownAttachment
from app.kit import clock
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, each, read_page
from app.matters.access import matters_as_seen
from app.matters.models import Matter
from app.matters.refusals import ReasonMissing
from app.matters.schemas import MatterSchema
from app.people.guards import (
    EVERYONE_THERE,
    act,
    act_by_role,
    allow,
    create_by_role,
    current_actor,
    obtain,
    obtain_compound,
)
from app.people.models import Role
from app.resolutions.models import Resolution
from app.works import refusals, shelving
from app.works.access import (
    DOERS,
    ORDER_CHECKERS,
    order_as_listed,
    order_as_seen,
    order_is_overdue,
    orders_of,
)
from app.works.orders import assigning, finishing, schemas
from app.works.orders import making as orders
from app.works.orders.models import OrderProgress, WorkOrder
from app.works.photos import SeenProgress, order_in_detail, with_photos

blp = Blueprint("works", __name__, description="民办 · Work orders")

MAKERS = (Role.BRANCH_SECRETARY, Role.SEATED_MEMBER)
# The branch gives orders; the community where the branch cannot.
LEADERS = (Role.BRANCH_SECRETARY, Role.COMMUNITY_SECRETARY)
TAKERS = (
    Role.SEATED_MEMBER,
    Role.PROPERTY_MANAGER,
    Role.OC_DIRECTOR,
    Role.BUILDING_HEAD,
    Role.DEPARTMENT,
)

ORDER_EXAMPLE = {
    "title": "清僵尸车8辆、划黄线",
    "text": "消防通道和3栋门前先清，四月中旬前办完。",
    "urgency": "NORMAL",
    "doer_kind": "PROPERTY_FIRM",
    "doer_name": "物业",
    "due_on": "2026-04-17",
}
ASSIGN_EXAMPLE = {"doer_ids": ["0198c0de-0000-7000-8000-000000000001"], "due_on": "2026-04-17"}


@blp.post("/resolutions/<uuid:resolution_id>/orders", schemas.OrderSchema)
@allow(*MAKERS)
@blp.arguments(schemas.OrderArgs, example=ORDER_EXAMPLE)
@blp.creates(WrongState, refusals.DueDayPassed)
def create_order_from_resolution(body: dict[str, Any], resolution_id: UUID) -> dict[str, Any]:
    """从决议派单 · Create an order that carries out a passed resolution.

    An order created by a seated member is a proposal (创单); the secretary confirms it by
    assigning it.
    """
    resolution = obtain(Resolution, resolution_id)
    order = create_by_role(WorkOrder, orders.create_from_resolution, resolution, **body)
    return order_as_seen(order)


@blp.post("/matters/<uuid:matter_id>/orders", schemas.OrderSchema)
@allow(*MAKERS)
@blp.arguments(schemas.OrderArgs, example=ORDER_EXAMPLE)
@blp.creates(WrongState, refusals.OrderFromResolution, refusals.DueDayPassed)
def create_order_from_matter(body: dict[str, Any], matter_id: UUID) -> dict[str, Any]:
    """派单 · Create an order for a matter that was dispatched, or that no resolution orders."""
    matter = obtain(Matter, matter_id)
    return order_as_seen(create_by_role(WorkOrder, orders.create_from_matter, matter, **body))


@blp.post("/matters/<uuid:matter_id>/shelve", MatterSchema)
@allow(Role.COMMUNITY_SECRETARY)
@blp.arguments(schemas.WorkReasonArgs, example={"reason": "所依据的决议已被代替，另由新决议安排"})
@blp.refuses(WrongState, refusals.MatterIsDecided, refusals.WorkGoesOn)
def shelve_matter(body: dict[str, Any], matter_id: UUID) -> dict[str, Any]:
    """暂缓 · Shelve a matter that nobody carries on, with a reason; it may be raised again."""
    matter = act(shelving.shelve_matter, obtain(Matter, matter_id), body["reason"])
    return matters_as_seen(current_actor(), [matter])[0]


@blp.get("/compounds/<uuid:compound_id>/orders")
@allow(*EVERYONE_THERE)
@blp.lists(schemas.ListedOrderSchema, schemas.OrdersArgs)
def list_orders(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """任务单列表 · Orders of a compound, newest first."""
    obtain_compound(compound_id)
    query = orders_of(compound_id)
    if args.pop("overdue"):
        query = query.where(order_is_overdue(clock.now()))
    return read_page(db.session(), query, WorkOrder.number, show=each(order_as_listed), **args)


@blp.get("/orders/<uuid:order_id>", schemas.OrderDetailSchema)
@allow(*EVERYONE_THERE)
def read_order(order_id: UUID) -> dict[str, Any]:
    """一张任务单 · One order with its progress and photos."""
    order = obtain(WorkOrder, order_id)
    return {**order_as_seen(order), **order_in_detail(db.session(), order)}


@blp.post("/orders/<uuid:order_id>/assign", schemas.OrderSchema)
@allow(*LEADERS)
@blp.arguments(schemas.AssignArgs, example=ASSIGN_EXAMPLE)
@blp.refuses(WrongState, ReasonMissing, refusals.InvalidDoer, refusals.DueDayPassed)
def assign_order(body: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """派单 · Assign an order to its doer, or to another one where the doer has left."""
    return order_as_seen(act(assigning.assign_order, obtain(WorkOrder, order_id), **body))


@blp.post("/orders/<uuid:order_id>/take", schemas.OrderSchema)
@allow(*TAKERS)
@blp.refuses(WrongState)
def take_order(order_id: UUID) -> dict[str, Any]:
    """抢单 · Take an open order; only the first one gets it."""
    return order_as_seen(act_by_role(assigning.take_order, obtain(WorkOrder, order_id)))


@blp.post("/orders/<uuid:order_id>/accept", schemas.OrderSchema)
@allow(*DOERS)
@blp.refuses(WrongState, refusals.NotTheDoer)
def accept_order(order_id: UUID) -> dict[str, Any]:
    """接单 · Accept an order that was assigned to you."""
    return order_as_seen(act_by_role(assigning.accept_order, obtain(WorkOrder, order_id)))


@blp.post("/orders/<uuid:order_id>/decline", schemas.OrderSchema)
@allow(*DOERS)
@blp.arguments(schemas.WorkReasonArgs, example={"reason": "不属于物业服务合同范围"})
@blp.refuses(WrongState, refusals.NotTheDoer)
def decline_order(body: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """退单 · Decline an order, with a reason; it may be assigned again."""
    order = act_by_role(assigning.decline_order, obtain(WorkOrder, order_id), body["reason"])
    return order_as_seen(order)


@blp.post("/orders/<uuid:order_id>/withdraw", schemas.OrderSchema)
@allow(*LEADERS)
@blp.arguments(schemas.WorkReasonArgs, example={"reason": "与另一张任务单重复"})
@blp.refuses(WrongState)
def withdraw_order(body: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """撤单 · Withdraw an order that nobody has accepted."""
    return order_as_seen(act(orders.withdraw_order, obtain(WorkOrder, order_id), body["reason"]))


@blp.post("/orders/<uuid:order_id>/contact", schemas.OrderSchema)
@allow(*DOERS)
@blp.arguments(schemas.ContactArgs, example={"note": "已电话联系提出人，约好周三上门。"})
@blp.refuses(WrongState, refusals.NotTheDoer)
def contact_raiser(body: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """首次联系 · Record that the doer has spoken with the raiser; the first time counts."""
    order = act_by_role(assigning.note_contact, obtain(WorkOrder, order_id), body["note"])
    return order_as_seen(order)


@blp.post("/orders/<uuid:order_id>/progress", schemas.ProgressSchema)
@allow(*DOERS)
@blp.arguments(
    schemas.ProgressArgs, example={"kind": "PROGRESS", "text": "已清走5辆，余3辆待认领。"}
)
@blp.creates(WrongState, refusals.NotTheDoer, TooManyAttachments, UnknownAttachment)
def add_progress(body: dict[str, Any], order_id: UUID) -> SeenProgress:
    """记录进展 · Record progress, with photos that only people of the place can see."""
    order = obtain(WorkOrder, order_id)
    progress = create_by_role(OrderProgress, finishing.add_progress, order, **body)
    return with_photos(db.session(), progress)


@blp.post("/orders/<uuid:order_id>/submit", schemas.OrderSchema)
@allow(*DOERS)
@blp.arguments(schemas.WorkWordsArgs, example={"text": "8辆已全部清走，黄线已划好。"})
@blp.refuses(WrongState, refusals.NotTheDoer, TooManyAttachments, UnknownAttachment)
def submit_order(body: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """报完成 · Report the order as done, with photos that only people of the place can see."""
    return order_as_seen(act_by_role(finishing.submit_order, obtain(WorkOrder, order_id), **body))


@blp.post("/orders/<uuid:order_id>/verify", schemas.OrderSchema)
@allow(*ORDER_CHECKERS)
@blp.arguments(schemas.CheckWorkArgs, example={"note": "现场查看，通道已畅通。"})
@blp.refuses(WrongState, refusals.DoerCannotVerify)
def verify_order(body: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """核实 · Confirm that the order is done; not by whoever did it."""
    order = act_by_role(finishing.verify_order, obtain(WorkOrder, order_id), body["note"])
    return order_as_seen(order)


@blp.post("/orders/<uuid:order_id>/return", schemas.OrderSchema)
@allow(*ORDER_CHECKERS)
@blp.arguments(
    schemas.ReturnOrderArgs, example={"reason": "还有2辆没有清走", "due_on": "2026-04-20"}
)
@blp.refuses(WrongState, refusals.DoerCannotVerify, refusals.DueDayPassed)
def return_order(body: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """退回 · Return the order as not done, with a reason; not by whoever did it."""
    return order_as_seen(act_by_role(finishing.return_order, obtain(WorkOrder, order_id), **body))
