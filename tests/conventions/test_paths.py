"""What each kind of convention goes through: consent, the residents' meeting, the owners' vote."""

from uuid import UUID

import pytest
from sqlalchemy import update

from app.kit.extensions import db
from app.resolutions.models import Resolution, ResolutionState
from tests.cast import Cast
from tests.checks import moves_of, refusal
from tests.conventions.steps import CLAUSES, COVENANT, MEETING, OWNERS, PACT, SELF, Desk
from tests.resolutions.stage import PUBLISHED, TERM_END, Travel, body_of

ANSWER = {"answer": "已采纳"}


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


def test_pact(desk: Desk):
    version = desk.draft(PACT, resolution_ids=[], clauses=[{"text": "楼道不堆物。"}])
    body_of(desk.do(version, "submit"))
    assert refusal(desk.vote(version)) == (409, "not_approved")
    assert body_of(desk.approve(version))["state"] == "REVIEW"
    voted = body_of(desk.vote(version))
    assert (voted["state"], voted["yes"], voted["roll"]) == ("VOTED", 36, 60)
    assert voted["minutes_ref"] == MEETING["minutes_ref"]
    desk.go(PUBLISHED)
    body_of(desk.do(version, "publish"))
    (item,) = desk.notices("CONVENTION_NOTICED")
    assert "居民会议表决：居民会议纪要第2号。全体60人，到会41人" in item["content_text"]
    assert "期满且异议都已答复、完成备案后施行" in item["content_text"]

    desk.go(TERM_END)
    assert desk.read(version)["state"] == "NOTICED"  # not filed
    desk.go("2026-04-09T09:00:00+08:00")
    filed = body_of(desk.do(version, "file", desk.street, filing_ref="备〔2026〕3号"))
    assert filed["state"] == "FILED"
    in_force = desk.read(version)
    assert (in_force["state"], in_force["filing_ref"]) == ("IN_FORCE", "备〔2026〕3号")
    assert in_force["in_force_at"] == filed["filed_at"]
    assert in_force["review_by"] == "2026-10-09"


def test_pact_filed_in_time_is_in_force_when_its_notice_ends(desk: Desk):
    assert desk.in_force(PACT)["in_force_at"] == TERM_END


def test_covenant(desk: Desk):
    body = {"legal_type": COVENANT, **desk.words(resolution_ids=[])}
    version = body_of(desk.director.post(desk.path, body), 201)
    body_of(desk.do(version, "submit", desk.director))
    assert refusal(desk.vote(version)) == (409, "not_approved")
    body_of(desk.approve(version))
    voted = body_of(desk.vote(version))
    assert (voted["state"], voted["owner_vote"]["item"]) == ("VOTED", 2)
    assert voted["owner_vote"]["official_ref"] == OWNERS["official_ref"]
    # Item 8 is a clause's own: the vote on the covenant does not stand for it.
    assert [clause["is_active"] for clause in voted["clauses"]] == [True, False]
    desk.go(PUBLISHED)
    body_of(desk.do(version, "publish"))
    (item,) = desk.notices("CONVENTION_NOTICED")
    assert "业主表决：电子投票系统 2026-0415。全体业主15人、1,472.00平方米" in item["content_text"]
    desk.go(TERM_END)
    assert desk.read(version)["state"] == "IN_FORCE"


def test_vote_that_did_not_pass_is_refused(desk: Desk):
    pact, covenant = (desk.draft(legal_type) for legal_type in (PACT, COVENANT))
    for version in (pact, covenant):
        body_of(desk.do(version, "submit"))
        body_of(desk.approve(version))
    before = desk.rows()
    for changes, refused in (
        ({"present": 30, "yes": 30, "no": 0, "abstain": 0}, (409, "vote_not_passed")),
        ({"yes": 20, "no": 20, "abstain": 1}, (409, "vote_not_passed")),
        ({"present": 61}, (422, "figures_disagree")),
        ({"yes": 39}, (422, "figures_disagree")),
    ):
        body = {**MEETING, "abstain": 2, **changes}
        assert refusal(desk.do(pact, "record-vote", desk.community, **body)) == refused, changes
    for changes, refused in (
        ({"area_part": 91300, "area_yes": 91300}, (409, "vote_not_passed")),
        ({"heads_yes": 6}, (409, "vote_not_passed")),
        ({"heads_yes": 14}, (422, "figures_disagree")),
        ({"area_yes": 0}, (422, "figures_disagree")),
    ):
        body = {**OWNERS, **changes}
        answer = desk.do(covenant, "record-owner-vote", desk.director, **body)
        assert refusal(answer) == refused, changes
    assert desk.rows() == before


