"""Opening, extending and closing the vote, and counting it (R5-R8)."""

from datetime import datetime, timedelta
from itertools import chain

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.agenda.models import (
    OPEN_STATES,
    AdmissionReason,
    AgendaSession,
    Channel,
    SessionOutcome,
    SessionState,
)
from app.agenda.roll import admit_eligible, strike_ineligible
from app.ballots import notices
from app.ballots.countersign.officers import find_countersigner
from app.ballots.counting import count_ballots, read_turnout, result_without_vote, stored_result
from app.ballots.keys.operator import require_our_store
from app.ballots.keys.store import KeyStore
from app.ballots.models import BallotSlot, ResultRow, SessionBundle, SessionResult
from app.ballots.paper.entry import count_waiting, void_waiting
from app.ballots.schemas import ResultSchema
from app.ballots.sealing import read_roll_root, rules_hash_of, seal
from app.board.posting import post
from app.kit.errors import DomainError
from app.kit.moves import begin_move, record_move
from app.matters.models import Matter
from app.matters.services import hold_matters
from app.people.models import Resident
from votes.ballot import Mark, PriorityBallot
from votes.receipt import labels
from votes.scheme import FIVE_THREE_ONE, BallotScheme
from votes.selection import Mode, Outcome, ParticipationRule, SelectionRule, Turnout


class ExtensionUsed(DomainError):
    status, code = 409, "extension_used"
    zh, en = "投票只能延长一次", "Voting can be extended once only"


class TooFewBallots(DomainError):
    """R6: only the announced end may find too few ballots; a hand may not hurry it."""

    status, code = 409, "too_few_ballots"
    zh = "收回的选票还不够，没到截止时间不能提前截止"
    en = "Too few ballots were returned to close before the announced end"


class PaperBallotsWaiting(DomainError):
    """A hand may not close over slips that somebody has brought; the clock does, and says so."""

    status, code = 409, "paper_ballots_waiting"
    zh = "还有已录入而未经第二人确认的纸票，请先确认或作废"
    en = "Some slips were entered but not confirmed; confirm or void them first"


class CountedByHand(DomainError):
    status, code = 409, "counted_by_hand"
    zh = "这一期由现场清点票数，不开放投票；要投票请先取消现场清点"
    en = "An assembly is counted in this session and no ballots are cast; undo that first"


def open_voting(
    session: Session, agenda_session: AgendaSession, by: Resident | None, keys: KeyStore
) -> None:
    """Open the vote on the frozen list; scheme, rules and roll are fixed from here on.

    With fewer than two matters there is no vote (R8): the session goes straight to its result.
    `by` is empty where the clock does it. Raises WrongState, CountedByHand, and what the key store
    raises.
    """
    at = begin_move(session, agenda_session)
    agenda_session.require_state(SessionState.LISTED)
    if agenda_session.manual_method is not None:
        raise CountedByHand
    if agenda_session.mode is Mode.OPEN:
        admit_eligible(session, agenda_session, at, AdmissionReason.OPENING)
    else:
        strike_ineligible(session, agenda_session, at)
    if not agenda_session.has_a_choice:
        _conclude(session, agenda_session, by, at, keys)
        return
    rules = {
        "participation": ParticipationRule().to_data(),
        "selection": SelectionRule().to_data(),
    }
    announced_opening = agenda_session.voting_opens_at
    roll_root = read_roll_root(session, agenda_session)
    agenda_session.open_voting(at, FIVE_THREE_ONE.to_data(), rules, roll_root)
    officer = find_countersigner(session, agenda_session.compound, at)
    if officer is not None:
        agenda_session.take_countersigner(officer.key.resident, officer.key.public_key)
    _snapshot_slots(session, agenda_session, FIVE_THREE_ONE)
    # Into no store but ours: from another one the key would be gone when ours is back.
    operator_key = require_our_store(session, keys)
    agenda_session.take_keys(operator_key, keys.create_session_key(agenda_session.id))
    record_move(session, agenda_session, "open_voting", by, at)
    post(
        session,
        notices.VOTING_OPENED,
        agenda_session,
        at,
        announced=announced_opening,
        weights=FIVE_THREE_ONE.weights,
        officer=officer,
        data={"rules_hash": rules_hash_of(agenda_session).hex()},
    )


def extend_voting(
    session: Session, agenda_session: AgendaSession, by: Resident | None, days: int
) -> None:
    """Give the vote more days, once. Raises ExtensionUsed, WrongState."""
    at = begin_move(session, agenda_session)
    if agenda_session.state is SessionState.EXTENDED:
        raise ExtensionUsed
    agenda_session.require_state(SessionState.VOTING)
    _extend(session, agenda_session, by, at, days)


