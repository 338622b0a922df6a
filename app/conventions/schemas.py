"""What goes in and out about conventions."""

from typing import Any

import marshmallow as ma

from app.conventions.drafting import REVIEW_MONTHS
from app.conventions.models import LegalType, Opinion, VersionState
from app.conventions.texts.clauses import FlagDecision
from app.conventions.texts.difference import Change
from app.conventions.texts.numerals import MAX_NUMBER
from app.kit.api import PageArgs
from app.kit.schemas import Id, Instant, Schema, Text

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
    roll = Whole(0, MAX_PEOPLE, required=True)
    present = Whole(0, MAX_PEOPLE, required=True)
    yes = Whole(0, MAX_PEOPLE, required=True)
    no = Whole(0, MAX_PEOPLE, required=True)
    abstain = Whole(0, MAX_PEOPLE, required=True)


class OwnerVoteArgs(Schema):
    """The official result of an owners' vote: of all, of those taking part, of those saying yes.

    Areas are in hundredths of a square metre; an owner of several units is one head.
    """

    official_ref = Text(required=True, max_length=200)
    area_all = Whole(0, MAX_AREA, required=True)
    area_part = Whole(0, MAX_AREA, required=True)
    area_yes = Whole(0, MAX_AREA, required=True)
    heads_all = Whole(0, MAX_PEOPLE, required=True)
    heads_part = Whole(0, MAX_PEOPLE, required=True)
    heads_yes = Whole(0, MAX_PEOPLE, required=True)


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


class OfficialVoteSchema(Schema):
    """An official owners' vote that passed."""

    id = Id(required=True)
    item = ma.fields.Integer(required=True)
    official_ref = ma.fields.String(required=True)
    area_all = ma.fields.Integer(required=True)
    area_part = ma.fields.Integer(required=True)
    area_yes = ma.fields.Integer(required=True)
    heads_all = ma.fields.Integer(required=True)
    heads_part = ma.fields.Integer(required=True)
    heads_yes = ma.fields.Integer(required=True)
    explanation = ma.fields.String(attribute="explanation_zh", required=True)
    explanation_en = ma.fields.String(required=True)
    entered_at = Instant(required=True)


class ClauseSchema(Schema):
    """A clause; one that is not active is not carried out."""

    id = Id(required=True)
    number = ma.fields.Integer(required=True)
    label = ma.fields.String(required=True)
    text = ma.fields.String(required=True)
    printed = ma.fields.String(required=True)
    needs_owner_vote = ma.fields.Boolean(required=True)
    owner_vote_item = ma.fields.Integer(required=True, allow_none=True)
    is_active = ma.fields.Boolean(required=True)
    owner_vote = ma.fields.Nested(OfficialVoteSchema, required=True, allow_none=True)
    resolution_id = Id(required=True, allow_none=True)


class FlagSchema(Schema):
    """A word that a convention may not have; `clause_number` 0 is the title, `position` counts
    characters from 0."""

    id = Id(required=True)
    clause_number = ma.fields.Integer(required=True)
    clause_label = ma.fields.String(required=True)
    position = ma.fields.Integer(required=True)
    word = ma.fields.String(required=True)
    why = ma.fields.String(required=True)
    why_en = ma.fields.String(required=True)
    source = ma.fields.String(required=True)
    decision = ma.fields.Enum(FlagDecision, by_value=True, required=True, allow_none=True)
    decision_reason = ma.fields.String(required=True, allow_none=True)
    decided_at = Instant(required=True, allow_none=True)


class NamedResolutionSchema(Schema):
    id = Id(required=True)
    label = ma.fields.String(required=True)
    title = ma.fields.String(required=True)


class PartSchema(Schema):
    op = ma.fields.String(required=True, validate=ma.validate.OneOf(["equal", "insert", "delete"]))
    text = ma.fields.String(required=True)


class ClauseChangeSchema(Schema):
    """How one clause came to be: parts that are equal or deleted give the old words, those that
    are equal or inserted the new ones."""

    change = ma.fields.Enum(Change, by_value=True, required=True)
    from_number = ma.fields.Integer(required=True, allow_none=True)
    to_number = ma.fields.Integer(required=True, allow_none=True)
    from_item = ma.fields.Integer(required=True, allow_none=True)
    to_item = ma.fields.Integer(required=True, allow_none=True)
    parts = ma.fields.List(ma.fields.Nested(PartSchema), required=True)
    summary = ma.fields.String(required=True)


