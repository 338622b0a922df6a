"""What goes in and out about uploads."""

from typing import Any

import marshmallow as ma
from flask_smorest.fields import Upload

from app.attachments.links import content_url
from app.attachments.models import Attachment
from app.kit.schemas import AnswerSchema, Id, Schema, Text, columns


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


class AttachmentSchema(AnswerSchema):
    """An upload; its addresses are good for ten minutes, then it is to be read again."""

    shown = columns(
        Attachment,
        "id compound_id about_id uploaded_at content_type size width height name caption is_public",
    )
    sha256 = ma.fields.String(metadata={"digits": 64})
    url = ContentUrl()
    thumbnail_url = ContentUrl(thumbnail=True)
