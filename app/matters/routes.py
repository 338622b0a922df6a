"""URLs of matters."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import current_app

from app.attachments.refusals import PhotosOnly, TooManyAttachments, UnknownAttachment
from app.kit import clock
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, read_page
from app.matters import schemas, services
from app.matters.access import RAISERS, matter_with_photos, matters_as_seen
from app.matters.models import Matter, MatterState
from app.matters.refusals import CarriedOverTooOften, InvalidMergeTarget, ReasonMissing
from app.people.guards import (
    EVERYONE_THERE,
    act,
    allow,
    create,
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


@blp.post("/compounds/<uuid:compound_id>/matters", schemas.MatterDetailSchema)
@allow(*RAISERS)
@blp.arguments(schemas.RaiseArgs, example=RAISE_EXAMPLE)
@blp.creates(TooManyAttachments, UnknownAttachment, PhotosOnly)
def raise_matter(body: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """提出问题 · Raise a matter in the compound."""
    compound = obtain_compound(compound_id)
    actor, at = current_actor(), clock.now()
    matter = create(Matter, services.raise_matter, compound, at=at, **body)
    return matter_with_photos(actor, matter)


@blp.get("/compounds/<uuid:compound_id>/matters")
@allow(*EVERYONE_THERE)
@blp.lists(schemas.MatterSchema, schemas.MattersArgs)
def list_matters(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """问题列表 · Matters of a compound, newest first."""
    obtain_compound(compound_id)
    actor = current_actor()
    query = (
        db.select(Matter)
        .where(Matter.compound_id == compound_id)
        .options(db.joinedload(Matter.compound))
    )
    if args.pop("mine"):
        query = query.where(Matter.raised_by_id == actor.id)
    show = partial(matters_as_seen, actor)
    return read_page(db.session(), query, Matter.id, show=show, **args)


@blp.get("/matters/<uuid:matter_id>", schemas.MatterDetailSchema)
@allow(*EVERYONE_THERE)
def read_matter(matter_id: UUID) -> dict[str, Any]:
    """一件事 · One matter with its photos."""
    return matter_with_photos(current_actor(), obtain(Matter, matter_id))


@blp.put("/matters/<uuid:matter_id>/endorsement", schemas.MatterSchema)
@allow(Role.RESIDENT)
@blp.refuses(WrongState)
def endorse_matter(matter_id: UUID) -> dict[str, Any]:
    """附议 · Support a matter."""
    matter = act(services.endorse, obtain(Matter, matter_id, lock=True), clock.now())
    return matters_as_seen(current_actor(), [matter])[0]


@blp.delete("/matters/<uuid:matter_id>/endorsement", schemas.MatterSchema)
@allow(Role.RESIDENT)
@blp.refuses(WrongState)
def withdraw_endorsement(matter_id: UUID) -> dict[str, Any]:
    """撤回附议 · Withdraw your support of a matter."""
    matter = act(services.withdraw_endorsement, obtain(Matter, matter_id, lock=True), clock.now())
    return matters_as_seen(current_actor(), [matter])[0]


@blp.post("/matters/<uuid:matter_id>/screen", schemas.MatterSchema)
@allow(*SCREENERS)
@blp.arguments(
    schemas.ScreenArgs, example={"outcome": "REFUSED", "reason": "属于邻里私人纠纷，请先调解"}
)
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
    act(
        services.screen,
        matter,
        outcome=MatterState(body["outcome"]),
        reason=body["reason"],
        into=into,
        carry_over_limit=current_app.extensions["settings"].carry_over_limit,
        at=clock.now(),
    )
    return matters_as_seen(current_actor(), [matter])[0]
