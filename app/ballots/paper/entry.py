"""Paper ballots (R4): slips are issued, entered by one person and confirmed by another.

Whoever confirms enters the slip anew, blind: only the same voter with the same marks makes it a
ballot. What is entered comes in under the same locks as a ballot by phone; the voter's roll entry
is held first, then the slip.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agenda.models import OPEN_STATES, AgendaSession, Channel, RollEntry
from app.attachments.services import attach, attachments_of
from app.ballots.keys.store import KeyStore
from app.ballots.models import Ballot
from app.ballots.paper.slips import PaperBatch, PaperSlip, SlipState
from app.ballots.storing import (
    Moment,
    NonceReused,
    NotOnRoll,
    PaperBallotExists,
    UnderAge,
    begin_while_open,
    hold_roll_entry,
    mark_participation,
    mark_rows,
    not_open,
    refuse_over_paper,
    store_ballot,
    valid_ballot,
    withdrawn_version,
)
from app.kit.audit import record
from app.kit.clock import local_date, read_database_clock
from app.kit.errors import DomainError
from app.kit.moves import begin_move, record_move
from app.kit.orm import new_id
from app.people.actor import Actor
from app.people.models import Residence, ResidenceState, Resident, Role
from votes.ballot import Mark, PriorityBallot
from votes.receipt import commitment
from votes.serial import as_typed, is_serial, new_serial

NOT_CONFIRMED = "截止时没有第二人确认"
VOTE_VOID = "投票作废"
VOTED_OTHERWISE = "投票人已另行投票"


class UnknownSerial(DomainError):
    status, code = 404, "unknown_serial"
    zh = "没有这个号码的纸票，请对照纸票再输一遍"
    en = "No slip has this serial; compare it with the slip"


class OwnPaperBallot(DomainError):
    status, code = 403, "own_paper_ballot"
    zh = "不能录入或确认自己的纸票，请用手机投票或请他人办理"
    en = "You cannot enter or confirm your own slip; vote by phone or ask somebody else"


class EnteredByTheSame(DomainError):
    status, code = 403, "entered_by_the_same"
    zh = "录入人不能自己确认，请另一人办理"
    en = "Whoever entered a slip cannot confirm it; ask somebody else"


class PhoneBallotExists(DomainError):
    status, code = 409, "phone_ballot_exists"
    zh = "这位投票人已用手机投票，须由本人先撤回"
    en = "This voter has voted by phone and has to withdraw that ballot first"


class AnotherSlipEntered(DomainError):
    status, code = 409, "another_slip_entered"
    zh = "这位投票人的另一张纸票已录入，请先确认或作废那一张"
    en = "Another slip of this voter was entered; confirm or void that one first"


class EntriesDiffer(DomainError):
    """Which part differs is not said: whoever confirms looks at the slip again, not at a hint."""

    status, code = 409, "entries_differ"
    zh, en = (
        "与第一次录入的不一致：请对照纸票核对投票人和题目；若第一次录错，请重新录入",
        "This is not what was entered first; compare voter and marks with the slip, and enter it "
        "anew if the first entry was wrong",
    )


class PhotoMissing(DomainError):
    status, code = 422, "photo_missing"
    zh, en = "请拍下纸票并附上照片", "Take a photo of the slip and attach it"


class SecretaryTouchesNoBallot(DomainError):
    status, code = 403, "secretary_touches_no_ballot"
    zh, en = (
        "党支部书记主持议事会，不经手选票和票数，兼任其他职务也不行，请他人办理",
        "The branch secretary hosts the session and handles no ballots or totals, whatever other "
        "office they hold; somebody else does",
    )


@dataclass(frozen=True)
class PaperBallot:
    """What somebody reads off a slip: the serial as typed, the voter, the marks, and photos."""

    serial: str
    voter_id: UUID
    marks: Iterable[Mark]
    attachment_ids: Sequence[UUID] = ()


def issue_slips(
    session: Session, agenda_session: AgendaSession, by: Resident, count: int
) -> PaperBatch:
    """Make `count` new slips while voting is open. Raises WrongState."""
    at = begin_move(session, agenda_session)
    agenda_session.require_state(*OPEN_STATES)
    if at >= agenda_session.voting_closes_at:
        raise not_open()
    taken = set(
        session.scalars(select(PaperSlip.serial).where(PaperSlip.session_id == agenda_session.id))
    )
    serials: set[str] = set()
    while len(serials) < count:
        serials |= {new_serial()} - taken
    batch = PaperBatch(
        id=new_id(),
        compound_id=agenda_session.compound_id,
        session_id=agenda_session.id,
        size=count,
        issued_by_id=by.id,
        issued_at=at,
        slips=[
            PaperSlip(
                id=new_id(),
                compound_id=agenda_session.compound_id,
                session_id=agenda_session.id,
                serial=serial,
                state=SlipState.ISSUED,
            )
            for serial in sorted(serials)
        ],
    )
    session.add(batch)
    session.flush()
    record(session, batch, "issue_slips", by, at, reason=f"{count} 张")
    return batch


def enter_slip(
    session: Session,
    agenda_session: AgendaSession,
    by: Resident,
    keys: KeyStore,
    entered: PaperBallot,
) -> PaperSlip:
    """Enter what is on a slip, or enter it anew until it is confirmed; the caller commits.

    Raises WrongState, UnderAge, NotOnRoll, InvalidBallot, OwnPaperBallot, PhoneBallotExists,
    PaperBallotExists, UnknownSerial, AnotherSlipEntered, and what `attach` raises.
    """
    moment = begin_while_open(session, agenda_session)
    reading = _read(session, agenda_session, by, keys, entered, moment)
    slip = reading.slip
    slip.require_state(SlipState.ISSUED, SlipState.ENTERED)
    another = select(PaperSlip.id).where(
        PaperSlip.session_id == agenda_session.id,
        PaperSlip.slot == reading.slot,
        PaperSlip.id != slip.id,
    )
    if session.scalar(another) is not None:
        raise AnotherSlipEntered
    slip.enter(by.id, reading.slot, reading.committed)
    attach(session, slip, slip.compound_id, entered.attachment_ids, by, moment.at)
    record_move(session, slip, "enter", by, moment.at)
    return slip


def confirm_slip(
    session: Session,
    agenda_session: AgendaSession,
    by: Resident,
    keys: KeyStore,
    entered: PaperBallot,
) -> PaperSlip:
    """Enter a slip a second time, as somebody else; it is the voter's ballot from then on.

    Raises what `enter_slip` raises, and EnteredByTheSame, EntriesDiffer, PhotoMissing.
    """
    moment = begin_while_open(session, agenda_session)
    reading = _read(session, agenda_session, by, keys, entered, moment)
    slip = reading.slip
    slip.require_state(SlipState.ENTERED)
    if slip.entered_by_id == by.id:
        raise EnteredByTheSame
    attach(session, slip, slip.compound_id, entered.attachment_ids, by, moment.at)
    # Asked before the entries are compared, so that whoever has no slip cannot try guesses.
    if not attachments_of(session, [slip.id]).get(slip.id):
        raise PhotoMissing
    if (slip.slot, slip.commitment) != (reading.slot, reading.committed):
        raise EntriesDiffer
    slip.confirm(by.id)
    _store(session, agenda_session, reading)
    mark_participation(
        session, agenda_session, entered.voter_id, Channel.PAPER, local_date(moment.at)
    )
    record_move(session, slip, "confirm", by, moment.at)
    return slip


def add_photos(
    session: Session,
    agenda_session: AgendaSession,
    by: Resident,
    serial: str,
    attachment_ids: Sequence[UUID],
) -> PaperSlip:
    """Add photos to a slip that waits to be confirmed. Raises WrongState, UnknownSerial, and what
    `attach` raises."""
    moment = begin_while_open(session, agenda_session)
    slip = hold_slip(session, agenda_session, serial)
    slip.require_state(SlipState.ENTERED)
    attach(session, slip, slip.compound_id, attachment_ids, by, moment.at)
    return slip


def void_slip(
    session: Session, agenda_session: AgendaSession, by: Resident, serial: str, reason: str
) -> PaperSlip:
    """A slip that is no ballot was spoiled, lost, or misused. Raises WrongState, UnknownSerial."""
    moment = begin_while_open(session, agenda_session)
    slip = hold_slip(session, agenda_session, serial)
    slip.void(reason)
    record_move(session, slip, "void", by, moment.at, reason=reason)
    return slip


def refuse_secretary(agenda_session: AgendaSession, actor: Actor) -> None:
    """Raises SecretaryTouchesNoBallot for the branch secretary of the session's compound."""
    if Role.BRANCH_SECRETARY in actor.roles_in(agenda_session.compound):
        raise SecretaryTouchesNoBallot


