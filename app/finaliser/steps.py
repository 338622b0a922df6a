"""What a round of the finaliser does, step by step: what is due, and how one such thing moves.

Each feature knows both (`clock_moves.py`); here stands only the order. Things move one by one, each
in a commit of its own, so that one that cannot move holds up no other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, SessionState
from app.attachments.clock_moves import purge
from app.ballots.clock_moves import due_sessions, move_session
from app.ballots.keys import lost as lost_keys
from app.ballots.keys.changes import forget_former
from app.ballots.keys.store import KeyStore
from app.ballots.sealing import closed_with_key, erase_what_is_left
from app.conventions.clock_moves import due_versions, follow_notices
from app.evaluations.rounds.asking import close_round
from app.evaluations.rounds.clock_moves import due_rounds
from app.evaluations.rounds.models import EvaluationRound
from app.kit.orm import Base
from app.rating_lists.clock_moves import due_lists, finalise_list
from app.rating_lists.models import RatingList
from app.resolutions.clock_moves import due_resolutions, take_effect
from app.resolutions.models import Resolution, ResolutionState
from app.resolutions.vote import lost_keys as lost_resolution_keys
from app.works.clock_moves import due_orders, due_whistles, escalate_order, escalate_whistle
from app.works.orders.models import WorkOrder
from app.works.whistles.models import Whistle

T = TypeVar("T", bound=Base)
Move = Callable[[Session, UUID], int]


@dataclass(frozen=True)
class Step:
    """`due` tells ids of things that the clock has reached, `move` moves one of them, commits, and
    tells how many moved with it. `zh` and `en` say what was done, with the number. What is always
    looked for is not counted among what is due."""

    name: str
    due: Callable[[Session], Sequence[UUID]]
    move: Move
    zh: str
    en: str
    is_counted: bool = True

    def words(self, count: int) -> str:
        return f"{self.zh.format(count)} · {self.en.format(count)}"


def one(model: type[T], verb: Callable[[Session, T], None]) -> Move:
    """A move that hands its row to the feature's own verb."""

    def move(session: Session, thing_id: UUID) -> int:
        verb(session, session.get_one(model, thing_id))
        session.commit()
        return 1

    return move


def the_keys() -> KeyStore:
    """The key store, or what stands in its place while it is away."""
    keys: KeyStore = current_app.extensions["keys"]
    return keys


def doubtful_votes(session: Session) -> list[UUID]:
    """Open votes whose key may be gone from the store."""
    return lost_keys.doubtful_votes(session, the_keys())


def follow_key(session: Session, session_id: UUID) -> int:
    """Note what has become of a vote's key; how many votes are void by that."""
    agenda_session = session.get_one(AgendaSession, session_id)
    lost_keys.follow_key(session, agenda_session, the_keys())
    session.commit()
    return int(agenda_session.state is SessionState.VOID)


def doubtful_resolutions(session: Session) -> list[UUID]:
    """Open secret votes on resolutions whose key may be gone from the store."""
    return lost_resolution_keys.doubtful_votes(session, the_keys())


def follow_resolution_key(session: Session, resolution_id: UUID) -> int:
    """The same for a secret vote on a resolution."""
    resolution = session.get_one(Resolution, resolution_id)
    lost_resolution_keys.follow_key(session, resolution, the_keys())
    session.commit()
    return int(resolution.state is ResolutionState.VOID)


def keys_to_erase(session: Session) -> list[UUID]:
    """Sealed sessions and void votes whose key is still held."""
    return closed_with_key(session, the_keys())


def erase_key(session: Session, session_id: UUID) -> int:
    """Erase the key of a session that is over, after its ballots."""
    erase_what_is_left(session, session_id, the_keys())
    return 1


def resolution_keys_to_erase(session: Session) -> list[UUID]:
    """Resolutions whose vote is over and whose key is still held."""
    return lost_resolution_keys.over_with_key(session, the_keys())


def erase_resolution_key(session: Session, resolution_id: UUID) -> int:
    """Erase the key of a vote on a resolution that is over."""
    lost_resolution_keys.forget(session, resolution_id, the_keys())
    return 1


def forget_former_keys(session: Session, _: UUID) -> int:
    """Erase former keys of the operator that no vote needs."""
    return forget_former(session, the_keys(), the_keys().held())


def follow_notice(session: Session, version_id: UUID) -> int:
    """Let a version of a convention, and resolutions under it, follow its notice."""
    follow_notices(session, [version_id])
    return 1


EVERYWHERE = UUID(int=0)


def anywhere(session: Session) -> list[UUID]:
    """Uploads are looked for in the store as a whole, also those that no row tells of."""
    return [EVERYWHERE]


def purge_uploads(session: Session, _: UUID) -> int:
    """Clear away what nothing claimed within a day."""
    return purge(session, current_app.extensions["attachment_store"])


STEPS = (
    # Before the sessions: a vote whose key is lost for good is void, and no longer due to close.
    Step(
        "lost_keys",
        doubtful_votes,
        follow_key,
        "密钥丢失，已作废 {} 期投票，重新举行",
        "votes void since their key is lost, to be held again: {}",
        is_counted=False,
    ),
    Step(
        "lost_resolution_keys",
        doubtful_resolutions,
        follow_resolution_key,
        "密钥丢失，已作废 {} 次决议表决",
        "votes on resolutions void since their key is lost: {}",
        is_counted=False,
    ),
    Step(
        "sessions",
        due_sessions,
        one(AgendaSession, move_session),
        "已推进 {} 期",
        "sessions moved: {}",
    ),
    Step(
        "keys_to_erase",
        keys_to_erase,
        erase_key,
        "已删除 {} 把过期密钥",
        "keys of sealed votes erased: {}",
    ),
    Step(
        "resolution_keys_to_erase",
        resolution_keys_to_erase,
        erase_resolution_key,
        "已删除 {} 把决议表决的密钥",
        "keys of votes on resolutions erased: {}",
    ),
    Step(
        "former_keys",
        anywhere,
        forget_former_keys,
        "已删除 {} 把不再用的运营者旧密钥",
        "former operator's keys erased: {}",
        is_counted=False,
    ),
    Step(
        "resolutions",
        due_resolutions,
        one(Resolution, take_effect),
        "已生效 {} 项决议",
        "resolutions in force: {}",
    ),
    Step(
        "orders",
        due_orders,
        one(WorkOrder, escalate_order),
        "已督办 {} 件逾期工单",
        "overdue orders escalated: {}",
    ),
    Step(
        "whistles",
        due_whistles,
        one(Whistle, escalate_whistle),
        "已督办 {} 件逾期吹哨",
        "overdue whistles escalated: {}",
    ),
    Step(
        "conventions",
        due_versions,
        follow_notice,
        "已推进 {} 份规约",
        "conventions moved: {}",
    ),
    Step(
        "evaluations",
        due_rounds,
        one(EvaluationRound, close_round),
        "已截止 {} 次民评",
        "evaluations closed: {}",
    ),
    Step(
        "rating_lists",
        due_lists,
        one(RatingList, finalise_list),
        "已定 {} 份物业红黑榜",
        "rating lists made final: {}",
    ),
    Step(
        "uploads",
        anywhere,
        purge_uploads,
        "已清除 {} 个未用附件",
        "unused uploads purged: {}",
        is_counted=False,
    ),
)
