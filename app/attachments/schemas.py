"""What goes in and out about uploads."""

from typing import Any

import marshmallow as ma
from flask_smorest.fields import Upload

from app.attachments.links import content_url
from app.attachments.models import FileType
from app.kit.schemas import Id, Instant, Schema, Text


class UploadArgs(Schema):
    """A multipart form with the photo or document as `file`."""

    file = Upload(required=True)


class CaptionArgs(Schema):
    caption = Text(max_length=200, load_default=None)


class ContentArgs(Schema):
    """`signature` as the attachment's `url` has it; `size` asks for the small image."""

    signature = ma.fields.String(load_default=None, validate=ma.validate.Length(max=300))
    size = ma.fields.String(load_default=None, validate=ma.validate.OneOf(["thumbnail"]))


class AttachmentIds(ma.fields.List[Any]):
    """What a thing's own body says of its attachments: ids of uploads, none unless told."""

    def __init__(self) -> None:
        super().__init__(Id(), load_default=list)


class ContentUrl(ma.fields.String):
    """The signed address of an attachment; null where there is no small image."""

    def __init__(self, *, thumbnail: bool = False) -> None:
        super().__init__(required=True, allow_none=thumbnail)
        self._thumbnail = thumbnail

    def serialize(self, attr: str, obj: Any, accessor: Any = None, **kwargs: Any) -> str | None:
        if self._thumbnail and not obj.content_type.is_image:
            return None
        return content_url(obj, thumbnail=self._thumbnail)


class AttachmentSchema(Schema):
    """An upload; its addresses are good for ten minutes, then it is to be read again."""

    id = Id(required=True)
    compound_id = Id(required=True)
    about_id = Id(required=True, allow_none=True)
    uploaded_at = Instant(required=True)
    content_type = ma.fields.Enum(FileType, by_value=True, required=True)
    size = ma.fields.Integer(required=True)
    width = ma.fields.Integer(required=True, allow_none=True)
    height = ma.fields.Integer(required=True, allow_none=True)
    sha256 = ma.fields.String(required=True, metadata={"digits": 64})
    name = ma.fields.String(required=True)
    caption = ma.fields.String(required=True, allow_none=True)
    is_public = ma.fields.Boolean(required=True)
    url = ContentUrl()
    thumbnail_url = ContentUrl(thumbnail=True)
