"""Days that people give as the end of a term."""

from datetime import date, datetime

from app.calendar import end_of_day
from app.errors import DomainError


class DueDayPassed(DomainError):
    status, code = 422, "due_day_passed"
    zh, en = "期限不能早于今天", "The due day must not lie before today"


def end_of_due_day(due_on: date | None, at: datetime) -> datetime | None:
    """24:00 of the day that was given, if any. Raises DueDayPassed."""
    if due_on is None:
        return None
    ends_at = end_of_day(due_on)
    if ends_at <= at:
        raise DueDayPassed
    return ends_at
