"""The first office of a place: taken with a one-time code that the operator made.

Nobody there can appoint anybody yet, and the operator knows no WeChat account. Whoever takes the
office accepts it by doing so (trust notes, "Offices").
"""

import hashlib
import secrets
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compounds.models import Community, Compound, Subdistrict
from app.kit.audit import record
from app.kit.clock import local_date
from app.people.models import Appointment, OfficeCode, Resident, Role
from app.people.refusals import NoSuchOffice, OfficeCodeInvalid
from app.people.services import COMMUNITY_OFFICES, COMPOUND_OFFICES

# 60 random bits in Crockford's base 32, which leaves out what is mistaken for something else.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None})
LENGTH, GROUP = 12, 4
VALID_FOR = timedelta(days=7)

OFFICES_OF: dict[type, frozenset[Role]] = {
    Compound: COMPOUND_OFFICES,
    Community: COMMUNITY_OFFICES,
    Subdistrict: frozenset({Role.SUBDISTRICT_OFFICER, Role.DEPARTMENT, Role.AUDITOR}),
}
COLUMN_OF = {Compound: "compound_id", Community: "community_id", Subdistrict: "subdistrict_id"}


def make_code(
    session: Session,
    place: Compound | Community | Subdistrict,
    role: Role,
    *,
    until: date | None,
    at: datetime,
) -> str:
    """A code such as `7KQ2-M0XD-9TRA`, good once and for seven days. Raises NoSuchOffice."""
    if role not in OFFICES_OF[type(place)]:
        raise NoSuchOffice
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    waiting = OfficeCode(
        digest=_digest(code),
        role=role,
        office_until=until,
        made_at=at,
        expires_at=at + VALID_FOR,
        **{COLUMN_OF[type(place)]: place.id},
    )
    session.add(waiting)
    session.flush()
    _record(session, waiting, "make_code", None, at)
    return "-".join(code[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def take_office(session: Session, code: str, by: Resident, at: datetime) -> Appointment:
    """The office that the code gives, from today on; asked again, the same person gets the same.

    Raises OfficeCodeInvalid.
    """
    waiting = session.scalar(
        select(OfficeCode)
        .where(OfficeCode.digest == _digest(code.upper().translate(READ_AS)))
        .with_for_update(of=OfficeCode)
    )
    if waiting is None:
        raise OfficeCodeInvalid
    taken = waiting.appointment
    if taken is not None and taken.resident_id == by.id and taken.ended_at is None:
        return taken
    if taken is not None or at >= waiting.expires_at or _is_over(waiting, at):
        raise OfficeCodeInvalid
    appointment = Appointment(
        resident_id=by.id,
        role=waiting.role,
        compound_id=waiting.compound_id,
        community_id=waiting.community_id,
        subdistrict_id=waiting.subdistrict_id,
        since=local_date(at),
        until=waiting.office_until,
    )
    session.add(appointment)
    session.flush()
    waiting.use(appointment, at)
    _record(session, appointment, "appoint", by, at, reason="office code")
    return appointment


def withdraw_codes(
    session: Session, place: Compound | Community | Subdistrict, at: datetime
) -> int:
    """Let no code of this place that waits be used any more; how many there were."""
    waiting = session.scalars(
        select(OfficeCode).where(
            getattr(OfficeCode, COLUMN_OF[type(place)]) == place.id,
            OfficeCode.used_at.is_(None),
            OfficeCode.expires_at > at,
        )
    ).all()
    for code in waiting:
        code.expires_at = at
        _record(session, code, "withdraw_code", None, at)
    return len(waiting)


def end_office(session: Session, appointment: Appointment, at: datetime) -> None:
    """End an office from the command line, where nobody stands above it. Raises WrongState."""
    appointment.end(at)
    _record(session, appointment, "end", None, at, reason="command line")


def _is_over(waiting: OfficeCode, at: datetime) -> bool:
    return waiting.office_until is not None and waiting.office_until <= local_date(at)


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode(errors="replace")).digest()


def _record(
    session: Session,
    thing: OfficeCode | Appointment,
    verb: str,
    by: Resident | None,
    at: datetime,
    reason: str = "",
) -> None:
    record(session, thing, verb, by, at, reason=" ".join(filter(None, (thing.role.value, reason))))
