"""Correcting and withdrawing notices in the open: what was published stays findable."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.board.models import PublicNotice
from app.kit.clock import spoken
from tests.board.json_feed_schema import problems
from tests.board.steps import announce, read_feed, whole_session
from tests.cast import Cast, Person
from tests.checks import Move, moves_of, refusal

NOTE = "圆桌会地点改为社区会议室。"
REASON = "发布到了错误的小区。"


@pytest.fixture
def secretary(cast: Cast) -> Person:
    return cast.secretary()


@pytest.fixture
def notice(cast: Cast, secretary: Person) -> str:
    return announce(cast, secretary)


def only_item(client: FlaskClient, cast: Cast) -> dict[str, Any]:
    feed = read_feed(client, cast.home)
    assert problems(feed) == []
    (item,) = feed["items"]
    found: dict[str, Any] = item
    return found


def test_correct_keeps_id_and_text_and_raises_the_revision(
    cast: Cast,
    client: FlaskClient,
    rows: Session,
    secretary: Person,
    notice: str,
    travel: Callable[[datetime], None],
):
    before = only_item(client, cast)
    travel(datetime.now(UTC) + timedelta(minutes=5))
    answer = secretary.post(f"/notices/{notice}/correct", {"note": NOTE})
    assert (answer.status_code, answer.json["revision"]) == (200, 2)
    after = only_item(client, cast)
    assert after["id"] == before["id"]
    assert after["title"] == before["title"]
    at = spoken(rows.get_one(PublicNotice, UUID(notice)).modified_at)
    assert after["content_text"] == f"{before['content_text']}\n\n更正（{at}）：{NOTE}"
    en = before["_yueyuetan"].pop("en")
    assert after["_yueyuetan"].pop("en") == {
        **en,
        "content_text": f"{en['content_text']}\n\nCorrected at {at}: {NOTE}",
    }
    assert after["date_published"] == before["date_published"]
    assert after["date_modified"] > before["date_modified"]
    assert after["_yueyuetan"] == {**before["_yueyuetan"], "revision": 2}
    assert rows.get_one(PublicNotice, UUID(notice)).revision == 2


def test_correct_again_adds_to_it(cast: Cast, client: FlaskClient, secretary: Person, notice: str):
    for note in ("一", "二"):
        secretary.post(f"/notices/{notice}/correct", {"note": note})
    item = only_item(client, cast)
    corrections = r"\n\n更正（[-\d]+ [:\d]+）：一\n\n更正（[-\d]+ [:\d]+）：二$"
    assert re.search(corrections, item["content_text"])
    assert item["_yueyuetan"]["revision"] == 3


def test_withdraw_leaves_a_short_item_that_says_so(
    cast: Cast,
    client: FlaskClient,
    rows: Session,
    secretary: Person,
    notice: str,
    travel: Callable[[datetime], None],
):
    before = only_item(client, cast)
    travel(datetime.now(UTC) + timedelta(minutes=5))
    assert secretary.post(f"/notices/{notice}/withdraw", {"reason": REASON}).status_code == 200
    after = only_item(client, cast)
    assert after["id"] == before["id"]
    assert after["title"] == f"【已撤回】{before['title']}"
    assert "已撤回" in after["content_text"]
    assert REASON in after["content_text"]
    assert "现在开始征集问题" not in after["content_text"]
    assert after["date_modified"] > before["date_modified"]
    assert after["_yueyuetan"]["withdrawn"] is True
    assert after["_yueyuetan"]["data"] == {}
    row = rows.get_one(PublicNotice, UUID(notice))
    assert row.withdrawn_at is not None
    assert row.revision == 2


def test_tally_is_neither_corrected_nor_withdrawn(
    cast: Cast, client: FlaskClient, secretary: Person
):
    whole_session(cast)
    before = read_feed(client, cast.home)["items"][0]
    notice = before["id"].removeprefix("urn:uuid:")
    answer = secretary.post(f"/notices/{notice}/withdraw", {"reason": REASON})
    assert refusal(answer) == (409, "result_is_final")
    answer = secretary.post(f"/notices/{notice}/correct", {"note": NOTE})
    assert refusal(answer) == (409, "result_is_final")
    assert read_feed(client, cast.home)["items"][0] == before


def test_notices_of_a_list_and_a_vote_are_not_withdrawn(
    cast: Cast, client: FlaskClient, secretary: Person
):
    cast.open_session(secretary, cast.resident())
    before = read_feed(client, cast.home)["items"]
    opened, listed, announced = (item["id"].removeprefix("urn:uuid:") for item in before)
    for notice in (opened, listed):
        answer = secretary.post(f"/notices/{notice}/withdraw", {"reason": REASON})
        assert refusal(answer) == (409, "result_is_final")
    assert read_feed(client, cast.home)["items"] == before
    assert secretary.post(f"/notices/{announced}/withdraw", {"reason": REASON}).status_code == 200


def test_cancellation_stays_on_the_board(cast: Cast, client: FlaskClient, secretary: Person):
    """Without it the invitation would stand as if the session were held."""
    session = cast.session(secretary)
    for step, body in (("start-collecting", None), ("cancel", {"reason": "与防汛值守冲突"})):
        assert secretary.post(f"/sessions/{session['id']}/{step}", body).status_code == 200
    before = read_feed(client, cast.home)["items"]
    cancelled = before[0]["id"].removeprefix("urn:uuid:")
    answer = secretary.post(f"/notices/{cancelled}/withdraw", {"reason": REASON})
    assert refusal(answer) == (409, "result_is_final")
    assert read_feed(client, cast.home)["items"] == before


def test_corrections_are_logged_with_their_words(app: Flask, secretary: Person, notice: str):
    secretary.post(f"/notices/{notice}/correct", {"note": NOTE})
    secretary.post(f"/notices/{notice}/withdraw", {"reason": REASON})
    correction, withdrawal = moves_of(app, notice)
    assert correction == Move("correct", None, None, secretary.id, NOTE)
    assert withdrawal.reason is not None
    # What the board no longer shows stays in the log.
    assert withdrawal.reason.startswith(f"{REASON}\n\n现在开始征集问题")
