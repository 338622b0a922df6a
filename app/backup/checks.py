"""Whether a database is whole: after restoring it, or at any time.

Each check yields what it found wrong, in words for the operator. The log of moves is recounted by
`app.kit.audit` and compared with what was noted earlier by `app.backup.heads`.
"""

import hashlib
import json
from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKeyConstraint, ScalarSelect, Select, func, select
from sqlalchemy.orm import Session

from app.agenda.models import OPEN_STATES, AgendaSession, RollEntry
from app.attachments.refusals import StoreUnavailable
from app.attachments.stores import Store
from app.backup.attachments import is_whole, still_named, stored_files
from app.backup.heads import Finding, place_names
from app.backup.revisions import newest_revision, revision_of
from app.ballots.keys.store import KeyStore, KeyUnavailable, own_name
from app.ballots.models import Ballot, OperatorKey, SealedCommitment, SessionBundle
from app.kit.audit import AuditEntry, AuditLink, check_chain
from app.kit.orm import Base, table_of
from app.matters.models import Matter
from app.people.models import Residence
from app.resolutions.models import Resolution, ResolutionState, Secrecy, VoteMethod
from votes.verify import verify_file

# What moves by its own verbs only: the newest entry about one tells its state.
LOGGED = (AgendaSession, Matter, Residence)


def find_revision_fault(session: Session) -> Iterator[Finding]:
    """A schema that is not this release's; nothing else can be checked then."""
    found, newest = revision_of(session), newest_revision()
    if found != newest:
        yield Finding(
            f"数据库版本是 {found or '空'}，本程序要 {newest}：先运行 alembic upgrade head",
            f"the schema is at {found or 'nothing'}, this release wants {newest}:"
            " run alembic upgrade head first",
        )


def find_chain_faults(session: Session) -> Iterator[Finding]:
    """Logs that do not hold when recounted from their first entry."""
    places = place_names(session)
    for chain_id in session.scalars(select(AuditLink.chain_id).distinct()).all():
        broken_at = check_chain(session, chain_id).broken_at
        if broken_at is not None:
            place = f"{places.get(chain_id, '')} {chain_id}".strip()
            yield Finding(f"{place} 第{broken_at}条起不符", f"broken from {broken_at}")


def find_state_faults(session: Session) -> Iterator[Finding]:
    """Things whose state is not the one to which the log says they moved last."""
    for model in LOGGED:
        table = table_of(model)
        newest = (
            select(AuditEntry.to_state)
            .join(AuditLink, AuditLink.entry_id == AuditEntry.id)
            .where(AuditEntry.thing_id == table.c.id, AuditEntry.to_state.is_not(None))
            .order_by(AuditLink.number.desc())
            .limit(1)
            .scalar_subquery()
        )
        query = select(table.c.id, table.c.state, newest).where(table.c.state != newest)
        for id_, state, logged in session.execute(query):
            yield Finding(
                f"{table.name} {id_} 现为 {state.value}，记录里是 {logged}",
                f"{table.name} {id_} is {state.value}, and {logged} by its log",
            )


def find_reference_faults(session: Session) -> Iterator[Finding]:
    """Rows that refer to a row which is not there."""
    for table in Base.metadata.sorted_tables:
        for constraint in sorted(table.foreign_key_constraints, key=lambda each: str(each.name)):
            lost = session.scalar(_count_orphans(constraint))
            if lost:
                parent = constraint.referred_table.name
                yield Finding(
                    f"{table.name} 有 {lost} 行指向 {parent} 中不存在的行",
                    f"{table.name}: {lost} rows refer to no row of {parent}",
                )


def find_bundle_faults(session: Session) -> Iterator[Finding]:
    """Sealed results that do not hold when recounted, or differ from the rows beside them."""
    for session_id in session.scalars(select(SessionBundle.session_id)).all():
        for zh, en in _recount_bundle(session, session_id):
            yield Finding(f"封存结果 {session_id}：{zh}", f"sealed result {session_id}: {en}")
    alone = select(SealedCommitment.session_id).where(
        SealedCommitment.session_id.not_in(select(SessionBundle.session_id))
    )
    for session_id in session.scalars(alone.distinct()):
        yield Finding(f"封存结果 {session_id} 不在", f"sealed result {session_id} is missing")


def find_turnout_faults(session: Session) -> Iterator[Finding]:
    """Open votes whose ballots are not as many as those who are noted to have voted."""
    came = _count_by_session(RollEntry, RollEntry.voted_on.is_not(None))
    cast = _count_by_session(Ballot)
    is_open = AgendaSession.state.in_(OPEN_STATES)
    for session_id, people, ballots in session.execute(
        select(AgendaSession.id, came, cast).where(is_open)
    ):
        if people != ballots:
            yield Finding(
                f"投票 {session_id}：{people} 人投过票，选票 {ballots} 张",
                f"vote {session_id}: {people} people have voted, and there are {ballots} ballots",
            )


