"""Messages, and who has read them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from app.kit.orm import Base, HasId, enum_type

_TO_ALL = text("resident_id IS NULL")


class MessageKind(StrEnum):
    """What a message tells. Those to all who live in a compound are its notices, under the names of
    these."""

    SESSION_ANNOUNCED = "SESSION_ANNOUNCED"
    LIST_FROZEN = "LIST_FROZEN"
    VOTING_OPENED = "VOTING_OPENED"
    VOTING_EXTENDED = "VOTING_EXTENDED"
    VOTE_VOID = "VOTE_VOID"
    TALLIED = "TALLIED"
    SESSION_CANCELLED = "SESSION_CANCELLED"
    RESOLUTION_NOTICED = "RESOLUTION_NOTICED"
    RESOLUTION_EFFECTIVE = "RESOLUTION_EFFECTIVE"
    RESOLUTION_VOTE_VOID = "RESOLUTION_VOTE_VOID"
    CONVENTION_NOTICED = "CONVENTION_NOTICED"
    CONVENTION_IN_FORCE = "CONVENTION_IN_FORCE"
    CONVENTION_REPEAL_NOTICED = "CONVENTION_REPEAL_NOTICED"
    CONVENTION_REPEALED = "CONVENTION_REPEALED"
    EVALUATION_OPENED = "EVALUATION_OPENED"
    EVALUATION_CLOSED = "EVALUATION_CLOSED"

    HOME_VERIFIED = "HOME_VERIFIED"
    HOME_REFUSED = "HOME_REFUSED"
    HOME_ENDED = "HOME_ENDED"
    HOUSEHOLD_JOINED = "HOUSEHOLD_JOINED"
    HOUSEHOLD_LEFT = "HOUSEHOLD_LEFT"
    BIRTH_DATE_CORRECTED = "BIRTH_DATE_CORRECTED"
    OFFICE_GIVEN = "OFFICE_GIVEN"
    OFFICE_ENDED = "OFFICE_ENDED"

    OBJECTION_RAISED = "OBJECTION_RAISED"
    OBJECTION_ANSWERED = "OBJECTION_ANSWERED"

    MATTER_LISTED = "MATTER_LISTED"
    MATTER_MERGED = "MATTER_MERGED"
    MATTER_TOOK_IN = "MATTER_TOOK_IN"
    MATTER_DISPATCHED = "MATTER_DISPATCHED"
    MATTER_WHISTLED = "MATTER_WHISTLED"
    MATTER_REFUSED = "MATTER_REFUSED"
    MATTER_CHOSEN = "MATTER_CHOSEN"
    MATTER_NOT_CHOSEN = "MATTER_NOT_CHOSEN"
    MATTER_SHELVED = "MATTER_SHELVED"
    MATTER_LEFT_TO_OWNERS = "MATTER_LEFT_TO_OWNERS"
    MATTER_DONE = "MATTER_DONE"
    MATTER_CLOSED = "MATTER_CLOSED"
    MATTER_REOPENED = "MATTER_REOPENED"

    INVITED = "INVITED"
    ARRIVAL_NOTED = "ARRIVAL_NOTED"
    REVIEW_ASKED = "REVIEW_ASKED"
    CONVENTION_REVIEW_ASKED = "CONVENTION_REVIEW_ASKED"
    CONVENTION_RETURNED = "CONVENTION_RETURNED"

    ORDER_ASSIGNED = "ORDER_ASSIGNED"
    ORDER_TAKEN_AWAY = "ORDER_TAKEN_AWAY"
    ORDER_RETURNED = "ORDER_RETURNED"
    ORDER_REOPENED = "ORDER_REOPENED"
    ORDER_OVERDUE = "ORDER_OVERDUE"
    ORDER_OVERDUE_REPORTED = "ORDER_OVERDUE_REPORTED"
    ORDER_DECLINED = "ORDER_DECLINED"
    WHISTLE_REQUESTED = "WHISTLE_REQUESTED"
    WHISTLE_BLOWN = "WHISTLE_BLOWN"
    WHISTLE_REWORK = "WHISTLE_REWORK"
    WHISTLE_OVERDUE = "WHISTLE_OVERDUE"
    WHISTLE_OVERDUE_REPORTED = "WHISTLE_OVERDUE_REPORTED"
    WHISTLE_OBJECTED = "WHISTLE_OBJECTED"


class InboxMessage(HasId, Base):
    """What one person is told, or, without `resident_id`, everybody who lives in a compound.

    The words of a message that is a notice are the notice's own, as it stands now. Others keep
    theirs: they tell what happened at a time.
    """

    __tablename__ = "inbox_messages"
    __table_args__ = (
        Index(None, "resident_id", "id"),
        Index(
            "ix_inbox_messages_to_all",
            "compound_id",
            "id",
            sqlite_where=_TO_ALL,
            postgresql_where=_TO_ALL,
        ),
        CheckConstraint(
            "resident_id IS NOT NULL OR compound_id IS NOT NULL", name="is_for_somebody"
        ),
        CheckConstraint(
            "(notice_id IS NULL) = (title IS NOT NULL)"
            " AND (title IS NULL) = (text IS NULL)"
            " AND (title IS NULL) = (title_en IS NULL)"
            " AND (title IS NULL) = (text_en IS NULL)",
            name="words_of_its_own_or_a_notice",
        ),
    )

    kind: Mapped[MessageKind] = mapped_column(enum_type(MessageKind, "kind"))
    resident_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    compound_id: Mapped[UUID | None] = mapped_column(ForeignKey("compounds.id"))
    about_id: Mapped[UUID]
    notice_id: Mapped[UUID | None] = mapped_column(ForeignKey("public_notices.id"), unique=True)
    title: Mapped[str | None] = mapped_column(String(200))
    text: Mapped[str | None] = mapped_column(Text)
    title_en: Mapped[str | None] = mapped_column(String(400))
    text_en: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]

    # By its name: the board, which posts these, comes later.
    notice: Mapped[Any] = relationship("PublicNotice")
    is_read: Mapped[bool] = query_expression()

    @property
    def shown(self) -> Any:
        """Whose words are read: the notice's or its own."""
        return self if self.notice_id is None else self.notice


class InboxRead(Base):
    """That somebody has read a message past the mark of their inbox; when, is not kept."""

    __tablename__ = "inbox_reads"

    resident_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"), primary_key=True)
    message_id: Mapped[UUID] = mapped_column(
        ForeignKey("inbox_messages.id"), primary_key=True, index=True
    )


class InboxMark(Base):
    """Up to which message somebody has read everything.

    Instead of a row for each: a notice to all would have one for every resident after all.
    """

    __tablename__ = "inbox_marks"

    resident_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"), primary_key=True)
    read_until: Mapped[UUID]
