"""The judgement of a matter that is done: closed, or opened again (domain notes, section 8).

A round decides where one was opened; else the follow-ups alone do. Whoever raised the matter has
the last word either way: what they call unsolved is opened again.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.board.posting import post
from app.evaluations import notices
from app.evaluations.limits import RULE
from app.evaluations.models import FollowUp, MatterEvaluation
from app.evaluations.outcome import Figures, Satisfaction, Verdict, judge
from app.evaluations.refusals import OrdersAreOpen, RoundIsOpen
from app.evaluations.rounds.models import EvaluationRound, RoundState, SubjectKind
from app.kit import locks
from app.kit.clock import read_database_clock
from app.kit.moves import record_move
from app.kit.orm import new_id
from app.matters.models import Matter, MatterState
from app.matters.services import hold_matter
from app.people.models import Resident
from app.works.orders.models import OrderState, WorkOrder
from app.works.whistles.models import Whistle, WhistleState

SETTLED = frozenset({OrderState.CLOSED, OrderState.WITHDRAWN})


def close_matter(session: Session, matter: Matter, by: Resident) -> MatterEvaluation:
    """Judge a matter that is done by its follow-ups, where no round was opened.

    It is closed once all its orders are, or opened again. Raises WrongState, RoundIsOpen,
    OrdersAreOpen.
    """
    locks.hold_alone(session, matter.id)
    matter = hold_matter(session, matter.id)
    at = read_database_clock(session)
    matter.require_state(MatterState.DONE)
    if has_open_round(session, matter.id):
        raise RoundIsOpen
    if not raiser_says_unsolved(session, matter.id) and _has_open_orders(session, matter.id):
        raise OrdersAreOpen
    return _conclude(session, matter, None, by, at)


def follow_the_raiser(session: Session, matter_id: UUID, by: Resident, at: datetime) -> None:
    """Open a matter again at once when its raiser says that it is not solved; the matter is held.

    While a round is open, the round decides; while work goes on, its end does.
    """
    matter = hold_matter(session, matter_id)
    if matter.state is MatterState.DONE and not has_open_round(session, matter_id):
        _conclude(session, matter, None, by, at)


def follow_the_round(session: Session, closed: EvaluationRound, at: datetime) -> None:
    """Let a matter follow from its round, which has just closed with enough answers."""
    locks.hold_alone(session, closed.subject_id)
    matter = hold_matter(session, closed.subject_id)
    if matter.state is MatterState.DONE:
        _conclude(session, matter, closed, None, at)


def follow_too_few(session: Session, closed: EvaluationRound, at: datetime) -> None:
    """Too few answered, so nothing follows from the round: the raiser's word counts again."""
    locks.hold_alone(session, closed.subject_id)
    matter = hold_matter(session, closed.subject_id)
    if matter.state is MatterState.DONE and raiser_says_unsolved(session, matter.id):
        _conclude(session, matter, None, None, at)


def has_open_round(session: Session, matter_id: UUID) -> bool:
    """Whether residents are being asked about the matter."""
    return bool(
        session.scalar(
            select(
                select(EvaluationRound.id)
                .where(
                    EvaluationRound.subject_kind == SubjectKind.MATTER,
                    EvaluationRound.subject_id == matter_id,
                    EvaluationRound.state == RoundState.OPEN,
                )
                .exists()
            )
        )
    )


def current_follow_ups(session: Session, matter_id: UUID) -> Sequence[FollowUp]:
    """What was said of the matter's work as it stands: not of work that was sent back since, and
    not what led to an earlier judgement."""
    last = session.scalar(
        select(
            func.max(MatterEvaluation.concluded_at, type_=MatterEvaluation.concluded_at.type)
        ).where(MatterEvaluation.matter_id == matter_id)
    )
    query = (
        select(FollowUp)
        .outerjoin(WorkOrder, FollowUp.order_id == WorkOrder.id)
        .outerjoin(Whistle, FollowUp.whistle_id == Whistle.id)
        .where(
            FollowUp.matter_id == matter_id,
            FollowUp.attempt == func.coalesce(WorkOrder.return_count, Whistle.rework_count),
        )
    )
    if last is not None:
        query = query.where(FollowUp.answered_at > last)
    session.flush()
    return session.scalars(query).all()


