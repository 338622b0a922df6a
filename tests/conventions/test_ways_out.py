"""What a convention cannot go on with is given up, by those above, and the board says so."""

from typing import Any

import pytest

from app.conventions.models import VersionState
from tests.cast import Cast
from tests.checks import moves_of, refusal
from tests.conventions.steps import COVENANT, NEXT_MONTH, NEXT_TERM_END, OWNERS, PACT, SELF, Desk
from tests.resolutions.stage import Stage, Travel, body_of

REASON = "所依据的决议已被代替"


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


@pytest.mark.parametrize(
    ("state", "legal_type"),
    [
        (VersionState.VOTED, SELF),
        (VersionState.VOTED, PACT),
        (VersionState.VOTED, COVENANT),
        (VersionState.NOTICED, SELF),
        (VersionState.NOTICED, PACT),
        (VersionState.FILED, PACT),
    ],
)
def test_voted_version_is_withdrawn_by_those_who_reviewed_it(
    cast: Cast, desk: Desk, state: VersionState, legal_type: str
):
    version = desk.voted(legal_type) if state is VersionState.VOTED else desk.noticed(legal_type)
    if state is VersionState.FILED:
        body_of(desk.do(version, "file", desk.street, filing_ref="备〔2026〕3号"))
    for by in {desk.secretary, desk.director, desk.community, desk.street} - {
        desk.reviewer(legal_type)
    }:
        assert refusal(desk.do(version, "withdraw", by, reason=REASON)) == (403, "forbidden")
    withdrawn = body_of(desk.do(version, "withdraw", desk.reviewer(legal_type), reason=REASON))
    assert (withdrawn["state"], withdrawn["withdrawn_why"]) == ("WITHDRAWN", REASON)
    is_told = state is not VersionState.VOTED
    verb = "withdraw_noticed" if is_told else "withdraw"
    assert moves_of(cast.app, version["id"])[-1][:3] == (verb, state, "WITHDRAWN")
    told = desk.notices("CONVENTION_WITHDRAWN")
    assert [REASON in notice["content_text"] for notice in told] == [True] * is_told
    for notice in desk.notices("CONVENTION_NOTICED"):
        assert "公示到此为止" in notice["content_text"]
        objection = desk.stage.object_to(withdrawn, desk.stage.voters[0])
        assert refusal(objection) == (409, "objection_term_over")
    desk.go(NEXT_MONTH)
    assert desk.read(version)["state"] == "WITHDRAWN"
    assert desk.notices("CONVENTION_IN_FORCE") == []


@pytest.mark.parametrize("state", [VersionState.DRAFT, VersionState.REVIEW])
def test_draft_is_withdrawn_by_its_reviewer_where_nobody_else_is_left(
    desk: Desk, state: VersionState
):
    version = desk.at(state)
    assert refusal(desk.do(version, "withdraw", desk.street, reason=REASON)) == (403, "forbidden")
    body_of(desk.do(version, "withdraw", desk.community, reason=REASON))


def test_version_withdrawn_from_the_board_leaves_the_one_in_force_and_makes_room(desk: Desk):
    old = desk.in_force()
    newer = body_of(desk.amend(old), 201)
    body_of(desk.do(desk.carry(newer), "publish"))
    body_of(desk.do(newer, "withdraw", desk.community, reason=REASON))
    assert desk.read(old)["state"] == "IN_FORCE"
    body_of(desk.amend(old, resolution_ids=[desk.pass_another(2)]), 201)


def pending_repeal(desk: Desk) -> dict[str, Any]:
    version = desk.in_force()
    desk.go(NEXT_MONTH)
    body_of(desk.repeal(version))
    return version


def withdraw_repeal(desk: Desk, version: dict[str, Any], by: Any = None) -> Any:
    path = f"/conventions/{version['convention_id']}/withdraw-repeal"
    return (by or desk.community).post(path, {"reason": REASON})


def test_repeal_is_withdrawn(cast: Cast, desk: Desk):
    version = pending_repeal(desk)
    assert refusal(withdraw_repeal(desk, version, desk.secretary)) == (403, "forbidden")
    kept = body_of(withdraw_repeal(desk, version))
    assert kept["state"] == "IN_FORCE"
    assert {name: kept[name] for name in kept if name.startswith("repeal")} == {
        "repeal_reason": None,
        "repeal_resolution_id": None,
        "repeal_notice_id": None,
        "repeal_ends_at": None,
        "repealed_at": None,
    }
    move = moves_of(cast.app, version["id"])[-1]
    assert (move.verb, move.by, move.reason) == ("withdraw_repeal", desk.community.id, REASON)
    (notice,) = desk.notices("CONVENTION_REPEAL_WITHDRAWN")
    assert REASON in notice["content_text"]
    desk.go(NEXT_TERM_END)
    assert desk.read(version)["state"] == "IN_FORCE"


def test_repeal_may_be_announced_again_and_again(desk: Desk):
    version = pending_repeal(desk)
    resolution = desk.pass_another(2)
    for _ in range(2):
        body_of(withdraw_repeal(desk, version))
        body_of(desk.repeal(version, resolution_id=resolution))
    assert len(desk.notices("CONVENTION_REPEAL_NOTICED")) == 3
    assert len(desk.notices("CONVENTION_REPEAL_WITHDRAWN")) == 2


def test_only_a_repeal_on_the_board_is_withdrawn(desk: Desk):
    version = desk.in_force()
    assert refusal(withdraw_repeal(desk, version)) == (409, "wrong_state")


class Owners:
    """A matter that the round table has left to the owners."""

    def __init__(self, cast: Cast, travel: Travel) -> None:
        self.stage = Stage(cast, travel)
        self.desk = Desk(cast, travel, self.stage)
        self.matter = self.stage.matters[1]
        self.stage.card("中心花坛改12个车位", matter=1, item=8)
        body_of(self.stage.secretary.post(f"{self.stage.path}/conclude-meeting"))
        assert self.state == "OWNER_VOTE"

    @property
    def state(self) -> str:
        return self.stage.matter(1)

    def vote(self, **changes: Any) -> Any:
        body = {**OWNERS, "item": 8, **changes}
        return self.desk.director.post(f"/matters/{self.matter}/owner-vote", body)


@pytest.fixture
def owners(cast: Cast, travel: Travel) -> Owners:
    return Owners(cast, travel)


def test_what_the_owners_passed_is_carried_out(cast: Cast, owners: Owners):
    recorded = body_of(owners.vote())
    assert (recorded["item"], recorded["official_ref"]) == (8, OWNERS["official_ref"])
    assert owners.state == "RESOLVED"
    assert moves_of(cast.app, owners.matter)[-1][:3] == (
        "record_owner_vote",
        "OWNER_VOTE",
        "RESOLVED",
    )
    (notice,) = owners.stage.notices("OWNERS_DECIDED")
    assert OWNERS["official_ref"] in notice["content_text"]
    words = {"title": "改车位", "text": "改", "doer_kind": "PROPERTY_FIRM", "doer_name": "物业"}
    body_of(owners.stage.secretary.post(f"/matters/{owners.matter}/orders", words), 201)
    assert owners.state == "EXECUTING"
    assert refusal(owners.vote()) == (409, "wrong_state")


def test_what_the_owners_did_not_pass_is_shelved(owners: Owners):
    assert refusal(owners.vote(heads_yes=9)) == (409, "vote_not_passed")
    assert owners.state == "OWNER_VOTE"
    body = {"reason": "业主表决未通过"}
    body_of(owners.desk.community.post(f"/matters/{owners.matter}/shelve", body))
    assert owners.state == "SHELVED"
