"""What every way of voting shares, by phone and on paper: who may vote now, what a valid ballot is,
and how it is written down or taken back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Table, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agenda.models import (
    OPEN_STATES,
    AdmissionReason,
    AgendaItem,
    AgendaSession,
    Channel,
    RollEntry,
    SessionState,
)
from app.agenda.roll import admit_eligible
from app.ballots.keys.store import KeyUnavailable
from app.ballots.models import Ballot, BallotCommitment, BallotMark
from app.ballots.refusals import vote_void
from app.kit import locks
from app.kit.clock import database_now, local_date
from app.kit.errors import DomainError, Refused, WrongState
from app.kit.orm import table_of
from app.people.models import Resident
from votes.ballot import Mark, PriorityBallot
from votes.errors import VotingError
from votes.receipt import labels, trackers
from votes.scheme import BallotScheme
from votes.selection import Mode


class NotOnRoll(DomainError):
    status, code = 403, "not_on_roll"
    zh, en = "您不在这一期的投票人名单里", "You are not on the roll of this session"


class UnderAge(DomainError):
    status, code = 403, "under_age"
    zh = "年满18岁才能投票；如出生日期未登记，请找网格员核实"
    en = "Voters are 18 or older; if your birth date is missing, ask the grid worker"


class StaffMayNotVote(DomainError):
    status, code = 403, "staff_may_not_vote"
    zh = "物业、街道和部门人员不参加投票"
    en = "Staff of the property firm, street and departments cannot vote"


class NonceReused(DomainError):
    status, code = 409, "nonce_reused"
    zh, en = "请再投一次", "The nonce was used before; make a new one"


class PaperBallotExists(DomainError):
    """R4: one person, one ballot. Whoever voted on paper takes that ballot back first."""

    status, code = 409, "paper_ballot_exists"
    zh = "已有一张以您的名义录入的纸质选票，须先撤回"
    en = "A paper ballot was entered in this voter's name; it has to be withdrawn first"


class InvalidBallot(DomainError):
    """R2: what the scheme and the frozen list do not allow."""

    status, code = 422, "invalid_ballot"
    zh, en = "选票不符合规则", "The ballot breaks a rule"


BALLOT_WORDS: dict[str, tuple[str, str]] = {
    "unknown_weight": ("没有这个分值", "The ballot has no such weight"),
    "slot_overfilled": ("同一分值给的件数太多", "A weight is given to too many matters"),
    "matter_repeated": ("同一件事只能选一次", "A matter may be marked once only"),
    "matter_not_listed": ("这件事不在题单上", "The matter is not on the list"),
    "invalid_word": ("暗记含有无法识别的字符", "The word holds characters that are not text"),
}


@dataclass(frozen=True)
class Moment:
    """The session as it stands under the lock, by the database's clock."""

    at: datetime
    is_open: bool
    is_sealed: bool
    scheme: BallotScheme
    operator_key: bytes | None
    key_check: bytes | None


def read_moment(session: Session, agenda_session: AgendaSession) -> Moment:
    """Read the state again under the lock. Raises WrongState before voting has opened,
    VoteVoid."""
    state, outcome, opens_at, closes_at, scheme, operator_key, key_check, at = session.execute(
        select(
            AgendaSession.state,
            AgendaSession.outcome,
            AgendaSession.voting_opens_at,
            AgendaSession.voting_closes_at,
            AgendaSession.scheme,
            AgendaSession.operator_key,
            AgendaSession.key_check,
            database_now(),
        ).where(AgendaSession.id == agenda_session.id)
    ).one()
    if scheme is None:
        raise not_open()
    if state is SessionState.VOID:
        raise vote_void(session, agenda_session.id)
    is_open = state in OPEN_STATES and opens_at <= at < closes_at
    is_sealed, rules = outcome is not None, BallotScheme.from_data(scheme)
    return Moment(at, is_open, is_sealed, rules, operator_key, key_check)


def begin_while_open(session: Session, agenda_session: AgendaSession) -> Moment:
    """Hold off the session's moves until this transaction ends, and answer the moment; voting is
    open in it. Raises WrongState."""
    locks.share(session, agenda_session.id)
    moment = read_moment(session, agenda_session)
    if not moment.is_open:
        raise not_open()
    return moment


