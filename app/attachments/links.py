"""Addresses of the bytes: signed and short-lived, unless a public notice shows them."""

import math
from uuid import UUID

from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer

from app.attachments.models import Attachment
from app.attachments.refusals import LinkExpired
from app.kit import clock
from app.kit.errors import NotFound
from app.kit.web.api import PREFIX
from app.signing import Purpose, signing_keys

LIFETIME_SECONDS = 10 * 60
# The end is rounded up to a whole minute, so that a list that is polled stays the same meanwhile.
ROUND_SECONDS = 60


def content_url(attachment: Attachment, *, thumbnail: bool = False) -> str:
    """Where the bytes are read, for ten minutes (a public one: for ever)."""
    base = current_app.extensions["settings"].public_url or request.host_url.rstrip("/")
    arguments = [] if attachment.is_public else [f"signature={_sign(attachment.id)}"]
    if thumbnail:
        arguments.append("size=thumbnail")
    query = f"?{'&'.join(arguments)}" if arguments else ""
    return f"{base}{PREFIX}/attachments/{attachment.id}/content{query}"


def check_signature(attachment: Attachment, signature: str | None) -> None:
    """Raises NotFound without a signature of ours for this attachment, and LinkExpired."""
    if attachment.is_public:
        return
    try:
        signed_id, ends = _serializer().loads(signature or "")
    except (BadData, ValueError, TypeError):
        raise NotFound from None
    if signed_id != attachment.id.hex:
        raise NotFound
    if clock.now().timestamp() >= ends:
        raise LinkExpired


def _sign(attachment_id: UUID) -> str:
    ends = math.ceil((clock.now().timestamp() + LIFETIME_SECONDS) / ROUND_SECONDS) * ROUND_SECONDS
    signature = _serializer().dumps([attachment_id.hex, ends])
    return signature if isinstance(signature, str) else signature.decode()


def _serializer() -> URLSafeSerializer:
    return signing_keys().serializer(Purpose.ATTACHMENT_LINK)
