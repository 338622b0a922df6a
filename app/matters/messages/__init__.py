"""What is told of a matter to those who raised it or support it. Each text is a file beside this
one."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, union_all
from sqlalchemy.orm import Session

from app.kit.audit import AuditEntry
from app.matters.models import Endorsement, Matter, MatterState
from app.messages.models import MessageKind
from app.messages.telling import Message, one_by_one

HERE = Path(__file__).parent


def supporters(session: Session, entries: Sequence[AuditEntry]) -> Mapping[UUID, Collection[UUID]]:
    """Who raised the matter or one that it took in, or supports one of them. Who raised it nobody
    else is told."""
    ids = [entry.thing_id for entry in entries]
    is_one = or_(Matter.id.in_(ids), Matter.merged_into_id.in_(ids))
    raised = select(Matter.id, Matter.merged_into_id, Matter.raised_by_id).where(is_one)
    endorsed = (
        select(Matter.id, Matter.merged_into_id, Endorsement.resident_id)
        .join(Endorsement, Endorsement.matter_id == Matter.id)
        .where(is_one, Endorsement.withdrawn_at.is_(None))
    )
    found: dict[UUID, set[UUID]] = {id_: set() for id_ in ids}
    for matter_id, into_id, resident_id in session.execute(union_all(raised, endorsed)):
        # Of two that are told of at once, one may have been merged into the other.
        for id_ in (matter_id, into_id):
            if id_ in found:
                found[id_].add(resident_id)
    return found


@one_by_one
def _other_raiser(session: Session, merged: Matter, entry: AuditEntry) -> Collection[UUID]:
    """Who raised the matter that takes it in, but for who knows of it by having raised this one."""
    other = session.get_one(Matter, merged.merged_into_id)
    return {other.raised_by_id} - {*supporters(session, [entry])[merged.id]}


def _other(session: Session, merged: Matter) -> Mapping[str, Any]:
    return {"other": session.get_one(Matter, merged.merged_into_id)}


def of_matter(
    kind: MessageKind, folder: Path, verbs: str, into: MatterState | None, why: str, **more: Any
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
    of_matter(MessageKind.MATTER_REFUSED, HERE, "screen", _S.REFUSED, "who would wait for it"),
    of_matter(
        MessageKind.MATTER_CORRECTED,
        HERE,
        "correct",
        None,
        "who supported other words, and may take that back",
    ),
    of_matter(
        MessageKind.MATTER_WITHDRAWN,
        HERE,
        "withdraw",
        _S.WITHDRAWN,
        "who supported what its raiser took back",
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
        "settle shelve",
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
