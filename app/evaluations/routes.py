"""URLs of evaluations: follow-ups, the end of orders and matters, rounds, rates."""

from typing import Any
from uuid import UUID

from app.agenda.access import as_seen as session_as_seen
from app.agenda.models import AgendaSession
from app.agenda.schemas import SessionSchema
from app.conventions.access import obtain_convention
from app.conventions.models import Convention
from app.evaluations import follow_ups, judging, look_back, orders, refusals, schemas
from app.evaluations.access import (
    evaluation_as_seen,
    rates_as_seen,
    round_as_seen,
    shows_comments,
)
from app.evaluations.models import FollowUp, MatterEvaluation
from app.evaluations.rates import read_works, scope_of_compound, scope_of_session
from app.evaluations.rounds import asking
from app.evaluations.rounds.models import EvaluationAnswer, EvaluationRound, PaperCount, SubjectKind
from app.kit import clock
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, each, read_page, refused
from app.matters.models import Matter
from app.people.guards import EVERYONE_THERE, act, allow, create, obtain, obtain_compound, result_of
from app.people.models import Role
from app.works.access import order_as_seen
from app.works.orders.models import WorkOrder
from app.works.orders.schemas import OrderSchema
from app.works.refusals import DoerCannotVerify, DueDayPassed
from app.works.whistles.models import Whistle

blp = Blueprint("evaluations", __name__, description="民评 · Follow-ups, evaluations and rates")

CLERKS = (Role.BUILDING_HEAD, Role.GRID_WORKER, Role.BRANCH_SECRETARY)
# Whoever may raise a matter may have raised this one.
ASKED = (Role.RESIDENT, *CLERKS)
READERS = (*CLERKS, Role.AUDITOR)

FOLLOW_UP_EXAMPLE = {"solved": True, "satisfaction": "SATISFIED", "comment": "车位腾出来了"}
TAKEN_EXAMPLE = {**FOLLOW_UP_EXAMPLE, "channel": "PHONE_CALL"}
FOLLOW_UP_REFUSALS = (
    refusals.DoerCannotRate,
    refusals.AnsweredAlready,
    WrongState,
)
ROUND_EXAMPLE = {"closes_at": "2026-06-01T00:00:00+08:00", "min_answers": 5, "sheets_out": 60}
PAPER_EXAMPLE = {"satisfied": 38, "mostly": 9, "not_satisfied": 5, "solved": 45, "unsolved": 7}


@blp.post("/orders/<uuid:order_id>/follow-ups", schemas.FollowUpSchema)
@allow(*ASKED)
@blp.arguments(schemas.FollowUpArgs, example=FOLLOW_UP_EXAMPLE)
@blp.creates(refusals.NotAsked, *FOLLOW_UP_REFUSALS)
def answer_order(body: dict[str, Any], order_id: UUID) -> FollowUp:
    """评单 · Rate the work on an order, once, as somebody who raised or supported its matter."""
    return create(FollowUp, follow_ups.answer, obtain(WorkOrder, order_id), **body)


@blp.post("/orders/<uuid:order_id>/follow-ups/taken", schemas.FollowUpSchema)
@allow(*CLERKS)
@blp.arguments(schemas.TakenFollowUpArgs, example=TAKEN_EXAMPLE)
@blp.creates(refusals.AnswerYourself, refusals.VerifierCannotEnter, *FOLLOW_UP_REFUSALS)
def enter_order_answer(body: dict[str, Any], order_id: UUID) -> FollowUp:
    """代录回访 · Enter the raiser's answer, taken by phone or on a visit; not by a doer."""
    return create(FollowUp, follow_ups.enter_for_raiser, obtain(WorkOrder, order_id), **body)


@blp.post("/whistles/<uuid:whistle_id>/follow-ups", schemas.FollowUpSchema)
@allow(*ASKED)
@blp.arguments(schemas.FollowUpArgs, example=FOLLOW_UP_EXAMPLE)
@blp.creates(refusals.NotAsked, *FOLLOW_UP_REFUSALS)
def answer_whistle(body: dict[str, Any], whistle_id: UUID) -> FollowUp:
    """评哨 · Rate the work on a whistle; if the raiser says that it is not solved it is sent
    back."""
    return create(FollowUp, follow_ups.answer, obtain(Whistle, whistle_id), **body)


@blp.post("/whistles/<uuid:whistle_id>/follow-ups/taken", schemas.FollowUpSchema)
@allow(*CLERKS)
@blp.arguments(schemas.TakenFollowUpArgs, example=TAKEN_EXAMPLE)
@blp.creates(refusals.AnswerYourself, *FOLLOW_UP_REFUSALS)
def enter_whistle_answer(body: dict[str, Any], whistle_id: UUID) -> FollowUp:
    """代录回访 · Enter the raiser's answer on a whistle, taken by phone or on a visit."""
    return create(FollowUp, follow_ups.enter_for_raiser, obtain(Whistle, whistle_id), **body)


