"""What is refused here, with its code and its words."""

from app.kit.errors import DomainError


class MatterNotChosen(DomainError):
    status, code = 422, "matter_not_chosen"
    zh, en = "这件事不是本期入选的议题", "This session did not select that matter"


class InvalidAttendanceCode(DomainError):
    status, code = 422, "invalid_attendance_code"
    zh = "签到码不对，请扫会场的签到码"
    en = "This is not the code of this round table; scan the one shown there"


class AttendanceCodeExpired(DomainError):
    status, code = 422, "attendance_code_expired"
    zh, en = "签到码已过期，请扫新的签到码", "The code has expired; scan the new one"


class InvalidCardTarget(DomainError):
    status, code = 422, "invalid_card_target"
    zh = "只能并入同一件事的另一张未处理的卡片"
    en = "A card can be merged only into another open card of the same matter"


class NameOrReason(DomainError):
    status, code = 422, "name_or_reason"
    zh = "请写明邀请谁，或者写明为什么不需要邀请，二者取一"
    en = "Say either whom you invite or why nobody of this kind is needed"


class AlreadyInvited(DomainError):
    status, code = 409, "already_invited"
    zh, en = "邀请名单上已有这一项", "This is already on the list of invitations"


class ChecklistIncomplete(DomainError):
    status, code = 409, "checklist_incomplete"
    zh = "邀请名单还不完整：每一类都要有邀请对象，或写明不需要的理由"
    en = "The invitations are incomplete: each kind needs an invitation or a reason why not"


class NothingChosen(DomainError):
    status, code = 409, "nothing_chosen"
    zh = "本期没有入选的议题，不开圆桌会"
    en = "The session selected no matter, so there is no round table"
