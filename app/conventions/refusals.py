"""What is refused here, with its code and its words."""

from app.kit.errors import DomainError


class VersionOpen(DomainError):
    status, code = 409, "version_open"
    zh, en = "这份规约已有一版正在办理", "Another version of this convention is on its way"


class RepealPending(DomainError):
    status, code = 409, "repeal_pending"
    zh, en = "这份规约的废止正在公示", "The repeal of this convention is on the board"


class InvalidResolutions(DomainError):
    status, code = 422, "invalid_resolutions"
    zh = "只能依据本小区已通过、未被代替的决议"
    en = "Only resolutions that were passed here and not superseded may be named"


class ResolutionMissing(DomainError):
    status, code = 422, "resolution_missing"
    zh = "解题规约须写明所依据的决议；修订须有新的决议"
    en = "It must name a resolution that it rests on; an amendment must name a new one"


class ResolutionSuperseded(DomainError):
    status, code = 409, "resolution_superseded"
    zh, en = "所依据的决议已被代替", "A resolution that it rests on was superseded"


class InvalidClauseResolution(DomainError):
    status, code = 422, "invalid_clause_resolution"
    zh = "条文所依据的决议须在本版规约列明的决议之中"
    en = "A clause can rest only on resolutions that its version names"


class OwnersItemMissing(DomainError):
    """Civil Code 278: what the round table left to the owners needs their vote here too."""

    status, code = 422, "owners_item_missing"
    zh = "条文所依据的决议全部须由业主共同决定，条文须注明同一事项"
    en = "The resolution leaves all of it to the owners; the clause must name the same item"


class OwnDraft(DomainError):
    status, code = 403, "own_draft"
    zh, en = "起草人不能审查自己起草的规约", "Nobody reviews what he drafted himself"


class FlagsOpen(DomainError):
    status, code = 409, "flags_open"
    zh = "还有不得写入规约的词语没有处理，或须改写"
    en = "Words that a convention may not have are still undecided or must be changed"


class ReturnNeedsAdvice(DomainError):
    status, code = 422, "return_needs_advice"
    zh, en = "退回须写明修改意见", "Say what must be changed when returning it"


class WrongLegalType(DomainError):
    status, code = 409, "wrong_legal_type"
    zh, en = "这类规约不是这样办理的", "This kind of convention goes another way"


class NotApproved(DomainError):
    status, code = 409, "not_approved"
    zh, en = "还没有通过审核，不能表决", "It was not approved yet, so no vote counts"


class FiguresDisagree(DomainError):
    status, code = 422, "figures_disagree"
    zh, en = "表决数字前后不符", "The figures of the vote do not agree"


class VoteNotPassed(DomainError):
    status, code = 409, "vote_not_passed"
    zh, en = "按这些数字，表决没有通过", "By these figures the vote was not passed"


class NeedsNoOwnerVote(DomainError):
    status, code = 409, "needs_no_owner_vote"
    zh, en = "这一条无须业主共同决定", "This clause is not left to the owners"
