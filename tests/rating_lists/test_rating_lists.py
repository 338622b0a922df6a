"""A red and black list: drafted, reviewed by the street, noticed, changed by objections, final."""

from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from app.board.models import PublicNotice
from app.kit.errors import WrongState
from app.people.models import Role
from app.rating_lists.models import LIST_MOVES, ListState, RatingEntry, RatingList
from tests.cast import Cast, stored
from tests.checks import counted, moves_of, refusal, refused_fields
from tests.rating_lists.board import LAST_MOMENT, TERM_END, Ratings
from tests.resolutions.stage import Stage
from tests.works.site import Travel, body_of

WRONG = (409, "wrong_state")
L = ListState


@pytest.fixture
def ratings(cast: Cast, travel: Travel) -> Ratings:
    return Ratings(cast, travel)


def test_objections_change_a_list_before_it_is_final(ratings: Ratings):
    """W8: the notice had 367 red and 13 black, the final list 365 and 14."""
    made = ratings.draft()
    path = f"/rating-lists/{made['id']}"
    assert refusal(ratings.resident.get(path)) == (404, "not_found")
    assert ratings.resident.get(ratings.path).json["items"] == []
    assert [each["id"] for each in ratings.leader.get(ratings.path).json["items"]] == [made["id"]]
    made = ratings.do(made, "review").json
    made = body_of(ratings.do(made, "publish"))
    assert made["notice_ends_at"] == TERM_END
    red, black = made["entries"]
    assert len(ratings.notices("RATING_NOTICED")) == 2
    by_firm = body_of(ratings.object_to(black, ratings.other_manager), 201)
    by_resident = body_of(ratings.object_to(red, ratings.resident), 201)

    recoloured = body_of(ratings.recolour(red, "BLACK"))
    assert (recoloured["colour"], recoloured["changed_why"]) == ("BLACK", "异议属实")
    assert body_of(ratings.strike(black))["struck_at"] is not None
    newest = {each["id"]: each for each in ratings.notices("RATING_NOTICED")}
    said = {
        red["notice_id"]: ("物业黑榜公示：安居物业（异议后改列）", "列入黑榜。"),
        black["notice_id"]: ("物业红黑榜撤下：", "理由：已换企业"),
    }
    for entry in (red, black):
        notice = newest[f"urn:uuid:{entry['notice_id']}"]
        assert notice["_yueyuetan"]["revision"] == 2
        title, words = said[entry["notice_id"]]
        assert notice["title"].startswith(title)
        assert words in notice["content_text"]
        assert entry["reason"] not in notice["content_text"]  # what was not so stands no more
        assert not {"manager", "figures", "reason"} & set(notice["_yueyuetan"]["data"])

    ratings.go(TERM_END)
    assert ratings.read(made)["state"] == "NOTICED"  # nobody has answered
    body_of(ratings.answer(by_firm))
    body_of(ratings.answer(by_resident))
    final = ratings.read(made)
    assert (final["state"], final["entries"][0]["colour"]) == ("FINAL", "BLACK")
    (item,) = ratings.notices("RATING_FINAL")
    assert item["title"] == "物业黑榜：安居物业"
    assert item["content_text"].startswith(
        "2026-03，香樟苑小区：安居物业，列入黑榜。\n项目负责人："
    )
    assert item["content_text"].endswith("理由：异议属实\n公示期满，没有未答复的异议。")
    en = item["_yueyuetan"]["en"]["content_text"]
    assert en == "The firm stands on the black list.\nThe rating is final."
    assert item["_yueyuetan"]["data"]["changed_why"] == "异议属实"
    assert [move[:4] for move in moves_of(ratings.cast.app, made["id"])] == [
        ("draft", None, "DRAFT", ratings.leader.id),
        ("review", "DRAFT", "REVIEWED", ratings.street.id),
        ("publish", "REVIEWED", "NOTICED", ratings.leader.id),
        ("finalise", "NOTICED", "FINAL", None),
    ]
    assert moves_of(ratings.cast.app, black["id"])[-1][:3] == ("strike", None, "STRUCK")
    for answer in (ratings.recolour(red, "RED"), ratings.strike(red)):
        assert refusal(answer) == WRONG


