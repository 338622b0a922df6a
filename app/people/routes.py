"""URLs about people: login, oneself, residences, appointments."""

from typing import Any
from uuid import UUID

from flask import current_app
from flask_jwt_extended import get_jwt, verify_jwt_in_request
from sqlalchemy import ColumnElement

from app.compounds.models import Community, Compound
from app.kit import clock
from app.kit.errors import NotFound, Unauthorized, WrongState, found
from app.kit.extensions import db
from app.kit.web.api import Blueprint, read_page
from app.people import office_codes, refusals, schemas, services, tokens
from app.people.guards import (
    act,
    allow,
    create,
    create_once,
    current_actor,
    obtain,
    obtain_community,
    obtain_compound,
    obtain_subdistrict,
    public,
    signed_in,
)
from app.people.models import Appointment, Residence, ResidenceState, Role
from app.wechat.client import WeChatClient
from app.wechat.refusals import (
    LoginBlocked,
    LoginCodeInvalid,
    WeChatBusy,
    WeChatMisconfigured,
    WeChatUnavailable,
)

blp = Blueprint("people", __name__, description="居民、居住、任职与登录 · Residents and login")

VERIFIERS = (Role.GRID_WORKER, Role.BRANCH_SECRETARY)
APPOINTERS = (Role.BRANCH_SECRETARY, Role.COMMUNITY_SECRETARY, Role.SUBDISTRICT_OFFICER)

CLAIM_EXAMPLE = {
    "compound_id": "0198c0de-0000-7000-8000-000000000001",
    "building": "3栋",
    "entrance": "2单元",
    "unit": "1502",
    "relation": "owner",
}
APPOINT_EXAMPLE = {
    "resident_id": "0198c0de-0000-7000-8000-000000000002",
    "role": "BUILDING_HEAD",
    "from": "2026-03-01",
    "until": "2028-03-01",
}


@blp.post("/auth/wechat", schemas.LoginSchema)
@public
@blp.arguments(schemas.WeChatLogin, example={"code": "0f1Xyz00code"})
@blp.refuses(LoginCodeInvalid, LoginBlocked, WeChatBusy, WeChatUnavailable, WeChatMisconfigured)
def log_in_with_wechat(body: dict[str, Any]) -> dict[str, Any]:
    """微信登录 · Exchange a `wx.login` code for tokens."""
    client: WeChatClient = current_app.extensions["wechat"]
    identity = client.login(body["code"])
    at = clock.now()
    resident = services.join(db.session(), identity, at)
    pair = tokens.start_family(db.session(), resident, at)
    db.session.commit()
    return {**vars(pair), "resident": resident}


@blp.post("/auth/refresh", schemas.TokensSchema)
@public
@blp.arguments(schemas.RefreshArgs, required=False, example={"refresh_token": "eyJ…"})
@blp.refuses(Unauthorized, refusals.TokenReused)
def refresh_tokens(body: dict[str, Any]) -> tokens.TokenPair:
    """续期 · Exchange a refresh token for a new pair; each works once.

    Send the token in the body as `refresh_token`, or else in the Authorization header.
    """
    try:
        verify_jwt_in_request(refresh=True, locations=["json", "headers"])
    except UnicodeEncodeError:  # half a surrogate pair in the body
        raise Unauthorized from None
    try:
        pair = tokens.rotate(db.session(), UUID(get_jwt()["jti"]), clock.now())
    except refusals.TokenReused:
        db.session.commit()  # the family's revocation must outlive the refusal
        raise
    db.session.commit()
    return pair


@blp.post("/auth/logout")
@signed_in
@blp.response(204)
def log_out() -> str:
    """退出登录 · Revoke all tokens of this login."""
    tokens.revoke(db.session(), current_actor().family_id, clock.now(), why="logout")
    db.session.commit()
    return ""


@blp.get("/me", schemas.MeSchema)
@signed_in
def read_me() -> dict[str, Any]:
    """我的信息 · Yourself, with your residences and present offices."""
    return _me()


