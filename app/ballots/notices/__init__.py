"""What the board says of voting and of its result. Each text is a file beside this one."""

from pathlib import Path

import marshmallow as ma

from app.agenda.models import AgendaSession
from app.agenda.notices import ListData, SessionData, says_of_session
from app.board.models import NoticeKind
from app.board.posting import Notice, follows
from app.kit.schemas import Hex, columns


class OpeningData(ListData):
    """A session with what was fixed when its vote opened, to compare with the bundle after
    closing."""

    scheme = ma.fields.Raw()
    rules = ma.fields.Raw()
    roll_root = Hex(length=32)
    officer_key = Hex(length=32)


class VoidData(ListData):
    """A session whose vote is void, and which one holds it again."""

    held_again = columns(AgendaSession, "successor_id")


class OfficerData(SessionData):
    """A session, and the public key of the officer who was to countersign."""

    officer_key = Hex(length=32)


HERE = Path(__file__).parent
VOTING_OPENED = Notice(
    NoticeKind.VOTING_OPENED, HERE, "session", OpeningData().dump, says_of_session
)
VOTING_EXTENDED = Notice(
    NoticeKind.VOTING_EXTENDED,
    HERE,
    "session",
    SessionData().dump,
    says_of_session,
)
follows(AgendaSession, VOTING_OPENED, VOTING_EXTENDED)
VOTE_VOID = Notice(NoticeKind.VOTE_VOID, HERE, "session", VoidData().dump)
TALLIED = Notice(NoticeKind.TALLIED, HERE, "session", SessionData().dump)
COUNTERSIGNED = Notice(NoticeKind.COUNTERSIGNED, HERE, "session", OfficerData().dump)
COUNTERSIGNATURE_REFUSED = Notice(
    NoticeKind.COUNTERSIGNATURE_REFUSED, HERE, "session", OfficerData().dump
)
