"""A case of a solved matter: written, published by somebody else, withdrawn."""

from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.board.models import PublicNotice
from app.cases.models import CASE_MOVES, Case, CaseState
from app.conventions.models import ConventionVersion, VersionState
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.matters.models import Matter, MatterState
from app.people.models import Role
from tests.cases.shelf import CLAUSES, WORDS, Shelf
from tests.cast import Cast, stored
from tests.checks import moves_of, refusal, refused_fields
from tests.works.site import Travel, body_of

WRONG = (409, "wrong_state")
PERSONAL = (422, "personal_data")
S = CaseState


@pytest.fixture
def shelf(cast: Cast, travel: Travel) -> Shelf:
    return Shelf(cast, travel)


def test_case_is_written_reviewed_and_read_by_the_city(shelf: Shelf):
    matter = shelf.closed()
    convention = shelf.convention()
    case = body_of(shelf.write(matter, convention_id=convention), 201)
    assert (case["state"], case["figures"], case["version_id"]) == ("DRAFT", None, None)
    path = f"/cases/{case['id']}"
    assert refusal(shelf.stranger.get(path)) == refusal(shelf.resident.get(path))
    assert refusal(shelf.stranger.get(path)) == (404, "not_found")
    assert shelf.leader.get(path).json == case
    assert shelf.find() == []

    case = body_of(shelf.publish(case))
    assert case["state"] == "PUBLISHED"
    assert [(each["text"], each["owner_vote_item"]) for each in case["clauses"]] == list(CLAUSES)
    assert case["convention_name"] == "停车规约（试行）"
    assert case["figures"] is None  # one person's answer
    assert shelf.stranger.get(path).json == case
    assert shelf.find() == [WORDS["title"]]
    feed = shelf.stranger.get(f"/board/compounds/{shelf.cast.home.id}/feed.json").json
    (item,) = (each for each in feed["items"] if each["tags"] == ["CASE_PUBLISHED"])
    assert item["_yueyuetan"]["data"]["case_id"] == case["id"]
    assert "满意率" not in item["content_text"]
    assert [move[:4] for move in moves_of(shelf.cast.app, case["id"])] == [
        ("draft", None, "DRAFT", shelf.secretary.id),
        ("publish", "DRAFT", "PUBLISHED", shelf.leader.id),
    ]


def test_what_is_published_stays_as_it_was(shelf: Shelf):
    case = shelf.published(convention_id=shelf.convention())
    before = shelf.stranger.get(f"/cases/{case['id']}").json
    with shelf.cast.app.app_context():
        version = db.session.scalars(select(ConventionVersion)).one()
        version.title, version.clauses[0].text = "别的规约", "改了字"
        db.session.commit()
    assert shelf.stranger.get(f"/cases/{case['id']}").json == before
    assert shelf.find(q="黄线内") == [WORDS["title"]]


def test_without_words_of_its_own_it_is_told_by_the_orders(shelf: Shelf):
    matter = shelf.closed()
    body = {"title": "不漏了", "problem": "漏水"}
    case = body_of(shelf.secretary.post(f"/matters/{matter}/cases", body), 201)
    assert (case["solution"], case["category"]) == ("办理：补漏。", "LEAK_DRAIN")


def test_a_withdrawn_case_leaves_the_library_and_its_notice_says_so(shelf: Shelf):
    case = shelf.published()
    assert body_of(shelf.withdraw(case))["withdrawn_why"] == "做法已过时"
    assert shelf.find() == []
    assert refusal(shelf.stranger.get(f"/cases/{case['id']}")) == (404, "not_found")
    (notice,) = stored(
        shelf.cast.app, select(PublicNotice).where(PublicNotice.kind == "CASE_PUBLISHED")
    )
    assert notice.revision == 2
    assert "做法已过时" in notice.text
    body_of(shelf.write(case["matter_id"]), 201)  # the matter may have another one


@pytest.mark.parametrize(
    "number",
    ["13971234567", "139 7123 4567", "１３９７１２３４５６７", "420106198005171234",
     "42010619800517123X", "027-87654321", "(027)87654321", "0711 3456789"],
)  # fmt: skip
def test_personal_numbers_are_refused(shelf: Shelf, number: str):
    matter = shelf.closed()
    before = shelf.rows()
    for field in ("title", "problem", "solution"):
        answer = shelf.write(matter, **{field: f"请打{number}找王师傅"})
        assert refusal(answer) == PERSONAL
        assert [error["where"] for error in answer.json["errors"]] == [field]
    assert shelf.rows() == before


@pytest.mark.parametrize("number", ["2026-03-04", "88.50", "12345", "20260304001", "1 2 3 4 5 6"])
def test_other_numbers_are_not(shelf: Shelf, number: str):
    shelf.draft(problem=f"第{number}号")


def test_personal_numbers_are_refused_in_a_revision_and_at_publishing(shelf: Shelf):
    case = shelf.draft()
    answer = shelf.secretary.put(f"/cases/{case['id']}", {**WORDS, "problem": "打13971234567"})
    assert refusal(answer) == PERSONAL
    assert shelf.row(case).problem == WORDS["problem"]
    convention = shelf.convention()
    with shelf.cast.app.app_context():
        version = db.session.scalars(select(ConventionVersion)).one()
        version.clauses[0].text = "有事打13971234567"
        db.session.commit()
    words = {**WORDS, "convention_id": convention}
    body_of(shelf.secretary.put(f"/cases/{case['id']}", words))
    before = shelf.rows()
    answer = shelf.publish(case)
    assert refusal(answer) == PERSONAL
    assert [error["where"] for error in answer.json["errors"]] == ["convention_id"]
    assert (shelf.row(case).state, shelf.rows()) == (S.DRAFT, before)


