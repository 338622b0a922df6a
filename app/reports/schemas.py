"""What goes in and out about stories and figures."""

from typing import Any

import marshmallow as ma

from app.kit.schemas import Id, Instant, Matches, Schema
from app.matters.models import Category
from app.reports.periods import Period, month_of, year_of
from app.reports.story import About, Step
from app.works.orders.models import DoerKind

MONTH = Matches("2[01][0-9]{2}-(0[1-9]|1[0-2])")
YEAR = Matches("2[01][0-9]{2}")


class FiguresArgs(Schema):
    """A month (`2026-03`) or a year (`2026`), not both; without either the present month."""

    month = ma.fields.String(validate=MONTH)
    year = ma.fields.String(validate=YEAR)

    @ma.validates_schema
    def one_period(self, data: dict[str, Any], **kwargs: Any) -> None:
        """A month of another year is no period."""
        if "month" in data and "year" in data:
            raise ma.ValidationError("Give a month or a year, not both.", "year")


def period_of(args: dict[str, str], today: str) -> Period:
    """The period that is asked for; without one the month of `today` (`2026-03-04`)."""
    return year_of(args["year"]) if "year" in args else month_of(args.get("month", today[:7]))


class StoryAboutSchema(Schema):
    """What an entry is about: the kind of thing, and its id."""

    thing = ma.fields.Enum(About, by_value=True, required=True)
    id = Id(required=True)


class StoryEntrySchema(Schema):
    """One move. `figures` holds the numbers behind it; which ones hangs on its `kind`."""

    at = Instant(required=True)
    step = ma.fields.Enum(Step, by_value=True, required=True)
    kind = ma.fields.String(required=True)
    text = ma.fields.String(required=True, attribute="zh")
    text_en = ma.fields.String(required=True, attribute="en")
    about = ma.fields.Nested(StoryAboutSchema, required=True)
    figures = ma.fields.Dict(keys=ma.fields.String(), required=True)


class StorySchema(Schema):
    """A matter from its raising to today, oldest first. Nobody is named, nor is it told who
    supported it or voted what, nor why it was refused."""

    matter_id = Id(required=True)
    title = ma.fields.String(required=True)
    category = ma.fields.Enum(Category, by_value=True, required=True)
    entries = ma.fields.List(ma.fields.Nested(StoryEntrySchema), required=True)


class PeopleSchema(Schema):
    """A number of people. Fewer than ten are not told, nor a part that leaves fewer than ten of
    a total shown beside it: `value` is empty then. `text` is `–` where nothing was counted."""

    value = ma.fields.Integer(required=True, allow_none=True)
    suppressed = ma.fields.Boolean(required=True)
    text = ma.fields.String(required=True)


class ShareSchema(Schema):
    """A share with both numbers, and its percentage with one decimal, rounded half up; of nothing
    it is `–`. Where people are counted each number may be suppressed."""

    numerator = ma.fields.Integer(required=True, allow_none=True)
    denominator = ma.fields.Integer(required=True, allow_none=True)
    suppressed = ma.fields.Boolean(required=True)
    text = ma.fields.String(required=True)


class DaysSchema(Schema):
    """Whole days of `count` matters, by nearest rank: of n sorted values the p-th percentile is
    number ceil(p * n / 100). Empty where there is no matter."""

    count = ma.fields.Integer(required=True)
    median = ma.fields.Integer(required=True, allow_none=True)
    p90 = ma.fields.Integer(required=True, allow_none=True)


def _share(**kwargs: Any) -> ma.fields.Nested:
    return ma.fields.Nested(ShareSchema, required=True, **kwargs)


class ParticipationFiguresSchema(Schema):
    """Matters count in the month in which they were raised, merged, or put on a frozen list;
    ballots in that of their count. Tenants are voters with a verified tenancy there now.
    A session belongs to the month that it names."""

    raised = ma.fields.Integer(required=True, allow_none=True)
    merged = ma.fields.Integer(required=True, allow_none=True)
    listed = ma.fields.Integer(required=True)
    votes = ma.fields.Integer(required=True)
    roll = ma.fields.Nested(PeopleSchema, required=True)
    returned = ma.fields.Nested(PeopleSchema, required=True)
    empty_ballots = ma.fields.Nested(PeopleSchema, required=True)
    turnout = _share()
    tenants = _share()
    hosting_compounds = _share(allow_none=True)


