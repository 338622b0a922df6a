"""What goes in and out about conventions."""

from typing import Any

import marshmallow as ma

from app.conventions.drafting import REVIEW_MONTHS
from app.conventions.models import Convention, ConventionVersion, LegalType, Opinion
from app.conventions.texts.clauses import Clause, ConventionFlag, OfficialOwnerVote
from app.conventions.texts.difference import ClauseChange
from app.conventions.texts.numerals import MAX_NUMBER
from app.kit.schemas import AnswerSchema, Id, Schema, Text, alike, attributes, columns
from app.kit.web.api import PageArgs
from app.resolutions.models import Resolution

MAX_PEOPLE = 100_000
MAX_AREA = 10**11  # a thousand square kilometres in hundredths of a square metre
MAX_RESOLUTIONS = 100
MAX_VERSIONS = 100_000


class Whole(ma.fields.Integer):
    """A whole number from `least` to `most`."""

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:
        limits = ma.validate.Range(min=least, max=most)
        super().__init__(strict=True, validate=limits, **kwargs)


def resolution_ids(**kwargs: Any) -> ma.fields.Field[Any]:
    return ma.fields.List(Id(), validate=ma.validate.Length(max=MAX_RESOLUTIONS), **kwargs)


class ClauseArgs(Schema):
    """`owner_vote_item` is the item of Civil Code 278 that leaves the clause to the owners;
    `resolution_id` is one of the version's resolutions."""

    text = Text(required=True, max_length=1000, multiline=True)
    owner_vote_item = Whole(1, 9, load_default=None, allow_none=True)
    resolution_id = Id(load_default=None, allow_none=True)


class ConventionTextArgs(Schema):
    """The title is printed with （试行） where `is_trial` says so; clauses get their numbers in
    the order in which they come."""

    title = Text(required=True, max_length=80)
    is_trial = ma.fields.Boolean(load_default=False)
    review_months = Whole(1, 60, load_default=REVIEW_MONTHS)
    clauses = ma.fields.List(
        ma.fields.Nested(ClauseArgs),
        required=True,
        validate=ma.validate.Length(min=1, max=MAX_NUMBER),
    )
    resolution_ids = resolution_ids(load_default=list)


class ConventionDraftArgs(ConventionTextArgs):
    legal_type = ma.fields.Enum(LegalType, by_value=True, required=True)


class AmendmentArgs(Schema):
    """The resolutions that ask for the amendment, beside those of the version in force."""

    resolution_ids = resolution_ids(load_default=list)


class RepealArgs(Schema):
    resolution_id = Id(required=True)
    reason = Text(required=True, max_length=500, multiline=True)


class VersionReasonArgs(Schema):
    reason = Text(required=True, max_length=500, multiline=True)


class VersionReviewArgs(Schema):
    """`advice` says what must change; where the version is approved it may be left out."""

    opinion = ma.fields.Enum(Opinion, by_value=True, required=True)
    advice = Text(max_length=1000, multiline=True, load_default=None)


class MeetingVoteArgs(Schema):
    """The vote of the residents' meeting, and where its minutes are kept."""

    minutes_ref = Text(required=True, max_length=200)
    people = alike("roll present yes no abstain", lambda: Whole(0, MAX_PEOPLE, required=True))


class OwnerVoteArgs(Schema):
    """The official result of an owners' vote: of all, of those taking part, of those saying yes.

    Areas are in hundredths of a square metre; an owner of several units is one head.
    """

    official_ref = Text(required=True, max_length=200)
    area = alike("area_all area_part area_yes", lambda: Whole(0, MAX_AREA, required=True))
    heads = alike("heads_all heads_part heads_yes", lambda: Whole(0, MAX_PEOPLE, required=True))


class MatterVoteArgs(OwnerVoteArgs):
    """The official result on a matter, and by which item of Civil Code 278(1) it is the owners'."""

    item = Whole(1, 9, required=True)


class FilingArgs(Schema):
    filing_ref = Text(required=True, max_length=200)


