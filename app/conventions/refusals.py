"""What is refused here, with its code and its words."""

from app.kit.errors import DomainError


class VersionOpen(DomainError):
    status, code = 409, "version_open"
    zh, en = "这份规约已有一版正在办理", "Another version of this convention is in progress"


class RepealPending(DomainError):
    status, code = 409, "repeal_pending"
    zh, en = "这份规约的废止正在公示", "The repeal of this convention is already on notice"


class InvalidResolutions(DomainError):
    status, code = 422, "invalid_resolutions"
    zh = "只能依据本小区已通过、未被代替的决议"
    en = "Only resolutions passed in this compound and not superseded can be named"


class ResolutionMissing(DomainError):
    status, code = 422, "resolution_missing"
    zh = "解题规约须写明所依据的决议；修订须有新的决议"
    en = "It must name the resolution that it is based on; an amendment needs a new one"


class ResolutionSuperseded(DomainError):
    status, code = 409, "resolution_superseded"
    zh, en = "所依据的决议已被代替", "A resolution that it is based on was superseded"


class InvalidClauseResolution(DomainError):
    status, code = 422, "invalid_clause_resolution"
    zh = "条文所依据的决议须在本版规约列明的决议之中"
    en = "A clause can only be based on resolutions that its version names"


class OwnersItemMissing(DomainError):
    """Civil Code 278: what the round table left to the owners needs their vote here too."""

    status, code = 422, "owners_item_missing"
    zh = "条文所依据的决议全部须由业主共同决定，条文须注明同一事项"
    en = "What the clause is based on is left to the owners; name the same item in the clause"


class OwnDraft(DomainError):
    status, code = 403, "own_draft"
    zh, en = "起草人不能审查自己起草的规约", "Drafters cannot review their own drafts"


class FlagsOpen(DomainError):
    status, code = 409, "flags_open"
    zh = "还有不得写入规约的词语没有处理，或须改写"
    en = "Some flagged words are undecided or must be rewritten"


class ReturnNeedsAdvice(DomainError):
    status, code = 422, "return_needs_advice"
    zh, en = "退回须写明修改意见", "Say what must be changed when you return it"


class WrongLegalType(DomainError):
    status, code = 409, "wrong_legal_type"
    zh = (
        "这类规约不走这一步：解题规约由圆桌会决议，居民公约须居民会议表决并备案，"
        "管理规约须业主共同决定"
    )
    en = (
        "This step is not for this kind of convention: a self-discipline convention is resolved by"
        " the round table, a residents' pact is voted by the residents' meeting and filed, an"
        " owners' covenant is voted by the owners"
    )


class NotApproved(DomainError):
    status, code = 409, "not_approved"
    zh, en = "还没有通过审核，不能表决", "It has not been approved yet, so it cannot be voted on"


class FiguresDisagree(DomainError):
    status, code = 422, "figures_disagree"
    zh, en = "表决数字前后不符", "The figures of the vote contradict each other"


class VoteNotPassed(DomainError):
    status, code = 409, "vote_not_passed"
    zh, en = "按这些数字，表决没有通过", "According to these figures the vote did not pass"


class NeedsNoOwnerVote(DomainError):
    status, code = 409, "needs_no_owner_vote"
    zh, en = "这一条无须业主共同决定", "This clause needs no owners' vote"