def log_refused_cast(session: Session, agenda_session: AgendaSession) -> None:
    """Log that somebody in whose name a paper ballot came in tried to vote by phone: so auditors
    see how often the two do not agree. The caller commits."""
    # Each time and without a name: it would tell who voted on paper.
    at, why = read_database_clock(session), PaperBallotExists.code
    record(session, agenda_session, "refuse_phone_ballot", None, at, reason=why)


def count_waiting(session: Session, agenda_session: AgendaSession) -> int:
    """How many slips were entered and not confirmed, of voters who have no other ballot."""
    return sum(not has_voted for _, has_voted in _waiting(session, agenda_session))


def void_waiting(session: Session, agenda_session: AgendaSession, at: datetime) -> int:
    """At closing, what nobody confirmed counts nowhere; answers how many slips of voters who have
    no other ballot that are."""
    waiting = _waiting(session, agenda_session)
    for slip, has_voted in waiting:
        reason = VOTED_OTHERWISE if has_voted else NOT_CONFIRMED
        slip.void(reason)
        record_move(session, slip, "void", None, at, reason=reason)
    session.flush()
    return sum(not has_voted for _, has_voted in waiting)


def void_entered(session: Session, agenda_session: AgendaSession, at: datetime) -> None:
    """Of a void vote no slip waits for anybody."""
    for slip, _ in _waiting(session, agenda_session):
        slip.void(VOTE_VOID)
        record_move(session, slip, "void", None, at, reason=VOTE_VOID)
    session.flush()


