"""The database that is measured: a full compound, an empty one, and a session that is empty."""

from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_bytes
from uuid import UUID

from flask import Flask
from sqlalchemy import text

from app.agenda.models import AgendaSession, SessionOutcome, SessionState
from app.ballots.models import OfficerKey
from app.board.models import NoticeKind, PublicNotice
from app.compounds.models import Subdistrict
from app.evaluations.rounds.models import EvaluationRound, RoundState, SubjectKind
from app.kit.extensions import db
from app.matters.models import Category, Matter, MatterState
from app.people.models import Appointment, Resident, Role
from app.people.tokens import start_family
from bench.agreements import add_conventions
from bench.decade import DAY, MONTH, WORDS, Plan, add_session, begin
from bench.judgements import add_judgements
from bench.places import LONG_AGO, Place, Rows, settle
from bench.round_table import add_round_table
from bench.sharing import add_sharing
from bench.works import add_works
from votes.selection import Mode

OFFICERS, REVOKED_KEYS = 5, 10


@dataclass(frozen=True)
class Side:
    """Where one of each pair of requests goes: values of an address, and who asks."""

    ids: dict[str, str]
    reader: UUID
    voter: UUID


@dataclass(frozen=True)
class City:
    """What is compared. Of the empty side, session and notice lie in a third compound, so that the
    empty compound has none."""

    empty: Side
    full: Side


def build(app: Flask, plan: Plan) -> City:
    """Fill the application's empty database."""
    rows = Rows()
    subdistrict_id = rows.add(Subdistrict, name="云桥街道", since=LONG_AGO)
    joined_at = datetime(2015, 1, 1, tzinfo=UTC)
    reader = rows.add(Resident, openid="o-bench-reader", name="书记", joined_at=joined_at)
    rows.add(
        Appointment,
        resident_id=reader,
        role=Role.AUDITOR,
        subdistrict_id=subdistrict_id,
        since=LONG_AGO,
    )
    full, empty, bare = (
        settle(rows, subdistrict_id, name, households, reader)
        for name, households in (("香樟苑", plan.households), ("桂花苑", 0), ("梅园", 0))
    )
    middle = _fill(rows, full, reader, plan)
    _add_officers(rows, full)
    begun = _bare_session(rows, bare)
    with app.app_context():
        with db.engine.begin() as connection:
            rows.store(connection)
        if db.engine.dialect.name == "postgresql":
            # What its background worker does to a table of this age.
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
    return City(
        Side(_ids(empty, begun), reader, reader),
        Side(_ids(full, middle), reader, full.residents[1]),
    )


def token_of(app: Flask, resident_id: UUID) -> str:
    """An access token; it lives a quarter of an hour."""
    with app.app_context():
        resident = db.session.get_one(Resident, resident_id)
        tokens = start_family(db.session(), resident, datetime.now(UTC))
        db.session.commit()
        return tokens.access_token


@dataclass(frozen=True)
class Month:
    """What addresses name of one session: it, a notice of it, a matter, and a round about one."""

    session_id: UUID
    notice_id: UUID
    matter_id: UUID
    round_id: UUID


def _fill(rows: Rows, place: Place, secretary: UUID, plan: Plan) -> Month:
    """A session from the middle of the decade; to its notice people objected."""
    decade = begin(rows, place, secretary, plan)
    start, months = decade.at, []
    for number in range(plan.sessions):
        decade.at = start + number * MONTH
        session = add_session(decade, number)
        add_round_table(decade, session)
        add_works(decade, session, number)
        add_conventions(decade, session, number)
        round_id = add_judgements(decade, session)
        add_sharing(decade, session, number)
        months.append(Month(session.id, session.notice, session.matters[0], round_id))
    return months[plan.sessions // 2]


def _add_officers(rows: Rows, place: Place) -> None:
    """Second officers of the community, each with a key and some that were revoked."""
    at = datetime(2015, 1, 1, tzinfo=UTC)
    for number in range(OFFICERS):
        officer = rows.add(
            Resident, openid=f"o-bench-officer-{number}", name="社区书记", joined_at=at
        )
        rows.add(
            Appointment,
            resident_id=officer,
            role=Role.COMMUNITY_SECRETARY,
            community_id=place.community_id,
            since=LONG_AGO,
        )
        for revoked_at in (*[at] * REVOKED_KEYS, None):
            rows.add(
                OfficerKey,
                resident_id=officer,
                public_key=token_bytes(32),
                proof=bytes(64),
                registered_at=at,
                revoked_at=revoked_at,
            )


def _bare_session(rows: Rows, place: Place) -> Month:
    """A session in which nothing was said, a notice to which nobody objected, a matter and a round
    of which nobody said anything."""
    at = datetime.now(UTC) - MONTH
    session_id = rows.add(
        AgendaSession,
        compound_id=place.compound_id,
        community_id=place.community_id,
        period="2026-01",
        mode=Mode.OPEN,
        state=SessionState.TALLIED,
        outcome=SessionOutcome.NO_VOTE,
        place="小区党群服务站",
        voting_opens_at=at,
        voting_closes_at=at + DAY,
        round_table_at=at + 2 * DAY,
        created_at=at,
        host_waited_since=at,
    )
    notice_id = rows.add(
        PublicNotice,
        kind=NoticeKind.TALLIED,
        about_id=session_id,
        compound_id=place.compound_id,
        community_id=place.community_id,
        subdistrict_id=place.subdistrict_id,
        title="没有题目",
        text=WORDS,
        data={},
        published_at=at,
        modified_at=at,
    )
    raiser = rows.add(Resident, openid="o-bench-raiser", name="住户乙", joined_at=at)
    matter_id = rows.add(
        Matter,
        compound_id=place.compound_id,
        number=1,
        raised_by_id=raiser,
        raised_at=at,
        title="路灯",
        body=WORDS,
        category=Category.LIGHTING,
        state=MatterState.DONE,
    )
    round_id = rows.add(
        EvaluationRound,
        compound_id=place.compound_id,
        subject_kind=SubjectKind.MATTER,
        subject_id=matter_id,
        title="路灯",
        state=RoundState.OPEN,
        opened_by_id=raiser,
        opened_at=at,
        closes_at=at + 24 * MONTH,
        min_answers=5,
    )
    return Month(session_id, notice_id, matter_id, round_id)


def _ids(place: Place, month: Month) -> dict[str, str]:
    """What stands in the arguments of addresses."""
    return {
        "compound_id": str(place.compound_id),
        "community_id": str(place.community_id),
        "subdistrict_id": str(place.subdistrict_id),
        "session_id": str(month.session_id),
        "notice_id": str(month.notice_id),
        "matter_id": str(month.matter_id),
        "round_id": str(month.round_id),
        "kind": "compounds",
        "place_id": str(place.compound_id),
    }
