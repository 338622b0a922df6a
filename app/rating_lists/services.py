"""Making a list, its review and publication, and what objections change in it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.board.models import Objection
from app.board.objections import objection_term
from app.board.posting import post
from app.compounds.models import Community, Compound
from app.kit import locks
from app.kit.audit import record
from app.kit.clock import read_database_clock
from app.kit.moves import begin_move, record_move
from app.kit.orm import new_id
from app.people.models import Resident
from app.rating_lists import notices, refusals
from app.rating_lists.models import Colour, ListState, RatingEntry, RatingList


def draft_list(
    session: Session,
    community: Community,
    by: Resident,
    *,
    period: str,
    entries: Sequence[dict[str, Any]],
) -> RatingList:
    """Draft the list of a month. Raises ListExists, InvalidEntries."""
    locks.hold_alone(session, community.id)
    same_month = select(RatingList.id).filter_by(community_id=community.id, period=period)
    if session.scalar(same_month) is not None:
        raise refusals.ListExists
    at = read_database_clock(session)
    made = RatingList(
        id=new_id(),
        community_id=community.id,
        period=period,
        state=ListState.DRAFT,
        drafted_by_id=by.id,
        drafted_at=at,
    )
    session.add(made)
    _write(session, made, entries)
    record_move(session, made, "draft", by, at)
    return made


def revise_list(
    session: Session, made: RatingList, by: Resident, *, entries: Sequence[dict[str, Any]]
) -> None:
    """Write a draft anew; whoever does so is its drafter. Raises WrongState, InvalidEntries."""
    at = begin_move(session, made)
    made.require_state(ListState.DRAFT)
    made.drafted_by_id = by.id
    _write(session, made, entries)
    record_move(session, made, "revise", by, at)


def review_list(session: Session, made: RatingList, by: Resident) -> None:
    """The street office reviews a draft. Raises WrongState, OwnList."""
    at = begin_move(session, made)
    made.require_state(ListState.DRAFT)
    if by.id == made.drafted_by_id:
        raise refusals.OwnList
    made.review(by.id, at)
    record_move(session, made, "review", by, at)


def publish_list(session: Session, made: RatingList, by: Resident) -> None:
    """Put each entry on the board of its compound; all notices end at the same time.

    Raises WrongState.
    """
    at = begin_move(session, made)
    made.require_state(ListState.REVIEWED)
    ends_at = objection_term(at)
    made.publish(ends_at)
    for entry in made.entries:
        entry.notice = post(session, notices.RATING_NOTICED, entry, at, term_ends_at=ends_at)
    record_move(session, made, "publish", by, at)


def strike_entry(session: Session, entry: RatingEntry, by: Resident, reason: str) -> None:
    """Take an entry off the list after an objection to it; its notice is corrected.

    Raises WrongState, NoObjectionRaised.
    """
    at = begin_move(session, entry.rating_list)
    session.refresh(entry)
    entry.strike(reason, at)
    _require_objection(session, entry)
    _tell(session, entry, "strike", by, reason, at)


def recolour_entry(
    session: Session, entry: RatingEntry, by: Resident, colour: Colour, reason: str
) -> None:
    """Move an entry to the other list after an objection to it; its notice is corrected.

    Raises WrongState, NoObjectionRaised, SameColour.
    """
    at = begin_move(session, entry.rating_list)
    session.refresh(entry)
    entry.recolour(colour, reason)
    _require_objection(session, entry)
    _tell(session, entry, "recolour", by, reason, at)


def _write(session: Session, made: RatingList, entries: Sequence[dict[str, Any]]) -> None:
    named = {entry["compound_id"] for entry in entries}
    living = select(Compound).filter_by(community_id=made.community_id, until=None)
    found = session.scalars(living.where(Compound.id.in_(named)))
    compounds = {compound.id: compound for compound in found}
    firms = {(entry["compound_id"], entry["firm_name"]) for entry in entries}
    if len(compounds) != len(named) or len(firms) != len(entries):
        raise refusals.InvalidEntries
    # Their numbers are unique, and new rows would come in before the old ones go.
    made.entries.clear()
    session.flush()
    for number, entry in enumerate(entries, start=1):
        row = RatingEntry(
            id=new_id(), number=number, compound=compounds[entry["compound_id"]], **entry
        )
        made.entries.append(row)
    session.flush()


def _require_objection(session: Session, entry: RatingEntry) -> None:
    raised = select(Objection.id).where(Objection.notice_id == entry.notice_id).limit(1)
    if session.scalar(raised) is None:
        raise refusals.NoObjectionRaised


def _tell(
    session: Session, entry: RatingEntry, verb: str, by: Resident, reason: str, at: datetime
) -> None:
    state = "STRUCK" if entry.struck_at else entry.colour
    record(session, entry, verb, by, at, to_state=state, reason=reason)
