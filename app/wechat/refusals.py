"""What a client of ours is told when WeChat does not let a login through."""

from app.kit.errors import DomainError


class LoginCodeInvalid(DomainError):
    """The code is wrong, expired, spent or in doubt: the mini-program calls `wx.login` again."""

    status, code = 401, "login_code_invalid"
    zh, en = "微信登录凭证无效或已失效，请重新登录", "WeChat login code not valid, log in again"


class LoginBlocked(DomainError):
    """WeChat rates the user as high risk: trying again does not help."""

    status, code = 403, "login_blocked"
    zh, en = "微信提示该账号存在风险，暂时不能登录", "WeChat has blocked this account's login"


class WeChatBusy(DomainError):
    """A quota of WeChat is used up; `retry_after` says when its window ends, in seconds."""

    status, code = 429, "wechat_busy"
    zh, en = "微信登录过于频繁，请稍后再试", "Too many WeChat logins, try again later"


class WeChatUnavailable(DomainError):
    """WeChat cannot be reached or does not make sense; `retry_after` is a suggestion in seconds."""

    status, code = 503, "wechat_unavailable"
    zh, en = "微信服务暂时不可用，请稍后再试", "WeChat is not available, try again shortly"


class WeChatMisconfigured(DomainError):
    """Our settings or our request are at fault. The operator finds the errcode in the log."""

    status, code = 503, "wechat_misconfigured"
    zh, en = "微信登录配置有误，请联系管理员", "WeChat login is misconfigured, tell the operator"
