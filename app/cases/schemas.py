"""What goes in and out about cases."""

import marshmallow as ma

from app.cases.frequent import FrequentCategories, FrequentCategory
from app.cases.models import Case, CaseState, ConventionLineage
from app.conventions.schemas import VersionSchema
from app.conventions.texts.clauses import Clause
from app.evaluations.outcome import Rate
from app.kit.schemas import AnswerSchema, AnyOf, Id, Schema, Text, alike, attributes, columns
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


class CaseRateSchema(AnswerSchema):
    shown = attributes(Rate, "numerator denominator text")


class CaseFiguresSchema(AnswerSchema):
    rates = alike("satisfaction solved_rate", lambda: ma.fields.Nested(CaseRateSchema))


class CaseClauseSchema(AnswerSchema):
    shown = columns(Clause, "text owner_vote_item")


class CaseBriefSchema(AnswerSchema):
    """A case as lists show it; `adoptions` counts the conventions drafted after it."""

    shown = columns(Case, "id compound_id category title state published_at convention_name")
    compound = ma.fields.String(attribute="compound.name")
    community = ma.fields.String(attribute="compound.community.name")
    adoptions = ma.fields.Integer()


class CaseSchema(CaseBriefSchema):
    """A case; clauses and figures are those of its publication."""

    shown = columns(
        Case,
        "matter_id problem solution convention_id version_id drafted_at withdrawn_why",
    )
    clauses = ma.fields.List(ma.fields.Nested(CaseClauseSchema))
    figures = ma.fields.Nested(CaseFiguresSchema, allow_none=True)


class AdoptedFromSchema(AnswerSchema):
    """Which case a convention was drafted after, and the version whose words it took."""

    shown = columns(ConventionLineage, "case_id source_version_id adopted_at")
    title = ma.fields.String(attribute="case.title")
    compound = ma.fields.String(attribute="case.compound.name")


class LineageSchema(AnswerSchema):
    convention_id = Id()
    adopted_from = ma.fields.Nested(AdoptedFromSchema, allow_none=True)


class AdoptionSchema(AnswerSchema):
    """The draft, and where its words come from."""

    version = ma.fields.Nested(VersionSchema)
    adopted_from = ma.fields.Nested(AdoptedFromSchema)


class FrequentCategorySchema(AnswerSchema):
    """A category with three matters or more, and the newest published cases of the city."""

    shown = attributes(FrequentCategory, "category matters")
    cases = ma.fields.List(ma.fields.Nested(CaseBriefSchema))


class FrequentCategoriesSchema(AnswerSchema):
    """Counted from the day `since` on."""

    shown = attributes(FrequentCategories, "since")
    items = ma.fields.List(ma.fields.Nested(FrequentCategorySchema))
