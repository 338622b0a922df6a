"""更正与撤回: what whoever raised a matter may do to it until a list with it is frozen."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agenda.models import BEFORE_TALLY, AgendaItem, AgendaSession, SessionState
from app.compounds.models import Compound
from app.kit.moves import record_move
from app.matters.models import Matter, Words
from app.matters.refusals import NotTheRaiser, OnAList, OthersMerged
from app.matters.services import supporters_of
from app.people.models import Resident


def correct_matter(
    session: Session, matter: Matter, by: Resident, words: Words, at: datetime
) -> None:
    """Put a matter in other words; its row is held.

    Once somebody supports it the earlier words are kept as a version, which stays readable.
    Raises NotTheRaiser, WrongState, OnAList: also where it stood on a list before.
    """
    _require_raiser(session, matter, by)
    if session.scalar(select(AgendaItem.matter_id).where(AgendaItem.matter_id == matter.id)):
        raise OnAList
    kept = matter.correct(words, at, keeps=bool(supporters_of(session, matter)))
    if kept is not None:
        session.add(kept)
    reason = None if kept is None else str(matter.version)
    record_move(session, matter, "correct", by, at, reason=reason)


def withdraw_matter(session: Session, matter: Matter, by: Resident, at: datetime) -> None:
    """Take a matter back; its row is held.

    Raises NotTheRaiser, WrongState, OnAList, OthersMerged.
    """
    _require_raiser(session, matter, by)
    frozen = BEFORE_TALLY - {SessionState.DRAFT, SessionState.COLLECTING}
    stands = (
        select(AgendaItem.matter_id)
        .join(AgendaSession, AgendaItem.session_id == AgendaSession.id)
        .where(AgendaItem.matter_id == matter.id, AgendaSession.state.in_(frozen))
    )
    if session.scalar(stands):
        raise OnAList
    if session.scalar(select(Matter.id).where(Matter.merged_into_id == matter.id).limit(1)):
        raise OthersMerged
    matter.withdraw()
    record_move(session, matter, "withdraw", by, at)


def _require_raiser(session: Session, matter: Matter, by: Resident) -> None:
    if matter.raised_by_id != by.id:
        raise NotTheRaiser
    # Freezing a list holds the compound too, so that what it prints is what stands on it.
    session.scalars(
        select(Compound.id).where(Compound.id == matter.compound_id).with_for_update(key_share=True)
    ).one()
