"""What a notice says of a thing stays so: every followed notice by every state of its thing.

The things are rows that no database has; the table that comes of it stands in `docs/notices.md`.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from app.agenda.models import AgendaSession, SessionOutcome, SessionState
from app.board.models import NoticeKind
from app.board.posting import Notice, followed_models
from app.cases.models import Case, CaseState
from app.compounds.models import Compound
from app.conventions.models import Convention, ConventionVersion, VersionState
from app.kit.clock import ZONE
from app.kit.moves import HasMoves
from app.matters.models import Matter
from app.people.models import Resident
from app.rating_lists.models import Colour, RatingEntry, RatingList
from app.resolutions.models import Resolution, ResolutionState
from app.works.limits import WhistleKind
from app.works.orders.models import DoerKind, OrderState, OrderWay, WorkOrder
from app.works.whistles.models import Whistle, WhistleState
from tests.board.test_texts import NOTICES
from tests.docs.generated import compare

K = NoticeKind
NOON = datetime(2026, 3, 4, 12, tzinfo=ZONE)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TABLE = Path(__file__).parents[2] / "docs" / "notices.md"
CODE = re.compile(r"\b[A-Z]{3,}(?:_[A-Z]+)*\b")

# What tells of a day that is over and stays so, and why nothing of it can become untrue.
HISTORIC = {
    K.SESSION_CANCELLED: "取消后不再恢复 · a session that was cancelled stays so",
    K.TALLIED: "计票结果不改 · a tally never changes",
    K.COUNTERSIGNED: "会签不收回 · a signature stands",
    K.COUNTERSIGNATURE_REFUSED: "拒绝会签不收回 · a refusal stands",
    K.OPERATOR_KEY_CHANGED: "记当日的事 · tells of one day",
    K.VOTE_VOID: "作废不恢复 · a void vote stays void",
    K.RESOLUTION_VOTE_VOID: "作废不恢复 · a void vote stays void",
    K.ROUND_TABLE_AGENDA: "记开会时的议题 · tells of the hour at which the round table began",
    K.MEETING_CONCLUDED: "记会议结束时的结果 · tells of the hour at which the round table ended",
    K.RESOLUTION_ESCALATED: "提请后不收回 · what was handed on stays so",
    K.CONVENTION_CLAUSE_ACTIVE: "记表决结果 · tells of the owners' vote",
    K.CONVENTION_REPEALED: "废止不恢复 · what was repealed stays so",
    K.WHISTLE_CLOSED: "结项不重开 · what was closed stays closed",
    K.EVALUATION_OPENED: "截止时间不变 · its end never moves",
    K.EVALUATION_CLOSED: "结果不改 · a result never changes",
    K.MATTER_CLOSED: "记评议结论 · tells of one judgement",
    K.MATTER_REOPENED: "记评议结论 · tells of one judgement",
    K.LOOK_BACK_STARTED: "记当日的事 · tells of one day",
    K.SESSION_CLOSED: "记结束时的结果 · tells of the hour at which the session ended",
    K.MATTER_SHELVED: "暂缓后须重新提出 · what was shelved has to be raised again",
    K.OWNERS_DECIDED: "记表决结果 · tells of the owners' vote",
    K.CONVENTION_WITHDRAWN: "撤回后不恢复 · what was withdrawn stays so",
    K.CONVENTION_REPEAL_WITHDRAWN: "记当日的决定 · tells of the day on which it was decided",
    K.RATING_FINAL: "定榜后不改 · a final list never changes",
}


class Stage(NamedTuple):
    """A thing in one state, as the table names it."""

    name: str
    thing: Any


def build(model: type[Any], **values: Any) -> Any:
    thing = model()
    thing.id = UUID(int=7)
    for name, value in values.items():
        setattr(thing, name, value)
    return thing


HOME = build(Compound, name="香樟苑小区")
MATTER = build(Matter, number=12, title="楼道照明")
PERSON = build(Resident, name="王梅")


def orders() -> Iterator[Stage]:
    for state in OrderState:
        for is_late in (False, True):
            due_at = NOON - HOUR if is_late else NOON + DAY
            is_done = state in ("VERIFIED", "RATED", "CLOSED")
            yield Stage(
                f"{state}{', 逾期 late' if is_late else ''}",
                build(
                    WorkOrder,
                    number=1,
                    title="换路灯6盏",
                    matter=MATTER,
                    state=state,
                    way=OrderWay.ASSIGN,
                    doer_kind=DoerKind.PROPERTY_FIRM,
                    doer_name="安居物业",
                    due_at=due_at,
                    finished_at=NOON if is_done else None,
                    reason="另有安排",
                ),
            )


def whistles() -> Iterator[Stage]:
    for state in WhistleState:
        for is_late in (False, True):
            term = NOON - HOUR if is_late else NOON + DAY
            yield Stage(
                f"{state}{', 逾期 late' if is_late else ''}",
                build(
                    Whistle,
                    number=1,
                    matter=MATTER,
                    state=state,
                    kind=WhistleKind.PUSH,
                    department="城管中队",
                    sign_due_at=term,
                    report_due_at=term,
                    due_at=term,
                    signed_at=NOON,
                    reported_at=NOON,
                    fed_back_at=NOON,
                    closed_at=NOON,
                    reason="另有安排",
                ),
            )


def sessions() -> Iterator[Stage]:
    counted = [*SessionState][[*SessionState].index(SessionState.TALLIED) :]
    for state in SessionState:
        was_counted = state in counted and state not in ("CANCELLED", "VOID")
        is_counted_now = state is SessionState.TALLIED
        outcomes = [*SessionOutcome] if is_counted_now else [SessionOutcome.DECIDED]
        for outcome in outcomes if was_counted else [None]:
            for is_early in (False, True) if is_counted_now else (False,):
                yield Stage(
                    f"{state}{f', {outcome}' if outcome else ''}"
                    f"{', 提前截止 closed early' if is_early else ''}",
                    build(
                        AgendaSession,
                        compound=HOME,
                        period="2026-03",
                        state=state,
                        outcome=outcome,
                        voting_opens_at=NOON - DAY,
                        voting_closes_at=NOON + (2 * DAY if state == "EXTENDED" else DAY),
                        closed_at=(NOON if is_early else NOON + DAY) if outcome else None,
                        round_table_at=NOON + 3 * DAY,
                        place="活动室",
                    ),
                )


def resolutions() -> Iterator[Stage]:
    later = build(Resolution, number=2, title="再换路灯", agenda_session=next(sessions()).thing)
    for state in ResolutionState:
        resolution = build(
            Resolution,
            number=1,
            title="换路灯",
            state=state,
            agenda_session=later.agenda_session,
            withdrawn_why="另有安排",
        )
        resolution.__dict__["successor"] = later if state == "SUPERSEDED" else None
        yield Stage(state, resolution)


def versions() -> Iterator[Stage]:
    for state in VersionState:
        yield Stage(
            state,
            build(
                ConventionVersion,
                number=1,
                title="停车公约",
                is_trial=False,
                convention=build(Convention),
                state=state,
                repealed_at=NOON,
                repeal_reason="另订",
                withdrawn_why="另有安排",
            ),
        )


def ratings() -> Iterator[Stage]:
    for colour in Colour:
        for struck_at in (None, NOON):
            yield Stage(
                f"{colour}{', 撤下 struck' if struck_at else ''}",
                build(
                    RatingEntry,
                    rating_list=build(RatingList, period="2026-03"),
                    compound=HOME,
                    firm_name="安居物业",
                    colour=colour,
                    reason="保洁到位",
                    changed_why="数据有误",
                    struck_at=struck_at,
                    notice=None,
                ),
            )


def cases() -> Iterator[Stage]:
    for state in CaseState:
        yield Stage(state, build(Case, title="停车", state=state, withdrawn_why="有误"))


# The things, and the first of them as each notice was posted about it.
THINGS: dict[type[Any], Any] = {
    WorkOrder: orders,
    Whistle: whistles,
    AgendaSession: sessions,
    Resolution: resolutions,
    ConventionVersion: versions,
    RatingEntry: ratings,
    Case: cases,
}
POSTED = {
    K.SESSION_ANNOUNCED: "COLLECTING",
    K.LIST_FROZEN: "LISTED",
    K.VOTING_OPENED: "VOTING",
    K.VOTING_EXTENDED: "EXTENDED",
    K.ORDER_ASSIGNED: "ASSIGNED",
    K.ORDER_OVERDUE: "ACCEPTED, 逾期 late",
    K.ORDER_VERIFIED: "VERIFIED",
    K.WHISTLE_ESCALATED: "BLOWN, 逾期 late",
    K.RESOLUTION_NOTICED: "NOTICED",
    K.RESOLUTION_EFFECTIVE: "EFFECTIVE",
    K.CONVENTION_NOTICED: "NOTICED",
    K.CONVENTION_IN_FORCE: "IN_FORCE",
    K.CONVENTION_REPEAL_NOTICED: "IN_FORCE",
    K.RATING_NOTICED: "RED",
    K.CASE_PUBLISHED: "PUBLISHED",
}
FOLLOWED = [
    (model, notice) for model, notices in followed_models().items() for notice in notices.values()
]


def states_after(model: type[Any], thing: Any) -> set[StrEnum]:
    """The states that a thing may still come to, its own among them; empty where it has none."""
    reached, following = set(), {thing.state} if issubclass(model, HasMoves) else set()
    while following - reached:
        reached |= following
        following = set().union(*(model.MOVES[state] for state in reached))
    return reached


def what_stands(model: type[Any], notice: Notice) -> Iterator[tuple[str, str]]:
    """Every state, and the title under which the notice stands then; empty where it stays."""
    assert notice.says is not None
    things = list(THINGS[model]())
    (posted,) = (each.thing for each in things if each.name == POSTED[notice.kind])
    said, reached = notice.says(posted, NOON), states_after(model, posted)
    for name, thing in things:
        if reached and thing.state not in reached:
            continue
        if notice.says(thing, NOON) == said:
            yield name, ""
            continue
        if isinstance(thing, RatingEntry):
            thing.__dict__["notice"] = type("Notice", (), {"term_ends_at": NOON + DAY})
        title, text = notice.words_now(thing, NOON)
        for words in (*title, *text):
            assert words, (notice.kind, name)
            assert not CODE.findall(words), (notice.kind, name, words)
            assert "None" not in words, (notice.kind, name, words)
        yield name, title.zh


def test_every_kind_follows_its_thing_or_tells_of_what_is_over():
    followed = {notice.kind for _, notice in FOLLOWED}
    assert followed | set(HISTORIC) == set(NoticeKind)
    assert not followed & set(HISTORIC)
    assert {notice.kind for notice in NOTICES if notice.says is not None} == followed


@pytest.mark.parametrize(("model", "notice"), FOLLOWED, ids=lambda each: getattr(each, "kind", ""))
def test_there_are_words_for_every_state(model: type[Any], notice: Notice):
    assert {name for name, _ in what_stands(model, notice)}


def test_table_in_the_documentation_is_this_one():
    compare(TABLE, "\n".join(_lines()) + "\n")


def _lines() -> Iterator[str]:
    yield "# 公示随事而变 · Notices follow what they tell of"
    yield ""
    yield (
        "公示说的事变了，公示在同一次提交里自动更正：标题换成现在的，原文下面写明变了什么、何时变的。"
        "本表由 `tests/board/test_notices_follow.py` 生成。"
    )
    yield ""
    yield (
        "When a thing moves and a notice of it is no longer true, the notice is corrected in the"
        " same commit: under a title that holds now, with what happened and when below what was"
        " said. `tests/board/test_notices_follow.py` makes this table."
    )
    for model, notice in FOLLOWED:
        yield ""
        yield f"## {notice.kind}"
        yield ""
        yield "| 标题变为 title becomes | 状态 states |"
        yield "| --- | --- |"
        states: dict[str, list[str]] = {}
        for name, title in what_stands(model, notice):
            states.setdefault(title or "不变 as posted", []).append(name)
        for title, names in states.items():
            yield f"| {title} | {'; '.join(names)} |"
    yield ""
    yield "## 不再变的 · What is over"
    yield ""
    yield "| 公示 notice | 为什么 why |"
    yield "| --- | --- |"
    for kind, why in HISTORIC.items():
        yield f"| {kind} | {why} |"
