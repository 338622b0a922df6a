"""Obtaining a resolution on somebody's behalf, and what is seen of it."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, selectinload

from app.kit import clock
from app.resolutions.models import Resolution


def resolutions_of(session_id: UUID) -> Select[Resolution]:
    """The resolutions of a session with all that is seen of them."""
    return (
        select(Resolution)
        .where(Resolution.session_id == session_id)
        .options(
            joinedload(Resolution.matter, innerjoin=True),
            joinedload(Resolution.review),
            joinedload(Resolution.successor),
            selectinload(Resolution.cards),
        )
    )


def as_seen(resolution: Resolution) -> dict[str, Any]:
    """The resolution as `ResolutionSchema` writes it; figures are empty until the vote is over."""
    review = resolution.review
    return {
        "resolution": resolution,
        "review": review and {"review": review, "has_lapsed": review.has_lapsed(clock.now())},
    }