def test_list_is_final_at_the_last_midnight_of_its_notices(ratings: Ratings):
    made = ratings.noticed()
    ratings.go(LAST_MOMENT)
    assert ratings.read(made)["state"] == "NOTICED"
    ratings.go(TERM_END)
    final = ratings.read(made)
    assert (final["state"], final["final_at"]) == ("FINAL", TERM_END)
    assert len(ratings.notices("RATING_FINAL")) == 2
    answer = ratings.object_to(made["entries"][0], ratings.resident)
    assert refusal(answer) == (409, "objection_term_over")


def test_it_is_final_with_the_first_who_looks_at_the_board(ratings: Ratings):
    made = ratings.noticed()
    ratings.go(TERM_END)
    assert ratings.state_of(made) is L.NOTICED
    assert ratings.notices("RATING_FINAL") != []
    assert ratings.state_of(made) is L.FINAL


def test_command_makes_final_what_nobody_touched(ratings: Ratings):
    made = ratings.noticed()
    ratings.go(TERM_END)
    assert ratings.state_of(made) is L.NOTICED
    runner: FlaskCliRunner = ratings.cast.app.test_cli_runner()
    assert "rating lists made final: 1" in runner.invoke(args=["finalise"]).output
    assert ratings.state_of(made) is L.FINAL
    assert "rating lists" not in runner.invoke(args=["finalise"]).output


def test_only_residents_and_the_firm_object_and_the_community_answers(ratings: Ratings):
    red = ratings.noticed()["entries"][0]
    raised = body_of(ratings.object_to(red, ratings.manager), 201)
    before = ratings.rows()
    forbidden, hidden = (403, "forbidden"), (404, "not_found")
    assert refusal(ratings.object_to(red, ratings.other_manager)) == hidden
    for by in (ratings.secretary, ratings.leader, ratings.street):
        assert refusal(ratings.object_to(red, by)) == forbidden
    for by in (ratings.secretary, ratings.manager, ratings.resident):
        assert refusal(ratings.answer(raised, by)) == forbidden
    assert ratings.rows() == before


def test_the_firm_objects_to_nothing_else_and_the_branch_answers_the_rest(
    cast: Cast, travel: Travel
):
    stage = Stage(cast, travel)
    noticed = stage.noticed()
    raised = body_of(stage.object_to(noticed, stage.voters[0]), 201)
    manager, leader = cast.officer(Role.PROPERTY_MANAGER), cast.community_secretary()
    assert refusal(stage.object_to(noticed, manager)) == (403, "forbidden")
    answer = leader.post(f"/objections/{raised['id']}/answer", {"answer": "采纳"})
    assert refusal(answer) == (403, "forbidden")
    body_of(stage.secretary.post(f"/objections/{raised['id']}/answer", {"answer": "采纳"}))


