"""What is refused here, with its code and its words."""

from app.kit.errors import DomainError


class CaseNotPublished(DomainError):
    """Also the answer for what does not exist, so that nothing is learnt of drafts elsewhere."""

    status, code = 409, "case_not_published"
    zh, en = "案例库里没有这个案例", "There is no such case in the library"


class CaseHasNoConvention(DomainError):
    status, code = 409, "case_has_no_convention"
    zh, en = "这个案例没有可借鉴的规约", "The case has no convention that could be adopted"


class CaseOfSameCompound(DomainError):
    status, code = 409, "case_of_same_compound"
    zh = "这是本小区自己的案例，请直接修订规约"
    en = "This is your own compound's case; amend its convention instead"


class PersonalData(DomainError):
    status, code = 422, "personal_data"
    zh = "案例里不能有电话号码、身份证号码，请删去"
    en = "A case may not contain telephone or identity numbers; remove them"


class TooManyWords(DomainError):
    status, code = 422, "too_many_words"
    zh, en = "最多用五个词查找", "Search for five words at most"


class CaseExists(DomainError):
    status, code = 409, "case_exists"
    zh, en = "这件事已经写成案例", "There is already a case about this matter"


class InvalidConvention(DomainError):
    status, code = 422, "invalid_convention"
    zh, en = "只能写入本小区的规约", "Only a convention of the same compound may be named"


class ConventionNotInForce(DomainError):
    status, code = 409, "convention_not_in_force"
    zh, en = "案例里的规约没有生效的版本", "No version of the case's convention is in force"


class OwnCase(DomainError):
    status, code = 403, "own_case"
    zh, en = "作者不能审核自己写的案例", "Authors cannot review their own cases"
