"""Calls to the WeChat server API, over a connection pool that threads may share.

Neither AppSecret nor a code, an openid or a session key is ever logged or put into an exception.
Every failure is raised outside the `except` that saw it, because the exceptions of httpx keep the
request, and with it the URL that holds the secret.
"""

import json
import logging
import os
import random
import re
import threading
import time
from dataclasses import dataclass, field
from enum import Enum

import httpx

from app.kit.errors import DomainError
from app.wechat import refusals

VENDOR_BASE = "https://api.weixin.qq.com"
"""The only base URL that production may use."""

_UNAVAILABLE_RETRY_S = 5
# How long a quota keeps refusing: those of a second or a minute, then the one of the day, whose end
# WeChat does not tell.
_QUOTA_RETRY_S = {45011: 60, 44990: 60, 44991: 60, 45009: 3600}
_SYSTEM_ERROR = -1
_CODE_REFUSED = {40029, 40163}
_USER_BLOCKED = 40226

# Visible ASCII only. Anything else was never issued by WeChat, and some of it, such as a lone
# surrogate, cannot even be written into a URL.
_CODE = re.compile(r"[\x21-\x7e]{1,256}")
_RID = re.compile(r"rid: ([0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8})")

# Raised before a byte of the request has left, so the code cannot be spent.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

# Of an outage the log tells once a minute, and who asks is told by the same code.
AWAY = {"outage": refusals.WeChatUnavailable.code}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WeChatIdentity:
    """Who logged in. `openid` is this mini-program's name for the user.

    `unionid` joins the apps of one Open Platform account; it may be missing now and come later.
    """

    openid: str = field(repr=False)
    unionid: str | None = field(repr=False)


@dataclass(frozen=True)
class _Answer:
    """A readable answer: an errcode other than 0, or 0 and an openid."""

    errcode: int
    rid: str
    openid: str = field(repr=False)
    unionid: str | None = field(repr=False)


class _Failure(Enum):
    """Why a call brought no answer to decide on."""

    TRANSIENT = "WeChat could not do it or was not reached: one more try is safe"
    IN_DOUBT = "the request was sent but its answer never came whole: the code may be spent"
    UNREADABLE = "an answer came whole but is not what the API speaks"


