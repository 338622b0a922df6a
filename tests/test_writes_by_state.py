"""Every write x every state: what is allowed, what is refused, and that a refusal changes nothing.

The tables are written by hand from section 8 of the domain notes. States are reached by the API,
but for those that a round table or work gives to a matter or a session: their own tests reach them.
Cards, resolutions, orders and whistles have tables of their own beside their tests.
"""

import ast
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from app.agenda.models import SESSION_MOVES, AgendaSession, SessionOutcome, SessionState
from app.deliberation.models import CHECKLIST
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.matters.models import MATTER_MOVES, Matter, MatterState
from app.people.models import RESIDENCE_MOVES, Residence, ResidenceState, Role
from tests.ballots.second_officer import SecondOfficer
from tests.cast import Cast, Person, ballot
from tests.void import void_session

WRONG_STATE = "409 wrong_state"


def outcome(answer: TestResponse) -> str:
    """Status and code of an answer, e.g. `409 wrong_state`; of a success the status alone."""
    status = str(answer.status_code)
    return status if answer.status_code < 400 else f"{status} {answer.json['code']}"


# Sessions

DRAFT, COLLECTING, LISTED, VOTING, EXTENDED, TALLIED = list(SessionState)[:6]
MEETING, RESOLVED, EXECUTING, EVALUATING, CLOSED, CANCELLED, VOID = list(SessionState)[6:]

# Write -> {state: state afterwards} where it is allowed. Elsewhere it is 409 wrong_state, but for
# the codes of OTHER_REFUSALS.
ANYWHERE = {state: state for state in SessionState}
# The list is frozen, its matters live on: one may be solved or turn out unlawful (R8). After the
# tally the first one, which is tried here, has been selected.
AFTER_THE_VOTE = (TALLIED, MEETING, RESOLVED, EXECUTING, EVALUATING, CLOSED)
UNTIL_THE_TALLY = {state: state for state in SessionState if state not in AFTER_THE_VOTE}
SESSION_WRITES: dict[str, dict[SessionState, SessionState]] = {
    "start-collecting": {DRAFT: COLLECTING},
    "freeze-list": {COLLECTING: LISTED},
    "open-voting": {LISTED: VOTING},
    "extend-voting": {VOTING: EXTENDED},
    "close-voting": {VOTING: TALLIED, EXTENDED: TALLIED},
    "start-meeting": {TALLIED: MEETING},
    "conclude-meeting": {MEETING: RESOLVED},
    # All three matters of the round table here were shelved: there is nothing to wait for.
    "start-evaluation": {RESOLVED: EVALUATING, EXECUTING: EVALUATING},
    "close": {RESOLVED: CLOSED, EVALUATING: CLOSED},
    "cancel": {DRAFT: CANCELLED, COLLECTING: CANCELLED, LISTED: CANCELLED},
    "replace the roll": {DRAFT: DRAFT, COLLECTING: COLLECTING, LISTED: LISTED},
    "cast a ballot": {VOTING: VOTING, EXTENDED: EXTENDED},
    "countersign": {state: state for state in AFTER_THE_VOTE},
    "issue slips": {VOTING: VOTING, EXTENDED: EXTENDED},
    "enter a slip": {VOTING: VOTING, EXTENDED: EXTENDED},
    "withdraw a ballot": {VOTING: VOTING, EXTENDED: EXTENDED},
    "count by hand": {DRAFT: DRAFT, COLLECTING: COLLECTING, LISTED: LISTED},
    "enter totals": {},
    "confirm totals": {},
    "conclude-count": {},
    "raise another matter": ANYWHERE,
    "endorse a matter": UNTIL_THE_TALLY,
    "withdraw an endorsement": UNTIL_THE_TALLY,
    "refuse a matter": UNTIL_THE_TALLY,
    "plan another for the month": {CANCELLED: CANCELLED},
}
OTHER_REFUSALS = {
    ("extend-voting", EXTENDED): "409 extension_used",
    **{
        ("countersign", state): "409 voting_not_closed"
        for state in (DRAFT, COLLECTING, LISTED, VOTING, EXTENDED)
    },
    ("countersign", CANCELLED): "409 no_result",
    **{
        (write, VOID): "409 vote_void"
        for write in ("cast a ballot", "enter a slip", "withdraw a ballot", "countersign")
    },
    **{("plan another for the month", state): "409 period_taken" for state in SessionState},
}
MOVING = [
    (write, origin, target)
    for write, moves in SESSION_WRITES.items()
    for origin, target in moves.items()
    if origin is not target
]

