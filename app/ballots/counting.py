"""Counting what came in (R5-R8): marks, order, selection, and the result as it is stored."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, Channel, RollEntry
from app.agenda.roll import participation
from app.ballots.models import Ballot, BallotMark, ResultRow, SessionResult
from app.matters.models import MatterState
from votes.ballot import Mark
from votes.bundle import Pick
from votes.explanation import explain
from votes.scheme import BallotScheme
from votes.selection import (
    Outcome,
    ParticipationRule,
    SelectionRule,
    Turnout,
    required_participation,
)
from votes.selection import select as select_matters
from votes.tally import Candidate, RankedMatter, rank


class CountsDisagree(RuntimeError):
    """Ballots and participation differ: nothing may be published until somebody has looked."""


@dataclass(frozen=True)
class Count:
    """A count with everything that it was made from, ready to be stored and sealed."""

    scheme: BallotScheme
    participation: ParticipationRule
    selection: SelectionRule
    turnout: Turnout
    channels: Mapping[str, int]
    candidates: Sequence[Candidate]
    ended: frozenset[str]
    picks: Sequence[Pick]
    ranked: Sequence[RankedMatter]
    outcomes: Mapping[str, Outcome]


def read_turnout(session: Session, agenda_session: AgendaSession) -> Turnout:
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


def count_ballots(session: Session, agenda_session: AgendaSession, turnout: Turnout) -> Count:
    """Count the marks, rank the matters and choose among them; nothing is written."""
    rules = agenda_session.rules or {}
    scheme = BallotScheme.from_data(agenda_session.scheme or [])
    selection = SelectionRule.from_data(rules["selection"])
    candidates = [
        Candidate(str(item.matter_id), item.number, item.endorsements, item.matter.raised_at)
        for item in agenda_session.items
    ]
    picks = _read_picks(session, agenda_session)
    ranked = rank(scheme, candidates, Counter(Mark(pick.weight, pick.matter) for pick in picks))
    ended = frozenset(
        str(item.matter_id)
        for item in agenda_session.items
        if item.matter.state is not MatterState.LISTED
    )
    outcomes = select_matters(
        selection, ranked, turnout.returned, ended, consultative=not turnout.is_sufficient
    )
    return Count(
        scheme=scheme,
        participation=ParticipationRule.from_data(rules["participation"]),
        selection=selection,
        turnout=turnout,
        channels=_read_channels(session, agenda_session),
        candidates=candidates,
        ended=ended,
        picks=picks,
        ranked=ranked,
        outcomes=outcomes,
    )


def stored_result(agenda_session: AgendaSession, count: Count, at: datetime) -> SessionResult:
    """The count as rows, with the explanation that people read."""
    items = {str(item.matter_id): item for item in agenda_session.items}
    explanation = explain(
        scheme=count.scheme,
        rule=count.selection,
        turnout=count.turnout,
        ranked=count.ranked,
        outcomes=count.outcomes,
        titles={matter: item.matter.title for matter, item in items.items()},
    )
    return SessionResult(
        agenda_session=agenda_session,
        roll=count.turnout.roll,
        returned=count.turnout.returned,
        blank=count.turnout.blank,
        required=count.turnout.required,
        explanation_zh=explanation.zh,
        explanation_en=explanation.en,
        tallied_at=at,
        rows=[
            ResultRow(
                matter_id=items[row.matter].matter_id,
                rank=row.rank,
                counts=list(row.counts),
                score=row.score,
                outcome=count.outcomes[row.matter],
                decided_by=row.decided_by,
                item=items[row.matter],
            )
            for row in count.ranked
        ],
    )


def result_without_vote(
    session: Session, agenda_session: AgendaSession, at: datetime
) -> SessionResult:
    """R8: a single matter is taken up without a vote; none leaves nothing to take up."""
    people = participation(session, [agenda_session.id])[agenda_session.id]
    return SessionResult(
        agenda_session=agenda_session,
        roll=people.roll,
        returned=0,
        blank=0,
        required=0,
        explanation_zh="题目不足两件，不投票；有一件的直接列入议事。",
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


def _read_picks(session: Session, agenda_session: AgendaSession) -> list[Pick]:
    rows = session.execute(
        select(BallotMark.weight, BallotMark.tracker, BallotMark.matter_id).where(
            BallotMark.compound_id == agenda_session.compound_id,
            BallotMark.session_id == agenda_session.id,
        )
    )
    names = {item.matter_id: str(item.matter_id) for item in agenda_session.items}
    return [Pick(weight, tracker, names[matter_id]) for weight, tracker, matter_id in rows]


def _read_channels(session: Session, agenda_session: AgendaSession) -> dict[str, int]:
    """How many ballots came in by each channel."""
    rows = session.execute(
        select(RollEntry.channel, func.count())
        .where(
            RollEntry.compound_id == agenda_session.compound_id,
            RollEntry.session_id == agenda_session.id,
            RollEntry.channel.is_not(None),
        )
        .group_by(RollEntry.channel)
    )
    returned: dict[str, int] = {str(channel): n for channel, n in rows}
    return {channel.value: returned.get(channel.value, 0) for channel in Channel}
