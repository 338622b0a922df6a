"""Places, people and ballots in bulk, written by SQL that both engines take.

Keys of ballots are spread evenly and written in order: as in real use they lie all over the index,
and a million of them are written in a minute. Foreign keys are not checked while seeding (a test
checks afterwards that they hold).
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    Date,
    Engine,
    TextClause,
    Uuid,
    bindparam,
    create_engine,
    event,
    text,
)

from app.agenda.models import AgendaItem, AgendaSession, SessionOutcome, SessionState
from app.ballots.models import BallotSlot, ResultRow, SessionResult
from app.compounds.models import Building, Community, Compound, Entrance, Subdistrict, Unit
from app.kit.orm import table_of
from app.matters.models import Category, Matter, MatterState
from app.people.models import Resident
from bench.places import LONG_AGO, Rows
from votes.scheme import FIVE_THREE_ONE
from votes.selection import Mode, Outcome, ParticipationRule, SelectionRule

MATTERS = 12
WEIGHTS = (5, 3, 1)
PERSON, FAMILY, RESIDENCE, CROWD_COMPOUND, CROWD_SESSION = range(0x10, 0x15)
CROWD_BALLOTS = 4  # of each session that only stands beside the measured one

POSTGRESQL_FUNCTIONS = """
CREATE FUNCTION bench_uuid(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(kind), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid
$$;
CREATE FUNCTION bench_bytes(n bigint, total bigint, length int, salt text) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
    SELECT decode(lpad(to_hex(n * (4294967295 / (total + 1))), 8, '0'), 'hex')
        || substring(sha256((n || ' ' || salt)::bytea) FROM 1 FOR length - 4)
$$;
"""
_INSTANTS = {"postgresql": "2026-01-05 02:00:00+00", "sqlite": "2026-01-05 02:00:00.000000"}
DROP_FUNCTIONS = "DROP FUNCTION bench_uuid(int, bigint), bench_bytes(bigint, bigint, int, text)"

SERIES = """WITH RECURSIVE s(n) AS
    (SELECT CAST(:first AS BIGINT) UNION ALL SELECT n + 1 FROM s WHERE n < :last) """


@dataclass(frozen=True)
class Home:
    """The compound that is measured, with its matters in the order of the list."""

    community_id: UUID
    compound_id: UUID
    unit_id: UUID
    matters: list[UUID]


def bench_uuid(kind: int, n: int) -> UUID:
    """The id of the n-th row of a kind, as the database makes it while seeding."""
    return UUID(f"{kind:08x}000070008000{n:012x}")


def bench_bytes(n: int, total: int, length: int, salt: str) -> bytes:
    """Bytes that stand for a hash: spread over all values, ascending with n."""
    prefix = (n * (0xFFFFFFFF // (total + 1))).to_bytes(4, "big")
    return prefix + hashlib.sha256(f"{n} {salt}".encode()).digest()[: length - 4]


@contextmanager
def seeding(url: str) -> Iterator[Connection]:
    """A transaction without foreign keys, and afterwards what the engine does to a full table."""
    engine = create_engine(url)
    try:
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _open_sqlite)
            with engine.begin() as connection:
                yield connection
            with engine.connect() as connection:
                connection.exec_driver_sql("ANALYZE")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        with engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            connection.exec_driver_sql(POSTGRESQL_FUNCTIONS)
            yield connection
            connection.exec_driver_sql(DROP_FUNCTIONS)
        _vacuum(engine)
    finally:
        engine.dispose()


def _open_sqlite(connection: Any, record: Any) -> None:
    connection.create_function(
        "bench_uuid", 2, lambda kind, n: bench_uuid(kind, n).hex, deterministic=True
    )
    connection.create_function("bench_bytes", 4, bench_bytes, deterministic=True)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-500000")


def _vacuum(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))


def add_home(connection: Connection) -> Home:
    """A compound with a building and as many matters as a list has."""
    rows = Rows()
    subdistrict_id = rows.add(Subdistrict, name="云桥街道", since=LONG_AGO)
    community_id = rows.add(
        Community, subdistrict_id=subdistrict_id, name="云桥社区", since=LONG_AGO
    )
    compound_id = rows.add(Compound, community_id=community_id, name="香樟苑小区", since=LONG_AGO)
    building_id = rows.add(Building, compound_id=compound_id, name="1栋", since=LONG_AGO)
    entrance_id = rows.add(
        Entrance,
        compound_id=compound_id,
        building_id=building_id,
        name="1单元",
        since=LONG_AGO,
    )
    unit_id = rows.add(
        Unit,
        compound_id=compound_id,
        entrance_id=entrance_id,
        name="101",
        area_centi_m2=8850,
        since=LONG_AGO,
    )
    raised_at = datetime(2026, 1, 5, 2, tzinfo=UTC)
    raiser = rows.add(Resident, openid=f"o-{compound_id}", name="住户甲", joined_at=raised_at)
    matters = [
        rows.add(
            Matter,
            compound_id=compound_id,
            number=number,
            raised_by_id=raiser,
            raised_at=raised_at + timedelta(minutes=number),
            title=f"第{number}件烦心事",
            body="说明",
            category=Category.OTHER,
            state=MatterState.LISTED,
        )
        for number in range(1, MATTERS + 1)
    ]
    rows.store(connection)
    return Home(community_id, compound_id, unit_id, matters)


def add_session(connection: Connection, home: Home, number: int) -> UUID:
    """A session of the home compound in which voting is open; its key is not made here."""
    rows, at = Rows(), datetime.now(UTC)
    session_id = rows.add(
        AgendaSession,
        compound_id=home.compound_id,
        community_id=home.community_id,
        period=f"{1000 + number // 12}-{number % 12 + 1:02}",
        mode=Mode.OPEN,
        state=SessionState.VOTING,
        place="党群服务站",
        voting_opens_at=at - timedelta(hours=1),
        voting_closes_at=at + timedelta(days=7),
        round_table_at=at + timedelta(days=8),
        created_at=at - timedelta(days=1),
        host_waited_since=at,
        scheme=FIVE_THREE_ONE.to_data(),
        rules={
            "participation": ParticipationRule().to_data(),
            "selection": SelectionRule().to_data(),
        },
        roll_root=bytes(32),
    )
    for position, matter in enumerate(home.matters, start=1):
        rows.add(
            AgendaItem,
            session_id=session_id,
            matter_id=matter,
            number=position,
            endorsements=position,
        )
    for weight in WEIGHTS:
        rows.add(BallotSlot, session_id=session_id, label=str(weight), weight=weight)
    rows.store(connection)
    return session_id


def _run(connection: Connection, statement: str, **values: Any) -> None:
    types = {"compound": Uuid, "unit": Uuid, "session": Uuid, "born": Date, "day": Date}
    clause: TextClause = text(statement).bindparams(
        *(bindparam(name, type_=kind()) for name, kind in types.items() if f":{name}" in statement)
    )
    connection.execute(clause, values)


def add_others(connection: Connection, home: Home, first: int, last: int) -> None:
    """Verified adult residents of the home compound who never logged in here."""
    series = {"first": first, "last": last}
    at = _INSTANTS[connection.dialect.name]
    _run(
        connection,
        f"""{SERIES} INSERT INTO residents (id, openid, name, birth_date, joined_at)
        SELECT bench_uuid({PERSON}, n), 'o-bench-' || n, '住户', :born, '{at}' FROM s""",
        born=date(1980, 5, 17),
        **series,
    )
    _run(
        connection,
        f"""{SERIES} INSERT INTO residences (id, resident_id, compound_id, unit_id, relation, state,
            claimed_at, decided_at)
        SELECT bench_uuid({RESIDENCE}, n), bench_uuid({PERSON}, n), :compound, :unit, 'owner',
            'VERIFIED', '{at}', '{at}' FROM s""",
        compound=home.compound_id,
        unit=home.unit_id,
        **series,
    )


def add_people(connection: Connection, home: Home, first: int, last: int) -> None:
    """Verified adult residents of the home compound, each logged in once."""
    add_others(connection, home, first, last)
    at = _INSTANTS[connection.dialect.name]
    _run(
        connection,
        f"""{SERIES} INSERT INTO token_families (id, resident_id, started_at)
        SELECT bench_uuid({FAMILY}, n), bench_uuid({PERSON}, n), '{at}' FROM s""",
        first=first,
        last=last,
    )


def add_roll(
    connection: Connection, home: Home, session_id: UUID, first: int, last: int, *, voted: bool
) -> None:
    """These people on the roll of a session; whether a ballot of theirs came in."""
    participation = "'PHONE', :day" if voted else "NULL, NULL"
    _run(
        connection,
        f"""{SERIES} INSERT INTO roll_entries (compound_id, session_id, resident_id, admitted_on,
            admitted_why, channel, voted_on)
        SELECT :compound, :session, bench_uuid({PERSON}, n), :day, 'OPENING', {participation}
        FROM s""",
        compound=home.compound_id,
        session=session_id,
        day=date(2026, 3, 1),
        first=first,
        last=last,
    )


def add_ballots(connection: Connection, home: Home, session_id: UUID, count: int) -> None:
    """So many ballots with three marks each, and their commitments."""
    values = {
        "compound": home.compound_id,
        "session": session_id,
        "first": 1,
        "last": count,
        "salt": session_id.hex,
    }
    slot = f"bench_bytes(n, {count}, 32, :salt)"
    committed = f"bench_bytes(n, {count}, 32, 'c' || :salt)"
    # Cast, since PostgreSQL cannot tell the type of a parameter inside a concatenation.
    slot, committed = (each.replace(":salt", "CAST(:salt AS TEXT)") for each in (slot, committed))
    _run(
        connection,
        f"""{SERIES} INSERT INTO ballots (compound_id, session_id, slot, nonce, commitment, version)
        SELECT :compound, :session, {slot},
            bench_bytes(n, {count}, 16, 'n' || CAST(:salt AS TEXT)), {committed}, 1 FROM s""",
        **values,
    )
    _run(
        connection,
        f"""{SERIES} INSERT INTO ballot_commitments (compound_id, session_id, commitment, slot,
            version)
        SELECT :compound, :session, {committed}, {slot}, 1 FROM s""",
        **values,
    )
    # Each weight has matters of its own, so that no ballot names one twice.
    _run(
        connection,
        f"""{SERIES} INSERT INTO ballot_marks (compound_id, session_id, slot, label, weight,
            matter_id, tracker)
        SELECT :compound, :session, {slot}, w.label, w.weight, i.matter_id,
            bench_bytes(n, {count}, 10, w.label || CAST(:salt AS TEXT))
        FROM s
        CROSS JOIN (SELECT '1' AS label, 1 AS weight, 9 AS base, 4 AS many
            UNION ALL SELECT '3', 3, 5, 4 UNION ALL SELECT '5', 5, 1, 4) w
        CROSS JOIN agenda_items i
        WHERE i.session_id = :session AND i.number = w.base + (n / w.weight) % w.many""",
        **values,
    )


def add_result(connection: Connection, home: Home, session_id: UUID, returned: int) -> None:
    """End a vote with a stored result; its ballots stay, as if nobody had sealed them."""
    sessions, at = table_of(AgendaSession), datetime.now(UTC)
    connection.execute(
        sessions.update()
        .where(sessions.c.id == session_id)
        .values(state=SessionState.TALLIED, outcome=SessionOutcome.DECIDED, closed_at=at)
    )
    rows = Rows()
    rows.add(
        SessionResult,
        session_id=session_id,
        roll=returned,
        returned=returned,
        blank=0,
        required=1,
        explanation_zh="说明" * 200,
        explanation_en="Explanation. " * 40,
        tallied_at=at,
    )
    for rank, matter in enumerate(home.matters, start=1):
        rows.add(
            ResultRow,
            session_id=session_id,
            matter_id=matter,
            rank=rank,
            counts=[0, 0, 0],
            score=0,
            outcome=Outcome.SELECTED if rank <= 3 else Outcome.DEFERRED,
            decided_by="score",
        )
    rows.store(connection)


def add_crowd(connection: Connection, home: Home, compounds: int, sessions: int) -> None:
    """Other compounds, and other sessions in which voting is open, with a few ballots each.

    Sessions are dealt to the compounds in turn; three matters and the voters are borrowed from
    home, of which at least `CROWD_BALLOTS` people exist.
    """
    numbers = {"first": 1, "last": compounds}
    _run(
        connection,
        f"""{SERIES} INSERT INTO compounds (id, community_id, name, since)
        SELECT bench_uuid({CROWD_COMPOUND}, n), c.community_id, '小区' || n, c.since
        FROM s CROSS JOIN compounds c WHERE c.id = :compound""",
        compound=home.compound_id,
        **numbers,
    )
    template = add_session(connection, home, 11_000)
    changed = {
        "id": f"bench_uuid({CROWD_SESSION}, n)",
        "compound_id": f"bench_uuid({CROWD_COMPOUND}, 1 + n % {compounds})",
        "period": "CAST(9000000 + n AS VARCHAR(7))",
    }
    columns = [column.name for column in AgendaSession.__table__.columns]
    numbers = {"first": 1, "last": sessions}
    chosen = ", ".join(changed.get(name, f"t.{name}") for name in columns)
    _run(
        connection,
        f"""{SERIES} INSERT INTO agenda_sessions ({", ".join(columns)})
        SELECT {chosen} FROM s CROSS JOIN agenda_sessions t WHERE t.id = :session""",
        session=template,
        **numbers,
    )
    for table, values, which in (
        ("ballot_slots (session_id, label, weight)", "t.label, t.weight", "t.weight > 0"),
        (
            "agenda_items (session_id, matter_id, number, endorsements)",
            "t.matter_id, t.number, t.endorsements",
            "t.number IN (1, 5, 9)",
        ),
    ):
        _run(
            connection,
            f"""{SERIES} INSERT INTO {table} SELECT bench_uuid({CROWD_SESSION}, n), {values}
            FROM s CROSS JOIN {table.partition(" ")[0]} t
            WHERE t.session_id = :session AND {which}""",
            session=template,
            **numbers,
        )
    _add_crowd_ballots(connection, compounds, sessions)


def _add_crowd_ballots(connection: Connection, compounds: int, sessions: int) -> None:
    total = sessions * CROWD_BALLOTS
    numbers = {"first": 0, "last": total - 1}
    session = f"bench_uuid({CROWD_SESSION}, 1 + n / {CROWD_BALLOTS})"
    compound = f"bench_uuid({CROWD_COMPOUND}, 1 + (1 + n / {CROWD_BALLOTS}) % {compounds})"
    slot, committed = (f"bench_bytes(n, {total}, 32, '{salt}')" for salt in ("s", "c"))
    _run(
        connection,
        f"""{SERIES} INSERT INTO roll_entries (compound_id, session_id, resident_id, admitted_on,
            admitted_why, channel, voted_on)
        SELECT {compound}, {session}, bench_uuid({PERSON}, 1 + n % {CROWD_BALLOTS}), :day,
            'OPENING', 'PHONE', :day FROM s""",
        day=date(2026, 3, 1),
        **numbers,
    )
    _run(
        connection,
        f"""{SERIES} INSERT INTO ballots (compound_id, session_id, slot, nonce, commitment, version)
        SELECT {compound}, {session}, {slot}, bench_bytes(n, {total}, 16, 'n'), {committed}, 1
        FROM s""",
        **numbers,
    )
    _run(
        connection,
        f"""{SERIES} INSERT INTO ballot_commitments (compound_id, session_id, commitment, slot,
            version) SELECT {compound}, {session}, {committed}, {slot}, 1 FROM s""",
        **numbers,
    )
    _run(
        connection,
        f"""{SERIES} INSERT INTO ballot_marks (compound_id, session_id, slot, label, weight,
            matter_id, tracker)
        SELECT {compound}, {session}, {slot}, w.label, w.weight, i.matter_id,
            bench_bytes(n, {total}, 10, w.label)
        FROM s
        CROSS JOIN (SELECT '1' AS label, 1 AS weight, 9 AS base
            UNION ALL SELECT '3', 3, 5 UNION ALL SELECT '5', 5, 1) w
        CROSS JOIN agenda_items i
        WHERE i.session_id = {session} AND i.number = w.base""",
        **numbers,
    )


def ballot_body(home: Home, number: int, nonce: bytes) -> bytes:
    """The body of one cast, as a phone sends it."""
    picks = (number % 4, 4 + number % 4, 8 + number % 4)
    marks = [
        {"weight": weight, "matter_id": str(home.matters[pick])}
        for weight, pick in zip(WEIGHTS, picks, strict=True)
    ]
    return json.dumps({"marks": marks, "nonce": nonce.hex(), "expected_version": 0}).encode()
