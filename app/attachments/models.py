"""Uploaded files: what they are, whose they are, and the thing that they belong to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.errors import WrongState
from app.kit.orm import Base, HasId, enum_type
from app.kit.words import Worded

# Of these things' photos only who may see the thing is given an address.
SHOWN_BY_THEIR_THING = frozenset({"paper_slips", "manual_counts"})


class FileType(Worded):
    """What is stored. Its own bytes say so, never a name or a heading."""

    JPEG = "image/jpeg", "JPEG 照片", "JPEG photo"
    PNG = "image/png", "PNG 图片", "PNG image"
    WEBP = "image/webp", "WebP 图片", "WebP image"
    PDF = "application/pdf", "PDF 文件", "PDF document"

    @property
    def is_image(self) -> bool:
        return self is not FileType.PDF

    @property
    def suffix(self) -> str:
        return {
            FileType.JPEG: ".jpg",
            FileType.PNG: ".png",
            FileType.WEBP: ".webp",
            FileType.PDF: ".pdf",
        }[self]


class Attachment(HasId, Base):
    """A photo or document. Until a thing claims it only its uploader sees it, for a day.

    `about` and `about_id` name that thing as the audit log does. `claimed_at` is the instant of the
    thing's own move that claimed it: where several moves of a thing take photos, it says which.
    `size` and `sha256` are of the file as it is stored. `is_public` is set where a public notice
    shows it.
    """

    __tablename__ = "attachments"
    __table_args__ = (
        Index(None, "about_id", "id"),
        Index(None, "uploaded_at"),
        CheckConstraint("(about IS NULL) = (about_id IS NULL)", name="about_names_one_thing"),
        CheckConstraint("(about_id IS NULL) = (claimed_at IS NULL)", name="claim_has_its_time"),
        CheckConstraint(
            "(content_type = 'application/pdf') = (width IS NULL)"
            " AND (width IS NULL) = (height IS NULL)",
            name="images_have_a_size",
        ),
        CheckConstraint("about_id IS NOT NULL OR NOT is_public", name="public_when_claimed"),
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    uploaded_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    uploaded_at: Mapped[datetime]
    content_type: Mapped[FileType] = mapped_column(enum_type(FileType, "content_type"))
    size: Mapped[int] = mapped_column(Integer)
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(80))
    caption: Mapped[str | None] = mapped_column(String(200))
    about: Mapped[str | None] = mapped_column(String(40))
    about_id: Mapped[UUID | None]
    claimed_at: Mapped[datetime | None]
    is_public: Mapped[bool] = mapped_column(Boolean, default=False)

    @property
    def is_its_uploaders_only(self) -> bool:
        """Whether nobody else reads it by its id: nothing has claimed it, or a paper slip
        or a count has."""
        return self.about is None or self.about in SHOWN_BY_THEIR_THING

    def claim(self, thing: Base, at: datetime) -> None:
        """It belongs to this row from now on. Raises WrongState where it has a thing already."""
        if self.about_id is not None:
            raise WrongState(zh="这个附件已经用过", en="This attachment is in use already")
        self.about = thing.__tablename__
        self.about_id = thing.id  # type: ignore[attr-defined]
        self.claimed_at = at

    def release(self) -> None:
        """Its thing is no more: it is purged as an upload that nothing claimed."""
        self.about = self.about_id = self.claimed_at = None

    def show_publicly(self) -> None:
        """A public notice shows it: anybody may read it without a signature."""
        if self.about_id is None:
            raise WrongState(zh="这个附件还没有使用", en="This attachment is not in use yet")
        self.is_public = True