class ResolutionFiguresSchema(Schema):
    """Resolutions that came to this end in the period, by the log: one that is put to the vote
    twice counts each time."""

    passed = ma.fields.Integer(required=True)
    failed = ma.fields.Integer(required=True)
    no_quorum = ma.fields.Integer(required=True)
    shelved = ma.fields.Integer(required=True)
    escalated = ma.fields.Integer(required=True)


class OutcomeFiguresSchema(Schema):
    """Selected and carried over (`deferred`) in the month of the count, solved and reopened in
    that of the judgement, conventions at the end of the period, owners' votes in the month in
    which their record was entered; only such as passed can be recorded."""

    selected = ma.fields.Integer(required=True)
    solved = ma.fields.Integer(required=True)
    reopened = ma.fields.Integer(required=True)
    deferred = ma.fields.Integer(required=True)
    carried_over_after = ma.fields.Nested(DaysSchema, required=True)
    raised_to_closed = ma.fields.Nested(DaysSchema, required=True)
    resolutions = ma.fields.Nested(ResolutionFiguresSchema, required=True)
    conventions_in_force = ma.fields.Integer(required=True)
    owner_votes_valid = ma.fields.Integer(required=True, allow_none=True)
    owner_votes_passed = ma.fields.Integer(required=True, allow_none=True)


class OrdersFiguresSchema(Schema):
    """Orders, how many were accepted and finished in their terms; what may still come counts in
    neither number."""

    number = ma.fields.Integer(required=True)
    accepted_in_time = _share()
    finished_in_time = _share()


class DoerFiguresSchema(OrdersFiguresSchema):
    doer_kind = ma.fields.Enum(DoerKind, by_value=True, required=True)


class DepartmentFiguresSchema(Schema):
    department = ma.fields.String(required=True)
    whistles = ma.fields.Integer(required=True)
    signed_in_time = _share()
    reported_in_time = _share()


class WorkRatesSchema(Schema):
    """As the three rates elsewhere. What raisers think is told to officers; to everybody in a month
    that has ended, when all its work is closed, of ten people or more."""

    response = _share()
    resolution = _share()
    satisfaction = _share()
    in_time = _share()


class WorkFiguresSchema(Schema):
    """Orders count in the month of their assignment, whistles when they were blown, rework when
    it was sent back, the minutes of seated members on the day that they worked."""

    orders = ma.fields.Nested(OrdersFiguresSchema, required=True)
    by_doer = ma.fields.List(ma.fields.Nested(DoerFiguresSchema), required=True)
    rates = ma.fields.Nested(WorkRatesSchema, required=True)
    emergencies = ma.fields.Nested(WorkRatesSchema, required=True)
    by_department = ma.fields.List(ma.fields.Nested(DepartmentFiguresSchema), required=True)
    rework = ma.fields.Integer(required=True)
    member_minutes = ma.fields.Integer(required=True)


class FrequentFigureSchema(Schema):
    """A category of which the community had three matters or more within twelve months."""

    community = ma.fields.String(required=True)
    category = ma.fields.Enum(Category, by_value=True, required=True)
    matters = ma.fields.Integer(required=True)


class ReportPlaceSchema(Schema):
    kind = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(["compound", "community", "subdistrict", "session"]),
    )
    id = Id(required=True)
    name = ma.fields.String(required=True)


class ReportPeriodSchema(Schema):
    label = ma.fields.String(required=True)
    first = ma.fields.Date(data_key="from", required=True)
    last = ma.fields.Date(data_key="to", required=True)


class FiguresSchema(Schema):
    """The figures of a place in a period, or of one session: then `period` is empty, as is what
    a session has no number of, and all is counted that came of it so far.

    Frequent categories are those of the twelve months that end with the period.
    """

    about = ma.fields.Nested(ReportPlaceSchema, required=True)
    period = ma.fields.Nested(ReportPeriodSchema, required=True, allow_none=True)
    participation = ma.fields.Nested(ParticipationFiguresSchema, required=True)
    outcome = ma.fields.Nested(OutcomeFiguresSchema, required=True)
    work = ma.fields.Nested(WorkFiguresSchema, required=True)
    frequent_categories = ma.fields.List(ma.fields.Nested(FrequentFigureSchema), required=True)
