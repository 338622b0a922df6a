"""What somebody is told of the own home, name and offices. Its texts lie
beside the people's other files, which know nothing of messages."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.compounds.models import Community, Compound, Subdistrict
from app.kit.audit import AuditEntry
from app.kit.texts import APP
from app.messages.models import MessageKind
from app.messages.telling import Message, one_by_one
from app.messages.whom import housemates
from app.people.models import Appointment, Residence, ResidenceState

FOLDER = APP / "people" / "messages"


@one_by_one
def _its_own(session: Session, thing: Residence | Appointment, entry: AuditEntry) -> list[UUID]:
    return [thing.resident_id]


def _place(session: Session, office: Appointment) -> Mapping[str, Any]:
    places: Collection[tuple[type[Any], UUID | None]] = (
        (Compound, office.compound_id),
        (Community, office.community_id),
        (Subdistrict, office.subdistrict_id),
    )
    return {"place": next(session.get_one(kind, id_) for kind, id_ in places if id_ is not None)}


MESSAGES = (
    Message(
        MessageKind.HOME_VERIFIED,
        FOLDER,
        "residence",
        Residence,
        "verify",
        _its_own,
        "whose home it is: from now on they may take part",
        into=ResidenceState.VERIFIED,
    ),
    Message(
        MessageKind.HOME_REFUSED,
        FOLDER,
        "residence",
        Residence,
        "refuse",
        _its_own,
        "who claimed it, to claim it anew with what was missing",
    ),
    Message(
        MessageKind.HOME_ENDED,
        FOLDER,
        "residence",
        Residence,
        "end",
        _its_own,
        "whose home it was: what they could do there has ended",
    ),
    Message(
        MessageKind.BIRTH_DATE_CORRECTED,
        FOLDER,
        "residence",
        Residence,
        "correct_birth_date",
        _its_own,
        "whose age it is, which decides whether they may vote (trust notes, Residences)",
    ),
    Message(
        MessageKind.HOUSEHOLD_JOINED,
        FOLDER,
        "residence",
        Residence,
        "verify",
        housemates,
        "everybody verified in the home, who alone can tell who lives there (trust notes,"
        " Residences)",
        into=ResidenceState.VERIFIED,
    ),
    Message(
        MessageKind.HOUSEHOLD_LEFT,
        FOLDER,
        "residence",
        Residence,
        "end",
        housemates,
        "everybody verified in the home, as above",
    ),
    Message(
        MessageKind.OFFICE_GIVEN,
        FOLDER,
        "office",
        Appointment,
        "appoint",
        _its_own,
        "who holds it from now on",
        also=_place,
    ),
    Message(
        MessageKind.OFFICE_ENDED,
        FOLDER,
        "office",
        Appointment,
        "end",
        _its_own,
        "who held it",
        also=_place,
    ),
)
