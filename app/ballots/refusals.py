"""What is said to whoever asks for something of a void vote."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.agenda.models import AgendaSession
from app.ballots.keys.store import KEY_REFUSALS
from app.kit.clock import spoken
from app.kit.errors import DomainError


class VoteVoid(DomainError):
    """The vote's key was lost: no ballot of it counts, and another session holds it again."""

    status, code = 409, "vote_void"
    zh = "这次投票的密钥丢失，投票作废，将重新投票"
    en = "The key of this vote was lost: the vote is void and will be held again"


VOTE_REFUSALS = (*KEY_REFUSALS, VoteVoid)
"""Whatever asks for the keys of a vote is refused with one of these."""


def vote_void(session: Session, session_id: UUID) -> VoteVoid:
    """The refusal for this session, naming the one that holds its vote again."""
    again = aliased(AgendaSession)
    query = (
        select(again.id, again.voting_opens_at)
        .join(AgendaSession, AgendaSession.successor_id == again.id)
        .where(AgendaSession.id == session_id)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        return VoteVoid()
    successor_id, opens_at = found
    return VoteVoid(
        zh=f"重新投票自 {spoken(opens_at)} 开始（{successor_id}）",
        en=f"It is held again from {spoken(opens_at)} on, as session {successor_id}",
    )
