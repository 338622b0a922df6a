"""What is refused here, with its code and its words."""

from app.kit.errors import DomainError


class ResolutionStillTabled(DomainError):
    status, code = 409, "resolution_still_tabled"
    zh, en = "还有决议正在表决", "A resolution is still being voted on"


class ReviewRequestedAlready(DomainError):
    status, code = 409, "review_requested_already"
    zh, en = "已经提请过支部先议", "The branch's review was already requested"


class ReviewNotRequested(DomainError):
    status, code = 409, "review_not_requested"
    zh, en = "没有提请支部先议", "The branch's review was not requested"


class AdviceMissing(DomainError):
    status, code = 422, "advice_missing"
    zh, en = "请写明建议或退回的理由", "Say what the branch advises, or why it returns the draft"


class InvalidCards(DomainError):
    status, code = 422, "invalid_cards"
    zh = "只能列入同一件事中已采纳的卡片"
    en = "Only adopted cards of the same matter can be included"


class CardTaken(DomainError):
    status, code = 409, "card_taken"
    zh, en = "有卡片已列入另一项决议", "One of the cards is already included in another resolution"


class InvalidSuperseded(DomainError):
    status, code = 422, "invalid_superseded"
    zh, en = (
        "只能代替本小区一项已生效的决议",
        "Only a resolution in effect in this compound can be superseded",
    )


class SupersededAlready(DomainError):
    status, code = 409, "superseded_already"
    zh, en = "那项决议已有另一项来代替", "Another resolution already supersedes that one"


class ReviewPending(DomainError):
    status, code = 409, "review_pending"
    zh = "支部先议还没有意见，期限也未满"
    en = "The branch has not given its opinion, and its term has not ended"


class HandsAreNotSecret(DomainError):
    status, code = 422, "hands_are_not_secret"
    zh, en = "举手表决不能无记名", "A show of hands cannot be secret"


class WrongMethod(DomainError):
    status, code = 409, "wrong_method"
    zh, en = "这项决议不是这样表决的", "This resolution is voted on in another way"


class NotPresent(DomainError):
    status, code = 403, "not_present"
    zh, en = "到会的人才能表决，请先签到", "Only those present can vote; check in first"


class MorePresentThanRoll(DomainError):
    status, code = 422, "more_present_than_roll"
    zh, en = "到会人数多于全体人数", "More people are present than there are on the roll"


class PresentDiffers(DomainError):
    status, code = 422, "present_differs"
    zh, en = "到会人数与签到不符", "The number of people present differs from the attendance list"


class MoreVotesThanPresent(DomainError):
    status, code = 422, "more_votes_than_present"
    zh, en = "票数多于到会人数", "More votes than people present"
