"""The vote of those present: counted by hand, or cast by phone and then closed."""

from collections import Counter
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.ballots.keys.store import KeyStore
from app.ballots.refusals import VoteVoid
from app.ballots.storing import NotOnRoll
from app.deliberation.attendance import count_present
from app.deliberation.models import Attendance
from app.kit import locks
from app.kit.calendar.terms import add_working_days
from app.kit.moves import begin_move, record_move
from app.kit.orm import table_of
from app.matters.models import UNDER_DISCUSSION
from app.matters.services import hold_matter
from app.people.actor import Actor
from app.people.models import Resident
from app.resolutions import refusals
from app.resolutions.models import (
    Answer,
    Resolution,
    ResolutionState,
    ResolutionVoteCast,
    Secrecy,
    VoteMethod,
)
from votes.majority import MajorityOutcome, MajorityRule, ResolutionVote, decide, explain_majority

PUBLISH_WORKING_DAYS = 3


def count_votes(
    session: Session,
    resolution: Resolution,
    by: Resident,
    *,
    present: int | None,
    yes: int,
    no: int,
    abstain: int,
) -> None:
    """Enter what hands or papers said; `present` is checked against the attendance of the roll.

    Raises WrongState, VoteVoid, WrongMethod, MorePresentThanRoll, PresentDiffers,
    MoreVotesThanPresent.
    """
    at = begin_move(session, resolution)
    _require_vote(resolution, VoteMethod.HANDS, VoteMethod.PAPER)
    attendance = count_present(session, resolution.session_id)
    present = attendance.on_roll if present is None else present
    if present > attendance.roll:
        raise refusals.MorePresentThanRoll
    if present != attendance.on_roll:
        raise refusals.PresentDiffers
    if yes + no + abstain > present:
        raise refusals.MoreVotesThanPresent
    vote = ResolutionVote(attendance.roll, present, yes, no, abstain)
    _conclude(session, resolution, by, vote, "count", at)


def cast_vote(
    session: Session, resolution: Resolution, voter: Actor, keys: KeyStore, answer: Answer
) -> None:
    """Vote by phone, or replace one's vote, until the vote is closed.

    Raises WrongState, VoteVoid, WrongMethod, NotPresent, NotOnRoll, and what the key store raises.
    """
    locks.share(session, resolution.id)
    session.refresh(resolution)
    _require_vote(resolution, VoteMethod.PHONE)
    _require_attendance(session, resolution, voter)
    named = resolution.secrecy is Secrecy.NAMED
    values = {
        "resolution_id": resolution.id,
        "attempt": resolution.attempt,
        "slot": voter.id.hex if named else _slot(resolution, voter, keys),
        "voter_id": voter.id if named else None,
        "answer": answer,
    }
    # One statement and no lock on a row that names the voter: such a lock would leave this
    # transaction's number on that row, and so a way from the voter to the vote.
    insert = postgresql.insert if _is_postgresql(session) else sqlite.insert
    statement = insert(table_of(ResolutionVoteCast)).values(values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["resolution_id", "attempt", "slot"],
            set_={"answer": statement.excluded.answer},
        )
    )


def close_vote(session: Session, resolution: Resolution, by: Resident, keys: KeyStore) -> None:
    """End the vote by phone and count it; those present without a vote stay in the base.

    Raises WrongState, VoteVoid, WrongMethod, and what the key store raises.
    """
    at = begin_move(session, resolution)
    _require_vote(resolution, VoteMethod.PHONE)
    if resolution.is_secret_phone_vote:
        keys.require_session_key(resolution.id, resolution.key_check)
    answers = _count_answers(session, resolution)
    attendance = count_present(session, resolution.session_id)
    vote = ResolutionVote(
        attendance.roll,
        attendance.on_roll,
        answers[Answer.YES],
        answers[Answer.NO],
        answers[Answer.ABSTAIN],
    )
    _conclude(session, resolution, by, vote, "close_vote", at)


def held_again_at_the_table() -> VoteVoid:
    """The refusal for a vote that was void."""
    return VoteVoid(
        zh="请等决议再次付表决，再投一次",
        en="Vote once more when the resolution is put to the vote again",
    )


def _require_vote(resolution: Resolution, *methods: VoteMethod) -> None:
    if resolution.state is ResolutionState.VOID:
        raise held_again_at_the_table()
    resolution.require_state(ResolutionState.TABLED)
    if resolution.method not in methods:
        raise refusals.WrongMethod


def _slot(resolution: Resolution, voter: Actor, keys: KeyStore) -> str:
    return keys.slot(resolution.id, voter.id, resolution.key_check).hex()


def _require_attendance(session: Session, resolution: Resolution, voter: Actor) -> None:
    is_on_roll = session.scalar(
        select(Attendance.is_on_roll).where(
            Attendance.session_id == resolution.session_id, Attendance.resident_id == voter.id
        )
    )
    if is_on_roll is None:
        raise refusals.NotPresent
    if not is_on_roll:
        raise NotOnRoll


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _count_answers(session: Session, resolution: Resolution) -> Counter[Answer]:
    rows = session.execute(
        select(ResolutionVoteCast.answer, func.count())
        .where(
            ResolutionVoteCast.resolution_id == resolution.id,
            ResolutionVoteCast.attempt == resolution.attempt,
        )
        .group_by(ResolutionVoteCast.answer)
    )
    return Counter({answer: count for answer, count in rows})  # noqa: C416 - dict() has no types


def _conclude(
    session: Session,
    resolution: Resolution,
    by: Resident,
    vote: ResolutionVote,
    verb: str,
    at: datetime,
) -> None:
    """Decide by the rule that was fixed at tabling, and move resolution and matter."""
    rule = MajorityRule.from_data(resolution.rule or {})
    outcome, why = decide(rule, vote), explain_majority(rule, vote)
    resolution.record_vote(vote, outcome, why, at)
    # The log keeps the figures also where the resolution is tabled again.
    record_move(session, resolution, verb, by, at, reason=why.zh)
    if outcome is MajorityOutcome.PASSED:
        resolution.publish_due_at = add_working_days(at, PUBLISH_WORKING_DAYS)
        _resolve_matter(session, resolution, by, at)


def _resolve_matter(session: Session, resolution: Resolution, by: Resident, at: datetime) -> None:
    """A passed resolution resolves its matter, unless all that it carries is the owners' to
    decide: then the end of the round table leaves the matter to them."""
    matter = hold_matter(session, resolution.matter_id)
    if matter.state not in UNDER_DISCUSSION or resolution.needs_owners_only:
        return
    matter.resolve()
    record_move(session, matter, "resolve", by, at, reason=resolution.label)
