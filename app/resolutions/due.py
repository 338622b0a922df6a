"""Resolutions follow the clock: one takes effect when its notice has ended and every objection is
answered; and where the key of a secret vote was missed, whoever comes looks for it again.
"""

from flask import current_app
from sqlalchemy import and_
from sqlalchemy.orm import Session

from app.board.objections import is_settled, settled_at
from app.board.posting import post
from app.kit.due import Due
from app.kit.moves import begin_move, record_move
from app.kit.orm import constant
from app.resolutions import notices
from app.resolutions.models import Resolution, ResolutionState
from app.resolutions.vote.lost_keys import follow_key


def take_effect(session: Session, resolution: Resolution) -> None:
    """Let the resolution take effect if it is due by the database's clock; the caller commits.

    It is in force from the end of its notice, or from the last answer to an objection where that
    came later.
    """
    at = begin_move(session, resolution)
    notice_id, ends_at = resolution.notice_id, resolution.notice_ends_at
    if resolution.state is not ResolutionState.NOTICED or notice_id is None or ends_at is None:
        return
    since = settled_at(session, [notice_id], ends_at, at)
    if since is None:
        return
    resolution.take_effect(since)
    record_move(session, resolution, "take_effect", None, at)
    if resolution.supersedes is not None:
        resolution.supersedes.be_superseded()
        record_move(
            session, resolution.supersedes, "be_superseded", None, at, reason=str(resolution.id)
        )
    post(session, notices.RESOLUTION_EFFECTIVE, resolution, at)


def look_for_key(session: Session, resolution: Resolution) -> None:
    """Note what has become of the key of a secret vote."""
    follow_key(session, resolution, current_app.extensions["keys"])


MISSED_KEYS = Due(
    "missed_resolution_keys",
    Resolution,
    and_(
        Resolution.state == constant(ResolutionState.TABLED),
        Resolution.key_missing_since.is_not(None),
    ),
    look_for_key,
)
RESOLUTIONS = Due(
    "resolutions",
    Resolution,
    and_(
        Resolution.state == constant(ResolutionState.NOTICED),
        is_settled(Resolution.notice_id, Resolution.notice_ends_at),
    ),
    take_effect,
    "已生效 {} 项决议",
    "resolutions in force: {}",
)