OPENING = ("start-collecting", "freeze-list", "open-voting", "vote")
CLOSING = (*OPENING, "close-voting", "invite")
STEPS_TO = {
    DRAFT: (),
    COLLECTING: OPENING[:1],
    LISTED: OPENING[:2],
    VOTING: OPENING,
    EXTENDED: (*OPENING, "extend-voting"),
    TALLIED: CLOSING,
    MEETING: (*CLOSING, "start-meeting"),
    RESOLVED: (*CLOSING, "start-meeting", "conclude-meeting"),
    EXECUTING: (*CLOSING, "start-meeting", "conclude-meeting", "execute"),
    EVALUATING: (*CLOSING, "start-meeting", "conclude-meeting", "start-evaluation"),
    CLOSED: (*CLOSING, "start-meeting", "conclude-meeting", "close"),
    CANCELLED: (*OPENING[:2], "cancel"),
    VOID: (*OPENING, "void"),
}


class Monthly:
    """One month's session with a roll of three voters, brought to a state by the API."""

    def __init__(self, cast: Cast, state: SessionState) -> None:
        self.secretary, self._clerk = cast.secretary(), cast.officer(Role.GRID_WORKER)
        self.voters = [cast.resident() for _ in range(3)]
        self.roll = {"roll": [str(voter.id) for voter in self.voters]}
        self._app, self._compound = cast.app, f"/compounds/{cast.home.id}"
        self.officer = SecondOfficer(cast)
        self.officer.take_office()
        session = cast.session(self.secretary, mode="ROSTER", **self.roll)
        self._path = f"/sessions/{session['id']}"
        self._plan = {
            name: session[name]
            for name in ("period", "place", "voting_opens_at", "voting_closes_at", "round_table_at")
        }
        self._matters = cast.matters(self.secretary, self.voters[0], ("停车", "路灯", "积水"))
        for step in STEPS_TO[state]:
            self._do(step)
        assert self._session()["state"] == state

    def _do(self, step: str) -> None:
        if step == "execute":  # as the first order from a resolution does
            with self._app.app_context():
                db.session.get_one(AgendaSession, UUID(self._path.rpartition("/")[2])).execute()
                db.session.commit()
            return
        if step == "void":  # as the clock does where the vote's key is lost
            void_session(self._app, self._path.rpartition("/")[2])
            return
        if step == "vote":  # two of three, so that closing need not extend
            answers = [self._vote(voter, self._matters) for voter in self.voters[:2]]
        elif step == "invite":  # whom the round table must have thought of
            invitations = [{"kind": kind, "name": "代表"} for kind in CHECKLIST]
            answers = [self.secretary.post(f"{self._path}/invitations", i) for i in invitations]
        else:
            answers = [self.secretary.post(f"{self._path}/{step}")]
        assert {answer.status_code for answer in answers} == {201 if step == "invite" else 200}

    def _vote(self, voter: Person, order: list[str]) -> TestResponse:
        return voter.put(f"{self._path}/ballot", ballot(*order))

    def _issue(self) -> TestResponse:
        return self.secretary.post(f"{self._path}/paper-batches", {"count": 1})

    def _enter_totals(self) -> TestResponse:
        witnesses = [str(voter.id) for voter in self.voters[:2]]
        body = {"participants": 3, "totals": [], "witness_ids": witnesses}
        return self._clerk.put(f"{self._path}/manual-count", body)

    def _enter_slip(self) -> TestResponse:
        """A slip of the last voter's, who voted by phone just now and takes that back first."""
        slips = self._issue()
        serial = slips.json["serials"][0] if slips.status_code == 201 else "222222"
        voter = self.voters[2]
        voter.delete(f"{self._path}/ballot", query_string={"expected_version": 1})
        body = {"resident_id": str(voter.id), **ballot(*self._matters)}
        return self._clerk.post(f"{self._path}/paper-slips/{serial}/enter", body)

    def write(self, name: str) -> TestResponse:
        """Make one of SESSION_WRITES, with a valid body."""
        matter, voter = f"/matters/{self._matters[0]}", self.voters[2]
        raised = {"title": "漏水", "body": "4栋屋面", "category": "LEAK_DRAIN"}
        session_id = self._path.rpartition("/")[2]
        refused = {"outcome": "REFUSED", "reason": "已经解决"}
        writes: dict[str, Callable[[], TestResponse]] = {
            "countersign": lambda: (
                self.officer.countersign(session_id)
                if self._session()["outcome"]
                else self.officer.hand_in(session_id, "00" * 64)
            ),
            "replace the roll": lambda: self.secretary.put(f"{self._path}/roll", self.roll),
            "cast a ballot": lambda: self._vote(voter, self._matters[::-1]),
            "count by hand": lambda: self.secretary.put(
                f"{self._path}/manual-method", {"method": "HANDS"}
            ),
            "enter totals": self._enter_totals,
            "confirm totals": lambda: voter.post(
                f"{self._path}/manual-count/confirm", {"totals_hash": "00" * 32}
            ),
            "issue slips": self._issue,
            "enter a slip": self._enter_slip,
            "withdraw a ballot": lambda: self.voters[0].delete(
                f"{self._path}/ballot", query_string={"expected_version": 1}
            ),
            "refuse a matter": lambda: self.secretary.post(f"{matter}/screen", refused),
            "endorse a matter": lambda: voter.put(f"{matter}/endorsement"),
            "withdraw an endorsement": lambda: voter.delete(f"{matter}/endorsement"),
            "raise another matter": lambda: voter.post(f"{self._compound}/matters", raised),
            "plan another for the month": lambda: self.secretary.post(
                f"{self._compound}/sessions", self._plan
            ),
        }
        return writes.get(name, lambda: self.secretary.post(f"{self._path}/{name}"))()

    def _session(self) -> dict[str, Any]:
        session: dict[str, Any] = self.secretary.get(self._path).json
        return session

    @property
    def state(self) -> str:
        return str(self._session()["state"])

    @property
    def frozen_list(self) -> list[tuple[Any, ...]]:
        """What a list fixes: numbers, matters, titles and their support at that moment."""
        names = ("number", "id", "title", "endorsements")
        return [tuple(each[name] for name in names) for each in self._session()["matters"]]

    def look(self) -> list[Any]:
        """All that can be read of the session, its matters, ballots and notices."""
        return [
            self._session(),
            self.secretary.get(f"{self._path}/roll").json,
            self.secretary.get(f"{self._path}/result").json,
            self.secretary.get(f"{self._compound}/matters").json["items"],
            self.secretary.get(f"{self._compound}/sessions").json["items"][0]["id"],
            [voter.get(f"{self._path}/ballot").json for voter in self.voters],
            self.secretary.get(f"/board{self._compound}/feed.json").json["items"],
        ]


