"""Who is told what: every kind of message to single people, with the moves of which it tells."""

from app.board.messages import MESSAGES as BOARD
from app.conventions.messages import MESSAGES as CONVENTIONS
from app.deliberation.messages import MESSAGES as DELIBERATION
from app.evaluations.messages import MESSAGES as EVALUATIONS
from app.matters.messages import MESSAGES as MATTERS
from app.messages.people import MESSAGES as PEOPLE
from app.messages.telling import Message
from app.resolutions.messages import MESSAGES as RESOLUTIONS
from app.works.messages import MESSAGES as WORKS

MESSAGES: tuple[Message, ...] = (
    *PEOPLE,
    *BOARD,
    *MATTERS,
    *DELIBERATION,
    *RESOLUTIONS,
    *WORKS,
    *CONVENTIONS,
    *EVALUATIONS,
)
