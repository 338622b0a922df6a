"""Casting a 5-3-1 ballot (R1-R3), in one commit and safe to retry.

The same commitment again is the same cast: it gets the same answer and changes nothing, also when
a newer ballot has come in between. So a phone that lost the answer just sends the request again.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agenda import locks
from app.agenda.models import OPEN_STATES, AdmissionReason, AgendaSession, Channel, RollEntry
from app.agenda.roll import admit_eligible
from app.ballots.keys import KeyStore
from app.ballots.models import Ballot, BallotCommitment, BallotMark, SealedCommitment
from app.ballots.storing import (
    live_version,
    mark_participation,
    mark_rows,
    store_ballot,
    valid_ballot,
)
from app.clock import database_now, local_date
from app.errors import DomainError, WrongState
from app.people.guards import STAFF, Actor
from votes.ballot import Mark, PriorityBallot
from votes.receipt import NONCE_BYTES, commitment, promise_message
from votes.scheme import BallotScheme
from votes.selection import Mode


class NotOnRoll(DomainError):
    status, code = 403, "not_on_roll"
    zh, en = "您不在这一期的投票人名单里", "You are not on the roll of this session"


class UnderAge(DomainError):
    status, code = 403, "under_age"
    zh, en = (
        "年满18岁才能投票；如出生日期未登记，请找网格员核实",
        "Voters are 18 or older; if your birth date is missing, ask the grid worker",
    )


class StaffMayNotVote(DomainError):
    status, code = 403, "staff_may_not_vote"
    zh, en = (
        "物业、街道和部门人员不参加投票",
        "Staff of property firm, street and departments do not vote",
    )


class VersionConflict(DomainError):
    status, code = 409, "version_conflict"
    zh, en = "您的选票已在别处改过，请先查看", "Your ballot was changed elsewhere; look at it first"


class BallotsSealed(DomainError):
    """After closing nobody, the operator included, can tell whose ballot was whose."""

    status, code = 409, "ballots_sealed"
    zh, en = (
        "选票已封存，谁也查不出哪张是谁的；请用收据在结果文件里核对",
        "The ballots are sealed; check your receipt against the published bundle",
    )


class NonceReused(DomainError):
    status, code = 409, "nonce_reused"
    zh, en = "这个随机数已被使用，请重新生成", "The nonce was used before; make a new one"


@dataclass(frozen=True)
class Receipt:
    """The answer to a cast: the voter keeps it to find the marks after closing."""

    commitment: bytes
    version: int
    promise: bytes
    nonce: bytes
    marks: tuple[Mark, ...]


def cast_ballot(
    session: Session,
    agenda_session: AgendaSession,
    voter: Actor,
    keys: KeyStore,
    *,
    marks: Iterable[Mark],
    nonce: bytes | None,
    word: str = "",
    expected_version: int | None = None,
) -> Receipt:
    """Cast or replace a voter's ballot; the caller commits and then answers.

    `expected_version` is the version that the voter last saw, 0 for none. Raises WrongState,
    NotOnRoll, UnderAge, StaffMayNotVote, InvalidBallot, VersionConflict, NonceReused.
    """
    locks.share(session, agenda_session.id)
    moment = _read_moment(session, agenda_session)
    if moment.is_open:
        _lock_roll_entry(session, agenda_session, voter, moment.at)

    ballot = valid_ballot(session, agenda_session.id, moment.scheme, marks)
    nonce = nonce or os.urandom(NONCE_BYTES)
    session_name = str(agenda_session.id)
    committed = commitment(nonce, session_name, ballot)
    place = (agenda_session.compound_id, agenda_session.id, committed)

    if moment.is_sealed:
        sealed = session.get(SealedCommitment, place)
        if sealed is None:
            raise _not_open()
        return signed_receipt(keys, session_name, committed, sealed.version, nonce, ballot)
    slot = keys.slot(agenda_session.id, voter.id)
    known = session.get(BallotCommitment, place)
    if known is not None:
        if known.slot != slot:
            raise NonceReused
        return signed_receipt(keys, session_name, committed, known.version, nonce, ballot)
    if not moment.is_open:
        raise _not_open()

    version = 1 + live_version(session, agenda_session, slot)
    if expected_version is not None and expected_version != version - 1:
        raise VersionConflict
    key = {
        "compound_id": agenda_session.compound_id,
        "session_id": agenda_session.id,
        "slot": slot,
    }
    rows = mark_rows(key, nonce, ballot, word)
    try:
        store_ballot(session, key, version, nonce, committed, rows)
    except IntegrityError:  # another voter's ballot or commitment holds this nonce
        raise NonceReused from None
    if version == 1:
        today = local_date(moment.at)
        mark_participation(session, agenda_session, voter.id, Channel.PHONE, today)
    return signed_receipt(keys, session_name, committed, version, nonce, ballot)


def read_ballot(
    session: Session, agenda_session: AgendaSession, voter: Actor, keys: KeyStore
) -> Receipt | None:
    """The voter's own live ballot with its receipt; None where there is none.

    Raises BallotsSealed after closing.
    """
    if agenda_session.scheme is None:
        return None
    if agenda_session.outcome is not None:
        raise BallotsSealed
    slot = keys.slot(agenda_session.id, voter.id)
    ballot = session.get(Ballot, (agenda_session.compound_id, agenda_session.id, slot))
    if ballot is None:
        return None
    rows = session.execute(
        select(BallotMark.weight, BallotMark.matter_id).where(
            BallotMark.compound_id == agenda_session.compound_id,
            BallotMark.session_id == agenda_session.id,
            BallotMark.slot == slot,
        )
    )
    marks = PriorityBallot(tuple(Mark(weight, str(matter_id)) for weight, matter_id in rows))
    return signed_receipt(
        keys, str(agenda_session.id), ballot.commitment, ballot.version, ballot.nonce, marks
    )


@dataclass(frozen=True)
class _Moment:
    """The session as it stands under the lock, by the database's clock."""

    at: datetime
    is_open: bool
    is_sealed: bool
    scheme: BallotScheme