@pytest.mark.parametrize(("write", "origin", "target"), MOVING)
def test_session_write_moves_the_session(
    cast: Cast, write: str, origin: SessionState, target: SessionState
):
    monthly = Monthly(cast, origin)
    frozen = monthly.frozen_list
    assert outcome(monthly.write(write)) == "200"
    assert monthly.state == target
    assert len(monthly.frozen_list) == (3 if write == "freeze-list" else len(frozen))


@pytest.mark.parametrize("state", list(SessionState))
def test_session_write_in_another_state_changes_nothing(cast: Cast, state: SessionState):
    monthly = Monthly(cast, state)
    before = monthly.look()
    refused = [write for write, moves in SESSION_WRITES.items() if state not in moves]
    found = {write: outcome(monthly.write(write)) for write in refused}
    assert found == {write: OTHER_REFUSALS.get((write, state), WRONG_STATE) for write in refused}
    assert monthly.look() == before


@pytest.mark.parametrize("state", list(SessionState))
def test_other_writes_leave_state_and_frozen_list(cast: Cast, state: SessionState):
    monthly = Monthly(cast, state)
    frozen = monthly.frozen_list
    for write in (write for write, moves in SESSION_WRITES.items() if moves.get(state) is state):
        assert outcome(monthly.write(write)) in ("200", "201", "204"), write
        assert (monthly.state, monthly.frozen_list) == (state, frozen), write


