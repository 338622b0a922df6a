"""回头看: a session ends when its matters are judged; what is unsolved comes back."""

from typing import Any

import pytest

from tests.cast import Cast
from tests.checks import moves_of, refusal
from tests.evaluations.desk import GOOD, UNSOLVED, Desk
from tests.resolutions.stage import Stage
from tests.works.site import Travel, body_of

AFTER = "2026-03-27T20:00:00+08:00"
WORDS = {"title": "清车", "text": "清车", "doer_kind": "PARTY_BRANCH", "doer_name": "党支部"}


class Month:
    """A session with one resolution that was passed, and those who carry it out."""

    def __init__(self, cast: Cast, travel: Travel) -> None:
        self.desk, self.stage = Desk(cast, travel), Stage(cast, travel)
        self.resolution = self.stage.passed()
        body_of(self.stage.secretary.post(f"{self.stage.path}/conclude-meeting"))
        self.go(AFTER)

    def publish(self) -> None:
        body_of(self.stage.do(self.resolution, "publish"))

    def go(self, to: str) -> None:
        self.desk.go(to)
        self.stage.go(to)

    def order(self) -> dict[str, Any]:
        """An order from the resolution, carried out and checked."""
        path = f"/resolutions/{self.resolution['id']}/orders"
        order = body_of(self.desk.secretary.post(path, WORDS), 201)
        for verb in ("assign", "accept", "submit", "verify"):
            body_of(self.desk.do(order, verb))
        return dict(order)

    def say(self, order: dict[str, Any], **words: Any) -> None:
        """What the raiser, who is the first on the roll, says."""
        body_of(self.desk.say(order, self.stage.voters[0], **words), 201)

    def do(self, step: str) -> Any:
        return self.stage.secretary.post(f"{self.stage.path}/{step}")


@pytest.fixture
def month(cast: Cast, travel: Travel) -> Month:
    return Month(cast, travel)


def test_session_is_looked_back_at_and_closed(month: Month):
    month.publish()
    order = month.order()
    assert refusal(month.do("close")) == (409, "wrong_state")  # EXECUTING: looked back at first
    assert body_of(month.do("start-evaluation"))["state"] == "EVALUATING"
    month.say(order, **GOOD)
    assert refusal(month.do("close")) == (409, "matters_open")
    body_of(month.desk.secretary.post(f"/matters/{order['matter_id']}/close"))
    closed = body_of(month.do("close"))
    assert closed["state"] == "CLOSED"
    assert [(m.verb, m.to_state) for m in moves_of(month.desk.cast.app, closed["id"])][-2:] == [
        ("start_evaluation", "EVALUATING"),
        ("close", "CLOSED"),
    ]
    (notice,) = month.desk.notices("SESSION_CLOSED")
    assert notice["_yueyuetan"]["session_id"] == closed["id"]
    data = notice["_yueyuetan"]["data"]
    assert [each["state"] for each in data["matters"]] == ["CLOSED", "SHELVED", "SHELVED"]
    assert data["rates"]["solved_rate"]["text"] == "1/1 = 100.0%"
    assert "按期办结率 1/1 = 100.0%" in notice["content_text"]
    assert "议题1「夜间停车难」：办结\n议题2「电动车充电」：暂缓\n" in notice["content_text"]
    en = notice["_yueyuetan"]["en"]["content_text"]
    assert 'Matter 1 "夜间停车难": closed\nMatter 2 "电动车充电": shelved\n' in en
    assert len(month.desk.notices("LOOK_BACK_STARTED")) == 1


def test_session_whose_resolution_nobody_carries_out_is_not_looked_back_at(month: Month):
    assert refusal(month.do("start-evaluation")) == (409, "matters_open")
    assert refusal(month.do("close")) == (409, "matters_open")
    assert month.stage.session()["state"] == "RESOLVED"
    assert month.desk.notices("LOOK_BACK_STARTED") == []


@pytest.mark.parametrize("steps", [["close"], ["start-evaluation", "close"]])
def test_session_with_nothing_to_carry_out_ends(cast: Cast, travel: Travel, steps: list[str]):
    stage = Stage(cast, travel)
    body_of(stage.secretary.post(f"{stage.path}/conclude-meeting"))  # all is shelved
    for step in steps:
        body_of(stage.secretary.post(f"{stage.path}/{step}"))
    assert stage.session()["state"] == "CLOSED"
    (notice,) = stage.notices("SESSION_CLOSED")
    assert notice["_yueyuetan"]["data"]["rates"]["response"]["text"] == "–"


def test_more_work_may_be_given_while_the_session_is_looked_back_at(month: Month):
    first = month.order()
    body_of(month.do("start-evaluation"))
    month.say(first, **UNSOLVED)
    assert month.stage.matter() == "REOPENED"
    second = month.order()
    assert (month.stage.matter(), month.stage.session()["state"]) == ("DONE", "EVALUATING")
    month.say(second, **GOOD)