class WeChatClient:
    """The WeChat server API for one mini-program.

    Share one object among threads; after a fork each process opens connections of its own. Timeouts
    are in seconds. `retry_pause` is the longest wait before the one retry.
    """

    def __init__(
        self,
        *,
        appid: str,
        secret: str,
        base_url: str,
        connect_timeout: float = 3.0,
        read_timeout: float = 5.0,
        retry_pause: float = 0.2,
    ) -> None:
        self._appid = appid
        self._secret = secret
        self._base_url = base_url
        self._timeout = httpx.Timeout(read_timeout, connect=connect_timeout, pool=connect_timeout)
        self._retry_pause = retry_pause
        self._lock = threading.Lock()
        self._http: httpx.Client | None = None
        self._pid = 0
        logging.getLogger("httpx").addFilter(_hide_queries)

    def login(self, code: str) -> WeChatIdentity:
        """Spend a code of `wx.login` and return who it stands for.

        Raises LoginCodeInvalid, LoginBlocked, WeChatBusy, WeChatUnavailable or WeChatMisconfigured.
        The code is worthless after any of them; a client that tries again calls `wx.login` first.
        WeChat's session key is dropped here, since nothing needs it.
        """
        if not _CODE.fullmatch(code):
            raise refusals.LoginCodeInvalid
        answer = self._exchange(code)
        retried = answer is _Failure.TRANSIENT
        if retried:
            time.sleep(self._retry_pause * random.uniform(0.5, 1))
            answer = self._exchange(code)
        if answer is _Failure.IN_DOUBT:
            raise refusals.LoginCodeInvalid
        if isinstance(answer, _Failure):
            raise refusals.WeChatUnavailable(retry_after=_UNAVAILABLE_RETRY_S)
        if answer.errcode != 0:
            raise _refusal(answer, retried=retried)
        return WeChatIdentity(openid=answer.openid, unionid=answer.unionid)

    def close(self) -> None:
        """Close the idle connections. A later login opens new ones."""
        with self._lock:
            if self._http is not None:
                self._http.close()
            self._http = None

    def _exchange(self, code: str) -> _Answer | _Failure:
        """Ask `jscode2session` once; the answer may still be an errcode."""
        query = {
            "appid": self._appid,
            "secret": self._secret,
            "js_code": code,
            "grant_type": "authorization_code",
        }
        try:
            response = self._connections().get("/sns/jscode2session", params=query)
        except _NOT_SENT as error:
            logger.warning("jscode2session: not reached (%s)", type(error).__name__, extra=AWAY)
            return _Failure.TRANSIENT
        except httpx.RequestError as error:
            logger.warning("jscode2session: no whole answer (%s)", type(error).__name__, extra=AWAY)
            return _Failure.IN_DOUBT
        if response.status_code >= 500:
            logger.warning("jscode2session: HTTP %d", response.status_code, extra=AWAY)
            return _Failure.TRANSIENT
        answer = _parse(response.content)
        if answer is None:
            logger.error("jscode2session: unreadable answer, HTTP %d", response.status_code)
            return _Failure.UNREADABLE
        if answer.errcode == _SYSTEM_ERROR:
            logger.warning("jscode2session: errcode=-1 rid=%s", answer.rid, extra=AWAY)
            return _Failure.TRANSIENT
        return answer

    def _connections(self) -> httpx.Client:
        """Return this process's pool. A pool made before a fork would share its sockets with it."""
        with self._lock:
            if self._http is None or self._pid != os.getpid():
                self._pid = os.getpid()
                self._http = httpx.Client(
                    base_url=self._base_url,
                    timeout=self._timeout,
                    follow_redirects=False,
                    trust_env=False,
                )
            return self._http


def _parse(body: bytes) -> _Answer | None:
    """Return what the body says, whatever its content type said; None if it makes no sense.

    The errcode alone decides between success and failure. A success still has to bring an openid.
    """
    try:
        fields = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    errcode, openid, unionid = fields.get("errcode", 0), fields.get("openid"), fields.get("unionid")
    if type(errcode) is not int:
        return None
    if errcode == 0 and not (isinstance(openid, str) and openid):
        return None
    rid = _RID.search(str(fields.get("errmsg")))
    return _Answer(
        errcode=errcode,
        rid=rid[1] if rid else "-",
        openid=openid if isinstance(openid, str) else "",
        unionid=str(unionid) if unionid else None,
    )


def _refusal(answer: _Answer, *, retried: bool) -> DomainError:
    """Log an errcode of `jscode2session` and return what it means to the client.

    40163 (code been used) is real though the vendor's page does not list it. After a retry of our
    own it is no sign of a replay: the first try may have spent the code and lost the answer.
    """
    refusal: DomainError
    if answer.errcode in _CODE_REFUSED:
        refusal = refusals.LoginCodeInvalid()
    elif answer.errcode == _USER_BLOCKED:
        refusal = refusals.LoginBlocked()
    elif answer.errcode in _QUOTA_RETRY_S:
        refusal = refusals.WeChatBusy(retry_after=_QUOTA_RETRY_S[answer.errcode])
    else:
        # The rest are faults of our settings or of our request, which no retry mends.
        refusal = refusals.WeChatMisconfigured()
    level = logging.ERROR if isinstance(refusal, refusals.WeChatMisconfigured) else logging.WARNING
    logger.log(
        level,
        "jscode2session: errcode=%d rid=%s retried=%s",
        answer.errcode,
        answer.rid,
        retried,
    )
    return refusal


def _hide_queries(record: logging.LogRecord) -> bool:
    """Cut the query off every URL that httpx logs, because AppSecret stands in ours."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            arg.copy_with(query=None) if isinstance(arg, httpx.URL) else arg for arg in record.args
        )
    return True
