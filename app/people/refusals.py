"""What is refused here, with its code and its words."""

from app.kit.errors import DomainError, Unauthorized


class OfficeCodeInvalid(DomainError):
    """Wrong, used up by somebody else, or too old: which one of them, a guesser does not learn."""

    status, code = 422, "office_code_invalid"
    zh = "任职码不对、已经用过或已过期，请向管理员要一个新的"
    en = "This code is wrong, used or expired; ask the operator for a new one"


class NoSuchOffice(DomainError):
    status, code = 422, "no_such_office"
    zh, en = "这一级没有这个职务", "There is no such office at this level"


class UnknownUnit(DomainError):
    status, code = 422, "unknown_unit"
    zh, en = "登记册里没有这个房号", "The register has no such unit"


class AlreadyClaimed(DomainError):
    status, code = 409, "already_claimed"
    zh, en = "这个房号您已经登记过", "You have already claimed this unit"


class OwnClaim(DomainError):
    status, code = 403, "own_claim"
    zh, en = "不能核实自己的登记", "You cannot verify your own claim"


class UnknownResident(DomainError):
    status, code = 422, "unknown_resident"
    zh, en = "没有这位居民", "There is no such resident"


class BirthDateConfirmed(DomainError):
    status, code = 409, "birth_date_confirmed"
    zh, en = "出生日期已经核实，请找网格员更正", "The birth date was verified; ask the grid worker"


class InvalidBirthDate(DomainError):
    status, code = 422, "invalid_birth_date"
    zh, en = "出生日期不对", "The birth date is not valid"


class InvalidTerm(DomainError):
    status, code = 422, "invalid_term"
    zh, en = "任期的结束日须在开始日之后", "The term must end after it begins"


class TokenReused(Unauthorized):
    code = "token_reused"
    zh, en = "登录凭证被重复使用，请重新登录", "The refresh token was used before; log in again"