def test_refusals_leave_nothing(ratings: Ratings):
    made = ratings.draft()
    both = ratings.cast.officer(Role.SUBDISTRICT_OFFICER, level="subdistrict")
    ratings.cast.appoint(both, Role.COMMUNITY_SECRETARY, level="community")
    other = both.post(ratings.path, {"period": "2026-02", "entries": ratings.entries()}).json
    noticed = ratings.noticed("2026-01")
    red = noticed["entries"][0]
    foreign = ratings.cast.other_community()[1]
    before = ratings.rows()
    assert refusal(ratings.do(other, "review", both)) == (403, "own_rating_list")
    body = {"period": "2026-03", "entries": ratings.entries()}
    assert refusal(ratings.leader.post(ratings.path, body)) == (409, "rating_list_exists")
    for change in ({"compound_id": str(foreign.id)}, {"compound_id": str(uuid4())}):
        entries = [{**ratings.entries()[0], **change}]
        for answer in (
            ratings.leader.post(ratings.path, {"period": "2026-04", "entries": entries}),
            ratings.leader.put(f"/rating-lists/{made['id']}", {"entries": entries}),
        ):
            assert refusal(answer) == (422, "invalid_rating_entries")
    twice = {"period": "2026-04", "entries": ratings.entries()[:1] * 2}
    assert refusal(ratings.leader.post(ratings.path, twice)) == (422, "invalid_rating_entries")
    for answer in (ratings.strike(red), ratings.recolour(red, "BLACK")):
        assert refusal(answer) == (409, "no_objection_raised")
    assert refusal(ratings.recolour(red, "RED")) == (409, "same_colour")
    assert ratings.rows() == before
    (row,) = stored(ratings.cast.app, select(RatingEntry).where(RatingEntry.id == UUID(red["id"])))
    assert (row.colour, row.changed_why, row.struck_at) == ("RED", None, None)
    assert len(ratings.leader.get(f"/rating-lists/{made['id']}").json["entries"]) == 2


def test_struck_entry_is_not_struck_again(ratings: Ratings):
    red = ratings.noticed()["entries"][0]
    body_of(ratings.object_to(red, ratings.resident), 201)
    body_of(ratings.strike(red))
    for answer in (ratings.strike(red), ratings.recolour(red, "BLACK")):
        assert refusal(answer) == WRONG


# Write -> {state: state afterwards} where it is allowed.
WRITES: dict[str, dict[ListState, ListState]] = {
    "revise": {L.DRAFT: L.DRAFT},
    "review": {L.DRAFT: L.REVIEWED},
    "publish": {L.REVIEWED: L.NOTICED},
    "strike": {L.NOTICED: L.NOTICED},
    "recolour": {L.NOTICED: L.NOTICED},
}


def write(ratings: Ratings, made: dict[str, Any], name: str) -> Any:
    if name == "strike":
        return ratings.strike(made["entries"][0])
    if name == "recolour":
        return ratings.recolour(made["entries"][0], "BLACK")
    return ratings.do(made, name)


def test_writes_in_every_state(ratings: Ratings):
    """Lists that are final come last, since time only goes on."""
    wrong = []
    finals = {name: ratings.noticed(f"2025-{i:02}") for i, name in enumerate(WRITES, start=1)}
    periods = (f"20{year}-{month:02}" for year, month in product((23, 24), range(1, 13)))
    for state, (name, allowed) in product(L, WRITES.items()):
        if state is L.FINAL:
            ratings.go(TERM_END)
            made = ratings.read(finals[name])
        else:
            make = {
                L.DRAFT: ratings.draft,
                L.REVIEWED: ratings.reviewed,
                L.NOTICED: ratings.noticed,
            }
            made = make[state](next(periods))
            if state is L.NOTICED:
                body_of(ratings.object_to(made["entries"][0], ratings.resident), 201)
        before = ratings.rows()
        answer = write(ratings, made, name)
        found: Any = ratings.state_of(made)
        wanted: Any = allowed.get(state, state)
        if state not in allowed:
            found, wanted = (refusal(answer), found, ratings.rows()), (WRONG, wanted, before)
        elif answer.status_code != 200:
            found = answer.text
        if found != wanted:
            wrong.append(f"{name} of a list that is {state}: {found}, not {wanted}")
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize(("state", "to"), list(product(L, L)))
def test_lists_move_as_the_table_says(state: ListState, to: ListState):
    made = RatingList(state=state)
    if to in LIST_MOVES[state]:
        made._move(to)
        assert made.state is to
    else:
        with pytest.raises(WrongState):
            made._move(to)
        assert made.state is state


