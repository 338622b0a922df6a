"""What is refused here, with its code and its words."""

from app.kit.errors import DomainError


class NotTheDoer(DomainError):
    status, code = 403, "not_the_doer"
    zh, en = "这件事不是由您承办的", "You are not the doer of this"


class DoerCannotVerify(DomainError):
    """The doer never closes; closing needs a check by somebody else (L6-23)."""

    status, code = 403, "doer_cannot_verify"
    zh, en = "承办人不能核实自己办的事", "Whoever carried it out cannot verify it"


class InvalidDoer(DomainError):
    status, code = 422, "invalid_doer"
    zh = "承办人须在本小区担任可以承办的职务"
    en = "Whoever acts for the doer must hold a suitable office in the compound"


class InvalidDay(DomainError):
    status, code = 422, "invalid_day"
    zh = "日期须在接单之日与今天之间"
    en = "The day must be between the acceptance of the order and today"


class TooManyMinutes(DomainError):
    status, code = 422, "too_many_minutes"
    zh, en = "一天合计不能超过720分钟", "More than 720 minutes on one day"


class HoursReversedAlready(DomainError):
    status, code = 409, "hours_reversed_already"
    zh, en = "这条工时已经冲销", "These hours were already reversed"


class OrderFromResolution(DomainError):
    status, code = 409, "order_from_resolution"
    zh = "这件事已有决议，请从决议派单"
    en = "The matter was decided; create its orders from the resolution"


class DueDayPassed(DomainError):
    status, code = 422, "due_day_passed"
    zh, en = "期限不能早于今天", "The due day cannot be before today"


class ObjectedAlready(DomainError):
    """The first receiver leads and cannot pass on (L6-14); it may object once (L6-12)."""

    status, code = 409, "objected_already"
    zh = "派哨异议只能提一次，不得转推"
    en = "The dispatch can be objected to only once, and cannot be passed on"


class MatterIsDecided(DomainError):
    status, code = 409, "matter_is_decided"
    zh = "这件事的决议仍然有效，须先由新的决议代替"
    en = "A resolution on this matter binds; another one must take its place first"


class WorkGoesOn(DomainError):
    status, code = 409, "work_goes_on"
    zh, en = (
        "这件事还有任务单或哨声没有办完，请先撤销",
        "Orders or whistles of this matter are not finished; withdraw them first",
    )