def test_refusals_leave_nothing(shelf: Shelf):
    case = shelf.draft()
    both = shelf.cast.officer(Role.BRANCH_SECRETARY)
    shelf.cast.appoint(both, "COMMUNITY_SECRETARY", level="community")
    body_of(both.put(f"/cases/{case['id']}", WORDS))
    unknown, own = str(uuid4()), shelf.convention(VersionState.DRAFT)
    matter = shelf.closed()
    before = shelf.rows()
    assert refusal(both.post(f"/cases/{case['id']}/publish")) == (403, "own_case")
    assert refusal(shelf.write(case["matter_id"])) == (409, "case_exists")
    assert refusal(shelf.write(matter, convention_id=unknown)) == (422, "invalid_convention")
    assert shelf.rows() == before
    drafted = body_of(shelf.write(matter, convention_id=own), 201)
    before = shelf.rows()
    assert refusal(shelf.publish(drafted)) == (409, "convention_not_in_force")
    assert (shelf.row(drafted).state, shelf.rows()) == (S.DRAFT, before)


def test_convention_of_another_compound_is_none_of_its_case(shelf: Shelf):
    convention = shelf.convention()
    matter = shelf.closed()
    with shelf.cast.app.app_context():
        for version in db.session.scalars(select(ConventionVersion)):
            version.convention.compound_id = shelf.cast.neighbour.id
        db.session.commit()
    answer = shelf.write(matter, convention_id=convention)
    assert refusal(answer) == (422, "invalid_convention")


def test_same_key_writes_once(shelf: Shelf):
    path, once = f"/matters/{shelf.closed()}/cases", {"Idempotency-Key": "once"}
    first, again = (shelf.secretary.post(path, WORDS, headers=once) for _ in range(2))
    assert body_of(first, 201) == body_of(again, 201)
    assert len(stored(shelf.cast.app, select(Case))) == 1


NOT_TEXT: list[Any] = ["", " \n", 5, True, [], {}, "a\x00b"]


def test_ugly_fields_are_refused(shelf: Shelf):
    matter, case = shelf.closed(), shelf.draft()
    before = shelf.rows()
    fields: dict[str, list[Any]] = {
        "title": [None, *NOT_TEXT, "长" * 81],
        "problem": [None, *NOT_TEXT, "长" * 2001],
        "solution": [*NOT_TEXT, "长" * 5001],
        "category": ["", "parking", 1, []],
        "convention_id": ["", "x", 1, []],
    }
    for field, ugly in fields.items():
        for value in ugly:
            assert refused_fields(shelf.write(matter, **{field: value})) == [field]
    for value in [None, *NOT_TEXT, "长" * 501]:
        answer = shelf.leader.post(f"/cases/{case['id']}/withdraw", {"reason": value})
        assert refused_fields(answer) == ["reason"]
    assert shelf.rows() == before


# Write -> {state: state afterwards} where it is allowed.
WRITES: dict[str, dict[CaseState, CaseState]] = {
    "revise": {S.DRAFT: S.DRAFT},
    "publish": {S.DRAFT: S.PUBLISHED},
    "withdraw": {S.DRAFT: S.WITHDRAWN, S.PUBLISHED: S.WITHDRAWN},
}


def test_writes_in_every_state(shelf: Shelf):
    wrong = []
    for (name, allowed), state in product(WRITES.items(), S):
        case = shelf.at(state)
        before = shelf.rows()
        if name == "revise":
            answer = shelf.secretary.put(f"/cases/{case['id']}", WORDS)
        else:
            answer = shelf.publish(case) if name == "publish" else shelf.withdraw(case)
        found: Any = shelf.row(case).state
        wanted: Any = allowed.get(state, state)
        if state not in allowed:
            found, wanted = (refusal(answer), found, shelf.rows()), (WRONG, wanted, before)
        if found != wanted:
            wrong.append(f"{name} of a case that is {state}: {found}, not {wanted}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_only_a_closed_matter_has_a_case(shelf: Shelf):
    matter = shelf.closed()
    wrong = []
    for state in MatterState:
        if state in (MatterState.MERGED, MatterState.CLOSED):
            continue
        with shelf.cast.app.app_context():
            row = db.session.get_one(Matter, UUID(matter))
            row.state, row.reason = state, "说明"
            db.session.commit()
        if refusal(shelf.write(matter)) != WRONG:
            wrong.append(state)
    assert wrong == []
    assert stored(shelf.cast.app, select(Case)) == []


@pytest.mark.parametrize(("state", "to"), list(product(S, S)))
def test_cases_move_as_the_table_says(state: CaseState, to: CaseState):
    case = Case(state=state)
    if to in CASE_MOVES[state]:
        case._move(to)
        assert case.state is to
    else:
        with pytest.raises(WrongState):
            case._move(to)
        assert case.state is state
