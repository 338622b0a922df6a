"""Refusals: every error that a client can meet, with its stable code and its words.

A refusal is raised where the rule stands, by a service, a model's verb or a guard; `problems`
turns it into a response. `code` is for programs and never changes; `zh` and `en` are the title that
a person reads.
"""

from typing import ClassVar, NamedTuple, TypeVar

T = TypeVar("T")


class Refused(NamedTuple):
    """One refused part of an input: where it stands, a code, and words."""

    where: str
    code: str
    zh: str
    en: str


class DomainError(Exception):
    """A refusal with a stable code. `detail_*` says more about this one case than the title."""

    status: ClassVar[int]
    code: ClassVar[str]
    zh: ClassVar[str]
    en: ClassVar[str]

    def __init__(
        self,
        *,
        zh: str | None = None,
        en: str | None = None,
        errors: list[Refused] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(self.code)
        self.detail_zh = zh
        self.detail_en = en
        self.errors = errors or []
        self.retry_after = retry_after


class InvalidInput(DomainError):
    status, code = 422, "invalid_input"
    zh, en = "提交的内容有误", "The input is not valid"


class Unauthorized(DomainError):
    status, code = 401, "unauthorized"
    zh, en = "请先登录", "Log in first"


class Forbidden(DomainError):
    status, code = 403, "forbidden"
    zh, en = "您没有办理这件事的权限", "You may not do this"


class NotFound(DomainError):
    """Also the answer for what lies outside the asker's place, so that nothing is learnt."""

    status, code = 404, "not_found"
    zh, en = "没有找到", "Not found"


def found(thing: T | None) -> T:
    """The thing that was looked for. Raises NotFound."""
    if thing is None:
        raise NotFound
    return thing


class WrongState(DomainError):
    """The thing is not at the step at which this can be done."""

    status, code = 409, "wrong_state"
    zh, en = "现在不能办理这一步", "This cannot be done at this step"


class TooManyRequests(DomainError):
    """Comes with the seconds after which the operation may be tried again."""

    status, code = 429, "too_many_requests"
    zh, en = "操作太频繁，请稍后再试", "Too many requests, try again later"


class DatabaseUnavailable(DomainError):
    status, code = 503, "database_unavailable"
    zh, en = "数据库暂时不可用，请稍后再试", "The database is not available, try again shortly"
