"""A vote is void: its ballots are deleted, and another session holds it again."""

import math
from datetime import datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agenda.models import AgendaItem, AgendaSession, RollEntry, SessionState
from app.agenda.notices import SessionData
from app.attachments.services import release_attachments
from app.ballots import notices
from app.ballots.paper.entry import void_entered
from app.ballots.paper.slips import PaperSlip
from app.ballots.sealing import delete_ballots
from app.board.posting import post
from app.kit.clock import ZONE, local_date
from app.kit.moves import record_move
from app.kit.orm import new_id
from votes.selection import Mode

DAY = timedelta(days=1)
DAYS_UNTIL_HELD_AGAIN = 2
"""Voting opens again at the second next midnight, so that everybody has a whole day to read the
notice, and the list stands the evening before (domain notes, R11): our proposal."""
LOST = "投票密钥丢失"


class Times(NamedTuple):
    """When a vote opens and closes, and when its round table is."""

    opens_at: datetime
    closes_at: datetime
    round_table_at: datetime


def void_vote(session: Session, agenda_session: AgendaSession, at: datetime) -> AgendaSession:
    """End a vote whose key is lost, and answer the session that holds it again; the caller commits.

    Whoever voted keeps that they took part. The list keeps its numbers and a roster its people;
    receipts of the void vote name another session, so they are confused with none of the new one.
    """
    void_entered(session, agenda_session, at)
    _release_photos(session, agenda_session)
    delete_ballots(session, agenda_session)
    agenda_session.void()
    session.flush()  # it must leave the unique index of the month before the other enters it
    successor = _held_again(agenda_session, at)
    session.add(successor)
    session.flush()
    agenda_session.be_held_again(successor.id)
    _copy_roster(session, agenda_session, successor)
    record_move(session, agenda_session, "void", None, at, reason=LOST)
    record_move(session, successor, "hold_again", None, at)
    post(
        session,
        notices.VOTE_VOID,
        agenda_session,
        at,
        successor=successor,
        data={"successor": SessionData().dump(successor)},
    )
    return successor


def times_again(before: Times, at: datetime) -> Times:
    """From midnight to midnight for as many days as the void vote had, and the round table at its
    hour as long after the end as it was, to the day."""
    first_day = local_date(at) + timedelta(days=DAYS_UNTIL_HELD_AGAIN)
    opens_at = datetime.combine(first_day, time.min, ZONE)
    closes_at = opens_at + _whole_days(before.closes_at - before.opens_at)
    later = _whole_days(closes_at - before.closes_at)
    return Times(opens_at, closes_at, before.round_table_at + later)


def _whole_days(span: timedelta) -> timedelta:
    return math.ceil(span / DAY) * DAY


def _held_again(agenda_session: AgendaSession, at: datetime) -> AgendaSession:
    times = times_again(
        Times(
            agenda_session.voting_opens_at,
            agenda_session.voting_closes_at,
            agenda_session.round_table_at,
        ),
        at,
    )
    return AgendaSession(
        id=new_id(),
        compound=agenda_session.compound,
        community_id=agenda_session.community_id,
        period=agenda_session.period,
        mode=agenda_session.mode,
        state=SessionState.LISTED,
        place=agenda_session.place,
        voting_opens_at=times.opens_at,
        voting_closes_at=times.closes_at,
        round_table_at=times.round_table_at,
        created_at=at,
        host_waited_since=agenda_session.host_waited_since,
        items=[
            AgendaItem(matter=item.matter, number=item.number, endorsements=item.endorsements)
            for item in agenda_session.items
        ],
    )


def _release_photos(session: Session, agenda_session: AgendaSession) -> None:
    """Photos of slips show the marks: they go as the ballots do."""
    slips = select(PaperSlip.id).where(PaperSlip.session_id == agenda_session.id)
    release_attachments(session, session.scalars(slips).all())


def _copy_roster(session: Session, agenda_session: AgendaSession, successor: AgendaSession) -> None:
    """An OPEN roll is made anew when voting opens."""
    if agenda_session.mode is not Mode.ROSTER:
        return
    day = local_date(successor.voting_opens_at)
    entries = session.scalars(select(RollEntry).where(RollEntry.session_id == agenda_session.id))
    session.add_all(
        RollEntry(
            compound_id=entry.compound_id,
            session_id=successor.id,
            resident_id=entry.resident_id,
            admitted_on=day,
            admitted_why=entry.admitted_why,
        )
        for entry in entries.all()
    )
