"""What can be done with a resolution but review and vote: draft, table, shelve, publish.

Every move holds the session and then the resolution alone, so that a round table ends, numbers are
given out and resolutions move one after the other. A draft, a tabled resolution and one without a
quorum exist only while the round table is on: its end shelves or refuses them.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, SessionState
from app.ballots.keys.operator import require_our_store
from app.ballots.keys.store import KeyStore
from app.board.objections import objection_term
from app.board.posting import post
from app.deliberation.agenda import chosen_matter
from app.deliberation.models import CardState, SolutionCard
from app.kit.moves import begin_move, record_move
from app.kit.orm import new_id, next_number
from app.people.models import Resident
from app.resolutions import notices, refusals
from app.resolutions.models import (
    DEAD,
    Forum,
    Resolution,
    ResolutionCard,
    ResolutionState,
    Secrecy,
    VoteMethod,
)
from votes.majority import MajorityRule


def draft_resolution(
    session: Session,
    agenda_session: AgendaSession,
    by: Resident,
    *,
    matter_id: UUID,
    title: str,
    text: str,
    card_ids: Collection[UUID],
    supersedes_id: UUID | None,
) -> Resolution:
    """Draft a resolution on a chosen matter; it gets the session's next number.

    Raises WrongState, MatterNotChosen, InvalidCards, CardTaken, InvalidSuperseded,
    SupersededAlready.
    """
    at = begin_move(session, agenda_session)
    agenda_session.require_state(SessionState.MEETING)
    matter = chosen_matter(session, agenda_session.id, matter_id)
    resolution = Resolution(
        id=new_id(),
        agenda_session=agenda_session,
        session_id=agenda_session.id,
        compound_id=agenda_session.compound_id,
        matter=matter,
        matter_id=matter.id,
        number=next_number(session, Resolution.number, Resolution.session_id == agenda_session.id),
        title=title,
        text=text,
        state=ResolutionState.DRAFT,
        drafted_by_id=by.id,
        drafted_at=at,
        attempt=0,
    )
    _carry(session, resolution, card_ids)
    _name_superseded(session, resolution, supersedes_id)
    record_move(session, resolution, "draft", by, at)
    return resolution


def revise_resolution(
    session: Session,
    resolution: Resolution,
    by: Resident,
    *,
    title: str,
    text: str,
    card_ids: Collection[UUID],
    supersedes_id: UUID | None,
) -> None:
    """Write a draft anew, but for its matter, while no review is pending.

    Raises WrongState, ReviewPending, InvalidCards, CardTaken, InvalidSuperseded,
    SupersededAlready.
    """
    at = begin_move(session, resolution)
    resolution.require_state(ResolutionState.DRAFT)
    _require_no_pending_review(resolution, at)
    if resolution.review is not None and (resolution.title, resolution.text) != (title, text):
        _retire_review(session, resolution, by, at)
    resolution.revise(title, text)
    _carry(session, resolution, card_ids)
    _name_superseded(session, resolution, supersedes_id)
    record_move(session, resolution, "revise", by, at)


def table_resolution(
    session: Session,
    resolution: Resolution,
    by: Resident,
    keys: KeyStore,
    *,
    method: VoteMethod,
    secrecy: Secrecy,
) -> None:
    """Put it to the vote: text, method, secrecy and rule are fixed from here on.

    Raises HandsAreNotSecret, WrongState, ReviewPending, KeyUnavailable.
    """
    if method is VoteMethod.HANDS and secrecy is Secrecy.SECRET:
        raise refusals.HandsAreNotSecret
    at = begin_move(session, resolution)
    _require_no_pending_review(resolution, at)
    resolution.table(at, method, secrecy, MajorityRule().to_data())
    if resolution.is_secret_phone_vote:
        require_our_store(session, keys)
        keys.erase(resolution.id)  # of a vote before, if that could not be erased then
        resolution.take_key(keys.create_session_key(resolution.id))
    record_move(session, resolution, "table", by, at, reason=f"{method}, {secrecy}")


def shelve_resolution(session: Session, resolution: Resolution, by: Resident, reason: str) -> None:
    """Decide it not now. Phone votes that came in are not counted. Raises WrongState."""
    at = begin_move(session, resolution)
    shelve(session, resolution, by, reason, at)


def shelve(
    session: Session, resolution: Resolution, by: Resident, reason: str, at: datetime
) -> None:
    """The move alone, for whoever holds the session."""
    resolution.shelve(reason)
    record_move(session, resolution, "shelve", by, at, reason=reason)


def escalate_resolution(
    session: Session, resolution: Resolution, by: Resident, forum: Forum, reason: str
) -> None:
    """Hand on what was not decided here (domain notes, section 7). Raises WrongState."""
    at = begin_move(session, resolution)
    resolution.escalate(forum, reason)
    record_move(session, resolution, "escalate", by, at, reason=reason)
    post(session, notices.RESOLUTION_ESCALATED, resolution, at)


def publish_resolution(session: Session, resolution: Resolution, by: Resident) -> None:
    """Put a passed resolution on the board; objections may come until its notice ends.

    Raises WrongState.
    """
    at = begin_move(session, resolution)
    resolution.require_state(ResolutionState.PASSED)
    ends_at = objection_term(at)
    notice = post(
        session,
        notices.RESOLUTION_NOTICED,
        resolution,
        at,
        term_ends_at=ends_at,
        data={"state": ResolutionState.NOTICED.value},
    )
    resolution.publish(notice)
    record_move(session, resolution, "publish", by, at)


def _carry(session: Session, resolution: Resolution, card_ids: Collection[UUID]) -> None:
    """Let the resolution carry these cards and no others; the session is held alone."""
    wanted = set(card_ids)
    cards = session.scalars(
        select(SolutionCard)
        .where(
            SolutionCard.id.in_(wanted),
            SolutionCard.session_id == resolution.session_id,
            SolutionCard.matter_id == resolution.matter_id,
            SolutionCard.state == CardState.ADOPTED,
        )
        .order_by(SolutionCard.number)
    ).all()
    if len(cards) != len(wanted):
        raise refusals.InvalidCards
    taken = session.scalar(
        select(func.count())
        .select_from(ResolutionCard)
        .join(Resolution, ResolutionCard.resolution_id == Resolution.id)
        .where(
            ResolutionCard.card_id.in_(wanted),
            Resolution.id != resolution.id,
            Resolution.state.not_in(DEAD),
        )
    )
    if taken:
        raise refusals.CardTaken
    resolution.cards = list(cards)


def _name_superseded(session: Session, resolution: Resolution, older_id: UUID | None) -> None:
    """Write the resolution with the older one whose place it is to take, if any."""
    if older_id is not None:
        older = session.get(Resolution, older_id, populate_existing=True)
        if (
            older is None
            or older.compound_id != resolution.compound_id
            or older.state is not ResolutionState.EFFECTIVE
        ):
            raise refusals.InvalidSuperseded
    resolution.supersedes_id = older_id
    session.add(resolution)
    try:
        session.flush()
    except IntegrityError:
        raise refusals.SupersededAlready from None


def _retire_review(session: Session, resolution: Resolution, by: Resident, at: datetime) -> None:
    """The branch spoke of other words: it may be asked again, and the log keeps what it said."""
    review = resolution.review
    opinion = "" if review is None or review.opinion is None else review.opinion.value
    record_move(session, resolution, "retire_review", by, at, reason=opinion or None)
    session.delete(review)
    session.flush()
    session.expire(resolution, ["review"])


def _require_no_pending_review(resolution: Resolution, at: datetime) -> None:
    if resolution.review is not None and resolution.review.is_pending(at):
        raise refusals.ReviewPending
