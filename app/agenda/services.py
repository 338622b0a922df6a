"""What can be done with a session before voting: create, collect, freeze the list, cancel."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agenda import notices, refusals, rotation
from app.agenda.models import BEFORE_VOTING, AgendaItem, AgendaSession, SessionState
from app.agenda.roll import write_roster
from app.board.posting import post
from app.compounds.models import Compound
from app.kit.clock import local_date
from app.kit.moves import begin_move, record_move
from app.kit.orm import new_id
from app.matters.models import Matter, MatterState
from app.matters.services import count_endorsements, hold_matters
from app.people.models import Resident
from votes.selection import Mode


def create_session(
    session: Session,
    compound: Compound,
    by: Resident,
    *,
    period: str,
    mode: Mode,
    place: str,
    voting_opens_at: datetime,
    voting_closes_at: datetime,
    round_table_at: datetime,
    roll: Collection[UUID],
    at: datetime,
) -> AgendaSession:
    """A draft for one month; the compound takes its turn as host.

    Raises TimesOutOfOrder, RollMissing, RollNotAllowed, PeriodTaken, NotTheHost, IneligibleVoter.
    """
    if not at < voting_opens_at < voting_closes_at <= round_table_at:
        raise refusals.TimesOutOfOrder
    _check_roll(mode, roll)
    agenda_session = AgendaSession(
        id=new_id(),
        compound=compound,
        community_id=compound.community_id,
        period=period,
        mode=mode,
        state=SessionState.DRAFT,
        place=place,
        voting_opens_at=voting_opens_at,
        voting_closes_at=voting_closes_at,
        round_table_at=round_table_at,
        created_at=at,
        host_waited_since=at,
    )
    try:
        with session.begin_nested():
            session.add(agenda_session)
    except IntegrityError:
        raise refusals.PeriodTaken from None
    agenda_session.host_waited_since = rotation.take_turn(session, compound, at)
    write_roster(session, agenda_session, roll, local_date(voting_opens_at))
    record_move(session, agenda_session, "create", by, at)
    return agenda_session


def replace_roll(
    session: Session, agenda_session: AgendaSession, by: Resident, voters: Collection[UUID]
) -> None:
    """Write the roll of a ROSTER session anew; possible until voting opens."""
    at = begin_move(session, agenda_session)
    agenda_session.require_state(*BEFORE_VOTING)
    _check_roll(agenda_session.mode, voters)
    write_roster(session, agenda_session, voters, local_date(agenda_session.voting_opens_at))
    record_move(session, agenda_session, "replace_roll", by, at)


def _check_roll(mode: Mode, voters: Collection[UUID]) -> None:
    if mode is Mode.ROSTER and not voters:
        raise refusals.RollMissing
    if mode is not Mode.ROSTER and voters:
        raise refusals.RollNotAllowed


def start_collecting(session: Session, agenda_session: AgendaSession, by: Resident) -> None:
    """Announce the session and collect matters for it."""
    at = begin_move(session, agenda_session)
    if agenda_session.state is SessionState.DRAFT and agenda_session.voting_opens_at <= at:
        raise refusals.OpeningTimePassed
    agenda_session.start_collecting()
    record_move(session, agenda_session, "start_collecting", by, at)
    post(session, notices.SESSION_ANNOUNCED, agenda_session, at)


def freeze_list(session: Session, agenda_session: AgendaSession, by: Resident | None) -> None:
    """Number the matters that the branch has listed; the list changes no more.

    What was judged unsolved stands on it too, without screening and with its support.

    `by` is empty where the clock does it.
    """
    at = begin_move(session, agenda_session)
    agenda_session.require_state(SessionState.COLLECTING)
    _relist_reopened(session, agenda_session, by, at)
    matters = _listed_matters(session, agenda_session)
    support = count_endorsements(session, [matter.id for matter in matters])
    agenda_session.freeze_list(
        [
            AgendaItem(matter=matter, number=number, endorsements=support.get(matter.id, 0))
            for number, matter in enumerate(matters, start=1)
        ]
    )
    record_move(session, agenda_session, "freeze_list", by, at)
    post(session, notices.LIST_FROZEN, agenda_session, at)


def cancel_session(
    session: Session, agenda_session: AgendaSession, by: Resident, reason: str | None
) -> None:
    """Call the session off, before voting only; the compound gets its turn back."""
    at = begin_move(session, agenda_session)
    from_state = agenda_session.state
    agenda_session.cancel()
    rotation.give_turn_back(session, agenda_session.compound, agenda_session.host_waited_since)
    record_move(session, agenda_session, "cancel", by, at, reason=reason)
    if from_state is not SessionState.DRAFT:  # what nobody heard of needs no notice
        post(session, notices.SESSION_CANCELLED, agenda_session, at, reason=reason)


def _relist_reopened(
    session: Session, agenda_session: AgendaSession, by: Resident | None, at: datetime
) -> None:
    # Held, so that none is given back to its doer meanwhile.
    waiting = and_(
        Matter.compound_id == agenda_session.compound_id, Matter.state == MatterState.REOPENED
    )
    for matter in hold_matters(session, waiting):
        matter.relist()
        record_move(session, matter, "relist", by, at)
    session.flush()


def _listed_matters(session: Session, agenda_session: AgendaSession) -> list[Matter]:
    # The compound's row is locked, so that two sessions of one compound cannot list one matter.
    session.scalars(
        select(Compound.id)
        .where(Compound.id == agenda_session.compound_id)
        .with_for_update(key_share=True)
    ).one()
    on_a_list = (
        select(AgendaItem.matter_id)
        .join(AgendaSession, AgendaItem.session_id == AgendaSession.id)
        .where(
            AgendaSession.compound_id == agenda_session.compound_id,
            AgendaSession.state.in_(
                [SessionState.LISTED, SessionState.VOTING, SessionState.EXTENDED]
            ),
        )
    )
    query = (
        select(Matter)
        .where(
            Matter.compound_id == agenda_session.compound_id,
            Matter.state == MatterState.LISTED,
            Matter.id.not_in(on_a_list),
        )
        .order_by(Matter.raised_at, Matter.id)
    )
    return list(session.scalars(query))
