"""A convention asks its resolutions to be in force when it takes effect and when it is repealed."""

from typing import Any

import pytest

from tests.cast import Cast
from tests.checks import refusal
from tests.conventions.steps import COVENANT, NEXT_MONTH, NEXT_TERM_END, PACT, SELF, Desk
from tests.resolutions.stage import PUBLISHED, TERM_END, Stage, Travel, body_of

LATER = "2026-04-10T09:00:00+08:00"
MUCH_LATER = "2026-04-30T09:00:00+08:00"


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


def publish(stage: Stage, resolution: str) -> str:
    """Put a passed resolution on the board; the id of its notice."""
    return str(body_of(stage.secretary.post(f"/resolutions/{resolution}/publish"))["notice_id"])


def object_to(stage: Stage, notice: str) -> str:
    voter = stage.voters[0]
    objection = body_of(voter.post(f"/notices/{notice}/objections", {"text": "太晚"}), 201)
    return str(objection["id"])


def answer(stage: Stage, objection: str) -> str:
    body = {"answer": "已说明"}
    answered = body_of(stage.secretary.post(f"/objections/{objection}/answer", body))
    return str(answered["answered_at"])


def on_the_board(desk: Desk, legal_type: str = SELF) -> dict[str, Any]:
    """A version whose notice runs as in the worked example; its resolution stays as it is."""
    version = desk.voted(legal_type)
    desk.go(PUBLISHED)
    body_of(desk.do(version, "publish"))
    if legal_type == PACT:
        body_of(desk.do(version, "file", desk.street, filing_ref="备〔2026〕3号"))
    return version


@pytest.mark.parametrize("legal_type", [SELF, PACT, COVENANT])
def test_convention_waits_for_a_resolution_that_was_never_published(desk: Desk, legal_type: str):
    version = on_the_board(desk, legal_type)
    desk.go(LATER)
    waits = desk.read(version)
    assert waits["state"] == ("FILED" if legal_type == PACT else "NOTICED")
    assert desk.notices("CONVENTION_IN_FORCE") == []
    publish(desk.stage, desk.resolution)
    desk.go(MUCH_LATER)
    in_force = desk.read(version)
    assert in_force["state"] == "IN_FORCE"
    assert in_force["in_force_at"] == desk.stage.read({"id": desk.resolution})["effective_at"]


def test_convention_waits_while_an_objection_to_its_resolution_is_open(desk: Desk):
    version = desk.voted()
    desk.go(PUBLISHED)
    objection = object_to(desk.stage, publish(desk.stage, desk.resolution))
    body_of(desk.do(version, "publish"))
    desk.go(TERM_END)
    assert desk.read(version)["state"] == "NOTICED"
    assert desk.notices("CONVENTION_IN_FORCE") == []
    desk.go(LATER)
    answered_at = answer(desk.stage, objection)
    assert desk.read(version)["in_force_at"] == answered_at


def test_convention_never_comes_into_force_on_what_was_superseded(desk: Desk):
    publish(desk.stage, desk.resolution)
    desk.go("2026-04-10T00:00:00+08:00")  # in force
    version = desk.voted()
    body_of(desk.do(version, "publish"))
    newer = body_of(desk.stage.do(desk.stage.passed(1, supersedes_id=desk.resolution), "publish"))
    desk.go(MUCH_LATER)
    assert desk.stage.read(newer)["state"] == "EFFECTIVE"
    assert desk.stage.read({"id": desk.resolution})["state"] == "SUPERSEDED"
    assert desk.read(version)["state"] == "NOTICED"
    assert desk.notices("CONVENTION_IN_FORCE") == []


def in_force(desk: Desk) -> dict[str, Any]:
    publish(desk.stage, desk.resolution)
    desk.go("2026-04-09T10:00:00+08:00")
    version = desk.voted()
    body_of(desk.do(version, "publish"))
    desk.go(MUCH_LATER)
    assert desk.read(version)["state"] == "IN_FORCE"
    return version


def test_repeal_waits_for_a_resolution_that_was_never_published(desk: Desk):
    version = in_force(desk)
    repealing = str(desk.stage.passed(2)["id"])
    desk.go(NEXT_MONTH)
    body_of(desk.repeal(version, resolution_id=repealing))
    desk.go(NEXT_TERM_END)
    assert desk.read(version)["state"] == "IN_FORCE"
    publish(desk.stage, repealing)
    desk.go("2026-06-20T00:00:00+08:00")
    repealed = desk.read(version)
    assert repealed["state"] == "REPEALED"
    assert repealed["repealed_at"] == desk.stage.read({"id": repealing})["effective_at"]


def test_repeal_waits_while_an_objection_to_its_resolution_is_open(desk: Desk):
    version = in_force(desk)
    repealing = str(desk.stage.passed(2)["id"])
    desk.go(NEXT_MONTH)
    objection = object_to(desk.stage, publish(desk.stage, repealing))
    body_of(desk.repeal(version, resolution_id=repealing))
    desk.go(NEXT_TERM_END)
    assert desk.read(version)["state"] == "IN_FORCE"
    assert desk.notices("CONVENTION_REPEALED") == []
    answered_at = answer(desk.stage, objection)
    assert desk.read(version)["repealed_at"] == answered_at


def test_nothing_is_repealed_by_what_was_superseded(desk: Desk):
    version = in_force(desk)
    repealing = str(desk.stage.passed(2)["id"])
    publish(desk.stage, repealing)
    desk.go(NEXT_MONTH)
    body_of(desk.repeal(version, resolution_id=repealing))
    newer = body_of(desk.stage.do(desk.stage.passed(1, supersedes_id=repealing), "publish"))
    desk.go("2026-06-20T00:00:00+08:00")
    assert desk.stage.read(newer)["state"] == "EFFECTIVE"
    assert desk.read(version)["state"] == "IN_FORCE"


def test_what_an_amendment_kept_may_have_been_superseded_since(desk: Desk):
    """It made clauses that are kept; what the amendment adds must be in force."""
    version = in_force(desk)
    newer = desk.stage.passed(1, supersedes_id=desk.resolution)
    publish(desk.stage, newer["id"])
    amendment = body_of(desk.amend(version, resolution_ids=[newer["id"]]), 201)
    desk.go(NEXT_MONTH)
    body_of(desk.do(desk.carry(amendment), "publish"))
    desk.go(NEXT_TERM_END)
    assert desk.stage.read({"id": desk.resolution})["state"] == "SUPERSEDED"
    assert desk.read(amendment)["state"] == "IN_FORCE"
    assert refusal(desk.repeal(amendment, resolution_id=desk.resolution)) == (
        422,
        "invalid_resolutions",
    )
