"""URLs of matters."""

from typing import Any
from uuid import UUID

from flask import current_app

from app.attachments.refusals import PhotosOnly, TooManyAttachments, UnknownAttachment
from app.kit import clock
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, narrowed, read_page
from app.matters import services
from app.matters.access import RAISERS, matter_with_photos, matters_as_seen
from app.matters.models import Matter, MatterState
from app.matters.refusals import CarriedOverTooOften, InvalidMergeTarget, ReasonMissing
from app.matters.schemas import (
    MatterDetailSchema,
    MattersArgs,
    MatterSchema,
    RaiseArgs,
    ScreenArgs,
)
from app.people.guards import (
    EVERYONE_THERE,
    allow,
    create_once,
    current_actor,
    obtain,
    obtain_compound,
)
from app.people.models import Role

blp = Blueprint("matters", __name__, description="民提 · What residents raise")

SCREENERS = (Role.BRANCH_SECRETARY,)

RAISE_EXAMPLE = {
    "title": "夜间停车难、消防通道被占",
    "body": "晚上八点以后车停到消防通道上，救护车进不来。",
    "category": "PARKING",
}


@blp.route("/compounds/<uuid:compound_id>/matters", methods=["POST"])
@allow(*RAISERS)
@blp.arguments(RaiseArgs, example=RAISE_EXAMPLE)
@blp.response(201, MatterDetailSchema)
@blp.creates(TooManyAttachments, UnknownAttachment, PhotosOnly)
def raise_matter(body: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """提出问题 · Put a matter before the compound."""
    compound = obtain_compound(compound_id)
    actor, at = current_actor(), clock.now()
    matter = create_once(
        Matter, lambda: services.raise_matter(db.session(), compound, actor.resident, at=at, **body)
    )
    return matter_with_photos(actor, matter)


@blp.route("/compounds/<uuid:compound_id>/matters", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.lists(MatterSchema, MattersArgs)
def list_matters(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """问题列表 · Matters of a compound, newest first."""
    obtain_compound(compound_id)
    actor = current_actor()
    query = (
        db.select(Matter)
        .where(Matter.compound_id == compound_id)
        .options(db.joinedload(Matter.compound))
    )
    query = narrowed(query, args, state=Matter.state, category=Matter.category)
    if args.pop("mine"):
        query = query.where(Matter.raised_by_id == actor.id)
    page = read_page(db.session(), query, Matter.id, **args)
    return {**page, "items": matters_as_seen(actor, page["items"])}


@blp.route("/matters/<uuid:matter_id>", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.response(200, MatterDetailSchema)
def read_matter(matter_id: UUID) -> dict[str, Any]:
    """一件事 · One matter with its photos."""
    return matter_with_photos(current_actor(), obtain(Matter, matter_id))


@blp.route("/matters/<uuid:matter_id>/endorsement", methods=["PUT"])
@allow(Role.RESIDENT)
@blp.response(200, MatterSchema)
@blp.refuses(WrongState)
def endorse_matter(matter_id: UUID) -> dict[str, Any]:
    """附议 · Support a matter."""
    matter = obtain(Matter, matter_id, lock=True)
    actor = current_actor()
    services.endorse(db.session(), matter, actor.resident, clock.now())
    db.session.commit()
    return matters_as_seen(actor, [matter])[0]


@blp.route("/matters/<uuid:matter_id>/endorsement", methods=["DELETE"])
@allow(Role.RESIDENT)
@blp.response(200, MatterSchema)
@blp.refuses(WrongState)
def withdraw_endorsement(matter_id: UUID) -> dict[str, Any]:
    """撤回附议 · Support a matter no longer."""
    matter = obtain(Matter, matter_id, lock=True)
    actor = current_actor()
    services.withdraw_endorsement(db.session(), matter, actor.resident, clock.now())
    db.session.commit()
    return matters_as_seen(actor, [matter])[0]


@blp.route("/matters/<uuid:matter_id>/screen", methods=["POST"])
@allow(*SCREENERS)
@blp.arguments(ScreenArgs, example={"outcome": "REFUSED", "reason": "属于邻里私人纠纷，请先调解"})
@blp.response(200, MatterSchema)
@blp.refuses(WrongState, ReasonMissing, InvalidMergeTarget, CarriedOverTooOften)
def screen_matter(body: dict[str, Any], matter_id: UUID) -> dict[str, Any]:
    """审题 · Decide what becomes of a matter: LISTED, MERGED, DISPATCHED, WHISTLED or REFUSED."""
    matter = obtain(Matter, matter_id, lock=True)
    into = None
    if body["into"] is not None:
        into = db.session.get(
            Matter, body["into"], with_for_update={"of": Matter, "key_share": True}
        )
        if into is None or into.compound_id != matter.compound_id:
            raise InvalidMergeTarget
    actor = current_actor()
    services.screen(
        db.session(),
        matter,
        actor.resident,
        outcome=MatterState(body["outcome"]),
        reason=body["reason"],
        into=into,
        carry_over_limit=current_app.extensions["settings"].carry_over_limit,
        at=clock.now(),
    )
    db.session.commit()
    return matters_as_seen(actor, [matter])[0]
