"""Every write of the evaluation x every state of what it is about; a refusal changes nothing."""

from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.board.models import PublicNotice
from app.evaluations.models import FollowUp, MatterEvaluation
from app.evaluations.outcome import Figures
from app.evaluations.rounds.models import ROUND_MOVES, EvaluationRound, RoundState
from app.kit.audit import AuditEntry
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.matters.models import Matter, MatterState
from app.works.orders.models import OrderState, WorkOrder
from app.works.whistles.models import Whistle, WhistleState
from tests.cast import Cast, stored
from tests.checks import refusal
from tests.evaluations.desk import POOR, Desk
from tests.works.site import Travel, body_of

O, W, M = OrderState, WhistleState, MatterState  # noqa: E741 - as short as the tables need
BEFORE_A_CHECK = (O.REQUESTED, O.ASSIGNED, O.ACCEPTED, O.DECLINED, O.SUBMITTED, O.RETURNED)
WRONG = (409, "wrong_state")

# Write -> {state: state afterwards} where it is allowed. The matter is being carried out.
ORDERS: dict[str, dict[OrderState, OrderState]] = {
    "answer": {O.VERIFIED: O.RATED},
    "answer of a supporter": {O.VERIFIED: O.VERIFIED, O.RATED: O.RATED, O.CLOSED: O.CLOSED},
    "take": {O.VERIFIED: O.RATED},
    "close": {O.RATED: O.CLOSED},
    "reopen": {O.VERIFIED: O.RETURNED, O.RATED: O.RETURNED},
}
WHISTLES: dict[str, dict[WhistleState, WhistleState]] = {
    "answer": {W.FED_BACK: W.FED_BACK, W.VERIFIED_CLOSED: W.EVALUATED},
    "answer of a supporter": {
        state: state for state in (W.FED_BACK, W.VERIFIED_CLOSED, W.EVALUATED)
    },
    "take": {W.FED_BACK: W.FED_BACK, W.VERIFIED_CLOSED: W.EVALUATED},
}
MATTERS: dict[str, dict[MatterState, MatterState]] = {
    "close": {M.DONE: M.CLOSED},
    "ask": {M.DONE: M.DONE},
}
OTHER_REFUSALS = {("close", O.VERIFIED): (409, "raiser_not_asked")}
EVERYTHING = (FollowUp, MatterEvaluation, EvaluationRound, AuditEntry, PublicNotice)


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


def put(desk: Desk, kind: Any, thing: str, state: Any) -> None:
    """Bring a row to a state, as the moves of other features would."""
    with desk.cast.app.app_context():
        row = db.session.get_one(kind, UUID(thing))
        row.state = state
        if kind is WorkOrder and state in BEFORE_A_CHECK:
            row.verified_at = row.verified_by_id = row.finished_at = None
        if kind is Whistle and state in (W.COLLECTED, W.BLOWN, W.WITHDRAWN):
            row.signed_at = row.signed_by_id = None
        if state in (O.DECLINED, O.RETURNED, O.WITHDRAWN, W.REWORK, W.WITHDRAWN, M.REFUSED):
            row.reason = "说明"
        db.session.commit()


def state_of(desk: Desk, kind: Any, thing: str) -> Any:
    (state,) = stored(desk.cast.app, select(kind.state).where(kind.id == UUID(thing)))
    return state


def look(desk: Desk, kind: Any, thing: str) -> Any:
    counts = [stored(desk.cast.app, select(func.count()).select_from(each)) for each in EVERYTHING]
    return state_of(desk, kind, thing), counts


def write(desk: Desk, kind: str, work: dict[str, Any], name: str) -> TestResponse:
    if name == "answer":
        return desk.say(work, **POOR)
    if name == "take":
        return desk.enter(work, desk.secretary, **POOR)
    if name == "answer of a supporter":
        return desk.say(work, desk.neighbours[0], **POOR)
    body = {"reason": "没办好"} if name == "reopen" else None
    return desk.secretary.post(f"/orders/{work['id']}/{name}", body)


@pytest.mark.parametrize("kind", ["order", "whistle"])
def test_writes_about_work(desk: Desk, kind: str):
    states: Any = O if kind == "order" else W
    table: Any = ORDERS if kind == "order" else WHISTLES
    model: Any = WorkOrder if kind == "order" else Whistle
    (supporter,) = desk.people_move_in(1)
    body = {"title": "路灯", "body": "3栋", "category": "LIGHTING"}
    matter = body_of(desk.resident.post(f"{desk.home}/matters", body), 201)["id"]
    body_of(supporter.put(f"/matters/{matter}/endorsement"))
    outcome = {"outcome": "DISPATCHED" if kind == "order" else "WHISTLED"}
    body_of(desk.secretary.post(f"/matters/{matter}/screen", outcome))
    make: Any = desk.verified if kind == "order" else desk.whistle
    make(matter=matter) if kind == "whistle" else desk.order(matter=matter)
    wrong = []
    for name, allowed in table.items():
        for state in states:
            done = {} if kind == "order" else {"state": W.VERIFIED_CLOSED}
            work = make(matter=matter, **done)
            put(desk, model, work["id"], state)
            before = look(desk, model, work["id"])
            answer = write(desk, kind, work, name)
            after = look(desk, model, work["id"])
            if state in allowed:
                found: Any = answer.status_code < 300 and after[0]
                wanted: Any = allowed[state]
            else:
                found = refusal(answer), after == before
                wanted = OTHER_REFUSALS.get((name, state), WRONG), True
            if found != wanted:
                wrong.append(f"{name} of {kind} that is {state}: {found}, not {wanted}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_writes_about_a_matter(desk: Desk):
    wrong = []
    for (name, allowed), state in product(MATTERS.items(), M):
        if state is M.MERGED:  # it is no matter of its own any more
            continue
        matter = desk.done()
        put(desk, Matter, matter, state)
        before = look(desk, Matter, matter)
        if name == "ask":
            body = {"closes_at": desk.later(7)}
            answer = desk.secretary.post(f"/matters/{matter}/evaluation-rounds", body)
        else:
            answer = desk.secretary.post(f"/matters/{matter}/close")
        after = look(desk, Matter, matter)
        if state in allowed:
            found: Any = answer.status_code < 300 and after[0]
            wanted: Any = allowed[state]
        else:
            found, wanted = (refusal(answer), after == before), (WRONG, True)
        if found != wanted:
            wrong.append(f"{name} of a matter that is {state}: {found}, not {wanted}")
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize(("state", "to"), list(product(RoundState, RoundState)))
def test_rounds_move_as_the_table_says(state: RoundState, to: RoundState):
    asked = EvaluationRound(state=state, min_answers=1)
    if to in ROUND_MOVES[state]:
        asked.close(Figures(satisfied=1), 1, datetime.now(UTC))
        assert asked.state is to
    elif to is RoundState.CLOSED:
        with pytest.raises(WrongState):
            asked.close(Figures(), 0, datetime.now(UTC))
    else:
        with pytest.raises(WrongState):
            asked._move(to)
        assert asked.state is state


def test_what_does_not_exist_is_not_found(desk: Desk):
    nothing = str(uuid4())
    answers = [
        desk.say({"id": nothing}),
        desk.enter({"id": nothing}, desk.grid),
        desk.secretary.post(f"/matters/{nothing}/close"),
        desk.judge({"id": nothing}, desk.resident),
    ]
    assert {refusal(answer) for answer in answers} == {(404, "not_found")}
