"""What goes in and out about figures."""

from typing import Any

import marshmallow as ma

from app.kit.schemas import AnswerSchema, Id, Matches, Schema, alike, attributes
from app.reports.cells import Days, People, ShareCell
from app.reports.counts import FrequentCategory
from app.reports.periods import Period, month_of, year_of
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


class PeopleSchema(AnswerSchema):
    """A number of people. Fewer than ten are not told, nor a part that leaves fewer than ten of
    a total shown beside it: `value` is empty then. `text` is `–` where nothing was counted."""

    shown = attributes(People, "value suppressed text")


class ShareSchema(AnswerSchema):
    """A share with both numbers, and its percentage with one decimal, rounded half up; of nothing
    it is `–`. Where people are counted each number may be suppressed."""

    shown = attributes(ShareCell, "numerator denominator suppressed text")


class DaysSchema(AnswerSchema):
    """Whole days of `count` matters, by nearest rank: of n sorted values the p-th percentile is
    number ceil(p * n / 100). Empty where there is no matter."""

    shown = attributes(Days, "count median p90")


def _share(**kwargs: Any) -> ma.fields.Nested:
    return ma.fields.Nested(ShareSchema, **kwargs)


class ParticipationFiguresSchema(AnswerSchema):
    """Matters count in the month in which they were raised, merged, or put on a frozen list;
    ballots in that of their count. Tenants are voters with a verified tenancy there now.
    A session belongs to the month that it names."""

    of_a_period = alike("raised merged", lambda: ma.fields.Integer(allow_none=True))
    counts = alike("listed votes", ma.fields.Integer)
    people = alike("roll returned empty_ballots", lambda: ma.fields.Nested(PeopleSchema))
    shares = alike("turnout tenants", _share)
    hosting_compounds = _share(allow_none=True)


class ResolutionFiguresSchema(AnswerSchema):
    """Resolutions that came to this end in the period, by the log: one that is put to the vote
    twice counts each time."""

    counts = alike("passed failed no_quorum shelved escalated", ma.fields.Integer)


class OutcomeFiguresSchema(AnswerSchema):
    """Selected and carried over (`deferred`) in the month of the count, solved and reopened in
    that of the judgement, conventions at the end of the period, owners' votes in the month in
    which their record was entered; only such as passed can be recorded."""

    counts = alike("selected solved reopened deferred conventions_in_force", ma.fields.Integer)
    days = alike("carried_over_after raised_to_closed", lambda: ma.fields.Nested(DaysSchema))
    resolutions = ma.fields.Nested(ResolutionFiguresSchema)
    of_a_place = alike(
        "owner_votes_valid owner_votes_passed", lambda: ma.fields.Integer(allow_none=True)
    )


class OrdersFiguresSchema(AnswerSchema):
    """Orders, how many were accepted and finished in their terms; what may still come counts in
    neither number."""

    number = ma.fields.Integer()
    shares = alike("accepted_in_time finished_in_time", _share)


class DoerFiguresSchema(OrdersFiguresSchema):
    doer_kind = ma.fields.Enum(DoerKind, by_value=True)


class DepartmentFiguresSchema(AnswerSchema):
    department = ma.fields.String()
    whistles = ma.fields.Integer()
    shares = alike("signed_in_time reported_in_time", _share)


class WorkRatesSchema(AnswerSchema):
    """As the four rates elsewhere. What raisers think is told to officers; to everybody in a month
    that has ended, when all its work is closed, of ten people or more."""

    shares = alike("response solved_rate satisfaction in_time", _share)


class WorkFiguresSchema(AnswerSchema):
    """Orders count in the month of their assignment, whistles when they were blown, rework when
    it was sent back, the minutes of seated members on the day that they worked."""

    orders = ma.fields.Nested(OrdersFiguresSchema)
    by_doer = ma.fields.List(ma.fields.Nested(DoerFiguresSchema))
    shares = alike("rates emergencies", lambda: ma.fields.Nested(WorkRatesSchema))
    by_department = ma.fields.List(ma.fields.Nested(DepartmentFiguresSchema))
    counts = alike("rework member_minutes", ma.fields.Integer)


class FrequentFigureSchema(AnswerSchema):
    """A category of which the community had three matters or more within twelve months."""

    shown = attributes(FrequentCategory, "community category matters")


class ReportPlaceSchema(AnswerSchema):
    kind = ma.fields.String(
        validate=ma.validate.OneOf(["compound", "community", "subdistrict", "session"])
    )
    id = Id()
    name = ma.fields.String()


class ReportPeriodSchema(AnswerSchema):
    label = ma.fields.String()
    first = ma.fields.Date(data_key="from")
    last = ma.fields.Date(data_key="to")


class FiguresSchema(AnswerSchema):
    """The figures of a place in a period, or of one session: then `period` is empty, as is what
    a session has no number of, and all is counted that came of it so far.

    Frequent categories are those of the twelve months that end with the period.
    """

    about = ma.fields.Nested(ReportPlaceSchema)
    period = ma.fields.Nested(ReportPeriodSchema, allow_none=True)
    participation = ma.fields.Nested(ParticipationFiguresSchema)
    outcome = ma.fields.Nested(OutcomeFiguresSchema)
    work = ma.fields.Nested(WorkFiguresSchema)
    frequent_categories = ma.fields.List(ma.fields.Nested(FrequentFigureSchema))