def find_key_faults(session: Session, keys: KeyStore) -> Iterator[Finding]:
    """Open votes whose key is lost, and keys of votes that this database never heard of."""
    try:
        held = set(keys.held())  # first: a key is made before its vote is seen to be open
        lost = [vote_id for vote_id in open_votes(session) if keys.find(vote_id) is None]
    except KeyUnavailable as error:
        yield Finding(f"密钥库：{error.zh}", f"the key store: {error.en}")
        return
    session.rollback()  # what has closed meanwhile has no key any more
    for vote_id in sorted(set(lost) & set(open_votes(session))):
        yield Finding(
            f"投票 {vote_id} 的密钥不在：这次投票无法计票，须重新举行",
            f"the key of vote {vote_id} is lost: it cannot be counted and is held again",
        )
    known = {
        *session.scalars(select(AgendaSession.id)),
        *session.scalars(select(Resolution.id)),
        *(own_name(key) for key in session.scalars(select(OperatorKey.public_key))),
    }
    for vote_id in sorted(held - known):
        yield Finding(
            f"密钥库里有投票 {vote_id} 的密钥，数据库里没有这次投票：数据库较旧",
            f"the key store holds the key of vote {vote_id}, which this database does not know:"
            " the database is older",
        )


def find_file_faults(session: Session, store: Store) -> Iterator[Finding]:
    """Photos and documents that are not in the store, or not as they were stored."""
    try:
        bad = {
            file.key: "不在 missing" if content is None else "已损坏 damaged"
            for file in list(stored_files(session))
            if (content := store.get(file.key)) is None or not is_whole(file, content)
        }
    except StoreUnavailable as error:
        yield Finding(error.zh, error.en)
        return
    for key in still_named(session, bad):
        zh, en = bad[key].split()
        yield Finding(f"文件 {key} {zh}", f"the file {key} is {en}")


def open_votes(session: Session) -> list[UUID]:
    """Sessions and resolutions whose ballots need a session key to be counted."""
    sessions = select(AgendaSession.id).where(AgendaSession.state.in_(OPEN_STATES))
    resolutions = select(Resolution.id).where(
        Resolution.state == ResolutionState.TABLED,
        Resolution.method == VoteMethod.PHONE,
        Resolution.secrecy == Secrecy.SECRET,
    )
    return [*session.scalars(sessions), *session.scalars(resolutions)]


def _recount_bundle(session: Session, session_id: UUID) -> Iterator[Finding]:
    """All checks of the verifier, and the rows that repeat what the bundle says."""
    columns = (SessionBundle.root, SessionBundle.digest, SessionBundle.body)
    root, digest, body = session.execute(
        select(*columns).where(SessionBundle.session_id == session_id)
    ).one()
    if hashlib.sha256(body).digest() != digest:
        yield Finding("内容与指纹不符", "the content has another SHA-256")
    try:
        checks = verify_file(body, root=root.hex())
        bundle = json.loads(body)
        listed = set(bundle["commitments"])
    except (ValueError, RecursionError, LookupError, TypeError):
        yield Finding("读不懂", "it cannot be understood")
        return
    # A result may wait for its second officer, or be refused by them: that is told on the board.
    waits = bundle["officer_key"] is not None and bundle["countersignature"] is None
    for check in checks:
        if not check.ok and not (waits and check.name == "countersignature"):
            yield Finding(check.zh, check.en)
    rows = select(SealedCommitment.commitment).where(SealedCommitment.session_id == session_id)
    if {commitment.hex() for commitment in session.scalars(rows)} != listed:
        yield Finding("承诺值与数据库不同", "its commitments are not those of the database")


def _count_by_session(model: type[Base], *where: ColumnElement[bool]) -> ScalarSelect[int]:
    table = table_of(model)
    return (
        select(func.count())
        .where(table.c.session_id == AgendaSession.id, *where)
        .correlate(AgendaSession)
        .scalar_subquery()
    )


def _count_orphans(constraint: ForeignKeyConstraint) -> Select[int]:
    """How many rows have all columns of a reference and no row at its other end."""
    parent = constraint.referred_table.alias("parent")
    pairs = [(each.parent, parent.c[each.column.name]) for each in constraint.elements]
    is_there = select(1).where(*(own == theirs for own, theirs in pairs)).exists()
    return (
        select(func.count())
        .select_from(constraint.table)
        .where(*(own.is_not(None) for own, _ in pairs), ~is_there)
    )
