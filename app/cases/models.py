"""Cases of solved matters, and which conventions were made after one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, func, select
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from app.compounds.models import Compound
from app.conventions.models import Convention, ConventionVersion
from app.kit.moves import HasMoves
from app.kit.orm import Base, enum_type, new_id, unique_where
from app.kit.words import Worded
from app.matters.models import Category, Matter


class CaseState(Worded):
    """Steps of a case: its review is its publication."""

    DRAFT = "DRAFT", "草稿", "draft"
    PUBLISHED = "PUBLISHED", "已发布", "published"
    WITHDRAWN = "WITHDRAWN", "已撤回", "withdrawn"


_S = CaseState
CASE_MOVES: dict[CaseState, frozenset[CaseState]] = {
    _S.DRAFT: frozenset({_S.PUBLISHED, _S.WITHDRAWN}),
    _S.PUBLISHED: frozenset({_S.WITHDRAWN}),
    _S.WITHDRAWN: frozenset(),
}


class ConventionLineage(Base):
    """That a convention was drafted after a published case, and after which version's words."""

    __tablename__ = "convention_lineages"
    __table_args__ = (Index(None, "case_id"),)

    convention_id: Mapped[UUID] = mapped_column(ForeignKey("conventions.id"), primary_key=True)
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    source_version_id: Mapped[UUID] = mapped_column(ForeignKey("convention_versions.id"))
    adopted_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    adopted_at: Mapped[datetime]

    case: Mapped["Case"] = relationship()


class Case(HasMoves):
    """案例: how a matter of a compound was solved, for others to read; a matter has one.

    What is published never changes: the words of the convention and the figures are kept as they
    were then, in `snapshot`, and `search_text` is what is searched, in plain lower case.
    """

    MOVES = CASE_MOVES
    CALLED = ("这个案例", "This case")

    __tablename__ = "cases"
    __table_args__ = (
        Index(None, "compound_id", "id"),
        Index(None, "state", "category", "id"),
        unique_where("uq_cases_one_of_a_matter", "matter_id", where="state <> 'WITHDRAWN'"),
        CheckConstraint("published_by_id <> drafted_by_id", name="published_by_somebody_else"),
        CheckConstraint(
            "(published_at IS NULL) = (published_by_id IS NULL)"
            " AND (published_at IS NULL) = (snapshot IS NULL)"
            " AND (published_at IS NULL) = (search_text IS NULL)"
            " AND (state <> 'PUBLISHED' OR published_at IS NOT NULL)"
            " AND (state <> 'DRAFT' OR published_at IS NULL)",
            name="publication_is_whole",
        ),
        CheckConstraint(
            "version_id IS NULL OR (convention_id IS NOT NULL AND published_at IS NOT NULL)",
            name="version_is_the_one_published",
        ),
        CheckConstraint(
            "(state = 'WITHDRAWN') = (withdrawn_why IS NOT NULL)", name="withdrawal_has_a_reason"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    matter_id: Mapped[UUID] = mapped_column(ForeignKey("matters.id"))
    convention_id: Mapped[UUID | None] = mapped_column(ForeignKey("conventions.id"))
    version_id: Mapped[UUID | None] = mapped_column(ForeignKey("convention_versions.id"))
    category: Mapped[Category] = mapped_column(enum_type(Category, "category"))
    title: Mapped[str] = mapped_column(String(80))
    problem: Mapped[str] = mapped_column(Text)
    solution: Mapped[str] = mapped_column(Text)
    state: Mapped[CaseState] = mapped_column(enum_type(CaseState, "state"))
    drafted_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    drafted_at: Mapped[datetime]
    published_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    published_at: Mapped[datetime | None]
    snapshot: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    search_text: Mapped[str | None] = mapped_column(Text)
    withdrawn_why: Mapped[str | None] = mapped_column(Text)

    compound: Mapped[Compound] = relationship()
    matter: Mapped[Matter] = relationship()
    convention: Mapped[Convention | None] = relationship()
    version: Mapped[ConventionVersion | None] = relationship()

    # How many conventions were drafted after it, counted whenever a case is read.
    adoptions: Mapped[int] = column_property(
        select(func.count(ConventionLineage.convention_id))
        .where(ConventionLineage.case_id == id)
        .correlate_except(ConventionLineage)
        .scalar_subquery()
    )

    @property
    def held_ids(self) -> list[UUID]:
        """Its matter."""
        return [self.matter_id]

    @property
    def clauses(self) -> list[dict[str, Any]]:
        """The clauses of the convention as it was published: `text` and `owner_vote_item`."""
        return [] if self.version_id is None else list((self.snapshot or {})["clauses"])

    @property
    def figures(self) -> dict[str, Any] | None:
        """What residents said of it, if they were asked."""
        return (self.snapshot or {}).get("figures")

    @property
    def convention_name(self) -> str | None:
        """The convention's title as it was printed when the case was published."""
        return (self.snapshot or {}).get("name")

    def revise(
        self,
        *,
        title: str,
        problem: str,
        solution: str,
        category: Category,
        convention_id: UUID | None,
        by_id: UUID,
    ) -> None:
        """Put it in other words, while it is a draft; whoever does so is its author."""
        self.require_state(CaseState.DRAFT)
        self.title, self.problem, self.solution = title, problem, solution
        self.category, self.convention_id, self.drafted_by_id = category, convention_id, by_id

    def publish(
        self, version: ConventionVersion | None, snapshot: dict[str, Any], by_id: UUID, at: datetime
    ) -> None:
        """Somebody else found it good: it is in the library, in these words."""
        self._move(CaseState.PUBLISHED)
        self.version_id = None if version is None else version.id
        self.snapshot, self.published_by_id, self.published_at = snapshot, by_id, at

    def withdraw(self, reason: str) -> None:
        """It is in the library no longer, or never came there."""
        self._move(CaseState.WITHDRAWN)
        self.withdrawn_why = reason
