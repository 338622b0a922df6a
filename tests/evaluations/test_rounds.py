"""民评: open for a time, answered in secret, on paper by two people, counted by the clock."""

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.evaluations.rounds.models import EvaluationAnswer, EvaluationRound, PaperCount
from app.kit.audit import AuditEntry
from app.people.models import Role
from tests.cast import Cast, stored
from tests.checks import moves_of, refusal, refused_fields
from tests.evaluations.desk import GOOD, POOR, UNSOLVED, Desk
from tests.works.site import Travel, body_of

CLOSING = "2026-03-11T09:00:00+08:00"
PAPER = {"satisfied": 38, "mostly": 9, "not_satisfied": 5, "solved": 45, "unsolved": 7}


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


def asked(desk: Desk, **changes: Any) -> dict[str, Any]:
    """A round on a matter that is done."""
    return desk.ask(desk.done(), **{"closes_at": CLOSING, **changes})


def paper(desk: Desk, opened: dict[str, Any], **changes: Any) -> Any:
    return desk.grid.put(f"/evaluation-rounds/{opened['id']}/paper", {**PAPER, **changes})


def confirm(desk: Desk, opened: dict[str, Any], by: Any = None) -> Any:
    path = f"/evaluation-rounds/{opened['id']}/paper/confirm"
    return (by or desk.secretary).post(path)


def comments(desk: Desk, opened: dict[str, Any]) -> list[str]:
    found = body_of(desk.resident.get(f"/evaluation-rounds/{opened['id']}/comments"))
    return sorted(item["text"] for item in found["items"])


def test_sixty_sheets_out_and_fifty_two_back(desk: Desk):
    """The figures of section 11 of the domain notes: 47/52 = 90.4%."""
    opened = asked(desk, sheets_out=60)
    assert (opened["state"], opened["min_answers"], opened["result"]) == ("OPEN", 5, None)
    counted = body_of(paper(desk, opened))
    assert counted["confirmed_at"] is None
    assert body_of(confirm(desk, opened))["confirmed_at"] is not None
    desk.go("2026-03-11T08:59:59+08:00")
    assert desk.read_round(opened)["answers"] is None
    desk.go(CLOSING)
    closed = desk.read_round(opened)
    assert (closed["state"], closed["outcome"], closed["answers"]) == ("CLOSED", "COUNTED", 52)
    assert closed["result"]["satisfaction"] == {
        "numerator": 47,
        "denominator": 52,
        "text": "47/52 = 90.4%",
    }
    assert closed["result"]["solved_rate"]["text"] == "45/52 = 86.5%"
    assert closed["result"]["breakdown"] == {"satisfied": 38, "mostly": 9, "not_satisfied": 5}
    assert desk.state_of(opened["subject_id"]) == "CLOSED"
    (notice,) = desk.notices("EVALUATION_CLOSED")
    assert "满意 38，基本满意 9，不满意 5。满意率 47/52 = 90.4%" in notice["content_text"]
    (end,) = desk.notices("MATTER_CLOSED")
    assert end["_yueyuetan"]["data"]["round_id"] == opened["id"]
    verbs = [(move.verb, move.by) for move in moves_of(desk.cast.app, opened["id"])]
    assert verbs == [
        ("open", desk.secretary.id),
        ("count_paper", desk.grid.id),
        ("confirm_paper", desk.secretary.id),
        ("close", None),
    ]


def test_last_answer_of_each_counts_and_names_stay_secret(desk: Desk):
    opened = asked(desk)
    people = desk.people_move_in(5)
    for person in people:
        body_of(desk.judge(opened, person, **UNSOLVED, comment="还是不亮"))
    for person in people[:4]:
        body_of(desk.judge(opened, person, comment=f"好了{person.id.hex[-4:]}"))
    assert comments(desk, opened) == []  # not before the closing
    desk.go(CLOSING)
    closed = desk.read_round(opened)
    nothing = dict.fromkeys(("satisfaction", "solved_rate", "breakdown"))  # fewer than ten
    assert closed["result"] == {"answers": 5, **nothing}
    seen = body_of(desk.grid.get(f"/evaluation-rounds/{opened['id']}"))["result"]
    assert seen["satisfaction"]["text"] == seen["solved_rate"]["text"] == "4/5 = 80.0%"
    assert len(comments(desk, opened)) == 5
    assert comments(desk, opened)[-1] == "还是不亮"
    (notice,) = desk.notices("EVALUATION_CLOSED")
    assert "满意 4" not in notice["content_text"]
    ids = [person.id for person in people]
    about = stored(desk.cast.app, select(AuditEntry).where(AuditEntry.actor_id.in_(ids)))
    assert about == []  # nor does the log say who answered


