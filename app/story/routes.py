"""The URL of the story of a matter."""

from typing import Any
from uuid import UUID

from app.kit.extensions import db
from app.kit.web.api import Blueprint
from app.matters.models import Matter
from app.people.guards import EVERYONE_THERE, allow, obtain
from app.story.schemas import StorySchema
from app.story.sources import read_sources
from app.story.telling import tell

blp = Blueprint("story", __name__, description="一件事的全程 · The story of a matter")


@blp.get("/matters/<uuid:matter_id>/story", StorySchema)
@allow(*EVERYONE_THERE)
def read_story(matter_id: UUID) -> dict[str, Any]:
    """一件事的全程 · Everything public that happened to a matter, oldest first."""
    matter = obtain(Matter, matter_id)
    entries = tell(matter, read_sources(db.session(), matter))
    return {
        "matter_id": matter.id,
        "title": matter.title,
        "category": matter.category,
        "entries": entries,
    }
