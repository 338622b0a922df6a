"""What can be done with solution cards: put, support, merge, adopt, drop, tag.

Every write holds the session alone: the round table ends, numbers are given out and cards move one
after the other.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.agenda.models import DISCUSSION_STATES, AgendaSession, SessionState
from app.attachments.services import attach
from app.deliberation.agenda import chosen_matter
from app.deliberation.models import CardState, CardSupport, SolutionCard
from app.deliberation.refusals import InvalidCardTarget
from app.kit.moves import begin_move, record_move
from app.kit.orm import next_number
from app.matters.models import Matter, MatterState
from app.people.models import Resident


def put_card(
    session: Session,
    agenda_session: AgendaSession,
    by: Resident,
    *,
    matter_id: UUID,
    text: str,
    is_anonymous: bool,
    owner_vote_item: int | None,
    attachment_ids: Sequence[UUID],
) -> SolutionCard:
    """Put a solution for a chosen matter, with uploads of its author; it gets the session's next
    number.

    An anonymous card takes photos only, and forgets what their files were called. Raises
    WrongState, MatterNotChosen, TooManyAttachments, UnknownAttachment, PhotosOnly.
    """
    at = begin_move(session, agenda_session)
    agenda_session.require_state(*DISCUSSION_STATES)
    chosen_matter(session, agenda_session.id, matter_id).require_under_discussion()
    card = SolutionCard(
        session_id=agenda_session.id,
        compound_id=agenda_session.compound_id,
        matter_id=matter_id,
        number=next_number(
            session, SolutionCard.number, SolutionCard.session_id == agenda_session.id
        ),
        text=text,
        author=by,
        is_anonymous=is_anonymous,
        owner_vote_item=owner_vote_item,
        state=CardState.OPEN,
        put_at=at,
    )
    session.add(card)
    session.flush()
    # Auditors read the log, and are told no more of an anonymous author than others.
    record_move(session, card, "put", None if card.is_anonymous else by, at)
    attach(session, card, card.compound_id, attachment_ids, by, at, is_anonymous=is_anonymous)
    return card


def support_card(session: Session, card: SolutionCard, by: Resident) -> None:
    """Support a card; a second time changes nothing. Raises WrongState."""
    at = _begin(session, card, *DISCUSSION_STATES)
    card.require_open()
    support = session.get(CardSupport, (card.id, by.id))
    if support is None:
        session.add(CardSupport(card_id=card.id, resident_id=by.id, supported_at=at))
    elif support.withdrawn_at is not None:
        support.supported_at, support.withdrawn_at = at, None
    session.flush()


def withdraw_support(session: Session, card: SolutionCard, by: Resident) -> None:
    """Support it no longer, nor what was merged into it. Raises WrongState."""
    at = _begin(session, card, *DISCUSSION_STATES)
    card.require_open()
    merged = select(SolutionCard.id).where(SolutionCard.merged_into_id == card.id)
    session.execute(
        update(CardSupport)
        .where(
            or_(CardSupport.card_id == card.id, CardSupport.card_id.in_(merged)),
            CardSupport.resident_id == by.id,
            CardSupport.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=at)
    )


def merge_card(session: Session, card: SolutionCard, by: Resident, into_id: UUID) -> None:
    """Let another open card of the same matter stand for this one and for those merged into it.

    Raises WrongState, InvalidCardTarget.
    """
    at = _begin(session, card, SessionState.MEETING)
    card.require_open()
    into = session.get(SolutionCard, into_id, populate_existing=True)
    if (
        into is None
        or into.id == card.id
        or (into.session_id, into.matter_id) != (card.session_id, card.matter_id)
        or into.state is not CardState.OPEN
    ):
        raise InvalidCardTarget
    card.merge_into(into)
    session.execute(
        update(SolutionCard)
        .where(SolutionCard.merged_into_id == card.id)
        .values(merged_into_id=into.id)
    )
    reason = f"{card.label} > {into.label}"
    record_move(session, card, "merge", by, at, reason=reason)


def adopt_card(session: Session, card: SolutionCard, by: Resident) -> None:
    """Take the card up; with its first one the matter has been deliberated. Raises WrongState."""
    at = _begin(session, card, SessionState.MEETING)
    card.adopt()
    record_move(session, card, "adopt", by, at)
    matter = card.matter
    session.refresh(matter, with_for_update={"of": Matter, "key_share": True})
    matter.require_under_discussion()
    if matter.state is MatterState.SELECTED:
        matter.deliberate()
        record_move(session, matter, "deliberate", by, at, reason=card.label)


def drop_card(session: Session, card: SolutionCard, by: Resident, reason: str | None) -> None:
    """Do not take the card up, also before the round table: it may say what nobody should read.

    Raises WrongState.
    """
    at = _begin(session, card, *DISCUSSION_STATES)
    card.drop()
    record_move(session, card, "drop", by, at, reason=reason)


def tag_card(session: Session, card: SolutionCard, by: Resident, item: int | None) -> None:
    """Say which item of Civil Code 278 leaves the card to the owners, None for none.

    Raises WrongState.
    """
    at = _begin(session, card, *DISCUSSION_STATES)
    before = card.owner_vote_item
    card.tag(item)
    change = f"278: {before or '-'} > {item or '-'}"
    record_move(session, card, "tag", by, at, reason=change)


def _begin(session: Session, card: SolutionCard, *states: SessionState) -> datetime:
    """Hold the card's session alone, and read the card again. Raises WrongState."""
    at = begin_move(session, card.agenda_session)
    card.agenda_session.require_state(*states)
    session.refresh(card)
    return at
