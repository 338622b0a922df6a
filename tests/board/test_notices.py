"""Every public move posts its notice by itself, in the commit of the move."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.board.models import NoticeKind, PublicNotice
from tests.board.steps import read_feed, whole_session
from tests.cast import Cast, ballot, stored

TIMES = {
    "voting_opens_at": "2026-03-12T00:00:00+08:00",
    "voting_closes_at": "2026-03-19T00:00:00+08:00",
    "round_table_at": "2026-03-27T19:00:00+08:00",
}


def notices(app: Flask) -> dict[NoticeKind, PublicNotice]:
    found = stored(app, select(PublicNotice).order_by(PublicNotice.id))
    return {notice.kind: notice for notice in found}


def test_each_move_posts_one_notice(cast: Cast, app: Flask, client: FlaskClient):
    session_id = whole_session(cast)
    kinds = stored(app, select(PublicNotice.kind).order_by(PublicNotice.id))
    assert kinds == [
        NoticeKind.SESSION_ANNOUNCED,
        NoticeKind.LIST_FROZEN,
        NoticeKind.VOTING_OPENED,
        NoticeKind.VOTING_EXTENDED,
        NoticeKind.TALLIED,
    ]
    items = read_feed(client, cast.home)["items"]
    assert [item["tags"] for item in items] == [[kind.value] for kind in reversed(kinds)]
    about = {item["_yueyuetan"]["session_id"] for item in items}
    assert about == {session_id}


def test_draft_and_roll_are_not_posted(cast: Cast, app: Flask):
    secretary, voter = cast.secretary(), cast.resident()
    roll = {"roll": [str(voter.id)]}
    session = cast.session(secretary, mode="ROSTER", **roll)
    secretary.put(f"/sessions/{session['id']}/roll", roll)
    assert notices(app) == {}
    secretary.post(f"/sessions/{session['id']}/cancel")
    assert notices(app) == {}


def test_refused_move_posts_nothing(cast: Cast, app: Flask):
    secretary = cast.secretary()
    path = f"/sessions/{cast.session(secretary)['id']}"
    for verb in ("freeze-list", "open-voting", "extend-voting", "close-voting"):
        assert secretary.post(f"{path}/{verb}").status_code == 409
    assert notices(app) == {}


def test_notice_of_a_cancellation_gives_the_reason(cast: Cast, app: Flask):
    secretary = cast.secretary()
    path = f"/sessions/{cast.session(secretary)['id']}"
    secretary.post(f"{path}/start-collecting")
    secretary.post(f"{path}/cancel", {"reason": "与防汛值守冲突"})
    notice = notices(app)[NoticeKind.SESSION_CANCELLED]
    assert "与防汛值守冲突" in notice.text
    assert notice.data["state"] == "CANCELLED"


def march(cast: Cast, travel: Callable[[str], None]) -> dict[NoticeKind, PublicNotice]:
    """The notices of a session from announcement to opening, on the days of the domain notes."""
    travel("2026-03-02T08:00:00+08:00")
    secretary, raiser = cast.secretary(), cast.resident()
    path = f"/sessions/{cast.session(secretary, period='2026-03', **TIMES)['id']}"
    assert secretary.post(f"{path}/start-collecting").status_code == 200
    first, *_ = cast.matters(secretary, raiser, ["夜间停车难", "加装电梯"])
    raiser.put(f"/matters/{first}/endorsement")
    travel("2026-03-11T17:00:00+08:00")
    secretary = cast.logged_in_anew(secretary)
    assert secretary.post(f"{path}/freeze-list").status_code == 200
    travel("2026-03-12T00:00:00+08:00")
    assert cast.logged_in_anew(raiser).get(path).json["state"] == "VOTING"
    return notices(cast.app)


def test_announcement_tells_when_where_and_who(cast: Cast, travel: Callable[[str], None]):
    notice = march(cast, travel)[NoticeKind.SESSION_ANNOUNCED]
    assert notice.title == "香樟苑小区 2026年3月 · 月月谈预告"
    for words in (
        "2026-03-12 00:00 至 2026-03-18 24:00",
        "2026-03-27 19:00",
        "党群服务站",
        "本小区年满18岁、已核实的居民",
    ):
        assert words in notice.text
    assert "verified residents of 18 or older" in (notice.text_en or "")
    assert notice.data == {"period": "2026-03", "mode": "OPEN", "state": "COLLECTING", **TIMES}


def test_list_notice_holds_the_numbered_list(cast: Cast, travel: Callable[[str], None]):
    told = march(cast, travel)
    notice = told[NoticeKind.LIST_FROZEN]
    assert "M01 夜间停车难（附议 1）\nM02 加装电梯（附议 0）" in notice.text
    listed: list[dict[str, Any]] = notice.data["matters"]
    assert [(each["number"], each["label"], each["endorsements"]) for each in listed] == [
        (1, "M01", 1),
        (2, "M02", 0),
    ]
    assert listed == told[NoticeKind.VOTING_OPENED].data["matters"]
    assert notice.data["state"] == "LISTED"


def test_opening_notice_tells_how_to_vote(cast: Cast, travel: Callable[[str], None]):
    notice = march(cast, travel)[NoticeKind.VOTING_OPENED]
    for words in ("5分、3分、1分", "以最后一次为准", "M01 夜间停车难"):
        assert words in notice.text
    assert "5, 3, 1 points" in (notice.text_en or "")
    assert [slot["weight"] for slot in notice.data["scheme"]] == [5, 3, 1]
    assert notice.data["rules"]["selection"]["limit"] == 3


@pytest.mark.parametrize(
    ("by_hand", "words"), [(True, "由党支部决定延长"), (False, "收回的选票不足")]
)
def test_extension_notice_tells_why(
    cast: Cast, app: Flask, travel: Callable[[datetime], None], by_hand: bool, words: str
):
    secretary = cast.secretary()
    session, _ = cast.open_session(secretary, cast.resident())
    if by_hand:
        secretary.post(f"/sessions/{session['id']}/extend-voting")
    else:
        travel(datetime.fromisoformat(session["voting_closes_at"]))
        secretary = cast.logged_in_anew(secretary)
    extended = secretary.get(f"/sessions/{session['id']}").json
    assert extended["state"] == "EXTENDED"
    notice = notices(app)[NoticeKind.VOTING_EXTENDED]
    assert words in notice.text
    assert notice.data["voting_closes_at"] == extended["voting_closes_at"]


def test_tally_notice_says_what_the_result_says(cast: Cast, app: Flask):
    session_id = whole_session(cast)
    result = cast.resident().get(f"/sessions/{session_id}/result").json
    notice = notices(app)[NoticeKind.TALLIED]
    assert {key: notice.data[key] for key in result} == result
    assert notice.title.endswith("计票结果：M01、M02、M03 入选")
    assert result["explanation"] in notice.text
    assert result["explanation_en"] in (notice.text_en or "")


def test_tally_notice_of_nothing_selected_says_so(cast: Cast, app: Flask):
    secretary = cast.secretary()
    voters = [cast.resident() for _ in range(2)]
    session, matters = cast.open_session(secretary, voters[0])
    path = f"/sessions/{session['id']}"
    for voter, matter in zip(voters, matters[:2], strict=True):  # one supporter each: too few
        voter.put(f"{path}/ballot", ballot(matter))
    secretary.post(f"{path}/close-voting")
    assert notices(app)[NoticeKind.TALLIED].title.endswith("没有入选的题目")
