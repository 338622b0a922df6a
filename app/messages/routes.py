"""URLs of one's inbox."""

from typing import Any
from uuid import UUID

from app.kit import due
from app.kit.extensions import db
from app.kit.web.api import Blueprint, PageArgs
from app.messages import inbox
from app.messages.schemas import InboxSchema, ReadAllArgs, UnreadSchema
from app.people.guards import current_actor, signed_in

blp = Blueprint("messages", __name__, description="消息 · Inbox")


@blp.get("/me/inbox", InboxSchema)
@signed_in
@blp.arguments(PageArgs, location="query")
def read_inbox(args: dict[str, Any]) -> dict[str, Any]:
    """我的消息 · List your messages, newest first.

    Your own messages, also those from places where you lived before, and the notices that
    concern everybody in your compound, since your residence there was verified.
    """
    own = inbox.inbox_of(current_actor())
    if own.compound_id is not None:
        due.follow(compound_id=own.compound_id)
    return inbox.read_inbox(db.session(), own, **args)


@blp.post("/me/inbox/<uuid:message_id>/read", UnreadSchema)
@signed_in
def read_message(message_id: UUID) -> dict[str, int]:
    """已读一条 · Mark a message as read; doing so again changes nothing."""
    own = inbox.inbox_of(current_actor())
    inbox.read_message(db.session(), own, message_id)
    return _committed(own)


@blp.post("/me/inbox/read-all", UnreadSchema)
@signed_in
@blp.arguments(ReadAllArgs)
def read_all_messages(body: dict[str, Any]) -> dict[str, int]:
    """全部已读 · Mark all messages as read, up to the newest one shown."""
    own = inbox.inbox_of(current_actor())
    inbox.read_all_messages(db.session(), own, body["up_to"])
    return _committed(own)


def _committed(own: inbox.Inbox) -> dict[str, int]:
    unread = inbox.count_unread(db.session(), own)
    db.session.commit()
    return {"unread": unread}
