"""Terms and thresholds of the evaluation, as data with their sources."""

from datetime import timedelta

from app.evaluations.outcome import OutcomeRule

RULE = OutcomeRule()
# Our proposal: so long whoever raised a matter may be reached before an order closes without them.
FOLLOW_UP_TERM = timedelta(days=7)
# Our proposal: an evaluation by fewer says nothing.
MIN_ANSWERS = 5
# Our proposal: whoever mistypes the year blocks no matter for long.
LONGEST_ROUND = timedelta(days=60)
# Comments of fewer could be told apart; so could numbers (domain notes, R9 and section 14).
MIN_FOR_COMMENTS = 3
LEAST_PEOPLE = 10
