"""Starting a round table: its checklist, its agenda, its notice."""

from typing import Any

import pytest
from sqlalchemy import select

from app.agenda.models import AgendaSession, SessionState
from app.deliberation.models import CHECKLIST
from tests.cast import Cast, stored
from tests.checks import Move, moves_of
from tests.deliberation.steps import RoundTable, made, outcome


def notices(table: RoundTable) -> list[dict[str, Any]]:
    """The notices of the compound, newest first, as programs read them."""
    compound = table.cast.home.id
    feed = made(table.secretary.get(f"/board/compounds/{compound}/feed.json"))
    return [item | item["_yueyuetan"] for item in feed["items"]]


def test_start_meeting_moves_the_session(cast: Cast):
    table = RoundTable(cast).invite_all()
    answer = table.secretary.post(f"{table.path}/start-meeting")
    assert (answer.status_code, answer.json["state"]) == (200, "MEETING")

    assert stored(cast.app, select(AgendaSession.state)) == [SessionState.MEETING]
    move = Move("start_meeting", "TALLIED", "MEETING", table.secretary.id, None)
    assert moves_of(cast.app, table.id)[-1] == move


def test_result_stays_readable_after_the_tally(cast: Cast):
    table = RoundTable(cast)
    before = made(table.secretary.get(f"{table.path}/result"))
    table.start()
    for state in ("MEETING", "RESOLVED"):
        result = made(table.voters[0].get(f"{table.path}/result"))
        assert result == {**before, "state": state}
        session = made(table.voters[0].get(table.path))
        assert (session["state"], session["outcome"]) == (state, "DECIDED")
        if state == "MEETING":
            table.conclude()


def test_start_meeting_posts_agenda_and_cards(cast: Cast):
    table = RoundTable(cast)
    first = table.card(text="车位编号，\n访客限时", matter=1)
    table.card(text="花坛改车位", matter=0, is_anonymous=True, owner_vote_item=8)
    for voter in table.voters[:2]:
        made(voter.put(f"/cards/{first['id']}/support"))
    table.start()

    notice = notices(table)[0]
    assert (notice["kind"], notice["session_id"]) == ("ROUND_TABLE_AGENDA", table.id)
    assert notice["title"].endswith("圆桌会议题")
    opening, *lines = notice["content_text"].splitlines()
    assert opening.startswith("圆桌会于 ")
    assert notice["en"]["title"].startswith("Agenda of the round table of ")
    assert notice["en"]["content_text"].startswith("The round table began at ")
    assert lines == [
        "M01 停车",
        "  C2 花坛改车位（支持 0） 须由业主共同决定：《民法典》第二百七十八条第一款第（八）项："
        "改变共有部分的用途或者利用共有部分从事经营活动",
        "M02 路灯",
        "  C1 车位编号， 访客限时（支持 2）",
        "M03 积水",
    ]
    matters = notice["data"]["matters"]
    assert [(matter["label"], matter["rank"]) for matter in matters] == [
        ("M01", 1),
        ("M02", 2),
        ("M03", 3),
    ]
    assert matters[1]["cards"] == [
        {
            "id": first["id"],
            "number": 1,
            "label": "C1",
            "text": "车位编号，\n访客限时",
            "supports": 2,
            "owner_vote_item": None,
        }
    ]
    assert "王" not in str(notice)  # nobody is named


def test_start_meeting_twice_is_refused_and_posts_once(cast: Cast):
    table = RoundTable(cast).start()
    before = notices(table)
    assert outcome(table.secretary.post(f"{table.path}/start-meeting")) == "409 wrong_state"
    assert notices(table) == before


@pytest.mark.parametrize("missing", CHECKLIST)
def test_start_meeting_without_a_kind_of_invitee(cast: Cast, missing: str):
    table = RoundTable(cast, ["停车"])
    path = f"{table.path}/invitations"
    for kind in CHECKLIST:
        if kind != missing:
            made(table.secretary.post(path, {"kind": kind, "name": "代表"}))
    made(table.secretary.post(path, {"kind": "EXPERT", "name": "设计院"}))
    answer = table.secretary.post(f"{table.path}/start-meeting")
    assert outcome(answer) == "409 checklist_incomplete"
    assert [error["where"] for error in answer.json["errors"]] == [missing]
    assert stored(cast.app, select(AgendaSession.state)) == [SessionState.TALLIED]

    made(table.secretary.post(path, {"kind": missing, "not_needed_why": "议题不涉及"}))
    assert outcome(table.secretary.post(f"{table.path}/start-meeting")) == "200"


def test_start_meeting_on_nothing_is_refused(cast: Cast):
    table = RoundTable(cast, ()).invite_all()
    assert outcome(table.secretary.post(f"{table.path}/start-meeting")) == "409 nothing_chosen"


def test_round_table_before_the_tally_has_no_agenda(cast: Cast):
    secretary, raiser = cast.secretary(), cast.resident()
    session, _ = cast.open_session(secretary, raiser)
    seen = made(raiser.get(f"/sessions/{session['id']}/round-table"))
    assert (seen["state"], seen["agenda"]) == ("VOTING", [])
    assert seen["attendance"] == {"roll": 1, "on_roll": 0, "others": 0}
    assert [line["is_missing"] for line in seen["checklist"]] == [True] * 4


def test_round_table_shows_agenda_checklist_and_attendance(cast: Cast):
    table = RoundTable(cast)
    for matter in (2, 0, 0):
        table.card(matter=matter)
    table.start()
    guest = cast.visitor()
    for person in (table.voters[0], table.voters[1], guest):
        made(table.secretary.post(f"{table.path}/attendance", {"resident_id": str(person.id)}))

    seen = table.read(table.voters[2])
    assert (seen["session_id"], seen["state"]) == (table.id, "MEETING")
    assert [matter["title"] for matter in seen["agenda"]] == ["停车", "路灯", "积水"]
    assert [[card["label"] for card in matter["cards"]] for matter in seen["agenda"]] == [
        ["C2", "C3"],
        [],
        ["C1"],
    ]
    assert seen["checklist"] == [
        {"kind": kind, "invited": 1, "not_needed_why": None, "is_missing": False}
        for kind in CHECKLIST
    ]
    assert seen["attendance"] == {"roll": 3, "on_roll": 2, "others": 1}