def test_comments_of_two_are_not_shown(desk: Desk):
    opened = asked(desk, sheets_out=10)
    counts = {"satisfied": 10, "mostly": 0, "not_satisfied": 0, "solved": 10, "unsolved": 0}
    body_of(paper(desk, opened, **counts))
    body_of(confirm(desk, opened))
    for person in desk.people_move_in(2):
        body_of(desk.judge(opened, person, comment="好"))
    desk.go(CLOSING)
    assert desk.read_round(opened)["answers"] == 12
    assert comments(desk, opened) == []


def test_too_few_answers_are_no_result(desk: Desk):
    opened = asked(desk)
    for person in desk.people_move_in(4):
        body_of(desk.judge(opened, person, **UNSOLVED, comment="不亮"))
    desk.go(CLOSING)
    closed = desk.read_round(opened)
    assert (closed["outcome"], closed["answers"], closed["result"]) == ("TOO_FEW", 4, None)
    assert comments(desk, opened) == []
    assert desk.state_of(opened["subject_id"]) == "DONE"
    assert desk.evaluations(opened["subject_id"]) == []
    (notice,) = desk.notices("EVALUATION_CLOSED")
    assert notice["_yueyuetan"]["data"]["result"] == {"answers": 4}
    assert notice["content_text"] == "收到 4 份，不足 5 份，没有结果。"
    en = notice["_yueyuetan"]["en"]["content_text"]
    assert en == "4 answers, fewer than 5: there is no result."
    # Nothing follows from it: another may be opened, or the follow-ups decide.
    desk.ask(opened["subject_id"])


def test_paper_that_nobody_confirmed_does_not_count(desk: Desk):
    opened = asked(desk, sheets_out=60)
    body_of(paper(desk, opened))
    assert refusal(confirm(desk, opened, desk.grid)) == (403, "confirmed_by_the_same")
    desk.go(CLOSING)
    assert desk.read_round(opened)["answers"] == 0


def test_paper_is_counted_anew_until_it_is_confirmed(desk: Desk):
    opened = asked(desk, sheets_out=60)
    assert refusal(confirm(desk, opened)) == (409, "not_counted_yet")
    body_of(paper(desk, opened, satisfied=39, solved=46))
    assert body_of(paper(desk, opened))["satisfied"] == 38
    body_of(confirm(desk, opened))
    for answer in (paper(desk, opened), confirm(desk, opened)):
        assert refusal(answer) == (409, "wrong_state")


@pytest.mark.parametrize(
    ("sheets_out", "changes", "refused"),
    [
        (None, {}, (409, "no_sheets_out")),
        (51, {}, (422, "more_sheets_than_out")),
        (60, {"solved": 44}, (422, "sheets_disagree")),
        (60, {"solved": None}, (422, "invalid_input")),
    ],
)
def test_paper_that_cannot_be_right(
    desk: Desk, sheets_out: int | None, changes: Any, refused: tuple[int, str]
):
    opened = asked(desk, sheets_out=sheets_out)
    assert refusal(paper(desk, opened, **changes)) == refused
    assert stored(desk.cast.app, select(PaperCount)) == []


def test_round_on_what_is_not_done_or_asked_already(desk: Desk):
    order = desk.order()
    path = f"/matters/{order['matter_id']}/evaluation-rounds"
    body = {"closes_at": CLOSING}
    assert refusal(desk.secretary.post(path, body)) == (409, "wrong_state")
    opened = asked(desk)
    again = f"/matters/{opened['subject_id']}/evaluation-rounds"
    assert refusal(desk.secretary.post(again, body)) == (409, "round_open_already")
    close = f"/matters/{opened['subject_id']}/close"
    assert refusal(desk.secretary.post(close)) == (409, "round_is_open")
    past = {"closes_at": "2026-03-04T09:00:00+08:00"}
    other = f"/matters/{desk.done()}/evaluation-rounds"
    assert refusal(desk.secretary.post(other, past)) == (422, "closing_time_passed")
    assert len(stored(desk.cast.app, select(EvaluationRound))) == 1
    assert len(desk.notices("EVALUATION_OPENED")) == 1


def test_matter_asks_whether_it_is_solved(desk: Desk):
    opened = asked(desk)
    path = f"/evaluation-rounds/{opened['id']}/answer"
    answer = desk.resident.put(path, {"satisfaction": "SATISFIED"})
    assert refused_fields(answer) == ["solved"]
    assert stored(desk.cast.app, select(EvaluationAnswer)) == []


