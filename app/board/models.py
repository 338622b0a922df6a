"""Public notices."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.board.refusals import ObjectionTermOver, TakesNoObjections
from app.compounds.models import Compound
from app.kit.calendar.terms import is_shown_as_provisional
from app.kit.errors import WrongState
from app.kit.orm import Base, HasId, enum_type
from app.people.models import Resident


class NoticeKind(StrEnum):
    """What a notice tells; one of each kind for the thing that it is about."""

    SESSION_ANNOUNCED = "SESSION_ANNOUNCED"
    LIST_FROZEN = "LIST_FROZEN"
    VOTING_OPENED = "VOTING_OPENED"
    VOTING_EXTENDED = "VOTING_EXTENDED"
    TALLIED = "TALLIED"
    SESSION_CANCELLED = "SESSION_CANCELLED"
    ROUND_TABLE_AGENDA = "ROUND_TABLE_AGENDA"
    MEETING_CONCLUDED = "MEETING_CONCLUDED"
    RESOLUTION_NOTICED = "RESOLUTION_NOTICED"
    RESOLUTION_EFFECTIVE = "RESOLUTION_EFFECTIVE"
    RESOLUTION_ESCALATED = "RESOLUTION_ESCALATED"
    CONVENTION_NOTICED = "CONVENTION_NOTICED"
    CONVENTION_IN_FORCE = "CONVENTION_IN_FORCE"
    CONVENTION_CLAUSE_ACTIVE = "CONVENTION_CLAUSE_ACTIVE"
    CONVENTION_REPEAL_NOTICED = "CONVENTION_REPEAL_NOTICED"
    CONVENTION_REPEALED = "CONVENTION_REPEALED"
    ORDER_ASSIGNED = "ORDER_ASSIGNED"
    ORDER_VERIFIED = "ORDER_VERIFIED"
    ORDER_OVERDUE = "ORDER_OVERDUE"
    WHISTLE_ESCALATED = "WHISTLE_ESCALATED"
    WHISTLE_CLOSED = "WHISTLE_CLOSED"
    EVALUATION_OPENED = "EVALUATION_OPENED"
    EVALUATION_CLOSED = "EVALUATION_CLOSED"
    MATTER_CLOSED = "MATTER_CLOSED"
    MATTER_REOPENED = "MATTER_REOPENED"
    LOOK_BACK_STARTED = "LOOK_BACK_STARTED"
    SESSION_CLOSED = "SESSION_CLOSED"
    CASE_PUBLISHED = "CASE_PUBLISHED"
    RATING_NOTICED = "RATING_NOTICED"
    RATING_FINAL = "RATING_FINAL"
    COUNTERSIGNED = "COUNTERSIGNED"
    COUNTERSIGNATURE_REFUSED = "COUNTERSIGNATURE_REFUSED"
    OPERATOR_KEY_CHANGED = "OPERATOR_KEY_CHANGED"
    VOTE_VOID = "VOTE_VOID"
    RESOLUTION_VOTE_VOID = "RESOLUTION_VOTE_VOID"
    MATTER_SHELVED = "MATTER_SHELVED"
    OWNERS_DECIDED = "OWNERS_DECIDED"
    CONVENTION_WITHDRAWN = "CONVENTION_WITHDRAWN"
    CONVENTION_REPEAL_WITHDRAWN = "CONVENTION_REPEAL_WITHDRAWN"


# Notices about a session; all others are about what came of it.
ABOUT_SESSIONS = frozenset(
    {
        NoticeKind.SESSION_ANNOUNCED,
        NoticeKind.LIST_FROZEN,
        NoticeKind.VOTING_OPENED,
        NoticeKind.VOTING_EXTENDED,
        NoticeKind.TALLIED,
        NoticeKind.VOTE_VOID,
        NoticeKind.COUNTERSIGNED,
        NoticeKind.COUNTERSIGNATURE_REFUSED,
        NoticeKind.SESSION_CANCELLED,
        NoticeKind.ROUND_TABLE_AGENDA,
        NoticeKind.MEETING_CONCLUDED,
        NoticeKind.LOOK_BACK_STARTED,
        NoticeKind.SESSION_CLOSED,
    }
)


class PublicNotice(HasId, Base):
    """公示. Its id never changes; `revision` grows with each correction.

    Objections may be raised until `term_ends_at` (exclusive); a notice without it takes none.

    `data` is the machine-readable side of the notice and is never corrected by hand: a wrong
    figure is mended where it comes from. The places above the compound are repeated here, so that
    each feed reads one index.
    """

    __tablename__ = "public_notices"
    __table_args__ = (
        UniqueConstraint("about_id", "kind", name="uq_public_notices_about"),
        Index(None, "compound_id", "id"),
        Index(None, "community_id", "id"),
        Index(None, "subdistrict_id", "id"),
        CheckConstraint("revision >= 1", name="revision_starts_at_one"),
    )

    kind: Mapped[NoticeKind] = mapped_column(enum_type(NoticeKind, "kind"))
    about_id: Mapped[UUID]
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    community_id: Mapped[UUID] = mapped_column(ForeignKey("communities.id"))
    subdistrict_id: Mapped[UUID] = mapped_column(ForeignKey("subdistricts.id"))
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    published_at: Mapped[datetime]
    modified_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    term_ends_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(Integer, default=1)

    compound: Mapped[Compound] = relationship()

    def correct(self, note: str, at: datetime) -> None:
        """Add a correction under the text; what was published stays readable."""
        self._require_published()
        self.text = f"{self.text}\n\n更正 Correction:{note}"
        self._revise(at)

    def move_term(self, ends_at: datetime, said: str) -> None:
        """Objections may be raised until then; `said` is the same for programs."""
        self.term_ends_at = ends_at
        self.data = {**self.data, "term_ends_at": said}

    @property
    def term_is_provisional(self) -> bool:
        """Whether the term may still move: the holidays of its year are not known yet."""
        return is_shown_as_provisional(self.term_ends_at)

    def withdraw(self, reason: str, at: datetime) -> None:
        """Say that the notice no longer holds; it stays as a short item, since readers keep it."""
        self._require_published()
        self.title = f"【已撤回 Withdrawn】{self.title}"
        self.text = f"本公示已撤回。理由：{reason}\nThis notice was withdrawn. Reason: {reason}"
        self.data = {}
        self.withdrawn_at = at
        self._revise(at)

    def require_in_term(self, at: datetime) -> None:
        """Raises WrongState, TakesNoObjections or ObjectionTermOver."""
        self._require_published()
        if self.term_ends_at is None:
            raise TakesNoObjections
        if at >= self.term_ends_at:
            raise ObjectionTermOver

    def _revise(self, at: datetime) -> None:
        self.modified_at = at
        self.revision += 1

    def _require_published(self) -> None:
        if self.withdrawn_at is not None:
            raise WrongState(zh="这份公示已经撤回", en="This notice was withdrawn")


class Objection(HasId, Base):
    """异议: what somebody has against a notice, and the one answer to it."""

    __tablename__ = "objections"
    __table_args__ = (
        Index(None, "notice_id", "id"),
        CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)"
            " AND (answer IS NULL) = (answered_by_id IS NULL)",
            name="answer_has_its_time_and_author",
        ),
    )

    notice_id: Mapped[UUID] = mapped_column(ForeignKey("public_notices.id"))
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    text: Mapped[str] = mapped_column(Text)
    raised_at: Mapped[datetime]
    answer_due_at: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    answered_at: Mapped[datetime | None]

    resident: Mapped[Resident] = relationship(foreign_keys=resident_id)

    @property
    def answer_due_is_provisional(self) -> bool:
        """Whether the term may still move: the holidays of its year are not known yet."""
        return is_shown_as_provisional(self.answer_due_at)

    def give_answer(self, answer: str, by_id: UUID, at: datetime) -> None:
        """The branch answers, once."""
        if self.answer is not None:
            raise WrongState(zh="这条异议已经答复", en="This objection was answered already")
        self.answer, self.answered_by_id, self.answered_at = answer, by_id, at
