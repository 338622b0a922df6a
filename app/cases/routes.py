"""URLs of the case library: write, publish, search, adopt, and what comes up again and again."""

from typing import Any
from uuid import UUID

from app.cases import adopting, refusals, schemas, writing
from app.cases.access import EDITORS, READERS, find_case
from app.cases.frequent import FrequentCategories, frequent_categories
from app.cases.models import Case, ConventionLineage
from app.cases.search import find_published
from app.conventions.access import obtain_convention
from app.conventions.models import ConventionVersion
from app.kit import clock
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, page_of, read_page
from app.matters.models import Matter
from app.people.guards import (
    EVERYONE_THERE,
    act,
    allow,
    create,
    obtain,
    obtain_community,
    obtain_compound,
    signed_in,
)
from app.people.models import Role

blp = Blueprint("cases", __name__, description="案例库 · Solved matters for others to adopt")

CASE_PAGE = page_of(schemas.CaseBriefSchema)
CASE_EXAMPLE = {
    "title": "消防通道不再停车",
    "problem": "晚上八点以后车停到消防通道上，救护车进不来。",
    "solution": "划黄线，清理僵尸车 8 辆，与隔壁商场商定夜间错时停车。",
    "category": "PARKING",
    "convention_id": "0198c0de-0000-7000-8000-000000000001",
}


@blp.post("/matters/<uuid:matter_id>/cases", schemas.CaseSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.CaseArgs, example=CASE_EXAMPLE)
@blp.creates(WrongState, refusals.CaseExists, refusals.InvalidConvention, refusals.PersonalData)
def draft_case(body: dict[str, Any], matter_id: UUID) -> Case:
    """写案例 · Draft a case about a solved matter, without names and personal numbers."""
    return create(Case, writing.draft_case, obtain(Matter, matter_id), **body)


@blp.put("/cases/<uuid:case_id>", schemas.CaseSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.CaseArgs, example=CASE_EXAMPLE)
@blp.refuses(WrongState, refusals.InvalidConvention, refusals.PersonalData)
def revise_case(body: dict[str, Any], case_id: UUID) -> Case:
    """修改案例 · Replace the content of a draft."""
    return act(writing.revise_case, obtain(Case, case_id), **body)


@blp.post("/cases/<uuid:case_id>/publish", schemas.CaseSchema)
@allow(Role.COMMUNITY_SECRETARY)
@blp.refuses(WrongState, refusals.OwnCase, refusals.ConventionNotInForce, refusals.PersonalData)
def publish_case(case_id: UUID) -> Case:
    """审核并发布案例 · Review a case and publish it in the library; it cannot change afterwards."""
    return act(writing.publish_case, obtain(Case, case_id))


@blp.post("/cases/<uuid:case_id>/withdraw", schemas.CaseSchema)
@allow(*EDITORS)
@blp.arguments(schemas.CaseReasonArgs, example={"reason": "做法已被新的规约代替"})
@blp.refuses(WrongState)
def withdraw_case(body: dict[str, Any], case_id: UUID) -> Case:
    """撤回案例 · Take a case out of the library, or discard a draft."""
    return act(writing.withdraw_case, obtain(Case, case_id), body["reason"])


@blp.get("/cases/<uuid:case_id>", schemas.CaseSchema)
@signed_in
def read_case(case_id: UUID) -> Case:
    """一个案例 · One case; drafts are visible to those who write and review them."""
    return find_case(case_id)


@blp.get("/cases", CASE_PAGE)
@signed_in
@blp.arguments(schemas.CaseSearchArgs, location="query")
@blp.refuses(refusals.TooManyWords)
def list_cases(args: dict[str, Any]) -> dict[str, Any]:
    """查找案例 · Published cases of the whole city, newest first; filter by category and up to
    five words.

    Each word must occur in the title, problem, solution or convention; `%` and `_` have no
    special meaning.
    """
    return read_page(db.session(), find_published(args.pop("q")), Case.id, **args)


@blp.get("/compounds/<uuid:compound_id>/cases", CASE_PAGE)
@allow(*READERS)
@blp.arguments(schemas.CaseListArgs, location="query")
def list_cases_of_compound(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """本小区的案例 · Cases of a compound in all states, for those who write and review them."""
    obtain_compound(compound_id)
    query = (
        db.select(Case).where(Case.compound_id == compound_id).options(db.joinedload(Case.compound))
    )
    return read_page(db.session(), query, Case.id, **args)


@blp.post("/compounds/<uuid:compound_id>/conventions/from-case", schemas.AdoptionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.AdoptionArgs, example={"case_id": "0198c0de-0000-7000-8000-000000000001"})
@blp.creates(refusals.CaseNotPublished, refusals.CaseOfSameCompound, refusals.CaseHasNoConvention)
def adopt_case(body: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """借鉴案例 · Draft a convention from another compound's case; it needs a resolution of its
    own."""
    version = create(
        ConventionVersion, adopting.adopt_case, obtain_compound(compound_id), body["case_id"]
    )
    lineage = db.session.get_one(ConventionLineage, version.convention_id)
    return {"version": version, "adopted_from": lineage}


@blp.get("/conventions/<uuid:convention_id>/lineage", schemas.LineageSchema)
@allow(*EVERYONE_THERE)
def read_lineage(convention_id: UUID) -> dict[str, Any]:
    """规约的来源 · Which case a convention was drafted from, if any."""
    obtain_convention(convention_id)
    lineage = db.session.get(ConventionLineage, convention_id)
    return {"convention_id": convention_id, "adopted_from": lineage}


@blp.get("/communities/<uuid:community_id>/frequent-categories", schemas.FrequentCategoriesSchema)
@allow(*EVERYONE_THERE)
def read_frequent_categories(community_id: UUID) -> FrequentCategories:
    """高频问题 · Categories with three or more matters within twelve months, with cases about
    them."""
    return frequent_categories(db.session(), obtain_community(community_id), clock.now())
