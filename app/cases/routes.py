"""URLs of the case library: write, publish, search, adopt, and what comes up again and again."""

from typing import Any
from uuid import UUID

from app.cases import adopting, writing
from app.cases.access import EDITORS, READERS, find_case
from app.cases.frequent import FrequentCategories, frequent_categories
from app.cases.models import Case, ConventionLineage
from app.cases.refusals import (
    CaseExists,
    CaseHasNoConvention,
    CaseNotPublished,
    CaseOfSameCompound,
    ConventionNotInForce,
    InvalidConvention,
    OwnCase,
    PersonalData,
    TooManyWords,
)
from app.cases.schemas import (
    AdoptionArgs,
    AdoptionSchema,
    CaseArgs,
    CaseBriefSchema,
    CaseListArgs,
    CaseReasonArgs,
    CaseSchema,
    CaseSearchArgs,
    FrequentCategoriesSchema,
    LineageSchema,
)
from app.cases.search import find_published
from app.conventions.access import obtain_convention
from app.conventions.models import ConventionVersion
from app.kit import clock
from app.kit.errors import NotFound, WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, narrowed, page_of, read_page
from app.matters.models import Matter
from app.people.guards import (
    EVERYONE_THERE,
    act,
    allow,
    create_once,
    current_actor,
    obtain,
    obtain_community,
    obtain_compound,
    signed_in,
)
from app.people.models import Role

blp = Blueprint("cases", __name__, description="案例库 · Solved matters for others to adopt")

CASE_PAGE = page_of(CaseBriefSchema)
CASE_EXAMPLE = {
    "title": "消防通道不再停车",
    "problem": "晚上八点以后车停到消防通道上，救护车进不来。",
    "solution": "划黄线，清理僵尸车 8 辆，与隔壁商场商定夜间错时停车。",
    "category": "PARKING",
    "convention_id": "0198c0de-0000-7000-8000-000000000001",
}


@blp.route("/matters/<uuid:matter_id>/cases", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(CaseArgs, example=CASE_EXAMPLE)
@blp.response(201, CaseSchema)
@blp.creates(WrongState, CaseExists, InvalidConvention, PersonalData)
def draft_case(body: dict[str, Any], matter_id: UUID) -> Case:
    """写案例 · Write a case of a solved matter; it holds no names and no personal numbers."""
    matter = db.session.get(Matter, matter_id)
    if matter is None:
        raise NotFound
    obtain_compound(matter.compound_id)
    by = current_actor().resident
    return create_once(Case, lambda: writing.draft_case(db.session(), matter, by, **body))


@blp.route("/cases/<uuid:case_id>", methods=["PUT"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(CaseArgs, example=CASE_EXAMPLE)
@blp.response(200, CaseSchema)
@blp.refuses(WrongState, InvalidConvention, PersonalData)
def revise_case(body: dict[str, Any], case_id: UUID) -> Case:
    """修改案例 · Write a draft anew."""
    return act(writing.revise_case, obtain(Case, case_id), **body)


@blp.route("/cases/<uuid:case_id>/publish", methods=["POST"])
@allow(Role.COMMUNITY_SECRETARY)
@blp.response(200, CaseSchema)
@blp.refuses(WrongState, OwnCase, ConventionNotInForce, PersonalData)
def publish_case(case_id: UUID) -> Case:
    """审核并发布案例 · Review a case and put it in the library; nothing of it changes after."""
    return act(writing.publish_case, obtain(Case, case_id))


@blp.route("/cases/<uuid:case_id>/withdraw", methods=["POST"])
@allow(*EDITORS)
@blp.arguments(CaseReasonArgs, example={"reason": "做法已被新的规约代替"})
@blp.response(200, CaseSchema)
@blp.refuses(WrongState)
def withdraw_case(body: dict[str, Any], case_id: UUID) -> Case:
    """撤回案例 · Take a case out of the library, or give a draft up."""
    return act(writing.withdraw_case, obtain(Case, case_id), body["reason"])


@blp.route("/cases/<uuid:case_id>", methods=["GET"])
@signed_in
@blp.response(200, CaseSchema)
def read_case(case_id: UUID) -> Case:
    """一个案例 · One case of the library; drafts are for those who write and review them."""
    return find_case(case_id)


@blp.route("/cases", methods=["GET"])
@signed_in
@blp.arguments(CaseSearchArgs, location="query")
@blp.response(200, CASE_PAGE)
@blp.refuses(TooManyWords)
def list_cases(args: dict[str, Any]) -> dict[str, Any]:
    """查找案例 · Published cases of the city, newest first, by category and up to five words.

    Each word must stand in the title, problem, solution or convention; `%` and `_` mean themselves.
    """
    query = narrowed(find_published(args.pop("q")), args, category=Case.category)
    return read_page(db.session(), query, Case.id, **args)


@blp.route("/compounds/<uuid:compound_id>/cases", methods=["GET"])
@allow(*READERS)
@blp.arguments(CaseListArgs, location="query")
@blp.response(200, CASE_PAGE)
def list_cases_of_compound(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """本小区的案例 · Cases of a compound in every state, for those who write and review them."""
    obtain_compound(compound_id)
    query = (
        db.select(Case).where(Case.compound_id == compound_id).options(db.joinedload(Case.compound))
    )
    query = narrowed(query, args, state=Case.state)
    return read_page(db.session(), query, Case.id, **args)


@blp.route("/compounds/<uuid:compound_id>/conventions/from-case", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(AdoptionArgs, example={"case_id": "0198c0de-0000-7000-8000-000000000001"})
@blp.response(201, AdoptionSchema)
@blp.creates(CaseNotPublished, CaseOfSameCompound, CaseHasNoConvention)
def adopt_case(body: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """借鉴案例 · Draft a convention after a case from elsewhere; it needs its own resolution."""
    compound = obtain_compound(compound_id)
    by = current_actor().resident
    version = create_once(
        ConventionVersion, lambda: adopting.adopt_case(db.session(), compound, by, body["case_id"])
    )
    lineage = db.session.get_one(ConventionLineage, version.convention_id)
    return {"version": version, "adopted_from": lineage}


@blp.route("/conventions/<uuid:convention_id>/lineage", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.response(200, LineageSchema)
def read_lineage(convention_id: UUID) -> dict[str, Any]:
    """规约的来源 · Which case a convention was drafted after, if any."""
    obtain_convention(convention_id)
    lineage = db.session.get(ConventionLineage, convention_id)
    return {"convention_id": convention_id, "adopted_from": lineage}


@blp.route("/communities/<uuid:community_id>/frequent-categories", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.response(200, FrequentCategoriesSchema)
def read_frequent_categories(community_id: UUID) -> FrequentCategories:
    """高频问题 · Categories with three matters or more in twelve months, and cases of them."""
    return frequent_categories(db.session(), obtain_community(community_id), clock.now())
