"""The story of a matter: every public move about it, oldest first, read from the log.

The log holds every move with its time; the things themselves hold the numbers. Five statements
read both, however long the story is. Nobody is named, and what the log holds for auditors only -
who moved, the reason of a refusal, what was noted - stays there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, func, select, union
from sqlalchemy.orm import Session

from app.agenda.models import AgendaItem, AgendaSession, SessionOutcome
from app.ballots.models import ResultRow, SessionResult
from app.conventions.models import ConventionResolution, ConventionVersion
from app.deliberation.models import SolutionCard
from app.evaluations.models import MatterEvaluation
from app.evaluations.rounds.models import EvaluationRound, SubjectKind
from app.kit.audit import AuditEntry
from app.kit.words import Worded
from app.matters.models import Matter, MatterVersion, Words
from app.matters.services import count_endorsements
from app.resolutions.models import Resolution
from app.works.orders.models import WorkOrder
from app.works.whistles.models import Whistle
from votes.explanation import label
from votes.selection import Outcome


class Step(Worded):
    """民提、民议、民决、民办、民评、民约 (domain notes, section 5)."""

    RAISE = "RAISE", "民提", "raise"
    DELIBERATE = "DELIBERATE", "民议", "deliberate"
    DECIDE = "DECIDE", "民决", "decide"
    EXECUTE = "EXECUTE", "民办", "carry out"
    EVALUATE = "EVALUATE", "民评", "evaluate"
    PACT = "PACT", "民约", "agree"


class About(Worded):
    MATTER = "matter", "事项", "matter"
    SESSION = "session", "一期月月谈", "session"
    CARD = "card", "方案卡片", "solution card"
    RESOLUTION = "resolution", "决议", "resolution"
    ORDER = "order", "任务单", "work order"
    WHISTLE = "whistle", "哨声", "whistle"
    ROUND = "evaluation_round", "民评", "evaluation round"
    EVALUATION = "evaluation", "评定", "judgement"
    VERSION = "convention_version", "规约版本", "version of a convention"


# The things whose moves are told, and what they are called in an answer.
THINGS: dict[type[Any], About] = {
    Matter: About.MATTER,
    AgendaSession: About.SESSION,
    SolutionCard: About.CARD,
    Resolution: About.RESOLUTION,
    WorkOrder: About.ORDER,
    Whistle: About.WHISTLE,
    EvaluationRound: About.ROUND,
    ConventionVersion: About.VERSION,
}


class Reference(NamedTuple):
    thing: About
    id: UUID


@dataclass(frozen=True)
class Entry:
    """One move as it is told. `figures` are values that JSON knows."""

    at: datetime
    step: Step
    kind: str
    zh: str
    en: str
    about: Reference
    figures: dict[str, Any] = field(default_factory=dict)


class Listing(NamedTuple):
    """That the matter stands on the list of a session, and what the count made of it."""

    session_id: UUID
    number: int
    endorsements: int
    rank: int | None
    score: int | None
    outcome: Outcome | None
    worth: SessionOutcome | None
    listed: int
    tallied_at: datetime | None

    @property
    def label(self) -> str:
        return label(self.number)


class Move(NamedTuple):
    """An entry of the log with the thing that it is about, the listings of the matter, and its
    earlier words by the number of their version."""

    entry: AuditEntry
    thing: Any
    listings: dict[UUID, Listing]
    earlier: dict[int, Words]

    @property
    def about(self) -> Reference:
        return Reference(THINGS[type(self.thing)], self.entry.thing_id)


class Sources(NamedTuple):
    """All that a story is told from."""

    moves: Sequence[Move]
    listings: dict[UUID, Listing]
    evaluations: Sequence[MatterEvaluation]
    endorsements: int


def read_sources(session: Session, matter: Matter) -> Sources:
    """What the log and the rows say of the matter; five statements."""
    earlier = {
        each.number: Words(each.title, each.body, each.category)
        for each in session.scalars(
            select(MatterVersion).where(MatterVersion.matter_id == matter.id)
        )
    }
    listings = {each.session_id: each for each in _read_listings(session, matter.id)}
    evaluations = session.scalars(
        select(MatterEvaluation)
        .where(MatterEvaluation.matter_id == matter.id)
        .order_by(MatterEvaluation.id)
    ).all()
    support = count_endorsements(session, [matter.id]).get(matter.id, 0)
    moves = list(_read_moves(session, matter.id, listings, earlier))
    return Sources(moves, listings, evaluations, support)


def _read_moves(
    session: Session, matter_id: UUID, listings: dict[UUID, Listing], earlier: dict[int, Words]
) -> Iterator[Move]:
    query = select(AuditEntry, *THINGS).where(AuditEntry.thing_id.in_(_things_of(matter_id)))
    for model in THINGS:
        query = query.outerjoin(
            model,
            and_(AuditEntry.thing == model.__tablename__, AuditEntry.thing_id == model.id),
        )
    for entry, *things in session.execute(query.order_by(AuditEntry.at, AuditEntry.id)):
        thing = next((each for each in things if each is not None), None)
        if thing is not None:
            yield Move(entry, thing, listings, earlier)


def _things_of(matter_id: UUID) -> Any:
    """Ids of all things whose moves belong to the story."""
    return union(
        select(Matter.id).where((Matter.id == matter_id) | (Matter.merged_into_id == matter_id)),
        select(AgendaItem.session_id).where(AgendaItem.matter_id == matter_id),
        select(SolutionCard.id).where(SolutionCard.matter_id == matter_id),
        select(Resolution.id).where(Resolution.matter_id == matter_id),
        select(WorkOrder.id).where(WorkOrder.matter_id == matter_id),
        select(Whistle.id).where(Whistle.matter_id == matter_id),
        select(EvaluationRound.id).where(
            EvaluationRound.subject_kind == SubjectKind.MATTER,
            EvaluationRound.subject_id == matter_id,
        ),
        select(ConventionResolution.version_id)
        .join(Resolution, Resolution.id == ConventionResolution.resolution_id)
        .where(Resolution.matter_id == matter_id),
    )


def _read_listings(session: Session, matter_id: UUID) -> list[Listing]:
    listed = AgendaItem.__table__.alias("listed")
    number = (
        select(func.count()).where(listed.c.session_id == AgendaItem.session_id).scalar_subquery()
    )
    rows = session.execute(
        select(
            AgendaItem.session_id,
            AgendaItem.number,
            AgendaItem.endorsements,
            ResultRow.rank,
            ResultRow.score,
            ResultRow.outcome,
            AgendaSession.outcome,
            number,
            SessionResult.tallied_at,
        )
        .join(AgendaSession, AgendaSession.id == AgendaItem.session_id)
        .outerjoin(
            ResultRow,
            and_(
                ResultRow.session_id == AgendaItem.session_id,
                ResultRow.matter_id == AgendaItem.matter_id,
            ),
        )
        .outerjoin(SessionResult, SessionResult.session_id == AgendaItem.session_id)
        .where(AgendaItem.matter_id == matter_id)
        .order_by(SessionResult.tallied_at)
    )
    return [Listing(*row) for row in rows]
