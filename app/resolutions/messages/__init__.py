"""What is told of a resolution to single people. Each text is a file beside this one."""

from pathlib import Path

from app.messages.models import MessageKind
from app.messages.telling import Message
from app.messages.whom import offices
from app.people.models import Role
from app.resolutions.models import Resolution

HERE = Path(__file__).parent

MESSAGES = (
    Message(
        MessageKind.REVIEW_ASKED,
        HERE,
        "resolution",
        Resolution,
        "request_review",
        offices(Role.BRANCH_SECRETARY),
        "who gives the branch's opinion, before the review lapses",
    ),
)
