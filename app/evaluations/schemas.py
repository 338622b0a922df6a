"""What goes in and out about evaluations."""

from typing import Any

import marshmallow as ma

from app.evaluations.limits import MIN_ANSWERS
from app.evaluations.models import FollowUp, FollowUpChannel, MatterEvaluation
from app.evaluations.outcome import Figures, Rate, Satisfaction
from app.evaluations.results import Told
from app.evaluations.rounds.models import EvaluationAnswer, EvaluationRound, PaperCount
from app.kit.schemas import AnswerSchema, Id, Instant, Schema, Text, alike, attributes, columns
from app.works.orders.schemas import Day

MAX_PEOPLE = 100_000


class FollowUpArgs(Schema):
    solved = ma.fields.Boolean(required=True)
    satisfaction = ma.fields.Enum(Satisfaction, by_value=True, required=True)
    comment = Text(max_length=500, multiline=True, load_default=None)


class TakenFollowUpArgs(FollowUpArgs):
    """What the raiser said to a clerk."""

    channel = ma.fields.Enum(
        FollowUpChannel,
        by_value=True,
        required=True,
        validate=ma.validate.OneOf([FollowUpChannel.PHONE_CALL, FollowUpChannel.VISIT]),
    )


class FollowUpSchema(AnswerSchema):
    """An answer; who gave it is told to nobody."""

    shown = columns(
        FollowUp,
        "id matter_id order_id whistle_id attempt is_raiser solved satisfaction comment "
        "channel answered_at label",
    )


class ReopenOrderArgs(Schema):
    """`due_on` is the last day of the new term; without it the term of the urgency begins anew."""

    reason = Text(required=True, max_length=500, multiline=True)
    due_on = Day(load_default=None)


class RateSchema(AnswerSchema):
    """A share with both numbers; `text` prints them, or `–` for a share of nothing."""

    shown = attributes(Rate, "numerator denominator text")


class GradeCountsSchema(AnswerSchema):
    shown = attributes(Figures, "satisfied mostly not_satisfied")


class EvaluationResultSchema(AnswerSchema):
    """Counted answers. What fewer than ten people said is told to officers only, and to nobody
    where fewer than ten of them answered by phone and others on paper; it is empty then."""

    shown = attributes(Told, "answers")
    rates = alike("satisfaction solved_rate", lambda: ma.fields.Nested(RateSchema, allow_none=True))
    breakdown = ma.fields.Nested(GradeCountsSchema, allow_none=True)


class MatterEvaluationSchema(AnswerSchema):
    """What became of a matter; `round_id` is empty where its follow-ups decided."""

    shown = columns(
        MatterEvaluation,
        "id matter_id round_id verdict concluded_at",
        of="evaluation",
    )
    explanation = ma.fields.String(attribute="why.zh")
    explanation_en = ma.fields.String(attribute="why.en")
    result = ma.fields.Nested(EvaluationResultSchema)


class People(ma.fields.Integer):
    """A number of people or sheets."""

    def __init__(self, *, least: int = 0, **kwargs: Any) -> None:
        limits = ma.validate.Range(min=least, max=MAX_PEOPLE)
        super().__init__(strict=True, validate=limits, **kwargs)


class OpenRoundArgs(Schema):
    """`sheets_out` is how many paper sheets are given out, if any."""

    closes_at = Instant(required=True)
    min_answers = People(least=MIN_ANSWERS, load_default=MIN_ANSWERS)
    sheets_out = People(least=1, load_default=None)


class RoundAnswerArgs(Schema):
    """`solved` is asked of a matter, and of nothing else."""

    solved = ma.fields.Boolean(load_default=None)
    satisfaction = ma.fields.Enum(Satisfaction, by_value=True, required=True)
    comment = Text(max_length=500, multiline=True, load_default=None)


class RoundAnswerSchema(AnswerSchema):
    """The answer as it was stored."""

    shown = columns(EvaluationAnswer, "solved satisfaction comment")


class PaperCountArgs(Schema):
    """How many of the returned sheets say what; `solved` and `unsolved` of a matter only."""

    grades = alike("satisfied mostly not_satisfied", lambda: People(required=True))
    facts = alike("solved unsolved", lambda: People(load_default=None))


class PaperCountSchema(AnswerSchema):
    """A count of paper sheets; it counts when another person has confirmed it."""

    shown = columns(
        PaperCount,
        "satisfied mostly not_satisfied solved unsolved entered_at confirmed_at",
    )


class EvaluationRoundSchema(AnswerSchema):
    """An evaluation; answers are counted when it has closed, and have a result if there are
    enough of them."""

    shown = columns(
        EvaluationRound,
        "id compound_id subject_kind subject_id title state opened_at closes_at min_answers "
        "sheets_out outcome",
        of="round",
    )
    answers = ma.fields.Integer(allow_none=True)
    result = ma.fields.Nested(EvaluationResultSchema, allow_none=True)


class CommentSchema(AnswerSchema):
    """A comment without its author."""

    id = Id()
    text = ma.fields.String(attribute="comment")


class PeriodArgs(Schema):
    """Days of assignment, both included; without them the month so far."""

    first = Day(data_key="from", load_default=None)
    last = Day(data_key="to", load_default=None)


class FourRatesSchema(AnswerSchema):
    """`satisfaction` is told to officers only: days of one's own choosing could be subtracted."""

    facts = alike("response solved_rate in_time", lambda: ma.fields.Nested(RateSchema))
    satisfaction = ma.fields.Nested(RateSchema, allow_none=True)


class RatesSchema(FourRatesSchema):
    """The rates of all work but emergencies, which are listed apart."""

    emergencies = ma.fields.Nested(FourRatesSchema)


class CompoundRatesSchema(RatesSchema):
    first = ma.fields.Date(data_key="from")
    last = ma.fields.Date(data_key="to")
