"""Who came to the round table: by the code shown on the spot, or noted by a clerk."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from itsdangerous import BadData
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, RollEntry, SessionState
from app.agenda.roll import participation
from app.deliberation.models import ArrivalMode, Attendance
from app.deliberation.refusals import AttendanceCodeExpired, InvalidAttendanceCode
from app.kit.audit import record
from app.kit.errors import Forbidden
from app.kit.moves import begin_move
from app.people.actor import Actor
from app.people.models import Resident, Role
from app.people.refusals import UnknownResident
from app.signing import Purpose, SigningKeys

CODE_LIFETIME = timedelta(minutes=10)
CLERKS = frozenset({Role.BRANCH_SECRETARY, Role.GRID_WORKER, Role.BUILDING_HEAD})


@dataclass(frozen=True)
class AttendanceCode:
    """A signed text to be shown as a QR code; valid until `expires_at` (exclusive)."""

    code: str
    expires_at: datetime


@dataclass(frozen=True)
class Presence:
    """How many of the roll are there, and how many others. The roll alone makes the quorum."""

    roll: int
    on_roll: int
    others: int


def make_code(agenda_session: AgendaSession, keys: SigningKeys) -> AttendanceCode:
    """A fresh code. Raises WrongState unless the round table is on."""
    agenda_session.require_state(SessionState.MEETING)
    serializer = keys.timed_serializer(Purpose.ATTENDANCE_CODE)
    code = serializer.dumps(agenda_session.id.hex)
    _, signed_at = serializer.loads(code, return_timestamp=True)
    return AttendanceCode(code, signed_at + CODE_LIFETIME)


def scan_in(
    session: Session, agenda_session: AgendaSession, visitor: Actor, code: str, keys: SigningKeys
) -> Attendance:
    """Note one's own arrival; a second time changes nothing.

    Raises WrongState, InvalidAttendanceCode, AttendanceCodeExpired.
    """
    at = begin_move(session, agenda_session)
    agenda_session.require_state(SessionState.MEETING)
    _check_code(agenda_session, code, keys, at)
    return _arrive(session, agenda_session, visitor.id, visitor.id, ArrivalMode.SCAN, at)


def note_arrival(
    session: Session, agenda_session: AgendaSession, clerk: Actor, resident_id: UUID
) -> Attendance:
    """Note that somebody came, also somebody who lives elsewhere; twice changes nothing.

    Raises Forbidden, WrongState, UnknownResident.
    """
    if CLERKS.isdisjoint(clerk.roles_in(agenda_session.compound)):
        raise Forbidden(zh="替别人签到由工作人员办理", en="Only clerks can check in others")
    at = begin_move(session, agenda_session)
    agenda_session.require_state(SessionState.MEETING)
    if session.get(Resident, resident_id) is None:
        raise UnknownResident
    return _arrive(session, agenda_session, resident_id, clerk.id, ArrivalMode.CLERK, at)


def count_present(session: Session, session_id: UUID) -> Presence:
    """Who is at the round table, in figures."""
    on_roll, everybody = session.execute(
        select(
            func.count().filter(Attendance.is_on_roll),
            func.count(),
        ).where(Attendance.session_id == session_id)
    ).one()
    roll = participation(session, [session_id])[session_id].roll
    return Presence(roll, on_roll, everybody - on_roll)


def as_listed(arrival: Attendance, names_ids: bool) -> dict[str, Any]:
    """An arrival as its schema writes it; the person's id for those who keep the minutes."""
    names = ("id", "session_id", "arrived_at", "mode", "is_on_roll", "resident")
    resident_id = arrival.resident_id if names_ids else None
    return {**{name: getattr(arrival, name) for name in names}, "resident_id": resident_id}


def _check_code(agenda_session: AgendaSession, code: str, keys: SigningKeys, at: datetime) -> None:
    serializer = keys.timed_serializer(Purpose.ATTENDANCE_CODE)
    try:
        named, signed_at = serializer.loads(code, return_timestamp=True)
    except BadData:
        raise InvalidAttendanceCode from None
    if named != agenda_session.id.hex:
        raise InvalidAttendanceCode
    if at >= signed_at + CODE_LIFETIME:
        raise AttendanceCodeExpired


def _arrive(
    session: Session,
    agenda_session: AgendaSession,
    resident_id: UUID,
    noted_by_id: UUID,
    mode: ArrivalMode,
    at: datetime,
) -> Attendance:
    roll_key = (agenda_session.compound_id, agenda_session.id, resident_id)
    attendance = Attendance(
        session_id=agenda_session.id,
        resident_id=resident_id,
        compound_id=agenda_session.compound_id,
        arrived_at=at,
        mode=mode,
        noted_by_id=noted_by_id,
        is_on_roll=session.get(RollEntry, roll_key) is not None,
    )
    try:
        with session.begin_nested():
            session.add(attendance)
    except IntegrityError:  # they came before
        return session.scalars(
            select(Attendance).where(
                Attendance.session_id == agenda_session.id, Attendance.resident_id == resident_id
            )
        ).one()
    record(session, attendance, "arrive", noted_by_id, at)
    return attendance
