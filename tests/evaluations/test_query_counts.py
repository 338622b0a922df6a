"""Lists make as many queries for thirty rows as for three."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from app.evaluations.models import FollowUp, FollowUpChannel
from app.evaluations.outcome import Satisfaction
from app.evaluations.rounds.models import EvaluationAnswer
from app.kit.extensions import db
from tests.cast import Cast
from tests.checks import counted
from tests.evaluations.desk import Desk
from tests.works.site import Travel, body_of

# One more than elsewhere: rounds follow the clock before they are read.
FEW, MANY, MOST = 3, 30, 7


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


def sizes(desk: Desk, path: str, add: Callable[[int], None]) -> list[tuple[int, int]]:
    """Rows and queries of a list, with few rows and with many."""
    found, made = [], 0
    for wanted in (FEW, MANY):
        for number in range(made, wanted):
            add(number)
        made = wanted
        with counted(desk.cast.app) as sent:
            items = body_of(desk.secretary.get(path))["items"]
        found.append((len(items), len(sent)))
    return found


def same(found: list[tuple[int, int]]) -> bool:
    (few, sent), (many, sent_then) = found
    return (few, many) == (FEW, MANY) and sent == sent_then <= MOST


def test_follow_ups_and_rounds(desk: Desk):
    order = desk.verified()
    matter = UUID(order["matter_id"])
    clerks = [desk.cast.visitor() for _ in range(MANY)]

    def said(number: int) -> None:
        with desk.cast.app.app_context():
            db.session.add(
                FollowUp(
                    compound_id=desk.cast.home.id,
                    matter_id=matter,
                    order_id=UUID(order["id"]),
                    resident_id=clerks[number].id,
                    attempt=number,
                    is_raiser=True,
                    solved=True,
                    satisfaction=Satisfaction.MOSTLY,
                    channel=FollowUpChannel.APP,
                    answered_at=datetime.now(UTC),
                )
            )
            db.session.commit()

    assert same(sizes(desk, f"/matters/{matter}/follow-ups", said))

    opened = desk.ask(str(matter), closes_at="2026-03-11T09:00:00+08:00")

    def commented(number: int) -> None:
        with desk.cast.app.app_context():
            db.session.add(
                EvaluationAnswer(
                    id=uuid4(),
                    round_id=UUID(opened["id"]),
                    compound_id=desk.cast.home.id,
                    resident_id=clerks[number].id,
                    solved=True,
                    satisfaction=Satisfaction.SATISFIED,
                    comment=f"好{number}",
                )
            )
            db.session.commit()

    for number in range(MANY):
        commented(number)
    desk.go("2026-03-11T09:00:00+08:00")
    desk.read_round(opened)
    path = f"/evaluation-rounds/{opened['id']}/comments"
    with counted(desk.cast.app) as few:
        assert len(body_of(desk.secretary.get(f"{path}?limit={FEW}"))["items"]) == FEW
    with counted(desk.cast.app) as many:
        assert len(body_of(desk.secretary.get(path))["items"]) == MANY
    assert len(few) == len(many) <= MOST


def test_list_of_rounds(desk: Desk):
    def asked(number: int) -> None:
        desk.ask(desk.done(None))

    rounds = sizes(desk, f"{desk.home}/evaluation-rounds", asked)
    assert same(rounds)
