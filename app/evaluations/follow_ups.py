"""回访: what those who raised or supported a matter say of the work on it (domain notes, section 5;
L6-23: closing needs a check and a follow-up with the raiser)."""

from datetime import datetime
from typing import TypedDict, Unpack
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.evaluations import refusals
from app.evaluations.judging import follow_the_raiser
from app.evaluations.models import FollowUp, FollowUpChannel
from app.evaluations.outcome import Satisfaction
from app.kit.audit import record
from app.kit.calendar.terms import add_working_days
from app.kit.moves import begin_move, record_move
from app.kit.orm import new_id
from app.matters.models import Endorsement, Matter
from app.people.models import Resident
from app.works.limits import WHISTLE_FEEDBACK
from app.works.orders.models import DONE, OrderState, WorkOrder
from app.works.whistles.models import WHISTLE_DONE, Whistle, WhistleState

UNSOLVED = "回访时，提出人认为没有解决"


class Words(TypedDict):
    """What somebody answers."""

    solved: bool
    satisfaction: Satisfaction
    comment: str | None


def answer(
    session: Session, work: WorkOrder | Whistle, by: Resident, **words: Unpack[Words]
) -> FollowUp:
    """One's own answer, once for each time that the work was done.

    The raiser's moves the work on, see `_follow`. Raises NotAsked, DoerCannotRate,
    AnsweredAlready, WrongState.
    """
    at = begin_move(session, work)
    matter = work.matter
    is_raiser = matter.raised_by_id == by.id
    if not is_raiser and not _supports(session, matter.id, by.id):
        raise refusals.NotAsked
    if is_doer(work, by.id):
        raise refusals.DoerCannotRate
    author = matter.raised_by_id if is_raiser else by.id
    follow_up = _take(session, work, author, FollowUpChannel.APP, None, at, words)
    if is_raiser:
        _follow(session, work, follow_up, by, at)
    return follow_up


def enter_for_raiser(
    session: Session,
    work: WorkOrder | Whistle,
    by: Resident,
    *,
    channel: FollowUpChannel,
    **words: Unpack[Words],
) -> FollowUp:
    """The raiser's answer as a clerk took it by phone or at the door: never one of the doers, nor
    whoever checked the order.

    Raises DoerCannotRate, VerifierCannotEnter, AnswerYourself, AnsweredAlready, WrongState.
    """
    at = begin_move(session, work)
    if is_doer(work, by.id):
        raise refusals.DoerCannotRate
    if isinstance(work, WorkOrder) and work.verified_by_id == by.id:
        raise refusals.VerifierCannotEnter
    if work.matter.raised_by_id == by.id:
        raise refusals.AnswerYourself
    follow_up = _take(session, work, work.matter.raised_by_id, channel, by.id, at, words)
    _follow(session, work, follow_up, by, at)
    return follow_up


def is_doer(work: WorkOrder | Whistle, resident_id: UUID) -> bool:
    """Whether this person carries the work out, or once did."""
    if isinstance(work, Whistle):
        return resident_id in (work.signed_by_id, work.receiver_id)
    return work.submitted_by_id == resident_id or any(
        doer.resident_id == resident_id for doer in work.doers
    )


def _supports(session: Session, matter_id: UUID, resident_id: UUID) -> bool:
    """Whether this person endorsed the matter or one that it took in, or raised one of those."""
    raised_merged = select(Matter.id).where(
        Matter.merged_into_id == matter_id, Matter.raised_by_id == resident_id
    )
    endorsed = (
        select(Endorsement.matter_id)
        .join(Matter, Endorsement.matter_id == Matter.id)
        .where(
            or_(Matter.id == matter_id, Matter.merged_into_id == matter_id),
            Endorsement.resident_id == resident_id,
            Endorsement.withdrawn_at.is_(None),
        )
    )
    return bool(session.scalar(select(or_(raised_merged.exists(), endorsed.exists()))))


def _take(
    session: Session,
    work: WorkOrder | Whistle,
    author_id: UUID,
    channel: FollowUpChannel,
    entered_by_id: UUID | None,
    at: datetime,
    words: Words,
) -> FollowUp:
    is_whistle = isinstance(work, Whistle)
    is_raiser = author_id == work.matter.raised_by_id
    follow_up = FollowUp(
        id=new_id(),
        compound_id=work.compound_id,
        matter_id=work.matter_id,
        order_id=None if is_whistle else work.id,
        whistle_id=work.id if is_whistle else None,
        resident_id=author_id,
        attempt=work.rework_count if isinstance(work, Whistle) else work.return_count,
        is_raiser=is_raiser,
        channel=channel,
        entered_by_id=entered_by_id,
        answered_at=at,
        **words,
    )
    try:
        with session.begin_nested():
            session.add(follow_up)
    except IntegrityError:
        raise refusals.AnsweredAlready from None
    _require_state(work, is_raiser)
    record(session, follow_up, "answer", entered_by_id or author_id, at, to_state=channel)
    return follow_up


def _require_state(work: WorkOrder | Whistle, is_raiser: bool) -> None:
    """The raiser is asked when the work was checked, of a whistle also before; the others may
    answer later too."""
    if isinstance(work, Whistle):
        later = (WhistleState.VERIFIED_CLOSED,) if is_raiser else tuple(WHISTLE_DONE)
        work.require_state(WhistleState.FED_BACK, *later)
    elif is_raiser:
        work.require_state(OrderState.VERIFIED)
    else:
        work.require_state(*DONE)


def _follow(
    session: Session, work: WorkOrder | Whistle, said: FollowUp, by: Resident, at: datetime
) -> None:
    """What the raiser's answer does: a good one closes an order at once, a bad one leaves it to
    the branch; a whistle that is not solved goes back to its department."""
    if isinstance(work, Whistle):
        _follow_whistle(session, work, said, by, at)
    else:
        work.rate()
        record_move(session, work, "rate", by, at)
        if said.solved and said.satisfaction is not Satisfaction.NOT:
            work.close()
            record_move(session, work, "close", by, at)
    if not said.solved:
        follow_the_raiser(session, work.matter_id, by, at)


def _follow_whistle(
    session: Session, whistle: Whistle, said: FollowUp, by: Resident, at: datetime
) -> None:
    from_state = whistle.state
    if from_state is WhistleState.VERIFIED_CLOSED:
        whistle.evaluate()
        record_move(session, whistle, "evaluate", by, at)
    elif not said.solved:
        whistle.rework(UNSOLVED, add_working_days(at, WHISTLE_FEEDBACK.days))
        record_move(session, whistle, "rework", by, at, reason=UNSOLVED)
