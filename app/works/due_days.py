"""Days by which work is due: those that people give, and those counted in working days."""

from datetime import date, datetime

from app.board.recounting import CountedTerm
from app.kit.calendar.terms import Calendar, end_of_day
from app.works.limits import WHISTLE_FEEDBACK
from app.works.refusals import DueDayPassed
from app.works.whistles.models import Whistle, WhistleState


def end_of_due_day(due_on: date | None, at: datetime) -> datetime | None:
    """24:00 of the day that was given, if any. Raises DueDayPassed."""
    if due_on is None:
        return None
    ends_at = end_of_day(due_on)
    if ends_at <= at:
        raise DueDayPassed
    return ends_at


def _is_counted(whistle: Whistle, calendar: Calendar) -> bool:
    """Whether the end was counted in working days; the first time somebody may give a day."""
    if whistle.rework_count or whistle.blown_at is None:
        return True
    return whistle.due_at == calendar.add_working_days(whistle.blown_at, WHISTLE_FEEDBACK.days)


COUNTED_TERMS = (
    CountedTerm(
        Whistle.report_due_at, Whistle.state.in_((WhistleState.BLOWN, WhistleState.SIGNED))
    ),
    CountedTerm(
        Whistle.due_at,
        Whistle.state.in_(
            (
                WhistleState.BLOWN,
                WhistleState.SIGNED,
                WhistleState.REPORTED,
                WhistleState.REWORK,
            )
        ),
        is_counted=_is_counted,
    ),
)
