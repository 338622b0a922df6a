"""What a round table talks about: the matters that the session chose, with their cards."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.ballots.models import ResultRow
from app.deliberation.models import SolutionCard
from app.deliberation.refusals import MatterNotChosen
from app.deliberation.seen import SeenCard, as_seen_by, cards_of
from app.matters.models import Matter
from app.matters.services import hold_matters
from votes.selection import Outcome


@dataclass(frozen=True)
class DiscussedMatter:
    """A chosen matter, by its line of the result, and its cards in the order of their numbers."""

    row: ResultRow
    cards: list[SeenCard]


def chosen_rows(session: Session, session_id: UUID) -> list[ResultRow]:
    """The lines of the chosen matters in the order of the tally; none before it."""
    query = (
        select(ResultRow)
        .where(ResultRow.session_id == session_id, ResultRow.outcome == Outcome.SELECTED)
        .order_by(ResultRow.rank)
    )
    return list(session.scalars(query))


def hold_chosen_matters(session: Session, session_id: UUID) -> list[Matter]:
    """The matters that the session chose, in the order of the tally, each held and read again."""
    ids = [row.matter_id for row in chosen_rows(session, session_id)]
    return sorted(hold_matters(session, Matter.id.in_(ids)), key=lambda each: ids.index(each.id))


def chosen_matter(session: Session, session_id: UUID, matter_id: UUID) -> Matter:
    """The matter, if this session chose it. Raises MatterNotChosen."""
    for row in chosen_rows(session, session_id):
        if row.matter_id == matter_id:
            return row.item.matter
    raise MatterNotChosen


def read_agenda(
    session: Session, session_id: UUID, resident_id: UUID | None
) -> list[DiscussedMatter]:
    """The agenda of a session as this person sees it (None is the public); empty before the
    tally."""
    rows = chosen_rows(session, session_id)
    cards = session.scalars(cards_of(session_id).order_by(SolutionCard.number)).all()
    seen = as_seen_by(session, resident_id, cards)
    return [
        DiscussedMatter(row, [each for each in seen if each.card.matter_id == row.matter_id])
        for row in rows
    ]
