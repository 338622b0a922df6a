"""Taking a ballot back while voting is open: by the voter, or by a clerk at the voter's demand.

The ballot is gone then and its commitment stays; the roll keeps the day, and the log which
clerk did it.
"""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, Channel
from app.ballots.cast.casting import VersionConflict
from app.ballots.keys.store import KeyStore
from app.ballots.paper.entry import hold_slip, hold_voter
from app.ballots.paper.slips import PaperSlip, SlipState
from app.ballots.storing import (
    NotOnRoll,
    begin_while_open,
    hold_roll_entry,
    live_version,
    take_back_ballot,
)
from app.kit.audit import record
from app.kit.clock import local_date
from app.kit.errors import DomainError, NotFound
from app.kit.moves import record_move
from app.people.models import Resident

BY_THE_VOTER = "投票人本人撤回"


class NotTheirSlip(DomainError):
    status, code = 409, "not_their_slip"
    zh, en = "这张纸票不是这位投票人的", "This slip is not the ballot of this voter"


def withdraw_ballot(
    session: Session,
    agenda_session: AgendaSession,
    voter: Resident,
    keys: KeyStore,
    expected_version: int,
) -> None:
    """The voter takes back the own ballot, by phone or on paper; the caller commits.

    The same request again changes nothing, and none takes back a ballot that came in after it.
    Raises WrongState, NotFound where there never was one, VersionConflict.
    """
    moment = begin_while_open(session, agenda_session)
    try:
        entry = hold_roll_entry(session, agenda_session, voter, moment.at)
    except NotOnRoll:
        raise NotFound from None
    slot = keys.slot(agenda_session.id, voter.id, moment.key_check)
    live = live_version(session, agenda_session, slot)
    if not live:
        if entry.withdrawn_on is None:
            raise NotFound
        return
    if live != expected_version:
        raise VersionConflict
    # Logged without a name: it would lead from the photo of a slip to its voter, and whoever took
    # back a ballot by phone may have voted on paper since.
    if entry.channel is Channel.PAPER:
        held = (
            select(PaperSlip)
            .where(PaperSlip.session_id == agenda_session.id, PaperSlip.slot == slot)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        slip = session.scalars(held).one()
        slip.withdraw(BY_THE_VOTER)
        record_move(session, slip, "withdraw", None, moment.at, reason=BY_THE_VOTER)
    else:
        record(session, agenda_session, "withdraw_ballot", None, moment.at)
    take_back_ballot(session, agenda_session, voter.id, slot, local_date(moment.at))


def withdraw_slip(
    session: Session,
    agenda_session: AgendaSession,
    by: Resident,
    keys: KeyStore,
    *,
    serial: str,
    voter_id: UUID,
    reason: str,
) -> PaperSlip:
    """A clerk takes back a voter's paper ballot, at the voter's demand; the caller commits.

    Raises WrongState, NotOnRoll, UnderAge, UnknownSerial, NotTheirSlip.
    """
    moment = begin_while_open(session, agenda_session)
    hold_voter(session, agenda_session, voter_id, moment.at)
    slip = hold_slip(session, agenda_session, serial)
    slip.require_state(SlipState.CONFIRMED)
    slot = keys.slot(agenda_session.id, voter_id, moment.key_check)
    if slip.slot != slot:
        raise NotTheirSlip
    slip.withdraw(reason)
    take_back_ballot(session, agenda_session, voter_id, slot, local_date(moment.at))
    record_move(session, slip, "withdraw", by, moment.at, reason=reason)
    return slip
