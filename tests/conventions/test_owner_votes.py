"""Clauses that only the owners decide: inactive until an official vote that passed is attached."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from app.conventions.texts.clauses import Clause, OfficialOwnerVote
from app.kit import clock
from app.kit.extensions import db
from app.kit.orm import new_id, table_of
from tests.cast import Cast
from tests.checks import moves_of, refusal
from tests.conventions.steps import OWNERS, Desk
from tests.resolutions.stage import Travel, body_of

INACTIVE = "（未经业主依法表决，不实施）"


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


def test_clause_is_active_with_the_owners_vote(desk: Desk):
    version = desk.in_force()
    clause = version["clauses"][1]
    assert (clause["needs_owner_vote"], clause["is_active"]) == (True, False)
    assert clause["printed"] == f"第二条 花坛改车位。{INACTIVE}"

    active = body_of(desk.attach(clause))
    assert (active["is_active"], active["printed"]) == (True, "第二条 花坛改车位。")
    assert active["owner_vote"]["official_ref"] == OWNERS["official_ref"]
    assert "四分之三以上，通过" in active["owner_vote"]["explanation"]
    assert desk.read(version)["clauses"][1] == active
    (item,) = desk.notices("CONVENTION_CLAUSE_ACTIVE")
    assert item["title"] == "《停车规约》第1版第二条经业主表决通过"
    assert "第（八）项" in item["content_text"]
    extension = item["_yueyuetan"]
    assert (extension["about_id"], extension["session_id"]) == (clause["id"], None)
    assert extension["data"]["clause"]["is_active"]
    # The notice of the convention says what it said.
    (item,) = desk.notices("CONVENTION_IN_FORCE")
    assert INACTIVE in item["content_text"]
    (move,) = moves_of(desk.cast.app, clause["id"])
    assert (move.verb, move.to_state, move.by) == ("attach_owner_vote", "ACTIVE", desk.director.id)


def test_vote_before_publication_needs_no_notice(desk: Desk):
    version = desk.voted()
    body_of(desk.attach(version["clauses"][1]))
    assert desk.notices("CONVENTION_CLAUSE_ACTIVE") == []


def test_rule_follows_from_the_item(desk: Desk):
    texts = [{"text": f"第{item}项。", "owner_vote_item": item} for item in (5, 6, 7, 8)]
    clauses = {each["owner_vote_item"]: each for each in desk.voted(clauses=texts)["clauses"]}
    before = desk.rows()
    for item, changes, refused in (
        (8, {"heads_yes": 9}, (409, "vote_not_passed")),
        (8, {"area_yes": 91300}, (409, "vote_not_passed")),
        (8, {"area_part": 91300, "area_yes": 91300}, (409, "vote_not_passed")),
        (6, {"heads_yes": 9}, (409, "vote_not_passed")),
        (7, {"heads_yes": 9}, (409, "vote_not_passed")),
        (5, {"heads_yes": 6}, (409, "vote_not_passed")),
        (8, {"heads_part": 16}, (422, "figures_disagree")),
    ):
        assert refusal(desk.attach(clauses[item], **changes)) == refused, (item, changes)
    assert desk.rows() == before
    assert body_of(desk.attach(clauses[5], heads_yes=9))["is_active"]


def test_refusal_says_what_was_missing(desk: Desk):
    clause = desk.voted()["clauses"][1]
    detail = desk.attach(clause, heads_yes=9).json["detail"]
    assert "第（八）项" in detail
    assert "赞成9人" in detail
    assert detail.endswith("四分之三以上，未通过。")


def test_other_clauses_take_no_vote(desk: Desk):
    version = desk.voted()
    plain, tagged = version["clauses"]
    body_of(desk.attach(tagged))
    before = desk.rows()
    assert refusal(desk.attach(plain)) == (409, "needs_no_owner_vote")
    assert refusal(desk.attach(tagged)) == (409, "wrong_state")  # it has one
    assert desk.rows() == before


def test_text_that_may_still_change_takes_no_vote(desk: Desk):
    version = desk.draft()
    before = desk.rows()
    assert refusal(desk.attach(version["clauses"][1])) == (409, "wrong_state")
    assert desk.rows() == before


# The rows themselves: whoever writes past the application meets the same rule.


def _set(desk: Desk, clause: dict[str, Any], **values: Any) -> None:
    statement = update(table_of(Clause)).where(table_of(Clause).c.id == UUID(clause["id"]))
    with desk.cast.app.app_context(), db.engine.begin() as connection:
        connection.execute(statement.values(**values))


def _store(cast: Cast, item: int = 8, **changes: Any) -> UUID:
    vote = OfficialOwnerVote(
        **{
            "id": new_id(),
            "compound_id": cast.home.id,
            "item": item,
            "explanation_zh": "通过",
            "explanation_en": "passed",
            "entered_by_id": cast.visitor().id,
            "entered_at": clock.now(),
            **OWNERS,
            **changes,
        }
    )
    with cast.app.app_context():
        db.session.add(vote)
        db.session.commit()
        return vote.id


def test_clause_in_force_without_its_vote_cannot_be_stored(desk: Desk):
    plain, tagged = desk.in_force()["clauses"]
    ordinary, special = _store(desk.cast, item=5), _store(desk.cast, item=8)
    for clause, values in (
        (tagged, {"is_active": True}),  # no vote
        (tagged, {"is_active": True, "owner_vote_id": ordinary}),  # one on another item
        (tagged, {"owner_vote_id": special}),  # a vote, and yet inactive
        (plain, {"owner_vote_item": 8}),  # active, and now needs one
        (plain, {"owner_vote_id": special}),
    ):
        with pytest.raises(IntegrityError):
            _set(desk, clause, **values)
    _set(desk, tagged, is_active=True, owner_vote_id=special)


def test_vote_that_did_not_pass_cannot_be_stored(cast: Cast):
    for changes in (
        {"heads_yes": 9},
        {"area_yes": 91300},
        {"area_part": 91300, "area_yes": 91300},
        {"heads_part": 9, "heads_yes": 9},
        {"heads_yes": 14},
        {"heads_part": 16},
        {"item": 5, "heads_yes": 6},
        {"item": 0},
        {"item": 10},
    ):
        with pytest.raises(IntegrityError):
            _store(cast, **changes)
    _store(cast)
    _store(cast, item=5, heads_yes=7)
