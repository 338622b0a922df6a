"""What is refused here, with its code and its words."""

from app.kit.errors import DomainError


class NotTheRaiser(DomainError):
    status, code = 403, "not_the_raiser"
    zh, en = "只有提出人能更正或撤回", "Only its raiser corrects a matter or takes it back"


class OnAList(DomainError):
    """Its words were printed, and others decide on them."""

    status, code = 409, "on_a_list"
    zh, en = (
        "题单已定，不能再更正或撤回",
        "It stands on a list, so it is not corrected or taken back any more",
    )


class OthersMerged(DomainError):
    status, code = 409, "others_merged"
    zh, en = (
        "别人提出的问题已并入这一件，不能撤回",
        "Matters that others raised were merged into it, so it is not taken back",
    )


class ReasonMissing(DomainError):
    status, code = 422, "reason_missing"
    zh, en = "请写明理由", "Give a reason"


class InvalidMergeTarget(DomainError):
    status, code = 422, "invalid_merge_target"
    zh, en = "不能并入这件事", "The matter cannot be merged into that one"


class CarriedOverTooOften(DomainError):
    """R7: after its last carry-over the branch must dispatch, whistle or refuse."""

    status, code = 409, "carried_over_too_often"
    zh = "已多次结转，须派单、吹哨或说明理由不予受理"
    en = "Carried over too often; dispatch it, request a whistle, or refuse it with a reason"