def test_nobody_answers_at_the_closing_or_later(desk: Desk):
    opened = asked(desk, sheets_out=60)
    body_of(paper(desk, opened))
    desk.go(CLOSING)
    answers = (desk.judge(opened, desk.resident), paper(desk, opened), confirm(desk, opened))
    assert {refusal(answer) for answer in answers} == {(409, "wrong_state")}
    assert stored(desk.cast.app, select(EvaluationAnswer)) == []


def test_residents_of_this_compound_are_asked_and_nobody_else(desk: Desk):
    opened = asked(desk)
    for office in (Role.PROPERTY_MANAGER, Role.BRANCH_SECRETARY):
        assert refusal(desk.judge(opened, desk.cast.officer(office))) == (403, "forbidden")
    stranger = desk.cast.resident(desk.cast.neighbour)
    assert refusal(desk.judge(opened, stranger)) == (404, "not_found")


@pytest.mark.parametrize(
    ("given", "raiser", "verdict"),
    [
        ([GOOD] * 3 + [UNSOLVED] * 2, GOOD, "REOPENED"),  # 2 of 5 not satisfied
        ([{**GOOD, "solved": False}] * 3 + [GOOD] * 2, GOOD, "REOPENED"),
        ([GOOD] * 4 + [POOR], GOOD, "CLOSED"),
        ([GOOD] * 4 + [POOR], POOR, "CLOSED"),  # the round decides, not the follow-ups
        ([GOOD] * 5, UNSOLVED, "REOPENED"),  # but the raiser has the last word
    ],
)
def test_matter_follows_from_its_round(desk: Desk, given: Any, raiser: Any, verdict: str):
    order = desk.verified()
    opened = desk.ask(order["matter_id"], closes_at=CLOSING)
    body_of(desk.say(order, **raiser), 201)
    assert desk.state_of(order["matter_id"]) == "DONE"  # the round is open
    for person, words in zip(desk.people_move_in(5), given, strict=True):
        body_of(desk.judge(opened, person, **words))
    desk.go(CLOSING)
    assert desk.state_of(order["matter_id"]) == verdict
    (evaluation,) = desk.evaluations(order["matter_id"])
    assert (evaluation["verdict"], evaluation["round_id"]) == (verdict, opened["id"])
    assert evaluation["result"]["answers"] == 5
    # Its order ends with it; one that is not solved may go back to its doer.
    ends = {"CLOSED": {"CLOSED"}, "REOPENED": {"RATED", "CLOSED"}}
    assert desk.read(order)["state"] in ends[verdict]


def test_raiser_opens_it_again_where_too_few_answered(desk: Desk):
    order = desk.verified()
    desk.ask(order["matter_id"], closes_at=CLOSING)
    body_of(desk.say(order, **UNSOLVED), 201)
    desk.go(CLOSING)
    assert desk.state_of(order["matter_id"]) == "REOPENED"
    (evaluation,) = desk.evaluations(order["matter_id"])
    assert (evaluation["round_id"], evaluation["result"]["answers"]) == (None, None)


def test_finalise_closes_what_nobody_touches(desk: Desk):
    opened = asked(desk)
    desk.go(CLOSING)
    printed = desk.cast.app.test_cli_runner().invoke(args=["finalise"])
    assert "evaluations closed: 1" in printed.output
    (row,) = stored(desk.cast.app, select(EvaluationRound))
    assert (str(row.id), row.state, row.outcome) == (opened["id"], "CLOSED", "TOO_FEW")


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"satisfied": 37}, "each_sheet_answers_both"),
        ({"confirmed_by_id": "grid"}, "confirmed_by_somebody_else"),
        ({"satisfied": -1, "solved": 6}, "counts_are_numbers"),
    ],
)
def test_rows_keep_the_rules(desk: Desk, rows: Session, values: Any, constraint: str):
    opened = asked(desk, sheets_out=60)
    body_of(paper(desk, opened))
    body_of(confirm(desk, opened))
    values = {k: desk.grid.id if v == "grid" else v for k, v in values.items()}
    with pytest.raises(IntegrityError, match=constraint):
        rows.execute(update(PaperCount).values(**values))


def test_round_is_for_enough_people_and_not_for_ever(desk: Desk):
    path = f"/matters/{desk.done()}/evaluation-rounds"
    few = {"closes_at": CLOSING, "min_answers": 4}
    assert refused_fields(desk.secretary.post(path, few)) == ["min_answers"]
    long = {"closes_at": "2099-03-11T00:00:00+08:00"}
    assert refusal(desk.secretary.post(path, long)) == (422, "round_too_long")
