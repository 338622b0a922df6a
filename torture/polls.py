"""Votes in which ballots can be cast at once: compounds, voters and their tokens, in bulk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from flask import Flask

from app.agenda.models import (
    AdmissionReason,
    AgendaItem,
    AgendaSession,
    RollEntry,
    SessionState,
)
from app.ballots.models import BallotSlot
from app.ballots.sealing import roll_root
from app.compounds.models import Subdistrict
from app.kit.extensions import db
from app.kit.orm import new_id
from app.matters.models import Category, Matter, MatterState
from app.people.models import Resident, TokenFamily
from app.people.tokens import access_token
from bench.places import LONG_AGO, Place, Rows, settle
from votes.scheme import FIVE_THREE_ONE
from votes.selection import Mode, ParticipationRule, SelectionRule, Share

DAY = timedelta(days=1)
TOKEN_LIFE = timedelta(hours=6)


@dataclass(frozen=True)
class Voter:
    """Somebody with an access token that outlives the run."""

    id: UUID
    token: str


@dataclass(frozen=True)
class Poll:
    """A session in which voting is open; `matters` are the ids on its list."""

    session_id: UUID
    compound_id: UUID
    secretary: Voter
    voters: Sequence[Voter]
    matters: Sequence[str]

    @property
    def path(self) -> str:
        """Its address below the prefix of the API."""
        return f"/sessions/{self.session_id}"


def open_polls(app: Flask, polls: int, voters: int, matters: int = 4) -> list[Poll]:
    """So many votes, each in a community of its own, as they stand when voting has opened.

    One ballot is enough to close any of them by hand.
    """
    rows = Rows()
    subdistrict_id = rows.add(Subdistrict, name="云桥街道", since=LONG_AGO)
    made = [_poll(rows, subdistrict_id, number, voters, matters) for number in range(polls)]
    with app.app_context():
        families = {row["resident_id"]: row["id"] for row in rows.of(TokenFamily)}
        with db.engine.begin() as connection:
            rows.store(connection)
        for session_id, *_ in made:
            app.extensions["keys"].create_session_key(session_id)

        def voter(resident_id: UUID) -> Voter:
            return Voter(resident_id, access_token(resident_id, families[resident_id], TOKEN_LIFE))

        return [
            Poll(
                session_id,
                place.compound_id,
                voter(secretary),
                [voter(each) for each in place.residents],
                listed,
            )
            for session_id, place, secretary, listed in made
        ]


def _poll(
    rows: Rows, subdistrict_id: UUID, number: int, voters: int, matters: int
) -> tuple[UUID, Place, UUID, list[str]]:
    now = datetime.now(UTC)
    secretary = rows.add(
        Resident, openid=f"o-secretary-{new_id()}", name="书记", joined_at=now - DAY
    )
    place = settle(rows, subdistrict_id, f"{number + 1}号院", voters, secretary)
    for person in (secretary, *place.residents):
        rows.add(TokenFamily, resident_id=person, started_at=now)
    session_id = _session(rows, place, now)
    listed = [_matter(rows, place, session_id, secretary, now, n + 1) for n in range(matters)]
    for slot in FIVE_THREE_ONE.slots:
        rows.add(BallotSlot, session_id=session_id, label=str(slot.weight), weight=slot.weight)
    for voter in place.residents:
        rows.add(
            RollEntry,
            compound_id=place.compound_id,
            session_id=session_id,
            resident_id=voter,
            admitted_on=date.today(),
            admitted_why=AdmissionReason.OPENING,
        )
    return session_id, place, secretary, listed


def _session(rows: Rows, place: Place, now: datetime) -> UUID:
    one_ballot = ParticipationRule(open_cap=Share(1, max(1, len(place.residents))))
    return rows.add(
        AgendaSession,
        id=new_id(),
        compound_id=place.compound_id,
        community_id=place.community_id,
        period=f"{now:%Y-%m}",
        mode=Mode.OPEN,
        state=SessionState.VOTING,
        place="小区党群服务站",
        voting_opens_at=now - DAY,
        voting_closes_at=now + 7 * DAY,
        round_table_at=now + 14 * DAY,
        created_at=now - 2 * DAY,
        host_waited_since=now - 2 * DAY,
        scheme=FIVE_THREE_ONE.to_data(),
        rules={
            "participation": one_ballot.to_data(),
            "selection": SelectionRule().to_data(),
        },
        roll_root=roll_root(place.residents),
    )


def _matter(
    rows: Rows, place: Place, session_id: UUID, raiser: UUID, now: datetime, number: int
) -> str:
    matter_id = rows.add(
        Matter,
        compound_id=place.compound_id,
        number=number,
        raised_by_id=raiser,
        raised_at=now - 3 * DAY + timedelta(minutes=number),
        title=f"第{number}件：夜间停车难",
        body="说明",
        category=Category.OTHER,
        state=MatterState.LISTED,
        screened_at=now - 2 * DAY,
        screened_by_id=raiser,
    )
    rows.add(AgendaItem, session_id=session_id, matter_id=matter_id, number=number, endorsements=0)
    return str(matter_id)