class ConventionListArgs(PageArgs):
    """`in_force` asks for those in force, or for the others; `review_due_by` for those in force
    whose review is due by that day."""

    in_force = ma.fields.Boolean(load_default=None)
    review_due_by = ma.fields.Date(load_default=None)


class DifferenceArgs(Schema):
    """Numbers of two versions; the first and the newest one unless told otherwise."""

    from_ = ma.fields.Integer(
        load_default=1, data_key="from", validate=ma.validate.Range(min=1, max=MAX_VERSIONS)
    )
    to = ma.fields.Integer(load_default=None, validate=ma.validate.Range(min=1, max=MAX_VERSIONS))


class OfficialVoteSchema(AnswerSchema):
    """An official owners' vote that passed."""

    shown = columns(
        OfficialOwnerVote,
        "id item official_ref area_all area_part area_yes heads_all heads_part heads_yes "
        "explanation_en entered_at",
    )
    explanation = ma.fields.String(attribute="explanation_zh")


class ClauseSchema(AnswerSchema):
    """A clause; one that is not active is not carried out."""

    shown = columns(
        Clause,
        "id number text owner_vote_item is_active resolution_id label printed needs_owner_vote",
    )
    owner_vote = ma.fields.Nested(OfficialVoteSchema, allow_none=True)


class FlagSchema(AnswerSchema):
    """A word that a convention may not have; `clause_number` 0 is the title, `position` counts
    characters from 0."""

    shown = columns(
        ConventionFlag,
        "id clause_number clause_label position word why why_en source decision decision_reason "
        "decided_at",
    )


class NamedResolutionSchema(AnswerSchema):
    shown = columns(Resolution, "id label title")


class PartSchema(AnswerSchema):
    op = ma.fields.String(validate=ma.validate.OneOf(["equal", "insert", "delete"]))
    text = ma.fields.String()


class ClauseChangeSchema(AnswerSchema):
    """How one clause came to be: parts that are equal or deleted give the old words, those that
    are equal or inserted the new ones."""

    shown = attributes(ClauseChange, "change from_number to_number from_item to_item summary")
    parts = ma.fields.List(ma.fields.Nested(PartSchema))


class DifferenceSchema(AnswerSchema):
    """What changed from one version to another; empty where nothing did."""

    convention_id = Id()
    from_ = ma.fields.Integer(data_key="from")
    to = ma.fields.Integer()
    changes = ma.fields.List(ma.fields.Nested(ClauseChangeSchema))


class VersionBriefSchema(AnswerSchema):
    shown = columns(
        ConventionVersion,
        "id number state is_trial notice_ends_at in_force_at review_by repeal_ends_at "
        "repealed_at amends_id name",
    )


class ConventionBriefSchema(AnswerSchema):
    """A convention as lists show it; `current` is the version in force, or else the newest."""

    shown = columns(Convention, "id compound_id legal_type title")
    current = ma.fields.Nested(VersionBriefSchema)


class ConventionSchema(AnswerSchema):
    """A convention with all its versions; `current` is the one in force, or else the newest."""

    shown = columns(Convention, "id compound_id legal_type title")
    current = ma.fields.Nested(VersionBriefSchema)
    versions = ma.fields.List(ma.fields.Nested(VersionBriefSchema))


class VersionSchema(VersionBriefSchema):
    """A version with its text. It comes into force when its notice has ended and every objection
    is answered; a pact must be filed too."""

    shown = columns(
        ConventionVersion,
        "convention_id compound_id title review_months drafted_at opinion advice reviewed_at "
        "voted_at minutes_ref roll present yes no abstain notice_id filed_at filing_ref "
        "repeal_reason repeal_resolution_id repeal_notice_id withdrawn_why legal_type "
        "amended_by_id",
    )
    clauses = ma.fields.List(ma.fields.Nested(ClauseSchema))
    resolutions = ma.fields.List(ma.fields.Nested(NamedResolutionSchema))
    flags = ma.fields.List(ma.fields.Nested(FlagSchema))
    difference = ma.fields.List(ma.fields.Nested(ClauseChangeSchema))
    owner_vote = ma.fields.Nested(OfficialVoteSchema, allow_none=True)