@pytest.mark.parametrize(("ballots", "result"), [(1, "409 too_few_ballots"), (2, "200")])
def test_close_voting_by_hand_needs_enough_ballots(cast: Cast, ballots: int, result: str):
    """R6: a roll needs more than half of its ballots back; a second tap changes nothing."""
    secretary = cast.secretary()
    voters = [cast.resident() for _ in range(3)]
    roll = [str(voter.id) for voter in voters]
    session, matters = cast.open_session(secretary, voters[0], mode="ROSTER", roll=roll)
    for voter in voters[:ballots]:
        answer = voter.put(f"/sessions/{session['id']}/ballot", ballot(*matters))
        assert answer.status_code == 200
    assert outcome(secretary.post(f"/sessions/{session['id']}/close-voting")) == result
    again = outcome(secretary.post(f"/sessions/{session['id']}/close-voting"))
    assert again == (result if ballots == 1 else WRONG_STATE)


@pytest.mark.parametrize("titles", [(), ("停车",)])
def test_open_voting_on_fewer_than_two_matters_concludes(cast: Cast, titles: tuple[str, ...]):
    """R8: there is nothing to vote on."""
    secretary = cast.secretary()
    session, matters = cast.open_session(secretary, cast.resident(), titles)
    assert (session["state"], session["outcome"]) == ("TALLIED", "NO_VOTE")
    result = secretary.get(f"/sessions/{session['id']}/result").json
    assert [row["matter_id"] for row in result["rows"]] == matters
    assert [row["outcome"] for row in result["rows"]] == ["SELECTED"] * len(titles)


# Matters

M = MatterState
OUTCOMES = (M.LISTED, M.MERGED, M.DISPATCHED, M.WHISTLED, M.REFUSED)
AFTER_THE_TALLY = (
    M.DELIBERATED,
    M.RESOLVED,
    M.OWNER_VOTE,
    M.SHELVED,
    M.EXECUTING,
    M.DONE,
    M.EVALUATED,
    M.CLOSED,
    M.REOPENED,
)
SUPPORT = ("endorse", "withdraw")

# State -> outcomes of screening that are allowed there, and whether support may still change.
MATTER_WRITES: dict[MatterState, tuple[set[MatterState], bool]] = {
    M.SUBMITTED: (set(OUTCOMES), True),
    M.LISTED: ({M.DISPATCHED, M.WHISTLED, M.REFUSED}, True),
    M.DEFERRED: (set(OUTCOMES), True),
    M.SELECTED: (set(), False),
    M.MERGED: (set(), False),
    M.DISPATCHED: (set(), False),
    M.WHISTLED: (set(), False),
    M.REFUSED: (set(), False),
    M.WITHDRAWN: (set(), False),
    **{state: (set(), False) for state in AFTER_THE_TALLY},
}


