"""Whether anything is stuck: at the end of a walk all officers have left, others have their
offices, time goes on, and everything that has not come to an end is moved by whoever may, in every
way there is. What nobody and no time can move is left over.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from app.kit.audit import AuditEntry
from app.kit.extensions import db
from app.people.models import Appointment, Role
from app.people.office_codes import end_office
from tests.test_who_may_do_what import OFFICES
from tests.walk.rules import ANY_STATE, RULES
from tests.walk.things import Thing
from tests.walk.walking import Fault, Walk, main_kind

# States in which a thing may stay for ever, in the order in which things are moved.
FINAL: dict[str, frozenset[str]] = {
    "residence_id": frozenset({"VERIFIED", "REFUSED", "ENDED"}),
    "objection_id": frozenset({"ANSWERED"}),
    "whistle_id": frozenset({"EVALUATED", "WITHDRAWN"}),
    "order_id": frozenset({"CLOSED", "WITHDRAWN"}),
    "round_id": frozenset({"CLOSED"}),
    "list_id": frozenset({"FINAL"}),
    "case_id": frozenset({"PUBLISHED", "WITHDRAWN"}),
    "resolution_id": frozenset({"EFFECTIVE", "SUPERSEDED", "FAILED", "SHELVED", "ESCALATED"}),
    "version_id": frozenset({"IN_FORCE", "AMENDED", "REPEALED", "WITHDRAWN"}),
    "session_id": frozenset({"CLOSED", "CANCELLED", "VOID"}),
    "matter_id": frozenset({"CLOSED", "MERGED", "REFUSED", "SHELVED", "WITHDRAWN"}),
}
# What moves a thing though the address names something else of it.
BESIDE = {
    "matter_id": ("POST /resolutions/{resolution_id}/orders",),
    "version_id": (
        "POST /convention-versions/{version_id}/flags/{flag_id}/clear",
        "POST /convention-versions/{version_id}/flags/{flag_id}/uphold",
    ),
}
# Work on a matter is made when there is none that goes on.
NEW_WORK = frozenset(
    {
        "POST /matters/{matter_id}/orders",
        "POST /matters/{matter_id}/whistles",
        "POST /resolutions/{resolution_id}/orders",
    }
)
# What moves none of these.
BESIDE_THE_POINT = frozenset(
    {
        "PUT /sessions/{session_id}/ballot",
        "DELETE /sessions/{session_id}/ballot",
        "POST /sessions/{session_id}/attendance",
        "POST /sessions/{session_id}/invitations",
        "POST /sessions/{session_id}/paper-batches",
        "POST /sessions/{session_id}/paper-voter",
        "PUT /matters/{matter_id}/endorsement",
        "DELETE /matters/{matter_id}/endorsement",
        "PUT /evaluation-rounds/{round_id}/answer",
        "POST /matters/{matter_id}/evaluation-rounds",
        "POST /matters/{matter_id}/cases",
        "POST /sessions/{session_id}/cards",
        "POST /sessions/{session_id}/resolutions",
        "POST /sessions/{session_id}/remarks",
        "PUT /sessions/{session_id}/roll",
        "POST /sessions/{session_id}/countersignature",
        "POST /sessions/{session_id}/countersignature/refusal",
        "POST /sessions/{session_id}/paper-sheet/enter",
        "POST /sessions/{session_id}/paper-sheet/confirm",
        "POST /orders/{order_id}/contact",
        "POST /orders/{order_id}/progress",
        "POST /orders/{order_id}/hours",
        "POST /whistles/{whistle_id}/contact",
        "PUT /rating-lists/{list_id}",
        "PUT /cases/{case_id}",
        "PUT /resolutions/{resolution_id}",
        "PUT /convention-versions/{version_id}",
    }
)
# A matter waits for its session, and later the session for its matters.
UNDER_DISCUSSION = frozenset({"LISTED", "SELECTED", "DELIBERATED"})
AFTER_THE_TABLE = frozenset({"RESOLVED", "EXECUTING", "EVALUATING"})
PLAN = "POST /compounds/{compound_id}/sessions"
ROUNDS, MOST_MOVES, REST = 6, 8, timedelta(days=17)


class Drain:
    """Moves all that is left of a walk, as far as it goes."""

    def __init__(self, walk: Walk, rounds: int = ROUNDS) -> None:
        self._walk, self._rounds = walk, rounds
        self._seen: dict[str, set[str]] = {}
        self._refused: dict[str, dict[str, str]] = {}

    def run(self) -> list[Thing]:
        """What cannot be moved by anybody."""
        walk = self._walk
        walk.world.is_tidy = True
        replace_all_officers(walk)
        blocked: list[Thing] = []
        for _ in range(self._rounds):
            walk.report.steps += 1
            walk.world.wait(REST)
            walk.world.finalise()
            blocked, has_moved = self._round()
            if not has_moved:
                break
        left = [each for each in blocked if self._is_stuck(each)]
        return [each for each in left if not self._waits(each, left)]

    def _round(self) -> tuple[list[Thing], bool]:
        walk, blocked, has_moved = self._walk, [], False
        for ground in walk.world.grounds.values():
            if any(t.state in ("REOPENED", "LISTED") for t in self._unfinished("matter_id")):
                walk.try_operation(PLAN, ground=ground)
        for kind in FINAL:
            for thing in self._unfinished(kind):
                moved, stays = self._move_on(thing)
                has_moved |= moved
                if stays is not None:
                    blocked.append(stays)
        walk.look()
        now = {each.id: each.state for each in self._all()}
        still = [each for each in blocked if now.get(each.id) == each.state]
        return still, has_moved or len(still) < len(blocked)

    def _move_on(self, thing: Thing) -> tuple[bool, Thing | None]:
        """Move a thing as far as it goes: whether it moved, and where nobody moves it further."""
        has_moved = False
        for _ in range(MOST_MOVES):
            if thing.state in FINAL[thing.kind] or self._is_going_round(thing):
                return has_moved, None
            if not self._move(thing, any_state=False):
                return has_moved, thing
            has_moved = True
            (thing,) = [each for each in self._walk.things[thing.kind] if each.id == thing.id]
        return has_moved, None

    def _all(self) -> Iterator[Thing]:
        for kind in FINAL:
            yield from self._walk.things[kind]

    def _unfinished(self, kind: str) -> list[Thing]:
        self._walk.look()
        return [each for each in self._walk.things[kind] if each.state not in FINAL[kind]]

    def _is_going_round(self, thing: Thing) -> bool:
        """Whether it has left this state before: then people can move it, and do not end it."""
        return thing.state in self._seen.get(str(thing.id), set())

    def _move(self, thing: Thing, *, any_state: bool) -> bool:
        for operation, about in self._ways(thing, any_state):
            if self._try(operation, about, thing):
                self._seen.setdefault(str(thing.id), set()).add(thing.state)
                return True
        return False

    def _try(self, operation: str, about: Thing, thing: Thing) -> bool:
        """Whether the thing has another state after somebody tried this."""
        calls = self._walk.report.calls
        before = len(calls)
        self._walk.try_operation(operation, about)
        made = calls[before:]
        outcome = made[-1].code or str(made[-1].status) if made else "nobody can"
        self._refused.setdefault(str(thing.id), {})[operation] = outcome
        if not any(call.status < 400 for call in made):
            return False
        self._walk.look()
        return any(
            each.id == thing.id and each.state != thing.state
            for each in self._walk.things[thing.kind]
        )

    def _ways(self, thing: Thing, any_state: bool) -> Iterator[tuple[str, Thing]]:
        operations = [
            op
            for op in self._walk.operations
            if main_kind(op) == thing.kind and op not in BESIDE_THE_POINT
        ]
        operations.sort(key=lambda op: -RULES.get(op, ANY_STATE)[1])
        for operation in operations:
            states, _ = RULES.get(operation, ANY_STATE)
            is_of_use = any_state or not states or thing.state in states
            if is_of_use and not (operation in NEW_WORK and self._has_work(thing)):
                yield operation, thing
        for operation in BESIDE.get(thing.kind, ()):
            if operation in NEW_WORK and self._has_work(thing):
                continue
            for other in self._walk.things[main_kind(operation)]:
                if self._belongs(other, thing):
                    yield operation, other

    def _belongs(self, other: Thing, thing: Thing) -> bool:
        if other.kind == "flag_id":
            return other.of == thing.id and other.state == "OPEN"
        return thing.id in self._walk.matters_of(other)

    def _has_work(self, matter: Thing) -> bool:
        """Whether something is being done for the matter, whose end it waits for."""
        return any(
            each.of == matter.id and each.state not in FINAL[kind]
            for kind in ("order_id", "whistle_id")
            for each in self._walk.things[kind]
        )

    def _waits(self, thing: Thing, left: list[Thing]) -> bool:
        """Whether it only waits for something else that is left over."""
        ids = {each.id for each in left if each.id != thing.id}
        if thing.kind == "matter_id":
            in_session = thing.state in UNDER_DISCUSSION and not ids.isdisjoint(
                self._walk.sessions_of(thing)
            )
            return self._has_work(thing) or in_session
        if thing.kind in ("order_id", "whistle_id") and thing.state in ("VERIFIED_CLOSED", "RATED"):
            return any(each.id != thing.id and thing.of in (each.of, each.id) for each in left)
        if thing.kind == "session_id" and thing.state == "MEETING":
            return any(
                each.of == thing.id and each.state == "TABLED" and each not in left
                for each in self._walk.things["resolution_id"]
            )
        if thing.kind == "session_id":
            return thing.state in AFTER_THE_TABLE and any(
                thing.id in self._walk.sessions_of(each)
                for each in left
                if each.kind == "matter_id"
            )
        return False

    def _is_stuck(self, thing: Thing) -> bool:
        """Whether it cannot be moved either by what is of no use in its state."""
        return not self._move(thing, any_state=True)

    def faults(self, left: list[Thing]) -> Iterator[Fault]:
        """What is left, each with its history and with what was tried."""
        for thing in left:
            tried = self._refused.get(str(thing.id), {})
            refusals = {op.rpartition("/")[2]: code for op, code in tried.items()}
            name = f"{thing.kind.removesuffix('_id')} {thing.state}"
            text = f"{thing.id} {history(self._walk, thing)}; tried: {refusals}"
            yield Fault(f"stuck: {name}", text, self._walk.report.steps)


def history(walk: Walk, thing: Thing) -> str:
    """The moves of a thing by the log."""
    with walk.app.app_context():
        rows = db.session.execute(
            select(AuditEntry.verb, AuditEntry.to_state)
            .where(AuditEntry.thing_id == thing.id)
            .order_by(AuditEntry.id)
        ).all()
        db.session.rollback()
    return " > ".join(f"{verb} {state or ''}".strip() for verb, state in rows)


def replace_all_officers(walk: Walk) -> None:
    """Whoever has an office leaves it, and somebody new takes it."""
    world = walk.world
    with walk.app.app_context():
        now = datetime.now(UTC)
        for office in db.session.scalars(select(Appointment).where(Appointment.ended_at.is_(None))):
            end_office(db.session(), office, now)
        db.session.commit()
    for ground in world.grounds.values():
        for role, level in OFFICES.items():
            place = ground.at(level)
            world.read_people()
            if not world.holders_at(role, place.id):
                world.remember(world.cast.officer(Role(role), place, level=level))
        # Whoever checks is somebody else than whoever did it.
        for role in ("GRID_WORKER", "BRANCH_SECRETARY"):
            world.remember(world.cast.officer(Role(role), ground.compound))
    world.read_people()
