"""Every state of every thing that has states, and every way out of it, as `docs/states.md` tells.

    python -m tests.docs.states > docs/states.md

The moves, who may do what, what each operation refuses and what the clock moves are read from the
code. Only which operation makes which move is written down here, and `test_states.py` holds that
against the code and against the tables that other tests try over HTTP.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask

from app.agenda.models import AgendaSession
from app.ballots.paper.slips import PaperSlip
from app.cases.models import Case
from app.conventions.models import ConventionVersion
from app.deliberation.models import SolutionCard
from app.evaluations.rounds.models import EvaluationRound
from app.following import DUE
from app.kit.moves import HasMoves
from app.kit.openapi.words import ENUMS
from app.matters.models import Matter
from app.people.guards import Rule
from app.people.models import Residence, Role
from app.people.office_codes import OFFICES_OF
from app.people.services import MAY_APPOINT_IN_COMMUNITY, MAY_APPOINT_IN_COMPOUND
from app.rating_lists.models import RatingList
from app.resolutions.models import Resolution
from app.works.orders.models import WorkOrder
from app.works.whistles.models import Whistle

CLOCK = "@"
TALLY = "close_voting conclude_count open_voting @sessions"
ORDERS = "create_order_from_resolution create_order_from_matter assign_order"
SAID = "answer_order enter_order_answer"
SAID_OF_WHISTLE = "answer_whistle enter_whistle_answer"
JUDGED = f"close_matter {SAID} {SAID_OF_WHISTLE} @evaluations"
GIVEN_UP = "withdraw_order withdraw_whistle"

# By which operations, or by what of the clock (`@`), a thing comes to a state: to the state alone,
# or from one state to another where that differs. Some come along with the move of another thing.
WAYS: dict[type[HasMoves], dict[str, str]] = {
    Matter: {
        **dict.fromkeys(("LISTED", "MERGED", "DISPATCHED", "WHISTLED", "REFUSED"), "screen_matter"),
        "REOPENED > LISTED": "freeze_list @sessions",
        "SELECTED": TALLY,
        "DEFERRED": TALLY,
        "DELIBERATED": "adopt_card",
        "RESOLVED": "count_votes close_vote",
        "OWNER_VOTE > RESOLVED": "record_matter_vote",
        "OWNER_VOTE": "conclude_meeting",
        "SELECTED > SHELVED": "conclude_meeting",
        "DELIBERATED > SHELVED": "conclude_meeting",
        "SHELVED": "shelve_matter",
        "DISPATCHED > EXECUTING": "create_order_from_matter assign_order",
        "WHISTLED > EXECUTING": "blow_whistle",
        "RESOLVED > EXECUTING": ORDERS,
        "REOPENED > EXECUTING": f"{ORDERS} blow_whistle reopen_order",
        "DONE": f"verify_order verify_close {GIVEN_UP}",
        "EXECUTING > REOPENED": GIVEN_UP,
        "EVALUATED": JUDGED,
        "CLOSED": JUDGED,
        "EVALUATED > REOPENED": JUDGED,
    },
    AgendaSession: {
        "COLLECTING": "start_collecting",
        "LISTED": "freeze_list @sessions",
        "VOTING": "open_voting @sessions",
        "EXTENDED": "extend_voting close_voting @sessions",
        "LISTED > TALLIED": "open_voting conclude_count @sessions",
        "TALLIED": "close_voting @sessions",
        "CANCELLED": "cancel_session",
        "VOID": "@missed_keys",
        "MEETING": "start_meeting",
        "RESOLVED": "conclude_meeting",
        "EXECUTING": "create_order_from_resolution assign_order",
        "EVALUATING": "start_evaluation",
        "CLOSED": "close_session",
    },
    PaperSlip: {
        "ENTERED": "enter_slip enter_sheet",
        "CONFIRMED": "confirm_slip confirm_sheet",
        "WITHDRAWN": "withdraw_slip",
        "VOID": "void_slip",
        "ENTERED > VOID": "void_slip close_voting @sessions @missed_keys",
    },
    SolutionCard: {
        "MERGED": "merge_card",
        "ADOPTED": "adopt_card",
        "DROPPED": "drop_card conclude_meeting",
    },
    Resolution: {
        "TABLED": "table_resolution",
        "PASSED": "count_votes close_vote",
        "FAILED": "count_votes close_vote",
        "NO_QUORUM": "count_votes close_vote",
        "SHELVED": "shelve_resolution conclude_meeting",
        "TABLED > SHELVED": "shelve_resolution",
        "VOID": "@missed_resolution_keys",
        "NOTICED": "publish_resolution",
        "EFFECTIVE": "@resolutions",
        "SUPERSEDED": "@resolutions",
        "ESCALATED": "escalate_resolution",
    },
    WorkOrder: {
        "ASSIGNED": "assign_order",
        "REQUESTED > ACCEPTED": "take_order",
        "ACCEPTED": "accept_order",
        "DECLINED": "decline_order",
        "WITHDRAWN": "withdraw_order",
        "SUBMITTED": "submit_order",
        "VERIFIED": "verify_order",
        "SUBMITTED > RETURNED": "return_order",
        "RETURNED": "reopen_order",
        "RATED": SAID,
        "CLOSED": f"close_order {JUDGED}",
    },
    Whistle: {
        "BLOWN": "blow_whistle",
        "WITHDRAWN": "withdraw_whistle",
        "BLOWN > COLLECTED": "object_to_dispatch recall_whistle",
        "COLLECTED": "recall_whistle",
        "SIGNED": "sign_whistle",
        "REPORTED": "report_in",
        "FED_BACK": "feed_back",
        "VERIFIED_CLOSED": "verify_close",
        "REWORK": f"rework_whistle {SAID_OF_WHISTLE}",
        "EVALUATED": JUDGED,
    },
    ConventionVersion: {
        "REVIEW": "submit_version",
        "DRAFT": "review_version",
        "VOTED": "review_version record_vote record_owner_vote",
        "NOTICED": "publish_version",
        "FILED": "file_version",
        "IN_FORCE": "@conventions",
        "AMENDED": "@conventions",
        "REPEALED": "@conventions",
        "WITHDRAWN": "withdraw_version",
    },
    EvaluationRound: {"CLOSED": "@evaluations"},
    RatingList: {
        "REVIEWED": "review_rating_list",
        "NOTICED": "publish_rating_list",
        "FINAL": "@rating_lists",
    },
    Case: {"PUBLISHED": "publish_case", "WITHDRAWN": "withdraw_case"},
    Residence: {
        "VERIFIED": "verify_residence",
        "REFUSED": "refuse_residence",
        "ENDED": "verify_residence",
    },
}
# With these codes an operation refuses everybody but the people who were named for the thing.
ONLY_THE_NAMED = frozenset({"not_the_doer", "not_asked"})
# No office: nobody is sent in their place.
NO_OFFICES = frozenset({Role.RESIDENT, Role.OWNER})

HEAD = """# 状态与出路 · States, and every way out of them

