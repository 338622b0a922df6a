"""The host list, sessions, ballots by phone and on paper, assemblies, countersigning."""

import io
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.agenda.models import AgendaItem, AgendaSession, RollEntry
from app.ballots.assembly.models import ManualCount
from app.ballots.paper.slips import PaperSlip
from app.compounds.models import Building, Entrance, Unit
from app.kit.clock import local
from app.people.models import Residence, ResidenceState, Resident
from tests.cast import Person
from tests.walk.things import Thing
from tests.walk.turn import NotNow, Turn, column, json, people, says
from votes.bundle import statement_message

HEADER = "票号,楼栋,单元,房号,姓名,5分,3分,1分\n"


@says(
    "POST /communities/{community_id}/rotation/skip",
    "POST /communities/{community_id}/rotation/swap",
)
def change_of_host(turn: Turn) -> dict[str, Any]:
    return json(compound_id=turn.home, reason=turn.words())


@says("POST /compounds/{compound_id}/sessions")
def plan(turn: Turn) -> dict[str, Any]:
    rotation = turn.get(f"/communities/{turn.ground.community.id}/rotation")
    if rotation["order"][0]["compound_id"] != turn.home and not turn.happens(0.05):
        raise NotNow
    waiting = turn.here("matter_id", "SUBMITTED", "LISTED", "DEFERRED", "REOPENED")
    if len(waiting) < 2 and not turn.happens(0.15):
        raise NotNow
    taken = set(
        turn.rows(
            select(AgendaSession.period).where(
                AgendaSession.community_id == turn.ground.community.id,
                AgendaSession.state.not_in(["CANCELLED", "VOID"]),
            )
        )
    )
    months = [f"{local(turn.now) + timedelta(days=28 * n):%Y-%m}" for n in range(12)]
    period = next(each for each in months if each not in taken)
    opens = turn.now + timedelta(hours=turn.chance.randint(24, 120))
    closes = opens + timedelta(days=turn.chance.randint(2, 7))
    table = closes + timedelta(days=turn.chance.randint(1, 5))
    is_roster = turn.happens(0.35)
    return json(
        period=period,
        mode="ROSTER" if is_roster else "OPEN",
        place="党群服务站",
        voting_opens_at=opens.isoformat(),
        voting_closes_at=closes.isoformat(),
        round_table_at=table.isoformat(),
        roll=_roster(turn) if is_roster else ...,
    )


@says("POST /sessions/{session_id}/freeze-list")
def freeze(turn: Turn) -> dict[str, Any]:
    """By hand when there is something to choose from, mostly."""
    waiting = len(turn.here("matter_id", "LISTED"))
    if waiting < 2 or not turn.happens(waiting / 6):
        raise NotNow
    return {}


def _roster(turn: Turn) -> list[str]:
    return [str(each.id) for each in turn.world.residents(turn.ground.compound)]


@says("PUT /sessions/{session_id}/roll")
def roll(turn: Turn) -> dict[str, Any]:
    if turn.about.name != "ROSTER":
        raise NotNow
    return json(roll=_roster(turn))


def listed(turn: Turn, session_id: Any = None) -> list[str]:
    """Ids of the matters on the session's list, in their order."""
    session_id = UUID(str(session_id or turn.ids["session_id"]))
    query = select(AgendaItem.matter_id).where(AgendaItem.session_id == session_id)
    return [str(each) for each in turn.rows(query.order_by(AgendaItem.number))]


def marks(turn: Turn, matters: list[str]) -> list[dict[str, Any]]:
    """A ballot: those before in the list are liked more, so that something is chosen."""
    liked = sorted(matters, key=lambda each: matters.index(each) + turn.chance.random() * 3)
    given = liked[: turn.chance.choice((0, 1, 2, 3, 3, 3, 3))]
    return [{"weight": w, "matter_id": m} for w, m in zip((5, 3, 1), given, strict=False)]


@says("POST /sessions/{session_id}/open-voting")
def open_voting(turn: Turn) -> dict[str, Any]:
    """Where ballots are cast, and now and then where hands are counted."""
    if column(turn, AgendaSession.manual_method) is not None and not turn.happens(0.05):
        raise NotNow
    return {}


@says("POST /sessions/{session_id}/conclude-count")
def conclude_count(turn: Turn) -> dict[str, Any]:
    """When both witnesses have confirmed the count, mostly."""
    waiting = select(ManualCount.id).where(
        ManualCount.session_id == turn.about.id,
        ManualCount.first_confirmed_at.is_not(None),
        ManualCount.second_confirmed_at.is_not(None),
    )
    if not turn.rows(waiting) and not turn.happens(0.03):
        raise NotNow
    return {}


def on_the_roll(turn: Turn) -> list[Person]:
    query = select(RollEntry.resident_id).where(
        RollEntry.session_id == UUID(str(turn.ids["session_id"]))
    )
    return people(turn, sorted(turn.rows(query))) or turn.world.residents(turn.ground.compound)


