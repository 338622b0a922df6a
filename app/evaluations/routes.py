"""URLs of evaluations: follow-ups, the end of orders and matters, rounds, rates."""

from typing import Any
from uuid import UUID

from app.agenda.access import as_seen as session_as_seen
from app.agenda.models import AgendaSession
from app.agenda.schemas import SessionSchema
from app.conventions.access import obtain_convention
from app.conventions.models import Convention
from app.evaluations import follow_ups, judging, orders, sessions
from app.evaluations.access import (
    evaluation_as_seen,
    rates_as_seen,
    round_as_seen,
    shows_comments,
)
from app.evaluations.models import FollowUp, MatterEvaluation
from app.evaluations.rates import (
    read_works,
    scope_of_compound,
    scope_of_session,
)
from app.evaluations.refusals import (
    AnsweredAlready,
    AnswerYourself,
    ClosingTimePassed,
    ConfirmedByTheSame,
    DoerCannotRate,
    MattersAreOpen,
    MoreSheetsThanOut,
    NoSheetsOut,
    NotAsked,
    NotCountedYet,
    OrdersAreOpen,
    RaiserNotAsked,
    RaiserSaysUnsolved,
    RoundIsOpen,
    RoundOpenAlready,
    RoundTooLong,
    SheetsDisagree,
    VerifierCannotEnter,
)
from app.evaluations.rounds import asking
from app.evaluations.rounds.models import EvaluationAnswer, EvaluationRound, PaperCount, SubjectKind
from app.evaluations.schemas import (
    CommentSchema,
    CompoundRatesSchema,
    EvaluationRoundSchema,
    FollowUpArgs,
    FollowUpSchema,
    MatterEvaluationSchema,
    OpenRoundArgs,
    PaperCountArgs,
    PaperCountSchema,
    PeriodArgs,
    RatesSchema,
    ReopenOrderArgs,
    RoundAnswerArgs,
    RoundAnswerSchema,
    TakenFollowUpArgs,
)
from app.kit import clock
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, read_page, refused
from app.matters.models import Matter
from app.people.guards import (
    EVERYONE_THERE,
    act,
    allow,
    create_once,
    current_actor,
    obtain,
    obtain_compound,
)
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
    DoerCannotRate,
    AnsweredAlready,
    WrongState,
)
ROUND_EXAMPLE = {"closes_at": "2026-06-01T00:00:00+08:00", "min_answers": 5, "sheets_out": 60}
PAPER_EXAMPLE = {"satisfied": 38, "mostly": 9, "not_satisfied": 5, "solved": 45, "unsolved": 7}


@blp.route("/orders/<uuid:order_id>/follow-ups", methods=["POST"])
@allow(*ASKED)
@blp.arguments(FollowUpArgs, example=FOLLOW_UP_EXAMPLE)
@blp.response(201, FollowUpSchema)
@blp.creates(NotAsked, *FOLLOW_UP_REFUSALS)
def answer_order(body: dict[str, Any], order_id: UUID) -> FollowUp:
    """评单 · Say what an order was worth: whoever raised or supported its matter, once."""
    return _answer(obtain(WorkOrder, order_id), body)


@blp.route("/orders/<uuid:order_id>/follow-ups/taken", methods=["POST"])
@allow(*CLERKS)
@blp.arguments(TakenFollowUpArgs, example=TAKEN_EXAMPLE)
@blp.response(201, FollowUpSchema)
@blp.creates(AnswerYourself, VerifierCannotEnter, *FOLLOW_UP_REFUSALS)
def enter_order_answer(body: dict[str, Any], order_id: UUID) -> FollowUp:
    """代录回访 · Enter the raiser's answer, taken by phone or at the door; never by a doer."""
    return _enter(obtain(WorkOrder, order_id), body)


@blp.route("/whistles/<uuid:whistle_id>/follow-ups", methods=["POST"])
@allow(*ASKED)
@blp.arguments(FollowUpArgs, example=FOLLOW_UP_EXAMPLE)
@blp.response(201, FollowUpSchema)
@blp.creates(NotAsked, *FOLLOW_UP_REFUSALS)
def answer_whistle(body: dict[str, Any], whistle_id: UUID) -> FollowUp:
    """评哨 · Say what a department's work was worth; the raiser's "unsolved" sends it back."""
    return _answer(obtain(Whistle, whistle_id), body)


@blp.route("/whistles/<uuid:whistle_id>/follow-ups/taken", methods=["POST"])
@allow(*CLERKS)
@blp.arguments(TakenFollowUpArgs, example=TAKEN_EXAMPLE)
@blp.response(201, FollowUpSchema)
@blp.creates(AnswerYourself, *FOLLOW_UP_REFUSALS)
def enter_whistle_answer(body: dict[str, Any], whistle_id: UUID) -> FollowUp:
    """代录回访 · Enter the raiser's answer on a whistle, taken by phone or at the door."""
    return _enter(obtain(Whistle, whistle_id), body)