@blp.patch("/me", schemas.MeSchema)
@signed_in
@blp.arguments(schemas.ProfileArgs, example={"name": "王小明", "birth_date": "1980-05-17"})
@blp.refuses(refusals.BirthDateConfirmed, refusals.InvalidBirthDate)
def update_me(body: dict[str, Any]) -> dict[str, Any]:
    """更新我的信息 · Set your name and birth date."""
    actor = current_actor()
    services.update_profile(
        actor.resident,
        is_verified=actor.residence is not None,
        at=clock.now(),
        **body,
    )
    db.session.commit()
    return _me()


@blp.post("/me/offices", schemas.AppointmentSchema, status=201)
@signed_in
@blp.arguments(schemas.OfficeCodeArgs, example={"code": "7KQ2-M0XD-9TRA"})
@blp.refuses(refusals.OfficeCodeInvalid)
def take_office(body: dict[str, Any]) -> Appointment:
    """凭任职码任职 · Take an office with a one-time code from the operator.

    The same person may send the code again and gets the same answer, so a lost answer does no
    harm.
    """
    resident = current_actor().resident
    appointment = office_codes.take_office(db.session(), body["code"], resident, clock.now())
    db.session.commit()
    return appointment


def _me() -> dict[str, Any]:
    actor = current_actor()
    residences = db.session.scalars(
        db.select(Residence)
        .where(Residence.resident_id == actor.id)
        .options(db.joinedload(Residence.unit), db.joinedload(Residence.resident))
        .order_by(Residence.id)
    ).all()
    resident = actor.resident
    return {
        "id": resident.id,
        "name": resident.name,
        "birth_date": resident.birth_date,
        "residences": residences,
        "appointments": actor.appointments,
    }


@blp.post("/residences", schemas.ResidenceSchema)
@signed_in
@blp.arguments(schemas.ClaimArgs, example=CLAIM_EXAMPLE)
@blp.creates(refusals.UnknownUnit, refusals.AlreadyClaimed, NotFound)
def claim_residence(body: dict[str, Any]) -> Residence:
    """登记居住 · Claim that you live in a unit."""
    actor = current_actor()
    at = clock.now()

    def claim() -> Residence:
        compound = found(db.session.get(Compound, body.pop("compound_id")))
        return services.claim_residence(db.session(), actor.resident, compound, at=at, **body)

    return create_once(Residence, claim)


