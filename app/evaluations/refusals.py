"""What is refused here, with its code and its words."""

from app.kit.errors import DomainError


class ClosingTimePassed(DomainError):
    status, code = 422, "closing_time_passed"
    zh, en = "截止时间须在现在之后", "The closing time must be in the future"


class RoundTooLong(DomainError):
    status, code = 422, "round_too_long"
    zh, en = "民评最长六十天", "An evaluation can be open for sixty days at most"


class RoundOpenAlready(DomainError):
    status, code = 409, "round_open_already"
    zh, en = "这件事的民评正在进行", "There is already an open evaluation of this"


class NoSheetsOut(DomainError):
    status, code = 409, "no_sheets_out"
    zh, en = "这次民评没有发放纸质评议表", "No paper sheets were given out for this evaluation"


class MoreSheetsThanOut(DomainError):
    status, code = 422, "more_sheets_than_out"
    zh, en = "收回的评议表多于发放数", "More sheets were returned than were given out"


class SheetsDisagree(DomainError):
    status, code = 422, "sheets_disagree"
    zh = "已解决与未解决之和须等于满意、基本满意、不满意之和"
    en = "Solved and unsolved must add up to as many as the three grades"


class NotCountedYet(DomainError):
    status, code = 409, "not_counted_yet"
    zh, en = "纸质票数还没有录入", "The paper sheets have not been counted yet"


class ConfirmedByTheSame(DomainError):
    status, code = 403, "confirmed_by_the_same"
    zh, en = "纸质票数须由另一人确认", "Another person must confirm the paper count"


class NotAsked(DomainError):
    status, code = 403, "not_asked"
    zh = "只有提出人和附议人可以评价这件事的办理"
    en = "Only those who raised or supported the matter can rate the work on it"


class DoerCannotRate(DomainError):
    status, code = 403, "doer_cannot_rate"
    zh, en = "承办人不能评价或代录自己办的事", "Whoever carried it out cannot rate it"


class VerifierCannotEnter(DomainError):
    status, code = 403, "verifier_cannot_enter"
    zh = "核实的人不能代录提出人的回答"
    en = "Whoever verified the work cannot enter the raiser's answer"


class AnsweredAlready(DomainError):
    status, code = 409, "answered_already"
    zh, en = "这次办理已经评价过", "This was already answered"


class AnswerYourself(DomainError):
    status, code = 409, "answer_yourself"
    zh, en = "这件事是您提出的，请直接评价", "You raised this matter; answer it yourself"


class RoundIsOpen(DomainError):
    status, code = 409, "round_is_open"
    zh, en = "民评正在进行，截止后再定", "An evaluation is open; wait until it has closed"


class OrdersAreOpen(DomainError):
    status, code = 409, "orders_are_open"
    zh, en = "还有任务单没有结项", "Some of its work orders are not closed"


class RaiserNotAsked(DomainError):
    """Closing needs a follow-up with the raiser (L6-23), or a fair time for one."""

    status, code = 409, "raiser_not_asked"
    zh = "核实后七天内须先回访提出人"
    en = "Ask the raiser first; without an answer it can be closed seven days after it was verified"


class RaiserSaysUnsolved(DomainError):
    status, code = 409, "raiser_says_unsolved"
    zh = "提出人认为没有解决，不能结项，请退回重办"
    en = "The raiser says that it is not solved; send it back to its doer"


class MattersAreOpen(DomainError):
    status, code = 409, "matters_open"
    zh, en = "本期还有议题没有评出结果", "Some matters of this session are not settled yet"


class ResolutionNotPublished(DomainError):
    status, code = 409, "resolution_not_published"
    zh, en = "还有通过的决议没有公示", "A resolution that was passed is not published yet"
