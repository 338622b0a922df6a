"""The ordinary cast in one go: a first ballot, by phone, of somebody who is on the roll.

Nearly every ballot is of this kind, and on the evening when a whole city votes they come at once.
So the statement that notes the participation also asks who this is, whether the login stands,
whether voting is open and whether the person has not voted. On PostgreSQL all of it, with the
ballot's rows, is one statement and one round trip. The marks are checked against scheme and list
(R2), which each process remembers, since they are frozen; the constraints ask the same again.

It stores all or nothing, and says only whether it did. Whom it turns away goes to the full cast
(`app.ballots.cast.casting`), which asks everything anew and gives the reason. A condition here may
therefore be stricter than the rule, never laxer.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    JSON,
    BigInteger,
    Date,
    Integer,
    LargeBinary,
    Select,
    String,
    Uuid,
    bindparam,
    cast,
    column,
    exists,
    func,
    insert,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.sql.expression import ColumnClause, ColumnElement

from app.agenda.models import OPEN_STATES, AgendaItem, AgendaSession, Channel, RollEntry
from app.agenda.roll import adults_born_until
from app.ballots.cast.casting import Receipt, signed_receipt
from app.ballots.keys.operator import find_signer, signing_key
from app.ballots.keys.store import KeyStore, KeyUnavailable
from app.ballots.models import Ballot, BallotCommitment, BallotMark
from app.ballots.storing import InvalidBallot, mark_rows
from app.kit import clock
from app.kit.clock import database_now, local_date
from app.kit.locks import check_by_index, key_of
from app.kit.orm import constant, reading, table_of
from app.kit.prepared import Prepared
from app.kit.remembered import Remembered
from app.people.bearer import RESIDENT_ID, TODAY, Bearer, lives_in, login_stands
from app.people.models import Resident
from votes.ballot import Mark, PriorityBallot
from votes.errors import VotingError
from votes.receipt import commitment
from votes.scheme import BallotScheme

ROLL, SESSIONS = table_of(RollEntry), table_of(AgendaSession)
BALLOTS, MARKS, COMMITMENTS = map(table_of, (Ballot, BallotMark, BallotCommitment))
ITEMS = table_of(AgendaItem)
MANY_LISTS = 4096

# Their names are apart from those of columns, which an INSERT or UPDATE would set to them.
SESSION_ID = bindparam("for_session", type_=Uuid)
BORN_UNTIL = bindparam("born_until", type_=Date)
SLOT = bindparam("new_slot", type_=LargeBinary)
NONCE = bindparam("new_nonce", type_=LargeBinary)
COMMITMENT = bindparam("new_commitment", type_=LargeBinary)
MARKS_AS_JSON = cast(bindparam("marks", type_=String), JSON)


def cast_first(
    engine: Engine,
    bearer: Bearer,
    session_id: UUID,
    keys: KeyStore,
    *,
    marks: Iterable[Mark],
    nonce: bytes,
    word: str = "",
    expected_version: int | None = None,
) -> Receipt | None:
    """Store a voter's first ballot for good; None where it is not an ordinary one.

    Raises DBAPIError where the database cannot be asked.
    """
    if expected_version:
        return None
    try:
        frozen = _frozen_list(engine, session_id)
        if frozen is None:
            return None
        ballot = PriorityBallot.of(marks, frozen.scheme, frozen.matters)
        committed = commitment(nonce, str(session_id), ballot)
        signer = find_signer(keys, frozen.operator_key)
        values = {
            "for_session": session_id,
            **bearer.parameters(),
            "new_slot": keys.slot(session_id, bearer.resident_id, frozen.key_check),
            "new_nonce": nonce,
            "new_commitment": committed,
        }
        rows = mark_rows({"session_id": session_id}, nonce, ballot, word)
        if not _store(engine, values, rows):
            return None
    except (VotingError, InvalidBallot):
        return None
    except KeyUnavailable:  # there is none before opening and after closing
        return None
    except IntegrityError:  # a nonce that is taken, the same cast again
        return None
    except DBAPIError as error:
        # The connection broke, perhaps after the commit; the full cast finds out.
        if error.connection_invalidated:
            return None
        raise
    return signed_receipt(signer, str(session_id), committed, 1, nonce, ballot)


@dataclass(frozen=True)
class _FrozenList:
    """Weights, matters and keys of a vote, as they stood when it opened."""

    scheme: BallotScheme
    matters: frozenset[str]
    operator_key: bytes | None
    key_check: bytes | None


_frozen_lists: Remembered[UUID, _FrozenList] = Remembered(MANY_LISTS)


def _frozen_list(engine: Engine, session_id: UUID) -> _FrozenList | None:
    """Read once by each process, since neither changes after opening; None before."""
    known = _frozen_lists.get(session_id)
    if known is not None:
        return known
    query = (
        select(
            SESSIONS.c.scheme,
            signing_key().label("operator_key"),
            SESSIONS.c.key_check,
            ITEMS.c.matter_id,
        )
        .join_from(SESSIONS, ITEMS, ITEMS.c.session_id == SESSIONS.c.id)
        .where(SESSIONS.c.id == session_id, SESSIONS.c.state.in_(sorted(OPEN_STATES)))
    )
    with reading(engine) as connection:
        rows = connection.execute(query).all()
    if not rows:
        return None
    matters = frozenset(str(row.matter_id) for row in rows)
    frozen = _FrozenList(
        BallotScheme.from_data(rows[0].scheme), matters, rows[0].operator_key, rows[0].key_check
    )
    _frozen_lists.put(session_id, frozen)
    return frozen


def _store(engine: Engine, values: dict[str, Any], marks: list[dict[str, object]]) -> bool:
    today = local_date(clock.now())
    # A day short, so that no difference between two clocks lets somebody in too early.
    values["born_until"] = adults_born_until(today - timedelta(days=1))
    if engine.dialect.name == "postgresql":
        return _in_one_statement(engine, values, marks)
    return _in_one_transaction(engine, values, marks, today)


def _in_one_statement(
    engine: Engine, values: dict[str, Any], marks: list[dict[str, object]]
) -> bool:
    given = json.dumps(marks, default=_as_json)
    values = {**values, "marks": given, "lock": key_of(values["for_session"])}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return _postgresql().execute(connection, values).first() is not None


def _as_json(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _in_one_transaction(
    engine: Engine, values: dict[str, Any], marks: list[dict[str, object]], today: date
) -> bool:
    participation, ballot, mark, cast_ = _sqlite()
    with engine.begin() as connection:
        voter = participation.execute(connection, {**values, "on_day": today}).first()
        if voter is None:
            return False
        row = {
            "compound_id": UUID(voter.compound_id),
            "session_id": values["for_session"],
            "slot": values["new_slot"],
            "nonce": values["new_nonce"],
            "commitment": values["new_commitment"],
            "version": 1,
        }
        ballot.execute(connection, row)
        if marks:
            mark.execute_many(connection, [{**row, **each} for each in marks])
        cast_.execute(connection, row)
        return True


def _may_vote(compound_id: ColumnElement[UUID]) -> tuple[ColumnElement[bool], ...]:
    """The login stands, the voter lives in the compound and is of age, and has not voted yet."""
    return (
        ROLL.c.resident_id == RESIDENT_ID,
        ROLL.c.voted_on.is_(None),
        ROLL.c.withdrawn_on.is_(None),  # of who took a ballot back the versions go on
        login_stands(),
        lives_in(compound_id),
        exists().where(Resident.id == RESIDENT_ID, Resident.birth_date <= BORN_UNTIL),
    )


def _is_open(at: ColumnElement[Any]) -> tuple[ColumnElement[bool], ...]:
    return (
        SESSIONS.c.id == SESSION_ID,
        SESSIONS.c.state.in_([constant(state) for state in sorted(OPEN_STATES)]),
        SESSIONS.c.voting_opens_at <= at,
        at < SESSIONS.c.voting_closes_at,
        # Where another host has missed the key, the full cast tells that it is here.
        SESSIONS.c.key_missing_since.is_(None),
    )


@cache
def _sqlite() -> tuple[Prepared, ...]:
    """Note the participation, then the ballot, its marks and its commitment; `BEGIN IMMEDIATE`
    keeps everybody else out until the commit."""
    compound = select(SESSIONS.c.compound_id).where(*_is_open(database_now())).scalar_subquery()
    participation = (
        update(ROLL)
        # All of the primary key, else the whole session is searched; no compound, no row.
        .where(ROLL.c.compound_id == compound, ROLL.c.session_id == SESSION_ID)
        .where(*_may_vote(ROLL.c.compound_id))
        .values(channel=constant(Channel.PHONE), voted_on=TODAY)
        .returning(ROLL.c.compound_id)
    )
    statements = (participation, insert(BALLOTS), insert(MARKS), insert(COMMITMENTS))
    return tuple(Prepared(statement, "sqlite") for statement in statements)


def gate() -> Select[Any]:
    """Wait for whoever moves the session, and only then read the clock."""
    lock = func.pg_advisory_xact_lock_shared(bindparam("lock", type_=BigInteger))
    # Columns are computed in their order.
    return select(
        lock.label("held"), check_by_index().label("by_index"), database_now().label("at")
    )


def open_session(passed: CTE) -> Select[Any]:
    """The session, if voting is open when the gate is passed."""
    return select(SESSIONS.c.id, SESSIONS.c.compound_id, passed.c.at).where(*_is_open(passed.c.at))


def hold_row(session: Select[Any]) -> Select[Any]:
    """Read the newest version of the session's row, whatever the statement saw when it began.

    FOR SHARE, since FOR KEY SHARE is content with the version that a close has replaced.
    """
    return session.with_for_update(read=True, of=SESSIONS)


JSON_COLUMNS: tuple[ColumnClause[Any], ...] = (
    column("label", String()),
    column("weight", Integer()),
    column("matter_id", Uuid()),
    column("tracker", String()),  # in hexadecimal digits
)


@cache
def _postgresql() -> Prepared:
    """Lock, checks and rows of a cast.

    The statement sees the rows as they were when it began, which may be before it had waited for a
    close. So the session's row is locked after the wait: that reads its newest version and asks
    the conditions again. The roll entry's UPDATE does the same for two casts of one voter.
    """
    opened = hold_row(open_session(gate().cte("gate"))).cte("opened")
    voter = (
        update(ROLL)
        .where(
            ROLL.c.compound_id == opened.c.compound_id,
            ROLL.c.session_id == opened.c.id,
            *_may_vote(opened.c.compound_id),
        )
        .values(
            channel=constant(Channel.PHONE),
            voted_on=cast(func.timezone(literal_column(f"'{clock.ZONE.key}'"), opened.c.at), Date),
        )
        .returning(ROLL.c.compound_id, ROLL.c.session_id, SLOT.label("slot"))
        .cte("voter")
    )
    key = (voter.c.compound_id, voter.c.session_id, voter.c.slot)
    first = literal_column("1", Integer).label("version")
    ballot = (
        insert(BALLOTS)
        .from_select(
            ["compound_id", "session_id", "slot", "nonce", "commitment", "version"],
            select(*key, NONCE, COMMITMENT, first),
        )
        .cte("ballot")
    )
    given = (
        func.json_to_recordset(MARKS_AS_JSON)
        .table_valued(*JSON_COLUMNS, name="given")
        .render_derived(with_types=True)
    )
    tracker = func.decode(given.c.tracker, literal_column("'hex'"))
    marks = (
        insert(MARKS)
        .from_select(
            ["compound_id", "session_id", "slot", "label", "weight", "matter_id", "tracker"],
            select(*key, given.c.label, given.c.weight, given.c.matter_id, tracker).join_from(
                voter, given, true()
            ),
        )
        .cte("marks")
    )
    statement = (
        insert(COMMITMENTS)
        .from_select(
            ["compound_id", "session_id", "slot", "commitment", "version"],
            select(*key, COMMITMENT, first),
        )
        .returning(COMMITMENTS.c.version)
        .add_cte(ballot, marks)
    )
    return Prepared(statement, "postgresql")
