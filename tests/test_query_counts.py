"""How many statements a request costs: the same for 30 rows as for 3, and few for one ballot."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from app.agenda.models import AgendaItem, AgendaSession, SessionState
from app.compounds.models import Compound
from app.kit.extensions import db
from app.matters.models import Category, Matter, MatterState
from app.people.models import Role
from tests.board.steps import post_notices
from tests.cast import LONG_AGO, Cast, Person, Place, ballot
from tests.checks import counted
from votes.selection import Mode

FEW, MANY = 3, 30
BEFORE_TABLE = {
    "SELECT": "FROM",
    "INSERT": "INTO",
    "DELETE": "FROM",
    "UPDATE": "UPDATE",
    "VACUUM": "VACUUM",
    "WITH": "WITH",
}


def shapes(statements: list[str]) -> list[str]:
    """Each statement as its verb and first table, or its function: `INSERT ballots`."""
    found = []
    for statement in statements:
        words = statement.split()
        mark = BEFORE_TABLE[words[0]]
        name = words[words.index(mark) + 1] if mark in words else words[1].partition("(")[0]
        found.append(f"{words[0]} {name}")
    return found


def add_matters(cast: Cast, count: int) -> list[UUID]:
    """Matters of different raisers, each endorsed by its raiser."""
    made = []
    for _ in range(count):
        raiser = cast.resident()
        body = {"title": "夜间停车难", "body": "说明", "category": "PARKING"}
        matter = raiser.post(f"/compounds/{cast.home.id}/matters", body).json["id"]
        raiser.put(f"/matters/{matter}/endorsement")
        made.append(UUID(matter))
    return made


def add_sessions(cast: Cast, count: int) -> None:
    """Cancelled sessions, each with a list of two matters."""
    raiser, now = cast.visitor(), datetime.now(UTC)
    with cast.app.app_context():
        home = db.session.get_one(Compound, cast.home.id)
        numbers = itertools.count(1 + (db.session.scalar(select(func.max(Matter.number))) or 0))
        for _ in range(count):
            matters = [
                Matter(
                    compound=home,
                    number=next(numbers),
                    raised_by_id=raiser.id,
                    raised_at=now,
                    title=title,
                    body="说明",
                    category=Category.OTHER,
                    state=MatterState.LISTED,
                    carry_over=0,
                )
                for title in "甲乙"
            ]
            items = [
                AgendaItem(matter=matter, number=number, endorsements=0)
                for number, matter in enumerate(matters, start=1)
            ]
            session = AgendaSession(
                compound=home,
                community_id=home.community_id,
                period="2026-03",
                mode=Mode.OPEN,
                state=SessionState.CANCELLED,
                place="党群服务站",
                voting_opens_at=now + timedelta(days=1),
                voting_closes_at=now + timedelta(days=2),
                round_table_at=now + timedelta(days=3),
                created_at=now,
                host_waited_since=now,
                items=items,
            )
            db.session.add(session)
            db.session.flush()
        db.session.commit()


def add_residents(cast: Cast, count: int) -> None:
    for _ in range(count):
        cast.resident()


def add_offices(cast: Cast, count: int) -> None:
    for _ in range(count):
        cast.appoint(cast.visitor(), Role.BUILDING_HEAD)


def add_compounds(cast: Cast, count: int) -> None:
    with cast.app.app_context():
        db.session.add_all(
            Compound(name=f"小区 {uuid4()}", community_id=cast.community.id, since=LONG_AGO)
            for _ in range(count)
        )
        db.session.commit()


def add_notices(cast: Cast, count: int) -> None:
    post_notices(cast, count)


LISTS: dict[str, tuple[Callable[[Cast, int], object], str]] = {
    "matters": (add_matters, "/compounds/{home}/matters?limit=100"),
    "sessions": (add_sessions, "/compounds/{home}/sessions?limit=100"),
    "residences": (add_residents, "/compounds/{home}/residences?limit=100"),
    "residents": (add_residents, "/compounds/{home}/residents?limit=100"),
    "appointments": (add_offices, "/compounds/{home}/appointments"),
    "compounds": (add_compounds, "/communities/{community}/compounds"),
    "rotation": (add_compounds, "/communities/{community}/rotation"),
}


def rows_of(answer: Any) -> int:
    body = answer.json
    return len(body if isinstance(body, list) else body.get("items", body.get("order")))


@pytest.mark.parametrize("name", LISTS)
def test_list_costs_as_much_for_30_rows_as_for_3(cast: Cast, app: Flask, name: str):
    add, template = LISTS[name]
    path = template.format(home=cast.home.id, community=cast.community.id)
    reader = cast.secretary()
    cast.appoint(reader, Role.COMMUNITY_SECRETARY, level="community")

    def read() -> tuple[int, list[str]]:
        with counted(app) as statements:
            answer = reader.get(path)
        assert answer.status_code == 200, answer.text
        return rows_of(answer), shapes(statements)

    add(cast, FEW)
    few_rows, few = read()
    add(cast, MANY - FEW)
    many_rows, many = read()
    assert many_rows - few_rows == MANY - FEW
    assert many == few
    assert len(many) <= 6, many


def test_session_costs_as_much_for_30_matters_and_voters_as_for_3(cast: Cast, app: Flask):
    """The session itself, its roll and turnout, what closing reads, and the result."""
    costs = []
    for count in (FEW, MANY):
        _, compound = cast.other_community()
        secretary = cast.secretary(compound)
        voters = [cast.resident(compound) for _ in range(count)]
        path = f"/sessions/{cast.session(secretary, compound)['id']}"
        secretary.post(f"{path}/start-collecting")
        matters = [listed(secretary, voters[0], compound) for _ in range(count)]
        secretary.post(f"{path}/freeze-list")
        opened = secretary.post(f"{path}/open-voting").json
        assert (len(opened["matters"]), opened["turnout"]["roll"]) == (count, count)
        while_open = [cost(app, secretary, path + tail) for tail in ("", "/roll", "/turnout")]
        for voter in voters[: count // 2 + 1]:
            voter.put(f"{path}/ballot", ballot(*matters[:3]))
        with counted(app) as closing:
            assert secretary.post(f"{path}/close-voting").json["state"] == "TALLIED"
        reads = [each for each in shapes(closing) if each.startswith("SELECT")]
        costs.append([while_open, reads, cost(app, secretary, f"{path}/result")])
    assert costs[0] == costs[1]


def cost(app: Flask, reader: Person, path: str) -> list[str]:
    """What reading an address costs."""
    with counted(app) as statements:
        assert reader.get(path).status_code == 200
    return shapes(statements)


def listed(secretary: Person, raiser: Person, compound: Place) -> str:
    body = {"title": "夜间停车难", "body": "说明", "category": "PARKING"}
    matter: str = raiser.post(f"/compounds/{compound.id}/matters", body).json["id"]
    assert secretary.post(f"/matters/{matter}/screen", {"outcome": "LISTED"}).status_code == 200
    return matter


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/board/{kind}/{place}/feed.json",
        "/api/v1/board/{kind}/{place}/feed.atom",
        "/board/{kind}/{place}",
    ],
)
def test_board_costs_as_much_for_a_full_page_as_for_3_notices(
    cast: Cast, app: Flask, client: FlaskClient, address: str
):
    path = address.format(kind="communities", place=cast.community.id)
    post_notices(cast, FEW)
    with counted(app) as few:
        assert client.get(path).status_code == 200
    for compound in (cast.neighbour, cast.third):
        post_notices(cast, MANY, compound)
    with counted(app) as many:
        assert client.get(path).status_code == 200
    assert shapes(many) == shapes(few)
    assert len(many) <= 6, many


def test_me_costs_as_much_for_30_residences_as_for_3(cast: Cast, app: Flask):
    person = cast.visitor()

    def claim(count: int) -> None:
        for _ in range(count):
            unit = uuid4().hex[:12]
            cast.unit(cast.home, unit)
            body = {
                "compound_id": str(cast.home.id),
                "building": "3栋",
                "entrance": "2单元",
                "unit": unit,
                "relation": "family",
            }
            assert person.post("/residences", body).status_code == 201

    claim(FEW)
    few = cost(app, person, "/me")
    claim(MANY - FEW)
    assert cost(app, person, "/me") == few


# What each statement of a cast is for.
BEFORE_WRITING = [
    "SELECT residents",  # who asks: the resident of the token, unless revoked, and the offices
    "SELECT agenda_sessions",  # is a move of the session due? with its compound
    "SELECT agenda_sessions",  # the state again, under the lock, with the database's clock
    "SELECT roll_entries",  # on the roll; held, so that a voter's casts come one after the other
    "SELECT agenda_items",  # the frozen list
    "SELECT ballot_commitments",  # the same cast again?
    "SELECT ballots",  # the version that it replaces
]
FIRST = {
    "sqlite": [
        "UPDATE roll_entries",  # takes part, if everything is in order
        "INSERT ballots",
        "INSERT ballot_marks",
        "INSERT ballot_commitments",
    ],
    "postgresql": ["WITH gate"],  # the same in one
}
REPLACEMENT = [
    "UPDATE ballots",
    "DELETE ballot_marks",
    "INSERT ballot_marks",
    "INSERT ballot_commitments",
]


def test_one_cast_costs_a_handful_of_statements(cast: Cast, app: Flask, engine_name: str):
    voter = cast.resident()
    session, matters = cast.open_session(cast.secretary(), voter)
    path = f"/sessions/{session['id']}/ballot"
    # The list is frozen, so the process reads it once.
    assert cast.resident().put(path, ballot(*matters)).status_code == 200
    with counted(app) as first:
        assert voter.put(path, ballot(*matters)).status_code == 200
    with counted(app) as replacement:
        assert voter.put(path, ballot(*matters[::-1])).json["version"] == 2
    turned_away = FIRST[engine_name][:1]
    before = list(BEFORE_WRITING)
    if engine_name == "postgresql":
        before.insert(2, "SELECT pg_advisory_xact_lock_shared")
    assert shapes(first) == FIRST[engine_name]
    assert shapes(replacement) == turned_away + before + REPLACEMENT


def test_casts_are_planned_once_and_look_ballots_up_by_their_key(
    cast: Cast, app: Flask, engine_name: str
):
    if engine_name == "sqlite":  # keeps no such statistics
        return
    voters = [cast.resident() for _ in range(20)]
    session, matters = cast.open_session(cast.secretary(), voters[0])
    path = f"/sessions/{session['id']}/ballot"
    early, others = voters[:3], voters[3:]
    with app.app_context(), db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        # As after the last vote was sealed: PostgreSQL takes the table for an empty one.
        connection.execute(text("VACUUM ANALYZE ballots"))
    for voter in early:
        assert voter.put(path, ballot(*matters)).status_code == 200
    with app.app_context():
        db.engine.dispose()  # from now on one connection, which plans all of it anew
    before = reads_of_ballots(app)
    for voter in early:  # what goes to the full cast comes first
        assert voter.put(path, ballot(*matters[::-1])).json["version"] == 2
    for voter in others:
        assert voter.put(path, ballot(*matters)).status_code == 200
    with app.app_context(), db.engine.connect() as connection:
        plans = text(
            "SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE 'WITH gate%'"
        )
        assert connection.scalar(plans) >= 5
    assert reads_of_ballots(app) == before


def reads_of_ballots(app: Flask) -> tuple[int, int]:
    """How often PostgreSQL has read all ballots, and by the index that keeps nonces apart."""
    with app.app_context(), db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
        whole = text("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'ballots'")
        by_nonce = text(
            "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'uq_ballots_nonce_once'"
        )
        return connection.scalar(whole), connection.scalar(by_nonce)
