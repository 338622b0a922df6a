"""Why what was sent is not looked at to its end."""

from app.kit.errors import DomainError


class TooComplex(DomainError):
    """It asks for more work or memory than a file that people make."""

    status, code = 422, "too_complex"
    zh = "文件太复杂，无法检查，请另存为普通的文件后再传"
    en = "The file is too complex to be checked; save it as a plain file"


class TookTooLong(DomainError):
    status, code = 422, "took_too_long"
    zh = "检查这个文件用时太长，请缩小或简化后再传"
    en = "Checking the file took too long; make it smaller or simpler"


class Busy(DomainError):
    """Somebody else's is looked at on this host, and one worker at a time is enough for that."""

    status, code = 503, "busy"
    zh, en = (
        "正在处理别人的文件，请几秒后再试",
        "Another file is being checked; try again in a few seconds",
    )


REFUSALS = (TooComplex, TookTooLong, Busy)
