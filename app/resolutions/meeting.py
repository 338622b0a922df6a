"""The end of a round table: what is still open is shelved, and every chosen matter is settled.

A matter whose resolution was passed is RESOLVED already. Of the others (domain notes, section 8)
a matter is left to the owners (OWNER_VOTE) where all that the round table took up for it is theirs
to decide and no resolution on it failed; it is SHELVED otherwise, and may be raised again.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.agenda.models import AgendaSession, SessionState
from app.board.posting import post
from app.deliberation.agenda import hold_chosen_matters
from app.deliberation.models import CardState, SolutionCard
from app.kit.moves import begin_move, record_move
from app.matters.models import UNDER_DISCUSSION, Matter
from app.people.models import Resident
from app.resolutions import notices
from app.resolutions.models import Ending, Resolution, ResolutionState
from app.resolutions.refusals import ResolutionStillTabled
from app.resolutions.services import shelve

LEFT_OVER = {
    ResolutionState.DRAFT: "会议结束时未付表决",
    ResolutionState.VOID: "表决作废后没有再付表决",
    ResolutionState.NO_QUORUM: "到会人数不足，未能表决",
}


def conclude_meeting(session: Session, agenda_session: AgendaSession, by: Resident) -> None:
    """End the round table; the figures of all its resolutions go on the board.

    Raises WrongState, ResolutionStillTabled.
    """
    at = begin_move(session, agenda_session)
    agenda_session.require_state(SessionState.MEETING)
    resolutions = _resolutions(session, agenda_session)
    if any(each.state is ResolutionState.TABLED for each in resolutions):
        raise ResolutionStillTabled
    for resolution in resolutions:
        if resolution.state in LEFT_OVER:
            shelve(session, resolution, by, LEFT_OVER[resolution.state], at)
    matters = _settle_matters(session, agenda_session, resolutions, by, at)
    agenda_session.conclude_meeting()
    record_move(session, agenda_session, "conclude_meeting", by, at)
    post(
        session,
        notices.MEETING_CONCLUDED,
        agenda_session,
        at,
        endings=_endings(resolutions),
        resolutions=resolutions,
        matters=matters,
        data=notices.ConclusionData().dump({"resolutions": resolutions, "matters": matters}),
    )


def _endings(resolutions: Sequence[Resolution]) -> list[tuple[Ending, int]]:
    """How many resolutions ended in each way; a way that none took is left out."""
    counts = Counter(each.ending for each in resolutions)
    return [(ending, counts[ending]) for ending in Ending if counts[ending]]


def _resolutions(session: Session, agenda_session: AgendaSession) -> Sequence[Resolution]:
    return session.scalars(
        select(Resolution)
        .where(Resolution.session_id == agenda_session.id)
        .options(selectinload(Resolution.cards))
        .order_by(Resolution.number)
        .execution_options(populate_existing=True)
    ).all()


def _settle_matters(
    session: Session,
    agenda_session: AgendaSession,
    resolutions: Sequence[Resolution],
    by: Resident,
    at: datetime,
) -> Sequence[Matter]:
    matters = hold_chosen_matters(session, agenda_session.id)
    adopted = session.scalars(
        select(SolutionCard).where(
            SolutionCard.session_id == agenda_session.id, SolutionCard.state == CardState.ADOPTED
        )
    ).all()
    for matter in sorted(matters, key=lambda matter: matter.id):
        if matter.state in UNDER_DISCUSSION:
            if _is_left_to_owners(
                [each for each in resolutions if each.matter_id == matter.id],
                [card for card in adopted if card.matter_id == matter.id],
            ):
                matter.leave_to_owners()
            else:
                matter.shelve()
            record_move(session, matter, "settle", by, at)
    return matters


def _is_left_to_owners(resolutions: Sequence[Resolution], adopted: Sequence[SolutionCard]) -> bool:
    """Whether all that was taken up for a matter that is not resolved is the owners' to decide.

    A passed resolution on such a matter carries only their cards.
    """
    states = {each.state for each in resolutions}
    if states - {ResolutionState.FAILED, ResolutionState.SHELVED}:
        return True
    only_theirs = bool(adopted) and all(card.needs_owner_vote for card in adopted)
    return only_theirs and ResolutionState.FAILED not in states
