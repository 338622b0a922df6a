"""Photos of work: on progress, on the submission, on the report and on the feedback."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.attachments.models import Attachment
from app.works.orders.models import OrderProgress, OrderState
from app.works.whistles.models import WhistleState
from tests.attachments.files import PDF, content, uploaded
from tests.cast import Cast, Person, stored
from tests.checks import Move, counted, moves_of, refusal
from tests.works.site import Site, Travel, body_of


@pytest.fixture
def site(cast: Cast, travel: Travel) -> Site:
    return Site(cast, travel)


def photo(site: Site, by: Person, name: str) -> str:
    return str(uploaded(by, site.cast.home, name=name)["id"])


def names(attachments: list[dict[str, Any]]) -> list[str]:
    return [each["name"] for each in attachments]


def claims(cast: Cast) -> dict[str, tuple[str | None, bool]]:
    """Of each upload: what it belongs to, and whether anybody may see it."""
    rows = stored(cast.app, select(Attachment))
    return {row.name: (row.about, row.is_public) for row in rows}


def test_each_entry_of_progress_shows_its_own(cast: Cast, site: Site):
    order = site.order(OrderState.ACCEPTED)
    for kind in ("BEFORE", "PROGRESS", "AFTER"):
        ids = [photo(site, site.manager, f"{kind}-{n}.jpg") for n in (1, 2)]
        if kind == "AFTER":
            ids.append(str(uploaded(site.manager, cast.home, PDF, "验收单.pdf")["id"]))
        entry = body_of(site.do(order, "progress", kind=kind, attachment_ids=ids), 201)
        assert [each["id"] for each in entry["attachments"]] == ids
        assert moves_of(cast.app, ids[0])[-1] == Move(
            "attach", None, None, site.manager.id, entry["id"]
        )
    body_of(site.do(order, "progress"), 201)

    found = [(entry["kind"], names(entry["attachments"])) for entry in site.read(order)["progress"]]
    assert found == [
        ("BEFORE", ["BEFORE-1.jpg", "BEFORE-2.jpg"]),
        ("PROGRESS", ["PROGRESS-1.jpg", "PROGRESS-2.jpg"]),
        ("AFTER", ["AFTER-1.jpg", "AFTER-2.jpg", "验收单.pdf"]),
        ("PROGRESS", []),
    ]
    assert {about for about, _ in claims(cast).values()} == {"order_progress"}


def test_submission_shows_its_own_and_not_those_of_one_sent_back(cast: Cast, site: Site):
    order = site.order(OrderState.ACCEPTED)
    assert site.read(order)["submission_attachments"] == []
    body_of(site.do(order, "submit", attachment_ids=[photo(site, site.manager, "1.jpg")]))
    assert names(site.read(order)["submission_attachments"]) == ["1.jpg"]
    body_of(site.do(order, "return"))
    assert names(site.read(order)["submission_attachments"]) == ["1.jpg"]
    body_of(site.do(order, "submit", attachment_ids=[photo(site, site.manager, "2.jpg")]))
    body_of(site.do(order, "verify"))
    assert names(site.read(order)["submission_attachments"]) == ["2.jpg"]
    assert claims(cast) == dict.fromkeys(["1.jpg", "2.jpg"], ("work_orders", False))


def test_whistle_shows_photos_of_report_and_of_its_newest_feedback(cast: Cast, site: Site):
    whistle = site.whistle(WhistleState.SIGNED)

    def seen() -> tuple[list[str], list[str]]:
        read = site.read(whistle)
        return names(read["report_attachments"]), names(read["feedback_attachments"])

    def go(verb: str, name: str) -> None:
        body_of(site.do(whistle, verb, attachment_ids=[photo(site, site.department, name)]))

    assert seen() == ([], [])
    go("report", "到场.jpg")
    assert seen() == (["到场.jpg"], [])
    go("feed-back", "清淤.jpg")
    assert seen() == (["到场.jpg"], ["清淤.jpg"])
    body_of(site.do(whistle, "rework"))
    go("feed-back", "再清淤.jpg")
    assert seen() == (["到场.jpg"], ["再清淤.jpg"])
    assert set(claims(cast).values()) == {("whistles", False)}


def test_public_notices_do_not_show_photos_of_work(cast: Cast, site: Site):
    """Faces may be on them: their bytes stay signed for, and the board does not name them."""
    order, whistle = site.order(OrderState.ACCEPTED), site.whistle(WhistleState.SIGNED)
    shown = [photo(site, site.manager, "1.jpg"), photo(site, site.department, "2.jpg")]
    body_of(site.do(order, "submit", attachment_ids=shown[:1]))
    body_of(site.do(order, "verify"))
    body_of(site.do(whistle, "report", attachment_ids=shown[1:]))
    body_of(site.do(whistle, "feed-back"))
    body_of(site.do(whistle, "verify-close"))
    feed = site.resident.get(f"/board/compounds/{cast.home.id}/feed.json").text
    assert "1.jpg" not in feed
    for each in shown:
        assert each not in feed
        read = body_of(site.resident.get(f"/attachments/{each}"))
        assert (read["is_public"], content(site.resident, read["url"]).status_code) == (False, 200)
        unsigned = content(site.resident, read["url"].partition("?")[0])
        assert refusal(unsigned) == (404, "not_found")
        foreigner = cast.resident(cast.neighbour)
        assert refusal(foreigner.get(f"/attachments/{each}")) == (404, "not_found")


def test_lists_show_no_photos(site: Site):
    site.order(OrderState.ACCEPTED)
    site.whistle()
    for kind in ("orders", "whistles"):
        (item,) = body_of(site.resident.get(f"{site.home}/{kind}"))["items"]
        assert not [name for name in item if name.endswith("attachments")]


def test_refused_photos_leave_nothing_behind(cast: Cast, site: Site):
    order, whistle = site.order(OrderState.ACCEPTED), site.whistle(WhistleState.SIGNED)
    reported = site.whistle(WhistleState.REPORTED)
    for thing, verb, by in (
        (order, "progress", site.manager),
        (order, "submit", site.manager),
        (whistle, "report", site.department),
        (reported, "feed-back", site.department),
    ):
        good = photo(site, by, "good.jpg")
        foreign = photo(site, site.member, "foreign.jpg")
        many = [photo(site, by, "many.jpg") for _ in range(9)]
        before = site.read(thing), moves_of(cast.app, thing["id"]), claims(cast)
        for ids, code in (
            ([good, foreign], "unknown_attachment"),
            ([good, str(uuid4())], "unknown_attachment"),
            ([good, *many], "too_many_attachments"),
        ):
            answer = site.do(thing, verb, attachment_ids=ids)
            assert refusal(answer) == (422, code), (verb, code)
        after = site.read(thing), moves_of(cast.app, thing["id"]), claims(cast)
        assert after == before, verb
        done = site.do(thing, verb, attachment_ids=[good])
        assert done.status_code < 300, done.text
    assert len(stored(cast.app, select(OrderProgress))) == 1


def test_refused_move_claims_no_photo(cast: Cast, site: Site):
    order, whistle = site.order(OrderState.SUBMITTED), site.whistle(WhistleState.FED_BACK)
    working = site.order(OrderState.ACCEPTED)
    for thing, verb, by, code in (
        (order, "progress", site.manager, (409, "wrong_state")),
        (order, "submit", site.manager, (409, "wrong_state")),
        (whistle, "report", site.department, (409, "wrong_state")),
        (whistle, "feed-back", site.department, (409, "wrong_state")),
        (working, "progress", site.member, (403, "not_the_doer")),
        (working, "submit", site.member, (403, "not_the_doer")),
    ):
        mine = photo(site, by, "mine.jpg")
        assert refusal(site.do(thing, verb, by=by, attachment_ids=[mine])) == code
        (row,) = stored(cast.app, select(Attachment).where(Attachment.id == UUID(mine)))
        assert (row.about_id, row.claimed_at) == (None, None), verb


def test_order_with_many_photos_costs_as_much_as_with_few(cast: Cast, site: Site):
    order, costs = site.order(OrderState.ACCEPTED), []
    for count in (1, 6):
        for _ in range(count):
            ids = [photo(site, site.manager, "1.jpg") for _ in range(2)]
            body_of(site.do(order, "progress", attachment_ids=ids), 201)
        with counted(cast.app) as sent:
            read = site.read(order)
        assert all(len(entry["attachments"]) == 2 for entry in read["progress"])
        costs.append(len(sent))
    assert costs[0] == costs[1]