class Matters:
    """Matters in every state, as many of each as there are writes to try."""

    def __init__(self, cast: Cast) -> None:
        self._app = cast.app
        self.secretary, self.resident = cast.secretary(), cast.resident()
        self._compound = f"/compounds/{cast.home.id}"
        # Of those on the list, the only one with support is selected, the others are deferred.
        session, listed = cast.open_session(self.secretary, self.resident, "甲乙丙丁戊己庚辛")
        for voter in (self.resident, cast.resident()):
            assert (
                voter.put(f"/sessions/{session['id']}/ballot", ballot(listed[0])).status_code == 200
            )
        closed = self.secretary.post(f"/sessions/{session['id']}/close-voting")
        assert closed.json["state"] == TALLIED
        self._selected, *self._deferred = listed
        self.target = self.raised()

    def raised(self) -> str:
        body = {"title": "漏水", "body": "4栋屋面", "category": "LEAK_DRAIN"}
        answer = self.resident.post(f"{self._compound}/matters", body)
        matter: str = answer.json["id"]
        return matter

    def in_state(self, state: MatterState) -> str:
        """The id of a matter in this state; selected ones are the same each time."""
        if state is M.SELECTED:
            return self._selected
        if state is M.DEFERRED:
            return self._deferred.pop()
        matter = self.raised()
        if state is M.WITHDRAWN:
            assert self.resident.post(f"/matters/{matter}/withdraw").status_code == 200
            return matter
        if state in AFTER_THE_TALLY:
            with self._app.app_context():
                db.session.get_one(Matter, UUID(matter)).state = state
                db.session.commit()
        elif state is not M.SUBMITTED:
            assert self.write(matter, state).status_code == 200
        return matter

    def write(self, matter: str, write: str) -> TestResponse:
        """Endorse, withdraw, or screen to an outcome."""
        if write == "endorse":
            return self.resident.put(f"/matters/{matter}/endorsement")
        if write == "withdraw":
            return self.resident.delete(f"/matters/{matter}/endorsement")
        into = {"into": self.target} if write == M.MERGED else {}
        body = {"outcome": write, "reason": "说明", **into}
        return self.secretary.post(f"/matters/{matter}/screen", body)

    def look(self, matter: str) -> Any:
        return self.secretary.get(f"/matters/{matter}").json


def test_matter_writes_in_every_state(cast: Cast):
    assert set(MATTER_WRITES) == set(M)
    matters = Matters(cast)
    wrong = []
    for (state, (screened, endorsable)), write in product(
        MATTER_WRITES.items(), (*SUPPORT, *OUTCOMES)
    ):
        matter = matters.in_state(state)
        before = matters.look(matter)
        assert before["state"] == state
        answer = matters.write(matter, write)
        after = matters.look(matter)
        is_allowed = endorsable if write in SUPPORT else write in screened
        if is_allowed:
            wanted = ("200", state if write in SUPPORT else write)
            found = (outcome(answer), after["state"])
        else:
            wanted, found = (WRONG_STATE, before), (outcome(answer), after)
        if found != wanted:
            wrong.append(f"{write} of a matter that is {state}: {found}, not {wanted}")
    assert not wrong, "\n" + "\n".join(wrong)


# Residences

R = ResidenceState


class Claims:
    """A claim of a newcomer, brought to a state by the API."""

    def __init__(self, cast: Cast, state: ResidenceState) -> None:
        self.verifier = cast.secretary()
        self._newcomer, self._compound = cast.visitor(born=None), str(cast.home.id)
        cast.unit(cast.home, "101")
        cast.unit(cast.home, "102")
        self._path = f"/residences/{self._claim('101')}"
        if state is R.REFUSED:
            assert self.write("refuse").status_code == 200
        elif state is not R.CLAIMED:
            assert self.write("verify").status_code == 200
        if state is R.ENDED:  # by moving next door
            answer = self.verifier.post(f"/residences/{self._claim('102')}/verify")
            assert answer.status_code == 200
        assert self.look()["state"] == state

    def _claim(self, unit: str) -> str:
        address = {"building": "3栋", "entrance": "2单元", "unit": unit, "relation": "tenant"}
        answer = self._newcomer.post("/residences", {"compound_id": self._compound, **address})
        claimed: str = answer.json["id"]
        return claimed

    def write(self, verb: str, **body: str) -> TestResponse:
        if verb == "refuse":
            body = {"reason": "房号与证件不符"}
        return self.verifier.post(f"{self._path}/{verb}", body)

    def look(self) -> dict[str, Any]:
        """The residence with name and birth date, as its resident sees it."""
        claimed = self._newcomer.get("/me").json["residences"]
        found: dict[str, Any] = next(each for each in claimed if self._path.endswith(each["id"]))
        return found


@pytest.mark.parametrize("verb", ["verify", "refuse"])
@pytest.mark.parametrize("state", list(R))
def test_residence_is_decided_once(cast: Cast, state: ResidenceState, verb: str):
    claims = Claims(cast, state)
    before = claims.look()
    # The birth date would be corrected along with a verification.
    answer = claims.write(verb, birth_date="1999-12-31")
    if state is R.CLAIMED:
        assert outcome(answer) == "200"
        assert claims.look()["state"] == (R.VERIFIED if verb == "verify" else R.REFUSED)
    elif (state, verb) == (R.VERIFIED, "verify"):  # nothing but the birth date is decided anew
        assert outcome(answer) == "200"
        assert claims.look() == {**before, "birth_date": "1999-12-31"}
        assert outcome(claims.write(verb)) == WRONG_STATE
    else:
        assert outcome(answer) == WRONG_STATE
        assert claims.look() == before


