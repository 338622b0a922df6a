"""Conventions and their versions, which move from a draft to being in force."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    and_,
)
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship, remote

from app.board.models import PublicNotice
from app.compounds.models import Compound
from app.conventions.texts.clauses import Clause, ConventionFlag, OfficialOwnerVote
from app.conventions.texts.difference import ClauseText, compare
from app.kit.moves import HasMoves
from app.kit.orm import Base, HasId, enum_type, unique_where
from app.kit.words import Worded
from app.resolutions.models import Resolution
from votes.explanation import Explanation
from votes.majority import MajorityRule, ResolutionVote, explain_majority


class LegalType(Worded):
    """What a convention rests on: consent, the residents' meeting, or the owners' joint decision
    (domain notes, section 7)."""

    SELF_DISCIPLINE = "SELF_DISCIPLINE", "解题规约", "self-discipline convention"
    RESIDENT_PACT = "RESIDENT_PACT", "居民公约", "residents' pact"
    OWNER_COVENANT = "OWNER_COVENANT", "管理规约", "owners' covenant"


class VersionState(Worded):
    """Steps of a version (domain notes, section 8). Only a residents' pact is FILED."""

    DRAFT = "DRAFT", "草案", "draft"
    REVIEW = "REVIEW", "审核中", "under review"
    VOTED = "VOTED", "已表决", "voted"
    NOTICED = "NOTICED", "公示中", "on notice"
    FILED = "FILED", "已备案", "filed"
    IN_FORCE = "IN_FORCE", "现行", "in force"
    AMENDED = "AMENDED", "已由新版代替", "replaced by a newer version"
    REPEALED = "REPEALED", "已废止", "repealed"
    WITHDRAWN = "WITHDRAWN", "已撤回", "withdrawn"


_S = VersionState
VERSION_MOVES: dict[VersionState, frozenset[VersionState]] = {
    _S.DRAFT: frozenset({_S.REVIEW, _S.WITHDRAWN}),
    # REVIEW > DRAFT: the reviewer returns it.
    _S.REVIEW: frozenset({_S.DRAFT, _S.VOTED, _S.WITHDRAWN}),
    # > WITHDRAWN: what it rests on was superseded, or it is not wanted any more.
    _S.VOTED: frozenset({_S.NOTICED, _S.WITHDRAWN}),
    _S.NOTICED: frozenset({_S.FILED, _S.IN_FORCE, _S.WITHDRAWN}),
    _S.FILED: frozenset({_S.IN_FORCE, _S.WITHDRAWN}),
    _S.IN_FORCE: frozenset({_S.AMENDED, _S.REPEALED}),
    _S.AMENDED: frozenset(),
    _S.REPEALED: frozenset(),
    _S.WITHDRAWN: frozenset(),
}
# Those who wrote it decide over it.
BEFORE_THE_VOTE = frozenset({_S.DRAFT, _S.REVIEW})
# On its way: a convention has one such version at a time.
OPEN = frozenset({_S.DRAFT, _S.REVIEW, _S.VOTED, _S.NOTICED, _S.FILED})
# Its notice stands on the board, and it is not in force yet.
ON_THE_BOARD = frozenset({_S.NOTICED, _S.FILED})
IN_FORCE_ONCE = frozenset({_S.IN_FORCE, _S.AMENDED, _S.REPEALED})
# The text stands; what it still lacks may be added.
TEXT_IS_FINAL = frozenset({_S.VOTED, _S.NOTICED, _S.FILED, _S.IN_FORCE})


class Opinion(Worded):
    """What the reviewer says of a version."""

    APPROVED = "APPROVED", "通过", "approved"
    RETURNED = "RETURNED", "退回", "returned"


class Convention(HasId, Base):
    """规约 of a compound; what it says stands in its versions."""

    __tablename__ = "conventions"
    __table_args__ = (Index(None, "compound_id", "id"),)

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    legal_type: Mapped[LegalType] = mapped_column(enum_type(LegalType, "legal_type"))
    created_at: Mapped[datetime]

    compound: Mapped[Compound] = relationship()
    versions: Mapped[list["ConventionVersion"]] = relationship(
        back_populates="convention", order_by="ConventionVersion.number"
    )

    @property
    def in_force(self) -> "ConventionVersion | None":
        """The version in force, if any."""
        return next((v for v in self.versions if v.state is VersionState.IN_FORCE), None)

    @property
    def current(self) -> "ConventionVersion":
        """The version in force; before there is one, and after the last, the newest."""
        return self.in_force or self.versions[-1]

    @property
    def title(self) -> str:
        """The title of the current version."""
        return self.current.title


