"""The walk itself: at each step somebody tries an operation on something, or time goes on.

What is done least gets done first, so that a session really goes through to its end; now and then
somebody tries what makes no sense, or says it in an ugly way.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.agenda.models import AgendaItem, AgendaSession
from app.board.models import PublicNotice
from app.evaluations.rounds.models import EvaluationRound
from app.kit.extensions import db
from app.people.models import Role
from app.resolutions.models import Resolution
from app.works.orders.models import WorkOrder
from tests.cast import Person
from tests.operations import operations
from tests.test_who_may_do_what import API, LIVE_THERE, MINOR, RESIDENT
from tests.test_who_may_do_what import BODIES as EXAMPLES
from tests.walk import bodies  # noqa: F401 - they register themselves
from tests.walk.rules import ANY_STATE, RULES, short
from tests.walk.things import QUERIES, Thing, Things, read_things
from tests.walk.turn import BODIES, CROWDS, WHO, NotNow, Turn
from tests.walk.world import BUSY, Clock, Ground, World
from tests.wechat_standin import Control

TRAVELS, WILD, UGLY = 0.09, 0.05, 0.04
TRIES = 8
FUEL = 2  # what a session lives on is done again and again
CROWD = 16
MOST_OPERATIONS = 12
# What belongs to a thing that is named before it in the address.
OWNERS = {"serial": "session_id", "flag_id": "version_id"}


@dataclass(frozen=True)
class Call:
    """What was asked and answered."""

    step: int
    operation: str
    roles: str
    path: str
    sent: str
    status: int
    code: str

    def __str__(self) -> str:
        outcome = f"{self.status} {self.code}".strip()
        return (
            f"{self.step:4} {self.operation.split()[0]} {self.path} by {self.roles}: {outcome}"
            + (f" {self.sent}" if self.sent else "")
        )


@dataclass(frozen=True)
class Fault:
    """Something that must not be. Two of the same `kind` are one; `text` tells of the first."""

    kind: str
    text: str
    step: int = -1


@dataclass
class Report:
    """What came of a walk."""

    seed: int
    asked: int = 0  # steps
    steps: int = 0
    tried: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    calls: list[Call] = field(default_factory=list)
    faults: dict[str, Fault] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)

    def has(self, kind: str) -> bool:
        """Whether a fault of this kind was found, or one whose kind begins so."""
        return any(name.startswith(kind) for name in self.faults)

    def find(self, fault: Fault) -> None:
        """Keep the first fault of each kind."""
        self.faults.setdefault(fault.kind, fault)


class Walk:
    """A walk of this seed through an application on an empty database."""

    def __init__(self, app: Flask, wechat: Control, clock: Clock, seed: int) -> None:
        self.app, self.report = app, Report(seed)
        self.world = World(app, wechat, clock, seed)
        self.chance = self.world.chance
        self.operations = sorted(
            name
            for name in map(short, operations(app))
            if not name.startswith("GET ") and name in API
        )
        self.misses: defaultdict[str, float] = defaultdict(float)
        self.things: Things = {}

    def step(self) -> None:
        """One step: time goes on, and somebody does something."""
        self.report.steps += 1
        self.world.wait(timedelta(seconds=self.chance.randint(40, 900)))
        if self.chance.random() < TRAVELS:
            self._travel()
        else:
            self.look()
            self._act()

    def look(self) -> None:
        """Read what stands there now."""
        with self.app.app_context():
            self.things = read_things(db.session())
            db.session.rollback()

    def matters_of(self, thing: Thing) -> set[UUID]:
        """Ids of the matters of a resolution."""
        with self.app.app_context():
            query = select(Resolution.matter_id).where(Resolution.id == thing.id)
            found = set(db.session.scalars(query))
            db.session.rollback()
        return found

    def sessions_of(self, matter: Thing) -> set[UUID]:
        """Ids of the sessions on whose list a matter stands."""
        with self.app.app_context():
            query = select(AgendaItem.session_id).where(AgendaItem.matter_id == matter.id)
            found = set(db.session.scalars(query))
            db.session.rollback()
        return found

    # Time

    def _travel(self) -> None:
        kind = self.chance.random()
        if kind < 0.45:
            by = timedelta(minutes=self.chance.randint(40, 900))
        elif kind < 0.7:
            by = timedelta(hours=self.chance.randint(16, 40))
        elif kind < 0.95:
            by = self._until_deadline() + timedelta(minutes=1)
        else:
            by = timedelta(days=self.chance.randint(5, 16))
        self.world.wait(by)
        failed = self.world.finalise() if self.chance.random() < 0.6 else set()
        if failed:
            text = f"the finaliser could not do {sorted(failed)}"
            self.report.find(Fault(f"finaliser {sorted(failed)}", text, self.report.steps))

    def _until_deadline(self) -> timedelta:
        now = self.world.clock.now
        columns = (
            AgendaSession.voting_opens_at,
            AgendaSession.voting_closes_at,
            PublicNotice.term_ends_at,
            EvaluationRound.closes_at,
            WorkOrder.due_at,
        )
        with self.app.app_context():
            found = [
                db.session.scalar(select(func.min(column, type_=column.type)).where(column > now))
                for column in columns
            ]
            db.session.rollback()
        coming = [each for each in found if each is not None]
        return min(coming) - now if coming else timedelta(days=1)

    # What is done

    def _act(self) -> None:
        if self.chance.random() < WILD:
            self.try_operation(self.chance.choice(self.operations), is_wild=True)
            return
        self._forget_a_little()
        before = len(self.report.calls)
        for _ in range(MOST_OPERATIONS):
            weights = [self._weight(operation) for operation in self.operations]
            (operation,) = self.chance.choices(self.operations, weights)
            if self.try_operation(operation):
                return
            self.misses[operation] += 1
            if len(self.report.calls) > before + 4:
                return

    def _forget_a_little(self) -> None:
        """What could not be done some time ago may be possible now."""
        for operation in list(self.misses):
            self.misses[operation] *= 0.85

    def _weight(self, operation: str) -> float:
        states, weight = RULES.get(operation, ANY_STATE)
        kind = main_kind(operation)
        if kind in QUERIES:
            waiting = sum(not states or each.state in states for each in self.things[kind])
            weight *= min(4.0, waiting**0.5)
        done, missed = self.report.accepted[operation], self.misses[operation]
        tires = 0.25 if weight >= FUEL else 0.7
        return weight / (1 + done) ** tires * max(0.04, 0.7**missed)

    def try_operation(
        self,
        operation: str,
        about: Thing | None = None,
        *,
        ground: Ground | None = None,
        is_wild: bool = False,
    ) -> bool:
        """Try it until it is accepted once, or nothing sensible is left to try."""
        refused: Counter[str] = Counter()
        for _ in range(1 if is_wild else 3 if self.world.is_tidy else TRIES):
            try:
                turn = self.turn(operation, about, ground, is_wild=is_wild)
                actors = self._actors(turn, is_wild)
            except NotNow:
                continue
            if self._crowd(turn, actors, is_wild):
                self.misses[operation] = 0
                return True
            refused[self.report.calls[-1].code if self.report.calls else ""] += 1
            if max(refused.values()) > 1:
                return False
        return False

    def turn(
        self,
        operation: str,
        about: Thing | None = None,
        ground: Ground | None = None,
        *,
        is_wild: bool = False,
    ) -> Turn:
        """What it is about, and where. Raises NotNow where there is nothing."""
        kind = main_kind(operation)
        thing = about
        if thing is None and kind in QUERIES:
            thing = self._pick_thing(operation, kind, is_wild)
        grounds = list(self.world.grounds.values())
        ground = self._ground_of(thing, grounds) or ground or self.chance.choices(grounds, BUSY)[0]
        ids: dict[str, Any] = {
            "compound_id": ground.compound.id,
            "community_id": ground.community.id,
        }
        if thing is not None:
            ids[thing.kind] = thing.name if thing.kind == "serial" else thing.id
            if thing.kind in OWNERS:
                ids[OWNERS[thing.kind]] = thing.of
        return Turn(self.world, self.things, operation, ground, thing, ids)

    def _pick_thing(self, operation: str, kind: str, is_wild: bool) -> Thing:
        states, _ = RULES.get(operation, ANY_STATE)
        found = [
            each for each in self.things[kind] if is_wild or not states or each.state in states
        ]
        if not found:
            raise NotNow
        newest = found[-5:] if self.chance.random() < 0.6 else found
        return self.chance.choice(newest)

    def _ground_of(self, thing: Thing | None, grounds: Sequence[Ground]) -> Ground | None:
        if thing is None:
            return None
        if thing.compound_id is not None:
            return self.world.grounds[thing.compound_id]
        return next((each for each in grounds if each.community.id == thing.of), None)

    def _actors(self, turn: Turn, is_wild: bool) -> list[Person]:
        """Who tries it: one of those who may, or a crowd of them."""
        if is_wild and self.chance.random() < 0.5:
            return [self.chance.choice(list(self.world.people.values()))]
        able = WHO[turn.operation](turn) if turn.operation in WHO else self.who_may(turn)
        if not able:
            raise NotNow
        share = CROWDS.get(turn.operation, 0.0)
        if share and not is_wild:
            some = [each for each in able if self.chance.random() < share]
            return some[:CROWD] or [self.chance.choice(able)]
        return [self.chance.choice(able)]

    def who_may(self, turn: Turn) -> list[Person]:
        """Those who may do it by the table of who may do what."""
        rule = API[turn.operation]
        if not isinstance(rule, frozenset):
            return list(self.world.people.values())
        found = [
            person
            for role in Role
            if role.value in rule
            for person in self.world.holders(role.value, turn.ground.compound)
        ]
        if rule & LIVE_THERE or RESIDENT in rule or MINOR in rule:
            found += self.world.residents(turn.ground.compound)
        return list(dict.fromkeys(found))

    def _crowd(self, turn: Turn, actors: Sequence[Person], is_wild: bool) -> bool:
        accepted = False
        for actor in actors:
            turn.actor = self.world.logged_in(actor)
            try:
                request = self._request(turn, is_wild)
            except NotNow:
                continue
            accepted |= self._call(turn, request) or self._call_with_reason(turn, request)
        return accepted

    def _call_with_reason(self, turn: Turn, request: dict[str, Any]) -> bool:
        """The same with a reason, where one was asked for."""
        body = request.get("json")
        if self.report.calls[-1].code != "reason_missing" or not isinstance(body, dict):
            return False
        return self._call(turn, {**request, "json": {**body, "reason": turn.words()}})

    def _request(self, turn: Turn, is_wild: bool) -> dict[str, Any]:
        try:
            if turn.operation in BODIES:
                request = BODIES[turn.operation](turn)
            else:
                request = self._example(turn)
        except NotNow:
            if not is_wild:
                raise
            request = self._example(turn)
        ugly = 0.5 if is_wild else 0.0 if self.world.is_tidy else UGLY
        if "json" in request and self.chance.random() < ugly:
            request = {**request, "json": self._uglier(request["json"])}
        return request

    def _example(self, turn: Turn) -> dict[str, Any]:
        """The body with which others test the operation, with ids of what is there."""
        if turn.operation not in EXAMPLES:
            return {}
        resident = self.chance.choice(list(self.world.people.values()))
        ids: dict[str, Any] = {name: uuid4() for name in QUERIES}
        ids |= {name: things[-1].id for name, things in self.things.items() if things}
        ids |= {
            "resident_id": str(resident.id),
            "matters": [str(each.id) for each in self.things.get("matter_id", [])[-3:]],
            "chosen": str(ids["matter_id"]),
            "attachment_id": uuid4(),
            "unit": {"building": "3栋", "entrance": "2单元", "unit": "101", "relation": "tenant"},
            **turn.ids,
        }
        return {"json": json.loads(json.dumps(EXAMPLES[turn.operation](ids), default=str))}

    def _uglier(self, body: Any) -> Any:
        """The body with something wrong in it."""
        if not isinstance(body, dict) or not body:
            return self.chance.choice(([], "文", 0, None, {"unbekannt": 1}))
        name = self.chance.choice(sorted(body))
        wrong = (
            None,
            "",
            " \u200b ",
            "长" * 6000,
            -1,
            10**12,
            True,
            [],
            {},
            str(uuid4()),
            "2026-13-45",
            "\ud800",
        )
        how = self.chance.random()
        if how < 0.2:
            return {key: value for key, value in body.items() if key != name}
        if how < 0.3:
            return {**body, "surplus": 1}
        return {**body, name: self.chance.choice(wrong)}

    # The call

    def _call(self, turn: Turn, request: dict[str, Any]) -> bool:
        method, path = turn.operation.split(" ", 1)
        path = path.format_map({name: str(value) for name, value in turn.ids.items()})
        sent = as_sent(request)
        answer = self.world.logged_in(turn.by).call(method, path, **sent)
        self._note(turn, path, request, answer)
        if answer.status_code < 400:
            self._afterwards(turn, answer)
        return answer.status_code < 400

    def _note(self, turn: Turn, path: str, request: dict[str, Any], answer: TestResponse) -> None:
        report = self.report
        report.tried[turn.operation] += 1
        code = answer.json.get("code", "") if answer.status_code >= 400 and answer.is_json else ""
        sent = (
            json.dumps(request.get("json"), ensure_ascii=False)[:160] if "json" in request else ""
        )
        call = Call(
            report.steps,
            turn.operation,
            self.roles_of(turn),
            path,
            sent,
            answer.status_code,
            code,
        )
        report.calls.append(call)
        if answer.status_code < 400:
            report.accepted[turn.operation] += 1
        for fault in faults_of_answer(call, answer):
            report.find(fault)

    def roles_of(self, turn: Turn) -> str:
        """Who the actor is in the compound, for whoever reads of it."""
        compound = turn.ground.compound
        roles = [role.value for role in Role if turn.by in self.world.holders(role, compound)]
        if self.world.homes.get(turn.by.id) == compound.id:
            roles.append("RESIDENT")
        return "+".join(roles) or "stranger"

    def _afterwards(self, turn: Turn, answer: TestResponse) -> None:
        """What people remember of what was done."""
        if turn.operation in ("POST /auth/wechat", "POST /auth/refresh"):
            said = answer.json
            self.world.memory.refresh_tokens.append(said["refresh_token"])
            if "resident" in said:
                id_ = UUID(said["resident"]["id"])
                self.world.newcomer("", id_, said["access_token"])
        if turn.operation == "POST /auth/logout":
            self.world.log_in_anew(turn.by)
        if "appointments" in turn.operation or "residences" in turn.operation:
            self.world.read_people()
        if turn.operation == "POST /me/offices":
            self.world.read_people()


PARAMETER = re.compile(r"{(\w+)}")
CODE = re.compile(r"(?<![A-Za-z0-9_])(?!CSV|XLSX|PDF|JPEG|HEIC|HTTP)[A-Z][A-Z_]{3,}(?![A-Za-z])")


def as_sent(request: dict[str, Any]) -> dict[str, Any]:
    """The request with its body written out: half a surrogate pair goes out escaped."""
    if "json" not in request:
        return request
    others = {name: value for name, value in request.items() if name != "json"}
    body = json.dumps(request["json"])
    return {**others, "data": body, "content_type": "application/json"}


def main_kind(operation: str) -> str:
    """The name of what the address names last, or of the place."""
    names = PARAMETER.findall(operation)
    return str(names[-1]) if names else ""


def faults_of_answer(call: Call, answer: TestResponse) -> list[Fault]:
    """What is wrong with an answer, whatever was asked."""
    found = []
    if answer.status_code >= 500:
        found.append(Fault(f"5xx {call.operation} {call.code}", str(call), call.step))
    if answer.status_code >= 400 and answer.mimetype != "application/problem+json":
        found.append(Fault(f"no problem+json {call.operation}", str(call), call.step))
    if answer.status_code >= 400 and answer.is_json:
        body = answer.json
        words = [body.get("title", ""), body.get("detail", "")]
        if body.get("code") != "invalid_input":  # which lists the values of a field
            words += [each.get("message", "") for each in body.get("errors", [])]
        for text in words:
            for code in CODE.findall(text):
                kind = f"code in words of {call.code}"
                found.append(Fault(kind, f"{call}: {code} in {text}", call.step))
            if re.search(r"\bNone\b", text):
                found.append(Fault(f"None in words of {call.code}", f"{call}: {text}", call.step))
    return found
