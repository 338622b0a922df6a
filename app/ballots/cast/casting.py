"""Casting a 5-3-1 ballot (R1-R3), in one commit and safe to retry.

The same commitment again is the same cast: it gets the same answer and changes nothing, also when
a newer ballot has come in between. So a phone that lost the answer just sends the request again.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, Channel, RollEntry, SessionState
from app.ballots.keys.operator import find_signer, read_signing_key
from app.ballots.keys.store import KeyStore
from app.ballots.models import Ballot, BallotCommitment, BallotMark, SealedCommitment
from app.ballots.refusals import vote_void
from app.ballots.storing import (
    NonceReused,
    NotOnRoll,
    StaffMayNotVote,
    hold_roll_entry,
    live_version,
    mark_participation,
    mark_rows,
    not_open,
    read_moment,
    refuse_over_paper,
    store_ballot,
    valid_ballot,
    withdrawn_version,
)
from app.kit import locks
from app.kit.clock import local_date
from app.kit.errors import DomainError
from app.people.actor import STAFF, Actor
from votes.ballot import Mark, PriorityBallot
from votes.receipt import NONCE_BYTES, commitment, promise_message

# Nobody changes their mind more often in a week; each version is kept, so their number must end.
# Counted by the ballot's version, which no restart forgets.
MAX_REPLACEMENTS = 20


class ReplacementsUsedUp(DomainError):
    """There is no use in waiting: the ballot that stands is the one that counts."""

    status, code = 409, "replacements_used_up"
    zh = "一次投票最多改票 20 次，您已用完；最后投的那张有效"
    en = "A ballot may be replaced 20 times; the last one that you cast stands and counts"


class VersionConflict(DomainError):
    status, code = 409, "version_conflict"
    zh, en = "您的选票已在别处改过，请先查看", "Your ballot was changed elsewhere; look at it first"


class BallotWithdrawn(DomainError):
    """The same cast again must not be answered with a receipt for a ballot that counts no more."""

    status, code = 409, "ballot_withdrawn"
    zh = "这张票已经撤回，不再计入；要重新投票请再投一次"
    en = "This ballot was withdrawn and does not count; make a new nonce to vote again"


class BallotsSealed(DomainError):
    """After closing nobody, the operator included, can tell whose ballot was whose."""

    status, code = 409, "ballots_sealed"
    zh = "选票已封存，谁也查不出哪张是谁的；请用收据在结果文件里核对"
    en = "The ballots are sealed; check your receipt against the published bundle"


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
    NotOnRoll, UnderAge, StaffMayNotVote, InvalidBallot, VersionConflict, NonceReused,
    BallotWithdrawn, PaperBallotExists, ReplacementsUsedUp, and what the key store raises.
    """
    locks.share(session, agenda_session.id)
    moment = read_moment(session, agenda_session)
    entry = None
    if moment.is_open:
        entry = _lock_roll_entry(session, agenda_session, voter, moment.at)

    ballot = valid_ballot(session, agenda_session.id, moment.scheme, marks)
    nonce = nonce or os.urandom(NONCE_BYTES)
    session_name = str(agenda_session.id)
    committed = commitment(nonce, session_name, ballot)
    place = (agenda_session.compound_id, agenda_session.id, committed)

    # Found before anything is stored: what cannot be signed leaves nothing behind.
    signer = _signer(session, agenda_session, moment.operator_key, keys)
    if moment.is_sealed:
        sealed = session.get(SealedCommitment, place)
        if sealed is None:
            raise not_open()
        return signed_receipt(signer, session_name, committed, sealed.version, nonce, ballot)
    slot = keys.slot(agenda_session.id, voter.id, moment.key_check)
    known = session.get(BallotCommitment, place)
    live = live_version(session, agenda_session, slot)
    # Of another's commitment nothing is said here: whoever saw the nonce of a slip could try marks.
    if known is not None and known.slot == slot:
        if not live:
            raise BallotWithdrawn
        return signed_receipt(signer, session_name, committed, known.version, nonce, ballot)
    if entry is None:
        raise not_open()

    refuse_over_paper(entry)
    if expected_version is not None and expected_version != live:
        raise VersionConflict
    if live > MAX_REPLACEMENTS:
        raise ReplacementsUsedUp
    version = 1 + (live or withdrawn_version(session, agenda_session, entry, slot))
    key = {
        "compound_id": agenda_session.compound_id,
        "session_id": agenda_session.id,
        "slot": slot,
    }
    rows = mark_rows(key, nonce, ballot, word)
    try:
        store_ballot(session, key, version, nonce, committed, rows, replaces=live > 0)
    except IntegrityError:  # another voter's ballot or commitment holds this nonce
        raise NonceReused from None
    if not live:
        today = local_date(moment.at)
        mark_participation(session, agenda_session, voter.id, Channel.PHONE, today)
    return signed_receipt(signer, session_name, committed, version, nonce, ballot)


def read_ballot(
    session: Session, agenda_session: AgendaSession, voter: Actor, keys: KeyStore
) -> Receipt | None:
    """The voter's own live ballot with its receipt; None where there is none.

    Raises BallotsSealed after closing, VoteVoid, and what the key store raises.
    """
    if agenda_session.scheme is None:
        return None
    if agenda_session.state is SessionState.VOID:
        raise vote_void(session, agenda_session.id)
    if agenda_session.outcome is not None:
        raise BallotsSealed
    slot = keys.slot(agenda_session.id, voter.id, agenda_session.key_check)
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
    signer = _signer(session, agenda_session, agenda_session.operator_key, keys)
    return signed_receipt(
        signer, str(agenda_session.id), ballot.commitment, ballot.version, ballot.nonce, marks
    )


def _lock_roll_entry(
    session: Session, agenda_session: AgendaSession, voter: Actor, at: datetime
) -> RollEntry:
    """Hold the voter's roll entry, so that the casts of one voter come one after the other."""
    try:
        return hold_roll_entry(session, agenda_session, voter.resident, at)
    except NotOnRoll:
        # Who is on the roll stays on it: an office given during the vote silences nobody.
        if STAFF & voter.roles_in(agenda_session.compound):
            raise StaffMayNotVote from None
        raise


def _signer(
    session: Session, agenda_session: AgendaSession, named: bytes | None, keys: KeyStore
) -> Ed25519PrivateKey:
    """What signs the receipts of this vote. One from before keys were pinned names none."""
    return find_signer(keys, named or read_signing_key(session, agenda_session.id))


def signed_receipt(
    signer: Ed25519PrivateKey,
    session_name: str,
    committed: bytes,
    version: int,
    nonce: bytes,
    ballot: PriorityBallot,
) -> Receipt:
    """The receipt of a cast, with the operator's promise."""
    promise = signer.sign(promise_message(session_name, committed, version))
    return Receipt(committed, version, promise, nonce, ballot.marks)


def participations(session: Session, voter_id: UUID) -> Sequence[RollEntry]:
    """Sessions in which a ballot came in for this person, or was withdrawn: by which channel and
    on which day."""
    has_trace = or_(RollEntry.voted_on.is_not(None), RollEntry.withdrawn_on.is_not(None))
    return session.scalars(
        select(RollEntry)
        .where(RollEntry.resident_id == voter_id, has_trace)
        .order_by(RollEntry.session_id.desc())
        .limit(100)
    ).all()
