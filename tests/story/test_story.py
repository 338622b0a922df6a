"""The story of a matter: every step of it in order, and what it does not tell."""

from typing import Any

import pytest

from app.story.sources import Step
from app.works.whistles.models import WhistleState
from tests.cast import Cast, ballot
from tests.checks import counted, refusal
from tests.conventions.steps import Desk as Pacts
from tests.evaluations.desk import UNSOLVED
from tests.evaluations.desk import Desk as Judges
from tests.resolutions.stage import TERM_END, Stage
from tests.works.site import Site, Travel, body_of

MOST = 10


def story(person: Any, matter: str) -> list[dict[str, Any]]:
    return list(body_of(person.get(f"/matters/{matter}/story"))["entries"])


def kinds(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["kind"] for entry in entries]


def find(entries: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["kind"] == kind)


def test_a_matter_through_all_steps(cast: Cast, travel: Travel):
    """Raised, supported, chosen, discussed, decided, agreed, carried out late, judged unsolved,
    and on the list again."""
    judges, stage = Judges(cast, travel), Stage(cast, travel)
    matter = stage.matters[0]
    stage.go("2026-03-27T20:00+08:00")
    card = stage.card(item=None)
    pacts = Pacts(cast, travel, stage)  # passes a resolution on the matter
    convention = pacts.noticed()
    body_of(stage.secretary.post(f"{stage.path}/conclude-meeting"))
    judges.go("2026-03-30T11:00+08:00")
    words = {"title": "清车", "text": "清车", "doer_kind": "PROPERTY_FIRM", "doer_name": "物业"}
    path = f"/resolutions/{pacts.resolution}/orders"
    order = body_of(judges.secretary.post(path, {**words, "due_on": "2026-04-07"}), 201)
    for verb in ("assign", "accept"):
        body_of(judges.do(order, verb))
    stage.go("2026-04-08T09:00+08:00")
    judges.go("2026-04-08T09:00+08:00")
    for verb in ("submit", "return", "submit", "verify"):
        body_of(judges.do(order, verb))
    body_of(judges.say(order, stage.voters[0], **UNSOLVED), 201)
    entries = story(stage.voters[1], matter)

    assert kinds(entries) == [
        "RAISED",
        "SCREENED",
        "LISTED",
        "BALLOT_RESULT",
        "ROUND_TABLE",
        "CARD_PUT",
        "CARD_ADOPTED",
        "RESOLUTION_DRAFTED",
        "RESOLUTION_TABLED",
        "RESOLUTION_VOTED",
        "RESOLUTION_PUBLISHED",
        "CONVENTION_NOTICED",
        "ORDER_REQUESTED",
        "EXECUTION_STARTED",
        "ORDER_ASSIGNED",
        "ORDER_ACCEPTED",
        # Both by their own day, whenever the clock was asked.
        "RESOLUTION_EFFECTIVE",
        "CONVENTION_IN_FORCE",
        "ORDER_OVERDUE",
        "ORDER_SUBMITTED",
        "ORDER_RETURNED",
        "ORDER_SUBMITTED",
        "ORDER_VERIFIED",
        "DONE",
        "REOPENED",
    ]
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)
    assert {entry["step"] for entry in entries} == {step.value for step in Step}
    listed = find(entries, "LISTED")
    assert listed["figures"] == {"period": "2026-03", "label": "M01", "endorsements": 0}
    assert listed["about"] == {"thing": "session", "id": stage.id}
    result = find(entries, "BALLOT_RESULT")
    assert result["figures"] == {
        **{"rank": 1, "of": 3, "score": 10},
        **{"outcome": "SELECTED", "session_outcome": "DECIDED"},
    }
    assert result["text"] == "计票：第 1 名，10 分，入选"
    assert find(entries, "CARD_PUT")["about"] == {"thing": "card", "id": card}
    voted = find(entries, "RESOLUTION_VOTED")["figures"]
    assert voted == {
        **{"outcome": "PASSED", "roll": 3, "present": 3, "yes": 3},
        **{"no": 0, "abstain": 0},
    }
    in_force = find(entries, "CONVENTION_IN_FORCE")
    assert in_force["about"] == {"thing": "convention_version", "id": convention["id"]}
    assert in_force["figures"] == {"in_force_on": "2026-04-08", "review_by": "2026-10-08"}
    assert in_force["at"] == TERM_END
    assert find(entries, "ORDER_ASSIGNED")["figures"] == {"doer": "物业"}
    assert find(entries, "ORDER_VERIFIED")["figures"] == {"in_time": False}
    assert find(entries, "REOPENED")["figures"]["solved_rate"] is None  # one person's answer
    assert not any("王" in entry["text"] or "居民" in entry["text"] for entry in entries)