def _read_moment(session: Session, agenda_session: AgendaSession) -> _Moment:
    """Read the state again under the lock. Raises WrongState before voting has opened."""
    state, outcome, opens_at, closes_at, scheme, at = session.execute(
        select(
            AgendaSession.state,
            AgendaSession.outcome,
            AgendaSession.voting_opens_at,
            AgendaSession.voting_closes_at,
            AgendaSession.scheme,
            database_now(),
        ).where(AgendaSession.id == agenda_session.id)
    ).one()
    if scheme is None:
        raise _not_open()
    is_open = state in OPEN_STATES and opens_at <= at < closes_at
    return _Moment(at, is_open, outcome is not None, BallotScheme.from_data(scheme))


def _not_open() -> WrongState:
    return WrongState(zh="现在不在投票时间内", en="Voting is not open now")


def _lock_roll_entry(
    session: Session, agenda_session: AgendaSession, voter: Actor, at: datetime
) -> None:
    """Hold the voter's roll entry, so that the casts of one voter come one after the other."""
    if not voter.resident.is_adult_on(local_date(at)):
        raise UnderAge
    query = (
        select(RollEntry.resident_id)
        .where(
            RollEntry.compound_id == agenda_session.compound_id,
            RollEntry.session_id == agenda_session.id,
            RollEntry.resident_id == voter.id,
        )
        .with_for_update(key_share=True)
    )
    # Who is on the roll stays on it: an office given during the vote silences nobody.
    if session.scalar(query) is not None:
        return
    if STAFF & voter.roles_in(agenda_session.compound):
        raise StaffMayNotVote
    if agenda_session.mode is Mode.ROSTER:
        raise NotOnRoll
    _admit(session, agenda_session, voter.id, at)
    if session.scalar(query) is None:
        raise NotOnRoll


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


def signed_receipt(
    keys: KeyStore,
    session_name: str,
    committed: bytes,
    version: int,
    nonce: bytes,
    ballot: PriorityBallot,
) -> Receipt:
    """The receipt of a cast, with the operator's promise. Raises KeyUnavailable."""
    promise = keys.sign(promise_message(session_name, committed, version))
    return Receipt(committed, version, promise, nonce, ballot.marks)


def participations(session: Session, voter_id: UUID) -> Sequence[RollEntry]:
    """Sessions in which a ballot came in for this person: by which channel and on which day."""
    return session.scalars(
        select(RollEntry)
        .where(RollEntry.resident_id == voter_id, RollEntry.voted_on.is_not(None))
        .order_by(RollEntry.session_id.desc())
        .limit(100)
    ).all()
