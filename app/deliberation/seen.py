"""Cards as one person sees them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import Session, joinedload

from app.attachments.models import Attachment
from app.attachments.services import attachments_of
from app.deliberation.models import CardSupport, SolutionCard
from votes.civil_code import OWNERS_ITEMS, OwnersItem


@dataclass(frozen=True)
class Supports:
    """How many residents support a card, and whether the one who asks is among them."""

    count: int
    is_mine: bool


NO_SUPPORTS = Supports(0, is_mine=False)


@dataclass(frozen=True)
class SeenCard:
    """A card with its photos and documents; who put it stays unsaid to everybody where the author
    wished so."""

    card: SolutionCard
    supports: Supports
    attachments: list[Attachment]
    is_mine: bool

    @property
    def author(self) -> str | None:
        return None if self.card.is_anonymous else self.card.author.masked_name

    @property
    def basis(self) -> OwnersItem | None:
        """Why only the owners may decide it, if so."""
        item = self.card.owner_vote_item
        return None if item is None else OWNERS_ITEMS[item]


def cards_of(session_id: UUID) -> Select[SolutionCard]:
    """The cards of a session with all that `as_seen_by` reads of them."""
    return (
        select(SolutionCard)
        .where(SolutionCard.session_id == session_id)
        .options(joinedload(SolutionCard.author, innerjoin=True))
    )


def as_seen_by(
    session: Session, resident_id: UUID | None, cards: Sequence[SolutionCard]
) -> list[SeenCard]:
    """The cards as this person sees them; None is the public."""
    ids = [card.id for card in cards]
    supports = read_supports(session, resident_id, ids)
    attachments = attachments_of(session, ids)
    return [
        SeenCard(
            card,
            supports.get(card.id, NO_SUPPORTS),
            attachments.get(card.id, []),
            is_mine=card.author_id == resident_id,
        )
        for card in cards
    ]


def read_supports(
    session: Session, resident_id: UUID | None, card_ids: Collection[UUID]
) -> dict[UUID, Supports]:
    """Support of each of these cards and what was merged into it, each resident counted once.

    A merged card has none of its own any more; cards without support are left out.
    """
    target = func.coalesce(SolutionCard.merged_into_id, SolutionCard.id)
    rows = session.execute(
        select(
            target,
            func.count(CardSupport.resident_id.distinct()),
            func.max(case((CardSupport.resident_id == resident_id, 1), else_=0)),
        )
        .join(CardSupport, CardSupport.card_id == SolutionCard.id)
        .where(
            or_(SolutionCard.id.in_(card_ids), SolutionCard.merged_into_id.in_(card_ids)),
            CardSupport.withdrawn_at.is_(None),
        )
        .group_by(target)
    )
    return {card_id: Supports(count, bool(mine)) for card_id, count, mine in rows}
