"""What a round of the finaliser does, step by step: what is due, and how one such thing moves.

Each feature knows both (`app.following`); here stands only the order. Things move one by one, each
in a commit of its own, so that one that cannot move holds up no other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session

from app import following
from app.agenda.models import AgendaSession, SessionState
from app.attachments.purging import purge
from app.ballots.keys import lost as lost_keys
from app.ballots.keys.changes import forget_former
from app.ballots.keys.store import KeyStore
from app.ballots.sealing import closed_with_key, erase_what_is_left
from app.kit.due import Due
from app.resolutions.models import Resolution, ResolutionState
from app.resolutions.vote import lost_keys as lost_resolution_keys


@dataclass(frozen=True)
class Step:
    """`due` tells ids of things that the clock has reached, `move` moves one of them, commits, and
    tells how many moved with it. `zh` and `en` say what was done, with the number. What is always
    looked for is not counted among what is due."""

    name: str
    due: Callable[[Session], Sequence[UUID]]
    move: Callable[[Session, UUID], int]
    zh: str
    en: str
    is_counted: bool = True

    def words(self, count: int) -> str:
        return f"{self.zh.format(count)} · {self.en.format(count)}"


def step_of(due: Due) -> Step:
    """What is registered as due, as a step."""

    def move(session: Session, thing_id: UUID) -> int:
        return int(due.move_one(session, thing_id))

    return Step(due.name, due.find, move, due.zh, due.en)


def the_keys() -> KeyStore:
    """The key store, or what stands in its place while it is away."""
    keys: KeyStore = current_app.extensions["keys"]
    return keys


def with_keys(
    find: Callable[[Session, KeyStore], list[UUID]],
) -> Callable[[Session], list[UUID]]:
    """What is found with the help of the key store."""
    return lambda session: find(session, the_keys())


def erasing(
    erase: Callable[[Session, UUID, KeyStore], object],
) -> Callable[[Session, UUID], int]:
    """Erase a key that nothing needs any more."""

    def move(session: Session, owner_id: UUID) -> int:
        erase(session, owner_id, the_keys())
        return 1

    return move


def follow_key(session: Session, session_id: UUID) -> int:
    """Note what has become of a vote's key; how many votes are void by that."""
    agenda_session = session.get_one(AgendaSession, session_id)
    lost_keys.follow_key(session, agenda_session, the_keys())
    session.commit()
    return int(agenda_session.state is SessionState.VOID)


def follow_resolution_key(session: Session, resolution_id: UUID) -> int:
    """The same for a secret vote on a resolution."""
    resolution = session.get_one(Resolution, resolution_id)
    lost_resolution_keys.follow_key(session, resolution, the_keys())
    session.commit()
    return int(resolution.state is ResolutionState.VOID)


def forget_former_keys(session: Session, _: UUID) -> int:
    """Erase former keys of the operator that no vote needs."""
    return forget_former(session, the_keys(), the_keys().held())


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
        with_keys(lost_keys.doubtful_votes),
        follow_key,
        "密钥丢失，已作废 {} 期投票，重新举行",
        "votes void since their key is lost, to be held again: {}",
        is_counted=False,
    ),
    Step(
        "lost_resolution_keys",
        with_keys(lost_resolution_keys.doubtful_votes),
        follow_resolution_key,
        "密钥丢失，已作废 {} 次决议表决",
        "votes on resolutions void since their key is lost: {}",
        is_counted=False,
    ),
    *map(step_of, following.TERMS),
    Step(
        "keys_to_erase",
        with_keys(closed_with_key),
        erasing(erase_what_is_left),
        "已删除 {} 把过期密钥",
        "keys of sealed votes erased: {}",
    ),
    Step(
        "resolution_keys_to_erase",
        with_keys(lost_resolution_keys.over_with_key),
        erasing(lost_resolution_keys.forget),
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
        "uploads",
        anywhere,
        purge_uploads,
        "已清除 {} 个未用附件",
        "unused uploads purged: {}",
        is_counted=False,
    ),
)
