"""Hours of seated members: rows that are only ever added."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kit.orm import Base, HasId
from app.people.models import Resident
from app.works.orders.models import WorkOrder


class WorkHours(HasId, Base):
    """Minutes that a seated member gave to an order on one day. A row is never edited: another
    one takes it back."""

    __tablename__ = "work_hours"
    __table_args__ = (
        Index(None, "compound_id", "id"),
        Index(None, "order_id"),
        Index(None, "member_id", "worked_on"),
        CheckConstraint(
            "(reverses_id IS NULL AND minutes BETWEEN 15 AND 720)"
            " OR (reverses_id IS NOT NULL AND minutes BETWEEN -720 AND -15)",
            name="minutes_of_a_day",
        ),
        CheckConstraint("(reverses_id IS NULL) = (reason IS NULL)", name="reversal_has_a_reason"),
        CheckConstraint("reverses_id <> id", name="reverses_another"),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("work_orders.id"))
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    member_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    worked_on: Mapped[date]
    minutes: Mapped[int] = mapped_column(Integer)
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("work_hours.id"), unique=True)
    reason: Mapped[str | None] = mapped_column(Text)
    logged_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    logged_at: Mapped[datetime]

    order: Mapped[WorkOrder] = relationship()
    member: Mapped[Resident] = relationship(foreign_keys=member_id)
