"""Each kind of message reaches whom it concerns and nobody else, in words for people.

What happens before each kind stands here by hand, over the API; whom it then reaches is compared
with the rows.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.board.models import NoticeKind
from app.board.posting import TO_ALL
from app.informing import MESSAGES
from app.messages.models import InboxMessage, MessageKind
from app.messages.telling import Message
from app.people.models import Role
from app.works.orders.models import OrderState
from app.works.whistles.models import WhistleState
from tests.cast import LONG_AGO, Cast, Person, ballot, stored
from tests.checks import refusal
from tests.conventions.steps import PACT
from tests.conventions.steps import Desk as Conventions
from tests.docs.generated import compare
from tests.evaluations.desk import GOOD, UNSOLVED, Desk
from tests.matters.steps import endorse, raise_matter, screen
from tests.resolutions.stage import Stage, Travel, body_of

K = MessageKind
TABLE = Path(__file__).parents[2] / "docs" / "messages.md"
TOLD_TO_ONE = {message.kind for message in MESSAGES}
CODE = re.compile(r"[A-Z_]{4,}|None|\{|\}")
RAISER = "欧阳问"  # stands in no message: who raised a matter nobody is told

# Plays what happens, and answers who is told of it by which kind.
Scene = Callable[[Cast, Travel], dict[MessageKind, list[Person]]]


SCENES: dict[str, tuple[Scene, set[MessageKind]]] = {}


def plays(*kinds: MessageKind, name: str = "") -> Callable[[Scene], Scene]:
    """A scene in which somebody is told these kinds, or nobody what somebody else would be."""

    def decorator(scene: Scene) -> Scene:
        SCENES[name or scene.__name__] = scene, set(kinds)
        return scene

    return decorator


def bystanders(cast: Cast) -> None:
    """People whom nothing of this concerns."""
    cast.resident()
    cast.resident(cast.neighbour)
    _, far = cast.other_subdistrict()
    community, near = cast.other_community()
    for role in (Role.BRANCH_SECRETARY, Role.DEPARTMENT):
        cast.officer(role, cast.neighbour)
        cast.officer(role, far)
        cast.officer(role, near)
        cast.appoint(cast.visitor(), role, until=LONG_AGO.replace(day=2))
    cast.officer(Role.COMMUNITY_SECRETARY, community, level="community")


def screened(outcome: str) -> None:
    kind = MessageKind(f"MATTER_{outcome}")

    @plays(kind, name=outcome)
    def scene(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
        raiser, supporter, former = cast.resident(name=RAISER), cast.resident(), cast.resident()
        matter = raise_matter(cast, raiser)
        endorse(matter, supporter, former)
        assert former.delete(f"/matters/{matter}/endorsement").status_code == 200
        screen(cast.secretary(), matter, outcome, reason="请先调解")
        return {kind: [raiser, supporter]}


for each in ("LISTED", "DISPATCHED", "WHISTLED", "REFUSED"):
    screened(each)


@plays(K.MATTER_LISTED)
def screened_by_the_raiser(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    """A secretary who raised the matter is not told what he did himself."""
    secretary, supporter = cast.secretary(), cast.resident()
    matter = raise_matter(cast, secretary)
    endorse(matter, supporter)
    screen(secretary, matter, "LISTED")
    return {K.MATTER_LISTED: [supporter]}


@plays(K.MATTER_MERGED, K.MATTER_TOOK_IN, K.MATTER_LISTED)
def merged(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    people = [cast.resident(name=RAISER) for _ in range(4)]
    first, second = raise_matter(cast, people[0]), raise_matter(cast, people[2], title="停车位不够")
    endorse(first, people[1])
    endorse(second, people[3])
    secretary = cast.secretary()
    screen(secretary, first, "MERGED", into=second)
    screen(secretary, second, "LISTED")
    return {
        K.MATTER_MERGED: people[:2],
        K.MATTER_TOOK_IN: [people[2]],
        K.MATTER_LISTED: people,
    }


@plays(K.MATTER_CORRECTED, K.MATTER_WITHDRAWN)
def corrected_and_taken_back(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    raiser, supporter, former = cast.resident(name=RAISER), cast.resident(), cast.resident()
    matter = raise_matter(cast, raiser)
    endorse(matter, supporter, former)
    assert former.delete(f"/matters/{matter}/endorsement").status_code == 200
    words = {"title": "夜里停不进", "body": "消防通道也停满了", "category": "PARKING"}
    body_of(raiser.post(f"/matters/{matter}/correct", words))
    body_of(raiser.post(f"/matters/{matter}/withdraw"))
    return {K.MATTER_CORRECTED: [supporter], K.MATTER_WITHDRAWN: [supporter]}


@plays(K.MATTER_CHOSEN, K.MATTER_NOT_CHOSEN)
def tallied(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    raiser, supporter, secretary = cast.resident(name=RAISER), cast.resident(), cast.secretary()
    session, matters = cast.open_session(secretary, raiser, ("停车", "路灯", "积水", "养犬"))
    endorse(matters[3], supporter)
    for voter in (raiser, supporter):
        assert (
            voter.put(f"/sessions/{session['id']}/ballot", ballot(*matters[:3])).status_code == 200
        )
    assert secretary.post(f"/sessions/{session['id']}/close-voting").json["state"] == "TALLIED"
    return {K.MATTER_CHOSEN: [raiser] * 3, K.MATTER_NOT_CHOSEN: [raiser, supporter]}


@plays(K.MATTER_LEFT_TO_OWNERS, K.MATTER_SHELVED)
def settled(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    stage = Stage(cast, travel)
    stage.card(item=8)
    body_of(stage.secretary.post(f"{stage.path}/conclude-meeting"))
    return {
        K.MATTER_LEFT_TO_OWNERS: stage.voters[:1],
        K.MATTER_SHELVED: stage.voters[:1] * 2,
    }


def supported(desk: Desk) -> tuple[str, Person]:
    """A dispatched matter, and somebody who supports it."""
    (supporter,) = desk.people_move_in(1)
    matter = raise_matter(desk.cast, desk.resident)
    endorse(matter, supporter)
    screen(desk.secretary, matter, "DISPATCHED")
    return matter, supporter


@plays(K.MATTER_DONE)
def done(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    """Whoever did the work, and supports the matter as a neighbour, is not asked."""
    desk = Desk(cast, travel)
    cast.settle(desk.manager, cast.home)
    matter = raise_matter(cast, desk.resident)
    (supporter,) = desk.people_move_in(1)
    endorse(matter, supporter, desk.manager)
    screen(desk.secretary, matter, "DISPATCHED")
    desk.verified(matter)
    return {K.MATTER_DONE: [desk.resident, supporter]}


@plays(K.MATTER_CLOSED)
def closed(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    desk = Desk(cast, travel)
    matter, supporter = supported(desk)
    body_of(desk.say(desk.verified(matter), **GOOD), 201)
    body_of(desk.secretary.post(f"/matters/{matter}/close"))
    return {K.MATTER_CLOSED: [desk.resident, supporter]}


@plays(K.MATTER_REOPENED)
def reopened(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    """The raiser, whose answer opened it again, knows."""
    desk = Desk(cast, travel)
    matter, supporter = supported(desk)
    body_of(desk.say(desk.verified(matter), **UNSOLVED), 201)
    return {K.MATTER_REOPENED: [supporter]}


def claim(cast: Cast, person: Person, unit: str) -> str:
    names = {"building": "3栋", "entrance": "2单元", "unit": unit, "relation": "family"}
    body = {"compound_id": str(cast.home.id), **names}
    return str(body_of(person.post("/residences", body), 201)["id"])


@plays(K.HOME_VERIFIED, K.HOUSEHOLD_JOINED, K.HOUSEHOLD_LEFT, K.HOME_ENDED)
def household(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    for unit in ("101", "102"):
        cast.unit(cast.home, unit)
    worker, first, second = cast.officer(Role.GRID_WORKER), cast.visitor(), cast.visitor()
    for person, unit in ((first, "101"), (second, "101"), (second, "102")):
        body_of(worker.post(f"/residences/{claim(cast, person, unit)}/verify"))
    return {
        K.HOME_VERIFIED: [first, second, second],
        K.HOUSEHOLD_JOINED: [first],
        K.HOUSEHOLD_LEFT: [first],
        K.HOME_ENDED: [second],
    }


@plays(K.HOME_REFUSED)
def home_refused(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    cast.unit(cast.home, "101")
    person = cast.visitor()
    path = f"/residences/{claim(cast, person, '101')}/refuse"
    body_of(cast.officer(Role.GRID_WORKER).post(path, {"reason": "房号与证件不符"}))
    return {K.HOME_REFUSED: [person]}


@plays(K.HOME_VERIFIED, K.BIRTH_DATE_CORRECTED)
def birth_date(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    cast.unit(cast.home, "101")
    worker, person = cast.officer(Role.GRID_WORKER), cast.visitor()
    path = f"/residences/{claim(cast, person, '101')}/verify"
    for day in ("1980-05-17", "1980-05-18"):
        body_of(worker.post(path, {"birth_date": day}))
    return {K.HOME_VERIFIED: [person], K.BIRTH_DATE_CORRECTED: [person]}


@plays(K.OFFICE_GIVEN, K.OFFICE_ENDED)
def offices(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    """Who lays an office down knows."""
    secretary, people = cast.secretary(), [cast.resident(), cast.resident()]
    street = cast.officer(Role.SUBDISTRICT_OFFICER, level="subdistrict")
    leader = cast.visitor()
    made = [
        body_of(
            by.post(path, {"resident_id": str(person.id), "role": role, "from": "2026-01-01"}), 201
        )["id"]
        for by, path, person, role in (
            (secretary, f"/compounds/{cast.home.id}/appointments", people[0], "BUILDING_HEAD"),
            (secretary, f"/compounds/{cast.home.id}/appointments", people[1], "BUILDING_HEAD"),
            (street, f"/communities/{cast.community.id}/appointments", leader, "AUDITOR"),
        )
    ]
    for by, office in ((secretary, made[0]), (people[1], made[1]), (street, made[2])):
        body_of(by.post(f"/appointments/{office}/end"))
    return {K.OFFICE_GIVEN: [*people, leader], K.OFFICE_ENDED: [people[0], leader]}


@plays(K.OBJECTION_RAISED, K.OBJECTION_ANSWERED)
def objection(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    stage = Stage(cast, travel)
    raised = body_of(stage.object_to(stage.noticed(), stage.voters[1], "太短"), 201)
    body_of(stage.secretary.post(f"/objections/{raised['id']}/answer", {"answer": "采纳。"}))
    return {K.OBJECTION_RAISED: [stage.secretary], K.OBJECTION_ANSWERED: [stage.voters[1]]}


@plays(K.INVITED, K.ARRIVAL_NOTED)
def round_table(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    stage = Stage(cast, travel)
    invited = {"kind": "EXPERT", "name": "王工", "resident_id": str(stage.voters[1].id)}
    body_of(stage.secretary.post(f"{stage.path}/invitations", invited), 201)
    stage.arrive(stage.voters[2])
    return {K.INVITED: [stage.voters[1]], K.ARRIVAL_NOTED: [stage.voters[2]]}


@plays(K.REVIEW_ASKED)
def branch_review(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    stage, director = Stage(cast, travel), cast.officer(Role.OC_DIRECTOR)
    body_of(director.post(f"/resolutions/{stage.draft()['id']}/review-request"))
    return {K.REVIEW_ASKED: [stage.secretary]}


@plays(K.CONVENTION_REVIEW_ASKED, K.CONVENTION_RETURNED)
def convention_review(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    desk = Conventions(cast, travel)
    version = desk.draft()
    body_of(desk.do(version, "submit"))
    returned = {"opinion": "RETURNED", "advice": "写明通知的期限"}
    body_of(desk.do(version, "review", desk.community, **returned))
    body_of(desk.do(desk.draft(PACT), "submit"))
    return {
        K.CONVENTION_REVIEW_ASKED: [desk.community, desk.street],
        K.CONVENTION_RETURNED: [desk.secretary],
    }


@plays(K.ORDER_ASSIGNED, K.ORDER_TAKEN_AWAY)
def order_assigned(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    desk = Desk(cast, travel)
    order = desk.order(OrderState.ASSIGNED)
    body_of(desk.do(order, "assign", doer_ids=[str(desk.member.id)], doer_name="下沉党员"))
    return {K.ORDER_ASSIGNED: [desk.manager, desk.member], K.ORDER_TAKEN_AWAY: [desk.manager]}


@plays(K.ORDER_DECLINED)
def order_declined(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    desk = Desk(cast, travel)
    desk.order(OrderState.DECLINED)
    return {K.ORDER_DECLINED: [desk.secretary, desk.leader]}


@plays(K.ORDER_WITHDRAWN, K.MATTER_SHELVED)
def order_withdrawn(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    desk = Desk(cast, travel)
    matter, supporter = supported(desk)
    body_of(desk.do(desk.order(OrderState.ASSIGNED, matter), "withdraw"))
    body_of(desk.leader.post(f"/matters/{matter}/shelve", {"reason": "已另行解决"}))
    return {K.ORDER_WITHDRAWN: [desk.manager], K.MATTER_SHELVED: [desk.resident, supporter]}


@plays(K.WHISTLE_RECALLED)
def whistle_recalled(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    desk = Desk(cast, travel)
    whistle = desk.whistle(WhistleState.SIGNED)
    body_of(desk.street.post(f"/whistles/{whistle['id']}/recall", {"reason": "接哨人调离"}))
    return {K.WHISTLE_RECALLED: [desk.department]}


@plays(K.ORDER_RETURNED, K.ORDER_REOPENED)
def order_sent_back(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    desk = Desk(cast, travel)
    matter = desk.matter()
    desk.order(OrderState.RETURNED, matter)
    verified = desk.order(OrderState.VERIFIED, matter)
    body_of(desk.secretary.post(f"/orders/{verified['id']}/reopen", {"reason": "又坏了"}))
    return {K.ORDER_RETURNED: [desk.manager], K.ORDER_REOPENED: [desk.manager]}


@plays(K.ORDER_OVERDUE, K.ORDER_OVERDUE_REPORTED)
def order_overdue(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    desk = Desk(cast, travel)
    order = desk.order(OrderState.ACCEPTED, due_on="2026-03-05")
    desk.go("2026-03-06T00:00:00+08:00")
    desk.read(order)
    first = {
        K.ORDER_OVERDUE: [desk.manager],
        K.ORDER_OVERDUE_REPORTED: [desk.secretary, desk.leader],
    }
    assert told(cast, set(first)) == {kind: ids_of(people) for kind, people in first.items()}
    desk.go("2026-03-11T00:00:00+08:00")
    desk.read(order)
    first[K.ORDER_OVERDUE_REPORTED].append(desk.street)
    return first


@plays(K.ORDER_OVERDUE, K.ORDER_OVERDUE_REPORTED)
def order_late_at_once(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    """Nobody looked for a month, so it is reported on both levels at the same time."""
    desk = Desk(cast, travel)
    order = desk.order(due_on="2026-03-05")
    desk.go("2026-04-07T00:00:00+08:00")
    desk.read(order)
    return {
        K.ORDER_OVERDUE: [],
        K.ORDER_OVERDUE_REPORTED: [desk.secretary, desk.leader, desk.street],
    }


@plays(K.WHISTLE_REQUESTED, K.WHISTLE_BLOWN, K.WHISTLE_REWORK)
def whistle_blown(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    desk = Desk(cast, travel)
    cast.officer(Role.DEPARTMENT, level="subdistrict")
    desk.whistle(WhistleState.REWORK)
    return {
        K.WHISTLE_REQUESTED: [desk.street],
        K.WHISTLE_BLOWN: [desk.department],
        K.WHISTLE_REWORK: [desk.department],
    }


@plays(K.WHISTLE_BLOWN)
def whistle_blown_to_all(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    """Where nobody is named, any department may be meant."""
    desk = Desk(cast, travel)
    other = cast.officer(Role.DEPARTMENT, level="subdistrict")
    body_of(desk.do(desk.whistle(), "blow", receiver_id=None))
    return {K.WHISTLE_BLOWN: [desk.department, other]}


@plays(K.WHISTLE_OBJECTED)
def whistle_objected(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    desk = Desk(cast, travel)
    body_of(desk.do(desk.whistle(WhistleState.BLOWN), "object"))
    return {K.WHISTLE_OBJECTED: [desk.secretary, desk.leader, desk.street]}


@plays(K.WHISTLE_OVERDUE, K.WHISTLE_OVERDUE_REPORTED)
def whistle_overdue(cast: Cast, travel: Travel) -> dict[MessageKind, list[Person]]:
    desk = Desk(cast, travel)
    whistle = desk.whistle(WhistleState.BLOWN)
    desk.go("2026-03-04T11:30:00+08:00")
    desk.read(whistle)
    return {
        K.WHISTLE_OVERDUE: [desk.department],
        K.WHISTLE_OVERDUE_REPORTED: [desk.secretary, desk.leader],
    }


def ids_of(people: list[Person]) -> list[Any]:
    return sorted(person.id for person in people)


def told(cast: Cast, kinds: set[MessageKind]) -> dict[MessageKind, list[Any]]:
    """Whom the rows of each of these kinds are for."""
    query = select(InboxMessage).where(InboxMessage.kind.in_(kinds))
    rows = stored(cast.app, query)
    return {kind: sorted(row.resident_id for row in rows if row.kind is kind) for kind in kinds}


@pytest.mark.parametrize("name", SCENES)
def test_message_reaches_whom_it_concerns_and_nobody_else(cast: Cast, travel: Travel, name: str):
    bystanders(cast)
    scene, kinds = SCENES[name]
    expected = scene(cast, travel)
    assert set(expected) == kinds
    assert told(cast, kinds) == {kind: ids_of(people) for kind, people in expected.items()}
    for row in stored(cast.app, select(InboxMessage).where(InboxMessage.title.is_not(None))):
        words = (row.title, row.text, row.title_en, row.text_en)
        assert all(words), row.kind
        assert not any(CODE.search(each) for each in words), words
        assert not any(RAISER in each or RAISER[0] in each for each in words), words
        assert "您" in row.title + row.text, words
        assert row.text[-1] in "。）" or row.text.splitlines()[-1], words


def test_each_kind_is_played():
    played = [kind for _, kinds in SCENES.values() for kind in kinds]
    assert set(played) == TOLD_TO_ONE


def test_each_kind_is_declared_once_and_says_why():
    assert len(TOLD_TO_ONE) == len(MESSAGES)
    assert all(message.why for message in MESSAGES)
    to_all = {MessageKind(kind.value) for kind in TO_ALL}
    assert set(MessageKind) == TOLD_TO_ONE | to_all
    assert not TOLD_TO_ONE & to_all
    assert len(to_all) == len(TO_ALL) < len(NoticeKind)


def test_refused_move_tells_nobody(cast: Cast):
    raiser, secretary = cast.resident(), cast.secretary()
    matter = raise_matter(cast, raiser)
    answer = secretary.post(f"/matters/{matter}/screen", {"outcome": "REFUSED"})
    assert refusal(answer)[0] == 422
    assert stored(cast.app, select(InboxMessage.id)) == []


def test_table_in_the_documentation_is_this_one():
    compare(TABLE, "\n".join(_lines()) + "\n")


def _lines() -> Iterator[str]:
    yield "# 谁会收到什么消息 · Who is told what"
    yield ""
    yield (
        "办成一件事的同时，与它有关的人在收件箱里收到一条；办事的人自己不收。"
        "日志里的一步对应一种消息，列在各功能的 `messages/` 里；"
        "本表由 `tests/messages/test_who_is_told.py` 生成。"
    )
    yield ""
    yield (
        "Whom a move concerns finds a message in the inbox in the same commit; whoever made it"
        " does not. A message belongs to a move in the log and is declared in the feature's"
        " `messages/`. `tests/messages/test_who_is_told.py` makes this table."
    )
    yield ""
    yield "| 消息 message | 标题 title | 日志里的一步 move | 给谁，为什么 whom, why |"
    yield "| --- | --- | --- | --- |"
    for each in MESSAGES:
        verbs = ", ".join(f"`{each.model.__name__}.{verb}`" for verb in each.verbs.split())
        into = "" if each.into is None else f" → {each.into}"
        yield f"| {each.kind} | {title_of(each)} | {verbs}{into} | {each.why} |"
    yield ""
    yield "## 给全小区的 · To all who live there"
    yield ""
    yield "这些公示也在每位居民的收件箱里。"
    yield ""
    yield "These notices stand in the inbox of every resident, too."
    yield ""
    yield from (f"- {kind}" for kind in NoticeKind if kind in TO_ALL)


def title_of(message: Message) -> str:
    """The Chinese title as its file has it, without what only computes."""
    path = message.folder / f"{message.kind.lower()}.zh.txt"
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if not line.startswith("{% set"))
