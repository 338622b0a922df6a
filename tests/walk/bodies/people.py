"""Logging in, residences, offices, keys, matters."""

import io
from datetime import date, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from app.ballots.models import OfficerKey
from app.compounds.models import Building, Entrance, Unit
from app.matters.models import Category
from app.people.models import Appointment
from app.people.services import MAY_APPOINT_IN_COMMUNITY, MAY_APPOINT_IN_COMPOUND
from tests.cast import Person
from tests.operations import PHOTO
from tests.walk.turn import NotNow, Turn, json, people, says
from votes.bundle import officer_key_message

REGISTER = "楼栋,单元,房号,面积\n9栋,1单元,{},88.50\n"
TITLES = (
    ("停车难", "PARKING"),
    ("路灯不亮", "LIGHTING"),
    ("雨后积水", "LEAK_DRAIN"),
    ("电动车飞线", "EBIKE"),
    ("加装电梯", "LIFT_ADD"),
    ("楼道堆物", "FIRE_CORRIDOR"),
)


def anybody(turn: Turn) -> list[Person]:
    return list(turn.world.people.values())


def officers_with_keys(turn: Turn) -> list[Person]:
    held = [
        *turn.world.holders("COMMUNITY_SECRETARY", turn.ground.compound),
        *turn.world.holders("SUBDISTRICT_OFFICER", turn.ground.compound),
    ]
    if turn.operation.endswith("/revoke"):
        return [each for each in held if each.id in turn.world.memory.keys]
    return held


def strangers(turn: Turn) -> list[Person]:
    """Those who live nowhere yet, and a few others."""
    homeless = [p for p in turn.world.people.values() if p.id not in turn.world.homes]
    return homeless or anybody(turn)


@says("PATCH /me", who=anybody)
def name(turn: Turn) -> dict[str, Any]:
    return json(name=f"王{turn.world.memory.next()}")


@says("POST /auth/wechat", who=anybody)
def log_in(turn: Turn) -> dict[str, Any]:
    wechat = turn.world.wechat
    return json(code=wechat.code(wechat.user()))


@says("POST /auth/refresh", who=anybody)
def refresh(turn: Turn) -> dict[str, Any]:
    tokens = turn.world.memory.refresh_tokens
    if not tokens:
        raise NotNow
    token = tokens.pop()
    return {"headers": {"Authorization": f"Bearer {token}"}}


@says("POST /me/offices", who=strangers)
def office_code(turn: Turn) -> dict[str, Any]:
    vacancies = turn.world.vacancies()
    role, level, place = (
        turn.pick(vacancies) if vacancies else ("AUDITOR", "community", turn.ground.community)
    )
    return json(code=turn.world.office_code(level, place, role))


@says("PUT /me/officer-key", who=officers_with_keys)
def officer_key(turn: Turn) -> dict[str, Any]:
    key = turn.world.memory.keys.setdefault(turn.by.id, Ed25519PrivateKey.generate())
    public = key.public_key().public_bytes_raw()
    proof = key.sign(officer_key_message(str(turn.by.id), public))
    return json(public_key=public.hex(), proof=proof.hex())


@says("POST /me/officer-key/revoke", who=officers_with_keys)
def revoke_key(turn: Turn) -> dict[str, Any]:
    turn.world.memory.keys.pop(turn.by.id, None)
    return {}


@says("PUT /compounds/{compound_id}/countersigner")
def countersigner(turn: Turn) -> dict[str, Any]:
    above = {
        each.id
        for role in ("COMMUNITY_SECRETARY", "SUBDISTRICT_OFFICER")
        for each in turn.world.holders(role, turn.ground.compound)
    }
    keys = turn.rows(
        select(OfficerKey.id, OfficerKey.resident_id)
        .where(OfficerKey.revoked_at.is_(None))
        .order_by(OfficerKey.id)
    )
    fit = [key for key, holder in keys if holder in above]
    return json(officer_key_id=str(turn.pick(fit)) if not turn.happens(0.1) else None)


@says("POST /compounds/{compound_id}/register-imports")
def register(turn: Turn) -> dict[str, Any]:
    sheet = REGISTER.format(900 + turn.world.memory.next())
    return {"data": {"file": (io.BytesIO(sheet.encode()), "register.csv")}}


@says("POST /residences", who=strangers)
def claim(turn: Turn) -> dict[str, Any]:
    units = turn.rows(
        select(Building.name, Entrance.name, Unit.name)
        .join(Entrance, Entrance.building_id == Building.id)
        .join(Unit, Unit.entrance_id == Entrance.id)
        .where(Unit.compound_id == turn.ground.compound.id)
        .order_by(Unit.id)
    )
    building, entrance, unit = turn.pick(units)
    relation = turn.pick(("owner", "tenant", "family"))
    return json(
        compound_id=turn.home, building=building, entrance=entrance, unit=unit, relation=relation
    )