@blp.get("/matters/<uuid:matter_id>/follow-ups")
@allow(*READERS)
@blp.lists(schemas.FollowUpSchema)
def list_follow_ups(args: dict[str, Any], matter_id: UUID) -> dict[str, Any]:
    """回访记录 · Answers about the work on a matter, newest first."""
    obtain(Matter, matter_id)
    query = (
        db.select(FollowUp)
        .where(FollowUp.matter_id == matter_id, FollowUp.is_raiser)
        .options(db.joinedload(FollowUp.order), db.joinedload(FollowUp.whistle))
    )
    return read_page(db.session(), query, FollowUp.id, **args)


@blp.post("/orders/<uuid:order_id>/close", OrderSchema)
@allow(Role.BRANCH_SECRETARY, Role.COMMUNITY_SECRETARY)
@blp.refuses(WrongState, DoerCannotVerify, refusals.RaiserNotAsked, refusals.RaiserSaysUnsolved)
def close_order(order_id: UUID) -> dict[str, Any]:
    """结项 · Close an order after its follow-up, or a week after it was verified."""
    return order_as_seen(act(orders.close_order, obtain(WorkOrder, order_id)))


@blp.post("/orders/<uuid:order_id>/reopen", OrderSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(
    schemas.ReopenOrderArgs, example={"reason": "提出人认为没有解决", "due_on": "2026-05-10"}
)
@blp.refuses(WrongState, DueDayPassed)
def reopen_order(body: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """退回重办 · Send a verified order back to its doer, with a new term."""
    return order_as_seen(act(orders.reopen_order, obtain(WorkOrder, order_id), **body))


@blp.post("/matters/<uuid:matter_id>/close", schemas.MatterEvaluationSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.refuses(WrongState, refusals.RoundIsOpen, refusals.OrdersAreOpen)
def close_matter(matter_id: UUID) -> dict[str, Any]:
    """评结 · Judge a matter by its follow-ups when no round was opened: CLOSED or REOPENED."""
    return evaluation_as_seen(result_of(judging.close_matter, obtain(Matter, matter_id)))


@blp.get("/matters/<uuid:matter_id>/evaluations")
@allow(*EVERYONE_THERE)
@blp.lists(schemas.MatterEvaluationSchema)
def list_evaluations(args: dict[str, Any], matter_id: UUID) -> dict[str, Any]:
    """评定记录 · The judgements of a matter, newest first."""
    obtain(Matter, matter_id)
    query = db.select(MatterEvaluation).where(MatterEvaluation.matter_id == matter_id)
    return read_page(
        db.session(), query, MatterEvaluation.id, show=each(evaluation_as_seen), **args
    )


@blp.post("/matters/<uuid:matter_id>/evaluation-rounds", schemas.EvaluationRoundSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.OpenRoundArgs, example=ROUND_EXAMPLE)
@blp.creates(
    WrongState, refusals.ClosingTimePassed, refusals.RoundTooLong, refusals.RoundOpenAlready
)
def open_matter_round(body: dict[str, Any], matter_id: UUID) -> dict[str, Any]:
    """发起民评 · Ask residents about a matter that is done; their answers decide what becomes of
    it."""
    return _open(SubjectKind.MATTER, obtain(Matter, matter_id), body)


@blp.post("/conventions/<uuid:convention_id>/evaluation-rounds", schemas.EvaluationRoundSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.OpenRoundArgs, example=ROUND_EXAMPLE)
@blp.creates(
    WrongState, refusals.ClosingTimePassed, refusals.RoundTooLong, refusals.RoundOpenAlready
)
def open_convention_round(body: dict[str, Any], convention_id: UUID) -> dict[str, Any]:
    """评议规约 · Ask residents about a convention that is in force."""
    return _open(SubjectKind.CONVENTION, obtain_convention(convention_id), body)


@blp.get("/compounds/<uuid:compound_id>/evaluation-rounds")
@allow(*EVERYONE_THERE)
@blp.lists(schemas.EvaluationRoundSchema)
def list_rounds(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """民评列表 · Evaluations of a compound, newest first."""
    obtain_compound(compound_id)
    query = db.select(EvaluationRound).where(EvaluationRound.compound_id == compound_id)
    return read_page(db.session(), query, EvaluationRound.id, show=each(round_as_seen), **args)


@blp.get("/evaluation-rounds/<uuid:round_id>", schemas.EvaluationRoundSchema)
@allow(*EVERYONE_THERE)
def read_round(round_id: UUID) -> dict[str, Any]:
    """一次民评 · One evaluation; the result is shown after it has closed."""
    return round_as_seen(obtain(EvaluationRound, round_id))


@blp.put("/evaluation-rounds/<uuid:round_id>/answer", schemas.RoundAnswerSchema)
@allow(Role.RESIDENT)
@blp.arguments(schemas.RoundAnswerArgs, example=FOLLOW_UP_EXAMPLE)
@blp.refuses(WrongState)
def answer_round(body: dict[str, Any], round_id: UUID) -> dict[str, Any]:
    """作答 · Answer, or replace your answer, until the evaluation closes; nobody sees who said
    what."""
    act(asking.answer_round, obtain(EvaluationRound, round_id), **body)
    return body


@blp.put("/evaluation-rounds/<uuid:round_id>/paper", schemas.PaperCountSchema)
@allow(*CLERKS)
@blp.arguments(schemas.PaperCountArgs, example=PAPER_EXAMPLE)
@blp.refuses(WrongState, refusals.NoSheetsOut, refusals.SheetsDisagree, refusals.MoreSheetsThanOut)
def count_paper(body: dict[str, Any], round_id: UUID) -> PaperCount:
    """录入纸质票数 · Enter the count of the returned sheets; another person has to confirm it."""
    return result_of(asking.count_paper, obtain(EvaluationRound, round_id), **body)


@blp.post("/evaluation-rounds/<uuid:round_id>/paper/confirm", schemas.PaperCountSchema)
@allow(*CLERKS)
@blp.refuses(WrongState, refusals.NotCountedYet, refusals.ConfirmedByTheSame)
def confirm_paper(round_id: UUID) -> PaperCount:
    """确认纸质票数 · Confirm another person's count; without that it does not count."""
    return result_of(asking.confirm_paper, obtain(EvaluationRound, round_id))


@blp.get("/evaluation-rounds/<uuid:round_id>/comments")
@allow(*EVERYONE_THERE)
@blp.lists(schemas.CommentSchema)
def list_comments(args: dict[str, Any], round_id: UUID) -> dict[str, Any]:
    """意见 · Comments without names, in no particular order; only after the result, and only if
    there
    are at least 3."""
    asked = obtain(EvaluationRound, round_id)
    query = db.select(EvaluationAnswer).where(
        EvaluationAnswer.round_id == asked.id, EvaluationAnswer.comment.is_not(None)
    )
    if not shows_comments(asked):
        query = query.where(db.false())
    return read_page(db.session(), query, EvaluationAnswer.id, **args)


@blp.post("/sessions/<uuid:session_id>/start-evaluation", SessionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.refuses(WrongState, refusals.MattersAreOpen)
def start_evaluation(session_id: UUID) -> dict[str, Any]:
    """回头看 · Start the look-back at what the session had carried out."""
    return session_as_seen(act(look_back.start_evaluation, obtain(AgendaSession, session_id)))


@blp.post("/sessions/<uuid:session_id>/close", SessionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.refuses(WrongState, refusals.MattersAreOpen, refusals.ResolutionNotPublished)
def close_session(session_id: UUID) -> dict[str, Any]:
    """本期结束 · Close a session once it is known what became of each selected matter."""
    return session_as_seen(act(look_back.close_session, obtain(AgendaSession, session_id)))


@blp.get("/compounds/<uuid:compound_id>/rates", schemas.CompoundRatesSchema)
@allow(*EVERYONE_THERE)
@blp.arguments(schemas.PeriodArgs, location="query")
def read_compound_rates(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """各项比率 · The rates of the orders and whistles that were assigned on these days."""
    compound = obtain_compound(compound_id)
    last = args["last"] or clock.local_date(clock.now())
    first = args["first"] or last.replace(day=1)
    if first > last:
        raise refused("from", "after_to", "起始日不能晚于截止日", "The first day is after the last")
    works = read_works(db.session(), scope_of_compound(compound_id, first, last), clock.now())
    return {"first": first, "last": last, **rates_as_seen(works, compound)}


@blp.get("/sessions/<uuid:session_id>/rates", schemas.RatesSchema)
@allow(*EVERYONE_THERE)
def read_session_rates(session_id: UUID) -> dict[str, Any]:
    """一期的各项比率 · The rates of the work that resulted from a session."""
    agenda_session = obtain(AgendaSession, session_id)
    works = read_works(db.session(), scope_of_session(agenda_session), clock.now())
    return rates_as_seen(works, agenda_session.compound)


def _open(kind: SubjectKind, subject: Matter | Convention, body: dict[str, Any]) -> dict[str, Any]:
    return round_as_seen(create(EvaluationRound, asking.open_round, subject, kind, **body))
