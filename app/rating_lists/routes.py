"""URLs of the red and black lists: draft, review, publish, and change after an objection."""

from typing import Any
from uuid import UUID

from app.compounds.models import Community
from app.kit.errors import NotFound, WrongState, found
from app.kit.extensions import db
from app.kit.web.api import Blueprint, read_page
from app.people.guards import EVERYONE_THERE, act, allow, create, current_actor, obtain_community
from app.people.models import Role
from app.rating_lists import refusals, schemas, services
from app.rating_lists.models import ON_THE_BOARD, RatingEntry, RatingList

blp = Blueprint(
    "rating_lists", __name__, description="物业红黑榜 · Red and black lists of property firms"
)

# Who sees a list before it stands on the board.
MAKERS = frozenset({Role.COMMUNITY_SECRETARY, Role.SUBDISTRICT_OFFICER, Role.AUDITOR})
ENTRIES_EXAMPLE = {
    "entries": [
        {
            "compound_id": "0198c0de-0000-7000-8000-000000000001",
            "firm_name": "安居物业服务有限公司",
            "colour": "RED",
            "reason": "三月八件任务全部按期办结",
            "figures": "满意率 9/10 = 90.0%",
        }
    ]
}


@blp.post("/communities/<uuid:community_id>/rating-lists", schemas.RatingListSchema)
@allow(Role.COMMUNITY_SECRETARY)
@blp.arguments(schemas.RatingListArgs, example={"period": "2026-03", **ENTRIES_EXAMPLE})
@blp.creates(refusals.ListExists, refusals.InvalidEntries)
def draft_rating_list(body: dict[str, Any], community_id: UUID) -> RatingList:
    """起草红黑榜 · Draft the list of a month."""
    return create(RatingList, services.draft_list, obtain_community(community_id), **body)


@blp.get("/communities/<uuid:community_id>/rating-lists")
@allow(*EVERYONE_THERE)
@blp.lists(schemas.RatingListBriefSchema)
def list_rating_lists(args: dict[str, Any], community_id: UUID) -> dict[str, Any]:
    """红黑榜列表 · Lists of a community, newest first; drafts are visible to those who make
    them."""
    community = obtain_community(community_id)
    query = db.select(RatingList).where(RatingList.community_id == community_id)
    if not _sees_drafts(community):
        query = query.where(RatingList.state.in_(ON_THE_BOARD))
    return read_page(db.session(), query, RatingList.id, **args)


@blp.get("/rating-lists/<uuid:list_id>", schemas.RatingListSchema)
@allow(*EVERYONE_THERE)
def read_rating_list(list_id: UUID) -> RatingList:
    """一份红黑榜 · One list with its entries."""
    return _obtain_list(list_id)


@blp.put("/rating-lists/<uuid:list_id>", schemas.RatingListSchema)
@allow(Role.COMMUNITY_SECRETARY)
@blp.arguments(schemas.RatingEntriesArgs, example=ENTRIES_EXAMPLE)
@blp.refuses(WrongState, refusals.InvalidEntries)
def revise_rating_list(body: dict[str, Any], list_id: UUID) -> RatingList:
    """修改红黑榜 · Replace the entries of a draft."""
    return act(services.revise_list, _obtain_list(list_id), **body)


@blp.post("/rating-lists/<uuid:list_id>/review", schemas.RatingListSchema)
@allow(Role.SUBDISTRICT_OFFICER)
@blp.refuses(WrongState, refusals.OwnList)
def review_rating_list(list_id: UUID) -> RatingList:
    """审核红黑榜 · Review a draft, as the street office; not by whoever drafted it."""
    return act(services.review_list, _obtain_list(list_id))


@blp.post("/rating-lists/<uuid:list_id>/publish", schemas.RatingListSchema)
@allow(Role.COMMUNITY_SECRETARY)
@blp.refuses(WrongState)
def publish_rating_list(list_id: UUID) -> RatingList:
    """公示红黑榜 · Publish each entry in its compound for 7 days; afterwards the list becomes
    final by itself."""
    return act(services.publish_list, _obtain_list(list_id))


@blp.post("/rating-entries/<uuid:entry_id>/strike", schemas.RatingEntrySchema)
@allow(Role.COMMUNITY_SECRETARY)
@blp.arguments(schemas.StrikeArgs, example={"reason": "异议属实：当月已更换物业企业"})
@blp.refuses(WrongState, refusals.NoObjectionRaised)
def strike_entry(body: dict[str, Any], entry_id: UUID) -> RatingEntry:
    """撤下一条 · Remove an entry from a published list after an objection; its notice is
    corrected."""
    return act(services.strike_entry, _obtain_entry(entry_id), **body)


@blp.post("/rating-entries/<uuid:entry_id>/recolour", schemas.RatingEntrySchema)
@allow(Role.COMMUNITY_SECRETARY)
@blp.arguments(
    schemas.RecolourArgs, example={"colour": "BLACK", "reason": "异议属实：电梯停运十天"}
)
@blp.refuses(WrongState, refusals.NoObjectionRaised, refusals.SameColour)
def recolour_entry(body: dict[str, Any], entry_id: UUID) -> RatingEntry:
    """改列另一榜 · Move an entry to the other list after an objection; its notice is corrected."""
    return act(services.recolour_entry, _obtain_entry(entry_id), **body)


def _obtain_list(list_id: UUID) -> RatingList:
    made = found(db.session.get(RatingList, list_id))
    community = obtain_community(made.community_id)
    if made.state not in ON_THE_BOARD and not _sees_drafts(community):
        raise NotFound
    return made


def _obtain_entry(entry_id: UUID) -> RatingEntry:
    entry = found(db.session.get(RatingEntry, entry_id))
    _obtain_list(entry.list_id)
    return entry


def _sees_drafts(community: Community) -> bool:
    return not current_actor().roles_in_community(community).isdisjoint(MAKERS)
