"""吹哨报到: request, blow, object, recall, sign, contact, report, feed back, close, rework."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.attachments.services import attach
from app.board.posting import post
from app.kit import locks
from app.kit.calendar.terms import add_working_days
from app.kit.clock import read_database_clock
from app.kit.moves import begin_move, record_move
from app.kit.orm import new_id, next_number
from app.matters.models import Matter, MatterState
from app.matters.services import hold_matter
from app.people.actor import Actor
from app.people.models import Resident, Role
from app.works import notices
from app.works.access import require_offices
from app.works.carrying_out import begin_work, finish_if_done
from app.works.due_days import end_of_due_day
from app.works.limits import (
    WHISTLE_CONTACT,
    WHISTLE_FEEDBACK,
    WHISTLE_REPORT,
    WHISTLE_SIGN,
    WhistleKind,
)
from app.works.refusals import DoerCannotVerify, NotTheDoer
from app.works.whistles.models import Whistle, WhistleGround, WhistleState


def request_whistle(
    session: Session, matter: Matter, by: Resident, *, ground: WhistleGround, text: str
) -> Whistle:
    """收集: ask the street to call a department to a matter, in one of the three allowed cases.

    Raises WrongState.
    """
    locks.hold_alone(session, matter.id)
    matter = hold_matter(session, matter.id)
    matter.require_state(MatterState.WHISTLED, MatterState.EXECUTING, MatterState.REOPENED)
    at = read_database_clock(session)
    locks.hold_alone(session, matter.compound_id)
    whistle = Whistle(
        id=new_id(),
        compound_id=matter.compound_id,
        compound=matter.compound,
        matter_id=matter.id,
        matter=matter,
        number=next_number(session, Whistle.number, Whistle.compound_id == matter.compound_id),
        ground=ground,
        text=text,
        state=WhistleState.COLLECTED,
        requested_by_id=by.id,
        requested_at=at,
        rework_count=0,
        escalation_level=0,
    )
    session.add(whistle)
    session.flush()
    record_move(session, whistle, "request", by, at, reason=ground)
    return whistle


def withdraw_whistle(session: Session, whistle: Whistle, by: Resident, reason: str) -> None:
    """Do not blow a whistle that was asked for. Raises WrongState."""
    at = begin_move(session, whistle)
    whistle.withdraw(reason)
    record_move(session, whistle, "withdraw", by, at, reason=reason)
    finish_if_done(session, whistle.matter_id, by, at)


def blow_whistle(
    session: Session,
    whistle: Whistle,
    by: Resident,
    *,
    kind: WhistleKind,
    department: str,
    receiver_id: UUID | None,
    due_on: date | None,
) -> None:
    """吹哨: the street calls a department; all its terms run from now.

    Raises WrongState, InvalidDoer, DueDayPassed.
    """
    at = begin_move(session, whistle)
    whistle.blow(
        at,
        by.id,
        kind=kind,
        department=department,
        receiver_id=receiver_id,
        sign_due_at=at + WHISTLE_SIGN.length,
        contact_due_at=at + WHISTLE_CONTACT.length,
        report_due_at=add_working_days(at, WHISTLE_REPORT[kind].days),
        due_at=end_of_due_day(due_on, at) or add_working_days(at, WHISTLE_FEEDBACK.days),
    )
    if receiver_id is not None:
        require_offices(session, whistle.compound, [receiver_id], [Role.DEPARTMENT])
    begin_work(session, hold_matter(session, whistle.matter_id), None, by, at)
    record_move(session, whistle, "blow", by, at, reason=f"{kind}, {department}")


def recall_whistle(session: Session, whistle: Whistle, by: Resident, reason: str) -> None:
    """收回: take a whistle back from a department whose receiver has left, or that does nothing;
    it may be blown again or withdrawn. Raises WrongState."""
    at = begin_move(session, whistle)
    whistle.recall(reason)
    record_move(session, whistle, "recall", by, at, reason=reason)


def object_to_dispatch(session: Session, whistle: Whistle, by: Actor, reason: str) -> None:
    """派哨异议: the department says, once and before it signs, that the matter is not its own.

    Raises NotTheDoer, WrongState, ObjectedAlready.
    """
    at = begin_move(session, whistle)
    _require_receiver(whistle, by)
    whistle.object_to(reason, at)
    record_move(session, whistle, "object", by.resident, at, reason=reason)


def sign_whistle(session: Session, whistle: Whistle, by: Actor) -> None:
    """签收: whoever signs leads. Raises NotTheDoer, WrongState."""
    at = begin_move(session, whistle)
    _require_receiver(whistle, by)
    whistle.sign(by.id, at)
    record_move(session, whistle, "sign", by.resident, at)


def note_contact(session: Session, whistle: Whistle, by: Actor, note: str) -> None:
    """The department has spoken with those concerned. Raises NotTheDoer, WrongState."""
    at = begin_move(session, whistle)
    _require_receiver(whistle, by)
    whistle.contact(at)
    record_move(session, whistle, "contact", by.resident, at, reason=note)


def report_in(
    session: Session, whistle: Whistle, by: Actor, *, text: str, attachment_ids: Sequence[UUID]
) -> None:
    """报到: the department is on site, with photos that the same person uploaded.

    The photos are for whoever lives or holds an office in the place, also where a public notice
    tells of the whistle: faces may be on them. Raises NotTheDoer, WrongState, TooManyAttachments,
    UnknownAttachment.
    """
    at = begin_move(session, whistle)
    _require_receiver(whistle, by)
    whistle.report_in(text, at)
    record_move(session, whistle, "report", by.resident, at, reason=text)
    attach(session, whistle, whistle.compound_id, attachment_ids, by.resident, at)


def feed_back(
    session: Session, whistle: Whistle, by: Actor, *, text: str, attachment_ids: Sequence[UUID]
) -> None:
    """反馈: the department says what it did, with photos as in `report_in`.

    Raises NotTheDoer, WrongState, TooManyAttachments, UnknownAttachment.
    """
    at = begin_move(session, whistle)
    _require_receiver(whistle, by)
    whistle.feed_back(text, at)
    record_move(session, whistle, "feed_back", by.resident, at, reason=text)
    attach(session, whistle, whistle.compound_id, attachment_ids, by.resident, at)


def verify_close(session: Session, whistle: Whistle, by: Actor, note: str | None) -> None:
    """核实结项: it is solved; never by the department that did it.

    Raises DoerCannotVerify, WrongState.
    """
    at = _begin_check(session, whistle, by)
    whistle.verify_close(by.id, at)
    record_move(session, whistle, "verify_close", by.resident, at, reason=note)
    post(session, notices.WHISTLE_CLOSED, whistle, at)
    finish_if_done(session, whistle.matter_id, by.resident, at)


def rework_whistle(
    session: Session, whistle: Whistle, by: Actor, *, reason: str, due_on: date
) -> None:
    """It is not solved: the department goes on until another day; never by the department itself.

    Raises DoerCannotVerify, WrongState, DueDayPassed.
    """
    at = _begin_check(session, whistle, by)
    due_at = end_of_due_day(due_on, at)
    whistle.rework(reason, due_at or at)
    record_move(session, whistle, "rework", by.resident, at, reason=reason)


def _begin_check(session: Session, whistle: Whistle, by: Actor) -> datetime:
    at = begin_move(session, whistle)
    whistle.require_state(WhistleState.FED_BACK)
    if by.id in (whistle.signed_by_id, whistle.receiver_id):
        raise DoerCannotVerify
    return at


def _require_receiver(whistle: Whistle, by: Actor) -> None:
    """Raises NotTheDoer unless this person stands for the department: who signed, or before that
    whoever was called, which may be the department as a whole."""
    receiver = whistle.signed_by_id or whistle.receiver_id
    if receiver is not None and receiver != by.id:
        raise NotTheDoer
