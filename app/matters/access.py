"""What somebody sees of matters, and who may raise one."""

from collections.abc import Sequence
from typing import Any

from app.attachments.services import attachments_of
from app.kit.extensions import db
from app.matters.models import Matter
from app.matters.services import count_endorsements, read_own_part
from app.people.actor import Actor
from app.people.models import Role

# Residents for themselves; the others write down what a resident brings to them.
RAISERS = (Role.RESIDENT, Role.BUILDING_HEAD, Role.GRID_WORKER, Role.BRANCH_SECRETARY)
READERS_OF_REASONS = frozenset({Role.BRANCH_SECRETARY, Role.COMMUNITY_SECRETARY, Role.AUDITOR})


def matters_as_seen(actor: Actor, matters: Sequence[Matter]) -> list[dict[str, Any]]:
    """The matters as `MatterSchema` writes them for this person."""
    ids = [matter.id for matter in matters]
    endorsements = count_endorsements(db.session(), ids)
    own = read_own_part(db.session(), actor.id, ids)
    return [
        {
            **{name: getattr(matter, name) for name in _PLAIN},
            "reason": (
                matter.reason
                if matter.id in own.merged or _may_read_reason(actor, matter)
                else None
            ),
            "endorsements": endorsements.get(matter.id, 0),
            "is_endorsed": matter.id in own.endorsed,
            "endorsed_version": own.endorsed.get(matter.id),
            "is_mine": matter.raised_by_id == actor.id,
        }
        for matter in matters
    ]


def matter_with_photos(actor: Actor, matter: Matter) -> dict[str, Any]:
    """The matter as `MatterDetailSchema` writes it for this person."""
    found = attachments_of(db.session(), [matter.id])
    return {**matters_as_seen(actor, [matter])[0], "attachments": found.get(matter.id, [])}


_PLAIN = (
    "id",
    "compound_id",
    "number",
    "title",
    "body",
    "category",
    "state",
    "raised_at",
    "merged_into_id",
    "carry_over",
    "version",
)


def _may_read_reason(actor: Actor, matter: Matter) -> bool:
    return matter.raised_by_id == actor.id or bool(
        READERS_OF_REASONS & actor.roles_in(matter.compound)
    )
