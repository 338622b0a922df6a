"""Logging in with a code of `wx.login`, over a real socket to WeChat's stand-in."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.people.models import RefreshToken, Resident, TokenFamily
from tests.cast import stored
from tests.checks import refusal, refused_fields
from tests.wechat_standin import Control

LOGIN = "/sns/jscode2session"


def log_in(client: FlaskClient, code: str, **more: object) -> TestResponse:
    return client.post("/api/v1/auth/wechat", json={"code": code, **more})


def everyone(app: Flask) -> list[Resident]:
    people: list[Resident] = stored(app, select(Resident))
    return people


def test_log_in_makes_a_resident_with_tokens(client: FlaskClient, wechat: Control, rows: Session):
    openid = wechat.user(unionid="u-531")
    answer = log_in(client, wechat.code(openid))
    assert answer.status_code == 200, answer.text
    assert set(answer.json) == {"access_token", "refresh_token", "expires_in", "resident"}
    assert answer.json["expires_in"] == 15 * 60
    assert set(answer.json["resident"]) == {"id", "masked_name"}

    (resident,) = rows.scalars(select(Resident))
    assert str(resident.id) == answer.json["resident"]["id"]
    assert (resident.openid, resident.unionid) == (openid, "u-531")
    assert (resident.name, resident.birth_date) == (None, None)
    (family,) = rows.scalars(select(TokenFamily))
    assert (family.resident_id, family.revoked_at) == (resident.id, None)
    assert rows.scalars(select(RefreshToken.family_id)).all() == [family.id]

    token = answer.json["access_token"]
    me = client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json["id"] == str(resident.id)


def test_log_in_tells_neither_openid_nor_unionid(client: FlaskClient, wechat: Control):
    openid = wechat.user(unionid="u-531")
    answer = log_in(client, wechat.code(openid))
    assert openid not in answer.text
    assert "u-531" not in answer.text


def test_log_in_again_is_the_same_resident(app: Flask, client: FlaskClient, wechat: Control):
    openid = wechat.user()
    first, second = (log_in(client, wechat.code(openid)).json for _ in range(2))
    assert first["resident"] == second["resident"]
    assert first["refresh_token"] != second["refresh_token"]
    assert len(everyone(app)) == 1
    assert len(stored(app, select(TokenFamily))) == 2


def test_log_in_with_a_used_code_is_refused(app: Flask, client: FlaskClient, wechat: Control):
    code = wechat.code(wechat.user())
    assert log_in(client, code).status_code == 200
    assert refusal(log_in(client, code)) == (401, "login_code_invalid")
    assert len(stored(app, select(TokenFamily))) == 1


def test_log_in_with_a_code_of_another_app_is_refused(
    app: Flask, client: FlaskClient, wechat: Control
):
    wechat.app("wx-another-program", secret="theirs")
    code = wechat.code(wechat.user(), appid="wx-another-program")
    assert refusal(log_in(client, code)) == (401, "login_code_invalid")
    assert everyone(app) == []


def test_log_in_with_an_expired_code_is_refused(app: Flask, client: FlaskClient, wechat: Control):
    code = wechat.code(wechat.user())
    wechat.advance(301)
    assert refusal(log_in(client, code)) == (401, "login_code_invalid")
    assert everyone(app) == []


def test_log_in_of_a_blocked_user_is_refused(app: Flask, client: FlaskClient, wechat: Control):
    code = wechat.code(wechat.user(blocked=True))
    assert refusal(log_in(client, code)) == (403, "login_blocked")
    assert everyone(app) == []


@pytest.mark.parametrize("field", ["openid", "unionid", "resident_id"])
def test_log_in_takes_no_identity_from_the_body(
    app: Flask, client: FlaskClient, wechat: Control, field: str
):
    openid = wechat.user()
    answer = log_in(client, wechat.code(openid), **{field: openid})
    assert refused_fields(answer) == [field]
    assert everyone(app) == []
    assert wechat.calls() == []  # the code is not spent on it


def test_unionid_that_comes_later_is_filled_in_and_stays(
    app: Flask, client: FlaskClient, wechat: Control
):
    openid = wechat.user()
    seen = []
    for unionid in (None, "u-531", None):
        wechat.user(openid=openid, unionid=unionid)
        assert log_in(client, wechat.code(openid)).status_code == 200
        seen.append([resident.unionid for resident in everyone(app)])
    assert seen == [[None], ["u-531"], ["u-531"]]


@pytest.mark.parametrize(
    ("fault", "status", "code", "retry_after"),
    [
        ({"http": 502}, 503, "wechat_unavailable", "5"),
        ({"errcode": 45011}, 429, "wechat_busy", "60"),
        ({"errcode": 40125}, 503, "wechat_misconfigured", None),
    ],
)
def test_log_in_while_wechat_fails_leaves_nothing(
    app: Flask,
    client: FlaskClient,
    wechat: Control,
    fault: dict[str, int],
    status: int,
    code: str,
    retry_after: str | None,
):
    wechat.fault(LOGIN, fault, times="always")
    answer = log_in(client, wechat.code(wechat.user()))
    assert refusal(answer) == (status, code)
    assert answer.headers.get("Retry-After") == retry_after
    assert everyone(app) == []


def test_log_in_after_a_lost_answer_needs_a_fresh_code(
    app: Flask, client: FlaskClient, wechat: Control
):
    openid = wechat.user()
    wechat.fault(LOGIN, "lost_reply")
    code = wechat.code(openid)
    assert refusal(log_in(client, code))[0] in (401, 503)
    assert refusal(log_in(client, code)) == (401, "login_code_invalid")
    assert log_in(client, wechat.code(openid)).status_code == 200
    assert [resident.openid for resident in everyone(app)] == [openid]
