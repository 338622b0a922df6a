"""What is told of a matter to those who raised it or support it. Each text is a file beside this
one."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, union
from sqlalchemy.orm import Session

from app.kit.audit import AuditEntry
from app.matters.models import Endorsement, Matter, MatterState
from app.messages.models import MessageKind
from app.messages.telling import Message

HERE = Path(__file__).parent


def supporters(session: Session, matter: Matter, entry: AuditEntry) -> Collection[UUID]:
    """Who raised the matter or one that it took in, or supports one of them. Who raised it nobody
    else is told."""
    is_one = or_(Matter.id == matter.id, Matter.merged_into_id == matter.id)
    raised = select(Matter.raised_by_id).where(is_one)
    endorsed = (
        select(Endorsement.resident_id)
        .join(Matter, Endorsement.matter_id == Matter.id)
        .where(is_one, Endorsement.withdrawn_at.is_(None))
    )
    return session.scalars(union(raised, endorsed)).all()


def _other_raiser(session: Session, merged: Matter, entry: AuditEntry) -> Collection[UUID]:
    """Who raised the matter that takes it in, but for who knows of it by having raised this one."""
    other = session.get_one(Matter, merged.merged_into_id)
    return {other.raised_by_id} - {*supporters(session, merged, entry)}


def _other(session: Session, merged: Matter) -> Mapping[str, Any]:
    return {"other": session.get_one(Matter, merged.merged_into_id)}


def of_matter(
    kind: MessageKind, folder: Path, verbs: str, into: MatterState, why: str, **more: Any
) -> Message:
    """A message about a matter, to those who raised it or support it unless another `to` is
    given."""
    to = more.pop("to", supporters)
    return Message(kind, folder, "matter", Matter, verbs, to, why, into, **more)


_S = MatterState
MESSAGES = (
    of_matter(
        MessageKind.MATTER_LISTED,
        HERE,
        "screen relist",
        _S.LISTED,
        "who wants to know whether it will be voted on",
    ),
    of_matter(
        MessageKind.MATTER_MERGED,
        HERE,
        "screen",
        _S.MERGED,
        "who finds it under another name from now on",
        also=_other,
    ),
    of_matter(
        MessageKind.MATTER_TOOK_IN,
        HERE,
        "screen",
        _S.MERGED,
        "who raised the one that speaks for both now (R13: both raisers are told)",
        to=_other_raiser,
        also=_other,
    ),
    of_matter(
        MessageKind.MATTER_DISPATCHED,
        HERE,
        "screen",
        _S.DISPATCHED,
        "who would wait for it on the list",
    ),
    of_matter(
        MessageKind.MATTER_WHISTLED,
        HERE,
        "screen",
        _S.WHISTLED,
        "who would wait for it on the list",
    ),
    of_matter(
        MessageKind.MATTER_REFUSED, HERE, "screen", _S.REFUSED, "who is owed the reason for it"
    ),
    of_matter(
        MessageKind.MATTER_CHOSEN,
        HERE,
        "tally",
        _S.SELECTED,
        "who may put solutions for it at the round table",
    ),
    of_matter(
        MessageKind.MATTER_NOT_CHOSEN,
        HERE,
        "tally",
        _S.DEFERRED,
        "who is told that it is not lost (R7)",
    ),
    of_matter(
        MessageKind.MATTER_SHELVED,
        HERE,
        "settle",
        _S.SHELVED,
        "who may raise it again",
    ),
    of_matter(
        MessageKind.MATTER_LEFT_TO_OWNERS,
        HERE,
        "settle",
        _S.OWNER_VOTE,
        "who is told that others decide it (Civil Code 278)",
    ),
)
