"""What goes in and out about cases."""

import marshmallow as ma

from app.cases.models import Case, CaseState, ConventionLineage
from app.conventions.schemas import VersionSchema
from app.kit.schemas import AnyOf, Id, Schema, Text, columns
from app.kit.web.api import PageArgs
from app.matters.models import Category


class CaseArgs(Schema):
    """Without `solution` it is told by the matter's resolutions and orders. Name nobody."""

    title = Text(required=True, max_length=80)
    problem = Text(required=True, max_length=2000, multiline=True)
    solution = Text(max_length=5000, multiline=True, load_default=None)
    category = ma.fields.Enum(Category, by_value=True, load_default=None)
    convention_id = Id(load_default=None, allow_none=True)


class CaseReasonArgs(Schema):
    reason = Text(required=True, max_length=500, multiline=True)


class CaseSearchArgs(PageArgs):
    """`q` holds at most five words; a case has all of them."""

    category = AnyOf(Category)
    q = Text(max_length=100, load_default=None)


class CaseListArgs(PageArgs):
    state = AnyOf(CaseState)


class AdoptionArgs(Schema):
    case_id = Id(required=True)


class CaseRateSchema(Schema):
    numerator = ma.fields.Integer(required=True)
    denominator = ma.fields.Integer(required=True)
    text = ma.fields.String(required=True)


class CaseFiguresSchema(Schema):
    satisfaction = ma.fields.Nested(CaseRateSchema, required=True)
    resolution = ma.fields.Nested(CaseRateSchema, required=True)


class CaseClauseSchema(Schema):
    text = ma.fields.String(required=True)
    owner_vote_item = ma.fields.Integer(required=True, allow_none=True)


class CaseBriefSchema(Schema):
    """A case as lists show it; `adoptions` counts the conventions drafted after it."""

    shown = columns(Case, "id compound_id category title state published_at")
    compound = ma.fields.String(attribute="compound.name", required=True)
    community = ma.fields.String(attribute="compound.community.name", required=True)
    convention_name = ma.fields.String(required=True, allow_none=True)
    adoptions = ma.fields.Integer(required=True)


class CaseSchema(CaseBriefSchema):
    """A case; clauses and figures are those of its publication."""

    shown = columns(
        Case,
        "matter_id problem solution convention_id version_id drafted_at withdrawn_why",
    )
    clauses = ma.fields.List(ma.fields.Nested(CaseClauseSchema), required=True)
    figures = ma.fields.Nested(CaseFiguresSchema, required=True, allow_none=True)


class AdoptedFromSchema(Schema):
    """Which case a convention was drafted after, and the version whose words it took."""

    shown = columns(ConventionLineage, "case_id source_version_id adopted_at")
    title = ma.fields.String(attribute="case.title", required=True)
    compound = ma.fields.String(attribute="case.compound.name", required=True)


class LineageSchema(Schema):
    convention_id = Id(required=True)
    adopted_from = ma.fields.Nested(AdoptedFromSchema, required=True, allow_none=True)


class AdoptionSchema(Schema):
    """The draft, and where its words come from."""

    version = ma.fields.Nested(VersionSchema, required=True)
    adopted_from = ma.fields.Nested(AdoptedFromSchema, required=True)


class FrequentCategorySchema(Schema):
    """A category with three matters or more, and the newest published cases of the city."""

    category = ma.fields.Enum(Category, by_value=True, required=True)
    matters = ma.fields.Integer(required=True)
    cases = ma.fields.List(ma.fields.Nested(CaseBriefSchema), required=True)


class FrequentCategoriesSchema(Schema):
    """Counted from the day `since` on."""

    since = ma.fields.Date(required=True)
    items = ma.fields.List(ma.fields.Nested(FrequentCategorySchema), required=True)