def test_a_matter_that_waits_and_is_whistled(cast: Cast, travel: Travel):
    site = Site(cast, travel)
    stage = Stage(cast, travel, titles=("停车", "充电", "电梯", "积水"))
    deferred = stage.matters[3]
    screened = {"outcome": "WHISTLED", "reason": "管网改造街道无力办理"}
    body_of(stage.secretary.post(f"/matters/{deferred}/screen", screened))
    site.go("2026-04-13T09:00:00+08:00")
    whistle = site.whistle(matter=deferred)
    body_of(site.do(whistle, "blow", kind="HARD", due_on="2026-04-30"))
    site.go("2026-04-13T10:01:00+08:00")  # more than an hour later: too late to sign
    for verb in ("sign", "contact", "report", "feed-back", "verify-close"):
        body_of(site.do(whistle, verb))
    entries = story(site.resident, deferred)
    assert kinds(entries) == [
        *("RAISED", "SCREENED", "LISTED", "BALLOT_RESULT", "CARRIED_OVER", "SCREENED"),
        *("WHISTLE_REQUESTED", "EXECUTION_STARTED", "WHISTLE_BLOWN", "WHISTLE_OVERDUE"),
        *("WHISTLE_SIGNED", "WHISTLE_CONTACTED", "WHISTLE_REPORTED", "WHISTLE_FED_BACK"),
        *("WHISTLE_CLOSED", "DONE"),
    ]
    assert find(entries, "CARRIED_OVER")["figures"] == {"times": 1}
    assert find(entries, "WHISTLE_SIGNED")["figures"] == {"in_time": False}
    assert find(entries, "WHISTLE_REPORTED")["figures"] == {"in_time": True}
    assert find(entries, "WHISTLE_CLOSED")["text"] == "哨1核实结项（按期）"
    assert not any("无力办理" in entry["text"] for entry in entries)


def test_what_a_story_does_not_tell(cast: Cast, travel: Travel):
    """Not why it was refused, nor who raised or supported it or when; of a matter that was merged
    into another one, only that."""
    site = Site(cast, travel)
    kept, merged, refused = (
        site.resident.post(
            f"{site.home}/matters", {"title": title, "body": "说明", "category": "OTHER"}
        ).json["id"]
        for title in ("路灯", "灯不亮", "吵架")
    )
    supporters = [cast.resident(name=f"附议人{i}") for i in range(2)]
    for person, matter in zip(supporters, (kept, merged), strict=True):
        body_of(person.put(f"/matters/{matter}/endorsement"))
    site.go("2026-03-05T09:00:00+08:00")
    body = {"outcome": "MERGED", "into": kept, "reason": "同一件事"}
    body_of(site.secretary.post(f"/matters/{merged}/screen", body))
    body = {"outcome": "REFUSED", "reason": "属于邻里私人纠纷"}
    body_of(site.secretary.post(f"/matters/{refused}/screen", body))

    entries = story(site.resident, kept)
    assert kinds(entries) == ["RAISED", "ENDORSED", "TOOK_IN"]
    assert entries[1]["figures"] == {"endorsements": 2}
    assert entries[1]["at"] == entries[0]["at"]
    assert entries[2]["text"] == "「灯不亮」并入本件"
    told = story(site.resident, merged)
    assert told[-1]["figures"] == {"outcome": "MERGED", "into": kept}
    for reader in (site.secretary, cast.logged_in_anew(supporters[0]), site.resident):
        answer = reader.get(f"/matters/{refused}/story")
        assert kinds(answer.json["entries"]) == ["RAISED", "SCREENED"]
        assert "私人纠纷" not in answer.text
        assert "同一件事" not in reader.get(f"/matters/{kept}/story").text
        assert str(site.resident.id) not in answer.text
        assert str(site.secretary.id) not in answer.text


