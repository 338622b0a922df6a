"""Resolutions, branch reviews, and the votes of those present."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    and_,
)
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship, remote

from app.agenda.models import AgendaSession
from app.board.models import PublicNotice
from app.compounds.models import Compound
from app.deliberation.models import SolutionCard
from app.kit.errors import WrongState
from app.kit.moves import HasMoves
from app.kit.orm import UNNUMBERED, Base, HasId, enum_type, unique_where
from app.kit.words import Worded, Words
from app.matters.models import Matter
from votes.explanation import Explanation
from votes.majority import MajorityOutcome, ResolutionVote


class ResolutionState(Worded):
    """Steps of a resolution (domain notes, section 8). NO_QUORUM may be tabled again, and so may
    VOID: the key of its secret vote was lost."""

    DRAFT = "DRAFT", "草案", "draft"
    TABLED = "TABLED", "付表决", "put to the vote"
    PASSED = "PASSED", "通过", "passed"
    FAILED = "FAILED", "未通过", "failed"
    NO_QUORUM = "NO_QUORUM", "到会人数不足", "no quorum"
    SHELVED = "SHELVED", "暂缓", "shelved"
    NOTICED = "NOTICED", "公示中", "on notice"
    EFFECTIVE = "EFFECTIVE", "已生效", "in effect"
    SUPERSEDED = "SUPERSEDED", "已被取代", "superseded"
    ESCALATED = "ESCALATED", "已提请上会", "handed on"
    VOID = "VOID", "表决作废", "void"


_S = ResolutionState
RESOLUTION_MOVES: dict[ResolutionState, frozenset[ResolutionState]] = {
    _S.DRAFT: frozenset({_S.TABLED, _S.SHELVED}),
    _S.TABLED: frozenset({_S.PASSED, _S.FAILED, _S.NO_QUORUM, _S.SHELVED, _S.VOID}),
    _S.NO_QUORUM: frozenset({_S.TABLED, _S.SHELVED}),
    _S.VOID: frozenset({_S.TABLED, _S.SHELVED}),
    _S.PASSED: frozenset({_S.NOTICED}),
    _S.NOTICED: frozenset({_S.EFFECTIVE}),
    _S.EFFECTIVE: frozenset({_S.SUPERSEDED}),
    _S.FAILED: frozenset({_S.ESCALATED}),
    _S.SHELVED: frozenset({_S.ESCALATED}),
    _S.ESCALATED: frozenset(),
    _S.SUPERSEDED: frozenset(),
}
# What came of nothing binds neither its cards nor the resolution that it was to supersede.
DEAD = frozenset({_S.FAILED, _S.SHELVED, _S.ESCALATED})
IN_FORCE_ONCE = frozenset({_S.EFFECTIVE, _S.SUPERSEDED})
PASSED_ONCE = IN_FORCE_ONCE | {_S.PASSED, _S.NOTICED}
# The vote on it was passed, and nothing has taken its place: it may be carried out.
BINDING = frozenset({_S.PASSED, _S.NOTICED, _S.EFFECTIVE})


class Ending(Worded):
    """What became of a resolution until its round table ended, as the board says it."""

    PASSED = "PASSED", "通过", "passed"
    FAILED = "FAILED", "未通过", "failed"
    SHELVED = "SHELVED", "暂缓", "shelved"
    ESCALATED = "ESCALATED", "未决并提请他处决定", "not decided and handed on"


class VoteMethod(Worded):
    """How those present vote; fixed when the resolution is tabled."""

    HANDS = "HANDS", "举手表决", "a show of hands"
    PAPER = "PAPER", "书面表决", "paper"
    PHONE = "PHONE", "手机表决", "phone"


class Secrecy(Worded):
    """Whether anybody may learn who voted what; fixed when the resolution is tabled."""

    SECRET = "SECRET", "无记名", "secret"
    NAMED = "NAMED", "记名", "named"


class Forum(Worded):
    """Who is to decide what the round table could not (domain notes, section 7)."""

    RESIDENTS_MEETING = "RESIDENTS_MEETING", "居民会议", "the residents' meeting"
    OWNERS_ASSEMBLY = "OWNERS_ASSEMBLY", "业主大会", "the owners' assembly"
    COMMUNITY = "COMMUNITY", "社区党委", "the community"


class Answer(Worded):
    YES = "YES", "赞成", "yes"
    NO = "NO", "反对", "no"
    ABSTAIN = "ABSTAIN", "弃权", "abstain"


class ReviewOpinion(Worded):
    """支部先议: an opinion, never a veto; without one in time it has lapsed."""

    AGREED = "AGREED", "同意", "agreed"
    AGREED_WITH_ADVICE = "AGREED_WITH_ADVICE", "同意并提出建议", "agreed with advice"
    RETURNED = "RETURNED", "建议退回修改", "advised to return it"


class Resolution(HasMoves):
    """决议: what the round table decides on one matter. The text never changes once tabled.

    `attempt` counts how often it was tabled: without a quorum it may be tabled again. The figures
    are those of the last vote. `key_check` is by what the key of a secret vote is known again,
    and `key_missing_since` when it was first found to be gone.
    """

    MOVES = RESOLUTION_MOVES
    CALLED = ("这项决议", "This resolution")

    __tablename__ = "resolutions"
    __table_args__ = (
        UniqueConstraint("session_id", "number"),
        Index(None, "matter_id"),
        Index(None, "compound_id", "id"),
        Index(None, "state", "notice_ends_at"),
        Index(None, "supersedes_id"),
        unique_where(
            "uq_resolutions_one_successor",
            "supersedes_id",
            where="state NOT IN ('FAILED', 'SHELVED', 'ESCALATED')",
        ),
        CheckConstraint("number >= 1", name="number_starts_at_one"),
        CheckConstraint("attempt >= 0", name="attempt_is_a_count"),
        CheckConstraint(
            "present IS NULL OR (present <= roll AND yes >= 0 AND no >= 0 AND abstain >= 0"
            " AND yes + no + abstain <= present)",
            name="votes_within_present",
        ),
        CheckConstraint(
            "state IN ('DRAFT', 'TABLED', 'SHELVED', 'ESCALATED', 'VOID') OR present IS NOT NULL",
            name="outcome_has_its_figures",
        ),
        CheckConstraint(
            "state <> 'SHELVED' OR shelved_why IS NOT NULL", name="shelving_has_a_reason"
        ),
        CheckConstraint(
            "(state = 'ESCALATED') = (escalated_to IS NOT NULL)"
            " AND (escalated_to IS NULL) = (escalated_why IS NULL)",
            name="escalation_has_its_reason",
        ),
        CheckConstraint("supersedes_id <> id", name="supersedes_another"),
    )

    session_id: Mapped[UUID] = mapped_column(ForeignKey("agenda_sessions.id"))
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    matter_id: Mapped[UUID] = mapped_column(ForeignKey("matters.id"))
    number: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[ResolutionState] = mapped_column(enum_type(ResolutionState, "state"))
    drafted_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    drafted_at: Mapped[datetime]
    method: Mapped[VoteMethod | None] = mapped_column(enum_type(VoteMethod, "method"))
    secrecy: Mapped[Secrecy | None] = mapped_column(enum_type(Secrecy, "secrecy"))
    rule: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    attempt: Mapped[int] = mapped_column(Integer, default=0)
    key_check: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    key_missing_since: Mapped[datetime | None]
    tabled_at: Mapped[datetime | None]
    voted_at: Mapped[datetime | None]
    roll: Mapped[int | None] = mapped_column(Integer)
    present: Mapped[int | None] = mapped_column(Integer)
    yes: Mapped[int | None] = mapped_column(Integer)
    no: Mapped[int | None] = mapped_column(Integer)
    abstain: Mapped[int | None] = mapped_column(Integer)
    explanation_zh: Mapped[str | None] = mapped_column(Text)
    explanation_en: Mapped[str | None] = mapped_column(Text)
    publish_due_at: Mapped[datetime | None]
    notice_id: Mapped[UUID | None] = mapped_column(ForeignKey("public_notices.id"))
    notice_ends_at: Mapped[datetime | None]
    effective_at: Mapped[datetime | None]
    shelved_why: Mapped[str | None] = mapped_column(Text)
    escalated_to: Mapped[Forum | None] = mapped_column(enum_type(Forum, "escalated_to"))
    escalated_why: Mapped[str | None] = mapped_column(Text)
    supersedes_id: Mapped[UUID | None] = mapped_column(ForeignKey("resolutions.id"))

    compound: Mapped[Compound] = relationship()
    agenda_session: Mapped[AgendaSession] = relationship()
    matter: Mapped[Matter] = relationship()
    cards: Mapped[list[SolutionCard]] = relationship(
        secondary="resolution_cards", order_by=SolutionCard.number
    )
    notice: Mapped[PublicNotice | None] = relationship()
    review: Mapped["BranchReview | None"] = relationship(back_populates="resolution")
    supersedes: Mapped["Resolution | None"] = relationship(
        remote_side="Resolution.id", foreign_keys=supersedes_id
    )
    successor: Mapped["Resolution | None"] = relationship(
        primaryjoin=lambda: and_(
            Resolution.id == foreign(remote(Resolution.supersedes_id)),
            remote(Resolution.state).in_(IN_FORCE_ONCE),
        ),
        viewonly=True,
        uselist=False,
    )

    @property
    def held_ids(self) -> list[UUID]:
        """Its session, and itself."""
        return [self.session_id, self.id]

    @property
    def label(self) -> str:
        """As the minutes print it, e.g. `决议1`."""
        return f"决议{self.number}"

    @property
    def name(self) -> str:
        """As notices call it, e.g. `香樟苑小区 2026年3月 · 月月谈决议1`."""
        return f"{self.agenda_session.name}{self.label}"

    @property
    def ending(self) -> Ending:
        """What became of it."""
        return Ending.PASSED if self.state in PASSED_ONCE else Ending[self.state]

    @property
    def ending_why(self) -> Words:
        """Why it ended so: by the figures of its vote, or in the words of whoever ended it."""
        why = self.escalated_why or self.shelved_why
        return Words(why or self.explanation_zh or "", why or self.explanation_en or "")

    @property
    def superseded_by_id(self) -> UUID | None:
        """The resolution in force that took its place."""
        return None if self.successor is None else self.successor.id

    @property
    def needs_owners_only(self) -> bool:
        """Whether it carries cards, and the owners must decide each of them (Civil Code 278)."""
        return bool(self.cards) and all(card.needs_owner_vote for card in self.cards)

    @property
    def is_secret_phone_vote(self) -> bool:
        """Whether its votes lie under slots, for which the key store holds a key."""
        return self.method is VoteMethod.PHONE and self.secrecy is Secrecy.SECRET

    def revise(self, title: str, wording: str) -> None:
        """Put it in other words, while it is a draft."""
        self.require_state(ResolutionState.DRAFT)
        self.title, self.text = title, wording

    def table(
        self, at: datetime, method: VoteMethod, secrecy: Secrecy, rule: dict[str, Any]
    ) -> None:
        """Put it to the vote: method, secrecy and rule are fixed from here on."""
        self._move(ResolutionState.TABLED)
        self.tabled_at, self.method, self.secrecy, self.rule = at, method, secrecy, rule
        self.attempt += 1
        self.key_check = self.key_missing_since = None
        self.roll = self.present = self.yes = self.no = self.abstain = None
        self.voted_at = self.explanation_zh = self.explanation_en = None

    def take_key(self, check: bytes) -> None:
        """How the key of its secret vote is known again."""
        self.key_check = check

    def miss_key(self, at: datetime) -> None:
        """The key of its vote is not in the key store; it may come back."""
        self.key_missing_since = at

    def find_key(self) -> None:
        """The key of its vote is there again."""
        self.key_missing_since = None

    def void(self) -> None:
        """The key of its secret vote is lost: no answer counts, and it may be tabled again."""
        self._move(ResolutionState.VOID)

    def record_vote(
        self, vote: ResolutionVote, outcome: MajorityOutcome, why: Explanation, at: datetime
    ) -> None:
        """The vote was taken: its figures, what came of it, and why."""
        self._move(ResolutionState(outcome.value))
        self.roll, self.present = vote.roll, vote.present
        # Without a quorum nothing is decided; of a few people a secret answer would show.
        if not (outcome is MajorityOutcome.NO_QUORUM and self.secrecy is Secrecy.SECRET):
            self.yes, self.no, self.abstain = vote.yes, vote.no, vote.abstain
        self.voted_at, self.explanation_zh, self.explanation_en = at, why.zh, why.en

    def shelve(self, reason: str) -> None:
        """It is not decided now."""
        self._move(ResolutionState.SHELVED)
        self.shelved_why = reason

    def escalate(self, forum: Forum, reason: str) -> None:
        """Somebody else is to decide what failed or was shelved here."""
        self._move(ResolutionState.ESCALATED)
        self.escalated_to, self.escalated_why = forum, reason

    def publish(self, notice: PublicNotice) -> None:
        """It stands on the board; objections may come until the notice ends."""
        self._move(ResolutionState.NOTICED)
        self.notice, self.notice_ends_at = notice, notice.term_ends_at

    def take_effect(self, at: datetime) -> None:
        """The notice has ended and every objection is answered."""
        self._move(ResolutionState.EFFECTIVE)
        self.effective_at = at

    def be_superseded(self) -> None:
        """A later resolution takes its place."""
        self._move(ResolutionState.SUPERSEDED)


class ResolutionCard(Base):
    """Which adopted cards a resolution carries out; a card belongs to one live resolution."""

    __tablename__ = "resolution_cards"

    resolution_id: Mapped[UUID] = mapped_column(ForeignKey("resolutions.id"), primary_key=True)
    card_id: Mapped[UUID] = mapped_column(
        ForeignKey("solution_cards.id"), primary_key=True, index=True
    )


class BranchReview(HasId, Base):
    """支部先议 of a resolution that touches the owners' committee: an opinion with a term, after
    which it lapses."""

    __tablename__ = "branch_reviews"
    __table_args__ = (
        CheckConstraint("(opinion IS NULL) = (given_at IS NULL)", name="opinion_has_its_time"),
    )

    resolution_id: Mapped[UUID] = mapped_column(ForeignKey("resolutions.id"), unique=True)
    submitted_at: Mapped[datetime]
    lapses_at: Mapped[datetime]
    opinion: Mapped[ReviewOpinion | None] = mapped_column(enum_type(ReviewOpinion, "opinion"))
    advice: Mapped[str | None] = mapped_column(Text)
    given_at: Mapped[datetime | None]
    given_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))

    resolution: Mapped[Resolution] = relationship(back_populates="review")

    @property
    def compound_id(self) -> UUID:
        return self.resolution.compound_id

    def is_pending(self, at: datetime) -> bool:
        """Whether the opinion may still come."""
        return self.opinion is None and at < self.lapses_at

    def has_lapsed(self, at: datetime) -> bool:
        """Whether the term ended without an opinion."""
        return self.opinion is None and at >= self.lapses_at

    def give(self, opinion: ReviewOpinion, advice: str | None, by_id: UUID, at: datetime) -> None:
        """The branch says what it thinks, once and in time."""
        if not self.is_pending(at):
            raise WrongState(zh="先议已经结束", en="The review has ended")
        self.opinion, self.advice, self.given_by_id, self.given_at = opinion, advice, by_id, at


class ResolutionVoteCast(Base):
    """One phone vote of one attempt, replaced in place until the vote is closed.

    A NAMED vote names its voter. A SECRET one lies under its slot, HMAC(key of the key store,
    voter), and carries no voter, no time and no id that grows with time; no other row is written
    with it, so that none shares its transaction.
    """

    __tablename__ = "resolution_votes"
    __table_args__ = (UniqueConstraint("resolution_id", "attempt", "voter_id"), UNNUMBERED)

    resolution_id: Mapped[UUID] = mapped_column(ForeignKey("resolutions.id"), primary_key=True)
    attempt: Mapped[int] = mapped_column(Integer, primary_key=True)
    slot: Mapped[str] = mapped_column(String(64), primary_key=True)
    voter_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    answer: Mapped[Answer] = mapped_column(enum_type(Answer, "answer"))
