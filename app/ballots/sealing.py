"""Sealing a closed vote (`docs/bundle.md`): its bundle is stored, and what leads from a voter to
the marks is destroyed.

Closing and sealing are one transaction. Afterwards the marks exist as one sorted list for each
weight, inside the bundle; ballots, slots and nonces are gone; commitments are kept in the order of
their values, so that neither their place on the disk nor their transaction tells when they came.
The session's key is erased once that is committed.
"""

import hashlib
import logging
import time
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, text, update
from sqlalchemy.orm import Session

from app.agenda.models import BEFORE_TALLY, AgendaSession, Channel, RollEntry, SessionState
from app.ballots.counting import Count, CountsDisagree
from app.ballots.keys.operator import require_signing_key, require_verified
from app.ballots.keys.store import KeyStore
from app.ballots.models import Ballot, BallotCommitment, BallotMark, SealedCommitment, SessionBundle
from app.ballots.paper.slips import PaperSlip, SlipState
from app.ballots.refusals import vote_void
from app.kit.errors import DomainError
from app.kit.orm import Base, table_of
from votes import merkle
from votes.bundle import (
    ListedMatter,
    Manifest,
    build_bundle,
    canonical_json,
    rules_hash,
    statement_message,
    with_signatures,
)
from votes.scheme import BallotScheme
from votes.selection import ParticipationRule, SelectionRule

log = logging.getLogger(__name__)


class VotingNotClosed(DomainError):
    status, code = 409, "voting_not_closed"
    zh, en = "投票还没有截止，不公布结果", "Voting has not closed; there is no result yet"


class NothingToRecount(DomainError):
    status, code = 409, "nothing_to_recount"
    zh = "这一期由现场清点票数，没有选票，也就没有结果文件"
    en = "An assembly was counted: there are no ballots, and so no bundle"


class NoResult(DomainError):
    status, code = 409, "no_result"
    zh, en = "这一期已取消或没有投票，没有结果", "This session was cancelled or held no vote"


def roll_root(residents: Iterable[UUID]) -> bytes:
    """The 32 bytes that stand for a roll: the tree hash over its ids as ASCII, sorted."""
    return merkle.root(sorted(str(resident).encode("ascii") for resident in residents))


def read_roll_root(session: Session, agenda_session: AgendaSession) -> bytes:
    """The root of the roll as it stands now."""
    return roll_root(
        session.scalars(
            select(RollEntry.resident_id).where(
                RollEntry.compound_id == agenda_session.compound_id,
                RollEntry.session_id == agenda_session.id,
            )
        )
    )


def rules_hash_of(agenda_session: AgendaSession) -> bytes:
    """The hash of scheme and rules, as it is published when voting opens."""
    rules = agenda_session.rules or {}
    return rules_hash(
        agenda_session.mode,
        BallotScheme.from_data(agenda_session.scheme or []),
        ParticipationRule.from_data(rules["participation"]),
        SelectionRule.from_data(rules["selection"]),
    )


def seal(
    session: Session, agenda_session: AgendaSession, keys: KeyStore, count: Count, at: datetime
) -> SessionBundle:
    """Store the signed bundle of a closed vote and destroy what it was made from.

    Raises CountsDisagree where a ballot has no commitment, or there are not as many confirmed slips
    as paper ballots; UnverifiedSignature; OperatorKeyNotPinned, WrongKeyStore, KeyUnavailable.
    """
    operator_key = require_signing_key(session, agenda_session.id, keys)
    commitments = _read_commitments(session, agenda_session)
    unsigned = build_bundle(
        manifest=_manifest(agenda_session, count),
        turnout=count.turnout,
        # A vote that was open before roots were published has none.
        roll_root=agenda_session.roll_root or bytes(32),
        participation=count.channels,
        picks=count.picks,
        commitments=commitments,
        ranked=count.ranked,
        outcomes=count.outcomes,
        operator_key=operator_key,
        officer_key=agenda_session.officer_key,
        paper_serials=_read_serials(session, agenda_session, count),
    )
    message = statement_message(unsigned)
    signature = keys.sign(message, operator_key)
    require_verified(operator_key, signature, message)
    bundle = with_signatures(unsigned, signature)
    body = canonical_json(bundle)
    sealed = SessionBundle(
        session_id=agenda_session.id,
        root=bytes.fromhex(bundle["root"]),
        digest=hashlib.sha256(body).digest(),
        body=body,
        sealed_at=at,
    )
    session.add(sealed)
    _destroy_link(session, agenda_session)
    return sealed


