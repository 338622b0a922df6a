"""民评 of a convention that is in force: the figures of section 11 of the domain notes."""

from sqlalchemy import select

from app.evaluations.rounds.models import EvaluationRound
from tests.cast import Cast, stored
from tests.checks import refusal, refused_fields
from tests.conventions.steps import Desk
from tests.resolutions.stage import Travel, body_of

CLOSES = "2026-04-15T00:00:00+08:00"
SHEETS = {"satisfied": 38, "mostly": 9, "not_satisfied": 5}


def test_sixty_sheets_out_and_fifty_two_back(cast: Cast, travel: Travel):
    desk = Desk(cast, travel)
    convention = desk.in_force()["convention_id"]
    path = f"/conventions/{convention}/evaluation-rounds"
    asked = {"closes_at": CLOSES, "sheets_out": 60}
    opened = body_of(desk.secretary.post(path, asked), 201)
    assert (opened["subject_kind"], opened["subject_id"]) == ("CONVENTION", convention)
    assert opened["title"] == "停车规约"
    on = f"/evaluation-rounds/{opened['id']}"
    voter = desk.stage.voters[0]
    answer = {"satisfaction": "MOSTLY"}
    # Nothing is to be solved.
    assert refused_fields(voter.put(f"{on}/answer", {**answer, "solved": True})) == ["solved"]
    clerk = cast.secretary()
    solved = {"solved": 50, "unsolved": 2}
    assert refused_fields(clerk.put(f"{on}/paper", {**SHEETS, **solved})) == ["solved"]
    body_of(clerk.put(f"{on}/paper", SHEETS))
    body_of(desk.secretary.post(f"{on}/paper/confirm"))
    desk.go(CLOSES)
    closed = body_of(desk.secretary.get(on))
    assert (closed["outcome"], closed["answers"]) == ("COUNTED", 52)
    assert closed["result"]["satisfaction"]["text"] == "47/52 = 90.4%"
    assert closed["result"]["solved_rate"]["text"] == "–"
    (notice,) = desk.notices("EVALUATION_CLOSED")
    assert "满意率 47/52 = 90.4%" in notice["content_text"]
    assert "解决率" not in notice["content_text"]
    assert notice["_yueyuetan"]["session_id"] is None


def test_convention_that_is_not_in_force_is_not_judged(cast: Cast, travel: Travel):
    desk = Desk(cast, travel)
    draft = desk.draft()
    path = f"/conventions/{draft['convention_id']}/evaluation-rounds"
    assert refusal(desk.secretary.post(path, {"closes_at": CLOSES})) == (409, "wrong_state")
    assert stored(cast.app, select(EvaluationRound)) == []