# Appointments


def test_appointment_ends_once(cast: Cast):
    person, leader = cast.visitor(), cast.community_secretary()
    path = f"/appointments/{cast.appoint(person, Role.GRID_WORKER)}/end"
    ended = leader.post(path)
    assert outcome(ended) == "200"
    assert outcome(leader.post(path)) == WRONG_STATE
    offices = leader.get(f"/compounds/{cast.home.id}/appointments").json
    assert ended.json in offices


# Notices

CORRECT, WITHDRAW = ("correct", {"note": "地点改为社区会议室"}), ("withdraw", {"reason": "发错了"})


@pytest.mark.parametrize(
    ("kind", "earlier", "write", "result"),
    [
        ("SESSION_ANNOUNCED", [], CORRECT, "200"),
        ("SESSION_ANNOUNCED", [CORRECT], CORRECT, "200"),
        ("SESSION_ANNOUNCED", [], WITHDRAW, "200"),
        ("SESSION_ANNOUNCED", [CORRECT], WITHDRAW, "200"),
        ("SESSION_ANNOUNCED", [WITHDRAW], CORRECT, WRONG_STATE),
        ("SESSION_ANNOUNCED", [WITHDRAW], WITHDRAW, WRONG_STATE),
        ("LIST_FROZEN", [], CORRECT, "200"),
        ("LIST_FROZEN", [CORRECT], WITHDRAW, "409 result_is_final"),
        ("VOTING_OPENED", [], WITHDRAW, "409 result_is_final"),
        ("TALLIED", [], CORRECT, "409 result_is_final"),
        ("TALLIED", [], WITHDRAW, "409 result_is_final"),
    ],
)
def test_notice_is_corrected_or_withdrawn(
    cast: Cast, kind: str, earlier: list[Any], write: Any, result: str
):
    monthly = Monthly(cast, TALLIED)

    def look() -> dict[str, Any]:
        feed = monthly.secretary.get(f"/board/compounds/{cast.home.id}/feed.json").json
        return next(item for item in feed["items"] if item["tags"] == [kind])

    path = "/notices/" + look()["id"].removeprefix("urn:uuid:")
    for verb, body in earlier:
        assert monthly.secretary.post(f"{path}/{verb}", body).status_code == 200
    before = look()
    verb, body = write
    assert outcome(monthly.secretary.post(f"{path}/{verb}", body)) == result
    after = look()
    if result != "200":
        assert after == before
    else:
        assert after["id"] == before["id"]
        assert after["_yueyuetan"]["revision"] == before["_yueyuetan"]["revision"] + 1
        assert after["_yueyuetan"]["withdrawn"] is (verb == "withdraw")


# The tables of moves: every pair of states, and nothing beside the models' verbs assigns a state.

NOW = datetime(2026, 3, 12, tzinfo=UTC)
SESSION_VERBS: dict[SessionState, Callable[[AgendaSession], None]] = {
    COLLECTING: lambda session: session.start_collecting(),
    LISTED: lambda session: session.freeze_list([]),
    VOTING: lambda session: session.open_voting(NOW, [], {}, bytes(32)),
    EXTENDED: lambda session: session.extend_voting(NOW, timedelta(days=3)),
    TALLIED: lambda session: session.close_voting(NOW, SessionOutcome.DECIDED),
    MEETING: lambda session: session.start_meeting(),
    RESOLVED: lambda session: session.conclude_meeting(),
    EXECUTING: lambda session: session.execute(),
    EVALUATING: lambda session: session.start_evaluation(),
    CLOSED: lambda session: session.close(),
    CANCELLED: lambda session: session.cancel(),
    VOID: lambda session: session.void(),
}