def hold_voter(
    session: Session, agenda_session: AgendaSession, voter_id: UUID, at: datetime
) -> RollEntry:
    """The roll entry of the verified resident whom a clerk names, held.

    Raises NotOnRoll, also for whoever does not live there, of any age; UnderAge.
    """
    living_there = (
        select(Resident)
        .join(Residence, Residence.resident_id == Resident.id)
        .where(
            Resident.id == voter_id,
            Residence.compound_id == agenda_session.compound_id,
            Residence.state == ResidenceState.VERIFIED,
        )
    )
    voter = session.scalar(living_there)
    try:
        if voter is None:
            raise NotOnRoll
        return hold_roll_entry(session, agenda_session, voter, at)
    except NotOnRoll:
        raise NotOnRoll(
            zh="这位居民不在这一期的投票人名单里", en="This resident is not on the roll"
        ) from None
    except UnderAge:
        raise UnderAge(
            zh="这位居民未满18岁，或出生日期没有登记",
            en="This resident is younger than 18, or the birth date is missing",
        ) from None


def hold_slip(session: Session, agenda_session: AgendaSession, serial: str) -> PaperSlip:
    """The slip with this serial, held. Raises UnknownSerial."""
    typed = as_typed(serial)
    if not is_serial(typed):
        raise UnknownSerial
    query = (
        select(PaperSlip)
        .where(PaperSlip.session_id == agenda_session.id, PaperSlip.serial == typed)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    slip = session.scalar(query)
    if slip is None:
        raise UnknownSerial
    return slip


@dataclass(frozen=True)
class _Reading:
    """An entry as it would be stored."""

    voter: RollEntry
    slip: PaperSlip
    slot: bytes
    nonce: bytes
    ballot: PriorityBallot
    committed: bytes


def _read(
    session: Session,
    agenda_session: AgendaSession,
    by: Resident,
    keys: KeyStore,
    entered: PaperBallot,
    moment: Moment,
) -> _Reading:
    """Hold voter and slip, and work out what the entry comes to."""
    if entered.voter_id == by.id:
        raise OwnPaperBallot
    voter = hold_voter(session, agenda_session, entered.voter_id, moment.at)
    slip = hold_slip(session, agenda_session, entered.serial)
    if voter.channel is Channel.PHONE:
        raise PhoneBallotExists
    refuse_over_paper(voter)
    ballot = valid_ballot(session, agenda_session.id, moment.scheme, entered.marks)
    nonce = keys.slip_nonce(agenda_session.id, slip.serial, moment.key_check)
    return _Reading(
        voter=voter,
        slip=slip,
        slot=keys.slot(agenda_session.id, entered.voter_id, moment.key_check),
        nonce=nonce,
        ballot=ballot,
        committed=commitment(nonce, str(agenda_session.id), ballot),
    )


def _store(session: Session, agenda_session: AgendaSession, reading: _Reading) -> None:
    key: dict[str, object] = {
        "compound_id": agenda_session.compound_id,
        "session_id": agenda_session.id,
        "slot": reading.slot,
    }
    version = 1 + withdrawn_version(session, agenda_session, reading.voter, reading.slot)
    rows = mark_rows(key, reading.nonce, reading.ballot, "")
    try:
        store_ballot(session, key, version, reading.nonce, reading.committed, rows, replaces=False)
    except IntegrityError:  # somebody voted by phone with the number that this slip shows
        raise NonceReused from None


def _waiting(session: Session, agenda_session: AgendaSession) -> list[tuple[PaperSlip, bool]]:
    """The slips that wait to be confirmed, each with whether its voter has a ballot already."""
    has_voted = (
        select(Ballot.slot)
        .where(
            Ballot.compound_id == agenda_session.compound_id,
            Ballot.session_id == agenda_session.id,
            Ballot.slot == PaperSlip.slot,
        )
        .exists()
    )
    query = (
        select(PaperSlip, has_voted)
        .where(PaperSlip.session_id == agenda_session.id, PaperSlip.state == SlipState.ENTERED)
        .order_by(PaperSlip.id)
    )
    return [(slip, bool(voted)) for slip, voted in session.execute(query)]
