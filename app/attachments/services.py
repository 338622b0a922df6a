"""Taking uploads in, reading them back, and giving them to the things that they belong to."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.attachments import refusals
from app.attachments.documents import check_document
from app.attachments.images import clean_image
from app.attachments.models import Attachment, FileType
from app.attachments.stores import Store
from app.confined.calls import Confined
from app.confined.refusals import TooComplex
from app.kit.audit import record
from app.kit.orm import Base, new_id
from app.kit.web.api import TooLarge
from app.people.models import Resident

MAX_ATTACHMENTS = 9
MAX_NAME = 80
NAMELESS = "附件"
SIGNS = (
    (re.compile(rb"\xff\xd8\xff"), FileType.JPEG),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), FileType.PNG),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), FileType.WEBP),
    (re.compile(rb"%PDF-"), FileType.PDF),
)
HEIC = re.compile(rb"....ftyp(?:he[iv][a-z]|mif1|msf1|avi[fs])", re.DOTALL)


@dataclass(frozen=True)
class Limits:
    """The largest upload, in bytes and in pixels, and how many a person may leave unused."""

    max_bytes: int
    max_pixels: int
    max_unused: int


@dataclass(frozen=True)
class Upload:
    """A file as somebody sent it, with the name that they gave it."""

    content: bytes
    name: str
    caption: str | None


def has_room(session: Session, limits: Limits, by: Resident) -> bool:
    """Whether this person has fewer uploads, wherever, that nothing has claimed yet than anybody
    may have."""
    query = select(func.count()).where(
        Attachment.uploaded_by_id == by.id, Attachment.about_id.is_(None)
    )
    return session.scalars(query).one() < limits.max_unused


class Looked(NamedTuple):
    """What is kept of an upload: its bytes, and for an image a small one and its size."""

    content: bytes
    thumbnail: bytes | None = None
    width: int | None = None
    height: int | None = None


def store_upload(
    confined: Confined,
    store: Store,
    limits: Limits,
    compound_id: UUID,
    by_id: UUID,
    at: datetime,
    upload: Upload,
) -> Attachment:
    """Check an upload and store its file; the row that tells of it is the caller's to add.

    This takes seconds and needs no database; of all uploads on this host one comes so far at a
    time. A file whose row is never committed is purged after a day. Raises TooLarge, EmptyFile,
    UnsupportedFile, TooManyPixels, BrokenImage, BrokenDocument, UnsafeDocument, StoreUnavailable,
    TooComplex, TookTooLong, Busy.
    """
    if len(upload.content) > limits.max_bytes:
        most = f"{limits.max_bytes:,}"
        raise TooLarge(zh=f"文件最多 {most} 字节", en=f"A file has at most {most} bytes")
    kind = type_of(upload.content)
    attachment = Attachment(
        id=new_id(),
        compound_id=compound_id,
        uploaded_by_id=by_id,
        uploaded_at=at,
        content_type=kind,
        name=shown_name(upload.name, kind),
        caption=upload.caption,
        is_public=False,
    )
    with confined.slot():
        looked = look_at(confined, upload.content, kind, limits)
        _keep(store, attachment, looked)
    attachment.width, attachment.height = looked.width, looked.height
    attachment.size = len(looked.content)
    attachment.sha256 = hashlib.sha256(looked.content).hexdigest()
    return attachment


def look_at(confined: Confined, content: bytes, kind: FileType, limits: Limits) -> Looked:
    """What is to be kept of an upload of this kind, found out in a child that can be killed.

    Raises what `clean_image` and `check_document` do, and TookTooLong.
    """
    if kind.is_image:
        of_images = (refusals.BrokenImage, refusals.TooManyPixels, TooComplex)
        most = limits.max_pixels
        return Looked(*confined.call(clean_image, content, kind.name, most, refusals=of_images))
    of_documents = (refusals.BrokenDocument, refusals.UnsafeDocument, TooComplex)
    confined.call(check_document, content, refusals=of_documents)
    return Looked(content)


def _keep(store: Store, attachment: Attachment, looked: Looked) -> None:
    """The file and its small image, both or none. Raises StoreUnavailable."""
    if looked.thumbnail is not None:
        store.put(key_of(attachment, thumbnail=True), looked.thumbnail)
    try:
        store.put(key_of(attachment), looked.content)
    except refusals.StoreUnavailable:
        with suppress(refusals.StoreUnavailable):  # then the purge finds it
            store.delete(key_of(attachment, thumbnail=True))
        raise


def add_attachment(
    session: Session, limits: Limits, by: Resident, attachment: Attachment
) -> Attachment:
    """Add the row of a stored upload. Raises TooManyUnusedUploads."""
    # Held, so that a person's uploads at once are counted one after the other.
    session.execute(select(Resident.id).where(Resident.id == by.id).with_for_update(key_share=True))
    if not has_room(session, limits, by):
        raise refusals.TooManyUnusedUploads
    session.add(attachment)
    _record(session, attachment, "upload", by, attachment.uploaded_at)
    return attachment


def type_of(content: bytes) -> FileType:
    """What the first bytes say that it is. Raises EmptyFile, UnsupportedFile."""
    if not content:
        raise refusals.EmptyFile
    for sign, kind in SIGNS:
        if sign.match(content):
            return kind
    if HEIC.match(content):
        raise refusals.UnsupportedFile(
            zh="这是 HEIC/AVIF 照片：请在手机相机设置里选「兼容性最佳」，或转成 JPEG 再传",
            en="This is a HEIC or AVIF photo: choose “Most Compatible” in the camera's settings, "
            "or convert it to JPEG",
        )
    raise refusals.UnsupportedFile


def shown_name(given: str, kind: FileType) -> str:
    """The given name as people are shown it: without folders, control characters or a wrong
    ending. It is never part of a path."""
    last = re.split(r"[\\/]", given)[-1]
    text = "".join(character for character in last if character.isprintable()).strip(" .")
    stem = text.rpartition(".")[0] or text
    return (stem[: MAX_NAME - len(kind.suffix)].strip(" .") or NAMELESS) + kind.suffix


def folder_of(instant: datetime) -> str:
    """The store's folder for what is uploaded on that day (UTC)."""
    return f"{instant.astimezone(UTC):%Y-%m-%d}"


