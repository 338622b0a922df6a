"""What the stand-in remembers: apps, users, codes, calls, faults and what time it is."""

import base64
import random
import string
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field

from tests.wechat_standin.faults import Rule
from tests.wechat_standin.protocol import ApiError, Call

APPID = "wx5a31c0de00000531"
SECRET = "53100000000000000000000000000531"
SEED = 531
# 2026-01-01T00:00:00Z: a fixed start, so that two runs with one seed are the same to the byte.
EPOCH = 1767225600.0
CALLS_KEPT = 10_000
_ALPHABET = string.ascii_letters + string.digits + "-_"


@dataclass
class App:
    """A mini-program. `bound` to an Open Platform account, it tells the unionid."""

    appid: str
    secret: str
    bound: bool = True


@dataclass
class User:
    """A WeChat user as one app sees them."""

    openid: str
    unionid: str | None = None
    blocked: bool = False
    logins: int = 0
    asked_at: deque[float] = field(default_factory=deque)


@dataclass
class Code:
    """What `wx.login` hands to the mini-program."""

    code: str
    kind: str
    openid: str
    appid: str
    issued_at: float
    used_at: float | None = None


@dataclass(frozen=True)
class Settings:
    """How a stand-in starts and what a reset brings back.

    Time stands still until it is advanced; with `ticking` it also runs on by itself, so that a demo
    left alone does not fill up a minute that never ends.
    """

    appid: str = APPID
    secret: str = SECRET
    seed: int = SEED
    ticking: bool = False


class State:
    """Everything in memory. Hold `lock` around whatever is read and changed together."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.lock = threading.Lock()
        self.reset(settings.seed)

    def reset(self, seed: int) -> None:
        """Forget everything and start again from the seed."""
        first = App(self.settings.appid, self.settings.secret)
        self.seed = seed
        self.offset = 0.0
        self.started = time.monotonic()
        self.apps = {first.appid: first}
        self.users: dict[str, User] = {}
        self.codes: dict[str, Code] = {}
        self.rules: list[Rule] = []
        self.calls: deque[dict[str, object]] = deque(maxlen=CALLS_KEPT)
        self.calls_made = 0
        self.unknown_paths: Counter[str] = Counter()
        self._ids: Counter[str] = Counter()

    def now(self) -> float:
        """Return the virtual time in seconds since 1970."""
        real = time.monotonic() - self.started if self.settings.ticking else 0.0
        return EPOCH + self.offset + real

    def user(self, openid: str) -> User:
        """Return the user, who comes into being when first named."""
        return self.users.setdefault(openid, User(openid))

    def new_openid(self) -> str:
        return "o" + "".join(self._next("openid").choices(_ALPHABET, k=27))

    def new_code(self, *, kind: str, openid: str, appid: str) -> Code:
        """Play the tap or `wx.login` that makes a code."""
        text = "".join(self._next("code").choices(_ALPHABET, k=32))
        code = Code(text, kind, self.user(openid).openid, appid, self.now())
        self.codes[text] = code
        return code

    def new_rid(self) -> str:
        digits = f"{self._next('rid').getrandbits(96):024x}"
        return f"{digits[:8]}-{digits[8:16]}-{digits[16:]}"

    def session_key(self, user: User) -> str:
        """Return the key of the user's latest login; two logins share one."""
        turn = (user.logins + 1) // 2
        source = random.Random(f"{self.seed}:session_key:{user.openid}:{turn}")
        return base64.b64encode(source.randbytes(16)).decode()

    def app_of(self, call: Call) -> App:
        """Return the app that the appid and secret of the query prove. Raises ApiError."""
        appid, secret = call.query.get("appid"), call.query.get("secret")
        if not appid:
            raise ApiError(41002, "appid missing")
        if not secret:
            raise ApiError(41004, "appsecret missing")
        app = self.apps.get(appid)
        if app is None:
            raise ApiError(40013, "invalid appid")
        if secret != app.secret:
            raise ApiError(40125, "invalid appsecret")
        return app

    def _next(self, kind: str) -> random.Random:
        """Return the source of the next id of a kind; the kinds do not disturb each other."""
        self._ids[kind] += 1
        return random.Random(f"{self.seed}:{kind}:{self._ids[kind]}")