def test_votes_and_filing_belong_to_their_kind(desk: Desk):
    """Whatever their state: the kind alone refuses them."""
    meeting, filing = {**MEETING, "abstain": 2}, {"filing_ref": "备3号"}
    found = {}
    for legal_type in (SELF, PACT, COVENANT):
        version = desk.draft(legal_type)
        answers = [
            desk.do(version, "record-vote", desk.community, **meeting),
            desk.do(version, "record-owner-vote", desk.director, **OWNERS),
            desk.do(version, "file", desk.street, **filing),
        ]
        found[legal_type] = [refusal(answer)[1] for answer in answers]
    wrong_type, wrong_state = "wrong_legal_type", "wrong_state"
    assert found == {
        SELF: [wrong_type, wrong_type, wrong_type],
        PACT: [wrong_state, wrong_type, wrong_state],
        COVENANT: [wrong_type, wrong_state, wrong_type],
    }


def test_answered_objection_moves_the_first_day(desk: Desk):
    noticed = desk.noticed()
    objections = f"/notices/{noticed['notice_id']}/objections"
    first, second = (
        body_of(voter.post(objections, {"text": "太严"}), 201) for voter in desk.stage.voters[:2]
    )
    body_of(desk.secretary.post(f"/objections/{first['id']}/answer", ANSWER))
    desk.go(TERM_END)
    assert desk.read(noticed)["state"] == "NOTICED"
    desk.go("2026-05-31T15:00:00+08:00")
    answered = body_of(desk.secretary.post(f"/objections/{second['id']}/answer", ANSWER))
    in_force = desk.read(noticed)
    assert in_force["in_force_at"] == answered["answered_at"]
    assert in_force["review_by"] == "2026-11-30"  # November has no 31st


# What a version rests on


def test_resolution_must_be_passed_and_of_this_compound(desk: Desk):
    open_draft = desk.stage.draft(matter=1)["id"]
    body = {"legal_type": SELF, **desk.words()}
    before = desk.rows()
    for ids, refused in (
        ([], (422, "resolution_missing")),
        ([open_draft], (422, "invalid_resolutions")),
        ([desk.resolution, open_draft], (422, "invalid_resolutions")),
        ([desk.stage.id], (422, "invalid_resolutions")),
    ):
        answer = desk.secretary.post(desk.path, {**body, "resolution_ids": ids})
        assert refusal(answer) == refused
    elsewhere = desk.cast.secretary(desk.cast.neighbour)
    path = f"/compounds/{desk.cast.neighbour.id}/conventions"
    assert refusal(elsewhere.post(path, body)) == (422, "invalid_resolutions")
    assert desk.rows() == before


def test_clause_rests_on_a_resolution_of_its_version(desk: Desk):
    other = desk.pass_another()
    clauses = [{"text": "不停车。", "resolution_id": other}]
    body = {"legal_type": SELF, **desk.words(clauses=clauses)}
    before = desk.rows()
    assert refusal(desk.secretary.post(desk.path, body)) == (422, "invalid_clause_resolution")
    assert desk.rows() == before
    both = {**body, "resolution_ids": [desk.resolution, other]}
    made = body_of(desk.secretary.post(desk.path, both), 201)
    assert made["clauses"][0]["resolution_id"] == other
    assert [each["label"] for each in made["resolutions"]] == ["决议1", "决议2"]


def test_resolution_superseded_meanwhile_holds_the_approval(desk: Desk):
    version = desk.draft()
    body_of(desk.do(version, "submit"))
    with desk.cast.app.app_context():
        superseded = update(Resolution).where(Resolution.id == UUID(desk.resolution))
        db.session.execute(superseded.values({"state": ResolutionState.SUPERSEDED}))
        db.session.commit()
    before = desk.rows()
    assert refusal(desk.approve(version)) == (409, "resolution_superseded")
    assert desk.rows() == before


def test_draft_is_made_once_for_a_key(desk: Desk):
    body = {"legal_type": SELF, **desk.words()}
    key = {"Idempotency-Key": "once"}
    first, again = (desk.secretary.post(desk.path, body, headers=key) for _ in range(2))
    assert body_of(first, 201) == body_of(again, 201)
    assert len(desk.rows()["conventions"]) == 1


def test_revision_replaces_every_clause(desk: Desk):
    version = desk.draft()
    clauses = [{"text": text} for text in ("甲。", "乙。", "丙。")]
    path = f"/convention-versions/{version['id']}"
    revised = body_of(
        desk.secretary.put(path, desk.words(title="新规约", clauses=clauses, review_months=12))
    )
    assert [clause["printed"] for clause in revised["clauses"]] == [
        "第一条 甲。",
        "第二条 乙。",
        "第三条 丙。",
    ]
    assert (revised["title"], revised["review_months"]) == ("新规约", 12)
    assert len(desk.rows()["convention_clauses"]) == 3
    body_of(desk.secretary.put(path, desk.words(clauses=CLAUSES)))
    assert len(desk.read(version)["clauses"]) == 2


def test_withdrawn_draft_leaves_room_for_another(desk: Desk):
    version = desk.draft()
    withdrawn = body_of(desk.do(version, "withdraw", reason="并入下月"))
    assert (withdrawn["state"], withdrawn["withdrawn_why"]) == ("WITHDRAWN", "并入下月")
    assert moves_of(desk.cast.app, version["id"])[-1].reason == "并入下月"
    desk.draft()
