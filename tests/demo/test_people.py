"""The demo's data: what the worked example needs, once."""

from collections import Counter
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.agenda.roll import eligible_voters
from app.agenda.rotation import host_order
from app.compounds.models import Building, Community, Compound, Entrance, Unit
from app.config import Settings, UnsafeSettings
from app.kit import clock
from app.kit.extensions import db
from app.people.models import Resident
from tests.demo.people import COMPOUNDS, HOME, load_demo, openid, personas
from tests.votes.worked_example import ROLL


def test_register_is_that_of_the_worked_example(app: Flask, rows: Session):
    home = load_demo(app).compound_id
    counts = [
        rows.scalar(select(func.count()).select_from(kind).where(kind.compound_id == home))
        for kind in (Building, Entrance, Unit)
    ]
    assert counts == [6, 14, 412]
    areas = rows.scalars(
        select(Unit.area_centi_m2)
        .join(Entrance)
        .join(Building)
        .where(Unit.compound_id == home, Building.name == "3栋", Entrance.name == "2单元")
    )
    assert Counter(areas) == {8850: 8, 9550: 8}


def test_second_load_changes_nothing(app: Flask, rows: Session):
    first = load_demo(app)
    tables = db.metadata.sorted_tables
    before = [rows.scalar(select(func.count()).select_from(table)) for table in tables]
    rows.rollback()
    assert load_demo(app) == first
    assert before == [rows.scalar(select(func.count()).select_from(table)) for table in tables]


def test_whoever_may_vote_is_on_the_roll(app: Flask, rows: Session):
    compound = rows.get_one(Compound, load_demo(app).compound_id)
    may_vote = eligible_voters(compound, clock.local_date(clock.now()))
    openids = rows.scalars(select(Resident.openid).where(Resident.id.in_(may_vote)))
    assert set(openids) == {openid(f"V{number:02d}") for number in range(1, ROLL + 1)}


def test_home_is_first_to_host(app: Flask, rows: Session):
    community = rows.get_one(Community, load_demo(app).community_id)
    order = [place.compound_id for place in host_order(rows, community)]
    names = [rows.get_one(Compound, compound_id).name for compound_id in order]
    assert names == list(COMPOUNDS)
    assert names[0] == HOME


def test_roles_of_the_personas():
    roles = Counter(persona["role"] for persona in personas().values())
    assert roles == {
        "BRANCH_SECRETARY": 1,
        "OC_DIRECTOR": 1,
        "BUILDING_HEAD": 4,
        "RESIDENT_REP": 14,
        "SEATED_MEMBER": 2,
        "DEPARTMENT": 1,
        "RESIDENT": 4,  # two tenants, the minor, the neighbour
        "GRID_WORKER": 1,
        "PROPERTY_MANAGER": 1,
        "COMMUNITY_SECRETARY": 1,
        "SUBDISTRICT_OFFICER": 1,
        "AUDITOR": 1,
        "VISITOR": 1,
    }


def test_production_gets_no_demo_data(
    app: Flask, rows: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(app.extensions, "settings", replace(settings, production=True))
    with pytest.raises(UnsafeSettings):
        load_demo(app)
    assert rows.scalars(select(Resident)).all() == []
