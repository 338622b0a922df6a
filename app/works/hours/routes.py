"""URLs of the hours that seated members give."""

from typing import Any
from uuid import UUID

from app.kit.errors import WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, read_page
from app.people.guards import allow, create_once, current_actor, obtain, obtain_compound
from app.people.models import Role
from app.works.hours import ledger
from app.works.hours.models import WorkHours
from app.works.hours.schemas import HoursArgs, HoursSchema
from app.works.orders.models import WorkOrder
from app.works.orders.schemas import WorkReasonArgs
from app.works.refusals import HoursReversedAlready, InvalidDay, NotTheDoer, TooManyMinutes

blp = Blueprint("hours", __name__, description="工时 · Hours of seated members")

# They read all hours; a seated member reads his own.
READERS_OF_HOURS = frozenset({Role.BRANCH_SECRETARY, Role.COMMUNITY_SECRETARY, Role.AUDITOR})


@blp.route("/orders/<uuid:order_id>/hours", methods=["POST"])
@allow(Role.SEATED_MEMBER)
@blp.arguments(HoursArgs, example={"worked_on": "2026-04-12", "minutes": 90})
@blp.response(201, HoursSchema)
@blp.creates(WrongState, NotTheDoer, InvalidDay, TooManyMinutes)
def log_hours(body: dict[str, Any], order_id: UUID) -> WorkHours:
    """记工时 · Log your own time on an order that you carry out, as a seated member."""
    order = obtain(WorkOrder, order_id)
    by = current_actor()
    return create_once(WorkHours, lambda: ledger.log_hours(db.session(), order, by, **body))


@blp.route("/hours/<uuid:hours_id>/reverse", methods=["POST"])
@allow(Role.SEATED_MEMBER, Role.BRANCH_SECRETARY)
@blp.arguments(WorkReasonArgs, example={"reason": "日期记错"})
@blp.response(201, HoursSchema)
@blp.creates(WrongState, NotTheDoer, HoursReversedAlready)
def reverse_hours(body: dict[str, Any], hours_id: UUID) -> WorkHours:
    """冲销工时 · Reverse a row of hours with a new row."""
    logged = obtain(WorkHours, hours_id)
    by = current_actor()
    return create_once(
        WorkHours, lambda: ledger.reverse_hours(db.session(), logged, by, body["reason"])
    )


@blp.route("/compounds/<uuid:compound_id>/hours", methods=["GET"])
@allow(Role.SEATED_MEMBER, *sorted(READERS_OF_HOURS))
@blp.lists(HoursSchema)
def list_hours(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """工时台账 · The ledger of hours, newest first; seated members see their own rows only."""
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