@blp.route("/matters/<uuid:matter_id>/follow-ups", methods=["GET"])
@allow(*READERS)
@blp.lists(FollowUpSchema)
def list_follow_ups(args: dict[str, Any], matter_id: UUID) -> dict[str, Any]:
    """回访记录 · What whoever raised a matter said of the work on it, newest first."""
    obtain(Matter, matter_id)
    query = (
        db.select(FollowUp)
        .where(FollowUp.matter_id == matter_id, FollowUp.is_raiser)
        .options(db.joinedload(FollowUp.order), db.joinedload(FollowUp.whistle))
    )
    return read_page(db.session(), query, FollowUp.id, **args)


@blp.route("/orders/<uuid:order_id>/close", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.response(200, OrderSchema)
@blp.refuses(WrongState, DoerCannotVerify, RaiserNotAsked, RaiserSaysUnsolved)
def close_order(order_id: UUID) -> dict[str, Any]:
    """结项 · Close an order after its follow-up, or a week after its check."""
    order = act(orders.close_order, obtain(WorkOrder, order_id))
    return order_as_seen(order)


@blp.route("/orders/<uuid:order_id>/reopen", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(ReopenOrderArgs, example={"reason": "提出人认为没有解决", "due_on": "2026-05-10"})
@blp.response(200, OrderSchema)
@blp.refuses(WrongState, DueDayPassed)
def reopen_order(body: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """退回重办 · Give a checked order back to its doer, with a new term."""
    order = act(orders.reopen_order, obtain(WorkOrder, order_id), **body)
    return order_as_seen(order)


@blp.route("/matters/<uuid:matter_id>/close", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.response(200, MatterEvaluationSchema)
@blp.refuses(WrongState, RoundIsOpen, OrdersAreOpen)
def close_matter(matter_id: UUID) -> dict[str, Any]:
    """评结 · Judge a matter by its follow-ups, where no round was opened: CLOSED or REOPENED."""
    matter = obtain(Matter, matter_id)
    evaluation = judging.close_matter(db.session(), matter, current_actor().resident)
    db.session.commit()
    return evaluation_as_seen(evaluation)


@blp.route("/matters/<uuid:matter_id>/evaluations", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.lists(MatterEvaluationSchema)
def list_evaluations(args: dict[str, Any], matter_id: UUID) -> dict[str, Any]:
    """评定记录 · What became of a matter each time that it was judged, newest first."""
    obtain(Matter, matter_id)
    query = db.select(MatterEvaluation).where(MatterEvaluation.matter_id == matter_id)
    page = read_page(db.session(), query, MatterEvaluation.id, **args)
    return {**page, "items": [evaluation_as_seen(each) for each in page["items"]]}


@blp.route("/matters/<uuid:matter_id>/evaluation-rounds", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(OpenRoundArgs, example=ROUND_EXAMPLE)
@blp.response(201, EvaluationRoundSchema)
@blp.creates(WrongState, ClosingTimePassed, RoundTooLong, RoundOpenAlready)
def open_matter_round(body: dict[str, Any], matter_id: UUID) -> dict[str, Any]:
    """发起民评 · Ask residents about a matter that is done; it follows from what they answer."""
    return _open(SubjectKind.MATTER, obtain(Matter, matter_id), body)


@blp.route("/conventions/<uuid:convention_id>/evaluation-rounds", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(OpenRoundArgs, example=ROUND_EXAMPLE)
@blp.response(201, EvaluationRoundSchema)
@blp.creates(WrongState, ClosingTimePassed, RoundTooLong, RoundOpenAlready)
def open_convention_round(body: dict[str, Any], convention_id: UUID) -> dict[str, Any]:
    """评议规约 · Ask residents about a convention that is in force."""
    return _open(SubjectKind.CONVENTION, obtain_convention(convention_id), body)


@blp.route("/compounds/<uuid:compound_id>/evaluation-rounds", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.lists(EvaluationRoundSchema)
def list_rounds(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """民评列表 · Evaluations of a compound, newest first."""
    obtain_compound(compound_id)
    query = db.select(EvaluationRound).where(EvaluationRound.compound_id == compound_id)
    page = read_page(db.session(), query, EvaluationRound.id, **args)
    return {**page, "items": [round_as_seen(each) for each in page["items"]]}


@blp.route("/evaluation-rounds/<uuid:round_id>", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.response(200, EvaluationRoundSchema)
def read_round(round_id: UUID) -> dict[str, Any]:
    """一次民评 · One evaluation; its result shows when it has closed."""
    return round_as_seen(obtain(EvaluationRound, round_id))


@blp.route("/evaluation-rounds/<uuid:round_id>/answer", methods=["PUT"])
@allow(Role.RESIDENT)
@blp.arguments(RoundAnswerArgs, example=FOLLOW_UP_EXAMPLE)
@blp.response(200, RoundAnswerSchema)
@blp.refuses(WrongState)
def answer_round(body: dict[str, Any], round_id: UUID) -> dict[str, Any]:
    """作答 · Answer, or answer anew, until the evaluation closes; nobody sees who said what."""
    act(asking.answer_round, obtain(EvaluationRound, round_id), **body)
    return body


@blp.route("/evaluation-rounds/<uuid:round_id>/paper", methods=["PUT"])
@allow(*CLERKS)
@blp.arguments(PaperCountArgs, example=PAPER_EXAMPLE)
@blp.response(200, PaperCountSchema)
@blp.refuses(WrongState, NoSheetsOut, SheetsDisagree, MoreSheetsThanOut)
def count_paper(body: dict[str, Any], round_id: UUID) -> PaperCount:
    """录入纸质票数 · Enter what the returned sheets say; somebody else confirms it."""
    asked = obtain(EvaluationRound, round_id)
    paper = asking.count_paper(db.session(), asked, current_actor().resident, **body)
    db.session.commit()
    return paper


@blp.route("/evaluation-rounds/<uuid:round_id>/paper/confirm", methods=["POST"])
@allow(*CLERKS)
@blp.response(200, PaperCountSchema)
@blp.refuses(WrongState, NotCountedYet, ConfirmedByTheSame)
def confirm_paper(round_id: UUID) -> PaperCount:
    """确认纸质票数 · Confirm the count of another person; without that it does not count."""
    asked = obtain(EvaluationRound, round_id)
    paper = asking.confirm_paper(db.session(), asked, current_actor().resident)
    db.session.commit()
    return paper


@blp.route("/evaluation-rounds/<uuid:round_id>/comments", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.lists(CommentSchema)
def list_comments(args: dict[str, Any], round_id: UUID) -> dict[str, Any]:
    """意见 · Comments without names, in no order; none before the result, nor of fewer than 3."""
    asked = obtain(EvaluationRound, round_id)
    query = db.select(EvaluationAnswer).where(
        EvaluationAnswer.round_id == asked.id, EvaluationAnswer.comment.is_not(None)
    )
    if not shows_comments(asked):
        query = query.where(db.false())
    return read_page(db.session(), query, EvaluationAnswer.id, **args)


@blp.route("/sessions/<uuid:session_id>/start-evaluation", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.response(200, SessionSchema)
@blp.refuses(WrongState, MattersAreOpen)
def start_evaluation(session_id: UUID) -> dict[str, Any]:
    """回头看 · Look again at what the session had carried out."""
    agenda_session = act(sessions.start_evaluation, obtain(AgendaSession, session_id))
    return session_as_seen(agenda_session)


@blp.route("/sessions/<uuid:session_id>/close", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.response(200, SessionSchema)
@blp.refuses(WrongState, MattersAreOpen)
def close_session(session_id: UUID) -> dict[str, Any]:
    """本期结束 · End a session when it is known what became of each chosen matter."""
    agenda_session = act(sessions.close_session, obtain(AgendaSession, session_id))
    return session_as_seen(agenda_session)


@blp.route("/compounds/<uuid:compound_id>/rates", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.arguments(PeriodArgs, location="query")
@blp.response(200, CompoundRatesSchema)
def read_compound_rates(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """三率 · The rates of the orders and whistles that were assigned on these days."""
    compound = obtain_compound(compound_id)
    last = args["last"] or clock.local_date(clock.now())
    first = args["first"] or last.replace(day=1)
    if first > last:
        raise refused("from", "after_to", "起始日不能晚于截止日", "The first day is after the last")
    works = read_works(db.session(), scope_of_compound(compound_id, first, last), clock.now())
    return {"first": first, "last": last, **rates_as_seen(works, compound)}


@blp.route("/sessions/<uuid:session_id>/rates", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.response(200, RatesSchema)
def read_session_rates(session_id: UUID) -> dict[str, Any]:
    """一期的三率 · The rates of the work that came of a session."""
    agenda_session = obtain(AgendaSession, session_id)
    works = read_works(db.session(), scope_of_session(agenda_session), clock.now())
    return rates_as_seen(works, agenda_session.compound)


def _answer(work: WorkOrder | Whistle, body: dict[str, Any]) -> FollowUp:
    by = current_actor().resident
    return create_once(FollowUp, lambda: follow_ups.answer(db.session(), work, by, **body))


def _enter(work: WorkOrder | Whistle, body: dict[str, Any]) -> FollowUp:
    by = current_actor().resident
    return create_once(
        FollowUp, lambda: follow_ups.enter_for_raiser(db.session(), work, by, **body)
    )


def _open(kind: SubjectKind, subject: Matter | Convention, body: dict[str, Any]) -> dict[str, Any]:
    by = current_actor().resident
    opened = create_once(
        EvaluationRound, lambda: asking.open_round(db.session(), kind, subject, by, **body)
    )
    return round_as_seen(opened)
