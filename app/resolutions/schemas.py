"""What goes in and out about resolutions."""

from typing import Any

import marshmallow as ma

from app.kit.schemas import Id, Instant, Schema, Text
from app.resolutions.models import (
    Answer,
    Forum,
    ResolutionState,
    ReviewOpinion,
    Secrecy,
    VoteMethod,
)

MAX_CARDS = 100
MAX_PEOPLE = 100_000


class RevisionArgs(Schema):
    """`card_ids` are adopted cards of the resolution's matter; `supersedes_id` is a resolution in
    force whose place this one takes."""

    title = Text(required=True, max_length=80)
    text = Text(required=True, max_length=5000, multiline=True)
    card_ids = ma.fields.List(Id(), load_default=list, validate=ma.validate.Length(max=MAX_CARDS))
    supersedes_id = Id(load_default=None, allow_none=True)


class DraftArgs(RevisionArgs):
    matter_id = Id(required=True)


class ReviewArgs(Schema):
    """`advice` says what the branch advises; where it agrees it may be left out."""

    opinion = ma.fields.Enum(ReviewOpinion, by_value=True, required=True)
    advice = Text(max_length=1000, multiline=True, load_default=None)


class TableArgs(Schema):
    method = ma.fields.Enum(VoteMethod, by_value=True, required=True)
    secrecy = ma.fields.Enum(Secrecy, by_value=True, required=True)


class People(ma.fields.Integer):
    """A number of people."""

    def __init__(self, **kwargs: Any) -> None:
        limits = ma.validate.Range(min=0, max=MAX_PEOPLE)
        super().__init__(strict=True, validate=limits, **kwargs)


class CountArgs(Schema):
    """What hands or papers said. `present` is compared with the attendance of the roll."""

    present = People(load_default=None)
    yes = People(required=True)
    no = People(required=True)
    abstain = People(required=True)


class VoteArgs(Schema):
    answer = ma.fields.Enum(Answer, by_value=True, required=True)


class VoteSchema(Schema):
    """The vote as it was stored."""

    answer = ma.fields.Enum(Answer, by_value=True, required=True)


class ShelveArgs(Schema):
    reason = Text(required=True, max_length=500, multiline=True)


class EscalateArgs(ShelveArgs):
    forum = ma.fields.Enum(Forum, by_value=True, required=True)


class CarriedCardSchema(Schema):
    id = Id(required=True)
    label = ma.fields.String(required=True)
    text = ma.fields.String(required=True)
    owner_vote_item = ma.fields.Integer(required=True, allow_none=True)


class ReviewSchema(Schema):
    """支部先议: an opinion, or none yet, or none in its term (`has_lapsed`)."""

    submitted_at = Instant(attribute="review.submitted_at", required=True)
    lapses_at = Instant(attribute="review.lapses_at", required=True)
    has_lapsed = ma.fields.Boolean(required=True)
    opinion = ma.fields.Enum(
        ReviewOpinion, by_value=True, attribute="review.opinion", required=True, allow_none=True
    )
    advice = ma.fields.String(attribute="review.advice", required=True, allow_none=True)
    given_at = Instant(attribute="review.given_at", required=True, allow_none=True)


class ResolutionSchema(Schema):
    """A resolution; the figures are empty until the vote is over.

    It takes effect when its notice has ended and every objection to it is answered.
    """

    id = Id(attribute="resolution.id", required=True)
    session_id = Id(attribute="resolution.session_id", required=True)
    compound_id = Id(attribute="resolution.compound_id", required=True)
    matter_id = Id(attribute="resolution.matter_id", required=True)
    matter = ma.fields.String(attribute="resolution.matter.title", required=True)
    number = ma.fields.Integer(attribute="resolution.number", required=True)
    label = ma.fields.String(attribute="resolution.label", required=True)
    title = ma.fields.String(attribute="resolution.title", required=True)
    text = ma.fields.String(attribute="resolution.text", required=True)
    state = ma.fields.Enum(
        ResolutionState, by_value=True, attribute="resolution.state", required=True
    )
    cards = ma.fields.List(
        ma.fields.Nested(CarriedCardSchema), attribute="resolution.cards", required=True
    )
    review = ma.fields.Nested(ReviewSchema, required=True, allow_none=True)
    drafted_at = Instant(attribute="resolution.drafted_at", required=True)
    method = ma.fields.Enum(
        VoteMethod, by_value=True, attribute="resolution.method", required=True, allow_none=True
    )
    secrecy = ma.fields.Enum(
        Secrecy, by_value=True, attribute="resolution.secrecy", required=True, allow_none=True
    )
    rule = ma.fields.Dict(
        keys=ma.fields.String(), attribute="resolution.rule", required=True, allow_none=True
    )
    attempt = ma.fields.Integer(attribute="resolution.attempt", required=True)
    tabled_at = Instant(attribute="resolution.tabled_at", required=True, allow_none=True)
    voted_at = Instant(attribute="resolution.voted_at", required=True, allow_none=True)
    roll = ma.fields.Integer(attribute="resolution.roll", required=True, allow_none=True)
    present = ma.fields.Integer(attribute="resolution.present", required=True, allow_none=True)
    yes = ma.fields.Integer(attribute="resolution.yes", required=True, allow_none=True)
    no = ma.fields.Integer(attribute="resolution.no", required=True, allow_none=True)
    abstain = ma.fields.Integer(attribute="resolution.abstain", required=True, allow_none=True)
    explanation = ma.fields.String(
        attribute="resolution.explanation_zh", required=True, allow_none=True
    )
    explanation_en = ma.fields.String(
        attribute="resolution.explanation_en", required=True, allow_none=True
    )
    publish_due_at = Instant(attribute="resolution.publish_due_at", required=True, allow_none=True)
    notice_id = Id(attribute="resolution.notice_id", required=True, allow_none=True)
    notice_ends_at = Instant(attribute="resolution.notice_ends_at", required=True, allow_none=True)
    effective_at = Instant(attribute="resolution.effective_at", required=True, allow_none=True)
    shelved_why = ma.fields.String(
        attribute="resolution.shelved_why", required=True, allow_none=True
    )
    escalated_to = ma.fields.Enum(
        Forum, by_value=True, attribute="resolution.escalated_to", required=True, allow_none=True
    )
    escalated_why = ma.fields.String(
        attribute="resolution.escalated_why", required=True, allow_none=True
    )
    supersedes_id = Id(attribute="resolution.supersedes_id", required=True, allow_none=True)
    superseded_by_id = Id(attribute="resolution.superseded_by_id", required=True, allow_none=True)
