"""What is refused here, with its code and its words."""

from app.kit.errors import DomainError


class CountersigningDecided(DomainError):
    """The second officer signs or refuses, once."""

    status, code = 409, "countersigning_decided"
    zh = "这份结果已经会签，或会签人已拒绝会签"
    en = "This result was countersigned, or its countersignature refused"


class IneligibleVoter(DomainError):
    status, code = 422, "ineligible_voter"
    zh = "名单上有人不能投票（须为本小区已核实、年满18岁的居民，且不是物业、街道或部门人员）"
    en = "Somebody on the roll may not vote (only verified residents of 18 or older, no staff)"


class NotInRotation(DomainError):
    status, code = 422, "not_in_rotation"
    zh, en = "这个小区不在本社区的轮值名单里", "The compound is not in this community's host list"


class AlreadyNext(DomainError):
    status, code = 409, "already_next"
    zh, en = "下一个坐庄的就是这个小区", "That compound is already the next host"


class NotTheHost(DomainError):
    status, code = 409, "not_the_host"
    zh, en = "还没有轮到这个小区坐庄", "It is not this compound's turn to host"


class PeriodTaken(DomainError):
    status, code = 409, "period_taken"
    zh, en = "本社区这个月已有一期月月谈", "The community has a session for this month already"


class TimesOutOfOrder(DomainError):
    status, code = 422, "times_out_of_order"
    zh = "时间顺序不对：开始投票须在现在之后，截止在开始之后，圆桌会不早于截止"
    en = "Times are out of order: voting opens after now, closes later, then the round table"


class RollNotAllowed(DomainError):
    status, code = 422, "roll_not_allowed"
    zh, en = (
        "只有按名单投票的一期才有投票人名单",
        "Only a session with a named roll has a roll of its own",
    )


class RollMissing(DomainError):
    status, code = 422, "roll_missing"
    zh, en = "按名单投票的一期须列出投票人名单", "A session with a named roll needs that roll"


class OpeningTimePassed(DomainError):
    status, code = 409, "opening_time_passed"
    zh = "开始投票的时间已过，请取消后重新安排"
    en = "The opening time has passed; cancel the session and plan it again"
