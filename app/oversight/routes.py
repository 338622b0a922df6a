"""URLs of the log of every move, for auditors."""

from functools import partial
from typing import Any
from uuid import UUID

from app.kit.audit import AuditLink, check_chain
from app.kit.extensions import db
from app.kit.web.api import Blueprint, read_page
from app.oversight.schemas import ChainSchema, LogArgs, LogSchema
from app.oversight.services import as_read, as_told, entries_of
from app.people.guards import allow, obtain_community, obtain_compound
from app.people.models import Role

blp = Blueprint("oversight", __name__, description="监督 · The log of every move, and its recount")


@blp.get("/compounds/<uuid:compound_id>/audit", LogSchema)
@allow(Role.AUDITOR)
@blp.arguments(LogArgs, location="query")
def read_compound_log(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """小区工作记录 · Every move in a compound, newest first."""
    obtain_compound(compound_id)
    return _read_log(compound_id, args)


@blp.get("/compounds/<uuid:compound_id>/audit/check", ChainSchema)
@allow(Role.AUDITOR)
def check_compound_log(compound_id: UUID) -> dict[str, Any]:
    """核对小区工作记录 · Verify the hash chain of a compound's log."""
    obtain_compound(compound_id)
    return as_told(check_chain(db.session(), compound_id))


@blp.get("/communities/<uuid:community_id>/audit", LogSchema)
@allow(Role.AUDITOR)
@blp.arguments(LogArgs, location="query")
def read_community_log(args: dict[str, Any], community_id: UUID) -> dict[str, Any]:
    """社区工作记录 · Moves of the community itself, such as those of its host list, newest
    first."""
    obtain_community(community_id)
    return _read_log(community_id, args)


@blp.get("/communities/<uuid:community_id>/audit/check", ChainSchema)
@allow(Role.AUDITOR)
def check_community_log(community_id: UUID) -> dict[str, Any]:
    """核对社区工作记录 · Verify the hash chain of the community's own log."""
    obtain_community(community_id)
    return as_told(check_chain(db.session(), community_id))


def _read_log(chain_id: UUID, args: dict[str, Any]) -> dict[str, Any]:
    paging = {name: args.pop(name) for name in ("limit", "cursor")}
    query, show = entries_of(chain_id, **args), partial(as_read, db.session())
    return read_page(db.session(), query, AuditLink.number, show=show, **paging)
