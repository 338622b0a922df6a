"""Row 8: once voting has opened, list, roll, scheme and thresholds are frozen.

Every write of the API is tried by somebody who holds every office, in each state in which voting
is open, while voters cast. After each write the frozen part of the session must be what it was.
"""

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from app.agenda.models import AgendaItem, AgendaSession, RollEntry
from app.ballots.models import BallotSlot
from app.kit.extensions import db
from app.matters.models import Matter
from app.people.models import Role
from tests.cast import Cast, Person, Place
from tests.operations import furnish, operations, request_for
from tests.test_who_may_do_what import BODIES, OFFICES
from torture.client import PREFIX, Address, call, request
from torture.faults import Faults
from torture.ground import Arena
from torture.ledger import Intent, Ledger, check_all
from torture.polls import Poll, Voter
from torture.rows import Figures, Mutant, Row

VOTERS = 60  # so many that none replaces a ballot more often than allowed
CLIENTS = 4
# What belongs to no session: logins, and files that are sent as forms.
ELSEWHERE = ("/auth/", "/attachments", "/register-imports")
# The moves that the run makes itself.
MOVES = ("extend-voting", "close-voting")
STATES = ("VOTING", "EXTENDED")


class Month:
    """A roster session in which voting is open, beside a furnished compound, and somebody who
    holds every office."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.cast = Cast(app)
        community, compound = self.cast.other_community()
        self.ids = furnish(self.cast, compound, community)
        self._voters = [self.cast.resident(name=f"居民{i}") for i in range(VOTERS)]
        home = self.cast.home
        self.officer = self._officer(
            {
                "compound": (home, compound),
                "community": (self.cast.community, community),
                "subdistrict": (self.cast.subdistrict,),
            }
        )
        roll = [str(voter.id) for voter in self._voters]
        opened, matters = self.cast.open_session(
            self.officer, self._voters[0], mode="ROSTER", roll=roll
        )
        self.poll = Poll(
            UUID(opened["id"]),
            home.id,
            Voter(self.officer.id, self.officer.token),
            [Voter(voter.id, voter.token) for voter in self._voters],
            matters,
        )
        self.ids |= {
            "session_id": opened["id"],
            "compound_id": home.id,
            "matters": matters,
            "matter_id": matters[-1],
            "resident_id": str(self.cast.resident(name="迟到的").id),
        }

    def _officer(self, places: Mapping[str, Sequence[Place]]) -> Person:
        person = self.cast.resident(name="书记")
        for role, level in OFFICES.items():
            for place in places[level]:
                self.cast.appoint(person, Role(role), place, level=level)
        return person

    def writes(self) -> list[str]:
        """Every write of the API that may touch a session or its matters."""
        return sorted(
            operation
            for operation in operations(self.app)
            if not operation.startswith("GET ")
            and PREFIX in operation
            and not any(word in operation for word in (*ELSEWHERE, *MOVES))
            and not operation.endswith("/ballot")
        )

    def frozen(self) -> dict[str, Any]:
        """All that was fixed when voting opened."""
        session_id = self.poll.session_id
        with self.app.app_context(), db.engine.connect() as connection:

            def rows(query: Any) -> list[tuple[Any, ...]]:
                return sorted((tuple(row) for row in connection.execute(query)), key=repr)

            return {
                "session": rows(
                    select(
                        AgendaSession.mode,
                        AgendaSession.period,
                        AgendaSession.voting_opens_at,
                        AgendaSession.scheme,
                        AgendaSession.rules,
                        AgendaSession.roll_root,
                    ).where(AgendaSession.id == session_id)
                ),
                "list": rows(
                    select(
                        AgendaItem.number,
                        AgendaItem.matter_id,
                        AgendaItem.endorsements,
                        Matter.title,
                        Matter.body,
                        Matter.raised_at,
                    )
                    .join(Matter, AgendaItem.matter_id == Matter.id)
                    .where(AgendaItem.session_id == session_id)
                ),
                "slots": rows(
                    select(BallotSlot.label, BallotSlot.weight).where(
                        BallotSlot.session_id == session_id
                    )
                ),
                "roll": rows(
                    select(RollEntry.resident_id, RollEntry.admitted_why).where(
                        RollEntry.session_id == session_id
                    )
                ),
            }


def play(arena: Arena, engine: str, size: int, sabotage: str) -> Figures:
    """Try the first `size` writes of the API in each state; all of them where there are fewer."""
    with arena.ground(engine) as ground:
        month = Month(ground.app)
        ledger, tried, refused = Ledger(), 0, 0
        writes = month.writes()
        # The writes about the session first, so that a short run meets them.
        writes.sort(key=lambda write: "/sessions/{session_id}" not in write)
        with ground.serving(sabotage) as host:
            stop = threading.Event()
            voters = [
                threading.Thread(target=_vote, args=(host.address, month.poll, ledger, n, stop))
                for n in range(CLIENTS)
            ]
            for voter in voters:
                voter.start()
            try:
                for state in STATES:
                    if state == "EXTENDED":
                        _move(host.address, month.poll, "extend-voting", ledger.faults)
                    before = month.frozen()
                    for operation in writes[:size]:
                        refused += _try(host.address, month, operation, ledger.faults)
                        tried += 1
                        _compare(before, month.frozen(), f"{operation} in {state}", ledger.faults)
            finally:
                stop.set()
                for voter in voters:
                    voter.join()
            faults = check_all(ground.app, host.address, [month.poll], ledger)
        return Figures(
            tried,
            faults,
            f"{refused} 次被拒绝；其间确认 {len(ledger)} 张选票",
            f"{refused} refused; {len(ledger)} ballots acknowledged meanwhile",
        )


def _vote(address: Address, poll: Poll, ledger: Ledger, number: int, stop: threading.Event) -> None:
    chance, turn = random.Random(number), 0
    voters = poll.voters[number::CLIENTS]
    while not stop.wait(0.02):
        intent = Intent.of(poll, voters[turn % len(voters)], chance)
        ledger.cast_until_answered(address, intent)
        turn += 1


def _try(address: Address, month: Month, operation: str, faults: Faults) -> bool:
    """Try a write; whether it was refused."""
    method, path = request_for(operation, month.ids)
    body: Callable[[Any], Any] = BODIES.get(operation.replace(PREFIX, "", 1), lambda ids: None)
    short = path.removeprefix(PREFIX)
    message = request(method, short, month.officer.token, body(month.ids))
    answer = call(address, message)
    faults.unless(answer.status < 500, "other", f"{answer.status} for {operation}")
    return answer.status >= 400


def _move(address: Address, poll: Poll, move: str, faults: Faults) -> None:
    answer = call(address, request("POST", f"{poll.path}/{move}", poll.secretary.token))
    faults.unless(answer.status == 200, "other", f"{move}: {answer.status} {answer.code}")


def _compare(before: dict[str, Any], after: dict[str, Any], what: str, faults: Faults) -> None:
    for part in before:
        faults.unless(before[part] == after[part], "other", f"{part} changed by {what}")


ROW = Row(
    number="8",
    name="frozen",
    zh="开始投票后改题单、名单、门槛",
    en="list, roll or thresholds changed after opening",
    unit=("次写入", "writes"),
    play=play,
    full=1_000,
    is_all=True,
    short=16,
    mutant=16,
    mutants=(Mutant("no_state_check", "不查状态", "no check of the state"),),
)
