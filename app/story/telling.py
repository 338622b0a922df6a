"""Telling a story from its sources: the lines, and the figures that go with a few."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from app.agenda.models import AgendaSession, SessionOutcome
from app.evaluations.models import MatterEvaluation
from app.evaluations.outcome import Verdict
from app.evaluations.rounds.models import EvaluationRound, RoundOutcome
from app.evaluations.schemas import EvaluationResultSchema
from app.kit.clock import local_date, spoken_end, written
from app.matters.models import Matter
from app.resolutions.models import Resolution, ResolutionState
from app.story.lines import LINES, TOOK_IN
from app.story.sources import About, Entry, Listing, Move, Reference, Sources, Step
from votes.selection import Outcome

IN_TIME = {True: ("（按期）", " in time"), False: ("（逾期）", " late"), None: ("", "")}


class Detail(NamedTuple):
    """What a move adds to its line: figures, words, and the moment from which it counts."""

    figures: dict[str, Any]
    zh: str = ""
    en: str = ""
    at: datetime | None = None


def tell(matter: Matter, sources: Sources) -> list[Entry]:
    """Every public move about the matter, oldest first."""
    entries = [
        *_moves(matter, sources),
        *_support(matter, sources),
        *_ballot_results(sources),
        *map(_judgement, sources.evaluations),
    ]
    # A stable order: what happened in one moment stays as it is told above.
    return sorted(entries, key=lambda entry: entry.at)


def _moves(matter: Matter, sources: Sources) -> Iterator[Entry]:
    for move in sources.moves:
        entry, thing = move.entry, move.thing
        key = (entry.thing, entry.verb)
        line = LINES.get((*key, entry.to_state or "")) or LINES.get(key)
        if _is_of_another(move, matter):
            # Of a matter that was merged into this one only that is told.
            line = TOOK_IN if (entry.verb, entry.to_state) == ("screen", "MERGED") else None
        if isinstance(thing, AgendaSession) and not _concerns(move):
            line = None
        if key in SPECIAL and not _is_of_another(move, matter):
            yield SPECIAL[key](move)
        elif line is not None:
            detail = DETAILS[key](move) if key in DETAILS else Detail({})
            yield Entry(
                detail.at or entry.at,
                line.step,
                line.kind,
                line.zh.format(t=thing, e=entry) + detail.zh,
                line.en.format(t=thing, e=entry) + detail.en,
                move.about,
                detail.figures,
            )


def _is_of_another(move: Move, matter: Matter) -> bool:
    """Whether it happened to a matter that was merged into this one."""
    return isinstance(move.thing, Matter) and move.thing.id != matter.id


def _concerns(move: Move) -> bool:
    """Whether what happened to a session happened to the matter: a round table is about what was
    chosen."""
    listing = move.listings[move.entry.thing_id]
    return move.entry.verb != "start_meeting" or listing.outcome is Outcome.SELECTED


def _support(matter: Matter, sources: Sources) -> Iterator[Entry]:
    """How many support it, with the raising: when each of them did is told to nobody."""
    number = sources.endorsements
    if number:
        about = Reference(About.MATTER, matter.id)
        zh, en = f"附议 {number} 人", f"Supported by {number}"
        yield Entry(
            matter.raised_at, Step.RAISE, "ENDORSED", zh, en, about, {"endorsements": number}
        )


def _ballot_results(sources: Sources) -> Iterator[Entry]:
    """What each count made of it: its rank and score, and whether it was carried over."""
    carried = 0
    for listing in sources.listings.values():
        if listing.tallied_at is None or listing.outcome is None:
            continue
        about = Reference(About.SESSION, listing.session_id)
        yield _ballot_result(listing, listing.tallied_at, about)
        if listing.outcome is Outcome.DEFERRED:
            carried += 1
            yield Entry(
                listing.tallied_at,
                Step.RAISE,
                "CARRIED_OVER",
                f"结转到下一次（第 {carried} 次）",
                f"Carried over, number {carried}",
                about,
                {"times": carried},
            )


def _ballot_result(listing: Listing, at: datetime, about: Reference) -> Entry:
    outcome = listing.outcome or Outcome.SKIPPED
    zh, en = outcome.zh, outcome.en
    if outcome is Outcome.DEFERRED:  # that it is carried over is told next
        zh, en = "未入选", "not selected"
    if listing.worth is SessionOutcome.NO_VOTE:
        zh, en = f"题目不足两件，不投票，{zh}", f"Fewer than two matters, so no vote: {en}"
        figures: dict[str, Any] = {"outcome": listing.outcome}
        return Entry(at, Step.RAISE, "TAKEN_WITHOUT_VOTE", zh, en, about, figures)
    if listing.worth is SessionOutcome.CONSULTATIVE:
        zh, en = f"{zh}（投票人数不足，供参考）", f"{en} (too few voted: consultative)"
    return Entry(
        at,
        Step.RAISE,
        "BALLOT_RESULT",
        f"计票：第 {listing.rank} 名，{listing.score} 分，{zh}",
        f"Counted: rank {listing.rank}, {listing.score} points, {en}",
        about,
        {
            "rank": listing.rank,
            "of": listing.listed,
            "score": listing.score,
            "outcome": listing.outcome,
            "session_outcome": listing.worth,
        },
    )


def _judgement(evaluation: MatterEvaluation) -> Entry:
    is_reopened = evaluation.verdict is Verdict.REOPENED
    return Entry(
        evaluation.concluded_at,
        Step.EVALUATE,
        "REOPENED" if is_reopened else "CLOSED",
        evaluation.why().zh,
        evaluation.why().en,
        Reference(About.EVALUATION, evaluation.id),
        EvaluationResultSchema().dump(evaluation.result.told()),
    )


def _raised(move: Move) -> Entry:
    """As it read when it was raised, or was first supported."""
    words = move.earlier.get(1, move.thing.words)
    zh, en = f"提出「{words.title}」", "Raised"
    return Entry(move.entry.at, Step.RAISE, "RAISED", zh, en, move.about)


def _corrected(move: Move) -> Entry:
    """A correction: with its words where it is a version of its own."""
    if move.entry.reason is None:
        zh, en, figures = "提出人更正文字", "Corrected by its raiser", {}
    else:
        number = int(move.entry.reason)
        words = move.earlier.get(number, move.thing.words)
        zh = f"提出人更正文字（第 {number} 版）：「{words.title}」"
        en = f"Corrected by its raiser: version {number}"
        figures = {"version": number, **words._asdict()}
    return Entry(move.entry.at, Step.RAISE, "CORRECTED", zh, en, move.about, figures)


def _listed(move: Move) -> Entry:
    agenda_session: AgendaSession = move.thing
    listing = move.listings[agenda_session.id]
    return Entry(
        move.entry.at,
        Step.RAISE,
        "LISTED",
        f"列入{agenda_session.name}题单 {listing.label}，附议 {listing.endorsements}",
        f"On the list of {agenda_session.period} as {listing.label}, "
        f"supported by {listing.endorsements}",
        move.about,
        {
            "period": agenda_session.period,
            "label": listing.label,
            "endorsements": listing.endorsements,
        },
    )


def _voted(move: Move) -> Entry:
    """A vote on a resolution; without its figures where it was put to the vote again since."""
    resolution: Resolution = move.thing
    outcome = ResolutionState(move.entry.to_state or "")
    names = ("roll", "present", "yes", "no", "abstain")
    is_last = resolution.voted_at == move.entry.at
    figures = {name: getattr(resolution, name) for name in names} if is_last else {}
    marks = (
        (
            f"（赞成 {resolution.yes}、反对 {resolution.no}、弃权 {resolution.abstain}）",
            f" ({resolution.yes} yes, {resolution.no} no, {resolution.abstain} abstain)",
        )
        if is_last and resolution.yes is not None  # a secret vote without a quorum tells none
        else ("", "")
    )
    return Entry(
        move.entry.at,
        Step.DECIDE,
        "RESOLUTION_VOTED",
        f"{resolution.label}表决：{outcome.zh}{marks[0]}",
        f"Vote on resolution {resolution.number}: {outcome.en}{marks[1]}",
        move.about,
        {"outcome": outcome.value, **figures},
    )


# Moves that are told in words of their own.
SPECIAL: dict[tuple[str, str], Callable[[Move], Entry]] = {
    ("matters", "raise"): _raised,
    ("matters", "correct"): _corrected,
    ("agenda_sessions", "freeze_list"): _listed,
    ("resolutions", "count"): _voted,
    ("resolutions", "close_vote"): _voted,
}


def _screened(move: Move) -> Detail:
    into = move.thing.merged_into_id if move.entry.to_state == "MERGED" else None
    figures = {"outcome": move.entry.to_state}
    return Detail(figures if into is None else {**figures, "into": str(into)})


def _term(move: Move) -> Detail:
    ends = move.thing.notice_ends_at
    if ends is None:
        return Detail({})
    return Detail(
        {"notice_ends_at": written(ends)},
        f"，至 {spoken_end(ends)}",
        f" until {spoken_end(ends)}",
    )


def _whether_in_time(at_name: str) -> Callable[[Move], Detail]:
    """Whether work that was found done came in its term; not known of an earlier attempt."""

    def detail(move: Move) -> Detail:
        is_last = getattr(move.thing, at_name) == move.entry.at
        in_time = move.thing.is_in_time if is_last else None
        return Detail({"in_time": in_time}, *IN_TIME[in_time])

    return detail


def _step_of_whistle(at_name: str, due_name: str) -> Callable[[Move], Detail]:
    def detail(move: Move) -> Detail:
        came, due = getattr(move.thing, at_name), getattr(move.thing, due_name)
        in_time = came < due if came == move.entry.at and due is not None else None
        return Detail({"in_time": in_time}, *IN_TIME[in_time])

    return detail


def _blown(move: Move) -> Detail:
    """Which department was called then: another one may have it by now."""
    department = (move.entry.reason or "").partition(", ")[2]
    return Detail({"department": department}, f"：{department}", f" for {department}")


def _counted(move: Move) -> Detail:
    round_: EvaluationRound = move.thing
    if round_.outcome is not RoundOutcome.COUNTED:
        return Detail({"outcome": round_.outcome}, "，人数不足，没有结果", ": too few answered")
    told = round_.result.told()
    figures = {"outcome": round_.outcome, **EvaluationResultSchema().dump(told)}
    if told.satisfaction is None:
        return Detail(figures)
    return Detail(figures, f"，满意率 {told.satisfaction}", f": satisfied {told.satisfaction}")


def _in_force(move: Move) -> Detail:
    version = move.thing
    day = local_date(version.in_force_at)
    return Detail(
        {"in_force_on": f"{day}", "review_by": f"{version.review_by}"},
        f"，自 {day} 起",
        f" from {day}",
        version.in_force_at,
    )


DETAILS: dict[tuple[str, str], Callable[[Move], Detail]] = {
    ("matters", "screen"): _screened,
    ("resolutions", "publish"): _term,
    ("resolutions", "take_effect"): lambda move: Detail({}, at=move.thing.effective_at),
    ("convention_versions", "publish"): _term,
    ("convention_versions", "enter_force"): _in_force,
    ("convention_versions", "be_repealed"): lambda move: Detail({}, at=move.thing.repealed_at),
    ("work_orders", "assign"): lambda move: Detail({"doer": move.entry.reason}),
    ("work_orders", "verify"): _whether_in_time("verified_at"),
    ("whistles", "blow"): _blown,
    ("whistles", "verify_close"): _whether_in_time("closed_at"),
    ("whistles", "sign"): _step_of_whistle("signed_at", "sign_due_at"),
    ("whistles", "report"): _step_of_whistle("reported_at", "report_due_at"),
    ("evaluation_rounds", "close"): _counted,
}
