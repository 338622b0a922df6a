"""The register of what the clock moves: every address that names something asks for all that is due
in its compound, and what cannot be moved stops nothing."""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic, perf_counter
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import make_url, select, true
from sqlalchemy.orm import Session

from app.compounds.models import Community, Compound
from app.config import Settings
from app.following import DUE, HOMES, TERMS
from app.kit import due, locks
from app.kit.due import Due, Register
from app.kit.extensions import db
from app.kit.remembered import Remembered
from app.matters.models import Matter
from app.people.models import Residence
from app.rating_lists.models import RatingList
from tests.cast import Cast
from tests.operations import furnish

# Ids that name nothing which follows the clock, and what is no id of a thing.
NAMES_NOTHING = {
    "attachment_id": "a file stays as it was uploaded",
    "import_id": "so does a register that was taken in",
    "hours_id": "hours are only ever added",
    "flag_id": "comes with the version that it marks",
    "message_id": "one's own; the inbox asks for one's compound by itself",
    "serial": "comes with the session of the slip",
    "place_id": "the kind of place says what it names",
    "kind": "see place_id",
    "kind_of_feed": "a format",
    "filename": "a file of ours",
}
KINDS_OF_PLACE = {"compounds", "communities", "subdistricts"}


def test_every_parameter_of_an_address_names_a_home_or_nothing(app: Flask):
    used = set().union(*(rule.arguments for rule in app.url_map.iter_rules()))
    assert used == (HOMES.keys() - KINDS_OF_PLACE) | NAMES_NOTHING.keys()


def everything(model: type[Any], move: Callable[[Session, Any], None]) -> Due:
    """Every row of a model is due."""
    return Due("everything", model, true(), move)


def inside(name: str) -> Any:
    """Where the compounds lie that an address of this kind is about."""
    if name.startswith("communit") or name == "list_id":
        return Compound.community_id
    return Community.subdistrict_id if name.startswith("subdistrict") else Compound.id


@pytest.mark.parametrize("model", [Residence, RatingList])
def test_whatever_an_address_names_its_whole_compound_is_asked_for(cast: Cast, model: type[Any]):
    ids = furnish(cast, cast.home, cast.community)
    community, compound = cast.other_community()
    furnish(cast, compound, community)
    ids |= {"compounds": cast.home.id, "communities": cast.community.id}
    ids |= {"subdistricts": cast.subdistrict.id}
    moved: list[UUID] = []

    def collect(session: Session, thing: Any) -> None:
        moved.append(thing.id)
        thing.is_logged = True

    register = Register([everything(model, collect)], HOMES, Compound)
    own = Compound.id if model is Residence else Compound.community_id
    lies_in = model.compound_id if model is Residence else model.community_id
    with cast.app.app_context():
        session = db.session()
        for name in HOMES:
            home = session.scalar(
                select(inside(name))
                .select_from(Compound)
                .join(Community)
                .where(Compound.id == cast.home.id)
            )
            places = select(own).select_from(Compound).join(Community).where(inside(name) == home)
            expected = session.scalars(select(model.id).where(lies_in.in_(places))).all()
            address = {name: ids[name]} if name not in KINDS_OF_PLACE else named(name, ids)
            register.follow(session, {key: as_id(value) for key, value in address.items()})
            assert sorted(moved) == sorted(expected) != [], name
            moved.clear()


def named(kind: str, ids: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "place_id": ids[kind]}


def as_id(value: Any) -> Any:
    return value if value in KINDS_OF_PLACE else UUID(str(value))


@pytest.fixture
def three(cast: Cast) -> list[UUID]:
    """Three matters of a compound."""
    ids = cast.matters(cast.secretary(), cast.resident(), ("停车", "路灯", "积水"))
    return sorted(map(UUID, ids))


