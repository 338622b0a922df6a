"""Every write of a round table x every state of its session, and of cards x every state of both."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from app.agenda.models import AgendaSession, SessionState
from app.deliberation.models import CardState
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.matters.models import UNDER_DISCUSSION, Matter, MatterState
from tests.cast import Cast
from tests.deliberation.steps import RoundTable, made, outcome
from tests.void import void_session

S = SessionState
WRONG_STATE = "409 wrong_state"
DISCUSSION = {S.TALLIED, S.MEETING}

# In which states of the session each write is allowed; elsewhere it is 409 wrong_state.
SESSION_WRITES: dict[str, set[SessionState]] = {
    "invite": DISCUSSION,
    "put a card": DISCUSSION,
    "read the code": {S.MEETING},
    "scan the code": {S.MEETING},
    "note an arrival": {S.MEETING},
    "note a remark": {S.MEETING},
    "start the meeting": {S.TALLIED},
}
STEPS = {
    S.DRAFT: [],
    S.COLLECTING: ["start-collecting"],
    S.LISTED: ["start-collecting", "freeze-list"],
    S.VOTING: ["start-collecting", "freeze-list", "open-voting"],
    S.EXTENDED: ["start-collecting", "freeze-list", "open-voting", "extend-voting"],
    S.CANCELLED: ["start-collecting", "cancel"],
    S.VOID: ["start-collecting", "freeze-list", "open-voting", "void"],
}

# What later features do to a session that has concluded its round table.
AFTERWARDS: dict[SessionState, tuple[str, ...]] = {
    S.RESOLVED: (),
    S.EXECUTING: ("execute",),
    S.EVALUATING: ("execute", "start_evaluation"),
    S.CLOSED: ("execute", "start_evaluation", "close"),
}


class Sitting:
    """A session at one state, and all writes that a round table knows."""

    def __init__(self, cast: Cast, state: SessionState) -> None:
        if state in STEPS:
            self._before_the_tally(cast, STEPS[state])
        else:
            table = RoundTable(cast, ["停车", "路灯"])
            self.path, self.matter = table.path, table.matters[0]
            self.secretary, self.voter = table.secretary, table.voters[0]
            table.start() if state is not S.TALLIED else table.invite_all()
            if state in AFTERWARDS:
                table.conclude()
                with cast.app.app_context():
                    session_id = UUID(self.path.rpartition("/")[2])
                    for verb in AFTERWARDS[state]:
                        getattr(db.session.get_one(AgendaSession, session_id), verb)()
                    db.session.commit()
        assert made(self.secretary.get(self.path))["state"] == state

    def _before_the_tally(self, cast: Cast, steps: list[str]) -> None:
        self.secretary, self.voter = cast.secretary(), cast.resident()
        self.path = f"/sessions/{cast.session(self.secretary)['id']}"
        self.matter = cast.matters(self.secretary, self.voter, ["停车", "路灯"])[0]
        for step in steps:
            if step == "void":  # as the clock does where the vote's key is lost
                void_session(cast.app, self.path.rpartition("/")[2])
            else:
                made(self.secretary.post(f"{self.path}/{step}"))

    def write(self, name: str) -> TestResponse:
        path, secretary, voter = self.path, self.secretary, self.voter
        card = {"matter_id": self.matter, "text": "划线"}
        writes: dict[str, Callable[[], TestResponse]] = {
            "invite": lambda: secretary.post(
                f"{path}/invitations", {"kind": "EXPERT", "name": "设计院"}
            ),
            "put a card": lambda: voter.post(f"{path}/cards", card),
            "read the code": lambda: secretary.get(f"{path}/attendance-code"),
            "scan the code": lambda: voter.post(f"{path}/attendance", {"code": self._code()}),
            "note an arrival": lambda: secretary.post(
                f"{path}/attendance", {"resident_id": str(voter.id)}
            ),
            "note a remark": lambda: secretary.post(
                f"{path}/remarks", {"speaker": "代表", "text": "同意"}
            ),
            "start the meeting": lambda: secretary.post(f"{path}/start-meeting"),
        }
        return writes[name]()

    def _code(self) -> str:
        answer = self.secretary.get(f"{self.path}/attendance-code")
        return answer.json["code"] if answer.status_code == 200 else "no code yet"

    def look(self) -> list[Any]:
        """All that can be read of it."""
        session = made(self.secretary.get(self.path))
        lists = ("round-table", "invitations", "cards", "attendance", "remarks")
        return [session, *(made(self.secretary.get(f"{self.path}/{name}")) for name in lists)]


@pytest.mark.parametrize("state", list(S))
def test_session_writes_by_state(cast: Cast, state: SessionState):
    sitting = Sitting(cast, state)
    before = sitting.look()
    refused = [name for name, states in SESSION_WRITES.items() if state not in states]
    assert {name: outcome(sitting.write(name)) for name in refused} == dict.fromkeys(
        refused, WRONG_STATE
    )
    assert sitting.look() == before

    for name, states in SESSION_WRITES.items():
        if state in states:
            assert sitting.write(name).status_code in (200, 201), name


# Which writes of a card are allowed at (state of the session, state of the card).
BEFORE = {"support", "withdraw", "tag"}
CARD_WRITES: dict[tuple[SessionState, CardState], set[str]] = {
    (S.TALLIED, CardState.OPEN): BEFORE | {"drop"},
    (S.MEETING, CardState.OPEN): BEFORE | {"merge", "adopt", "drop"},
    (S.MEETING, CardState.MERGED): set(),
    (S.MEETING, CardState.ADOPTED): set(),
    (S.MEETING, CardState.DROPPED): set(),
    (S.RESOLVED, CardState.OPEN): set(),
    (S.RESOLVED, CardState.MERGED): set(),
    (S.RESOLVED, CardState.ADOPTED): set(),
    (S.RESOLVED, CardState.DROPPED): set(),
}
ALL_CARD_WRITES = ("support", "withdraw", "tag", "merge", "adopt", "drop")


def write_card(table: RoundTable, name: str, card: str, target: str) -> TestResponse:
    voter, secretary = table.voters[0], table.secretary
    writes: dict[str, Callable[[], TestResponse]] = {
        "support": lambda: voter.put(f"/cards/{card}/support"),
        "withdraw": lambda: voter.delete(f"/cards/{card}/support"),
        "tag": lambda: secretary.post(f"/cards/{card}/tag", {"item": 8}),
        "merge": lambda: secretary.post(f"/cards/{card}/merge", {"into": target}),
        "adopt": lambda: secretary.post(f"/cards/{card}/adopt"),
        "drop": lambda: secretary.post(f"/cards/{card}/drop"),
    }
    return writes[name]()


REACHED_BY = {CardState.MERGED: "merge", CardState.ADOPTED: "adopt", CardState.DROPPED: "drop"}


@pytest.mark.parametrize(("session_state", "card_state"), CARD_WRITES)
def test_card_writes_by_state(cast: Cast, session_state: SessionState, card_state: CardState):
    table = RoundTable(cast, ["停车"])
    target = table.card()["id"]
    cards = {name: table.card()["id"] for name in ALL_CARD_WRITES}
    for card in cards.values():
        made(table.voters[0].put(f"/cards/{card}/support"))
    if session_state is not S.TALLIED:
        table.start()
    for card in cards.values() if card_state in REACHED_BY else ():
        assert made(write_card(table, REACHED_BY[card_state], card, target))["state"] == card_state
    if session_state is S.RESOLVED:
        table.conclude()

    allowed = CARD_WRITES[session_state, card_state]
    before = {card["id"]: card for card in table.cards()}
    for name, card in cards.items():
        answer = write_card(table, name, card, target)
        assert outcome(answer) == ("200" if name in allowed else WRONG_STATE), name
    after = {card["id"]: card for card in table.cards()}
    for name, card in cards.items():
        if name not in allowed:
            assert after[card] == before[card], name


def test_cards_of_a_matter_that_is_resolved_are_settled(
    cast: Cast, travel: Callable[[str | datetime], None]
):
    travel("2026-03-27T19:00+08:00")
    table = RoundTable(cast, ["停车", "路灯"])
    adopted, left = table.card()["id"], table.card()["id"]
    table.start()
    for voter in table.voters:
        arrival = {"resident_id": str(voter.id)}
        made(table.secretary.post(f"{table.path}/attendance", arrival))
    made(write_card(table, "adopt", adopted, left))
    draft = {"matter_id": table.matters[0], "title": "停车", "text": "划线", "card_ids": [adopted]}
    resolution = made(table.secretary.post(f"{table.path}/resolutions", draft))["id"]
    for verb, body in (
        ("table", {"method": "HANDS", "secrecy": "NAMED"}),
        ("count", {"yes": 3, "no": 0, "abstain": 0}),
    ):
        made(table.secretary.post(f"/resolutions/{resolution}/{verb}", body))

    assert outcome(table.put(table.voters[0])) == WRONG_STATE
    assert outcome(write_card(table, "adopt", left, adopted)) == WRONG_STATE
    assert table.cards(state="OPEN")[0]["id"] == left
    assert table.card(matter=1)["label"] == "C3"  # the other matter goes on


@pytest.mark.parametrize("state", MatterState)
def test_only_selected_and_deliberated_matters_are_under_discussion(state: MatterState):
    matter = Matter(state=state)
    if state in UNDER_DISCUSSION:
        matter.require_under_discussion()
    else:
        with pytest.raises(WrongState):
            matter.require_under_discussion()
    assert {MatterState.SELECTED, MatterState.DELIBERATED} == UNDER_DISCUSSION
