"""A token's signature is checked once in a process; its time and its login are asked each time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from app.config import Settings
from app.kit.remembered import Remembered
from app.people import bearer
from app.people.bearer import Bearer, read_bearer
from app.signing import SigningKeys
from tests.cast import Cast, Person


def named_by(app: Flask, token: str) -> Bearer | None:
    with app.test_request_context(headers={"Authorization": f"Bearer {token}"}):
        return read_bearer()


@pytest.fixture
def person(cast: Cast, app: Flask) -> Person:
    """Somebody whose token this process has seen."""
    person = cast.visitor()
    first, second = (named_by(app, person.token) for _ in range(2))
    assert first is not None
    assert first.resident_id == person.id
    assert second == first
    return person


def test_known_token_ends_with_its_time(
    app: Flask, person: Person, travel: Callable[[datetime], None]
):
    begun = datetime.now(UTC)
    travel(begun + timedelta(minutes=14))
    assert named_by(app, person.token) is not None
    travel(begun + timedelta(minutes=15))
    assert named_by(app, person.token) is None


def test_known_token_does_not_count_before_its_time(
    app: Flask, person: Person, travel: Callable[[datetime], None]
):
    travel(datetime.now(UTC) - timedelta(minutes=1))
    assert named_by(app, person.token) is None


def test_known_token_does_not_count_under_another_key(
    app: Flask, person: Person, monkeypatch: pytest.MonkeyPatch
):
    other = SigningKeys("another secret of more than thirty-two bytes")
    monkeypatch.setitem(app.extensions, "signing", other)
    assert named_by(app, person.token) is None


def test_known_token_counts_as_long_as_its_key_does(
    app: Flask, settings: Settings, person: Person, monkeypatch: pytest.MonkeyPatch
):
    """After a rotation, while the earlier secret is still named and once it no longer is."""
    new = "another secret of more than thirty-two bytes"
    monkeypatch.setitem(app.extensions, "signing", SigningKeys(new, [settings.secret_key]))
    assert all(named_by(app, person.token) is not None for _ in range(2))
    monkeypatch.setitem(app.extensions, "signing", SigningKeys(new))
    assert named_by(app, person.token) is None


def test_process_remembers_no_token(person: Person):
    remembered = repr(vars(bearer._good_tokens))
    assert str(person.id) in remembered
    assert not [part for part in person.token.split(".") if part in remembered]


def test_neighbour_of_a_known_token_does_not_count(app: Flask, person: Person):
    head, claims, signature = person.token.split(".")
    other = ("B" if signature[0] == "A" else "A") + signature[1:]
    for token in (f"{head}.{claims}.{other}", f"{head}.{claims}.", f"{head}.{claims}", " "):
        assert named_by(app, token) is None


def test_process_remembers_only_so_many(
    cast: Cast, app: Flask, person: Person, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bearer, "_good_tokens", Remembered(2))
    for token in (person.token, *(cast.visitor().token for _ in range(5)), person.token):
        assert named_by(app, token) is not None
        assert len(bearer._good_tokens) <= 2
