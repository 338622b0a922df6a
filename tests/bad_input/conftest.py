"""One furnished place for all tests of a module: what is refused leaves no trace in it."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app.kit.extensions import db
from app.people.models import Role
from tests import databases
from tests.cast import Cast, Person
from tests.operations import furnish
from tests.operator_key import pin_silently


@pytest.fixture(scope="module")
def app(application: Flask) -> Iterator[Flask]:
    """The application on a database that is emptied after the module; the key stays pinned."""
    pin_silently(application)
    yield application
    with application.app_context():
        databases.empty(db.engine)


@pytest.fixture(scope="module")
def cast(app: Flask) -> Cast:
    return Cast(app)


@pytest.fixture(scope="module")
def place(cast: Cast) -> dict[str, Any]:
    """The ids of a compound with voting open, under the names that addresses use."""
    return furnish(cast, cast.home, cast.community)


@pytest.fixture(scope="module")
def officer(cast: Cast, place: dict[str, Any]) -> Person:
    """A resident with the offices that all operations together ask for."""
    person = cast.resident(name="李书记")
    cast.appoint(person, Role.BRANCH_SECRETARY)
    cast.appoint(person, Role.COMMUNITY_SECRETARY, level="community")
    cast.appoint(person, Role.SUBDISTRICT_OFFICER, level="subdistrict")
    return person
