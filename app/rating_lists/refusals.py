"""What is refused here, with its code and its words."""

from app.kit.errors import DomainError


class ListExists(DomainError):
    status, code = 409, "rating_list_exists"
    zh, en = "这个月已有红黑榜", "There is already a rating list for this month"


class InvalidEntries(DomainError):
    status, code = 422, "invalid_rating_entries"
    zh = "榜上只能有本社区的小区，同一小区同一企业只列一次"
    en = "Entries must be compounds of the community, each firm of a compound once"


class OwnList(DomainError):
    status, code = 403, "own_rating_list"
    zh, en = "起草人不能审核自己起草的红黑榜", "Drafters cannot review their own rating lists"


class NoObjectionRaised(DomainError):
    status, code = 409, "no_objection_raised"
    zh = "没有人对这一条提出异议，不能更改"
    en = "Nobody has objected to this entry, so it cannot be changed"


class SameColour(DomainError):
    status, code = 409, "same_colour"
    zh, en = "这一条本来就在这张榜上", "The entry is already on that list"
