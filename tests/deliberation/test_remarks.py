"""The minutes of a round table."""

from sqlalchemy import select

from app.deliberation.models import Remark
from app.people.models import Role
from tests.cast import Cast, stored
from tests.checks import Move, moves_of
from tests.deliberation.steps import RoundTable, made, outcome


def test_remarks_stand_in_the_order_of_speaking(cast: Cast):
    table = RoundTable(cast).start()
    path, worker = f"{table.path}/remarks", cast.officer(Role.GRID_WORKER)
    for number, clerk in enumerate((table.secretary, worker, table.secretary), start=1):
        body = {"speaker": f"代表{number}", "text": f"第{number}句\n接着说"}
        if number == 2:
            body["matter_id"] = table.matters[1]
        remark = made(clerk.post(path, body))
        assert {name: remark[name] for name in body} == body
        assert (remark["position"], remark["session_id"]) == (number, table.id)

    minutes = made(table.voters[0].get(path))
    assert [each["position"] for each in minutes["items"]] == [1, 2, 3]
    assert [each["matter_id"] for each in minutes["items"]] == [None, table.matters[1], None]
    rows = stored(cast.app, select(Remark).order_by(Remark.position))
    assert [row.noted_by_id for row in rows] == [table.secretary.id, worker.id, table.secretary.id]
    assert moves_of(cast.app, rows[1].id) == [Move("note", None, None, worker.id, None)]


def test_minutes_are_paged_from_the_first_remark_on(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    path = f"{table.path}/remarks"
    for number in range(5):
        made(table.secretary.post(path, {"speaker": "代表", "text": str(number)}))
    read, cursor = [], None
    while cursor or not read:
        page = made(table.secretary.get(path, query_string={"limit": 2, "cursor": cursor}))
        read.append([item["text"] for item in page["items"]])
        cursor = page["next_cursor"]
    assert read == [["0", "1"], ["2", "3"], ["4"]]


def test_cursor_of_another_list_is_refused(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    table.card()
    table.card()
    page = made(table.secretary.get(f"{table.path}/cards", query_string={"limit": 1}))
    for cursor in (page["next_cursor"], "1", "签"):
        answer = table.secretary.get(f"{table.path}/remarks", query_string={"cursor": cursor})
        assert outcome(answer) == "422 invalid_cursor"


def test_remark_again_with_the_same_key_is_noted_once(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    body, headers = {"speaker": "代表", "text": "同意"}, {"Idempotency-Key": "remark-1"}
    for _ in range(2):
        remark = made(table.secretary.post(f"{table.path}/remarks", body, headers=headers))
        assert remark["position"] == 1
    other = {**body, "text": "不同意"}
    answer = table.secretary.post(f"{table.path}/remarks", other, headers=headers)
    assert outcome(answer) == "409 idempotency_key_reused"
    assert len(stored(cast.app, select(Remark))) == 1


def test_remark_on_a_matter_that_was_not_chosen(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    raised = {"title": "漏水", "body": "屋面", "category": "LEAK_DRAIN"}
    other = made(table.voters[0].post(f"/compounds/{cast.home.id}/matters", raised))
    body = {"speaker": "代表", "text": "漏水", "matter_id": other["id"]}
    answer = table.secretary.post(f"{table.path}/remarks", body)
    assert outcome(answer) == "422 matter_not_chosen"
