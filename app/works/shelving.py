"""暂缓: the end of a matter that nobody carries on any more."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.board.posting import post
from app.kit import locks
from app.kit.audit import AuditEntry
from app.kit.clock import read_database_clock
from app.kit.moves import record_move
from app.matters.models import Matter, MatterState
from app.matters.services import hold_matter
from app.people.models import Resident
from app.resolutions.models import BINDING, Resolution
from app.works import notices
from app.works.carrying_out import read_work
from app.works.refusals import MatterIsDecided, WorkGoesOn

DECIDED = frozenset({MatterState.RESOLVED, MatterState.EXECUTING})
# What is on a list, or opened again, has a way of its own.
ENDS = DECIDED | {MatterState.OWNER_VOTE, MatterState.DISPATCHED, MatterState.WHISTLED}


def shelve_matter(session: Session, matter: Matter, by: Resident, reason: str) -> None:
    """Shelve a matter on which no work goes on and no resolution binds any more: it was superseded,
    the owners did not pass it, or the work is not wanted. It may be raised again.

    Raises WrongState, MatterIsDecided, WorkGoesOn.
    """
    locks.hold_alone(session, matter.id)
    matter = hold_matter(session, matter.id)
    at = read_database_clock(session)
    matter.require_state(*ENDS)
    if matter.state in DECIDED and _is_decided(session, matter):
        raise MatterIsDecided
    if read_work(session, matter).goes_on:
        raise WorkGoesOn
    matter.shelve(reason)
    record_move(session, matter, "shelve", by, at, reason=reason)
    post(session, notices.MATTER_SHELVED, matter, at)


def _is_decided(session: Session, matter: Matter) -> bool:
    """Whether a resolution binds, or the owners passed it."""
    binding = select(Resolution.id).where(
        Resolution.matter_id == matter.id, Resolution.state.in_(BINDING)
    )
    # The owners' votes stand in a later room; the log tells of them here.
    by_owners = select(AuditEntry.id).where(
        AuditEntry.thing_id == matter.id, AuditEntry.verb == "record_owner_vote"
    )
    return bool(session.scalar(select(or_(binding.exists(), by_owners.exists()))))
