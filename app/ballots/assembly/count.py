"""Count-only results (R4, other methods): an assembly votes with hands, stickers or beans.

No ballots are cast, so nobody can recount; the result says MANUAL wherever it stands. One person
enters the totals with a photo, two witnesses confirm them with accounts of their own, and the
outcome follows from the totals by the same rules as from ballots.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.agenda.models import (
    BEFORE_VOTING,
    AdmissionReason,
    AgendaSession,
    ManualMethod,
    RollEntry,
)
from app.agenda.models import SessionState as State
from app.agenda.roll import admit_eligible, eligible_voters, participation, strike_ineligible
from app.attachments.services import attach, attachments_of
from app.ballots.assembly.models import ManualCount, ManualTotal
from app.ballots.counting import Count, stored_result
from app.ballots.paper.entry import PhotoMissing
from app.ballots.voting import lock_matters, move_matter, outcome_of, tell_result
from app.kit.audit import record
from app.kit.clock import local_date
from app.kit.errors import DomainError, NotFound, WrongState, found
from app.kit.moves import begin_move, record_move
from app.kit.orm import new_id
from app.matters.models import MatterState
from app.people.models import Appointment, Resident, Role
from votes.ballot import Mark
from votes.scheme import FIVE_THREE_ONE
from votes.selection import Mode, ParticipationRule, SelectionRule, Turnout, required_participation
from votes.selection import select as select_matters
from votes.tally import Candidate, rank


class WitnessesUnfit(DomainError):
    status, code = 422, "witnesses_unfit"
    zh, en = (
        "须有两位不同的见证人，都能在本小区投票，且不是录入人，也不是党支部书记",
        "Two different witnesses are needed who may vote here; neither the person who enters the "
        "totals nor the branch secretary",
    )


class TotalsDisagree(DomainError):
    status, code = 422, "totals_disagree"
    zh, en = (
        "总数对不上：每人每种分值至多一件，每件题目至多一人一票，参加的人不多于名单",
        "The totals do not agree: nobody has more marks than the scheme gives, nor marks a matter "
        "twice, and no more people took part than may vote",
    )


class NotAWitness(DomainError):
    status, code = 403, "not_a_witness"
    zh, en = "您不是这次清点的见证人", "You are not a witness of this count"


class TotalsChanged(DomainError):
    status, code = 409, "totals_changed"
    zh = "票数已重新录入，请看过新的票数再确认"
    en = "The totals were entered again; look at them before you confirm"


class ConcluderTookPart(DomainError):
    status, code = 403, "concluder_took_part"
    zh = "录入人和见证人不能公布清点结果"
    en = "Whoever entered or witnessed the totals cannot publish them"


class CountNotConfirmed(DomainError):
    status, code = 409, "count_not_confirmed"
    zh, en = "两位见证人都确认后才能公布", "Both witnesses have to confirm the count first"


@dataclass(frozen=True)
class Totals:
    """What was counted: people who took part, and marks by weight and matter."""

    participants: int
    marks: Counter[Mark]
    witness_ids: Sequence[UUID]
    attachment_ids: Sequence[UUID]


def choose_method(
    session: Session, agenda_session: AgendaSession, by: Resident, method: ManualMethod | None
) -> None:
    """Say, before voting opens, that an assembly is counted, or that ballots are cast after all;
    totals that were entered are dropped.

    Raises WrongState, also where both witnesses have confirmed the totals.
    """
    at = begin_move(session, agenda_session)
    agenda_session.require_state(*BEFORE_VOTING)
    count = _find(session, agenda_session)
    if count is not None:
        if count.is_confirmed:
            raise WrongState(
                zh="两位见证人已确认票数", en="Both witnesses have confirmed the totals"
            )
        record(session, count, "drop", by, at)
        session.delete(count)
    agenda_session.manual_method = method
    record_move(
        session,
        agenda_session,
        "choose_method",
        by,
        at,
        reason="BALLOTS" if method is None else method,
    )


def enter_count(
    session: Session, agenda_session: AgendaSession, by: Resident, entered: Totals
) -> ManualCount:
    """Enter the totals of the assembly, or enter them anew; both witnesses then confirm.

    Raises WrongState, also before voting was to open, WitnessesUnfit, TotalsDisagree, PhotoMissing,
    and what `attach` raises.
    """
    at = begin_move(session, agenda_session)
    _require_assembly(agenda_session)
    _require_begun(agenda_session, at)
    _check_witnesses(session, agenda_session, by, entered.witness_ids, at)
    _check_totals(agenda_session, entered)
    _check_roll(session, agenda_session, entered.participants, at)
    count = _find(session, agenda_session)
    if count is None:
        count = ManualCount(
            id=new_id(), session_id=agenda_session.id, compound_id=agenda_session.compound_id
        )
        session.add(count)
    count.participants = entered.participants
    count.entered_by_id, count.entered_at = by.id, at
    count.first_witness_id, count.second_witness_id = entered.witness_ids
    count.first_confirmed_at = count.second_confirmed_at = None
    count.totals.clear()
    session.flush()
    count.totals = [
        ManualTotal(matter_id=UUID(mark.matter), weight=mark.weight, marks=marks)
        for mark, marks in sorted(entered.marks.items())
        if marks
    ]
    session.flush()
    attach(session, count, count.compound_id, entered.attachment_ids, by, at)
    if not attachments_of(session, [count.id]).get(count.id):
        raise PhotoMissing(zh="请拍下现场或票板并附上照片", en="Attach a photo of the board")
    record(session, count, "enter", by, at)
    return count


def confirm_count(
    session: Session, agenda_session: AgendaSession, by: Resident, seen: str
) -> ManualCount:
    """A witness confirms the totals whose `totals_hash` they have seen.

    Raises WrongState, NotFound, NotAWitness, TotalsChanged.
    """
    at = begin_move(session, agenda_session)
    _require_assembly(agenda_session)
    count = found(_find(session, agenda_session))
    if not count.confirm(by.id, at):
        raise NotAWitness
    if seen != count.totals_hash:
        raise TotalsChanged
    record(session, count, "confirm", by, at)
    return count


def conclude_count(session: Session, agenda_session: AgendaSession, by: Resident) -> None:
    """Make the confirmed totals the session's result and publish it as MANUAL.

    Raises WrongState, also before voting was to open, NotFound, ConcluderTookPart,
    CountNotConfirmed, TotalsDisagree where the roll has become shorter than the number of people
    who took part.
    """
    at = begin_move(session, agenda_session)
    _require_assembly(agenda_session)
    _require_begun(agenda_session, at)
    count = found(_find(session, agenda_session))
    if by.id in count.people:
        raise ConcluderTookPart
    if not count.is_confirmed:
        raise CountNotConfirmed
    if agenda_session.mode is Mode.OPEN:
        admit_eligible(session, agenda_session, at, AdmissionReason.OPENING)
    else:
        strike_ineligible(session, agenda_session, at)
        session.flush()
    lock_matters(session, agenda_session)
    counted = _count(session, agenda_session, count)
    rules = {
        "participation": counted.participation.to_data(),
        "selection": counted.selection.to_data(),
    }
    agenda_session.conclude_count(at, outcome_of(counted.turnout), counted.scheme.to_data(), rules)
    result = stored_result(agenda_session, counted, at)
    session.add(result)
    for row in result.rows:
        move_matter(session, row, by, at)
    record_move(session, agenda_session, "conclude_count", by, at)
    tell_result(session, result, at)


def read_count(session: Session, agenda_session: AgendaSession, reader: UUID) -> ManualCount:
    """The totals: until they are published for those who entered and witness them alone.

    Raises NotFound.
    """
    count = found(_find(session, agenda_session))
    if agenda_session.outcome is None and reader not in count.people:
        raise NotFound
    return count


def _require_assembly(agenda_session: AgendaSession) -> None:
    agenda_session.require_state(State.LISTED)
    if agenda_session.manual_method is None:
        raise WrongState(zh="这一期不是现场清点", en="No assembly is counted in this session")
    if len(agenda_session.items) < 2:
        raise WrongState(zh="题目不足两件，不投票", en="Fewer than two matters: there is no vote")


def _require_begun(agenda_session: AgendaSession, at: datetime) -> None:
    if at < agenda_session.voting_opens_at:
        raise WrongState(zh="还没到投票开始时间", en="Voting has not begun yet")


def _find(session: Session, agenda_session: AgendaSession) -> ManualCount | None:
    query = select(ManualCount).where(ManualCount.session_id == agenda_session.id)
    return session.scalar(query.execution_options(populate_existing=True))


def _check_witnesses(
    session: Session,
    agenda_session: AgendaSession,
    by: Resident,
    witnesses: Sequence[UUID],
    at: datetime,
) -> None:
    compound, day = agenda_session.compound, local_date(at)
    secretaries = select(Appointment.resident_id).where(
        or_(
            Appointment.compound_id == compound.id,
            Appointment.community_id == compound.community_id,
            Appointment.subdistrict_id == compound.subdistrict_id,
        ),
        Appointment.role == Role.BRANCH_SECRETARY,
        Appointment.is_held(day),
    )
    fit = eligible_voters(compound, day).where(
        Resident.id.in_(witnesses), Resident.id.not_in(secretaries)
    )
    if len(set(witnesses)) != 2 or len(set(session.scalars(fit))) != 2 or by.id in witnesses:
        raise WitnessesUnfit


def _check_totals(agenda_session: AgendaSession, entered: Totals) -> None:
    """Nobody gave more marks of a weight than the scheme has, or marked a matter twice."""
    listed = {str(item.matter_id) for item in agenda_session.items}
    picks = {slot.weight: slot.picks for slot in FIVE_THREE_ONE.slots}
    by_weight: Counter[int] = Counter()
    by_matter: Counter[str] = Counter()
    for (weight, matter), marks in entered.marks.items():
        by_weight[weight] += marks
        by_matter[matter] += marks
    people = entered.participants
    agrees = (
        by_matter.keys() <= listed
        and by_weight.keys() <= picks.keys()
        and all(marks <= people * picks[weight] for weight, marks in by_weight.items())
        and all(marks <= people for marks in by_matter.values())
    )
    if not agrees:
        raise TotalsDisagree


def _check_roll(
    session: Session, agenda_session: AgendaSession, participants: int, at: datetime
) -> None:
    """No more took part than may vote: who is on the roster, or may be, as an open roll is written
    when the count is published."""
    may_vote = eligible_voters(agenda_session.compound, local_date(at))
    if agenda_session.mode is not Mode.OPEN:
        on_roster = select(RollEntry.resident_id).where(RollEntry.session_id == agenda_session.id)
        may_vote = may_vote.where(Resident.id.in_(on_roster))
    if participants > len(session.scalars(may_vote).all()):
        raise TotalsDisagree


def _count(session: Session, agenda_session: AgendaSession, count: ManualCount) -> Count:
    people = participation(session, [agenda_session.id])[agenda_session.id]
    if count.participants > people.roll:
        raise TotalsDisagree
    rule, selection = ParticipationRule(), SelectionRule()
    required = required_participation(rule, agenda_session.mode, people.roll)
    # Whoever showed no hand took part all the same; blanks are not told apart.
    turnout = Turnout(people.roll, count.participants, 0, required)
    candidates = [
        Candidate(str(item.matter_id), item.number, item.endorsements, item.matter.raised_at)
        for item in agenda_session.items
    ]
    marks = {Mark(each.weight, str(each.matter_id)): each.marks for each in count.totals}
    ranked = rank(FIVE_THREE_ONE, candidates, marks)
    ended = frozenset(
        str(item.matter_id)
        for item in agenda_session.items
        if item.matter.state is not MatterState.LISTED
    )
    return Count(
        scheme=FIVE_THREE_ONE,
        participation=rule,
        selection=selection,
        turnout=turnout,
        channels={},
        candidates=candidates,
        ended=ended,
        picks=(),
        ranked=ranked,
        outcomes=select_matters(
            selection, ranked, turnout.returned, ended, consultative=not turnout.is_sufficient
        ),
    )
