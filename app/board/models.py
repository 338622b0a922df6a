"""Public notices."""

from datetime import datetime
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
from app.kit.clock import spoken
from app.kit.errors import WrongState
from app.kit.orm import Base, HasId, enum_type
from app.kit.words import Worded, Words
from app.people.models import Resident


class NoticeKind(Worded):
    """What a notice tells; one of each kind for the thing that it is about."""

    SESSION_ANNOUNCED = "SESSION_ANNOUNCED", "开始征集", "session announced"
    LIST_FROZEN = "LIST_FROZEN", "题单已定", "list frozen"
    VOTING_OPENED = "VOTING_OPENED", "开始投票", "voting opened"
    VOTING_EXTENDED = "VOTING_EXTENDED", "延长投票", "voting extended"
    TALLIED = "TALLIED", "计票结果", "result of the vote"
    SESSION_CANCELLED = "SESSION_CANCELLED", "本期取消", "session cancelled"
    ROUND_TABLE_AGENDA = "ROUND_TABLE_AGENDA", "圆桌会议程", "agenda of the round table"
    MEETING_CONCLUDED = "MEETING_CONCLUDED", "圆桌会结果", "results of the round table"
    RESOLUTION_NOTICED = "RESOLUTION_NOTICED", "决议公示", "resolution on notice"
    RESOLUTION_EFFECTIVE = "RESOLUTION_EFFECTIVE", "决议生效", "resolution in effect"
    RESOLUTION_ESCALATED = "RESOLUTION_ESCALATED", "提请上会", "resolution handed on"
    CONVENTION_NOTICED = "CONVENTION_NOTICED", "规约公示", "convention on notice"
    CONVENTION_IN_FORCE = "CONVENTION_IN_FORCE", "规约施行", "convention in force"
    CONVENTION_CLAUSE_ACTIVE = (
        "CONVENTION_CLAUSE_ACTIVE",
        "条文经业主表决通过",
        "clause passed by the owners",
    )
    CONVENTION_REPEAL_NOTICED = "CONVENTION_REPEAL_NOTICED", "废止公示", "repeal on notice"
    CONVENTION_REPEALED = "CONVENTION_REPEALED", "规约废止", "convention repealed"
    ORDER_ASSIGNED = "ORDER_ASSIGNED", "派单", "order assigned"
    ORDER_VERIFIED = "ORDER_VERIFIED", "核实", "order verified"
    ORDER_OVERDUE = "ORDER_OVERDUE", "逾期", "order overdue"
    WHISTLE_ESCALATED = "WHISTLE_ESCALATED", "吹哨逾期", "whistle overdue"
    WHISTLE_CLOSED = "WHISTLE_CLOSED", "哨声结项", "whistle closed"
    EVALUATION_OPENED = "EVALUATION_OPENED", "发起民评", "evaluation opened"
    EVALUATION_CLOSED = "EVALUATION_CLOSED", "民评结果", "result of an evaluation"
    MATTER_CLOSED = "MATTER_CLOSED", "办结", "matter closed"
    MATTER_REOPENED = "MATTER_REOPENED", "重新办理", "matter reopened"
    LOOK_BACK_STARTED = "LOOK_BACK_STARTED", "回头看", "look-back started"
    SESSION_CLOSED = "SESSION_CLOSED", "本期结束", "session closed"
    CASE_PUBLISHED = "CASE_PUBLISHED", "案例发布", "case published"
    RATING_NOTICED = "RATING_NOTICED", "红黑榜公示", "rating on notice"
    RATING_FINAL = "RATING_FINAL", "红黑榜定榜", "rating final"
    COUNTERSIGNED = "COUNTERSIGNED", "已会签", "result countersigned"
    COUNTERSIGNATURE_REFUSED = "COUNTERSIGNATURE_REFUSED", "拒绝会签", "countersignature refused"
    OPERATOR_KEY_CHANGED = "OPERATOR_KEY_CHANGED", "运营者密钥更换", "operator's key changed"
    VOTE_VOID = "VOTE_VOID", "投票作废重投", "vote void and held again"
    RESOLUTION_VOTE_VOID = "RESOLUTION_VOTE_VOID", "决议表决作废", "vote on a resolution void"
    MATTER_SHELVED = "MATTER_SHELVED", "事项暂缓", "matter shelved"
    OWNERS_DECIDED = "OWNERS_DECIDED", "业主已表决", "decided by the owners"
    CONVENTION_WITHDRAWN = "CONVENTION_WITHDRAWN", "规约撤回", "convention withdrawn"
    CONVENTION_REPEAL_WITHDRAWN = "CONVENTION_REPEAL_WITHDRAWN", "不再废止", "repeal withdrawn"


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

    `title_en` and `text_en` are the same in English; notices of before they were kept apart have
    both languages in `text`. `says` is what the words claim of a thing that may move
    (`board/posting.py`); empty where nothing of it can change.

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
    title_en: Mapped[str | None] = mapped_column(String(400))
    text_en: Mapped[str | None] = mapped_column(Text)
    says: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    published_at: Mapped[datetime]
    modified_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    term_ends_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(Integer, default=1)

    compound: Mapped[Compound] = relationship()

    def correct(self, words: Words, at: datetime) -> None:
        """Add a correction under the text; what was published stays readable."""
        self._require_published()
        self.text = f"{self.text}\n\n更正（{spoken(at)}）：{words.zh}"
        if self.text_en is not None:
            self.text_en = f"{self.text_en}\n\nCorrected at {spoken(at)}: {words.en}"
        self._revise(at)

    def follow(
        self, title: Words, text: Words, at: datetime, says: dict[str, Any], data: dict[str, Any]
    ) -> None:
        """Say what became of the thing since: under a title that holds now, below the words that
        no longer do."""
        self.correct(text, at)
        self._retitle(title)
        self.says, self.data = says, {**self.data, **data}

    def rewrite(
        self, title: Words, text: Words, at: datetime, says: dict[str, Any], data: dict[str, Any]
    ) -> None:
        """Say something else, where what was said must not stay."""
        self._require_published()
        self.text, self.text_en = text.zh, text.en
        self._retitle(title)
        term = {key: self.data[key] for key in ("term_ends_at",) if key in self.data}
        self.says, self.data = says, {**term, **data}
        self._revise(at)

    def _retitle(self, title: Words) -> None:
        self.title, self.title_en = title.zh, title.en

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
        self.title = f"【已撤回】{self.title}"
        self.text = f"本公示已撤回。理由：{reason}"
        if self.text_en is not None:
            self.title_en = f"[Withdrawn] {self.title_en}"
            self.text_en = f"This notice was withdrawn. Reason: {reason}"
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
