"""What is refused here, with its code and its words."""

from app.kit.errors import DomainError


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
