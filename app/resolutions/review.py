"""支部先议 of a draft: the branch's opinion, with a term after which it lapses, never a veto."""

from sqlalchemy.orm import Session

from app.kit.calendar.terms import add_working_days
from app.kit.moves import begin_move, record_move
from app.kit.orm import new_id
from app.people.models import Resident
from app.resolutions.models import BranchReview, Resolution, ResolutionState, ReviewOpinion
from app.resolutions.refusals import AdviceMissing, ReviewNotRequested, ReviewRequestedAlready

REVIEW_WORKING_DAYS = 5


# An opinion that asks for something says what.
NEEDS_ADVICE = frozenset({ReviewOpinion.AGREED_WITH_ADVICE, ReviewOpinion.RETURNED})


def request_review(session: Session, resolution: Resolution, by: Resident) -> None:
    """Ask the branch for its opinion on a draft; without one in time the review lapses.

    Raises WrongState, ReviewRequestedAlready.
    """
    at = begin_move(session, resolution)
    resolution.require_state(ResolutionState.DRAFT)
    if resolution.review is not None:
        raise ReviewRequestedAlready
    resolution.review = BranchReview(
        id=new_id(), submitted_at=at, lapses_at=add_working_days(at, REVIEW_WORKING_DAYS)
    )
    record_move(session, resolution, "request_review", by, at)


def give_review(
    session: Session,
    resolution: Resolution,
    by: Resident,
    opinion: ReviewOpinion,
    advice: str | None,
) -> None:
    """支部先议: the branch's opinion, once and in time. None of them stops the resolution.

    Raises AdviceMissing, WrongState, ReviewNotRequested.
    """
    if opinion in NEEDS_ADVICE and advice is None:
        raise AdviceMissing
    at = begin_move(session, resolution)
    resolution.require_state(ResolutionState.DRAFT)
    if resolution.review is None:
        raise ReviewNotRequested
    resolution.review.give(opinion, advice, by.id, at)
    record_move(
        session,
        resolution,
        "give_review",
        by,
        at,
        reason=opinion if advice is None else f"{opinion}: {advice}",
    )