@says("PUT /sessions/{session_id}/ballot", who=on_the_roll, crowd=0.7)
def vote(turn: Turn) -> dict[str, Any]:
    return json(marks=marks(turn, listed(turn)))


@says("DELETE /sessions/{session_id}/ballot", who=on_the_roll)
def take_ballot_back(turn: Turn) -> dict[str, Any]:
    seen = turn.get(f"/sessions/{turn.ids['session_id']}/ballot")
    return {"query_string": {"expected_version": seen["version"]}}


@says("POST /sessions/{session_id}/cancel")
def cancel(turn: Turn) -> dict[str, Any]:
    return json(reason=turn.words())


def the_countersigner(turn: Turn) -> list[Person]:
    return people(turn, [column(turn, AgendaSession.countersigner_id)])


@says("POST /sessions/{session_id}/countersignature", who=the_countersigner)
def countersign(turn: Turn) -> dict[str, Any]:
    key = turn.world.memory.keys.get(turn.by.id)
    if key is None:
        raise NotNow
    bundle = turn.get(f"/sessions/{turn.about.id}/bundle.json")
    return json(signature=key.sign(statement_message(bundle)).hex())


@says("POST /sessions/{session_id}/countersignature/refusal", who=the_countersigner)
def refuse_countersignature(turn: Turn) -> dict[str, Any]:
    return json(reason=turn.words())


# Paper


@says("POST /sessions/{session_id}/paper-batches")
def issue(turn: Turn) -> dict[str, Any]:
    return json(count=4)


def without_ballot(turn: Turn) -> list[Person]:
    """Voters of whom no ballot came in, and for whom no slip waits."""
    session_id = UUID(str(turn.ids["session_id"]))
    entries = turn.rows(
        select(RollEntry.resident_id)
        .where(RollEntry.session_id == session_id, RollEntry.channel.is_(None))
        .order_by(RollEntry.resident_id)
    )
    waiting = {voter for voter, _ in turn.world.memory.slips.values()}
    free = [id_ for id_ in entries if id_ not in waiting and id_ in turn.world.homes]
    return sorted(people(turn, free), key=lambda each: list(turn.world.people).index(each.id))


def clerks(turn: Turn) -> list[Person]:
    """Those who handle paper, none of them a branch secretary."""
    found: list[Person] = []
    for role in ("GRID_WORKER", "BUILDING_HEAD"):
        found += turn.world.holders(role, turn.ground.compound)
    secretaries = turn.world.holders("BRANCH_SECRETARY", turn.ground.compound)
    return [each for each in found if each not in secretaries]


@says("POST /sessions/{session_id}/paper-slips/{serial}/enter", who=clerks)
def enter(turn: Turn) -> dict[str, Any]:
    voter = turn.pick([each for each in without_ballot(turn) if each.id != turn.by.id])
    ballot = marks(turn, listed(turn))
    turn.world.memory.slips[turn.about.id] = (voter.id, ballot)
    return json(resident_id=str(voter.id), marks=ballot, attachment_ids=turn.photo(0.8))


def other_clerks(turn: Turn) -> list[Person]:
    first = column(turn, PaperSlip.entered_by_id)
    return [each for each in clerks(turn) if each.id != first]


@says("POST /sessions/{session_id}/paper-slips/{serial}/confirm", who=other_clerks)
def confirm(turn: Turn) -> dict[str, Any]:
    known = turn.world.memory.slips.get(turn.about.id)
    if known is None:
        raise NotNow
    return json(resident_id=str(known[0]), marks=known[1], attachment_ids=turn.photo(0.5))


@says("POST /sessions/{session_id}/paper-slips/{serial}/withdraw", who=clerks)
def withdraw(turn: Turn) -> dict[str, Any]:
    known = turn.world.memory.slips.get(turn.about.id)
    if known is None:
        raise NotNow
    return json(resident_id=str(known[0]), reason=turn.words())


@says("POST /sessions/{session_id}/paper-slips/{serial}/void", who=clerks)
def void(turn: Turn) -> dict[str, Any]:
    turn.world.memory.slips.pop(turn.about.id, None)
    return json(reason=turn.words())


@says("POST /sessions/{session_id}/paper-slips/{serial}/photos", who=clerks)
def add_photos(turn: Turn) -> dict[str, Any]:
    photos = turn.photo()
    if not photos:
        raise NotNow
    return json(attachment_ids=photos)


def address_of(turn: Turn, resident_id: UUID) -> tuple[str, str, str, str]:
    """Building, entrance, unit and name as the strip of a slip shows them."""
    query = (
        select(Building.name, Entrance.name, Unit.name, Resident.name)
        .join(Entrance, Entrance.building_id == Building.id)
        .join(Unit, Unit.entrance_id == Entrance.id)
        .join(Residence, Residence.unit_id == Unit.id)
        .join(Resident, Resident.id == Residence.resident_id)
        .where(Residence.state == ResidenceState.VERIFIED, Resident.id == resident_id)
    )
    found: tuple[str, str, str, str] = turn.pick(turn.rows(query))
    return found