def erase_what_is_left(session: Session, session_id: UUID, keys: KeyStore) -> None:
    """Erase what is left of the ballots of a sealed session or a void vote, once that is committed.

    PostgreSQL keeps deleted rows in its files, with the number of the transaction that they share
    with the roll, until the tables are vacuumed. The key goes last, so that a key that is held
    tells of work to be done. Raises KeyUnavailable, DBAPIError and StillReadable, with the key in
    place.
    """
    _vacuum(session)
    keys.erase(session_id)


class StillReadable(RuntimeError):
    """Somebody's snapshot keeps the database from clearing deleted rows away."""


def _vacuum(session: Session) -> None:
    """Raises StillReadable where deleted ballots would stay in PostgreSQL's files."""
    bind = session.get_bind()
    if bind.dialect.name != "postgresql":
        return  # SQLite overwrites what it deletes (secure_delete)
    session.commit()  # nothing of ours may hold back the vacuum
    models = (BallotMark, Ballot, BallotCommitment, PaperSlip)
    tables = ", ".join(table_of(model).name for model in models)
    with bind.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        _wait_for_snapshots(connection)
        # Without the option indexes are left alone where few rows died: slot and matter stay there.
        connection.execute(text(f"VACUUM (INDEX_CLEANUP ON) {tables}"))
        connection.execute(text(f"VACUUM {table_of(RollEntry).name}"))


OLDER_SNAPSHOTS = text(
    """
    SELECT count(*) FROM (
        SELECT backend_xmin AS xid FROM pg_stat_activity WHERE {theirs}
        UNION ALL SELECT backend_xid FROM pg_stat_activity WHERE {theirs}
        UNION ALL SELECT transaction FROM pg_prepared_xacts WHERE database = current_database()
        UNION ALL SELECT xmin FROM pg_replication_slots
    ) AS held WHERE age(xid) > age(CAST(CAST(:horizon AS text) AS xid))
""".format(  # noqa: S608 - both parts stand here
        theirs="(datname = current_database() OR datname IS NULL) AND pid <> pg_backend_pid()"
        " AND pid NOT IN (SELECT pid FROM pg_stat_progress_vacuum)"
    )
)
SNAPSHOT_TRIES, SNAPSHOT_PAUSE_S = 40, 0.05


def _wait_for_snapshots(connection: Connection) -> None:
    """Until nobody can see rows as they were before now: a vacuum spares what anybody can see, and
    says nothing of it. Raises StillReadable."""
    horizon = connection.scalar(text("SELECT CAST(CAST(pg_current_xact_id() AS xid) AS text)"))
    for _ in range(SNAPSHOT_TRIES):
        if not connection.scalar(OLDER_SNAPSHOTS, {"horizon": horizon}):
            return
        time.sleep(SNAPSHOT_PAUSE_S)
    raise StillReadable


def closed_with_key(session: Session, keys: KeyStore) -> list[UUID]:
    """Ids of sealed sessions and void votes of which something is left: whose key is held. Raises
    KeyUnavailable."""
    is_over = or_(AgendaSession.outcome.is_not(None), AgendaSession.state == SessionState.VOID)
    left = select(AgendaSession.id).where(AgendaSession.id.in_(keys.held()), is_over)
    return list(session.scalars(left.order_by(AgendaSession.id)))


def no_bundle(session: Session, session_id: UUID, state: SessionState) -> DomainError:
    """Why a session at this step has no bundle."""
    if state is SessionState.VOID:
        return vote_void(session, session_id)
    if state in BEFORE_TALLY:
        return VotingNotClosed()
    query = select(AgendaSession.manual_method).where(AgendaSession.id == session_id)
    return NoResult() if session.scalar(query) is None else NothingToRecount()