def key_of(attachment: Attachment, *, thumbnail: bool = False) -> str:
    """Under what key the store keeps it; made of our own id alone."""
    end = ".thumbnail" if thumbnail else ""
    return f"{folder_of(attachment.uploaded_at)}/{attachment.id}{end}"


def attach(
    session: Session,
    thing: Base,
    compound_id: UUID,
    attachment_ids: Sequence[UUID],
    by: Resident,
    at: datetime,
    *,
    is_anonymous: bool = False,
) -> list[Attachment]:
    """Give uploads to a thing, whose row has its id: those that this person uploaded in this
    compound and that nothing has claimed yet. `at` is the instant of the thing's move.

    At most 9, each once; they come back in the order of uploading. Of two requests that name the
    same upload at once one gets it. Where nobody is told who made the thing (`is_anonymous`),
    documents are refused and the names that the files came with are forgotten: either may say it.
    Raises TooManyAttachments, UnknownAttachment, PhotosOnly.
    """
    wanted = set(attachment_ids)
    if len(wanted) > MAX_ATTACHMENTS:
        raise refusals.TooManyAttachments
    if not wanted:
        return []
    query = (
        select(Attachment)
        .where(
            Attachment.id.in_(wanted),
            Attachment.compound_id == compound_id,
            Attachment.uploaded_by_id == by.id,
            Attachment.about_id.is_(None),
        )
        .order_by(Attachment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = list(session.scalars(query))
    if len(found) < len(wanted):
        raise refusals.UnknownAttachment
    if is_anonymous and not all(attachment.content_type.is_image for attachment in found):
        raise refusals.PhotosOnly
    for attachment in found:
        attachment.claim(thing, at)
        if is_anonymous:
            attachment.name = shown_name("", attachment.content_type)
        if is_anonymous:  # the log would say whose it is
            _record(session, attachment, "attach", None, at)
        else:
            _record(session, attachment, "attach", by, at, reason=f"{attachment.about_id}")
    return found


def attachments_of(session: Session, thing_ids: Collection[UUID]) -> dict[UUID, list[Attachment]]:
    """The attachments of each of these things in the order of uploading, in one query; a thing
    without any has an empty list."""
    found: dict[UUID, list[Attachment]] = defaultdict(list)
    if thing_ids:
        query = select(Attachment).where(Attachment.about_id.in_(thing_ids))
        for attachment in session.scalars(query.order_by(Attachment.id)):
            if attachment.about_id is not None:
                found[attachment.about_id].append(attachment)
    return found


def release_attachments(session: Session, thing_ids: Collection[UUID]) -> None:
    """What these things had claimed is theirs no more, and is purged."""
    for attachments in attachments_of(session, thing_ids).values():
        for attachment in attachments:
            attachment.release()


def _record(
    session: Session,
    attachment: Attachment,
    verb: str,
    by: Resident | None,
    at: datetime,
    reason: str | None = None,
) -> None:
    record(session, attachment, verb, by, at, reason=reason)
