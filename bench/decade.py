"""Ten years of one compound: 120 sessions with all that came of them, written in bulk.

The rows satisfy every constraint of the tables, and no term is left to run out while somebody
measures: what is overdue has been reported, and what was noticed is in force.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.agenda.models import (
    AdmissionReason,
    AgendaItem,
    AgendaSession,
    Channel,
    HostPlace,
    RollEntry,
    SessionOutcome,
    SessionState,
)
from app.ballots.models import ResultRow, SessionResult
from app.ballots.paper.slips import PaperBatch, PaperSlip, SlipState
from app.board.models import NoticeKind, PublicNotice
from app.kit.orm import Base, new_id
from app.matters.models import Category, Endorsement, Matter, MatterState, MatterVersion
from app.people.models import Appointment, Role
from bench.places import Log, Place, Rows
from votes.scheme import FIVE_THREE_ONE
from votes.selection import Mode, Outcome, ParticipationRule, SelectionRule
from votes.serial import ALPHABET, with_check

MONTH = timedelta(days=30)
DAY = timedelta(days=1)
SLIPS = 100  # of each session
WORDS = "请大家把车停进划线的车位，消防通道不停车；看望老人的登记后可停一天。" * 3


@dataclass(frozen=True)
class Plan:
    """How much there is of everything."""

    sessions: int = 120
    matters: int = 10  # of each session, as all below up to `households`
    cards: int = 42
    resolutions: int = 5
    remarks: int = 40
    attendances: int = 60
    invitations: int = 8
    households: int = 300
    orders: int = 8000
    whistles: int = 400
    hours: int = 8000
    conventions: int = 300
    clauses: int = 12


@dataclass
class Decade:
    """What is being written: rows, the log, and where in time it stands."""

    rows: Rows
    place: Place
    log: Log
    community_log: Log
    secretary: UUID
    plan: Plan
    at: datetime

    def voter(self, number: int) -> UUID:
        return self.place.residents[number % len(self.place.residents)]

    def notice(
        self,
        kind: NoticeKind,
        about_id: UUID,
        data: dict[str, Any] | None = None,
        *,
        takes_objections: bool = False,
        notice_id: UUID | None = None,
    ) -> UUID:
        """A public notice of a move made now; its id."""
        return self.rows.add(
            PublicNotice,
            id=notice_id or new_id(),
            kind=kind,
            about_id=about_id,
            compound_id=self.place.compound_id,
            community_id=self.place.community_id,
            subdistrict_id=self.place.subdistrict_id,
            title=f"{self.place.name} {kind}",
            text=WORDS,
            data=data or {"kind": kind, "words": WORDS},
            published_at=self.at,
            modified_at=self.at,
            term_ends_at=self.at + 7 * DAY if takes_objections else None,
        )

    def move(self, thing: type[Base], thing_id: UUID, verb: str, to: Any) -> None:
        """An entry of the log about a move made now."""
        self.log.note(thing, thing_id, verb, self.at, self.secretary, to)


@dataclass
class Session:
    """A session while it is written: its id and what others refer to. Of its notices, `notice` is
    the one with most objections."""

    id: UUID
    notice: UUID
    matters: list[UUID]
    resolutions: list[UUID]


def begin(rows: Rows, place: Place, secretary: UUID, plan: Plan) -> Decade:
    """Stand at the first month of the plan, so that its last month is the one before this."""
    start = datetime.now(UTC) - (plan.sessions + 1) * MONTH
    log = Log(rows, compound_id=place.compound_id)
    community_log = Log(rows, community_id=place.community_id)
    return Decade(rows, place, log, community_log, secretary, plan, start)


def add_session(decade: Decade, number: int) -> Session:
    """One month up to its tally; time then stands at the round table."""
    session = Session(new_id(), new_id(), [], [])
    begun = decade.at
    _agenda(decade, session, number)
    _slips(decade, session)
    for kind in (NoticeKind.SESSION_ANNOUNCED, NoticeKind.LIST_FROZEN, NoticeKind.VOTING_OPENED):
        decade.notice(kind, session.id)
        decade.move(AgendaSession, session.id, kind.lower(), SessionState.VOTING)
    compound_id = decade.place.compound_id
    decade.rows.add(
        Appointment,
        resident_id=decade.voter(number),
        role=Role.RESIDENT_REP,
        compound_id=compound_id,
        since=begun.date(),
        until=(begun + 365 * DAY).date(),
    )
    for _ in range(2):
        decade.log.note(
            *(HostPlace, compound_id, "skip", begun, decade.secretary, None),
            community_id=decade.place.community_id,
        )
        decade.community_log.note(
            Appointment, decade.secretary, "appoint", begun, decade.secretary, None
        )
    decade.at = begun + 15 * DAY
    _result(decade, session)
    decade.at = begun + 21 * DAY
    return session


def _agenda(decade: Decade, session: Session, number: int) -> None:
    rows, place, at = decade.rows, decade.place, decade.at
    year, month = divmod(number, 12)
    rows.add(
        AgendaSession,
        id=session.id,
        compound_id=place.compound_id,
        community_id=place.community_id,
        period=f"{2016 + year}-{month + 1:02}",
        mode=Mode.OPEN,
        state=SessionState.EXECUTING,
        place="小区党群服务站",
        voting_opens_at=at + 7 * DAY,
        voting_closes_at=at + 14 * DAY,
        round_table_at=at + 21 * DAY,
        created_at=at,
        host_waited_since=at,
        closed_at=at + 14 * DAY,
        outcome=SessionOutcome.DECIDED,
        scheme=FIVE_THREE_ONE.to_data(),
        rules={
            "participation": ParticipationRule().to_data(),
            "selection": SelectionRule().to_data(),
        },
        roll_root=bytes(32),
    )
    for index in range(decade.plan.matters):
        matter_id = rows.add(
            Matter,
            compound_id=place.compound_id,
            number=decade.plan.matters * number + index + 1,
            raised_by_id=decade.voter(number + index) if index else decade.secretary,
            raised_at=at,
            title=f"第{number + 1}期第{index + 1}件：夜间停车难",
            body=WORDS,
            category=list(Category)[(number + index) % len(Category)],
            state=MatterState.EXECUTING if index < decade.plan.resolutions else MatterState.LISTED,
            screened_at=at,
            screened_by_id=decade.secretary,
        )
        session.matters.append(matter_id)
        rows.add(
            MatterVersion,
            matter_id=matter_id,
            number=1,
            compound_id=place.compound_id,
            title="夜间停车",
            body=WORDS,
            category=Category.PARKING,
            replaced_at=at,
        )
        for supporter in range(index, index + 8):
            rows.add(
                Endorsement,
                matter_id=matter_id,
                resident_id=decade.voter(number + supporter),
                endorsed_at=at,
            )
        rows.add(
            AgendaItem,
            session_id=session.id,
            matter_id=matter_id,
            number=index + 1,
            endorsements=8,
        )
        decade.move(Matter, matter_id, "raise", MatterState.SUBMITTED)
        decade.move(Matter, matter_id, "screen", MatterState.LISTED)
    for index, resident_id in enumerate(place.residents):
        has_voted = index % 3 > 0
        rows.add(
            RollEntry,
            compound_id=place.compound_id,
            session_id=session.id,
            resident_id=resident_id,
            admitted_on=at.date(),
            admitted_why=AdmissionReason.OPENING,
            channel=Channel.PHONE if has_voted else None,
            voted_on=(at + 8 * DAY).date() if has_voted else None,
        )


def _slips(decade: Decade, session: Session) -> None:
    """A batch of paper slips, half of which came back."""
    rows, compound_id = decade.rows, decade.place.compound_id
    about = {"compound_id": compound_id, "session_id": session.id}
    batch_id = rows.add(
        PaperBatch,
        **about,
        size=SLIPS,
        issued_by_id=decade.secretary,
        issued_at=decade.at,
    )
    for index in range(SLIPS):
        came_back = index % 2 == 0
        rows.add(
            PaperSlip,
            **about,
            batch_id=batch_id,
            serial=with_check(f"22{ALPHABET[index // 10]}{ALPHABET[index % 10]}2"),
            state=SlipState.CONFIRMED if came_back else SlipState.ISSUED,
            entered_by_id=decade.voter(index) if came_back else None,
            confirmed_by_id=decade.voter(index + 1) if came_back else None,
        )


def _result(decade: Decade, session: Session) -> None:
    roll = len(decade.place.residents)
    decade.rows.add(
        SessionResult,
        session_id=session.id,
        roll=roll,
        returned=roll * 2 // 3,
        blank=0,
        required=roll // 2,
        explanation_zh=WORDS,
        explanation_en="Counted.",
        tallied_at=decade.at,
    )
    printed = []
    for index, matter_id in enumerate(session.matters):
        row = {
            "matter_id": matter_id,
            "rank": index + 1,
            "counts": [20 - index, 20, 20],
            "score": 180 - 5 * index,
            "outcome": Outcome.SELECTED if index < decade.plan.resolutions else Outcome.DEFERRED,
        }
        decade.rows.add(ResultRow, session_id=session.id, **row)
        printed.append({**row, "matter_id": str(matter_id), "title": "夜间停车难"})
    decade.notice(NoticeKind.TALLIED, session.id, {"roll": roll, "rows": printed})
    decade.move(AgendaSession, session.id, "close_voting", SessionState.TALLIED)
