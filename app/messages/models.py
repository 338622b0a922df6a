"""Messages, and who has read them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from app.kit.orm import Base, HasId, enum_type
from app.kit.words import Worded

_TO_ALL = text("resident_id IS NULL")


class MessageKind(Worded):
    """What a message tells. Those to all who live in a compound are its notices, under the names of
    these."""

    SESSION_ANNOUNCED = "SESSION_ANNOUNCED", "开始征集", "session announced"
    LIST_FROZEN = "LIST_FROZEN", "题单已定", "list frozen"
    VOTING_OPENED = "VOTING_OPENED", "开始投票", "voting opened"
    VOTING_EXTENDED = "VOTING_EXTENDED", "延长投票", "voting extended"
    VOTE_VOID = "VOTE_VOID", "投票作废重投", "vote void and held again"
    TALLIED = "TALLIED", "计票结果", "result of the vote"
    SESSION_CANCELLED = "SESSION_CANCELLED", "本期取消", "session cancelled"
    RESOLUTION_NOTICED = "RESOLUTION_NOTICED", "决议公示", "resolution on notice"
    RESOLUTION_EFFECTIVE = "RESOLUTION_EFFECTIVE", "决议生效", "resolution in effect"
    RESOLUTION_VOTE_VOID = "RESOLUTION_VOTE_VOID", "决议表决作废", "vote on a resolution void"
    CONVENTION_NOTICED = "CONVENTION_NOTICED", "规约公示", "convention on notice"
    CONVENTION_IN_FORCE = "CONVENTION_IN_FORCE", "规约施行", "convention in force"
    CONVENTION_REPEAL_NOTICED = "CONVENTION_REPEAL_NOTICED", "废止公示", "repeal on notice"
    CONVENTION_REPEALED = "CONVENTION_REPEALED", "规约废止", "convention repealed"
    EVALUATION_OPENED = "EVALUATION_OPENED", "发起民评", "evaluation opened"
    EVALUATION_CLOSED = "EVALUATION_CLOSED", "民评结果", "result of an evaluation"

    HOME_VERIFIED = "HOME_VERIFIED", "居住已核实", "your home verified"
    HOME_REFUSED = "HOME_REFUSED", "居住未核实", "your home not verified"
    HOME_ENDED = "HOME_ENDED", "居住登记结束", "your residence ended"
    HOUSEHOLD_JOINED = "HOUSEHOLD_JOINED", "家里登记了新住户", "somebody joined your home"
    HOUSEHOLD_LEFT = "HOUSEHOLD_LEFT", "家里有人迁出", "somebody left your home"
    BIRTH_DATE_CORRECTED = "BIRTH_DATE_CORRECTED", "出生日期更正", "your birth date corrected"
    OFFICE_GIVEN = "OFFICE_GIVEN", "任职", "an office given to you"
    OFFICE_ENDED = "OFFICE_ENDED", "任职结束", "your office ended"

    OBJECTION_RAISED = "OBJECTION_RAISED", "异议待答复", "an objection to answer"
    OBJECTION_ANSWERED = "OBJECTION_ANSWERED", "异议已答复", "your objection answered"

    MATTER_LISTED = "MATTER_LISTED", "问题列入题单", "your matter listed"
    MATTER_MERGED = "MATTER_MERGED", "问题已合并", "your matter merged"
    MATTER_TOOK_IN = "MATTER_TOOK_IN", "有别的问题并入", "another matter merged into yours"
    MATTER_DISPATCHED = "MATTER_DISPATCHED", "问题直接办理", "your matter dispatched"
    MATTER_WHISTLED = "MATTER_WHISTLED", "问题提请吹哨", "a department requested for your matter"
    MATTER_REFUSED = "MATTER_REFUSED", "问题不予受理", "your matter refused"
    MATTER_CORRECTED = "MATTER_CORRECTED", "附议的问题有更正", "a matter that you support corrected"
    MATTER_WITHDRAWN = "MATTER_WITHDRAWN", "附议的问题已撤回", "a matter that you support withdrawn"
    MATTER_CHOSEN = "MATTER_CHOSEN", "问题入选", "your matter chosen"
    MATTER_NOT_CHOSEN = "MATTER_NOT_CHOSEN", "问题结转", "your matter not chosen"
    MATTER_SHELVED = "MATTER_SHELVED", "问题暂缓", "your matter shelved"
    MATTER_LEFT_TO_OWNERS = (
        "MATTER_LEFT_TO_OWNERS",
        "须业主共同决定",
        "your matter left to the owners",
    )
    MATTER_DONE = "MATTER_DONE", "问题已办待评价", "your matter done, please evaluate"
    MATTER_CLOSED = "MATTER_CLOSED", "问题办结", "your matter closed"
    MATTER_REOPENED = "MATTER_REOPENED", "问题重新办理", "your matter reopened"

    INVITED = "INVITED", "圆桌会邀请", "invited to a round table"
    ARRIVAL_NOTED = "ARRIVAL_NOTED", "代为签到", "your arrival noted"
    REVIEW_ASKED = "REVIEW_ASKED", "待支部先议", "a branch opinion requested"
    CONVENTION_REVIEW_ASKED = "CONVENTION_REVIEW_ASKED", "规约待审核", "a convention to review"
    CONVENTION_RETURNED = "CONVENTION_RETURNED", "规约被退回", "your convention returned"

    ORDER_ASSIGNED = "ORDER_ASSIGNED", "派给您的任务单", "an order assigned to you"
    ORDER_TAKEN_AWAY = "ORDER_TAKEN_AWAY", "任务单已改派", "your order reassigned"
    ORDER_RETURNED = "ORDER_RETURNED", "任务单被退回", "your order sent back"
    ORDER_REOPENED = "ORDER_REOPENED", "任务单退回重办", "your order reopened"
    ORDER_WITHDRAWN = "ORDER_WITHDRAWN", "任务单已撤销", "your order withdrawn"
    ORDER_OVERDUE = "ORDER_OVERDUE", "任务单逾期", "your order overdue"
    ORDER_OVERDUE_REPORTED = (
        "ORDER_OVERDUE_REPORTED",
        "报来的逾期任务单",
        "an overdue order reported",
    )
    ORDER_DECLINED = "ORDER_DECLINED", "任务单已退单", "an order declined"
    WHISTLE_REQUESTED = "WHISTLE_REQUESTED", "提请吹哨", "a whistle requested"
    WHISTLE_BLOWN = "WHISTLE_BLOWN", "向您吹哨", "a whistle for you"
    WHISTLE_REWORK = "WHISTLE_REWORK", "吹哨事项退回重办", "your whistle sent back"
    WHISTLE_RECALLED = "WHISTLE_RECALLED", "哨已收回", "your whistle recalled"
    WHISTLE_OVERDUE = "WHISTLE_OVERDUE", "吹哨事项逾期", "your whistle overdue"
    WHISTLE_OVERDUE_REPORTED = (
        "WHISTLE_OVERDUE_REPORTED",
        "报来的逾期哨",
        "an overdue whistle reported",
    )
    WHISTLE_OBJECTED = "WHISTLE_OBJECTED", "部门提出派哨异议", "a whistle objected to"


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
