"""The end of a round table: what is still open is shelved, a card that nobody took up is dropped,
and every chosen matter is settled.

A matter whose resolution was passed is RESOLVED already. Of the others (domain notes, section 8)
a matter is left to the owners (OWNER_VOTE) where it was handed on to them, or all that the round
table took up for it is theirs to decide and no resolution on it failed; it is SHELVED otherwise,
and may be raised again.
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
from app.resolutions.models import BINDING, Ending, Forum, Resolution, ResolutionState
from app.resolutions.refusals import ResolutionStillTabled
from app.resolutions.services import shelve

# The round table has said no, or that others are to decide.
NOT_DECIDED = frozenset({ResolutionState.FAILED, ResolutionState.ESCALATED})
LEFT_OVER = {
    ResolutionState.DRAFT: "会议结束时未付表决",
    ResolutionState.VOID: "表决作废后没有再付表决",
    ResolutionState.NO_QUORUM: "到会人数不足，未能表决",
}
NOT_TAKEN_UP = "圆桌会结束时没有采纳"


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
    for card in _cards(session, agenda_session, CardState.OPEN):
        card.drop()
        record_move(session, card, "drop", by, at, reason=NOT_TAKEN_UP)
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
    adopted = _cards(session, agenda_session, CardState.ADOPTED)
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


def _cards(
    session: Session, agenda_session: AgendaSession, state: CardState
) -> Sequence[SolutionCard]:
    return session.scalars(
        select(SolutionCard)
        .where(SolutionCard.session_id == agenda_session.id, SolutionCard.state == state)
        .order_by(SolutionCard.number)
    ).all()


def _is_left_to_owners(resolutions: Sequence[Resolution], adopted: Sequence[SolutionCard]) -> bool:
    """Whether what was taken up for a matter that is not resolved is the owners' to decide.

    A passed resolution on such a matter carries only their cards.
    """
    if any(
        each.state in BINDING or each.escalated_to is Forum.OWNERS_ASSEMBLY for each in resolutions
    ):
        return True
    only_theirs = bool(adopted) and all(card.needs_owner_vote for card in adopted)
    return only_theirs and not any(each.state in NOT_DECIDED for each in resolutions)
