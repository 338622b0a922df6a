"""URLs of the hours that seated members give."""

from typing import Any
from uuid import UUID

from app.kit.errors import WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, read_page
from app.people.guards import allow, create_by_role, current_actor, obtain, obtain_compound
from app.people.models import Role
from app.works import refusals
from app.works.hours import ledger, schemas
from app.works.hours.models import WorkHours
from app.works.orders.models import WorkOrder
from app.works.orders.schemas import WorkReasonArgs

blp = Blueprint("hours", __name__, description="工时 · Hours of seated members")

# They read all hours; a seated member reads his own.
READERS_OF_HOURS = frozenset({Role.BRANCH_SECRETARY, Role.COMMUNITY_SECRETARY, Role.AUDITOR})


@blp.post("/orders/<uuid:order_id>/hours", schemas.HoursSchema)
@allow(Role.SEATED_MEMBER)
@blp.arguments(schemas.HoursArgs, example={"worked_on": "2026-04-12", "minutes": 90})
@blp.creates(WrongState, refusals.NotTheDoer, refusals.InvalidDay, refusals.TooManyMinutes)
def log_hours(body: dict[str, Any], order_id: UUID) -> WorkHours:
    """记工时 · Log your own time on an order that you carry out, as a seated member."""
    order = obtain(WorkOrder, order_id)
    return create_by_role(WorkHours, ledger.log_hours, order, **body)


@blp.post("/hours/<uuid:hours_id>/reverse", schemas.HoursSchema)
@allow(Role.SEATED_MEMBER, Role.BRANCH_SECRETARY)
@blp.arguments(WorkReasonArgs, example={"reason": "日期记错"})
@blp.creates(WrongState, refusals.NotTheDoer, refusals.HoursReversedAlready)
def reverse_hours(body: dict[str, Any], hours_id: UUID) -> WorkHours:
    """冲销工时 · Reverse a row of hours with a new row."""
    logged = obtain(WorkHours, hours_id)
    return create_by_role(WorkHours, ledger.reverse_hours, logged, body["reason"])


@blp.get("/compounds/<uuid:compound_id>/hours")
@allow(Role.SEATED_MEMBER, *sorted(READERS_OF_HOURS))
@blp.lists(schemas.HoursSchema)
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
