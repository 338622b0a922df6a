"""What stands in the rows: every thing that an address can name, with its state."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, case, cast, literal, null, select
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession
from app.ballots.paper.slips import PaperBatch, PaperSlip
from app.board.models import Objection, PublicNotice
from app.cases.models import Case
from app.conventions.models import Convention, ConventionVersion
from app.conventions.texts.clauses import Clause, ConventionFlag
from app.deliberation.models import SolutionCard
from app.evaluations.rounds.models import EvaluationRound
from app.matters.models import Matter
from app.messages.models import InboxMessage
from app.people.models import Appointment, Residence
from app.rating_lists.models import RatingEntry, RatingList
from app.resolutions.models import Resolution
from app.works.hours.models import WorkHours
from app.works.orders.models import WorkOrder
from app.works.whistles.models import Whistle


@dataclass(frozen=True)
class Thing:
    """Something that an address names by `kind`; `of` is what it belongs to."""

    kind: str
    id: UUID
    state: str
    compound_id: UUID | None
    of: UUID | None = None
    name: str = ""
    row: Any = field(default=None, compare=False)


def _rows(model: Any, of: Any = None, state: Any = None, name: Any = None) -> Select[Any]:
    compound = getattr(model, "compound_id", None)
    return select(
        model.id,
        model.state if state is None else state,
        null() if compound is None else compound,
        null() if of is None else of,
        null() if name is None else name,
    ).order_by(model.id)


def _stated(condition: Any, yes: str, no: str) -> Any:
    return case((condition, literal(yes)), else_=literal(no))


QUERIES: dict[str, Select[Any]] = {
    "session_id": _rows(AgendaSession, AgendaSession.community_id, name=AgendaSession.mode),
    "matter_id": _rows(Matter, Matter.raised_by_id),
    "message_id": _rows(
        InboxMessage, InboxMessage.resident_id, literal("UNREAD"), InboxMessage.kind
    ).where(InboxMessage.resident_id.is_not(None)),
    "residence_id": _rows(Residence, Residence.resident_id),
    "appointment_id": _rows(
        Appointment,
        Appointment.resident_id,
        _stated(Appointment.ended_at.is_(None), "HELD", "ENDED"),
        Appointment.role,
    ),
    "batch_id": _rows(PaperBatch, PaperBatch.session_id, literal("ISSUED")),
    "serial": _rows(
        PaperSlip,
        PaperSlip.session_id,
        case(
            (AgendaSession.state.in_(["VOTING", "EXTENDED"]), cast(PaperSlip.state, String)),
            else_=literal("OVER"),
        ),
        PaperSlip.serial,
    ).join(AgendaSession, AgendaSession.id == PaperSlip.session_id),
    "card_id": _rows(SolutionCard, SolutionCard.session_id),
    "resolution_id": _rows(Resolution, Resolution.session_id, name=Resolution.method),
    "convention_id": _rows(
        Convention,
        state=_stated(
            select(ConventionVersion.id)
            .where(
                ConventionVersion.convention_id == Convention.id,
                ConventionVersion.state == "IN_FORCE",
            )
            .exists(),
            "IN_FORCE",
            "OTHER",
        ),
        name=Convention.legal_type,
    ),
    "version_id": _rows(
        ConventionVersion, ConventionVersion.convention_id, name=Convention.legal_type
    ).join(Convention, Convention.id == ConventionVersion.convention_id),
    "clause_id": select(
        Clause.id,
        _stated(Clause.is_active, "ACTIVE", "INACTIVE"),
        ConventionVersion.compound_id,
        Clause.version_id,
        ConventionVersion.state,
    )
    .join(ConventionVersion, ConventionVersion.id == Clause.version_id)
    .order_by(Clause.version_id, Clause.number),
    "flag_id": select(
        ConventionFlag.id,
        _stated(ConventionFlag.decision.is_(None), "OPEN", "DECIDED"),
        ConventionVersion.compound_id,
        ConventionFlag.version_id,
        ConventionVersion.state,
    )
    .join(ConventionVersion, ConventionVersion.id == ConventionFlag.version_id)
    .order_by(ConventionFlag.version_id, ConventionFlag.clause_number, ConventionFlag.position),
    "order_id": _rows(WorkOrder, WorkOrder.matter_id, name=WorkOrder.way),
    "hours_id": _rows(
        WorkHours, WorkHours.member_id, _stated(WorkHours.minutes > 0, "GIVEN", "REVERSED")
    ),
    "whistle_id": _rows(Whistle, Whistle.matter_id),
    "round_id": _rows(
        EvaluationRound, EvaluationRound.subject_id, name=EvaluationRound.subject_kind
    ),
    "case_id": _rows(Case, Case.matter_id),
    "list_id": _rows(RatingList, RatingList.community_id),
    "entry_id": _rows(RatingEntry, RatingEntry.list_id, RatingList.state).join(
        RatingList, RatingList.id == RatingEntry.list_id
    ),
    "notice_id": _rows(
        PublicNotice,
        PublicNotice.about_id,
        _stated(PublicNotice.withdrawn_at.is_(None), "PUBLISHED", "WITHDRAWN"),
        PublicNotice.kind,
    ),
    "objection_id": _rows(
        Objection,
        Objection.notice_id,
        _stated(Objection.answered_at.is_(None), "RAISED", "ANSWERED"),
    ),
}


Things = dict[str, list[Thing]]


def read_things(session: Session) -> Things:
    """Everything, oldest first."""
    return {
        kind: [
            Thing(kind, id_, str(state), compound, of, "" if name is None else str(name))
            for id_, state, compound, of, name in session.execute(query)
        ]
        for kind, query in QUERIES.items()
    }
