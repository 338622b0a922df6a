"""What goes in and out about resolutions."""

from typing import Any

import marshmallow as ma

from app.deliberation.models import SolutionCard
from app.kit.schemas import AnswerSchema, Id, Schema, Text, alike, columns
from app.resolutions.models import (
    Answer,
    BranchReview,
    Forum,
    Resolution,
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
    votes = alike("yes no abstain", lambda: People(required=True))


class VoteArgs(Schema):
    answer = ma.fields.Enum(Answer, by_value=True, required=True)


class VoteSchema(AnswerSchema):
    """The vote as it was stored."""

    answer = ma.fields.Enum(Answer, by_value=True)


class ShelveArgs(Schema):
    reason = Text(required=True, max_length=500, multiline=True)


class EscalateArgs(ShelveArgs):
    forum = ma.fields.Enum(Forum, by_value=True, required=True)


class CarriedCardSchema(AnswerSchema):
    shown = columns(SolutionCard, "id label text owner_vote_item")


class ReviewSchema(AnswerSchema):
    """支部先议: an opinion, or none yet, or none in its term (`has_lapsed`)."""

    shown = columns(BranchReview, "submitted_at lapses_at opinion advice given_at", of="review")
    has_lapsed = ma.fields.Boolean()


class ResolutionSchema(AnswerSchema):
    """A resolution; the figures are empty until the vote is over.

    It takes effect when its notice has ended and every objection to it is answered.
    """

    shown = columns(
        Resolution,
        "id session_id compound_id matter_id number title text state drafted_at method "
        "secrecy attempt tabled_at voted_at roll present yes no abstain explanation_en "
        "publish_due_at notice_id notice_ends_at effective_at shelved_why escalated_to "
        "escalated_why supersedes_id label superseded_by_id",
        of="resolution",
    )
    matter = ma.fields.String(attribute="resolution.matter.title")
    cards = ma.fields.List(ma.fields.Nested(CarriedCardSchema), attribute="resolution.cards")
    review = ma.fields.Nested(ReviewSchema, allow_none=True)
    rule = ma.fields.Dict(keys=ma.fields.String(), attribute="resolution.rule", allow_none=True)
    explanation = ma.fields.String(attribute="resolution.explanation_zh", allow_none=True)