本页由代码生成（`python -m tests.docs.states > docs/states.md`），测试核对它是否与代码一致。
This page is made from the code; a test fails where it is stale.

每一行：在什么状态、能到什么状态、由谁办（操作名和角色）、当事人都离开以后由谁办。
“时钟”是到期自动推进（`flask finalise`，或同一小区的任何一次请求）。“继任者”是按下表新任命的人，
以同一个操作接着办；“须本人”的操作只有当时指定的人能办，他不在时走同一状态的别的出路。
有的是随别的事一起变的：最后一张任务单核实了，事项就办完。

Each row: the state, the state that follows, by whom (operation and roles), and by whom once
everybody concerned has left. "Clock" is what moves by itself when it is due. A "successor" is
somebody newly appointed by the table below, who goes on with the same operation. What "only the
person named" may do has another way out beside it. Some come along with another thing: the last
order that is checked makes its matter done.

## 谁来继任 · Who appoints successors

| 职务 office | 由谁任命 appointed by |
|---|---|
"""


@dataclass(frozen=True)
class Way:
    """How a move is made: by an operation of these roles, or by the clock where it names none."""

    name: str
    roles: tuple[Role, ...] = ()
    is_named_only: bool = False

    @property
    def is_clock(self) -> bool:
        return self.name.startswith(CLOCK)

    @property
    def outlives_everybody(self) -> bool:
        """Whether it is there still when each person concerned has left."""
        return self.is_clock or (not self.is_named_only and not NO_OFFICES.issuperset(self.roles))

    @property
    def words(self) -> str:
        if self.is_clock:
            return f"时钟 clock（`{self.name[1:]}`）"
        return f"`{self.name}`：{'、'.join(self.roles)}"


def words_later(ways: list[Way]) -> str:
    """What is left of these ways when each person concerned has gone."""
    kinds: dict[str, list[str]] = {}
    for way in ways:
        if way.is_clock:
            kinds.setdefault("时钟 clock", [])
        elif way.is_named_only:
            kinds.setdefault("须本人 only the person named", []).append(way.name)
        elif way.outlives_everybody:
            kinds.setdefault("继任者 successor", []).append(way.name)
        else:
            kinds.setdefault("居民本人 the resident", []).append(way.name)
    named = {kind: "、".join(f"`{name}`" for name in names) for kind, names in kinds.items()}
    return "；<br>".join(f"{kind}：{names}" if names else kind for kind, names in named.items())


def machines() -> list[type[HasMoves]]:
    """Everything that has states, in the order in which a matter meets it."""
    return [*WAYS, *sorted(set(HasMoves.__subclasses__()) - set(WAYS), key=lambda m: m.__name__)]


def moves_of(model: type[HasMoves]) -> Iterator[tuple[Any, Any]]:
    """Each move that the model's table allows."""
    for state, targets in model.MOVES.items():
        yield from ((state, to) for to in model.MOVES if to in targets)