def list_it(matter: Matter) -> None:
    """What was judged unsolved is listed without screening; screening refuses it."""
    if matter.state is M.REOPENED:
        with pytest.raises(WrongState):
            matter.screen(M.LISTED, uuid4(), NOW, "说明")
        matter.relist()
    else:
        matter.screen(M.LISTED, uuid4(), NOW, "说明")


def reopen(matter: Matter) -> None:
    """Judged unsolved; or judged so before, and what was to be done anew is not wanted any more."""
    if matter.state is M.EXECUTING:
        with pytest.raises(WrongState):
            matter.reopen(NOW)
        matter.give_up_work()
    else:
        matter.reopen(NOW)


MATTER_VERBS: dict[MatterState, Callable[[Matter], None]] = {
    **{to: lambda matter, to=to: matter.screen(to, uuid4(), NOW, "说明") for to in OUTCOMES},
    M.LISTED: lambda matter: list_it(matter),
    M.SELECTED: lambda matter: matter.select(),
    M.DEFERRED: lambda matter: matter.defer(),
    M.DELIBERATED: lambda matter: matter.deliberate(),
    M.RESOLVED: lambda matter: matter.resolve(),
    M.OWNER_VOTE: lambda matter: matter.leave_to_owners(),
    M.SHELVED: lambda matter: matter.shelve(),
    M.EXECUTING: lambda matter: matter.execute(),
    M.DONE: lambda matter: matter.finish(),
    M.EVALUATED: lambda matter: matter.evaluate(),
    M.CLOSED: lambda matter: matter.close(),
    M.REOPENED: reopen,
    M.WITHDRAWN: lambda matter: matter.withdraw(),
}
RESIDENCE_VERBS: dict[ResidenceState, Callable[[Residence], None]] = {
    R.VERIFIED: lambda residence: residence.verify(uuid4(), NOW),
    R.REFUSED: lambda residence: residence.refuse(uuid4(), NOW, "说明"),
    R.ENDED: lambda residence: residence.end(),
}
# Domain notes, section 8, as "from > to to". LISTED > TALLIED is R8: no vote on fewer than two.
SESSION_PAIRS = """
    DRAFT > COLLECTING CANCELLED
    COLLECTING > LISTED CANCELLED
    LISTED > VOTING TALLIED CANCELLED
    VOTING > EXTENDED TALLIED VOID
    EXTENDED > TALLIED VOID
    TALLIED > MEETING CLOSED
    MEETING > RESOLVED
    RESOLVED > EXECUTING EVALUATING CLOSED
    EXECUTING > EVALUATING
    EVALUATING > CLOSED
    CLOSED >
    CANCELLED >
    VOID >
"""
# What is listed may end before it was voted on (R8); what is deferred is screened again (R7). What
# was selected may be decided, handed on or shelved without any card. What nobody carries on any
# more is shelved. What stands on no list its raiser takes back.
MATTER_PAIRS = """
    SUBMITTED > LISTED MERGED DISPATCHED WHISTLED REFUSED WITHDRAWN
    LISTED > SELECTED DEFERRED DISPATCHED WHISTLED REFUSED WITHDRAWN
    DEFERRED > LISTED MERGED DISPATCHED WHISTLED REFUSED WITHDRAWN
    SELECTED > DELIBERATED RESOLVED OWNER_VOTE SHELVED
    DELIBERATED > RESOLVED OWNER_VOTE SHELVED
    RESOLVED > EXECUTING SHELVED
    EXECUTING > DONE REOPENED SHELVED
    DONE > EVALUATED
    EVALUATED > CLOSED REOPENED
    REOPENED > EXECUTING LISTED
    CLOSED >
    OWNER_VOTE > RESOLVED SHELVED
    SHELVED >
    MERGED >
    DISPATCHED > EXECUTING SHELVED
    WHISTLED > EXECUTING SHELVED
    REFUSED >
    WITHDRAWN >
"""
RESIDENCE_PAIRS = """
    CLAIMED > VERIFIED REFUSED
    VERIFIED > ENDED
    REFUSED >
    ENDED >
"""


def pairs(text: str) -> dict[str, set[str]]:
    lines = [line.partition(">") for line in text.strip().splitlines()]
    return {origin.strip(): set(targets.split()) for origin, _, targets in lines}