class DifferenceSchema(Schema):
    """What changed from one version to another; empty where nothing did."""

    convention_id = Id(required=True)
    from_ = ma.fields.Integer(data_key="from", required=True)
    to = ma.fields.Integer(required=True)
    changes = ma.fields.List(ma.fields.Nested(ClauseChangeSchema), required=True)


class VersionBriefSchema(Schema):
    id = Id(required=True)
    number = ma.fields.Integer(required=True)
    state = ma.fields.Enum(VersionState, by_value=True, required=True)
    name = ma.fields.String(required=True)
    is_trial = ma.fields.Boolean(required=True)
    notice_ends_at = Instant(required=True, allow_none=True)
    in_force_at = Instant(required=True, allow_none=True)
    review_by = ma.fields.Date(required=True, allow_none=True)
    repeal_ends_at = Instant(required=True, allow_none=True)
    repealed_at = Instant(required=True, allow_none=True)
    amends_id = Id(required=True, allow_none=True)


class ConventionBriefSchema(Schema):
    """A convention as lists show it; `current` is the version in force, or else the newest."""

    id = Id(required=True)
    compound_id = Id(required=True)
    legal_type = ma.fields.Enum(LegalType, by_value=True, required=True)
    title = ma.fields.String(required=True)
    current = ma.fields.Nested(VersionBriefSchema, required=True)


class ConventionSchema(Schema):
    """A convention with all its versions; `current` is the one in force, or else the newest."""

    id = Id(required=True)
    compound_id = Id(required=True)
    legal_type = ma.fields.Enum(LegalType, by_value=True, required=True)
    title = ma.fields.String(required=True)
    current = ma.fields.Nested(VersionBriefSchema, required=True)
    versions = ma.fields.List(ma.fields.Nested(VersionBriefSchema), required=True)


class VersionSchema(VersionBriefSchema):
    """A version with its text. It comes into force when its notice has ended and every objection
    is answered; a pact must be filed too."""

    convention_id = Id(required=True)
    compound_id = Id(required=True)
    legal_type = ma.fields.Enum(LegalType, by_value=True, required=True)
    title = ma.fields.String(required=True)
    review_months = ma.fields.Integer(required=True)
    clauses = ma.fields.List(ma.fields.Nested(ClauseSchema), required=True)
    resolutions = ma.fields.List(ma.fields.Nested(NamedResolutionSchema), required=True)
    flags = ma.fields.List(ma.fields.Nested(FlagSchema), required=True)
    difference = ma.fields.List(ma.fields.Nested(ClauseChangeSchema), required=True)
    drafted_at = Instant(required=True)
    opinion = ma.fields.Enum(Opinion, by_value=True, required=True, allow_none=True)
    advice = ma.fields.String(required=True, allow_none=True)
    reviewed_at = Instant(required=True, allow_none=True)
    voted_at = Instant(required=True, allow_none=True)
    minutes_ref = ma.fields.String(required=True, allow_none=True)
    roll = ma.fields.Integer(required=True, allow_none=True)
    present = ma.fields.Integer(required=True, allow_none=True)
    yes = ma.fields.Integer(required=True, allow_none=True)
    no = ma.fields.Integer(required=True, allow_none=True)
    abstain = ma.fields.Integer(required=True, allow_none=True)
    owner_vote = ma.fields.Nested(OfficialVoteSchema, required=True, allow_none=True)
    notice_id = Id(required=True, allow_none=True)
    filed_at = Instant(required=True, allow_none=True)
    filing_ref = ma.fields.String(required=True, allow_none=True)
    repeal_reason = ma.fields.String(required=True, allow_none=True)
    repeal_resolution_id = Id(required=True, allow_none=True)
    repeal_notice_id = Id(required=True, allow_none=True)
    amended_by_id = Id(required=True, allow_none=True)
    withdrawn_why = ma.fields.String(required=True, allow_none=True)
