"""Every write x every state of an order and of a whistle; a refusal changes nothing."""

from typing import Any
from uuid import uuid4

import pytest

from app.kit.errors import WrongState
from app.works.orders.models import ORDER_MOVES, OrderState, WorkOrder
from app.works.whistles.models import WHISTLE_MOVES, Whistle, WhistleState
from tests.cast import Cast
from tests.checks import moves_of, refusal
from tests.works.site import (
    ORDER_STEPS,
    ORDER_WRITES,
    WHISTLE_STEPS,
    WHISTLE_WRITES,
    Site,
    Travel,
    body_of,
)

D, W = OrderState, WhistleState

# Write -> {state: state afterwards} where it is allowed, by the domain notes, section 8.
ORDERS: dict[str, dict[OrderState, OrderState]] = {
    "assign": dict.fromkeys(
        [D.REQUESTED, D.ASSIGNED, D.DECLINED, D.ACCEPTED, D.RETURNED], D.ASSIGNED
    ),
    "take": {},
    "accept": {D.ASSIGNED: D.ACCEPTED},
    "decline": {D.ASSIGNED: D.DECLINED},
    "withdraw": dict.fromkeys([D.REQUESTED, D.ASSIGNED, D.DECLINED], D.WITHDRAWN),
    "contact": {state: state for state in (D.ASSIGNED, D.ACCEPTED, D.RETURNED)},
    "progress": {state: state for state in (D.ACCEPTED, D.RETURNED)},
    "submit": dict.fromkeys([D.ACCEPTED, D.RETURNED], D.SUBMITTED),
    "verify": {D.SUBMITTED: D.VERIFIED},
    "return": {D.SUBMITTED: D.RETURNED},
}
WHISTLES: dict[str, dict[WhistleState, WhistleState]] = {
    "withdraw": {W.COLLECTED: W.WITHDRAWN},
    "blow": {W.COLLECTED: W.BLOWN},
    "object": {W.BLOWN: W.COLLECTED},
    "recall": dict.fromkeys([W.BLOWN, W.SIGNED, W.REPORTED, W.REWORK], W.COLLECTED),
    "sign": {W.BLOWN: W.SIGNED},
    "contact": {state: state for state in (W.SIGNED, W.REPORTED, W.REWORK)},
    "report": {W.SIGNED: W.REPORTED},
    "feed-back": {W.REPORTED: W.FED_BACK, W.REWORK: W.FED_BACK},
    "verify-close": {W.FED_BACK: W.VERIFIED_CLOSED},
    "rework": {W.FED_BACK: W.REWORK},
}
# Nobody is named yet: the branch secretary writes for whoever it will be.
UNNAMED: set[Any] = {D.REQUESTED, D.WITHDRAWN}


def test_tables_name_every_write_and_every_state_without_evaluation():
    assert (ORDERS.keys(), WHISTLES.keys()) == (ORDER_WRITES.keys(), WHISTLE_WRITES.keys())
    assert set(ORDER_STEPS) == set(D) - {D.RATED, D.CLOSED}
    assert set(WHISTLE_STEPS) == set(W) - {W.EVALUATED}


@pytest.mark.parametrize("kind", ["order", "whistle"])
def test_writes_in_every_state(cast: Cast, travel: Travel, kind: str):
    site, wrong = Site(cast, travel), []
    steps: Any = ORDER_STEPS if kind == "order" else WHISTLE_STEPS
    writes: Any = ORDERS if kind == "order" else WHISTLES
    matter = site.matter("DISPATCHED" if kind == "order" else "WHISTLED")
    if kind == "whistle":
        site.whistle(matter=matter)  # so that the matter is never done meanwhile
    else:
        site.order(matter=matter)
    make = site.order if kind == "order" else site.whistle
    for state in steps:
        refused_on = make(state, matter=matter)
        before = site.read(refused_on), moves_of(cast.app, refused_on["id"])
        for write, allowed in writes.items():
            thing = make(state, matter=matter) if state in allowed else refused_on
            is_secretarys = (
                state in UNNAMED and kind == "order" and ORDER_WRITES[write][0] == "manager"
            )
            answer = site.do(thing, write, by=site.secretary if is_secretarys else None)
            if state in allowed:
                found: Any = answer.status_code < 300 and site.read(thing)["state"]
                wanted: Any = allowed[state]
            else:
                after = site.read(thing), moves_of(cast.app, thing["id"])
                found = refusal(answer), after == before
                wanted = (409, "wrong_state"), True
            if found != wanted:
                wrong.append(f"{write} of {kind} that is {state}: {found}, not {wanted}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_open_order_is_taken_only_while_it_is_requested(cast: Cast, travel: Travel):
    site = Site(cast, travel)
    matter = site.matter()
    for state in ORDER_STEPS:
        order = site.order(state, matter, is_open=True)
        answer = site.do(order, "take")
        if state is D.REQUESTED:
            assert body_of(answer)["state"] == "ACCEPTED"
        else:
            assert refusal(answer) == (409, "wrong_state")
            assert site.read(order)["state"] == state


# The tables of moves, as "from > to to".
ORDER_PAIRS = """
    REQUESTED > ASSIGNED ACCEPTED WITHDRAWN
    ASSIGNED > ASSIGNED ACCEPTED DECLINED WITHDRAWN
    ACCEPTED > SUBMITTED ASSIGNED
    DECLINED > ASSIGNED WITHDRAWN
    SUBMITTED > VERIFIED RETURNED
    RETURNED > SUBMITTED ASSIGNED
    VERIFIED > RATED CLOSED RETURNED
    RATED > CLOSED RETURNED
    WITHDRAWN >
    CLOSED >
"""
WHISTLE_PAIRS = """
    COLLECTED > BLOWN WITHDRAWN
    BLOWN > SIGNED COLLECTED
    SIGNED > REPORTED COLLECTED
    REPORTED > FED_BACK COLLECTED
    FED_BACK > VERIFIED_CLOSED REWORK
    REWORK > FED_BACK COLLECTED
    VERIFIED_CLOSED > EVALUATED
    WITHDRAWN >
    EVALUATED >
"""


def pairs(text: str) -> dict[str, set[str]]:
    lines = [line.partition(">") for line in text.strip().splitlines()]
    return {origin.strip(): set(targets.split()) for origin, _, targets in lines}


def test_moves_are_those_of_the_tables_and_no_others():
    assert pairs(ORDER_PAIRS) == ORDER_MOVES
    assert pairs(WHISTLE_PAIRS) == WHISTLE_MOVES
    for kind, moves in ((WorkOrder, ORDER_MOVES), (Whistle, WHISTLE_MOVES)):
        for state, targets in moves.items():
            for to in moves:
                thing: Any = kind(id=uuid4(), state=state)
                if to in targets:
                    thing._move(to)
                    assert thing.state is to
                else:
                    with pytest.raises(WrongState):
                        thing._move(to)
                    assert thing.state is state


def test_evaluation_ends_orders_and_whistles():
    order = WorkOrder(state=D.VERIFIED)
    order.rate()
    order.close()
    whistle = Whistle(state=W.VERIFIED_CLOSED)
    whistle.evaluate()
    assert (order.state, whistle.state) == (D.CLOSED, W.EVALUATED)
