"""What the board says of evaluations, Chinese first; nobody is named."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession
from app.agenda.notices import session_data
from app.board.models import NoticeKind
from app.board.services import post
from app.evaluations.limits import MIN_FOR_BREAKDOWN
from app.evaluations.models import MatterEvaluation
from app.evaluations.outcome import Figures, Rate, Verdict
from app.evaluations.rates import Rates, rates_of, read_works, scope_of_session
from app.evaluations.rounds.models import EvaluationRound, RoundOutcome, SubjectKind
from app.kit.clock import local, spoken
from app.matters.models import Matter, MatterState

SUBJECTS = {
    SubjectKind.MATTER: ("事项", "matter"),
    SubjectKind.CONVENTION: ("规约", "convention"),
}
# What became of a chosen matter, as the end of its session tells it.
ENDS = {
    MatterState.CLOSED: ("办结", "closed"),
    MatterState.REOPENED: ("未解决，重新办理", "not solved, opened again"),
    MatterState.SHELVED: ("暂缓", "shelved"),
    MatterState.OWNER_VOTE: ("提请业主表决", "put to the owners' vote"),
}
TAKEN_OVER = ("转入后续一期", "taken over by a later session")


def rate_data(rate: Rate) -> dict[str, Any]:
    """A rate for programs and people."""
    return {"numerator": rate.numerator, "denominator": rate.denominator, "text": str(rate)}


def figures_data(figures: Figures, online: int | None = None) -> dict[str, Any]:
    """The result of an evaluation: how many of each grade only where ten or more answered.

    Of these `online` came by phone: were they fewer than ten, whoever counted the paper could
    take it away from the whole.
    """
    is_broken_down = figures.answers >= MIN_FOR_BREAKDOWN and (
        not online or online >= MIN_FOR_BREAKDOWN
    )
    grades = {
        "satisfied": figures.satisfied,
        "mostly": figures.mostly,
        "not_satisfied": figures.not_satisfied,
    }
    return {
        "answers": figures.answers,
        "satisfaction": rate_data(figures.satisfaction),
        "resolution": rate_data(figures.resolution),
        "breakdown": grades if is_broken_down else None,
    }


def rates_data(rates: Rates) -> dict[str, Any]:
    return {name: rate_data(rate) for name, rate in vars(rates).items()}


def post_opening(session: Session, opened: EvaluationRound, at: datetime) -> None:
    """民评开始: residents are asked."""
    closes = spoken(opened.closes_at)
    zh, en = SUBJECTS[opened.subject_kind]
    post(
        session,
        NoticeKind.EVALUATION_OPENED,
        opened.compound,
        opened.id,
        title=f"民评开始：{opened.title}",
        text=(
            f"请本小区已核实的居民评价这件{zh}，每人一票，{closes} 前可改（不含截止时刻）。"
            f"至少 {opened.min_answers} 人作答才有结果；谁怎么评不公开。\n"
            f"Residents judge this {en} until {closes} (exclusive). There is a result if at least "
            f"{opened.min_answers} answer; nobody sees who said what."
        ),
        data=_round_data(opened),
        at=at,
    )


def post_result(session: Session, closed: EvaluationRound, at: datetime) -> None:
    """民评结果: the figures, or that too few answered."""
    figures = closed.figures
    if closed.outcome is RoundOutcome.COUNTED:
        text = _figures_text(figures, with_resolution=closed.asks_whether_solved)
        data = figures_data(figures)
    else:
        text = (
            f"收到 {figures.answers} 份，不足 {closed.min_answers} 份，没有结果。\n"
            f"{figures.answers} answers, fewer than {closed.min_answers}: there is no result."
        )
        data = {"answers": figures.answers}
    post(
        session,
        NoticeKind.EVALUATION_CLOSED,
        closed.compound,
        closed.id,
        title=f"民评结果：{closed.title}",
        text=text,
        data={**_round_data(closed), "outcome": closed.outcome, "result": data},
        at=at,
    )


def post_judgement(session: Session, evaluation: MatterEvaluation, at: datetime) -> None:
    """办结, or 重新办理: what became of a matter, and why."""
    matter = evaluation.matter
    is_reopened = evaluation.verdict is Verdict.REOPENED
    what_next = (
        "\n可退回原承办人重办，或另派任务单；否则列入本小区下一期月月谈题单。"
        " It goes back to its doer, gets another order, or stands on the next session's list."
        if is_reopened
        else ""
    )
    post(
        session,
        NoticeKind.MATTER_REOPENED if is_reopened else NoticeKind.MATTER_CLOSED,
        matter.compound,
        evaluation.id,
        title=f"{'重新办理' if is_reopened else '办结'}：{matter.title}",
        text=f"{evaluation.explanation_zh}\n{evaluation.explanation_en}{what_next}",
        data={
            "matter_id": str(matter.id),
            "matter": matter.title,
            "state": matter.state.value,
            "round_id": None if evaluation.round_id is None else str(evaluation.round_id),
            "explanation": evaluation.explanation_zh,
            "explanation_en": evaluation.explanation_en,
            "result": figures_data(evaluation.figures),
        },
        at=at,
    )


def post_look_back(
    session: Session, agenda_session: AgendaSession, matters: Sequence[Matter], at: datetime
) -> None:
    """回头看: the session is evaluated."""
    post(
        session,
        NoticeKind.LOOK_BACK_STARTED,
        agenda_session.compound,
        agenda_session.id,
        title=f"{agenda_session.name}回头看",
        text="\n".join(
            [
                "现在回头看本期议题办得怎么样，请大家评价。",
                *(f"议题「{matter.title}」" for matter in matters),
                "The matters of this session are looked at again; residents judge them.",
            ]
        ),
        data={**session_data(agenda_session), "matters": _matters_data(matters)},
        at=at,
    )


def post_session_close(
    session: Session, agenda_session: AgendaSession, matters: Sequence[Matter], at: datetime
) -> None:
    """本期结束: what became of each matter, and the three rates of the work."""
    rates = rates_of(read_works(session, scope_of_session(agenda_session), at))
    post(
        session,
        NoticeKind.SESSION_CLOSED,
        agenda_session.compound,
        agenda_session.id,
        title=f"{agenda_session.name}结束",
        text="\n".join([*(_end_of(matter) for matter in matters), _rates_text(rates)]),
        data={
            **session_data(agenda_session),
            "matters": _matters_data(matters),
            "rates": rates_data(rates),
        },
        at=at,
    )


def _round_data(asked: EvaluationRound) -> dict[str, Any]:
    return {
        "round_id": str(asked.id),
        "subject_kind": asked.subject_kind.value,
        "subject_id": str(asked.subject_id),
        "subject": asked.title,
        "closes_at": local(asked.closes_at).isoformat(),
        "min_answers": asked.min_answers,
        "sheets_out": asked.sheets_out,
    }


def _figures_text(figures: Figures, *, with_resolution: bool) -> str:
    grades = (
        f"满意 {figures.satisfied}，基本满意 {figures.mostly}，不满意 {figures.not_satisfied}。"
        if figures.answers >= MIN_FOR_BREAKDOWN
        else ""
    )
    solved = (
        (f"解决率 {figures.resolution}。", f" Solved: {figures.resolution}.")
        if with_resolution
        else ("", "")
    )
    return (
        f"收回 {figures.answers} 份。{grades}满意率 {figures.satisfaction}。{solved[0]}\n"
        f"{figures.answers} answers. Satisfied or mostly so: {figures.satisfaction}.{solved[1]}"
    )


def _rates_text(rates: Rates) -> str:
    return (
        f"响应率 {rates.response}，解决率 {rates.resolution}，满意率 {rates.satisfaction}，"
        f"按期办结率 {rates.in_time}。\n"
        f"Response {rates.response}, resolution {rates.resolution}, satisfaction "
        f"{rates.satisfaction}, in time {rates.in_time}."
    )


def _matters_data(matters: Sequence[Matter]) -> list[dict[str, str]]:
    return [
        {"matter_id": str(matter.id), "title": matter.title, "state": matter.state.value}
        for matter in matters
    ]


def _end_of(matter: Matter) -> str:
    zh, en = ENDS.get(matter.state, TAKEN_OVER)
    return f"议题「{matter.title}」：{zh} {en}"
