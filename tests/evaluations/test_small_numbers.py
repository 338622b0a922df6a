"""What few people said is told nowhere, nor can it be computed from what is told.

Two worlds that differ only in what somebody said: whoever reads them both finds no difference, in
any answer, notice, feed, page, story, case or table, unless that may be told to them.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pytest

from app.evaluations.results import is_told
from app.kit.extensions import db
from app.matters.models import Endorsement
from tests.cast import Cast, Person
from tests.evaluations.desk import GOOD, POOR, UNSOLVED, Desk
from tests.reports.test_figures import figures, table
from tests.works.site import Travel, body_of

CLOSING, AFTER = "2026-03-11T09:00:00+08:00", "2026-04-02T09:00:00+08:00"
# What differs between two worlds of other ids, times and numbers.
NAMES = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d[T ][0-9:.+]+|[WM]\d+"
    r'|(?<=议题)\d+|(?<=Matter )\d+|(?<="number":)\d+'
)
ENTRY = "{http://www.w3.org/2005/Atom}entry"


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


def public(desk: Desk, reader: Person, matter: str, asked: str | None) -> dict[str, str]:
    """All that is told of a matter, as this person reads it."""
    judged = reader.get(f"/matters/{matter}/evaluations").json["items"]
    about = [matter, *([asked] if asked else []), *(each["id"] for each in judged)]
    told = {"evaluations": str(judged)}
    told["story"] = reader.get(f"/matters/{matter}/story").text
    told["matter"] = reader.get(f"/matters/{matter}").text
    rounds = body_of(reader.get(f"{desk.home}/evaluation-rounds?limit=100"))["items"]
    told["rounds"] = str([each for each in rounds if each["id"] == asked])
    if asked:
        told["round"] = reader.get(f"/evaluation-rounds/{asked}").text
    cases = body_of(desk.secretary.get(f"{desk.home}/cases"))["items"]
    for case in cases:
        whole = body_of(reader.get(f"/cases/{case['id']}"))
        if whole["matter_id"] == matter:
            told["case"] = str(whole)
            about.append(case["id"])
    for name, text in told_on_boards(desk, about):
        told[name] = text
    return {name: NAMES.sub("…", text) for name, text in told.items()}


def told_on_boards(desk: Desk, about: list[str]) -> Iterator[tuple[str, str]]:
    """The notices about these things in both kinds of feed of each place, and on their pages."""
    cast, client = desk.cast, desk.cast.app.test_client()
    for place in (
        f"compounds/{cast.home.id}",
        f"communities/{cast.community.id}",
        f"subdistricts/{cast.subdistrict.id}",
    ):
        feed = client.get(f"/api/v1/board/{place}/feed.json").json
        items = [item for item in feed["items"] if item["_yueyuetan"]["about_id"] in about]
        assert items
        yield f"{place} as JSON", str(items)
        atom = client.get(f"/api/v1/board/{place}/feed.atom").data
        ids = {item["id"] for item in items}
        entries = [
            "\n".join(entry.itertext())
            for entry in ElementTree.fromstring(atom).iter(ENTRY)
            if ids & set(entry.itertext())
        ]
        assert len(entries) == len(items)
        yield f"{place} as Atom", "\n".join(entries)
    for number, item in enumerate(items):
        yield f"page {number}", client.get(f"/board/notices/{item['id'].split(':')[-1]}").text


def settled(desk: Desk, online: list[Any], paper: dict[str, int] | None) -> tuple[str, str]:
    """A matter whose round was answered so, with a case of it; the matter's and the round's id."""
    matter = desk.done()
    asked = desk.ask(matter, closes_at=CLOSING, **({"sheets_out": 20} if paper else {}))
    for person, words in zip(desk.neighbours, online, strict=False):
        body_of(desk.judge(asked, person, **words))
    if paper:
        body_of(desk.grid.put(f"/evaluation-rounds/{asked['id']}/paper", paper))
        body_of(desk.secretary.post(f"/evaluation-rounds/{asked['id']}/paper/confirm"))
    return matter, str(asked["id"])


def write_case(desk: Desk, matter: str) -> None:
    words = {"title": "路灯亮了", "problem": "路灯不亮"}
    case = body_of(desk.secretary.post(f"/matters/{matter}/cases", words), 201)
    body_of(desk.leader.post(f"/cases/{case['id']}/publish"))


def sheets(good: int, poor: int) -> dict[str, int]:
    return {
        "satisfied": good,
        "mostly": 0,
        "not_satisfied": poor,
        "solved": good,
        "unsolved": poor,
    }


ROUNDS = [
    # online, on paper, told to everybody, told to officers
    (5, 0, False, True),
    (9, 0, False, True),
    (10, 0, True, True),
    (0, 5, False, True),
    (0, 9, False, True),
    (0, 10, True, True),
    (3, 4, False, False),
    (3, 8, False, False),
    (9, 10, False, False),
    (10, 1, True, True),
    (10, 10, True, True),
]


@pytest.mark.parametrize(("online", "paper", "to_all", "to_officers"), ROUNDS)
def test_what_few_answered_to_a_round(
    desk: Desk, online: int, paper: int, to_all: bool, to_officers: bool
):
    """One answer differs: by phone where somebody answered so, else on paper."""
    assert is_told(online + paper, online=online) is to_all
    assert is_told(online + paper, online=online, to_officer=True) is to_officers
    desk.people_move_in(online)
    worlds = [
        settled(desk, [GOOD] * online, sheets(paper, 0) if paper else None),
        settled(
            desk,
            [GOOD] * (online - 1) + [UNSOLVED] * bool(online),
            sheets(paper - (not online), int(not online)) if paper else None,
        ),
    ]
    desk.go(CLOSING)
    for matter, _ in worlds:
        assert desk.state_of(matter) == "CLOSED"
        write_case(desk, matter)
    # Whoever counted the paper knows what stood on it.
    for reader, is_shown in ((desk.resident, to_all), (desk.manager, to_all)):
        differ(desk, reader, worlds, is_shown, {"round", "rounds", "evaluations", "story"})
    differ(desk, desk.grid, worlds, to_officers, {"round", "rounds", "evaluations"})


def differ(
    desk: Desk, reader: Person, worlds: list[tuple[str, str]], is_shown: bool, names: set[str]
) -> None:
    one, other = (public(desk, reader, *world) for world in worlds)
    assert one.keys() == other.keys()
    assert "case" in one
    different = {name for name in one if one[name] != other[name]}
    assert different >= names if is_shown else not different, different


def followed_up(desk: Desk, answers: list[Any]) -> str:
    """A matter that its raiser and those who supported it answered about; its id."""
    order = desk.order()
    matter = str(order["matter_id"])
    people = [desk.resident, *desk.neighbours][: len(answers)]
    with desk.cast.app.app_context():
        at = datetime.now(UTC)
        db.session.add_all(
            Endorsement(matter_id=UUID(matter), resident_id=person.id, endorsed_at=at)
            for person in people[1:]
        )
        db.session.commit()
    for verb in ("assign", "accept", "submit", "verify"):
        body_of(desk.do(order, verb))
    for person, words in zip(people[1:] + people[:1], answers[1:] + answers[:1], strict=True):
        body_of(desk.say(order, person, **words), 201)
    body_of(desk.secretary.post(f"/matters/{matter}/close"))
    return matter


@pytest.mark.parametrize(
    ("people", "poor", "verdict", "is_shown"),
    [
        (4, (0, 1), "CLOSED", False),
        (9, (0, 3), "CLOSED", False),
        (10, (0, 3), "CLOSED", True),
        (7, (3, 6), "REOPENED", False),
        (10, (4, 9), "REOPENED", True),
    ],
)
def test_what_few_said_of_an_order(
    desk: Desk, people: int, poor: tuple[int, int], verdict: str, is_shown: bool
):
    desk.people_move_in(people - 1)
    worlds = [followed_up(desk, [GOOD] * (people - each) + [POOR] * each) for each in poor]
    assert [desk.state_of(matter) for matter in worlds] == [verdict] * 2
    one, other = (public(desk, desk.resident, matter, None) for matter in worlds)
    different = {name for name in one if one[name] != other[name]}
    assert bool(different) is is_shown, different
    seen = [
        body_of(desk.grid.get(f"/matters/{matter}/evaluations"))["items"][0] for matter in worlds
    ]
    for each, number in zip(seen, poor, strict=True):
        assert each["result"]["breakdown"]["not_satisfied"] == number  # officers see it


def test_one_person_who_answers_ten_times_is_one(desk: Desk):
    matter = desk.matter()
    last = desk.order(matter=matter)
    for _ in range(9):
        body_of(desk.say(desk.verified(matter)), 201)
    for verb in ("assign", "accept", "submit", "verify"):
        body_of(desk.do(last, verb))
    body_of(desk.say(last), 201)
    body_of(desk.secretary.post(f"/matters/{matter}/close"))
    result = desk.evaluations(matter)[0]["result"]
    assert result == dict.fromkeys(("answers", "satisfaction", "solved_rate", "breakdown"))


def raisers_say(desk: Desk, number: int, *, dissatisfied: int) -> None:
    """So many people raise something each, and say what the work was worth."""
    for each in range(number):
        desk.resident = desk.neighbours[each]
        order = desk.verified()
        body_of(desk.say(order, **(POOR if each < dissatisfied else GOOD)), 201)
        if each < dissatisfied:
            body_of(desk.secretary.post(f"/orders/{order['id']}/close"))


RATES = [
    # people, settled, told in the month
    (9, True, False),
    (10, True, True),
    (10, False, False),
]


@pytest.mark.parametrize(("people", "is_settled", "is_shown"), RATES)
def test_what_few_raisers_think(desk: Desk, people: int, is_settled: bool, is_shown: bool):
    """Residents read it of a month that is over and settled, and of nothing that overlaps one."""
    desk.people_move_in(people)
    raisers_say(desk, people, dissatisfied=2)
    if not is_settled:
        desk.verified()
    text = f"{people - 2}/{people} = {10 * (people - 2) / people * 10:.1f}%"
    hidden = {"numerator": None, "denominator": None, "suppressed": True}
    assert figures(desk.resident, desk.home)["work"]["rates"]["satisfaction"]["suppressed"]
    desk.go(AFTER)
    period = {"from": "2026-03-01", "to": "2026-03-31"}
    for query in ({}, period):
        seen = body_of(desk.resident.get(f"{desk.home}/rates", query_string=query))
        if query:
            assert seen["satisfaction"] is None
            assert seen["solved_rate"]["text"] == f"{people}/{people} = 100.0%"
    month = figures(desk.resident, desk.home, month="2026-03")["work"]["rates"]
    year = figures(desk.resident, desk.home, year="2026")["work"]["rates"]
    assert {**hidden, "text": year["satisfaction"]["text"]} == year["satisfaction"]
    if is_shown:
        assert month["satisfaction"]["text"] == text
    else:
        assert {**hidden, "text": month["satisfaction"]["text"]} == month["satisfaction"]
    rows = {row[1]: row[2:] for row in table(desk.resident, desk.home, month="2026-03")}
    shown = [month["satisfaction"][name] for name in ("text", "numerator", "denominator")]
    assert rows["满意率 Satisfaction"] == ["" if cell is None else str(cell) for cell in shown]
    # Officers read it everywhere.
    rates = body_of(desk.grid.get(f"{desk.home}/rates", query_string=period))
    assert rates["satisfaction"]["text"] == text
    for path, reader in (
        (desk.home, desk.secretary),
        (f"/communities/{desk.cast.community.id}", desk.leader),
        (f"/subdistricts/{desk.cast.subdistrict.id}", desk.street),
    ):
        for query in ({"month": "2026-03"}, {"year": "2026"}):
            seen = figures(reader, path, **query)["work"]["rates"]
            assert seen["satisfaction"]["text"] == text, path