def test_ugly_fields_are_refused(ratings: Ratings):
    entry = ratings.noticed()["entries"][0]
    before = ratings.rows()
    not_text: list[Any] = ["", " \n", 5, [], {}, "a\x00b", "长" * 501]
    for value in [None, "", "2026", "2026-13", "2026-3", "1999-01", "2026-04\n", 202604, []]:
        body = {"period": value, "entries": ratings.entries()}
        assert refused_fields(ratings.leader.post(ratings.path, body)) == ["period"]
    for value in [None, [], {}, "x", ratings.entries()[:1] * 201]:
        body = {"period": "2026-04", "entries": value}
        assert refused_fields(ratings.leader.post(ratings.path, body)) == ["entries"]
    fields: dict[str, list[Any]] = {
        "compound_id": [None, "", "x", 1],
        "firm_name": [None, *not_text, "两\n行"],
        "manager": not_text,
        "colour": [None, "", "red", 1],
        "reason": [None, *not_text],
        "figures": not_text,
    }
    for field, ugly in fields.items():
        for value in ugly:
            body = {"period": "2026-04", "entries": [{**ratings.entries()[0], field: value}]}
            (where,) = refused_fields(ratings.leader.post(ratings.path, body))
            assert where.endswith(field)
    for verb, body in (("strike", {"reason": ""}), ("recolour", {"colour": "RED", "reason": 1})):
        answer = ratings.leader.post(f"/rating-entries/{entry['id']}/{verb}", body)
        assert refused_fields(answer) == ["reason"]
    assert ratings.rows() == before


def test_same_key_drafts_once(ratings: Ratings):
    body = {"period": "2026-03", "entries": ratings.entries()}
    once = {"Idempotency-Key": "once"}
    first, again = (ratings.leader.post(ratings.path, body, headers=once) for _ in range(2))
    assert body_of(first, 201) == body_of(again, 201)
    assert len(stored(ratings.cast.app, select(RatingList))) == 1


def test_lists_and_entries_cost_the_same_for_thirty(ratings: Ratings):
    made = ratings.noticed()
    sent: dict[str, list[int]] = {"list": [], "entries": []}
    for more in (3, 27):
        first = {3: 0, 27: 3}[more]
        for number in range(first, first + more):
            ratings.draft(f"20{10 + number // 12}-{number % 12 + 1:02}")
        firms = [{**ratings.entries()[0], "firm_name": f"物业{i}"} for i in range(first + more)]
        body = {"period": f"20{30 + more}-01", "entries": firms}
        long = ratings.leader.post(ratings.path, body)
        with counted(ratings.cast.app) as statements:
            items = body_of(ratings.leader.get(ratings.path))["items"]
        assert len(items) == min(30, first + more + 2 + (more == 27))
        sent["list"].append(len(statements))
        with counted(ratings.cast.app) as statements:
            read = body_of(ratings.leader.get(f"/rating-lists/{long.json['id']}"))
        assert len(read["entries"]) == first + more
        sent["entries"].append(len(statements))
    # One more than elsewhere: lists follow the clock before they are read.
    assert sent["list"][0] == sent["list"][1] <= 7
    assert sent["entries"][0] == sent["entries"][1] <= 8
    assert made["state"] == "NOTICED"


def test_what_lies_elsewhere_is_not_found(ratings: Ratings):
    made = ratings.noticed()
    community, _ = ratings.cast.other_community()
    other = ratings.cast.officer(Role.COMMUNITY_SECRETARY, community, level="community")
    entry = f"/rating-entries/{made['entries'][0]['id']}"
    body = {"reason": "已换企业"}
    answers = [
        other.get(f"/rating-lists/{made['id']}"),
        other.post(f"{entry}/strike", body),
        ratings.do({"id": str(uuid4())}, "review"),
        ratings.leader.post(f"/rating-entries/{uuid4()}/strike", body),
    ]
    assert {refusal(answer) for answer in answers} == {(404, "not_found")}
    assert len(stored(ratings.cast.app, select(PublicNotice))) == 2