def raiser_says_unsolved(session: Session, matter_id: UUID) -> bool:
    """Whether whoever raised the matter calls any of its work unsolved."""
    current = current_follow_ups(session, matter_id)
    return any(each.is_raiser and not each.solved for each in current)


def count_follow_ups(answers: Sequence[FollowUp]) -> Figures:
    """The answers of everybody who was asked, each about one piece of work."""
    said = [each.satisfaction for each in answers]
    solved = sum(each.solved for each in answers)
    return Figures(
        satisfied=said.count(Satisfaction.SATISFIED),
        mostly=said.count(Satisfaction.MOSTLY),
        not_satisfied=said.count(Satisfaction.NOT),
        solved=solved,
        unsolved=len(answers) - solved,
    )


def _conclude(
    session: Session,
    matter: Matter,
    closed: EvaluationRound | None,
    by: Resident | None,
    at: datetime,
) -> MatterEvaluation:
    current = current_follow_ups(session, matter.id)
    figures = count_follow_ups(current) if closed is None else closed.figures
    unsolved = any(each.is_raiser and not each.solved for each in current)
    judgement = judge(RULE, figures, raiser_says_unsolved=unsolved)
    evaluation = MatterEvaluation(
        id=new_id(),
        compound_id=matter.compound_id,
        compound=matter.compound,
        matter_id=matter.id,
        matter=matter,
        round_id=None if closed is None else closed.id,
        verdict=judgement.verdict,
        raiser_says_unsolved=unsolved,
        satisfied=figures.satisfied,
        mostly=figures.mostly,
        not_satisfied=figures.not_satisfied,
        solved=figures.solved,
        unsolved=figures.unsolved,
        people=_people(current, closed),
        online=None if closed is None else closed.online,
        explanation_zh=judgement.why.zh,
        explanation_en=judgement.why.en,
        concluded_at=at,
        concluded_by_id=None if by is None else by.id,
    )
    matter.evaluate()
    record_move(session, matter, "evaluate", by, at)
    if judgement.verdict is Verdict.REOPENED:
        verb, notice = "reopen", notices.MATTER_REOPENED
        matter.reopen(at)
    else:
        verb, notice = "close", notices.MATTER_CLOSED
        matter.close()
    # The log is read by officers: it tells no more than they are told.
    record_move(session, matter, verb, by, at, reason=evaluation.why(to_officer=True).zh)
    _evaluate_whistles(session, matter, by, at)
    if judgement.verdict is Verdict.CLOSED:
        _close_orders(session, matter, by, at)
    session.add(evaluation)
    post(session, notice, evaluation, at)
    return evaluation


def _people(current: Sequence[FollowUp], closed: EvaluationRound | None) -> int:
    """How many people the answers come from: one may answer about several orders."""
    if closed is not None:
        return closed.figures.answers
    return len({each.resident_id for each in current})


def _has_open_orders(session: Session, matter_id: UUID) -> bool:
    return bool(
        session.scalar(
            select(
                select(WorkOrder.id)
                .where(WorkOrder.matter_id == matter_id, WorkOrder.state.not_in(SETTLED))
                .exists()
            )
        )
    )


def _evaluate_whistles(session: Session, matter: Matter, by: Resident | None, at: datetime) -> None:
    """A whistle that nobody was reached about is judged with its matter."""
    whistles = session.scalars(
        select(Whistle)
        .where(Whistle.matter_id == matter.id, Whistle.state == WhistleState.VERIFIED_CLOSED)
        .order_by(Whistle.id)
    ).all()
    for whistle in whistles:
        whistle.evaluate()
        record_move(session, whistle, "evaluate", by, at)


def _close_orders(session: Session, matter: Matter, by: Resident | None, at: datetime) -> None:
    """With their matter its orders end, also those that nobody was reached about."""
    checked = session.scalars(
        select(WorkOrder)
        .where(
            WorkOrder.matter_id == matter.id,
            WorkOrder.state.in_([OrderState.VERIFIED, OrderState.RATED]),
        )
        .order_by(WorkOrder.id)
    ).all()
    for order in checked:
        order.close()
        record_move(session, order, "close", by, at)