@pytest.mark.parametrize(
    ("moves", "text", "states"),
    [
        (SESSION_MOVES, SESSION_PAIRS, SessionState),
        (MATTER_MOVES, MATTER_PAIRS, MatterState),
        (RESIDENCE_MOVES, RESIDENCE_PAIRS, ResidenceState),
    ],
    ids=["session", "matter", "residence"],
)
def test_table_of_moves_is_that_of_the_domain_notes(moves: Any, text: str, states: Any):
    assert moves == pairs(text)
    assert set(moves) == set(states)


def session_in(state: SessionState) -> AgendaSession:
    later = NOW + timedelta(days=7)
    return AgendaSession(
        state=state, voting_opens_at=NOW, voting_closes_at=later, round_table_at=later
    )


CASES = [
    *(("session", *each) for each in product(SessionState, SESSION_VERBS)),
    *(("matter", *each) for each in product(MatterState, MATTER_VERBS)),
    *(("residence", *each) for each in product(ResidenceState, RESIDENCE_VERBS)),
]
KINDS: dict[str, tuple[Callable[[Any], Any], dict[Any, Any], str]] = {
    "session": (session_in, SESSION_VERBS, SESSION_PAIRS),
    "matter": (lambda state: Matter(state=state, carry_over=0), MATTER_VERBS, MATTER_PAIRS),
    "residence": (lambda state: Residence(state=state), RESIDENCE_VERBS, RESIDENCE_PAIRS),
}


@pytest.mark.parametrize(("kind", "origin", "target"), CASES)
def test_verb_moves_or_refuses(kind: str, origin: Any, target: Any):
    make, verbs, text = KINDS[kind]
    thing = make(origin)
    before = columns_of(thing)
    if target in pairs(text)[origin]:
        verbs[target](thing)
        assert thing.state == target
    else:
        with pytest.raises(WrongState):
            verbs[target](thing)
        assert columns_of(thing) == before


def columns_of(thing: Any) -> dict[str, Any]:
    return {column.key: getattr(thing, column.key) for column in thing.__mapper__.columns}


def test_nothing_assigns_a_state_but_a_move(root: Path):
    assigning = {
        f"{path.relative_to(root)}: {function}"
        for path in (root / "app").rglob("*.py")
        for function in functions_that_assign_a_state(path)
    }
    assert assigning == {"app/kit/moves.py: _move"}


def functions_that_assign_a_state(path: Path) -> set[str]:
    """Names of functions in a file that set a `state`: of an object, by name, or in an UPDATE."""
    tree = ast.parse(path.read_text())
    scopes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Module)]
    return {
        getattr(scope, "name", "module")
        for scope in scopes
        if any(assigns_a_state(node) for node in own_nodes(scope))
    }


def own_nodes(scope: ast.AST) -> list[ast.AST]:
    """The nodes of a scope without those of functions inside it."""
    inside = [node for node in ast.iter_child_nodes(scope) if not isinstance(node, ast.FunctionDef)]
    return inside + [node for each in inside for node in own_nodes(each)]


def assigns_a_state(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "state" and isinstance(node.ctx, ast.Store)
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id == "setattr" and "state" in map(constant, node.args)
    is_update = isinstance(node.func, ast.Attribute) and node.func.attr == "values"
    return is_update and "state" in [keyword.arg for keyword in node.keywords]


def constant(node: ast.AST) -> Any:
    return node.value if isinstance(node, ast.Constant) else None


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f(m): m.state = 1", {"f"}),
        ("def f(m): m.name, m.state = 1, 2", {"f"}),
        ("def f(m):\n    def g(): m.state = 1", {"g"}),
        ("def f(m): setattr(m, 'state', 1)", {"f"}),
        ("def f(m): return update(m).values(state=1)", {"f"}),
        ("m.state = 1", {"module"}),
        ("def f(m): return m.state == 1 and Matter(state=1)", set()),
    ],
)
def test_assignments_of_a_state_are_found(tmp_path: Path, source: str, found: set[str]):
    path = tmp_path / "some.py"
    path.write_text(source)
    assert functions_that_assign_a_state(path) == found