@says("POST /residences/{residence_id}/verify")
def verify(turn: Turn) -> dict[str, Any]:
    return json(birth_date="1985-06-01" if turn.happens(0.6) else ...)


@says("POST /residences/{residence_id}/refuse")
def refuse(turn: Turn) -> dict[str, Any]:
    return json(reason=turn.words())


def _appointment(turn: Turn, level: str, table: Any) -> dict[str, Any]:
    place = turn.ground.at(level)
    givers = [role for role in table if turn.by in turn.world.holders(role, turn.ground.compound)]
    mine = sorted({role for giver in givers for role in table[giver]})
    vacant = [role for role in mine if not turn.world.holders_at(role, place.id)]
    role = turn.pick(vacant or mine)
    those = [each for each in anybody(turn) if each.id != turn.by.id]
    until = turn.day(20, 60) if turn.happens(0.1) else ...
    since = f"{date.fromisoformat(turn.day(0, 0)) - timedelta(days=1)}"
    body = {"resident_id": str(turn.pick(those).id), "role": role, "until": until}
    return json(**body, **{"from": since})


@says("POST /compounds/{compound_id}/appointments")
def appoint(turn: Turn) -> dict[str, Any]:
    return _appointment(turn, "compound", MAY_APPOINT_IN_COMPOUND)


@says("POST /communities/{community_id}/appointments")
def appoint_in_community(turn: Turn) -> dict[str, Any]:
    return _appointment(turn, "community", MAY_APPOINT_IN_COMMUNITY)


def those_who_may_end(turn: Turn) -> list[Person]:
    """Who gave the office, or whoever holds it."""
    role, holder = turn.rows(
        select(Appointment.role, Appointment.resident_id).where(Appointment.id == turn.about.id)
    )[0]
    above = [
        each
        for giver, given in MAY_APPOINT_IN_COMPOUND.items()
        if role in given
        for each in turn.world.holders(giver, turn.ground.compound)
    ]
    own = turn.world.by_id(holder)
    return above + ([own] if own is not None else [])


@says("POST /appointments/{appointment_id}/end", who=those_who_may_end)
def end_office(turn: Turn) -> dict[str, Any]:
    return {}


@says("POST /compounds/{compound_id}/matters")
def raise_matter(turn: Turn) -> dict[str, Any]:
    title, category = turn.pick(TITLES)
    if turn.happens(0.3):
        category = turn.pick(list(Category)).value
    return json(
        title=f"{title}{turn.pick(('', '', '（二期）'))}",
        body=turn.words(),
        category=category,
        attachment_ids=turn.photo(0.1),
    )


@says(
    "PUT /matters/{matter_id}/endorsement",
    "DELETE /matters/{matter_id}/endorsement",
    crowd=0.4,
)
def endorse(turn: Turn) -> dict[str, Any]:
    return {}


def the_raiser(turn: Turn) -> list[Person]:
    return people(turn, [turn.about.of])


@says("POST /matters/{matter_id}/correct", who=the_raiser)
def correct_matter(turn: Turn) -> dict[str, Any]:
    title, category = turn.pick(TITLES)
    return json(title=title, body=turn.words(), category=category)


@says("POST /matters/{matter_id}/withdraw", who=the_raiser)
def withdraw_matter(turn: Turn) -> dict[str, Any]:
    return {}


def the_addressee(turn: Turn) -> list[Person]:
    return people(turn, [turn.about.of])


@says("POST /me/inbox/{message_id}/read", who=the_addressee)
def read_message(turn: Turn) -> dict[str, Any]:
    return {}


@says("POST /me/inbox/read-all", who=anybody)
def read_all(turn: Turn) -> dict[str, Any]:
    own = [each.id for each in turn.things["message_id"] if each.of == turn.by.id]
    return json(up_to=str(turn.pick(own)))


OUTCOMES = ["LISTED"] * 12 + ["DISPATCHED"] * 4 + ["WHISTLED"] * 3 + ["MERGED"] * 2 + ["REFUSED"]


@says("POST /matters/{matter_id}/screen")
def screen(turn: Turn) -> dict[str, Any]:
    outcome = turn.pick(OUTCOMES)
    if turn.about.state == "LISTED":  # what residents wait for is rarely taken from them
        if not turn.happens(0.12 if not turn.world.is_tidy else 1.0):
            raise NotNow
        outcome = turn.pick(("DISPATCHED", "WHISTLED", "REFUSED", "LISTED"))
    into: Any = ...
    if outcome == "MERGED":
        others = turn.here("matter_id", "SUBMITTED", "LISTED", "DEFERRED")
        into = str(turn.pick([each for each in others if each.id != turn.about.id]).id)
    return json(outcome=outcome, reason=turn.words(), into=into)


@says("POST /compounds/{compound_id}/attachments")
def upload(turn: Turn) -> dict[str, Any]:
    return {"data": {"file": (io.BytesIO(PHOTO), "photo.png")}}
