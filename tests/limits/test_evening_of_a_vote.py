"""A whole compound behind one address on the evening of a vote, and guessers in the midst of it."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import insert

from app.kit.clock import now
from app.kit.extensions import db
from app.kit.orm import new_id, table_of
from app.kit.web.api import PREFIX
from app.people.models import Relation, Residence, ResidenceState, Resident
from tests.cast import Cast, ballot
from tests.limits.conftest import Start
from tests.redis_server import redis_server
from tests.wechat_standin import StandIn
from tests.wechat_standin.remote import Control

HOME = {"X-Forwarded-For": "198.51.100.23"}
# 2,000 of the 3,000 that the limits are made for take a minute; 200 of 300 are the same case.
VOTERS, ALLOWED = 200, 300
A_GUESS_EVERY = 5


def inhabit(app: Flask, cast: Cast, openids: list[str]) -> None:
    """Verified residents of 香樟苑 who have not signed in yet."""
    unit, at = cast.unit(cast.home, "101"), now()
    people: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "openid": openid,
            "name": "居民",
            "birth_date": date(1980, 5, 17),
            "joined_at": at,
        }
        for openid in openids
    ]
    residences = [
        {
            "id": new_id(),
            "resident_id": each["id"],
            "compound_id": cast.home.id,
            "unit_id": unit,
            "relation": Relation.TENANT,
            "state": ResidenceState.VERIFIED,
            "claimed_at": at,
            "decided_at": at,
        }
        for each in people
    ]
    with app.app_context():
        db.session.execute(insert(table_of(Resident)), people)
        db.session.execute(insert(table_of(Residence)), residences)
        db.session.commit()


class Evening:
    """Phones behind one address, and how they were answered."""

    def __init__(self, app: Flask, wechat: Control, path: str, matters: list[str]) -> None:
        self._client, self._wechat = app.test_client(), wechat
        self._path, self._body = path, ballot(*matters)
        self.answers: Counter[tuple[str, int]] = Counter()

    def call(self, what: str, method: str, path: str, token: str = "", **more: Any) -> Any:
        headers = HOME | ({"Authorization": f"Bearer {token}"} if token else {})
        answer = self._client.open(f"{PREFIX}{path}", method=method, headers=headers, **more)
        self.answers[what, answer.status_code] += 1
        return answer

    def vote(self, openid: str) -> None:
        """Sign in, look, cast, see the turnout."""
        body = {"code": self._wechat.code(openid)}
        token = self.call("sign in", "POST", "/auth/wechat", json=body).json["access_token"]
        self.call("look", "GET", self._path, token)
        self.call("cast", "PUT", f"{self._path}/ballot", token, json=self._body)
        self.call("turnout", "GET", f"{self._path}/turnout", token)

    def guess(self, number: int, token: str) -> None:
        """Try a code of WeChat's, a unit, and a code of the round table."""
        self.call("guess code", "POST", "/auth/wechat", json={"code": "one and the same"})
        unit = {"building": "3栋", "entrance": "2单元", "unit": f"{number}", "relation": "tenant"}
        claim = {"compound_id": str(new_id()), **unit}
        self.call("guess unit", "POST", "/residences", token, json=claim)
        self.call("guess", "POST", f"{self._path}/attendance", token, json={"code": f"{number}"})


def test_nobody_is_refused_but_who_guesses(
    start: Start, standin: StandIn, tmp_path: Path, engine_name: str
):
    if engine_name != "sqlite":  # limits know no engine, and this takes seconds
        return
    standin.control.reset()
    with redis_server(tmp_path / "limits") as storage:
        app = start(rate_limit_url=storage.url, people_behind_one_address=ALLOWED)
        cast = Cast(app)
        openids = [standin.control.user() for _ in range(VOTERS)]
        inhabit(app, cast, openids)
        session, matters = cast.open_session(cast.secretary(), cast.resident())
        evening = Evening(app, standin.control, f"/sessions/{session['id']}", matters)
        guesser = cast.resident().token
        for number, openid in enumerate(openids):
            evening.vote(openid)
            if number % A_GUESS_EVERY == 0:
                evening.guess(number, guesser)
    answers, guesses = evening.answers, VOTERS // A_GUESS_EVERY
    for what in ("sign in", "look", "cast", "turnout"):
        assert answers[what, 200] == VOTERS, answers
    assert answers["guess unit", 404] == 20
    assert answers["guess unit", 429] == guesses - 20
    assert answers["guess", 409] == 10
    assert answers["guess", 429] == guesses - 10
    assert answers["guess code", 429] > 0


def test_address_that_signs_in_without_end_is_refused(start: Start, standin: StandIn):
    """Two sign-ins for each person that may be there; who is signed in goes on."""
    standin.control.reset()
    app = start(people_behind_one_address=10)
    cast = Cast(app)
    evening = Evening(app, standin.control, "/me", [])
    for number in range(22):
        evening.call("sign in", "POST", "/auth/wechat", json={"code": f"wrong {number}"})
    refused = evening.answers["sign in", 429]
    assert evening.answers["sign in", 422] + evening.answers["sign in", 401] == 20, evening.answers
    assert refused == 2
    assert evening.call("look", "GET", "/me", cast.resident().token).status_code == 200
    elsewhere = {"X-Forwarded-For": "198.51.100.24"}
    body = {"code": standin.control.code(standin.control.user())}
    client = app.test_client()
    answer = client.post(f"{PREFIX}/auth/wechat", json=body, headers=elsewhere)
    assert answer.status_code == 200