class ConventionVersion(HasMoves):
    """One version: its text changes in a draft only, and never once it was voted on.

    `submissions` counts how often it was put to review: the flags of the last time count. A
    repeal stands in the version that it ends, which stays in force until the notice has ended.
    """

    MOVES = VERSION_MOVES
    CALLED = ("这一版规约", "This version of the convention")

    __tablename__ = "convention_versions"
    __table_args__ = (
        UniqueConstraint("convention_id", "number"),
        Index(None, "state", "notice_ends_at"),
        Index(None, "amends_id"),
        Index(None, "notice_id"),
        Index(None, "repeal_notice_id"),
        Index(None, "compound_id", "review_by"),
        unique_where(
            "uq_convention_versions_one_open",
            "convention_id",
            where="state IN ('DRAFT', 'REVIEW', 'VOTED', 'NOTICED', 'FILED')",
        ),
        unique_where(
            "uq_convention_versions_one_in_force", "convention_id", where="state = 'IN_FORCE'"
        ),
        CheckConstraint("number >= 1", name="number_starts_at_one"),
        CheckConstraint("review_months >= 1", name="review_comes"),
        CheckConstraint(
            "present IS NULL OR (present <= roll AND yes >= 0 AND no >= 0 AND abstain >= 0"
            " AND yes + no + abstain <= present)",
            name="votes_within_present",
        ),
        CheckConstraint(
            "state IN ('DRAFT', 'REVIEW', 'WITHDRAWN') OR voted_at IS NOT NULL",
            name="text_was_voted",
        ),
        CheckConstraint(
            "state IN ('DRAFT', 'REVIEW', 'WITHDRAWN', 'VOTED') OR notice_id IS NOT NULL",
            name="published_by_a_notice",
        ),
        CheckConstraint(
            "state NOT IN ('IN_FORCE', 'AMENDED', 'REPEALED')"
            " OR (in_force_at IS NOT NULL AND review_by IS NOT NULL)",
            name="force_has_its_days",
        ),
        CheckConstraint(
            "state <> 'REPEALED' OR (repeal_notice_id IS NOT NULL AND repeal_reason IS NOT NULL"
            " AND repealed_at IS NOT NULL)",
            name="repeal_has_its_reason_and_notice",
        ),
        CheckConstraint(
            "(state = 'WITHDRAWN') = (withdrawn_why IS NOT NULL)",
            name="withdrawal_has_a_reason",
        ),
    )

    convention_id: Mapped[UUID] = mapped_column(ForeignKey("conventions.id"))
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[VersionState] = mapped_column(enum_type(VersionState, "state"))
    title: Mapped[str] = mapped_column(String(80))
    is_trial: Mapped[bool]
    review_months: Mapped[int] = mapped_column(Integer)
    amends_id: Mapped[UUID | None] = mapped_column(ForeignKey("convention_versions.id"))
    drafted_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    drafted_at: Mapped[datetime]
    revised_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    submissions: Mapped[int] = mapped_column(Integer, default=0)
    opinion: Mapped[Opinion | None] = mapped_column(enum_type(Opinion, "opinion"))
    advice: Mapped[str | None] = mapped_column(Text)
    reviewed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    reviewed_at: Mapped[datetime | None]
    voted_at: Mapped[datetime | None]
    roll: Mapped[int | None] = mapped_column(Integer)
    present: Mapped[int | None] = mapped_column(Integer)
    yes: Mapped[int | None] = mapped_column(Integer)
    no: Mapped[int | None] = mapped_column(Integer)
    abstain: Mapped[int | None] = mapped_column(Integer)
    minutes_ref: Mapped[str | None] = mapped_column(String(200))
    owner_vote_id: Mapped[UUID | None] = mapped_column(ForeignKey("official_owner_votes.id"))
    notice_id: Mapped[UUID | None] = mapped_column(ForeignKey("public_notices.id"))
    notice_ends_at: Mapped[datetime | None]
    filed_at: Mapped[datetime | None]
    filing_ref: Mapped[str | None] = mapped_column(String(200))
    in_force_at: Mapped[datetime | None]
    review_by: Mapped[date | None]
    repeal_reason: Mapped[str | None] = mapped_column(Text)
    repeal_resolution_id: Mapped[UUID | None] = mapped_column(ForeignKey("resolutions.id"))
    repeal_notice_id: Mapped[UUID | None] = mapped_column(ForeignKey("public_notices.id"))
    repeal_ends_at: Mapped[datetime | None]
    repealed_at: Mapped[datetime | None]
    withdrawn_why: Mapped[str | None] = mapped_column(Text)

    convention: Mapped[Convention] = relationship(back_populates="versions")
    compound: Mapped[Compound] = relationship()
    clauses: Mapped[list[Clause]] = relationship(
        order_by=Clause.number, cascade="all, delete-orphan"
    )
    flags: Mapped[list[ConventionFlag]] = relationship(
        order_by=ConventionFlag.id,
        primaryjoin=lambda: and_(
            ConventionVersion.id == foreign(ConventionFlag.version_id),
            ConventionFlag.submission == ConventionVersion.submissions,
        ),
        viewonly=True,
    )
    resolutions: Mapped[list[Resolution]] = relationship(
        secondary="convention_resolutions", order_by=Resolution.id
    )
    owner_vote: Mapped[OfficialOwnerVote | None] = relationship()
    notice: Mapped[PublicNotice | None] = relationship(foreign_keys=notice_id)
    repeal_notice: Mapped[PublicNotice | None] = relationship(foreign_keys=repeal_notice_id)
    repeal_resolution: Mapped[Resolution | None] = relationship(foreign_keys=repeal_resolution_id)
    amends: Mapped["ConventionVersion | None"] = relationship(
        remote_side="ConventionVersion.id", foreign_keys=amends_id
    )
    successor: Mapped["ConventionVersion | None"] = relationship(
        primaryjoin=lambda: and_(
            ConventionVersion.id == foreign(remote(ConventionVersion.amends_id)),
            remote(ConventionVersion.state).in_(IN_FORCE_ONCE),
        ),
        viewonly=True,
        uselist=False,
    )

    @property
    def held_ids(self) -> list[UUID]:
        """Its convention."""
        return [self.convention_id]

    @property
    def name(self) -> str:
        """The title as it is printed; a trial says so."""
        return f"{self.title}（试行）" if self.is_trial else self.title

    @property
    def printed(self) -> str:
        """The whole text as people read it: the title, then every clause under its number."""
        return "\n".join([self.name, *(clause.printed for clause in self.clauses)])

    @property
    def legal_type(self) -> LegalType:
        return self.convention.legal_type

    @property
    def amended_by_id(self) -> UUID | None:
        """The version in force that took its place."""
        return None if self.successor is None else self.successor.id

    @property
    def difference(self) -> list[dict[str, Any]]:
        """What changed since the version that it amends; empty for the first one."""
        return [] if self.amends is None else difference_between(self.amends, self)

    @property
    def meeting_vote(self) -> Explanation | None:
        """Why the residents' meeting passed it, for residents to follow; None where it was not
        asked."""
        if self.minutes_ref is None:
            return None
        counts = (self.roll, self.present, self.yes, self.no, self.abstain)
        return explain_majority(MajorityRule(), ResolutionVote(*(count or 0 for count in counts)))

    @property
    def authors(self) -> set[UUID]:
        """Who wrote it: none of them decides on it."""
        return {self.drafted_by_id} | ({self.revised_by_id} if self.revised_by_id else set())

    @property
    def is_approved(self) -> bool:
        """Whether its reviewer approved of the text as it stands."""
        return self.opinion is Opinion.APPROVED

    @property
    def waits_for_filing(self) -> bool:
        """Whether the street office has yet to take it on its files."""
        return self.legal_type is LegalType.RESIDENT_PACT and self.filed_at is None

    @property
    def repeal_is_pending(self) -> bool:
        """Whether the notice of its repeal is on the board."""
        return self.repeal_notice_id is not None and self.repealed_at is None

    def revise(self, title: str, is_trial: bool, review_months: int, by_id: UUID) -> None:
        """Put it in other words, while it is a draft; its clauses are replaced with it."""
        self.require_state(VersionState.DRAFT)
        self.title, self.is_trial, self.review_months = title, is_trial, review_months
        self.revised_by_id = by_id

    def submit(self) -> None:
        """It is put to review; what was said of an earlier text says nothing of this one."""
        self._move(VersionState.REVIEW)
        self.submissions += 1
        self.opinion = self.advice = self.reviewed_by_id = self.reviewed_at = None

    def review(self, opinion: Opinion, advice: str | None, by_id: UUID, at: datetime) -> None:
        """The reviewer approves of it or returns it to its authors."""
        self.require_state(VersionState.REVIEW)
        self.opinion, self.advice, self.reviewed_by_id, self.reviewed_at = (
            opinion,
            advice,
            by_id,
            at,
        )
        if opinion is Opinion.RETURNED:
            self._move(VersionState.DRAFT)

    def rest_on_resolutions(self, at: datetime) -> None:
        """Its vote was that of its resolutions."""
        self._move(VersionState.VOTED)
        self.voted_at = at

    def record_vote(self, vote: ResolutionVote, minutes_ref: str, at: datetime) -> None:
        """The residents' meeting passed it."""
        self._move(VersionState.VOTED)
        self.voted_at, self.minutes_ref = at, minutes_ref
        self.roll, self.present = vote.roll, vote.present
        self.yes, self.no, self.abstain = vote.yes, vote.no, vote.abstain

    def record_owner_vote(self, vote: OfficialOwnerVote, at: datetime) -> None:
        """The owners passed it."""
        self._move(VersionState.VOTED)
        self.voted_at, self.owner_vote = at, vote

    def publish(self, notice: PublicNotice) -> None:
        """It stands on the board; objections may come until the notice ends."""
        self._move(VersionState.NOTICED)
        self.notice, self.notice_ends_at = notice, notice.term_ends_at

    def file(self, reference: str, at: datetime) -> None:
        """备案: the street office has taken it on its files."""
        self._move(VersionState.FILED)
        self.filing_ref, self.filed_at = reference, at

    def enter_force(self, at: datetime, review_by: date) -> None:
        """The notice has ended and every objection is answered."""
        self._move(VersionState.IN_FORCE)
        self.in_force_at, self.review_by = at, review_by

    def be_amended(self) -> None:
        """The next version takes its place."""
        self._move(VersionState.AMENDED)

    def announce_repeal(self, reason: str, resolution: Resolution, notice: PublicNotice) -> None:
        """Its repeal stands on the board; it stays in force until that notice has ended."""
        self.require_state(VersionState.IN_FORCE)
        self.repeal_reason, self.repeal_resolution = reason, resolution
        self.repeal_notice, self.repeal_ends_at = notice, notice.term_ends_at

    def withdraw_repeal(self) -> None:
        """It stays in force after all; what was said of the repeal stays on the board and in the
        log."""
        if not self.repeal_is_pending:
            raise self.wrong_state()
        self.repeal_reason = self.repeal_resolution = None
        self.repeal_notice = self.repeal_ends_at = None

    def be_repealed(self, at: datetime) -> None:
        """The notice of the repeal has ended and every objection is answered."""
        self._move(VersionState.REPEALED)
        self.repealed_at = at

    def withdraw(self, reason: str) -> None:
        """It goes no further."""
        self._move(VersionState.WITHDRAWN)
        self.withdrawn_why = reason


def difference_between(old: ConventionVersion, new: ConventionVersion) -> list[dict[str, Any]]:
    """What changed from one version to another, clause by clause, for programs and people."""
    before, after = (
        [ClauseText(clause.text, clause.owner_vote_item) for clause in version.clauses]
        for version in (old, new)
    )
    return [change.to_data() for change in compare(before, after)]


class ConventionResolution(Base):
    """Which resolutions a version carries out."""

    __tablename__ = "convention_resolutions"

    version_id: Mapped[UUID] = mapped_column(ForeignKey("convention_versions.id"), primary_key=True)
    resolution_id: Mapped[UUID] = mapped_column(
        ForeignKey("resolutions.id"), primary_key=True, index=True
    )
