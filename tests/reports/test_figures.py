"""Figures of places and sessions, over HTTP: a month counted by hand in two compounds."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.agenda.models import AdmissionReason, AgendaSession, Channel, RollEntry, SessionOutcome
from app.agenda.models import SessionState as Steps
from app.ballots.models import SessionResult
from app.compounds.models import Compound
from app.kit.clock import local_date
from app.kit.extensions import db
from app.matters.models import Category, Matter, MatterState
from app.people.models import Relation, Role
from tests.cast import Cast, Person, Place
from tests.checks import counted, refused_fields
from tests.conventions.steps import Desk as Pacts
from tests.evaluations.desk import Desk
from tests.resolutions.stage import TERM_END, Stage
from tests.works.site import Travel, body_of
from votes.selection import Mode

MOST = 12
DASH = {"numerator": 0, "denominator": 0, "suppressed": False, "text": "–"}


def figures(reader: Person, path: str, **query: str) -> dict[str, Any]:
    return dict(body_of(reader.get(f"{path}/figures", query_string=query)))


def table(reader: Person, path: str, **query: str) -> list[list[str]]:
    answer = reader.get(f"{path}/figures.csv", query_string=query)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/csv"
    text = answer.data.decode()
    assert text.startswith("\ufeff部分 Section,指标 Figure,")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def voted(
    cast: Cast,
    compound: Place,
    *,
    roll: int,
    returned: int,
    blank: int = 0,
    voters: Sequence[Person] = (),
    period: str = "2026-03",
    tallied: str = "2026-03-19T00:00:00+08:00",
) -> str:
    """A session whose vote was counted with these figures, stored as rows; its id."""
    at = datetime.fromisoformat(tallied).astimezone(UTC)
    with cast.app.app_context():
        home = db.session.get_one(Compound, compound.id)
        held = AgendaSession(
            compound=home,
            community_id=home.community_id,
            period=period,
            mode=Mode.OPEN,
            state=Steps.TALLIED,
            place="党群服务站",
            voting_opens_at=at - timedelta(days=7),
            voting_closes_at=at,
            round_table_at=at + timedelta(days=7),
            created_at=at - timedelta(days=17),
            host_waited_since=at - timedelta(days=400),
            closed_at=at,
            outcome=SessionOutcome.DECIDED,
        )
        db.session.add(held)
        db.session.flush()
        db.session.add(
            SessionResult(
                session_id=held.id,
                roll=roll,
                returned=returned,
                blank=blank,
                required=1,
                explanation_zh="计票",
                explanation_en="Counted",
                tallied_at=at,
            )
        )
        db.session.add_all(
            RollEntry(
                compound_id=home.id,
                session_id=held.id,
                resident_id=voter.id,
                admitted_on=local_date(at),
                admitted_why=AdmissionReason.OPENING,
                channel=Channel.PHONE,
                voted_on=local_date(at),
            )
            for voter in voters
        )
        db.session.commit()
        return str(held.id)


def raised(cast: Cast, compound: Place, at: str, category: Category = Category.PARKING) -> None:
    raiser = cast.visitor()
    with cast.app.app_context():
        db.session.add(
            Matter(
                compound_id=compound.id,
                number=1 + (db.session.scalar(select(func.max(Matter.number))) or 0),
                raised_by_id=raiser.id,
                raised_at=datetime.fromisoformat(at).astimezone(UTC),
                title="停车",
                body="说明",
                category=category,
                state=MatterState.SUBMITTED,
                carry_over=0,
            )
        )
        db.session.commit()


def test_a_month_in_two_compounds(cast: Cast, travel: Travel):
    """香樟苑 holds a session in March: four matters listed, three chosen, one carried over, one
    resolution passed and one without a quorum. An order is accepted late and finished in time;
    one of 桂花苑 is late. 04-02 closes what was raised on 03-04."""
    desk = Desk(cast, travel)
    lamps = desk.verified(desk.matter())  # raised, dispatched and done on 03-04
    stage = Stage(cast, travel, titles=("停车", "充电", "电梯", "积水"))  # 03-27
    stage.passed()
    other = stage.draft(matter=1)
    stage.table(other)
    body_of(stage.do(other, "count", yes=3, no=0, abstain=0, present=3))
    body_of(desk_at(desk, "2026-03-28T09:00:00+08:00").say(lamps), 201)
    raised(cast, cast.neighbour, "2026-03-31T23:59:59+08:00")
    raised(cast, cast.neighbour, "2026-04-01T00:00:00+08:00")
    matter = desk.matter()
    order = desk.order(matter=matter)
    body_of(desk.do(order, "assign"))
    desk.go("2026-03-29T10:00:00+08:00")
    for verb in ("accept", "submit", "return", "submit", "verify"):
        body_of(desk.do(order, verb))
    body_of(desk.say(order), 201)
    desk.go("2026-04-02T09:00:00+08:00")
    body_of(desk.secretary.post(f"/matters/{lamps['matter_id']}/close"))
    leader = desk.leader
    march = figures(leader, f"/communities/{cast.community.id}", month="2026-03")
    seen = march["participation"]
    # 4 of the session, two dispatched ones, and one next door on the last second of the month.
    assert (seen["raised"], seen["merged"], seen["listed"], seen["votes"]) == (7, 0, 4, 1)
    assert seen["hosting_compounds"]["text"] == "1/3 = 33.3%"
    assert seen["roll"] == {"value": None, "suppressed": True, "text": "<10"}
    outcome = march["outcome"]
    assert (outcome["selected"], outcome["deferred"]) == (3, 1)
    assert outcome["carried_over_after"] == {"count": 1, "median": 0, "p90": 0}
    assert (outcome["solved"], outcome["reopened"]) == (0, 0)
    assert outcome["resolutions"] == {
        **{"passed": 2, "failed": 0, "no_quorum": 0, "shelved": 0, "escalated": 0}
    }
    work = march["work"]
    assert work["orders"]["number"] == 2
    assert work["orders"]["accepted_in_time"]["text"] == "1/2 = 50.0%"
    assert work["orders"]["finished_in_time"]["text"] == "2/2 = 100.0%"
    assert [line["doer_kind"] for line in work["by_doer"]] == ["PROPERTY_FIRM"]
    assert work["rates"]["response"]["text"] == "1/2 = 50.0%"
    # Two raisers answered: that it is solved is a fact, and what they think is for officers.
    assert work["rates"]["solved_rate"]["text"] == "2/2 = 100.0%"
    assert work["rates"]["satisfaction"]["text"] == "2/2 = 100.0%"
    few = {"numerator": None, "denominator": None, "suppressed": True, "text": "<10"}
    assert figures(desk.resident, desk.home, month="2026-03")["work"]["rates"] == {
        **work["rates"],
        "satisfaction": few,
    }
    assert work["rework"] == 1

    april = figures(leader, f"/communities/{cast.community.id}", month="2026-04")
    assert april["participation"]["raised"] == 1
    assert april["outcome"]["solved"] == 1
    assert april["outcome"]["raised_to_closed"] == {"count": 1, "median": 29, "p90": 29}
    home = figures(desk.resident, desk.home, month="2026-03")
    assert home["participation"]["raised"] == 6
    next_door = figures(
        cast.secretary(cast.neighbour), f"/compounds/{cast.neighbour.id}", month="2026-03"
    )
    assert next_door["participation"]["raised"] == 1
    assert next_door["participation"]["hosting_compounds"]["text"] == "0/1 = 0.0%"
    year = figures(leader, f"/communities/{cast.community.id}", year="2026")
    assert year["participation"]["raised"] == 8
    assert year["period"] == {"label": "2026", "from": "2026-01-01", "to": "2026-12-31"}
    own = figures(desk.resident, stage.path)
    assert own["period"] is None
    assert own["participation"]["raised"] is None
    assert (own["participation"]["listed"], own["outcome"]["selected"]) == (4, 3)
    assert own["outcome"]["resolutions"]["passed"] == 2
    assert own["work"]["orders"]["number"] == 0
    street = figures(desk.street, f"/subdistricts/{cast.subdistrict.id}", month="2026-03")
    assert {**street, "about": None} == {**march, "about": None}
    (frequent,) = [c for c in march["frequent_categories"] if c["category"] == "OTHER"]
    assert frequent == {"community": "云桥社区", "category": "OTHER", "matters": 4}


def desk_at(desk: Desk, moment: str) -> Desk:
    desk.go(moment)
    return desk


PEOPLE = [
    # roll, returned, blank -> what is shown of each, and the turnout
    (9, 9, 0, ("<10", "<10", "<10"), "<10"),
    (10, 9, 0, ("10", "<10", "<10"), "<10"),
    (20, 10, 0, ("20", "10", "<10"), "10/20 = 50.0%"),
    (20, 11, 0, ("20", "隐去 withheld", "<10"), "隐去 withheld"),
    (40, 30, 10, ("40", "30", "10"), "30/40 = 75.0%"),
    (40, 30, 20, ("40", "30", "20"), "30/40 = 75.0%"),
    (40, 30, 21, ("40", "30", "隐去 withheld"), "30/40 = 75.0%"),
    (40, 31, 21, ("40", "隐去 withheld", "21"), "隐去 withheld"),
    (40, 40, 31, ("40", "隐去 withheld", "隐去 withheld"), "隐去 withheld"),
]


def test_fewer_than_ten_people_are_not_told(cast: Cast, travel: Travel):
    """Nor a part that leaves fewer than ten of a total beside it."""
    travel("2026-12-31T09:00:00+08:00")
    reader = cast.secretary()
    for month, (roll, returned, blank, shown, turnout) in enumerate(PEOPLE, start=1):
        period, tallied = f"2026-{month:02}", f"2026-{month:02}-19T00:00:00+08:00"
        voted(
            *(cast, cast.home),
            **{"roll": roll, "returned": returned, "blank": blank},
            **{"period": period, "tallied": tallied},
        )
        path = f"/compounds/{cast.home.id}"
        seen = figures(reader, path, month=period)["participation"]
        names = ("roll", "returned", "empty_ballots")
        assert tuple(seen[name]["text"] for name in names) == shown, (roll, returned, blank)
        assert seen["turnout"]["text"] == turnout
        for name in names:
            assert seen[name]["suppressed"] is (seen[name]["value"] is None)
        printed = {row[1]: row[2] for row in table(reader, path, month=period)}
        assert printed["收回选票 Ballots returned"] == shown[1]
        if shown[1].isdigit():
            assert seen["returned"]["value"] == returned
        else:
            assert f"{returned}/" not in seen["turnout"]["text"]
            assert seen["turnout"]["numerator"] is None


@pytest.mark.parametrize(
    ("tenants", "others", "shown"),
    [
        (9, 20, "<10"),
        (10, 10, "10/20 = 50.0%"),
        (11, 9, "隐去 withheld"),
    ],
)
def test_share_of_tenants(cast: Cast, travel: Travel, tenants: int, others: int, shown: str):
    travel("2026-03-31T09:00:00+08:00")
    voters = [
        *(cast.resident(relation=Relation.TENANT) for _ in range(tenants)),
        *(cast.resident() for _ in range(others)),
    ]
    held = voted(cast, cast.home, roll=60, returned=tenants + others, voters=voters)
    for path in (f"/compounds/{cast.home.id}", f"/sessions/{held}"):
        assert figures(voters[0], path)["participation"]["tenants"]["text"] == shown


def test_an_empty_month_prints_dashes(cast: Cast, travel: Travel):
    travel("2026-03-31T09:00:00+08:00")
    reader = cast.officer(Role.SUBDISTRICT_OFFICER, level="subdistrict")
    for path in (
        f"/compounds/{cast.home.id}",
        f"/communities/{cast.community.id}",
        f"/subdistricts/{cast.subdistrict.id}",
    ):
        seen = figures(reader, path, month="2026-02")
        people = seen["participation"]
        nothing = {"value": None, "suppressed": False, "text": "–"}
        assert [people[name] for name in ("roll", "returned", "empty_ballots")] == [nothing] * 3
        assert people["turnout"] == people["tenants"] == DASH
        assert list(seen["work"]["rates"].values()) == [DASH] * 4
        assert seen["work"]["orders"]["finished_in_time"] == DASH
        assert seen["outcome"]["raised_to_closed"] == {"count": 0, "median": None, "p90": None}
        assert seen["frequent_categories"] == seen["work"]["by_doer"] == []
        rows = table(reader, path, month="2026-02")
        printed = {row[1]: row[2] for row in rows}
        assert printed["投票率 Turnout"] == printed["响应率 Response"] == "–"
        assert printed["提出到办结天数 Days from raising to closing：中位数 Median"] == "–"
        assert printed["提出的问题 Matters raised"] == "0"
        # That no compound held a session is a figure.
        hosts = printed.pop("办月月谈的小区 Compounds with a session")
        assert hosts in ("0/1 = 0.0%", "0/3 = 0.0%")
        assert not any("%" in cell for cell in printed.values())


def test_categories_are_frequent_from_three_within_twelve_months(cast: Cast, travel: Travel):
    travel("2026-03-31T09:00:00+08:00")
    reader = cast.secretary()
    for at in ("2025-03-31T23:59:59+08:00", "2025-04-01T00:00:00+08:00", "2026-03-30T10:00+08:00"):
        raised(cast, cast.home, at)
    path = f"/compounds/{cast.home.id}"
    assert figures(reader, path)["frequent_categories"] == []
    raised(cast, cast.neighbour, "2025-12-01T10:00+08:00")  # the same community
    assert figures(reader, path)["frequent_categories"] == [
        {"community": "云桥社区", "category": "PARKING", "matters": 3}
    ]
    assert ["经验 Learning", "高频问题 Frequent category：云桥社区：停车难 parking", "3"] in table(
        reader, path
    )


@pytest.mark.parametrize("outcome", ["MERGED", "REFUSED"])
def test_what_was_merged_or_refused_makes_no_category_frequent(
    cast: Cast, travel: Travel, outcome: str
):
    """As in the library of cases: it is no further matter, or none of this place."""
    travel("2026-03-31T09:00:00+08:00")
    reader = cast.secretary()
    for _ in range(3):
        raised(cast, cast.home, "2026-03-30T10:00+08:00")
    path = f"/compounds/{cast.home.id}"
    ids = [each["id"] for each in body_of(reader.get(f"{path}/matters"))["items"]]
    assert [each["matters"] for each in figures(reader, path)["frequent_categories"]] == [3]
    screened = {"outcome": outcome, "reason": "重复"}
    into = {"into": ids[0]} if outcome == "MERGED" else {}
    body_of(reader.post(f"/matters/{ids[1]}/screen", {**screened, **into}))
    assert figures(reader, path)["frequent_categories"] == []


def test_no_cell_of_a_table_is_a_formula(cast: Cast, travel: Travel):
    desk = Desk(cast, travel)
    whistle = desk.whistle()
    body_of(desk.do(whistle, "blow", department="=HYPERLINK(A1)"))
    with cast.app.app_context():
        for name, number in (("+1小区", 0), ("-1小区", 1), ("@小区", 2), ("\t=小区", 3)):
            db.session.get_one(Compound, cast.home.id).name = name
            db.session.commit()
            rows = table(desk.resident, desk.home)
            assert [
                cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@", "\t")
            ] == []
            assert rows[1][2] == f"'{name}", number
    assert any("=HYPERLINK(A1)" in row[1] for row in rows)


def test_periods_that_are_none(cast: Cast):
    reader = cast.secretary()
    wrong = {
        "month": ["2026-13", "2026-3", "2026-03-01", "1999-12", "2026-03\n", ""],
        "year": ["26", "9999", "2026\n", "2026-03"],
    }
    for name, values in wrong.items():
        for value in values:
            for form in ("", ".csv"):
                path = f"/compounds/{cast.home.id}/figures{form}"
                answer = reader.get(path, query_string={name: value})
                assert set(refused_fields(answer)) == {f"query.{name}"}, value


def test_month_and_year_together_are_none(cast: Cast):
    query = {"month": "2026-03", "year": "2026"}
    answer = cast.secretary().get(f"/compounds/{cast.home.id}/figures", query_string=query)
    assert refused_fields(answer) == ["query.year"]


def test_figures_make_as_many_statements_for_many_compounds_as_for_one(cast: Cast, travel: Travel):
    desk = Desk(cast, travel)
    paths = {
        f"/compounds/{cast.home.id}": desk.resident,
        f"/communities/{cast.community.id}": desk.leader,
        f"/subdistricts/{cast.subdistrict.id}": desk.street,
    }
    sizes: dict[str, list[int]] = {path: [] for path in paths}
    for round_, compounds in enumerate(((cast.home,), (cast.home, cast.neighbour, cast.third))):
        for compound in compounds:
            for day in range(1, 4):
                raised(cast, compound, f"2026-03-{day:02}T10:00+08:00")
            held = {"roll": 60, "returned": 30, "period": f"2026-0{1 + round_}"}
            if compound is cast.home:
                voted(cast, compound, **held)
        desk.verified()
        for path, reader in paths.items():
            with counted(cast.app) as sent:
                figures(reader, path)
            sizes[path].append(len(sent))
    assert all(few == many <= MOST for few, many in sizes.values()), sizes


def test_conventions_take_effect_before_they_are_counted(cast: Cast, travel: Travel):
    pacts = Pacts(cast, travel)
    pacts.noticed()
    pacts.go(TERM_END)
    for path, number in (
        (f"/compounds/{cast.home.id}", 1),
        (f"/communities/{cast.community.id}", 1),
        (pacts.stage.path, 1),
    ):
        seen = figures(pacts.community, path)
        assert seen["outcome"]["conventions_in_force"] == number
    before = figures(pacts.community, f"/compounds/{cast.home.id}", month="2026-03")
    assert before["outcome"]["conventions_in_force"] == 0