def find_bundle(session: Session, session_id: UUID) -> tuple[SessionState, bytes | None] | None:
    """The session's state and the SHA-256 of its bundle, if it has one; None for no session."""
    row = session.execute(
        select(AgendaSession.state, SessionBundle.digest)
        .outerjoin(SessionBundle, SessionBundle.session_id == AgendaSession.id)
        .where(AgendaSession.id == session_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def read_bundle(session: Session, session_id: UUID) -> bytes:
    """The bundle as it is published; it exists."""
    query = select(SessionBundle.body).where(SessionBundle.session_id == session_id)
    return session.execute(query).scalar_one()


def _manifest(agenda_session: AgendaSession, count: Count) -> Manifest:
    titles = {str(item.matter_id): item.matter.title for item in agenda_session.items}
    return Manifest(
        session_id=str(agenda_session.id),
        compound=agenda_session.compound.name,
        period=agenda_session.period,
        mode=agenda_session.mode,
        scheme=count.scheme,
        participation=count.participation,
        selection=count.selection,
        matters=tuple(
            ListedMatter(candidate, titles[candidate.matter], candidate.matter in count.ended)
            for candidate in count.candidates
        ),
        opens_at=agenda_session.voting_opens_at,
        closes_at=agenda_session.closed_at or agenda_session.voting_closes_at,
    )


def _read_commitments(session: Session, agenda_session: AgendaSession) -> list[bytes]:
    """All commitments of the session. Raises CountsDisagree where a live ballot has none."""
    stored = set(
        session.scalars(
            select(BallotCommitment.commitment).where(
                BallotCommitment.compound_id == agenda_session.compound_id,
                BallotCommitment.session_id == agenda_session.id,
            )
        )
    )
    live = set(
        session.scalars(
            select(Ballot.commitment).where(
                Ballot.compound_id == agenda_session.compound_id,
                Ballot.session_id == agenda_session.id,
            )
        )
    )
    if not live <= stored:
        raise CountsDisagree(f"session {agenda_session.id}: a ballot without its commitment")
    return list(stored)


def _read_serials(session: Session, agenda_session: AgendaSession, count: Count) -> list[str]:
    """The serials of the slips that are ballots."""
    serials = session.scalars(
        select(PaperSlip.serial).where(
            PaperSlip.session_id == agenda_session.id, PaperSlip.state == SlipState.CONFIRMED
        )
    ).all()
    by_paper = count.channels[Channel.PAPER]
    if len(serials) != by_paper:
        raise CountsDisagree(f"session {agenda_session.id}: {len(serials)} slips, {by_paper} came")
    return list(serials)


def _destroy_link(session: Session, agenda_session: AgendaSession) -> None:
    """Keep the commitments in the order of their values, and delete what has slots."""
    columns = ["compound_id", "session_id", "commitment", "version"]
    kept = table_of(BallotCommitment)
    session.execute(
        insert(table_of(SealedCommitment)).from_select(
            columns,
            select(*(kept.c[name] for name in columns))
            .where(*_of_session(BallotCommitment, agenda_session))
            .order_by(kept.c.commitment),
        )
    )
    delete_ballots(session, agenda_session)


def delete_ballots(session: Session, agenda_session: AgendaSession) -> None:
    """Delete all that leads from a slot to marks; slips forget their slots, and the roll keeps who
    took part."""
    for model in (BallotCommitment, BallotMark, Ballot):
        where = _of_session(model, agenda_session)
        session.execute(delete(table_of(model)).where(*where))
    session.execute(
        update(table_of(PaperSlip))
        .where(PaperSlip.session_id == agenda_session.id)
        .values(slot=None, commitment=None)
    )
    _rewrite_roll(session, agenda_session)


def _of_session(model: type[Base], agenda_session: AgendaSession) -> list[ColumnElement[bool]]:
    table = table_of(model)
    return [
        table.c.compound_id == agenda_session.compound_id,
        table.c.session_id == agenda_session.id,
    ]


def _rewrite_roll(session: Session, agenda_session: AgendaSession) -> None:
    """Write the roll of a session with slips anew, in the order of ids. What is done to a slip is
    logged, and its transaction would still stand on the row of its voter, also where the slip was
    withdrawn or given up."""
    slips = select(PaperSlip.serial).where(PaperSlip.session_id == agenda_session.id).limit(1)
    if session.scalar(slips) is None:
        return
    table = table_of(RollEntry)
    theirs = (
        table.c.compound_id == agenda_session.compound_id,
        table.c.session_id == agenda_session.id,
    )
    rows = session.execute(select(table).where(*theirs).order_by(table.c.resident_id)).mappings()
    entries = [dict(row) for row in rows]
    session.execute(delete(table).where(*theirs))
    session.execute(insert(table), entries)
