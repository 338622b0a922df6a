"""Wrong rows are refused by the database itself, whatever the code above it does."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agenda.models import AgendaItem, AgendaSession, RollEntry
from app.ballots.models import Ballot, BallotCommitment, BallotMark, SessionResult
from app.matters.models import Matter
from tests.cast import Cast, ballot

Row = dict[str, Any]


def values(row: Any) -> Row:
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}


@pytest.fixture
def mark(cast: Cast, rows: Session) -> Row:
    """The one mark of a good ballot: 5 points for the first of three matters."""
    voter = cast.resident()
    session, matters = cast.open_session(cast.secretary(), voter)
    assert voter.put(f"/sessions/{session['id']}/ballot", ballot(matters[0])).status_code == 200
    found = values(rows.scalars(select(BallotMark)).one())
    rows.rollback()
    return found


@pytest.fixture
def second(mark: Row, rows: Session) -> Row:
    """A second mark that the constraints allow: 3 points for the second matter."""
    query = select(AgendaItem.matter_id).where(AgendaItem.number == 2)
    matter_id = rows.scalars(query).one()
    rows.rollback()
    return {**mark, "label": "3", "weight": 3, "matter_id": matter_id}


def test_good_second_mark_is_taken(second: Row, rows: Session):
    rows.execute(insert(BallotMark.__table__), second)
    rows.commit()
    assert len(rows.scalars(select(BallotMark)).all()) == 2


def unlisted(cast: Cast) -> UUID:
    body = {"title": "迟到的", "body": "说明", "category": "OTHER"}
    answer = cast.resident().post(f"/compounds/{cast.home.id}/matters", body)
    return UUID(answer.json["id"])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda cast, mark: {"matter_id": mark["matter_id"]},
        lambda cast, mark: {"label": "5", "weight": 5},
        lambda cast, mark: {"weight": 5},
        lambda cast, mark: {"weight": 2},
        lambda cast, mark: {"label": "7", "weight": 7},
        lambda cast, mark: {"label": "3.2"},
        lambda cast, mark: {"matter_id": UUID(int=7)},
        lambda cast, mark: {"matter_id": unlisted(cast)},
        lambda cast, mark: {"slot": b"\0" * 32},
        lambda cast, mark: {"compound_id": cast.neighbour.id},
    ],
    ids=[
        "same matter twice",
        "same slot twice",
        "weight of another slot",
        "weight that the scheme has not",
        "slot that the scheme has not",
        "second pick that the scheme has not",
        "unknown matter",
        "matter that is not on the list",
        "no such ballot",
        "ballot of another compound",
    ],
)
def test_wrong_mark_is_refused(
    cast: Cast, mark: Row, second: Row, rows: Session, wrong: Callable[[Cast, Row], Row]
):
    row = {**second, **wrong(cast, mark)}
    with pytest.raises(IntegrityError):
        rows.execute(insert(BallotMark.__table__), row)


def test_second_ballot_in_a_slot_is_refused(mark: Row, rows: Session):
    with pytest.raises(IntegrityError):
        rows.execute(insert(Ballot.__table__), values(rows.scalars(select(Ballot)).one()))


def test_second_commitment_of_the_same_bytes_is_refused(mark: Row, rows: Session):
    row = values(rows.scalars(select(BallotCommitment)).one())
    with pytest.raises(IntegrityError):
        rows.execute(insert(BallotCommitment.__table__), {**row, "slot": b"\0" * 32})


@pytest.mark.parametrize(
    ("model", "wrong"),
    [
        (Ballot, {"version": 0}),
        (RollEntry, {"channel": None}),
        (RollEntry, {"voted_on": None}),
        (AgendaSession, {"state": "TALLIED"}),
        (AgendaSession, {"state": "PAUSED"}),
        (AgendaSession, {"voting_opens_at": AgendaSession.voting_closes_at}),
        (AgendaSession, {"round_table_at": AgendaSession.voting_opens_at}),
        (AgendaItem, {"number": 0}),
        (AgendaItem, {"number": 1}),
        (Matter, {"state": "REFUSED", "reason": None}),
        (Matter, {"state": "MERGED"}),
        (Matter, {"merged_into_id": Matter.id}),
        (Matter, {"carry_over": -1}),
    ],
)
def test_wrong_change_is_refused(mark: Row, rows: Session, model: Any, wrong: Row):
    with pytest.raises(IntegrityError):
        rows.execute(update(model.__table__).values(wrong))


def test_result_whose_counts_disagree_is_refused(mark: Row, rows: Session):
    row = {
        "session_id": mark["session_id"],
        "roll": 1,
        "returned": 2,
        "blank": 0,
        "required": 1,
        "explanation_zh": "",
        "explanation_en": "",
        "tallied_at": rows.scalars(select(AgendaSession.created_at)).one(),
    }
    with pytest.raises(IntegrityError):
        rows.execute(insert(SessionResult.__table__), row)
    rows.rollback()
    rows.execute(insert(SessionResult.__table__), {**row, "returned": 1})