def names_for(model: type[HasMoves], state: str, to: str) -> list[str]:
    """What makes this move, as it is written down above; nothing where nothing is."""
    ways = WAYS.get(model, {})
    return ways.get(f"{state} > {to}", ways.get(to, "")).split()


def views(app: Flask) -> dict[str, Any]:
    """Every view by the operation's id."""
    return {endpoint.rpartition(".")[2]: view for endpoint, view in app.view_functions.items()}


def way_of(app: Flask, name: str) -> Way:
    """The way of this name as the code has it. Raises KeyError where there is none."""
    if name.startswith(CLOCK):
        if name[1:] not in {due.name for due in DUE}:
            raise KeyError(name)
        return Way(name)
    view = views(app)[name]
    rule: Rule = view.rule
    refused = {error.code for error in getattr(view, "refusals", ())}
    return Way(name, rule.roles, bool(refused & ONLY_THE_NAMED))


def words_of(model: type[HasMoves]) -> tuple[str, dict[str, str]]:
    """`任务单的状态 · state of a work order`, and each state in Chinese, as the API says them."""
    states = type(next(iter(model.MOVES)))
    name = states.__name__
    title, _, _ = ENUMS["RatingListState" if name == "ListState" else name].partition(" | ")
    return title, {state.value: state.zh for state in states}


def rows_of(app: Flask, model: type[HasMoves]) -> Iterator[str]:
    _, words = words_of(model)
    for state, targets in model.MOVES.items():
        if not targets:
            yield f"| {words[state]} `{state}` | 终点 the end | | |"
        for to in (each for each in model.MOVES if each in targets):
            ways = [way_of(app, name) for name in names_for(model, state, to)]
            by = "；<br>".join(way.words for way in ways)
            yield (
                f"| {words[state]} `{state}` | {words[to]} `{to}` | {by} | {words_later(ways)} |"
            )


def appointers() -> dict[Role, list[str]]:
    """Who gives each office, besides the operator's one-time codes."""
    tables = (MAY_APPOINT_IN_COMPOUND, MAY_APPOINT_IN_COMMUNITY)
    return {
        role: sorted({giver for table in tables for giver in table if role in table[giver]})
        for role in Role
        if role not in NO_OFFICES
    }


def render(app: Flask) -> str:
    """The page."""
    lines = [HEAD.rstrip("\n")]
    for role, givers in appointers().items():
        by_code = any(role in offices for offices in OFFICES_OF.values())
        operator = ["运营者 operator（`flask invite-officer`）"] if by_code else []
        lines.append(f"| {role} | {'、'.join([*givers, *operator])} |")
    for model in machines():
        title, _ = words_of(model)
        lines += [
            "",
            f"## {title}",
            "",
            "| 状态 state | 到 to | 由谁 by whom | 当事人都离开以后 when all have left |",
            "|---|---|---|---|",
            *rows_of(app, model),
        ]
    return "\n".join(lines) + "\n"