@blp.get("/compounds/<uuid:compound_id>/residences")
@allow(*VERIFIERS)
@blp.lists(schemas.ResidenceSchema, schemas.ResidencesArgs)
def list_residences(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """居住登记列表 · Residences of a compound, newest first."""
    obtain_compound(compound_id)
    query = (
        db.select(Residence)
        .where(Residence.compound_id == compound_id)
        .options(db.joinedload(Residence.unit), db.joinedload(Residence.resident))
    )
    return read_page(db.session(), query, Residence.id, **args)


@blp.get("/compounds/<uuid:compound_id>/residents")
@allow(*VERIFIERS, Role.COMMUNITY_SECRETARY, Role.SUBDISTRICT_OFFICER, Role.AUDITOR)
@blp.lists(schemas.LivingThereSchema)
def list_residents(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """居民列表 · Verified residents of a compound by masked names, newest first."""
    obtain_compound(compound_id)
    query = (
        db.select(Residence)
        .where(Residence.compound_id == compound_id, Residence.state == ResidenceState.VERIFIED)
        .options(db.joinedload(Residence.unit), db.joinedload(Residence.resident))
    )
    return read_page(db.session(), query, Residence.id, **args)


@blp.post("/residences/<uuid:residence_id>/verify", schemas.ResidenceSchema)
@allow(*VERIFIERS)
@blp.arguments(schemas.VerifyArgs, required=False, example={"birth_date": "1980-05-17"})
@blp.refuses(refusals.OwnClaim, refusals.InvalidBirthDate, WrongState)
def verify_residence(body: dict[str, Any], residence_id: UUID) -> Residence:
    """核实居住 · Confirm a claim, with the birth date shown by the papers."""
    residence = obtain(Residence, residence_id, lock=True)
    return act(services.verify_residence, residence, clock.now(), body.get("birth_date"))


@blp.post("/residences/<uuid:residence_id>/refuse", schemas.ResidenceSchema)
@allow(*VERIFIERS)
@blp.arguments(schemas.ReasonArgs, example={"reason": "房号与证件不符"})
@blp.refuses(refusals.OwnClaim, WrongState)
def refuse_residence(body: dict[str, Any], residence_id: UUID) -> Residence:
    """不予核实 · Refuse a claim, with a reason that the claimant can read."""
    residence = obtain(Residence, residence_id, lock=True)
    return act(services.refuse_residence, residence, clock.now(), body["reason"])


@blp.post("/compounds/<uuid:compound_id>/appointments", schemas.AppointmentSchema)
@allow(*APPOINTERS)
@blp.arguments(schemas.AppointArgs, example=APPOINT_EXAMPLE)
@blp.creates(refusals.UnknownResident, refusals.InvalidTerm)
def appoint_in_compound(body: dict[str, Any], compound_id: UUID) -> Appointment:
    """小区任职 · Appoint somebody to an office in a compound."""
    compound = obtain_compound(compound_id)
    return _appoint(compound, current_actor().roles_in(compound), body)


@blp.post("/communities/<uuid:community_id>/appointments", schemas.AppointmentSchema)
@allow(Role.SUBDISTRICT_OFFICER)
@blp.arguments(schemas.AppointArgs, example={**APPOINT_EXAMPLE, "role": "COMMUNITY_SECRETARY"})
@blp.creates(refusals.UnknownResident, refusals.InvalidTerm)
def appoint_in_community(body: dict[str, Any], community_id: UUID) -> Appointment:
    """社区任职 · Appoint somebody to an office in a community."""
    community = obtain_community(community_id)
    return _appoint(community, current_actor().roles_in_community(community), body)


def _appoint(
    place: Compound | Community, by_roles: frozenset[Role], body: dict[str, Any]
) -> Appointment:
    at = clock.now()
    return create(Appointment, services.appoint, place, **body, by_roles=by_roles, at=at)


@blp.get("/compounds/<uuid:compound_id>/appointments", schemas.AppointmentSchema(many=True))
@allow(*APPOINTERS, Role.AUDITOR)
def list_appointments(compound_id: UUID) -> list[Appointment]:
    """任职列表 · All offices of a compound, past ones included."""
    obtain_compound(compound_id)
    return _offices(Appointment.compound_id == compound_id)


@blp.get("/communities/<uuid:community_id>/appointments", schemas.AppointmentSchema(many=True))
@allow(Role.COMMUNITY_SECRETARY, Role.SUBDISTRICT_OFFICER, Role.AUDITOR)
def list_community_appointments(community_id: UUID) -> list[Appointment]:
    """社区任职列表 · All offices of a community itself, past ones included."""
    obtain_community(community_id)
    return _offices(Appointment.community_id == community_id)


@blp.get("/subdistricts/<uuid:subdistrict_id>/appointments", schemas.AppointmentSchema(many=True))
@allow(Role.SUBDISTRICT_OFFICER, Role.AUDITOR)
def list_subdistrict_appointments(subdistrict_id: UUID) -> list[Appointment]:
    """街道任职列表 · All offices of a subdistrict itself, past ones included."""
    obtain_subdistrict(subdistrict_id)
    return _offices(Appointment.subdistrict_id == subdistrict_id)


def _offices(are_there: ColumnElement[bool]) -> list[Appointment]:
    query = (
        db.select(Appointment)
        .where(are_there)
        .options(db.joinedload(Appointment.resident, innerjoin=True))
    )
    return list(db.session.scalars(query.order_by(Appointment.id)))


@blp.post("/appointments/<uuid:appointment_id>/end", schemas.AppointmentSchema)
@allow(*Role)
@blp.refuses(WrongState)
def end_appointment(appointment_id: UUID) -> Appointment:
    """结束任职 · End an office now; its holder may resign it."""
    appointment = found(
        db.session.get(Appointment, appointment_id, with_for_update={"key_share": True})
    )
    actor = current_actor()
    if appointment.compound_id is not None:
        roles = actor.roles_in(obtain_compound(appointment.compound_id))
    elif appointment.community_id is not None:
        community = obtain_community(appointment.community_id)
        roles = actor.roles_in_community(community)
    else:  # offices of a subdistrict are given and ended at the command line
        raise NotFound
    return act(services.end_appointment, appointment, roles, clock.now())