def close_voting(
    session: Session,
    agenda_session: AgendaSession,
    by: Resident | None,
    keys: KeyStore,
    extension_days: int,
) -> None:
    """End the vote, count and seal it; or, where too few voted for the first time, extend it (R6).

    By hand this may come before the announced end if enough have voted; the notice then says so.
    Slips that nobody has confirmed count nowhere.
    Raises TooFewBallots, so that a second tap cannot use up the extension and end the vote,
    PaperBallotsWaiting, and what the key store raises.
    """
    at = begin_move(session, agenda_session)
    agenda_session.require_state(*OPEN_STATES)
    if agenda_session.mode is Mode.OPEN:
        # Closing is exclusive: who came of age or was verified at that instant came too late.
        last_moment = min(at, agenda_session.voting_closes_at - timedelta(microseconds=1))
        admit_eligible(session, agenda_session, last_moment, AdmissionReason.VERIFIED_WHILE_OPEN)
    turnout = read_turnout(session, agenda_session)
    if not turnout.is_sufficient:
        if at < agenda_session.voting_closes_at:
            raise TooFewBallots
        if agenda_session.state is SessionState.VOTING:
            _extend(session, agenda_session, None, at, extension_days)
            return
    if at < agenda_session.voting_closes_at and count_waiting(session, agenda_session):
        raise PaperBallotsWaiting
    keys.require_session_key(agenda_session.id, agenda_session.key_check)
    voided = void_waiting(session, agenda_session, at)
    _conclude(session, agenda_session, by, at, keys, turnout, voided)


def _extend(
    session: Session, agenda_session: AgendaSession, by: Resident | None, at: datetime, days: int
) -> None:
    agenda_session.extend_voting(at, timedelta(days=days))
    record_move(session, agenda_session, "extend_voting", by, at)
    post(session, notices.VOTING_EXTENDED, agenda_session, at, is_by_hand=by is not None)


def _snapshot_slots(session: Session, agenda_session: AgendaSession, scheme: BallotScheme) -> None:
    """One row for each pick of the scheme, which the constraints of every mark refer to."""
    full = PriorityBallot(
        tuple(
            chain.from_iterable(
                (Mark(slot.weight, str(pick)) for pick in range(slot.picks))
                for slot in scheme.slots
            )
        )
    )
    session.execute(
        insert(BallotSlot),
        [
            {"session_id": agenda_session.id, "label": label, "weight": mark.weight}
            for label, mark in zip(labels(full), full.marks, strict=True)
        ],
    )


def _conclude(
    session: Session,
    agenda_session: AgendaSession,
    by: Resident | None,
    at: datetime,
    keys: KeyStore,
    turnout: Turnout | None = None,
    voided_slips: int = 0,
) -> None:
    """Count, choose, store, seal and publish. Without a turnout no vote was held (R8)."""
    announced_end = agenda_session.voting_closes_at
    agenda_session.close_voting(at, outcome_of(turnout))
    lock_matters(session, agenda_session)
    if turnout is None:
        verb, sealed, by_paper = "conclude_without_vote", None, 0
        result = result_without_vote(session, agenda_session, at)
    else:
        verb = "close_voting"
        count = count_ballots(session, agenda_session, turnout)
        result = stored_result(agenda_session, count, at)
        sealed = seal(session, agenda_session, keys, count, at)
        by_paper = count.channels[Channel.PAPER]
    session.add(result)
    for row in result.rows:
        move_matter(session, row, by, at)
    record_move(session, agenda_session, verb, by, at)
    hurried_from = announced_end if turnout is not None and at < announced_end else None
    paper = None if turnout is None else {"counted": by_paper, "unconfirmed": voided_slips}
    tell_result(session, result, at, sealed=sealed, hurried_from=hurried_from, paper=paper)


def tell_result(
    session: Session,
    result: SessionResult,
    at: datetime,
    *,
    sealed: SessionBundle | None = None,
    hurried_from: datetime | None = None,
    paper: dict[str, int] | None = None,
) -> None:
    """Put the tally with all that R9 publishes on the board, and the root of the sealed bundle:
    whoever keeps a copy of it sees any later change.

    `hurried_from` is the announced end where voting was closed before it. `paper` says how many
    ballots came in on paper, and how many slips nobody had confirmed; it is empty where no vote
    was held.
    """
    post(
        session,
        notices.TALLIED,
        result.agenda_session,
        at,
        result=result,
        sealed=sealed,
        hurried_from=hurried_from,
        paper=paper,
        data={
            **ResultSchema().dump(result),
            "bundle_root": None if sealed is None else sealed.root.hex(),
            "paper": paper,
        },
    )


def move_matter(session: Session, row: ResultRow, by: Resident | None, at: datetime) -> None:
    """Choose a matter or carry it over; one that has ended meanwhile stays as it is."""
    matter = row.item.matter
    if row.outcome is Outcome.SELECTED:
        matter.select()
    elif row.outcome is Outcome.DEFERRED:
        matter.defer()
    else:
        return
    record_move(session, matter, "tally", by, at)


def outcome_of(turnout: Turnout | None) -> SessionOutcome:
    """What a tally with this turnout is worth; without one no vote was held."""
    if turnout is None:
        return SessionOutcome.NO_VOTE
    return SessionOutcome.DECIDED if turnout.is_sufficient else SessionOutcome.CONSULTATIVE


def lock_matters(session: Session, agenda_session: AgendaSession) -> None:
    """Read the listed matters as they are now, so that none ends while it is being chosen."""
    hold_matters(session, Matter.id.in_([item.matter_id for item in agenda_session.items]))
