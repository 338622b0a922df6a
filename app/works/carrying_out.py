"""What work does to the matter and to the session that it comes from.

Orders and whistles of one matter move one after the other: each move holds the matter alone, after
the session of its resolution where there is one.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, SessionState
from app.kit.moves import record_move
from app.matters.models import Matter, MatterState
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


def hold_matter(session: Session, matter_id: UUID) -> Matter:
    """The matter as it is now; its row is held until this transaction ends."""
    return session.get_one(
        Matter,
        matter_id,
        populate_existing=True,
        with_for_update={"of": Matter, "key_share": True},
    )


def begin_work(
    session: Session,
    matter: Matter,
    agenda_session: AgendaSession | None,
    by: Resident,
    at: datetime,
) -> None:
    """The first work on a matter carries it out, and with it the session that decided it."""
    if matter.state in BEFORE_WORK:
        matter.execute()
        record_move(session, matter, "execute", by, at)
    if agenda_session is not None and agenda_session.state is SessionState.RESOLVED:
        agenda_session.execute()
        record_move(session, agenda_session, "execute", by, at)


def finish_if_done(session: Session, matter_id: UUID, by: Resident, at: datetime) -> None:
    """A matter is done when there is work on it, and all that was not withdrawn is verified."""
    session.flush()
    orders = set(
        session.scalars(
            select(WorkOrder.state).where(
                WorkOrder.matter_id == matter_id, WorkOrder.state != OrderState.WITHDRAWN
            )
        )
    )
    whistles = set(
        session.scalars(
            select(Whistle.state).where(
                Whistle.matter_id == matter_id, Whistle.state != WhistleState.WITHDRAWN
            )
        )
    )
    is_done = bool(orders or whistles) and orders <= DONE and whistles <= WHISTLE_DONE
    matter = hold_matter(session, matter_id)
    if is_done and matter.state is MatterState.EXECUTING:
        matter.finish()
        record_move(session, matter, "finish", by, at)
