"""The rows of one ballot: its checks against scheme and list, and how it is stored.

Shared by all ways in which a ballot comes in. Whoever stores holds the session's lock and the
voter's roll entry, so nobody interferes.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Table, delete, insert, select, update
from sqlalchemy.orm import Session

from app.agenda.models import AgendaItem, AgendaSession, Channel, RollEntry
from app.ballots.keys import KeyUnavailable
from app.ballots.models import Ballot, BallotCommitment, BallotMark
from app.errors import DomainError, Refused
from app.orm import table_of
from votes.ballot import Mark, PriorityBallot
from votes.errors import VotingError
from votes.receipt import labels, trackers
from votes.scheme import BallotScheme


class InvalidBallot(DomainError):
    """R2: what the scheme and the frozen list do not allow."""

    status, code = 422, "invalid_ballot"
    zh, en = "选票不符合规则", "The ballot breaks a rule"


BALLOT_WORDS: dict[str, tuple[str, str]] = {
    "unknown_weight": ("没有这个分值", "The ballot has no such weight"),
    "slot_overfilled": ("同一分值给了多件事", "A weight is given to too many matters"),
    "matter_repeated": ("同一件事只能选一次", "A matter may be marked once only"),
    "matter_not_listed": ("这件事不在题单上", "The matter is not on the list"),
    "invalid_word": ("暗记含有无法识别的字符", "The word holds characters that are not text"),
}


def valid_ballot(
    session: Session, session_id: UUID, scheme: BallotScheme, marks: Iterable[Mark]
) -> PriorityBallot:
    """The ballot with these marks on the session's frozen list. Raises InvalidBallot."""
    listed = session.scalars(
        select(AgendaItem.matter_id).where(AgendaItem.session_id == session_id)
    )
    try:
        return PriorityBallot.of(marks, scheme, {str(matter_id) for matter_id in listed})
    except VotingError as error:
        raise _invalid(error) from error


def _invalid(error: VotingError) -> InvalidBallot:
    zh, en = BALLOT_WORDS[error.code]
    return InvalidBallot(zh=zh, en=en, errors=[Refused("marks", error.code, zh, en)])


def live_version(session: Session, agenda_session: AgendaSession, slot: bytes) -> int:
    """The version of the ballot that lies in the slot, 0 where none does."""
    version = session.scalar(
        select(Ballot.version).where(
            Ballot.compound_id == agenda_session.compound_id,
            Ballot.session_id == agenda_session.id,
            Ballot.slot == slot,
        )
    )
    return version or 0


def mark_rows(
    key: dict[str, object], nonce: bytes, ballot: PriorityBallot, word: str
) -> list[dict[str, object]]:
    """The rows of a ballot's marks with their trackers; `key` is the ballot's primary key, its
    session under the name `session_id`. Raises InvalidBallot."""
    try:
        found = trackers(nonce, str(key["session_id"]), ballot, word)
    except VotingError as error:
        raise _invalid(error) from error
    return [
        {**key, "label": label, "weight": mark.weight, "matter_id": UUID(mark.matter), "tracker": t}
        for label, mark, t in zip(labels(ballot), ballot.marks, found, strict=True)
    ]


def store_ballot(
    session: Session,
    key: dict[str, object],
    version: int,
    nonce: bytes,
    committed: bytes,
    marks: Sequence[dict[str, object]],
) -> None:
    """Write ballot, marks and commitment; a version above 1 takes the place of the one before."""
    values = {"nonce": nonce, "commitment": committed, "version": version}
    ballots, mark_table = table_of(Ballot), table_of(BallotMark)
    if version == 1:
        session.execute(insert(ballots).values(**key, **values))
    else:
        session.execute(update(ballots).where(*_matches(ballots, key)).values(**values))
        session.execute(delete(mark_table).where(*_matches(mark_table, key)))
    if marks:
        session.execute(insert(mark_table), marks)
    session.execute(
        insert(table_of(BallotCommitment)).values(**key, commitment=committed, version=version)
    )


def _matches(table: Table, key: dict[str, object]) -> list[ColumnElement[bool]]:
    return [table.c[name] == value for name, value in key.items()]


def mark_participation(
    session: Session, agenda_session: AgendaSession, voter_id: UUID, channel: Channel, today: date
) -> None:
    """Note that the voter has voted. Raises KeyUnavailable where that was noted before: then the
    session's key is not the one under which the first ballot lies."""
    marked = session.execute(
        update(table_of(RollEntry))
        .where(
            RollEntry.compound_id == agenda_session.compound_id,
            RollEntry.session_id == agenda_session.id,
            RollEntry.resident_id == voter_id,
            RollEntry.voted_on.is_(None),
        )
        .values(channel=channel, voted_on=today)
        .returning(RollEntry.resident_id)
    )
    if marked.scalar_one_or_none() is None:
        raise KeyUnavailable(retry_after=60)
