"""Objections to what stands on the board, answers to them, corrections and withdrawals."""

from typing import Any

from app.board.models import NoticeKind, PublicNotice
from tests.cast import Person
from tests.walk.turn import NotNow, Turn, column, json, says

RATINGS = ("RATING_NOTICED", "RATING_FINAL")


def objectors(turn: Turn) -> list[Person]:
    residents = turn.world.residents(turn.ground.compound)
    if turn.about.name in RATINGS:
        return residents + turn.world.holders("PROPERTY_MANAGER", turn.ground.compound)
    return residents


@says("POST /notices/{notice_id}/objections", who=objectors)
def objection(turn: Turn) -> dict[str, Any]:
    ends_at = column(turn, PublicNotice.term_ends_at)
    if ends_at is None or ends_at <= turn.now:
        raise NotNow
    return json(text=turn.words())


def answerers(turn: Turn) -> list[Person]:
    (kind,) = [each.name for each in turn.things["notice_id"] if each.id == turn.about.of]
    role = "COMMUNITY_SECRETARY" if kind in RATINGS else "BRANCH_SECRETARY"
    return turn.world.holders(role, turn.ground.compound)


@says("POST /objections/{objection_id}/answer", who=answerers)
def answer(turn: Turn) -> dict[str, Any]:
    return json(answer=turn.words())


@says("POST /notices/{notice_id}/correct")
def correct(turn: Turn) -> dict[str, Any]:
    if turn.about.name == NoticeKind.TALLIED:
        raise NotNow
    return json(note=turn.words())


@says("POST /notices/{notice_id}/withdraw")
def withdraw(turn: Turn) -> dict[str, Any]:
    if turn.about.name != NoticeKind.SESSION_ANNOUNCED:
        raise NotNow
    return json(reason=turn.words())