@says("POST /sessions/{session_id}/paper-voter", who=clerks)
def look_up(turn: Turn) -> dict[str, Any]:
    voter = turn.pick(on_the_roll(turn))
    building, entrance, unit, name = address_of(turn, voter.id)
    return json(building=building, entrance=entrance, unit=unit, name=name)


def _sheet(turn: Turn, slip: Thing, voter_id: UUID, ballot: list[dict[str, Any]]) -> dict[str, Any]:
    matters = listed(turn)
    given = {mark["weight"]: f"M{1 + matters.index(mark['matter_id']):02}" for mark in ballot}
    line = [slip.name, *address_of(turn, voter_id), *(given.get(w, "") for w in (5, 3, 1))]
    sheet = HEADER + ",".join(line) + "\n"
    return {"data": {"file": (io.BytesIO(sheet.encode()), "slips.csv")}}


@says("POST /sessions/{session_id}/paper-sheet/enter", who=clerks)
def enter_sheet(turn: Turn) -> dict[str, Any]:
    slip = turn.pick(turn.of_session("serial", "ISSUED"))
    voter = turn.pick([each for each in without_ballot(turn) if each.id != turn.by.id])
    ballot = marks(turn, listed(turn))
    turn.world.memory.slips[slip.id] = (voter.id, ballot)
    return _sheet(turn, slip, voter.id, ballot)


@says("POST /sessions/{session_id}/paper-sheet/confirm", who=clerks)
def confirm_sheet(turn: Turn) -> dict[str, Any]:
    by_others = turn.rows(select(PaperSlip.id).where(PaperSlip.entered_by_id != turn.by.id))
    waiting = turn.of_session("serial", "ENTERED")
    known = turn.world.memory.slips
    slip = turn.pick([each for each in waiting if each.id in known and each.id in by_others])
    with_photo = turn.photo()
    if with_photo:
        path = f"/sessions/{turn.ids['session_id']}/paper-slips/{slip.name}/photos"
        turn.world.logged_in(turn.by).post(path, {"attachment_ids": with_photo})
    return _sheet(turn, slip, *turn.world.memory.slips[slip.id])


# Assemblies


@says("PUT /sessions/{session_id}/manual-method")
def method(turn: Turn) -> dict[str, Any]:
    """Where there is something to choose from; who has chosen rarely undoes it."""
    chosen = column(turn, AgendaSession.manual_method)
    if turn.about.state == "LISTED" and len(listed(turn)) < 2:
        return json(method=None)
    if turn.world.is_tidy or (chosen is not None and turn.happens(0.2)):
        return json(method=None)
    if chosen is not None or (turn.about.state != "LISTED" and not turn.happens(0.05)):
        raise NotNow
    return json(method=turn.pick(("HANDS", "STICKERS", "BEANS")))


@says("PUT /sessions/{session_id}/manual-count", who=clerks)
def count_hands(turn: Turn) -> dict[str, Any]:
    method, opens_at = turn.rows(
        select(AgendaSession.manual_method, AgendaSession.voting_opens_at).where(
            AgendaSession.id == turn.about.id
        )
    )[0]
    has_begun = method is not None and opens_at <= turn.now and len(listed(turn)) > 1
    if not has_begun and not turn.happens(0.03):
        raise NotNow
    secretaries = turn.world.holders("BRANCH_SECRETARY", turn.ground.compound)
    fit = [
        each
        for each in turn.world.residents(turn.ground.compound)
        if each.id != turn.by.id and each not in secretaries
    ]
    if len(fit) < 2:
        raise NotNow
    first, second = turn.chance.sample(fit, 2)
    matters = listed(turn)
    people = max(2, len(fit) // 2)
    totals = [
        {"weight": w, "matter_id": m, "marks": people}
        for w, m in zip((5, 3, 1), matters, strict=False)
    ]
    return json(
        participants=people,
        totals=totals,
        witness_ids=[str(first.id), str(second.id)],
        attachment_ids=turn.photo(),
    )


def witnesses(turn: Turn) -> list[Person]:
    query = select(
        ManualCount.first_witness_id,
        ManualCount.second_witness_id,
        ManualCount.first_confirmed_at,
        ManualCount.second_confirmed_at,
    ).where(ManualCount.session_id == turn.about.id)
    first, second, one, other = turn.pick(turn.rows(query))
    return people_who_wait(turn, ((first, one), (second, other)))


def people_who_wait(turn: Turn, pairs: tuple[tuple[UUID, Any], ...]) -> list[Person]:
    waiting = [id_ for id_, done in pairs if done is None]
    return people(turn, waiting or [id_ for id_, _ in pairs])


@says("POST /sessions/{session_id}/manual-count/confirm", who=witnesses)
def witness(turn: Turn) -> dict[str, Any]:
    seen = turn.get(f"/sessions/{turn.about.id}/manual-count")
    return json(totals_hash=seen["totals_hash"])
