"""Opening, extending and closing the vote, and counting it (R5-R8)."""

from datetime import datetime, timedelta
from itertools import chain

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.agenda.models import (
    OPEN_STATES,
    AdmissionReason,
    AgendaSession,
    SessionOutcome,
    SessionState,
)
from app.agenda.roll import admit_eligible, participation
from app.agenda.services import begin_move, record_move
from app.audit import record
from app.ballots import notices
from app.ballots.keys import KeyStore
from app.ballots.models import Ballot, BallotMark, BallotSlot, ResultRow, SessionResult
from app.errors import DomainError
from app.matters.models import Matter, MatterState
from app.people.models import Resident
from votes.ballot import Mark, PriorityBallot
from votes.explanation import explain
from votes.receipt import labels
from votes.scheme import FIVE_THREE_ONE, BallotScheme
from votes.selection import (
    Mode,
    Outcome,
    ParticipationRule,
    SelectionRule,
    Turnout,
    required_participation,
)
from votes.selection import select as select_matters
from votes.tally import Candidate, rank


class CountsDisagree(RuntimeError):
    """Ballots and participation differ: nothing may be published until somebody has looked."""


class ExtensionUsed(DomainError):
    status, code = 409, "extension_used"
    zh, en = "投票只能延长一次", "Voting can be extended once only"


def open_voting(
    session: Session, agenda_session: AgendaSession, by: Resident | None, keys: KeyStore
) -> AgendaSession:
    """Open the vote on the frozen list; scheme, rules and roll are fixed from here on.

    With fewer than two matters there is no vote (R8): the session goes straight to its result.
    `by` is empty where the clock does it.
    """
    at = begin_move(session, agenda_session)
    agenda_session.require_state(SessionState.LISTED)
    if agenda_session.mode is Mode.OPEN:
        admit_eligible(session, agenda_session, at, AdmissionReason.OPENING)
    if len(agenda_session.items) < 2:
        _conclude(session, agenda_session, by, at, "conclude_without_vote")
        return agenda_session
    rules = {
        "participation": ParticipationRule().to_data(),
        "selection": SelectionRule().to_data(),
    }
    agenda_session.open_voting(at, FIVE_THREE_ONE.to_data(), rules)
    _snapshot_slots(session, agenda_session, FIVE_THREE_ONE)
    keys.create_session_key(agenda_session.id)
    record_move(session, agenda_session, "open_voting", by, at, from_state=SessionState.LISTED)
    notices.post_opening(session, agenda_session, at)
    return agenda_session


def extend_voting(
    session: Session, agenda_session: AgendaSession, by: Resident | None, days: int
) -> AgendaSession:
    """Give the vote more days, once. Raises ExtensionUsed, WrongState."""
    at = begin_move(session, agenda_session)
    if agenda_session.state is SessionState.EXTENDED:
        raise ExtensionUsed
    agenda_session.require_state(SessionState.VOTING)
    _extend(session, agenda_session, by, at, days)
    return agenda_session


def close_voting(
    session: Session, agenda_session: AgendaSession, by: Resident | None, extension_days: int
) -> AgendaSession:
    """End the vote and count it; or, where too few voted for the first time, extend it (R6).

    By hand this may come before the announced end; the notice then says so.
    """
    at = begin_move(session, agenda_session)
    agenda_session.require_state(*OPEN_STATES)
    if agenda_session.mode is Mode.OPEN:
        # Closing is exclusive: who came of age or was verified at that instant came too late.
        last_moment = min(at, agenda_session.voting_closes_at - timedelta(microseconds=1))
        admit_eligible(session, agenda_session, last_moment, AdmissionReason.VERIFIED_WHILE_OPEN)
    turnout = _turnout(session, agenda_session)
    if not turnout.is_sufficient and agenda_session.state is SessionState.VOTING:
        _extend(session, agenda_session, None, at, extension_days)
        return agenda_session
    _conclude(session, agenda_session, by, at, "close_voting", turnout)
    return agenda_session


def _extend(
    session: Session, agenda_session: AgendaSession, by: Resident | None, at: datetime, days: int
) -> None:
    agenda_session.extend_voting(at, timedelta(days=days))
    record_move(session, agenda_session, "extend_voting", by, at, from_state=SessionState.VOTING)
    notices.post_extension(session, agenda_session, by is not None, at)


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


def _turnout(session: Session, agenda_session: AgendaSession) -> Turnout:
    """Who could vote and who did. Raises CountsDisagree where ballots and roll differ."""
    people = participation(session, [agenda_session.id])[agenda_session.id]
    ballots = (Ballot.compound_id == agenda_session.compound_id) & (
        Ballot.session_id == agenda_session.id
    )
    returned = session.scalar(select(func.count()).select_from(Ballot).where(ballots)) or 0
    marks = (
        select(BallotMark.slot)
        .where(
            BallotMark.compound_id == agenda_session.compound_id,
            BallotMark.session_id == agenda_session.id,
        )
        .distinct()
        .subquery()
    )
    marked = session.scalar(select(func.count()).select_from(marks)) or 0
    if returned != people.returned:
        raise CountsDisagree(f"session {agenda_session.id}: {returned} != {people.returned}")
    rule = ParticipationRule.from_data((agenda_session.rules or {})["participation"])
    required = required_participation(rule, agenda_session.mode, people.roll)
    return Turnout(people.roll, returned, returned - marked, required)


