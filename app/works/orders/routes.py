"""URLs of work orders and of the hours that seated members give."""

from typing import Any
from uuid import UUID

from app.attachments.refusals import TooManyAttachments, UnknownAttachment
from app.kit import clock
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, narrowed, read_page
from app.matters.models import Matter
from app.people.guards import (
    EVERYONE_THERE,
    act,
    act_by_role,
    allow,
    create_once,
    current_actor,
    obtain,
    obtain_compound,
)
from app.people.models import Role
from app.resolutions.models import Resolution
from app.works import hours
from app.works.access import (
    DOERS,
    ORDER_CHECKERS,
    order_as_listed,
    order_as_seen,
    order_is_overdue,
    orders_of,
)
from app.works.ledgers import WorkHours
from app.works.orders import assigning, finishing
from app.works.orders import making as orders
from app.works.orders.models import OrderProgress, WorkOrder
from app.works.orders.schemas import (
    AssignArgs,
    CheckWorkArgs,
    ContactArgs,
    HoursArgs,
    HoursSchema,
    ListedOrderSchema,
    OrderArgs,
    OrderDetailSchema,
    OrdersArgs,
    OrderSchema,
    ProgressArgs,
    ProgressSchema,
    ReturnOrderArgs,
    WorkReasonArgs,
    WorkWordsArgs,
)
from app.works.photos import SeenProgress, order_in_detail, with_photos
from app.works.refusals import (
    DoerCannotVerify,
    DueDayPassed,
    HoursReversedAlready,
    InvalidDay,
    InvalidDoer,
    NotTheDoer,
    OrderFromResolution,
    TooManyMinutes,
)

blp = Blueprint("works", __name__, description="民办 · Work orders")

MAKERS = (Role.BRANCH_SECRETARY, Role.SEATED_MEMBER)
TAKERS = (
    Role.SEATED_MEMBER,
    Role.PROPERTY_MANAGER,
    Role.OC_DIRECTOR,
    Role.BUILDING_HEAD,
    Role.DEPARTMENT,
)
# They read all hours; a seated member reads his own.
READERS_OF_HOURS = frozenset({Role.BRANCH_SECRETARY, Role.COMMUNITY_SECRETARY, Role.AUDITOR})

ORDER_EXAMPLE = {
    "title": "清僵尸车8辆、划黄线",
    "text": "消防通道和3栋门前先清，四月中旬前办完。",
    "urgency": "NORMAL",
    "doer_kind": "PROPERTY_FIRM",
    "doer_name": "物业",
    "due_on": "2026-04-17",
}
ASSIGN_EXAMPLE = {"doer_ids": ["0198c0de-0000-7000-8000-000000000001"], "due_on": "2026-04-17"}


@blp.route("/resolutions/<uuid:resolution_id>/orders", methods=["POST"])
@allow(*MAKERS)
@blp.arguments(OrderArgs, example=ORDER_EXAMPLE)
@blp.response(201, OrderSchema)
@blp.creates(WrongState, DueDayPassed)
def create_order_from_resolution(body: dict[str, Any], resolution_id: UUID) -> dict[str, Any]:
    """从决议派单 · Make an order that carries out a passed resolution.

    A seated member's order is a proposal (创单), which the secretary confirms by assigning it.
    """
    resolution = obtain(Resolution, resolution_id)
    by = current_actor()
    order = create_once(
        WorkOrder, lambda: orders.create_from_resolution(db.session(), resolution, by, **body)
    )
    return order_as_seen(order)


@blp.route("/matters/<uuid:matter_id>/orders", methods=["POST"])
@allow(*MAKERS)
@blp.arguments(OrderArgs, example=ORDER_EXAMPLE)
@blp.response(201, OrderSchema)
@blp.creates(WrongState, OrderFromResolution, DueDayPassed)
def create_order_from_matter(body: dict[str, Any], matter_id: UUID) -> dict[str, Any]:
    """派单 · Make an order for a matter that was dispatched without a vote."""
    matter = obtain(Matter, matter_id)
    by = current_actor()
    order = create_once(
        WorkOrder, lambda: orders.create_from_matter(db.session(), matter, by, **body)
    )
    return order_as_seen(order)


