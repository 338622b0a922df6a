"""URLs of uploads."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Response, current_app, request
from werkzeug.datastructures import FileStorage

from app.attachments import refusals, services
from app.attachments.links import LIFETIME_SECONDS, check_signature
from app.attachments.models import Attachment
from app.attachments.schemas import AttachmentSchema, CaptionArgs, ContentArgs, UploadArgs
from app.attachments.services import Limits
from app.attachments.stores import Store
from app.confined.refusals import REFUSALS as CONFINED
from app.kit.clock import read_database_clock
from app.kit.errors import NotFound, found
from app.kit.extensions import db
from app.kit.web.api import Blueprint, TooLarge
from app.kit.web.idempotency import made_before
from app.people.guards import (
    EVERYONE_THERE,
    allow,
    ask_again,
    create_once,
    current_actor,
    obtain_compound,
    public,
)
from app.people.models import Role

blp = Blueprint("attachments", __name__, description="照片与文件 · Photos and documents")

UPLOADERS = tuple(role for role in Role if role is not Role.AUDITOR)
FORM_BYTES = 64 * 1024  # what a form may hold besides its file
PUBLIC_SECONDS = 24 * 3600
# Nothing in a file runs, whatever a browser takes it for.
SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def _store() -> Store:
    store: Store = current_app.extensions["attachment_store"]
    return store


def _limits() -> Limits:
    settings = current_app.extensions["settings"]
    return Limits(
        settings.attachment_max_bytes,
        settings.attachment_max_pixels,
        settings.attachment_max_unused,
    )


@blp.before_request
def allow_larger_uploads() -> None:
    """A file may be larger than any other body; a larger one is not read to its end."""
    if request.endpoint == f"{blp.name}.{upload_attachment.__name__}":
        request.max_content_length = _limits().max_bytes + FORM_BYTES


@blp.post("/compounds/<uuid:compound_id>/attachments", AttachmentSchema)
@allow(*UPLOADERS)
@blp.arguments(UploadArgs, location="files")
@blp.arguments(CaptionArgs, location="form")
@blp.creates(
    TooLarge,
    refusals.EmptyFile,
    refusals.UnsupportedFile,
    refusals.TooManyPixels,
    refusals.BrokenImage,
    refusals.BrokenDocument,
    refusals.UnsafeDocument,
    refusals.StoreUnavailable,
    refusals.TooManyUnusedUploads,
    *CONFINED,
)
def upload_attachment(
    files: dict[str, FileStorage], form: dict[str, Any], compound_id: UUID
) -> Attachment:
    """上传 · Upload a photo (JPEG, PNG, WebP) or a PDF; it is deleted unless it is attached to
    something within a day."""
    obtain_compound(compound_id)
    actor, limits = current_actor(), _limits()
    # Counted first: what this very request made when it came before is no reason to refuse it.
    has_room = services.has_room(db.session(), limits, actor.resident)
    made = made_before(Attachment, actor.id)
    if made is not None:
        return made
    if not has_room:
        raise refusals.TooManyUnusedUploads
    actor_id, at = actor.id, read_database_clock(db.session())
    # A file takes seconds to look at. On SQLite nobody else could write meanwhile, so this
    # transaction ends here, and the one that adds the row asks for everything again.
    db.session.rollback()
    file = files["file"]
    upload = services.Upload(file.read(), file.filename or "", **form)
    stored = services.store_upload(
        current_app.extensions["confined"], _store(), limits, compound_id, actor_id, at, upload
    )

    actor = ask_again()
    obtain_compound(compound_id)
    return create_once(
        Attachment, lambda: services.add_attachment(db.session(), limits, actor.resident, stored)
    )


@blp.get("/attachments/<uuid:attachment_id>", AttachmentSchema)
@allow(*EVERYONE_THERE)
def read_attachment(attachment_id: UUID) -> Attachment:
    """附件 · An attachment with the addresses of its bytes. Before it is attached to something
    only its uploader sees it.

    The photo of a paper slip too is its uploader's alone here; others find it with the slip."""
    attachment = found(db.session.get(Attachment, attachment_id))
    obtain_compound(attachment.compound_id)
    if attachment.is_its_uploaders_only and attachment.uploaded_by_id != current_actor().id:
        raise NotFound
    return attachment


@blp.get("/attachments/<uuid:attachment_id>/content")
@public
@blp.arguments(ContentArgs, location="query")
@blp.response(200, {"type": "string", "format": "binary"}, content_type="*/*")
@blp.refuses(refusals.LinkExpired, refusals.StoreUnavailable)
def read_content(args: dict[str, Any], attachment_id: UUID) -> Response:
    """附件内容 · The bytes of an attachment; takes the signature from its `url`."""
    attachment = found(db.session.get(Attachment, attachment_id))
    check_signature(attachment, args["signature"])
    is_small = args["size"] is not None
    if is_small and not attachment.content_type.is_image:
        raise NotFound
    response = current_app.response_class(mimetype=attachment.content_type.value)
    response.set_etag(attachment.sha256[:32] + ("-small" if is_small else ""))
    response.headers["Cache-Control"] = (
        f"public, max-age={PUBLIC_SECONDS}"
        if attachment.is_public
        else f"private, max-age={LIFETIME_SECONDS}"
    )
    response.headers["Content-Security-Policy"] = SANDBOX
    shown = "inline" if attachment.content_type.is_image else "attachment"
    response.headers["Content-Disposition"] = (
        f"{shown}; filename*=UTF-8''{quote(attachment.name, safe='')}"
    )
    response.make_conditional(request)
    if response.status_code != 304:
        key = services.key_of(attachment, thumbnail=is_small)
        response.set_data(found(_store().get(key)))
    return response