def _pick_counts(session: Session, agenda_session: AgendaSession) -> dict[Mark, int]:
    rows = session.execute(
        select(BallotMark.weight, BallotMark.matter_id, func.count())
        .where(
            BallotMark.compound_id == agenda_session.compound_id,
            BallotMark.session_id == agenda_session.id,
        )
        .group_by(BallotMark.weight, BallotMark.matter_id)
    )
    return {Mark(weight, str(matter_id)): n for weight, matter_id, n in rows}


def _conclude(
    session: Session,
    agenda_session: AgendaSession,
    by: Resident | None,
    at: datetime,
    verb: str,
    turnout: Turnout | None = None,
) -> None:
    """Count, choose, store and publish. Without a turnout no vote was held (R8)."""
    from_state = agenda_session.state
    announced_end = agenda_session.voting_closes_at
    agenda_session.close_voting(at, _outcome(turnout))
    _lock_matters(session, agenda_session)
    result = (
        _result_without_vote(session, agenda_session, at)
        if turnout is None
        else _count(session, agenda_session, turnout, at)
    )
    session.add(result)
    for row in result.rows:
        _move_matter(session, row, by, at)
    record_move(session, agenda_session, verb, by, at, from_state=from_state)
    closed_early = turnout is not None and at < announced_end
    notices.post_result(session, agenda_session, result, closed_early, at)


def _move_matter(session: Session, row: ResultRow, by: Resident | None, at: datetime) -> None:
    """Choose a matter or carry it over; one that has ended meanwhile stays as it is."""
    matter = row.item.matter
    from_state = matter.state
    if row.outcome is Outcome.SELECTED:
        matter.select()
    elif row.outcome is Outcome.DEFERRED:
        matter.defer()
    else:
        return
    record(
        session,
        matter,
        "tally",
        at=at,
        actor_id=None if by is None else by.id,
        compound_id=matter.compound_id,
        from_state=from_state,
        to_state=matter.state,
    )


def _outcome(turnout: Turnout | None) -> SessionOutcome:
    if turnout is None:
        return SessionOutcome.NO_VOTE
    return SessionOutcome.DECIDED if turnout.is_sufficient else SessionOutcome.CONSULTATIVE


def _lock_matters(session: Session, agenda_session: AgendaSession) -> None:
    """Read the listed matters as they are now, so that none ends while it is being chosen."""
    session.scalars(
        select(Matter)
        .where(Matter.id.in_([item.matter_id for item in agenda_session.items]))
        .order_by(Matter.id)
        .with_for_update(of=Matter, key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def _count(
    session: Session, agenda_session: AgendaSession, turnout: Turnout, at: datetime
) -> SessionResult:
    scheme = BallotScheme.from_data(agenda_session.scheme or [])
    rule = SelectionRule.from_data((agenda_session.rules or {})["selection"])
    items = {str(item.matter_id): item for item in agenda_session.items}
    candidates = [
        Candidate(matter, item.number, item.endorsements, item.matter.raised_at)
        for matter, item in items.items()
    ]
    ranked = rank(scheme, candidates, _pick_counts(session, agenda_session))
    ended = {m for m, item in items.items() if item.matter.state is not MatterState.LISTED}
    outcomes = select_matters(
        rule, ranked, turnout.returned, ended, consultative=not turnout.is_sufficient
    )
    explanation = explain(
        scheme=scheme,
        rule=rule,
        turnout=turnout,
        ranked=ranked,
        outcomes=outcomes,
        titles={matter: item.matter.title for matter, item in items.items()},
    )
    return SessionResult(
        session_id=agenda_session.id,
        roll=turnout.roll,
        returned=turnout.returned,
        blank=turnout.blank,
        required=turnout.required,
        explanation_zh=explanation.zh,
        explanation_en=explanation.en,
        tallied_at=at,
        rows=[
            ResultRow(
                matter_id=items[row.matter].matter_id,
                rank=row.rank,
                counts=list(row.counts),
                score=row.score,
                outcome=outcomes[row.matter],
                decided_by=row.decided_by,
                item=items[row.matter],
            )
            for row in ranked
        ],
    )


def _result_without_vote(
    session: Session, agenda_session: AgendaSession, at: datetime
) -> SessionResult:
    """R8: a single matter is taken up without a vote; none leaves nothing to take up."""
    people = participation(session, [agenda_session.id])[agenda_session.id]
    return SessionResult(
        session_id=agenda_session.id,
        roll=people.roll,
        returned=0,
        blank=0,
        required=0,
        explanation_zh="题目不足两件,不投票;有一件的直接列入议事。",
        explanation_en="Fewer than two matters: no vote was held; a single one is taken up.",
        tallied_at=at,
        rows=[
            ResultRow(
                matter_id=item.matter_id,
                rank=rank_,
                counts=[],
                score=0,
                outcome=(
                    Outcome.SELECTED if item.matter.state is MatterState.LISTED else Outcome.SKIPPED
                ),
                item=item,
            )
            for rank_, item in enumerate(agenda_session.items, start=1)
        ],
    )
