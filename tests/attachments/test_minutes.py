"""Photos of the minutes: uploads are claimed once, by their uploader, in their compound."""

from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import select

from app.attachments.models import Attachment
from app.deliberation.models import Remark
from app.people.models import Role
from tests.attachments.files import PDF, content, uploaded
from tests.cast import Cast, stored
from tests.checks import Move, counted, moves_of, refusal
from tests.deliberation.steps import RoundTable, made

REMARK = {"speaker": "租户代表", "text": "路灯在这里"}


def test_remark_shows_its_photos(cast: Cast, folder: Path):
    table = RoundTable(cast, ["路灯"]).start()
    clerk = table.secretary
    ids = [uploaded(clerk, cast.home, name=f"{n}.jpg")["id"] for n in (1, 2)]
    ids.append(uploaded(clerk, cast.home, PDF, "方案.pdf")["id"])
    body = {**REMARK, "attachment_ids": ids[::-1]}
    remark = made(clerk.post(f"{table.path}/remarks", body))
    assert [each["name"] for each in remark["attachments"]] == ["1.jpg", "2.jpg", "方案.pdf"]
    made(clerk.post(f"{table.path}/remarks", REMARK))

    with_photos, without = made(table.voters[0].get(f"{table.path}/remarks"))["items"]
    assert [each["id"] for each in with_photos["attachments"]] == ids
    assert without["attachments"] == []
    assert content(table.voters[0], with_photos["attachments"][0]["thumbnail_url"]).data
    rows = stored(cast.app, select(Attachment).order_by(Attachment.id))
    assert {(row.about, str(row.about_id)) for row in rows} == {("remarks", remark["id"])}
    assert moves_of(cast.app, ids[0])[-1] == Move("attach", None, None, clerk.id, remark["id"])
    assert made(table.voters[0].get(f"/attachments/{ids[0]}"))["about_id"] == remark["id"]


def test_what_is_not_ones_own_is_not_attached(cast: Cast, folder: Path):
    table = RoundTable(cast, ["路灯"]).start()
    clerk, path = table.secretary, f"{table.path}/remarks"
    cast.appoint(clerk, Role.BRANCH_SECRETARY, cast.neighbour)
    used = uploaded(clerk, cast.home)["id"]
    made(clerk.post(path, {**REMARK, "attachment_ids": [used]}))
    good = uploaded(clerk, cast.home)["id"]
    bad = {
        "absent": str(uuid4()),
        "somebody else's": uploaded(cast.officer(Role.GRID_WORKER), cast.home)["id"],
        "of another compound": uploaded(clerk, cast.neighbour)["id"],
        "in use": used,
    }
    for name, attachment_id in bad.items():
        answer = clerk.post(path, {**REMARK, "attachment_ids": [good, attachment_id]})
        assert refusal(answer) == (422, "unknown_attachment"), name
    assert len(stored(cast.app, select(Remark))) == 1
    (row,) = stored(cast.app, select(Attachment).where(Attachment.id == UUID(good)))
    assert row.about_id is None


def test_nine_are_enough(cast: Cast, folder: Path):
    table = RoundTable(cast, ["路灯"]).start()
    ids = [uploaded(table.secretary, cast.home)["id"] for _ in range(10)]
    path = f"{table.path}/remarks"
    answer = table.secretary.post(path, {**REMARK, "attachment_ids": ids})
    assert refusal(answer) == (422, "too_many_attachments")
    twice = made(table.secretary.post(path, {**REMARK, "attachment_ids": ids[:9] + ids[:1]}))
    assert [each["id"] for each in twice["attachments"]] == ids[:9]


def test_remark_again_with_the_same_key_keeps_its_photos(cast: Cast, folder: Path):
    table = RoundTable(cast, ["路灯"]).start()
    body = {**REMARK, "attachment_ids": [uploaded(table.secretary, cast.home)["id"]]}
    for _ in range(2):
        answer = table.secretary.post(
            f"{table.path}/remarks", body, headers={"Idempotency-Key": "remark-1"}
        )
        assert len(made(answer)["attachments"]) == 1
    assert len(stored(cast.app, select(Remark))) == 1


def test_minutes_with_photos_make_no_more_queries(cast: Cast, folder: Path):
    table = RoundTable(cast, ["路灯"]).start()
    path, costs = f"{table.path}/remarks", []
    for count in (3, 27):
        for _ in range(count):
            ids = [uploaded(table.secretary, cast.home)["id"] for _ in range(2)]
            made(table.secretary.post(path, {**REMARK, "attachment_ids": ids}))
        with counted(cast.app) as statements:
            page = made(table.secretary.get(path, query_string={"limit": 30}))
        assert all(len(item["attachments"]) == 2 for item in page["items"])
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 6
