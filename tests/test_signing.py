"""Each purpose has a key of its own, and a change of SECRET_KEY may overlap.

The table is purpose x purpose over HTTP: what an operation takes is given to it again and again,
to the letter, and only the key that signed it differs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer
from sqlalchemy import select

from app.attachments.models import Attachment
from app.config import Settings
from app.kit.extensions import db
from app.kit.web.api import PREFIX
from app.people.models import Resident
from app.people.tokens import start_family
from app.signing import Purpose, SigningKeys
from tests.cast import Cast, Person
from tests.deliberation.steps import RoundTable
from tests.operations import published_photo

NEW = "the next secret, also of more than thirty-two bytes"


@dataclass(frozen=True)
class Taker:
    """An operation that takes something signed: how a key signs it, and whether it is taken."""

    sign: Callable[[SigningKeys, Purpose], str]
    is_taken: Callable[[str], bool]


def token(keys: SigningKeys, purpose: Purpose, claims: Mapping[str, Any]) -> str:
    key = keys.current(purpose)
    return jwt.encode(dict(claims), key.value, "HS256", headers={"kid": key.id})


@pytest.fixture
def takers(app: Flask, cast: Cast, client: FlaskClient) -> dict[Purpose, Taker]:
    table = RoundTable(cast, ["停车"]).start()
    secretary, voter = table.secretary, table.voters[0]
    for _ in range(2):
        table.card()
    cards = f"{PREFIX}{table.path}/cards"
    photo = hidden_photo(cast, secretary, table.path)
    page = secretary.get(f"{table.path}/cards", query_string={"limit": 1}).json
    with app.app_context():
        place = (
            app.extensions["signing"].serializer(Purpose.CURSOR, cards).loads(page["next_cursor"])
        )

    anew = cast.logged_in_anew  # an earlier token need not count any more

    def refresh(text: str) -> bool:
        answer = client.post(f"{PREFIX}/auth/refresh", json={"refresh_token": text})
        return answer.status_code == 200

    def claims_of_refresh() -> dict[str, Any]:
        """Of a refresh token that nobody has used."""
        with app.app_context():
            resident = db.session.get_one(Resident, voter.id)
            pair = start_family(db.session(), resident, datetime.now(UTC))
            db.session.commit()
        return jwt.decode(pair.refresh_token, options={"verify_signature": False})

    access = jwt.decode(voter.token, options={"verify_signature": False})
    return {
        Purpose.ACCESS_TOKEN: Taker(
            lambda keys, purpose: token(keys, purpose, access),
            lambda text: (
                client.get(f"{PREFIX}/me", headers={"Authorization": f"Bearer {text}"}).status_code
                == 200
            ),
        ),
        Purpose.REFRESH_TOKEN: Taker(
            lambda keys, purpose: token(keys, purpose, claims_of_refresh()), refresh
        ),
        Purpose.CURSOR: Taker(
            lambda keys, purpose: str(keys.serializer(purpose, cards).dumps(place)),
            lambda text: (
                anew(secretary)
                .get(f"{table.path}/cards", query_string={"cursor": text})
                .status_code
                == 200
            ),
        ),
        Purpose.ATTACHMENT_LINK: Taker(
            lambda keys, purpose: str(
                keys.serializer(purpose).dumps([UUID(photo).hex, 4_000_000_000])
            ),
            lambda text: (
                client.get(
                    f"{PREFIX}/attachments/{photo}/content", query_string={"signature": text}
                ).status_code
                == 200
            ),
        ),
        Purpose.ATTENDANCE_CODE: Taker(
            lambda keys, purpose: str(
                keys.timed_serializer(purpose).dumps(table.id.replace("-", ""))
            ),
            lambda text: (
                anew(voter).post(f"{table.path}/attendance", {"code": text}).status_code == 200
            ),
        ),
    }


def hidden_photo(cast: Cast, clerk: Person, path: str) -> str:
    """The id of a photo that is shown by signed link only."""
    photo = published_photo(cast, cast.home, clerk, f"{path}/remarks")
    with cast.app.app_context():
        row = db.session.scalars(select(Attachment)).one()
        assert str(row.id) == photo
        row.is_public = False
        db.session.commit()
    return photo


def test_what_is_signed_for_one_purpose_is_refused_for_all_others(
    app: Flask, takers: dict[Purpose, Taker]
):
    keys: SigningKeys = app.extensions["signing"]
    table = {
        (signed_for, asked_for): taker.is_taken(taker.sign(keys, signed_for))
        for asked_for, taker in takers.items()
        for signed_for in Purpose
    }
    assert {pair for pair, is_taken in table.items() if is_taken} == {(p, p) for p in takers}
    # what signs without being taken by anybody: names under which askers are counted
    assert set(Purpose) - set(takers) == {Purpose.LIMITED_ASKER}


def test_rotation_table(
    settings: Settings,
    app: Flask,
    takers: dict[Purpose, Taker],
    monkeypatch: pytest.MonkeyPatch,
):
    """An earlier secret is good as long as it is named, and signs nothing any more."""
    old, new = SigningKeys(settings.secret_key), SigningKeys(NEW)
    third = SigningKeys("a third secret of more than thirty-two bytes, of nobody")
    both = SigningKeys(NEW, ["one before, of more than thirty-two bytes", settings.secret_key])
    for installed, good in ((old, [old]), (both, [old, new, both]), (new, [new, both])):
        monkeypatch.setitem(app.extensions, "signing", installed)
        for purpose, taker in takers.items():
            taken = [k for k in (old, new, both, third) if taker.is_taken(taker.sign(k, purpose))]
            assert taken == good, purpose


def test_nothing_is_signed_by_the_secret_itself(
    app: Flask, settings: Settings, takers: dict[Purpose, Taker]
):
    bare = settings.secret_key.encode()
    access = jwt.decode(
        takers[Purpose.ACCESS_TOKEN].sign(app.extensions["signing"], Purpose.ACCESS_TOKEN),
        options={"verify_signature": False},
    )
    old_fashioned = {
        Purpose.ACCESS_TOKEN: jwt.encode(access, bare, "HS256"),
        Purpose.ATTACHMENT_LINK: URLSafeSerializer(bare, salt="attachment").dumps(["x", 4e9]),
        Purpose.ATTENDANCE_CODE: URLSafeTimedSerializer(bare, salt="attendance").dumps("x"),
    }
    for purpose, text in old_fashioned.items():
        assert not takers[purpose].is_taken(str(text))
    assert settings.secret_key not in map(str, app.config.values())


def test_keys_are_independent_and_ids_tell_nothing():
    keys = SigningKeys("a secret of more than thirty-two bytes, indeed")
    found = [keys.current(purpose) for purpose in Purpose]
    assert len({key.value for key in found}) == len({key.id for key in found}) == len(Purpose)
    for key in found:
        assert len(key.value) == 32
        assert bytes.fromhex(key.id) not in key.value
        assert key.value.hex() not in repr(key)
        assert repr(key.value) not in repr(key)


def test_same_secret_gives_the_same_keys_on_every_host():
    """A change of label or method would sign everybody out: these are values of HKDF-SHA256."""
    first, second = SigningKeys("k" * 32), SigningKeys("k" * 32)
    assert first.current(Purpose.CURSOR) == second.current(Purpose.CURSOR)
    assert first.current(Purpose.ACCESS_TOKEN).id == ACCESS_ID
    assert first.current(Purpose.ACCESS_TOKEN).value.hex() == ACCESS_KEY


# RFC 5869 worked by hand: HMAC(zeros, secret), then HMAC of that over label and 0x01.
ACCESS_ID = "a5e07c44126a9239"
ACCESS_KEY = "89e9e6e91f651ad8cd93d63617d4abe7ba583cf5abfe6a2dcd3491b22a99a7b5"