def test_what_fails_is_told_and_passed_over(
    cast: Cast, three: list[UUID], caplog: pytest.LogCaptureFixture
):
    tried: list[UUID] = []

    def rename(session: Session, matter: Matter) -> None:
        tried.append(matter.id)
        matter.title, matter.is_logged = "改", True
        if matter.id == three[1]:
            session.flush()
            raise ZeroDivisionError("a message that may name 王某")

    register = Register(
        [everything(Matter, rename), replace(everything(Matter, rename), name="again")],
        HOMES,
        Compound,
    )
    with cast.app.app_context():
        for _ in range(2):
            register.follow(db.session(), {"matter_id": three[0]})
            db.session.remove()
        titles = {each.id: each.title for each in db.session.scalars(select(Matter))}
    assert [titles[each] for each in three] == ["改", "路灯", "改"]
    assert tried.count(three[1]) == 2  # what failed just now is left alone for a while
    assert tried.count(three[2]) == 4
    told = [each.getMessage() for each in caplog.records if each.levelno == logging.CRITICAL]
    failed = f"{three[1]} cannot be moved: ZeroDivisionError"
    assert told == [f"everything {failed}", f"again {failed}"]


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_nobody_waits_for_who_moves_the_same_thing(
    cast: Cast, three: list[UUID], caplog: pytest.LogCaptureFixture
):
    tried: list[UUID] = []

    def hold(session: Session, matter: Matter) -> None:
        locks.hold_alone(session, matter.id)
        tried.append(matter.id)
        matter.is_logged = True

    register = Register([everything(Matter, hold)], HOMES, Compound)
    with cast.app.app_context(), Session(db.engine) as mover:
        locks.hold_alone(mover, three[1])
        began = perf_counter()
        register.follow(db.session(), {"matter_id": three[0]})
        assert perf_counter() - began < 5
        assert tried == [three[0], three[2]]
        mover.rollback()
        # What was held is left alone for a while, too.
        register.follow(db.session(), {"matter_id": three[0]})
    assert tried[2:] == [three[0], three[2]]
    assert caplog.records == []


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_reader_waits_for_no_writer(
    cast: Cast, settings: Settings, three: list[UUID], caplog: pytest.LogCaptureFixture
):
    """SQLite has one writer; whoever reads meanwhile sees the things as they were."""
    register = Register([everything(Matter, lambda session, matter: None)], HOMES, Compound)
    with cast.app.app_context() as context:
        context.g.only_reads = True
        writer = sqlite3.connect(
            make_url(settings.database_url).database or "", isolation_level=None
        )
        writer.execute("BEGIN IMMEDIATE")
        began = perf_counter()
        register.follow(db.session(), {"matter_id": three[0]})
        assert len(db.session.scalars(select(Matter)).all()) == 3
        assert perf_counter() - began < 5
        db.session.remove()
        writer.close()
    assert caplog.records == []


def test_request_moves_only_a_few(cast: Cast, three: list[UUID], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(due, "MOST_IN_PASSING", 2)
    tried: list[UUID] = []
    register = Register(
        [everything(Matter, lambda session, matter: tried.append(matter.id))], HOMES, Compound
    )
    with cast.app.app_context():
        for _ in range(2):
            register.follow(db.session(), {"matter_id": three[0]})
    assert tried == three  # what did not move is left alone, and so the third had its turn


def test_what_cannot_be_confirmed_is_told_and_passed_over(
    cast: Cast, three: list[UUID], caplog: pytest.LogCaptureFixture
):
    def confirm(session: Session, ids: Sequence[UUID]) -> Sequence[UUID]:
        raise ZeroDivisionError

    tried: list[UUID] = []
    all_of_them = everything(Matter, lambda session, matter: tried.append(matter.id))
    broken = replace(all_of_them, name="broken", confirm=confirm)
    with cast.app.app_context():
        Register([broken, all_of_them], HOMES, Compound).follow(
            db.session(), {"matter_id": three[0]}
        )
    assert tried == three
    (told,) = [record.getMessage() for record in caplog.records]
    assert told == "broken cannot be moved: ZeroDivisionError"


def test_only_what_is_confirmed_moves(cast: Cast, three: list[UUID]):
    tried: list[UUID] = []
    some = replace(
        everything(Matter, lambda session, matter: tried.append(matter.id)),
        confirm=lambda session, ids: [each for each in ids if each != three[0]],
    )
    with cast.app.app_context():
        Register([some], HOMES, Compound).follow(db.session(), {"matter_id": three[0]})
        assert some.find(db.session()) == three[1:]
    assert tried == three[1:]


def test_finaliser_has_words_for_all_that_it_moves():
    for each in TERMS:
        assert each.zh.format(3).count("3") == each.en.format(3).count("3") == 1


def test_names_in_the_log_and_in_figures_are_told_apart():
    names = [each.name for each in DUE]
    assert len(set(names)) == len(names)


def test_what_is_remembered_goes_after_its_time_and_when_it_would_be_too_much():
    remembered: Remembered[str, int] = Remembered(most=2, seconds=60)
    remembered.put("a", 1)
    remembered.put("b", 2, since=monotonic() - 61)
    assert (remembered.get("a"), remembered.get("b"), remembered.get("c")) == (1, None, None)
    remembered.put("c", 3)
    assert (remembered.get("a"), remembered.get("c")) == (None, 3)
    remembered.forget("c")
    assert remembered.get("c") is None