def test_matter_judged_unsolved_is_on_the_next_session_s_list(cast: Cast, month: Month):
    """By itself: nobody screens it, and its support stays."""
    month.publish()
    order = month.order()
    body_of(month.do("start-evaluation"))
    month.say(order, **UNSOLVED)
    unsolved = month.stage.matters[0]
    assert month.stage.matter() == "REOPENED"
    before = body_of(month.stage.secretary.get(f"/matters/{unsolved}"))
    body_of(month.do("close"))
    assert month.stage.session()["state"] == "CLOSED"

    month.go("2026-04-01T09:00:00+08:00")
    secretary = month.stage.secretary
    change = {"compound_id": str(cast.home.id), "reason": "再坐庄一期"}
    body_of(month.desk.leader.post(f"/communities/{cast.community.id}/rotation/swap", change))
    roll = [str(voter.id) for voter in month.stage.voters]
    april = cast.session(secretary, period="2026-04", mode="ROSTER", roll=roll)
    steps = f"/sessions/{april['id']}"
    body_of(secretary.post(f"{steps}/start-collecting"))
    (fresh,) = cast.matters(secretary, month.stage.voters[2], ["新问题"])
    frozen = body_of(secretary.post(f"{steps}/freeze-list"))
    assert [each["id"] for each in frozen["matters"]] == [unsolved, fresh]
    assert frozen["matters"][0]["endorsements"] == before["endorsements"]
    assert month.stage.matter() == "LISTED"
    moves = [(m.verb, m.from_state, m.to_state) for m in moves_of(cast.app, unsolved)]
    assert moves[-1] == ("relist", "REOPENED", "LISTED")
    assert body_of(secretary.get(f"/matters/{unsolved}"))["carry_over"] == before["carry_over"]
    (notice, *_) = month.desk.notices("LIST_FROZEN")
    assert "夜间停车难" in notice["content_text"]
    # It is chosen, decided and carried out as any other.
    body_of(secretary.post(f"{steps}/open-voting"))
    for voter in month.stage.voters[:2]:
        marks = [{"weight": 5, "matter_id": unsolved}, {"weight": 3, "matter_id": fresh}]
        body_of(voter.put(f"{steps}/ballot", {"marks": marks}))
    body_of(secretary.post(f"{steps}/close-voting"))
    assert month.stage.matter() == "SELECTED"


def test_session_closes_when_a_later_one_has_taken_its_matter_over(cast: Cast, month: Month):
    month.publish()
    order = month.order()
    body_of(month.do("start-evaluation"))
    month.say(order, **UNSOLVED)
    month.go("2026-04-01T09:00:00+08:00")
    secretary = month.stage.secretary
    change = {"compound_id": str(cast.home.id), "reason": "再坐庄一期"}
    body_of(month.desk.leader.post(f"/communities/{cast.community.id}/rotation/swap", change))
    april = cast.session(secretary, period="2026-04")
    for step in ("start-collecting", "freeze-list"):
        body_of(secretary.post(f"/sessions/{april['id']}/{step}"))
    assert month.stage.matter() == "LISTED"
    assert body_of(month.do("close"))["state"] == "CLOSED"
    (notice,) = month.desk.notices("SESSION_CLOSED")
    assert "已列入后续一期" in notice["content_text"]


def test_order_given_back_keeps_its_matter_off_the_next_list(cast: Cast, month: Month):
    order = month.order()
    month.say(order, **UNSOLVED)
    body_of(month.stage.secretary.post(f"/orders/{order['id']}/reopen", {"reason": "没办好"}))
    month.go("2026-04-01T09:00:00+08:00")
    secretary = month.stage.secretary
    change = {"compound_id": str(cast.home.id), "reason": "再坐庄一期"}
    body_of(month.desk.leader.post(f"/communities/{cast.community.id}/rotation/swap", change))
    april = cast.session(secretary, period="2026-04")
    body_of(secretary.post(f"/sessions/{april['id']}/start-collecting"))
    assert body_of(secretary.post(f"/sessions/{april['id']}/freeze-list"))["matters"] == []
    assert month.stage.matter() == "EXECUTING"


def test_session_does_not_end_before_its_resolutions_are_published(month: Month):
    order = month.order()
    body_of(month.do("start-evaluation"))
    month.say(order, **GOOD)
    body_of(month.desk.secretary.post(f"/matters/{order['matter_id']}/close"))
    assert refusal(month.do("close")) == (409, "resolution_not_published")
    assert month.stage.session()["state"] == "EVALUATING"
    assert month.desk.notices("SESSION_CLOSED") == []
    month.publish()
    assert body_of(month.do("close"))["state"] == "CLOSED"


def test_session_that_chose_nothing_ends(cast: Cast, travel: Travel):
    travel("2026-03-04T09:00:00+08:00")
    secretary = cast.secretary()
    session = cast.session(secretary)
    path = f"/sessions/{session['id']}"
    for step in ("start-collecting", "freeze-list", "open-voting"):
        told = body_of(secretary.post(f"{path}/{step}"))
    assert told["state"] == "TALLIED"
    assert refusal(secretary.post(f"{path}/start-meeting")) == (409, "nothing_chosen")
    assert body_of(secretary.post(f"{path}/close"))["state"] == "CLOSED"
    feed = body_of(secretary.get(f"/board/compounds/{cast.home.id}/feed.json"))
    assert "没有入选的议题" in feed["items"][0]["content_text"]


def test_session_that_chose_something_holds_its_round_table(cast: Cast, travel: Travel):
    travel("2026-03-04T09:00:00+08:00")
    secretary = cast.secretary()
    session = cast.session(secretary)
    path = f"/sessions/{session['id']}"
    body_of(secretary.post(f"{path}/start-collecting"))
    cast.matters(secretary, cast.resident(), ["停车"])
    for step in ("freeze-list", "open-voting"):
        body_of(secretary.post(f"{path}/{step}"))
    assert refusal(secretary.post(f"{path}/close")) == (409, "wrong_state")
