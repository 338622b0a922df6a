"""What is told of a matter's end to those who raised it or support it. Each text is a file beside
this one."""

from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.evaluations.follow_ups import is_doer
from app.kit.audit import AuditEntry
from app.matters.messages import of_matter, supporters
from app.matters.models import Matter, MatterState
from app.messages.models import MessageKind
from app.messages.telling import one_by_one
from app.people.models import Residence, ResidenceState
from app.works.orders.models import WorkOrder
from app.works.whistles.models import Whistle

HERE = Path(__file__).parent


@one_by_one
def _asked(session: Session, matter: Matter, entry: AuditEntry) -> Collection[UUID]:
    """Those of them who live there still and did none of the work: nobody says what the own work
    was worth."""
    live_there = set(
        session.scalars(
            select(Residence.resident_id).where(
                Residence.compound_id == matter.compound_id,
                Residence.state == ResidenceState.VERIFIED,
            )
        )
    )
    works: list[WorkOrder | Whistle] = [
        *session.scalars(select(WorkOrder).where(WorkOrder.matter_id == matter.id)),
        *session.scalars(select(Whistle).where(Whistle.matter_id == matter.id)),
    ]
    return [
        each
        for each in supporters(session, [entry])[matter.id]
        if each in live_there and not any(is_doer(work, each) for work in works)
    ]


MESSAGES = (
    of_matter(
        MessageKind.MATTER_DONE,
        HERE,
        "finish",
        MatterState.DONE,
        "who is asked whether it is solved (L6-23)",
        to=_asked,
    ),
    of_matter(
        MessageKind.MATTER_CLOSED, HERE, "close", MatterState.CLOSED, "who wanted it dealt with"
    ),
    of_matter(
        MessageKind.MATTER_REOPENED,
        HERE,
        "reopen give_up_work",
        MatterState.REOPENED,
        "who is told that it goes on",
    ),
)
