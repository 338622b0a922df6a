"""One's inbox: whose messages stand in it, in which order, and what was read."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from app.board.models import NoticeKind
from app.board.services import publish
from app.compounds.models import Compound
from app.kit.extensions import db
from app.kit.orm import new_id
from app.kit.words import Words
from app.messages.models import InboxMark, InboxMessage, InboxRead, MessageKind
from app.people.models import Role
from tests.board.steps import announce
from tests.cast import Cast, Person, stored
from tests.checks import counted, pages, refusal
from tests.test_query_counts import shapes

PATH = "/me/inbox"


def inbox(person: Person, **query: Any) -> dict[str, Any]:
    answer = person.get(PATH, query_string=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json
    return body


def kinds(person: Person) -> list[str]:
    return [each["kind"] for each in inbox(person)["items"]]


def write(cast: Cast, person: Person | None, count: int = 1, **changes: Any) -> list[str]:
    """So many messages to this person, or to all of 香樟苑; their ids, oldest first."""
    rows = [
        InboxMessage(
            id=new_id(),
            **{
                "kind": MessageKind.OFFICE_GIVEN,
                "resident_id": None if person is None else person.id,
                "compound_id": cast.home.id,
                "about_id": uuid4(),
                "title": f"第 {number} 条",
                "text": "正文",
                "title_en": f"No. {number}",
                "text_en": "Text",
                "at": datetime.now(UTC),
                **changes,
            },
        )
        for number in range(1, count + 1)
    ]
    ids = [str(row.id) for row in rows]
    with cast.app.app_context():
        db.session.add_all(rows)
        db.session.commit()
    return ids


NO_WORDS = dict.fromkeys(("title", "text", "title_en", "text_en"))


def publish_one(cast: Cast) -> UUID:
    """A notice on the board of 香樟苑; its id."""
    with cast.app.app_context():
        notice = publish(
            db.session(),
            NoticeKind.SESSION_ANNOUNCED,
            db.session.get_one(Compound, cast.home.id),
            uuid4(),
            title=Words("公示", "Notice"),
            text=Words("正文", "Text"),
            data={},
            at=datetime.now(UTC),
        )
        db.session.commit()
        return notice.id


def read(person: Person, message_id: str) -> Any:
    return person.post(f"{PATH}/{message_id}/read")


def read_all(person: Person, up_to: str) -> int:
    answer = person.post(f"{PATH}/read-all", {"up_to": up_to})
    assert answer.status_code == 200, answer.text
    unread: int = answer.json["unread"]
    return unread


def test_notice_to_all_is_one_row_that_everybody_there_reads(cast: Cast, app: Flask):
    first, second = cast.resident(), cast.resident()
    foreign, visitor = cast.resident(cast.neighbour), cast.visitor()
    secretary = cast.secretary()
    notice = announce(cast, secretary)
    assert stored(app, select(InboxMessage.notice_id)) == [UUID(notice)]
    for person in (first, second):
        (message,) = inbox(person)["items"]
        assert (message["kind"], message["notice_id"]) == ("SESSION_ANNOUNCED", notice)
        assert message["title"].endswith("月月谈预告")
        assert message["title_en"].startswith("Announcement of")
        assert (message["compound_id"], message["is_read"]) == (str(cast.home.id), False)
    for person in (foreign, visitor, secretary):
        assert inbox(person) == {"items": [], "next_cursor": None, "unread": 0}


def test_message_that_is_a_notice_says_what_the_notice_says_now(cast: Cast):
    resident, secretary = cast.resident(), cast.secretary()
    notice = announce(cast, secretary)
    assert (
        secretary.post(f"/notices/{notice}/correct", {"note": "改在社区会议室"}).status_code == 200
    )
    assert "改在社区会议室" in inbox(resident)["items"][0]["text"]
    assert secretary.post(f"/notices/{notice}/withdraw", {"reason": "发错了"}).status_code == 200
    (message,) = inbox(resident)["items"]
    assert message["title"].startswith("【已撤回】")
    assert message["title_en"].startswith("[Withdrawn]")


def test_newcomer_finds_nothing_of_before(cast: Cast, travel: Callable[[str], None]):
    travel("2026-03-02T08:00:00+08:00")
    old = cast.resident()
    announce(cast, cast.secretary())
    travel("2026-03-02T08:30:00+08:00")
    newcomer = cast.resident()
    write(cast, None)
    assert kinds(cast.logged_in_anew(old)) == ["OFFICE_GIVEN", "SESSION_ANNOUNCED"]
    assert kinds(newcomer) == ["OFFICE_GIVEN"]
    assert inbox(newcomer)["unread"] == 1


def test_who_moved_away_keeps_the_own_messages(cast: Cast):
    person = cast.resident()
    (own,) = write(cast, person)
    write(cast, None)
    assert inbox(person)["unread"] == 2
    cast.unit(cast.neighbour, "101")
    unit = {"building": "3栋", "entrance": "2单元", "unit": "101", "relation": "tenant"}
    claim = person.post("/residences", {"compound_id": str(cast.neighbour.id), **unit}).json["id"]
    worker = cast.officer(Role.GRID_WORKER, cast.neighbour)
    assert worker.post(f"/residences/{claim}/verify").status_code == 200
    items = inbox(person)["items"]
    assert {each["kind"] for each in items} == {"HOME_VERIFIED", "HOME_ENDED", "OFFICE_GIVEN"}
    assert own in [each["id"] for each in items]


def test_pages_hold_every_message_once_newest_first(cast: Cast):
    person = cast.resident()
    ids = []
    for _ in range(4):
        ids += write(cast, person, 2) + write(cast, None)
    found = pages(
        person, PATH, "id", limit=5, after_first=lambda: write(cast, person, 3) + write(cast, None)
    )
    assert [len(page) for page in found] == [5, 5, 2]
    assert [each for page in found for each in page] == ids[::-1]


def test_cursor_of_another_list_is_refused(cast: Cast):
    person = cast.resident()
    assert refusal(person.get(PATH, query_string={"cursor": "x"})) == (422, "invalid_cursor")


def test_page_of_30_costs_as_much_as_one_of_3(cast: Cast, app: Flask):
    person = cast.resident()

    def cost() -> list[str]:
        with counted(app) as statements:
            inbox(person, limit=100)
        return shapes([each for each in statements if not each.startswith("SELECT pg_")])

    def grow(own: int, notices: int) -> None:
        write(cast, person, own)
        for _ in range(notices):
            write(cast, None, notice_id=publish_one(cast), **NO_WORDS)

    grow(2, 1)
    few = cost()
    grow(14, 13)
    assert len(inbox(person, limit=100)["items"]) == 30
    assert cost() == few
    assert len(few) <= 6, few


def test_unchanged_inbox_is_not_sent_again(cast: Cast):
    person = cast.resident()
    (first,) = write(cast, person)
    etag = person.get(PATH).headers["ETag"]
    seen = {"If-None-Match": etag}
    again = person.get(PATH, headers=seen)
    assert (again.status_code, again.data) == (304, b"")
    read(person, first)
    changed = person.get(PATH, headers=seen)
    assert changed.status_code == 200
    write(cast, None)
    seen = {"If-None-Match": changed.headers["ETag"]}
    assert person.get(PATH, headers=seen).status_code == 200


def test_one_message_is_read_by_one_person(cast: Cast):
    person, other = cast.resident(), cast.resident()
    (to_all,) = write(cast, None)
    (own,) = write(cast, person)
    assert read(person, to_all).json == {"unread": 1}
    assert read(person, to_all).json == {"unread": 1}
    assert [each["is_read"] for each in inbox(person)["items"]] == [False, True]
    assert (inbox(person)["unread"], inbox(other)["unread"]) == (1, 1)
    assert read(person, own).json == {"unread": 0}


def test_somebody_else_s_message_is_not_there(cast: Cast):
    person, other, foreign = cast.resident(), cast.resident(), cast.resident(cast.neighbour)
    (own,) = write(cast, person)
    (to_all,) = write(cast, None)
    for reader, message in ((other, own), (foreign, to_all), (person, str(uuid4()))):
        assert refusal(read(reader, message)) == (404, "not_found")


def test_everything_is_read_up_to_what_was_shown(cast: Cast, app: Flask):
    person, other = cast.resident(), cast.resident()
    (first,) = write(cast, person)
    (second,) = write(cast, None)
    (third,) = write(cast, person)
    assert read_all(person, second) == 1
    assert [each["is_read"] for each in inbox(person)["items"]] == [False, True, True]
    assert read_all(person, first) == 1  # never back
    assert read_all(person, third) == 0
    assert inbox(other)["unread"] == 1
    assert set(stored(app, select(InboxRead.resident_id))) == {person.id}


def test_what_was_read_long_ago_costs_one_row(
    cast: Cast, app: Flask, travel: Callable[[str], None]
):
    travel("2026-03-02T08:00:00+08:00")
    person = cast.resident()
    *_, last = write(cast, person, 5) + write(cast, None, 5)
    read(person, last)
    travel("2026-03-02T08:06:00+08:00")
    (newer,) = write(cast, person)
    assert read_all(person, newer) == 0
    # What is new may have companions that were made before it and are not stored yet.
    assert stored(app, select(InboxRead.message_id)) == [UUID(newer)]
    assert len(stored(app, select(InboxMark.resident_id))) == 1
    travel("2026-03-02T08:12:00+08:00")
    assert read_all(person, newer) == 0
    assert stored(app, select(InboxRead.message_id)) == []
    assert stored(app, select(InboxMark.read_until)) == [UUID(newer)]
    assert all(each["is_read"] for each in inbox(person)["items"])
    write(cast, person)
    assert inbox(person)["unread"] == 1


def test_id_that_nobody_has_given_out_yet_marks_nothing_of_later(cast: Cast):
    person = cast.resident()
    write(cast, person)
    assert read_all(person, str(UUID(int=2**128 - 1))) == 0
    time.sleep(0.01)
    write(cast, person)
    assert inbox(person)["unread"] == 1


def test_unread_messages_are_counted_up_to_100(cast: Cast):
    person = cast.resident()
    write(cast, person, 70)
    write(cast, None, 29)
    assert inbox(person)["unread"] == 99
    write(cast, person, 40)
    assert inbox(person)["unread"] == 100


@pytest.mark.parametrize("verb", ["read", "read-all"])
def test_two_phones_at_once(cast: Cast, app: Flask, verb: str):
    person = cast.resident()
    *_, last = write(cast, person, 20)

    def tap(_: int) -> int:
        phone = app.test_client()
        headers = {"Authorization": f"Bearer {person.token}"}
        path, body = (f"{last}/read", None) if verb == "read" else ("read-all", {"up_to": last})
        return phone.post(f"/api/v1{PATH}/{path}", json=body, headers=headers).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(tap, range(16))) == {200}
    assert inbox(person)["unread"] == (19 if verb == "read" else 0)


def test_message_is_for_somebody_and_has_one_kind_of_words(cast: Cast):
    for wrong in ({"resident_id": None, "compound_id": None}, {"title": None}):
        with pytest.raises(Exception, match=r"(?i)check"):
            write(cast, cast.resident(), **wrong)