def not_open() -> WrongState:
    return WrongState(zh="现在不在投票时间内", en="Voting is not open now")


def hold_roll_entry(
    session: Session, agenda_session: AgendaSession, voter: Resident, at: datetime
) -> RollEntry:
    """The voter's roll entry, read anew and held until this transaction ends, so that whatever
    comes in for one voter comes one after the other. An OPEN roll admits who is eligible by now.

    Raises UnderAge, NotOnRoll.
    """
    if not voter.is_adult_on(local_date(at)):
        raise UnderAge
    query = (
        select(RollEntry)
        .where(
            RollEntry.compound_id == agenda_session.compound_id,
            RollEntry.session_id == agenda_session.id,
            RollEntry.resident_id == voter.id,
        )
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    entry = session.scalar(query)
    if entry is None and agenda_session.mode is not Mode.ROSTER:
        _admit(session, agenda_session, voter.id, at)
        entry = session.scalar(query)
    if entry is None:
        raise NotOnRoll
    return entry


def refuse_over_paper(held: RollEntry) -> None:
    """Raises PaperBallotExists where the voter's live ballot came in on paper."""
    if held.channel is Channel.PAPER:
        raise PaperBallotExists


def _admit(session: Session, agenda_session: AgendaSession, voter_id: UUID, at: datetime) -> None:
    """An OPEN roll takes residents who were verified while voting is open (R1)."""
    try:
        with session.begin_nested():
            admit_eligible(
                session,
                agenda_session,
                at,
                AdmissionReason.VERIFIED_WHILE_OPEN,
                only=voter_id,
            )
    except IntegrityError:  # another cast of the same voter was first
        return


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


def withdrawn_version(
    session: Session, agenda_session: AgendaSession, held: RollEntry, slot: bytes
) -> int:
    """The highest version of the ballots that this voter took back, 0 where there was none: the
    versions go on, so that none is promised twice."""
    if held.withdrawn_on is None:
        return 0
    version = session.scalar(
        select(func.max(BallotCommitment.version)).where(
            BallotCommitment.compound_id == agenda_session.compound_id,
            BallotCommitment.session_id == agenda_session.id,
            BallotCommitment.slot == slot,
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
    *,
    replaces: bool,
) -> None:
    """Write ballot, marks and commitment. The voter's roll entry is held, so nobody interferes.

    `replaces` says whether the voter has a live ballot.
    """
    values = {"nonce": nonce, "commitment": committed, "version": version}
    ballots, mark_table = table_of(Ballot), table_of(BallotMark)
    if not replaces:
        session.execute(insert(ballots).values(**key, **values))
    else:
        session.execute(update(ballots).where(*_matches(ballots, key)).values(**values))
        session.execute(delete(mark_table).where(*_matches(mark_table, key)))
    if marks:
        session.execute(insert(mark_table), marks)
    session.execute(
        insert(table_of(BallotCommitment)).values(**key, commitment=committed, version=version)
    )


def take_back_ballot(
    session: Session, agenda_session: AgendaSession, voter_id: UUID, slot: bytes, today: date
) -> None:
    """Delete the voter's live ballot; its commitment stays, and the roll keeps the day.

    The voter's roll entry is held, and a ballot lies in the slot.
    """
    key = {
        "compound_id": agenda_session.compound_id,
        "session_id": agenda_session.id,
        "slot": slot,
    }
    for model in (BallotMark, Ballot):
        table = table_of(model)
        session.execute(delete(table).where(*_matches(table, key)))
    session.execute(
        update(table_of(RollEntry))
        .where(
            RollEntry.compound_id == agenda_session.compound_id,
            RollEntry.session_id == agenda_session.id,
            RollEntry.resident_id == voter_id,
        )
        .values(channel=None, voted_on=None, withdrawn_on=today)
    )


def _matches(table: Table, key: dict[str, object]) -> list[ColumnElement[bool]]:
    return [table.c[name] == value for name, value in key.items()]


def mark_participation(
    session: Session,
    agenda_session: AgendaSession,
    voter_id: UUID,
    channel: Channel,
    today: date,
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
