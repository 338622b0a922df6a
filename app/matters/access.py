"""Matters as one person sees them."""

from collections.abc import Sequence
from typing import Any

from app.kit.extensions import db
from app.matters import services
from app.matters.models import Matter
from app.people.actor import Actor
from app.people.models import Role

READERS_OF_REASONS = frozenset({Role.BRANCH_SECRETARY, Role.COMMUNITY_SECRETARY, Role.AUDITOR})
_PLAIN = (
    "id",
    "compound_id",
    "title",
    "body",
    "category",
    "state",
    "raised_at",
    "merged_into_id",
    "carry_over",
)


def seen_by(actor: Actor, matters: Sequence[Matter]) -> list[dict[str, Any]]:
    """The matters as `MatterSchema` writes them."""
    ids = [matter.id for matter in matters]
    endorsements = services.count_endorsements(db.session(), ids)
    own = services.read_own_part(db.session(), actor.id, ids)
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
            "is_mine": matter.raised_by_id == actor.id,
        }
        for matter in matters
    ]


def _may_read_reason(actor: Actor, matter: Matter) -> bool:
    return matter.raised_by_id == actor.id or bool(
        READERS_OF_REASONS & actor.roles_in(matter.compound)
    )
