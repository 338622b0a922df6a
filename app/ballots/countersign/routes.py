"""URLs of the second officer: keys, who countersigns where, and the countersignature."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.agenda.access import as_seen
from app.agenda.models import AgendaSession
from app.agenda.refusals import CountersigningDecided
from app.agenda.schemas import SessionSchema
from app.ballots import schemas
from app.ballots.countersign import countersigning, officers
from app.ballots.models import OfficerKey
from app.ballots.refusals import VoteVoid
from app.ballots.sealing import NoResult, VotingNotClosed
from app.compounds.models import Compound
from app.kit import clock
from app.kit.errors import Forbidden, NotFound, found
from app.kit.extensions import db
from app.kit.web.api import Blueprint
from app.people.guards import (
    act_by_role,
    allow,
    current_actor,
    obtain,
    obtain_compound,
    public,
    signed_in,
)

blp = Blueprint("countersigning", __name__, description="会签 · The second officer")

KEY_EXAMPLE = {"public_key": "8f" * 32, "proof": "3c" * 64}
NAME_EXAMPLE = {"officer_key_id": "0198c0de-0000-7000-8000-00000000000f"}
REFUSALS = (
    VotingNotClosed,
    NoResult,
    VoteVoid,
    CountersigningDecided,
    countersigning.NoCountersigner,
    countersigning.NotTheCountersigner,
)


@blp.put("/me/officer-key", schemas.OfficerKeySchema)
@signed_in
@blp.arguments(schemas.OfficerKeyArgs, example=KEY_EXAMPLE)
@blp.refuses(Forbidden, officers.InvalidProof, officers.OfficerKeyTaken)
def register_officer_key(body: dict[str, Any]) -> OfficerKey:
    """登记会签公钥 · Register your public key, or replace it.

    The key is made on the officer's own computer: `python -m votes.countersign new-key`, and
    `prove` makes the proof.
    """
    key = officers.register_key(db.session(), current_actor(), **body, at=clock.now())
    db.session.commit()
    return key


@blp.post("/me/officer-key/revoke", schemas.OfficerKeySchema)
@signed_in
@blp.refuses(officers.NoOfficerKey)
def revoke_officer_key() -> OfficerKey:
    """撤销会签公钥 · Revoke your key; results that it was to countersign stay without a
    countersignature."""
    key = officers.revoke_key(db.session(), current_actor().resident, clock.now())
    db.session.commit()
    return key


@blp.get("/compounds/<uuid:compound_id>/countersigners", schemas.CountersignerSchema(many=True))
@public
@blp.refuses(NotFound)
def list_countersigners(compound_id: UUID) -> list[officers.Countersigner]:
    """会签人 · Officers who may countersign for the compound, their keys, and which one is
    named."""
    compound = found(db.session.get(Compound, compound_id))
    return officers.read_countersigners(db.session(), compound, clock.now())


@blp.put("/compounds/<uuid:compound_id>/countersigner", schemas.CountersignerSchema(many=True))
@allow(*officers.COUNTERSIGNERS)
@blp.arguments(schemas.NameCountersignerArgs, example=NAME_EXAMPLE)
@blp.refuses(officers.UnknownOfficerKey)
def name_countersigner(body: dict[str, Any], compound_id: UUID) -> Sequence[officers.Countersigner]:
    """指定会签人 · Name who countersigns the compound's votes, from the next vote that opens."""
    compound = obtain_compound(compound_id)
    named = officers.name_countersigner(
        db.session(), compound, **body, by=current_actor().resident, at=clock.now()
    )
    db.session.commit()
    return named


@blp.post("/sessions/<uuid:session_id>/countersignature", SessionSchema)
@allow(*officers.COUNTERSIGNERS)
@blp.arguments(schemas.CountersignArgs, example={"signature": "5e" * 64})
@blp.refuses(*REFUSALS, countersigning.OfficerKeyRevoked, countersigning.InvalidCountersignature)
def countersign(body: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """会签 · Submit the second officer's signature over the sealed result; only once."""
    agenda_session = act_by_role(
        countersigning.countersign, obtain(AgendaSession, session_id), **body
    )
    return as_seen(agenda_session)


@blp.post("/sessions/<uuid:session_id>/countersignature/refusal", SessionSchema)
@allow(*officers.COUNTERSIGNERS)
@blp.arguments(schemas.RefuseCountersignatureArgs, example={"reason": "名单人数与社区底册不符"})
@blp.refuses(*REFUSALS)
def refuse_countersignature(body: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """拒绝会签 · Refuse to countersign, with a reason that is published on the board."""
    agenda_session = act_by_role(
        countersigning.refuse_countersignature, obtain(AgendaSession, session_id), **body
    )
    return as_seen(agenda_session)
