"""What work does to the matter and to the session that it comes from.

Orders and whistles of one matter move one after the other: each move holds the matter alone, after
the session of its resolution where there is one.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, SessionState
from app.kit.moves import record_move
from app.matters.models import Matter, MatterState
from app.matters.services import hold_matter
from app.people.models import Resident
from app.works.orders.models import DONE, OrderState, WorkOrder
from app.works.whistles.models import WHISTLE_DONE, Whistle, WhistleState

BEFORE_WORK = frozenset(
    {
        MatterState.RESOLVED,
        MatterState.DISPATCHED,
        MatterState.WHISTLED,
        MatterState.REOPENED,
    }
)


class WorkDone(NamedTuple):
    """Whether work on a matter goes on, and whether some was found done in this time."""

    goes_on: bool
    is_done: bool


def begin_work(
    session: Session,
    matter: Matter,
    agenda_session: AgendaSession | None,
    by: Resident,
    at: datetime,
) -> None:
    """The first work on a matter carries it out, and with it the session that decided it.

    What stands on a list is voted on first. Raises WrongState.
    """
    matter.require_state(*BEFORE_WORK, MatterState.EXECUTING)
    if matter.state in BEFORE_WORK:
        matter.execute()
        record_move(session, matter, "execute", by, at)
    if agenda_session is not None and agenda_session.state is SessionState.RESOLVED:
        agenda_session.execute()
        record_move(session, agenda_session, "execute", by, at)


def finish_if_done(session: Session, matter_id: UUID, by: Resident, at: datetime) -> None:
    """A matter is done when all work on it that was not withdrawn is verified, some of it since
    the matter was last judged unsolved. Where none was, it is unsolved still and waits again."""
    session.flush()
    matter = hold_matter(session, matter_id)
    work = read_work(session, matter)
    if work.goes_on or matter.state is not MatterState.EXECUTING:
        return
    if work.is_done:
        matter.finish()
        record_move(session, matter, "finish", by, at)
    elif matter.reopened_at is not None:
        matter.give_up_work()
        record_move(session, matter, "give_up_work", by, at)


def read_work(session: Session, matter: Matter) -> WorkDone:
    """How the orders and whistles of a matter stand; what was withdrawn is left out."""
    orders = session.execute(
        select(WorkOrder.state, WorkOrder.verified_at).where(
            WorkOrder.matter_id == matter.id, WorkOrder.state != OrderState.WITHDRAWN
        )
    ).all()
    whistles = session.execute(
        select(Whistle.state, Whistle.closed_at).where(
            Whistle.matter_id == matter.id, Whistle.state != WhistleState.WITHDRAWN
        )
    ).all()
    return WorkDone(
        any(state not in DONE for state, _ in orders)
        or any(state not in WHISTLE_DONE for state, _ in whistles),
        any(matter.counts(done_at) for _, done_at in [*orders, *whistles]),
    )