@blp.route("/compounds/<uuid:compound_id>/orders", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.lists(ListedOrderSchema, OrdersArgs)
def list_orders(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """任务单列表 · Orders of a compound, newest first."""
    obtain_compound(compound_id)
    query = orders_of(compound_id)
    query = narrowed(query, args, state=WorkOrder.state, doer_kind=WorkOrder.doer_kind)
    if args.pop("overdue"):
        query = query.where(order_is_overdue(clock.now()))
    page = read_page(db.session(), query, WorkOrder.number, **args)
    return {**page, "items": [order_as_listed(order) for order in page["items"]]}


@blp.route("/orders/<uuid:order_id>", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.response(200, OrderDetailSchema)
def read_order(order_id: UUID) -> dict[str, Any]:
    """一张任务单 · One order with its progress and photos."""
    order = obtain(WorkOrder, order_id)
    return {**order_as_seen(order), **order_in_detail(db.session(), order)}


@blp.route("/orders/<uuid:order_id>/assign", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(AssignArgs, example=ASSIGN_EXAMPLE)
@blp.response(200, OrderSchema)
@blp.refuses(WrongState, InvalidDoer, DueDayPassed)
def assign_order(body: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """派单 · Hand an order to its doer, who answers within 24 hours."""
    order = act(assigning.assign_order, obtain(WorkOrder, order_id), **body)
    return order_as_seen(order)


@blp.route("/orders/<uuid:order_id>/take", methods=["POST"])
@allow(*TAKERS)
@blp.response(200, OrderSchema)
@blp.refuses(WrongState)
def take_order(order_id: UUID) -> dict[str, Any]:
    """抢单 · Take an open order; who comes second is refused."""
    order = act_by_role(assigning.take_order, obtain(WorkOrder, order_id))
    return order_as_seen(order)


@blp.route("/orders/<uuid:order_id>/accept", methods=["POST"])
@allow(*DOERS)
@blp.response(200, OrderSchema)
@blp.refuses(WrongState, NotTheDoer)
def accept_order(order_id: UUID) -> dict[str, Any]:
    """接单 · Take on an order that was assigned."""
    order = act_by_role(assigning.accept_order, obtain(WorkOrder, order_id))
    return order_as_seen(order)


@blp.route("/orders/<uuid:order_id>/decline", methods=["POST"])
@allow(*DOERS)
@blp.arguments(WorkReasonArgs, example={"reason": "不属于物业服务合同范围"})
@blp.response(200, OrderSchema)
@blp.refuses(WrongState, NotTheDoer)
def decline_order(body: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """退单 · Do not take on an order, with a reason; it may be assigned again."""
    order = act_by_role(assigning.decline_order, obtain(WorkOrder, order_id), body["reason"])
    return order_as_seen(order)


@blp.route("/orders/<uuid:order_id>/withdraw", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(WorkReasonArgs, example={"reason": "与另一张任务单重复"})
@blp.response(200, OrderSchema)
@blp.refuses(WrongState)
def withdraw_order(body: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """撤单 · Want an order no more which nobody has taken on."""
    order = act(orders.withdraw_order, obtain(WorkOrder, order_id), body["reason"])
    return order_as_seen(order)


@blp.route("/orders/<uuid:order_id>/contact", methods=["POST"])
@allow(*DOERS)
@blp.arguments(ContactArgs, example={"note": "已电话联系提出人，约好周三上门。"})
@blp.response(200, OrderSchema)
@blp.refuses(WrongState, NotTheDoer)
def contact_raiser(body: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """首次联系 · Note that the doer has spoken with the raiser; the first time counts."""
    order = act_by_role(assigning.note_contact, obtain(WorkOrder, order_id), body["note"])
    return order_as_seen(order)


@blp.route("/orders/<uuid:order_id>/progress", methods=["POST"])
@allow(*DOERS)
@blp.arguments(ProgressArgs, example={"kind": "PROGRESS", "text": "已清走5辆，余3辆待认领。"})
@blp.response(201, ProgressSchema)
@blp.creates(WrongState, NotTheDoer, TooManyAttachments, UnknownAttachment)
def add_progress(body: dict[str, Any], order_id: UUID) -> SeenProgress:
    """记录进展 · Write down how the work stands, with photos that only people of the place see."""
    order = obtain(WorkOrder, order_id)
    by = current_actor()
    progress = create_once(
        OrderProgress, lambda: finishing.add_progress(db.session(), order, by, **body)
    )
    return with_photos(db.session(), progress)


@blp.route("/orders/<uuid:order_id>/submit", methods=["POST"])
@allow(*DOERS)
@blp.arguments(WorkWordsArgs, example={"text": "8辆已全部清走，黄线已划好。"})
@blp.response(200, OrderSchema)
@blp.refuses(WrongState, NotTheDoer, TooManyAttachments, UnknownAttachment)
def submit_order(body: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """报完成 · Say that it is done, with photos that only people of the place see."""
    order = act_by_role(finishing.submit_order, obtain(WorkOrder, order_id), **body)
    return order_as_seen(order)


@blp.route("/orders/<uuid:order_id>/verify", methods=["POST"])
@allow(*ORDER_CHECKERS)
@blp.arguments(CheckWorkArgs, example={"note": "现场查看，通道已畅通。"})
@blp.response(200, OrderSchema)
@blp.refuses(WrongState, DoerCannotVerify)
def verify_order(body: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """核实 · Confirm that it is done; never by whoever did it."""
    order = act_by_role(finishing.verify_order, obtain(WorkOrder, order_id), body["note"])
    return order_as_seen(order)


@blp.route("/orders/<uuid:order_id>/return", methods=["POST"])
@allow(*ORDER_CHECKERS)
@blp.arguments(ReturnOrderArgs, example={"reason": "还有2辆没有清走", "due_on": "2026-04-20"})
@blp.response(200, OrderSchema)
@blp.refuses(WrongState, DoerCannotVerify, DueDayPassed)
def return_order(body: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """退回 · Send it back as not done, with a reason; never by whoever did it."""
    order = act_by_role(finishing.return_order, obtain(WorkOrder, order_id), **body)
    return order_as_seen(order)


@blp.route("/orders/<uuid:order_id>/hours", methods=["POST"])
@allow(Role.SEATED_MEMBER)
@blp.arguments(HoursArgs, example={"worked_on": "2026-04-12", "minutes": 90})
@blp.response(201, HoursSchema)
@blp.creates(WrongState, NotTheDoer, InvalidDay, TooManyMinutes)
def log_hours(body: dict[str, Any], order_id: UUID) -> WorkHours:
    """记工时 · A seated member logs his own time on an order that he carries out."""
    order = obtain(WorkOrder, order_id)
    by = current_actor()
    return create_once(WorkHours, lambda: hours.log_hours(db.session(), order, by, **body))


@blp.route("/hours/<uuid:hours_id>/reverse", methods=["POST"])
@allow(Role.SEATED_MEMBER, Role.BRANCH_SECRETARY)
@blp.arguments(WorkReasonArgs, example={"reason": "日期记错"})
@blp.response(201, HoursSchema)
@blp.creates(WrongState, NotTheDoer, HoursReversedAlready)
def reverse_hours(body: dict[str, Any], hours_id: UUID) -> WorkHours:
    """冲销工时 · Take a row of hours back by another one."""
    logged = obtain(WorkHours, hours_id)
    by = current_actor()
    return create_once(
        WorkHours, lambda: hours.reverse_hours(db.session(), logged, by, body["reason"])
    )


@blp.route("/compounds/<uuid:compound_id>/hours", methods=["GET"])
@allow(Role.SEATED_MEMBER, *sorted(READERS_OF_HOURS))
@blp.lists(HoursSchema)
def list_hours(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """工时台账 · The ledger of hours, newest first; a seated member sees his own rows."""
    compound = obtain_compound(compound_id)
    actor = current_actor()
    query = (
        db.select(WorkHours)
        .where(WorkHours.compound_id == compound_id)
        .options(
            db.joinedload(WorkHours.order, innerjoin=True),
            db.joinedload(WorkHours.member, innerjoin=True),
        )
    )
    if READERS_OF_HOURS.isdisjoint(actor.roles_in(compound)):
        query = query.where(WorkHours.member_id == actor.id)
    return read_page(db.session(), query, WorkHours.id, **args)