def test_resolution_that_is_voted_twice_keeps_both_votes(cast: Cast, travel: Travel):
    stage = Stage(cast, travel)
    resolution = stage.draft()
    stage.table(resolution)
    body_of(stage.do(resolution, "count", yes=0, no=0, abstain=0))
    stage.arrive(*stage.voters)
    stage.table(resolution)
    body_of(stage.do(resolution, "count", yes=1, no=2, abstain=0))
    voted = [e for e in story(stage.voters[0], stage.matters[0]) if e["kind"] == "RESOLUTION_VOTED"]
    assert [entry["figures"]["outcome"] for entry in voted] == ["NO_QUORUM", "FAILED"]
    assert "yes" not in voted[0]["figures"]
    assert voted[1]["text"] == "决议1表决：未通过（赞成 1、反对 2、弃权 0）"


def test_a_single_matter_is_taken_up_without_a_vote(cast: Cast):
    secretary, resident = cast.secretary(), cast.resident()
    session = cast.session(secretary)
    path = f"/sessions/{session['id']}"
    body_of(secretary.post(f"{path}/start-collecting"))
    (matter,) = cast.matters(secretary, resident, ["停车"])
    for step in ("freeze-list", "open-voting"):
        body_of(secretary.post(f"{path}/{step}"))
    entries = story(resident, matter)
    assert kinds(entries) == ["RAISED", "SCREENED", "LISTED", "TAKEN_WITHOUT_VOTE"]
    assert entries[-1]["figures"] == {"outcome": "SELECTED"}


def test_nothing_of_a_vote_is_told_before_it_is_counted(cast: Cast):
    secretary, voter = cast.secretary(), cast.resident()
    session, matters = cast.open_session(secretary, voter)
    body_of(voter.put(f"/sessions/{session['id']}/ballot", ballot(*matters)))
    assert kinds(story(voter, matters[0])) == ["RAISED", "SCREENED", "LISTED"]
    figures = body_of(voter.get(f"/sessions/{session['id']}/figures"))["participation"]
    assert figures["votes"] == 0
    assert figures["returned"]["text"] == figures["turnout"]["text"] == "–"


@pytest.fixture
def judges(cast: Cast, travel: Travel) -> Judges:
    return Judges(cast, travel)


def test_evaluation_by_residents(judges: Judges):
    matter = judges.done()
    asked = judges.ask(matter)
    people = judges.people_move_in(5)
    for person in people:
        body_of(judges.judge(asked, person))
    judges.go("2026-03-12T09:00:00+08:00")
    entries = story(judges.resident, matter)  # the clock closes the round before it is told
    assert kinds(entries)[-5:] == [
        *("DONE", "ORDER_CLOSED", "EVALUATION_OPENED", "EVALUATION_COUNTED", "CLOSED")
    ]
    result = find(entries, "EVALUATION_COUNTED")["figures"]
    nothing = dict.fromkeys(("satisfaction", "solved_rate", "breakdown"))
    assert result == {"outcome": "COUNTED", "answers": 5, **nothing}


def test_as_many_statements_for_a_long_story_as_for_a_short_one(judges: Judges):
    matter, sizes = judges.matter(), []
    judges.order(matter=matter)
    for number in (1, 8):
        for _ in range(number):
            judges.verified(matter)
        with counted(judges.cast.app) as sent:
            entries = story(judges.resident, matter)
        sizes.append((len(entries), len(sent)))
    assert sizes[0][0] < sizes[1][0]
    assert sizes[0][1] == sizes[1][1] <= MOST


def test_story_of_another_place(judges: Judges):
    matter = judges.matter()
    stranger = judges.cast.resident(judges.cast.neighbour)
    assert refusal(stranger.get(f"/matters/{matter}/story")) == (404, "not_found")


def test_a_whistle_that_changed_hands_is_told_as_it_was(cast: Cast, travel: Travel):
    """Each blowing names the department that was called then, not the one that has it now."""
    site = Site(cast, travel)
    whistle = site.whistle(WhistleState.BLOWN)
    body_of(site.do(whistle, "object"))
    body_of(site.do(whistle, "blow", department="区城管局"))
    entries = story(site.resident, whistle["matter_id"])
    blown = [each["text"] for each in entries if each["kind"] == "WHISTLE_BLOWN"]
    assert blown == ["哨1吹响：区水务局", "哨1吹响：区城管局"]
