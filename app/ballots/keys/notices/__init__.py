"""What every board says when the operator's key was replaced."""

from pathlib import Path

from app.board.models import NoticeKind
from app.board.posting import Notice
from app.kit.schemas import Hex, Instant, Schema


class KeyData(Schema):
    """The operator's key, the one before, and the change."""

    public_key = Hex(length=32, attribute="pinned.public_key")
    former_public_key = Hex(length=32, attribute="former.public_key")
    since = Instant(attribute="pinned.since")


OPERATOR_KEY_CHANGED = Notice(
    NoticeKind.OPERATOR_KEY_CHANGED, Path(__file__).parent, "change", KeyData().dump
)
