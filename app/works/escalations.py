"""Missed terms that were reported upwards: rows that are only ever added."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.orm import Base, HasId, enum_type, unique_where
from app.kit.words import Worded


class MissedStep(Worded):
    """What did not come in its term: the work of an order, or a step of a whistle."""

    SUBMIT = "SUBMIT", "办结", "submit"
    SIGN = "SIGN", "签收", "sign"
    REPORT = "REPORT", "报到", "report"
    FEED_BACK = "FEED_BACK", "反馈", "feed back"


class Escalation(HasId, Base):
    """A missed term, reported to the community (level 1) and, if it stays missed, to the street
    (level 2). A new term can be missed anew."""

    __tablename__ = "escalations"
    __table_args__ = (
        Index(None, "compound_id", "id"),
        unique_where(
            "uq_escalations_order", "order_id", "due_at", "level", where="order_id IS NOT NULL"
        ),
        unique_where(
            "uq_escalations_whistle",
            "whistle_id",
            "step",
            "due_at",
            "level",
            where="whistle_id IS NOT NULL",
        ),
        CheckConstraint("level IN (1, 2)", name="level_is_known"),
        CheckConstraint("(order_id IS NULL) <> (whistle_id IS NULL)", name="about_one_thing"),
        CheckConstraint("(order_id IS NULL) = (step <> 'SUBMIT')", name="step_of_its_thing"),
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("work_orders.id"))
    whistle_id: Mapped[UUID | None] = mapped_column(ForeignKey("whistles.id"))
    step: Mapped[MissedStep] = mapped_column(enum_type(MissedStep, "step"))
    level: Mapped[int] = mapped_column(Integer)
    due_at: Mapped[datetime]
    escalated_at: Mapped[datetime]
