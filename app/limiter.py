"""Counts what `app.limits` limits, in a storage that all processes share, by flask-limiter.

Names under which is counted are MACs: the storage learns neither an address nor who did what. While
the storage is away each process counts in its own memory: the limits grow by the number of
processes, but hold; nothing waits long, and voting, which is not counted, never notices.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from ipaddress import IPv4Address, ip_address, ip_network
from math import ceil
from time import time
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_limiter import ApplicationLimit, Limiter, RateLimitExceeded
from limits.errors import StorageError
from redis import Redis
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException

from app.config import NO_LIMITS, Settings, UnsafeSettings
from app.kit.errors import TooManyRequests
from app.kit.web.problems import on_refusal
from app.limits import ANY_ANSWER, DONE, LIMITS, PEOPLE, REFUSED, WITHOUT_LOGIN, By, Limit, Use
from app.limits import use_of as use_of_endpoint
from app.people.bearer import read_bearer
from app.signing import Purpose, signing_keys

ANSWER_TIMEOUT_S = 0.5
IPV6_NETWORK_BITS = 64  # what one home or one phone is given
# How uses are counted, one after the other; each asks which of its limits the operation has.
COUNTED = (
    (By.REQUEST, ANY_ANSWER),
    (By.ADDRESS, ANY_ANSWER),
    (By.LOGIN, ANY_ANSWER),
    (By.LOGIN, REFUSED),
    (By.LOGIN_AND_THING, DONE),
)


def init_app(app: Flask, settings: Settings) -> None:
    """Limit the application's operations. Raises UnsafeSettings in production where the counts
    would lie with the keys of votes."""
    app.extensions["rate_limiter"] = None
    if settings.rate_limit_url == NO_LIMITS:
        return
    if settings.production:
        check_apart(settings.rate_limit_url, settings.key_store_url)
    people = settings.people_behind_one_address
    limiter = Limiter(
        lambda: asker(By.ADDRESS),
        application_limits=[_counted(by, counts, people) for by, counts in COUNTED],
        storage_uri=_storage_uri(settings.rate_limit_url),
        storage_options=_storage_options(settings.rate_limit_url),
        strategy="fixed-window",
        key_prefix="yueyuetan",
        in_memory_fallback_enabled=True,
        swallow_errors=True,
    )
    limiter.init_app(app)
    _pass_by_what_is_not_limited(app)
    app.extensions["rate_limiter"] = limiter
    app.register_error_handler(RateLimitExceeded, on_exceeded)


def _pass_by_what_is_not_limited(app: Flask) -> None:
    """The library looks at every request before and after. A cast goes by without being looked at:
    the hooks that the library has just registered run where a limit is."""
    before = app.before_request_funcs[None].pop()
    after = app.after_request_funcs[None].pop()
    at_the_end = app.teardown_request_funcs[None].pop()

    def check() -> Any:
        return before() if _is_limited() else None

    def release(error: BaseException | None) -> None:
        if _is_limited():
            at_the_end(error)

    app.before_request(check)
    app.after_request(lambda response: after(response) if _is_limited() else response)
    app.teardown_request(release)


def _is_limited() -> bool:
    return bool(LIMITS[current_use()])


def storage_answers(app: Flask) -> bool | None:
    """Whether the shared storage of the counts can be reached now; None where there is none."""
    limiter: Limiter | None = app.extensions["rate_limiter"]
    settings: Settings = app.extensions["settings"]
    if limiter is None or not settings.rate_limit_url:
        return None
    return limiter.storage.check()


def check_apart(rate_limit_url: str, key_store_url: str) -> None:
    """Raises UnsafeSettings where both addresses lead to one server after all, by what the servers
    say of themselves. One that cannot be asked now says nothing."""
    if not (rate_limit_url and key_store_url):
        return
    first, second = map(_run_id, (rate_limit_url, key_store_url))
    if first is not None and first == second:
        raise UnsafeSettings("RATE_LIMIT_STORAGE is the Redis of KEY_STORE")


def _run_id(url: str) -> str | None:
    client = Redis.from_url(
        url, socket_connect_timeout=ANSWER_TIMEOUT_S, socket_timeout=ANSWER_TIMEOUT_S
    )
    try:
        return str(client.info("server")["run_id"])
    except (RedisError, KeyError):
        return None
    finally:
        client.close()


def _storage_uri(url: str) -> str:
    if not url:
        return "memory://"
    return f"redis+{url}" if url.startswith("unix://") else url


def _storage_options(url: str) -> dict[str, str | int]:
    if not url:
        return {}
    # The library's annotation of options knows no fractions; Redis takes them.
    options: dict[str, Any] = {
        "socket_connect_timeout": ANSWER_TIMEOUT_S,
        "socket_timeout": ANSWER_TIMEOUT_S,
        "wrap_exceptions": True,
    }
    return options


def _counted(by: By, counts: range, people: int) -> ApplicationLimit:
    """The limits of the operation that are counted in this way."""
    return ApplicationLimit(
        limit_provider=lambda: _words(_limits_now(by, counts), people),
        key_function=partial(asker, by),
        scope=lambda endpoint: current_use(),
        exempt_when=lambda: not asker(by),
        deduct_when=None if counts == ANY_ANSWER else partial(_is_counted, counts),
    )


def _is_counted(counts: range, response: Response) -> bool:
    return response.status_code in counts


def current_use() -> Use:
    """What the operation that is asked for is to the limits."""
    return use_of_endpoint(request.endpoint or "", request.method)


def _limits_now(by: By, counts: range) -> tuple[Limit, ...]:
    limits = LIMITS[current_use()]
    if by is By.ADDRESS and any(each.by in (By.LOGIN, By.LOGIN_AND_THING) for each in limits):
        return () if _login() else (WITHOUT_LOGIN,)
    return tuple(each for each in limits if each.by is by and each.counts == counts)


@lru_cache(maxsize=256)
def _words(limits: Iterable[Limit], people: int) -> str:
    """As flask-limiter reads it: `6000 per 600 second`, several of them with semicolons."""
    return ";".join(f"{_amount(each, people)} per {each.seconds} second" for each in limits)


def _amount(limit: Limit, people: int) -> int:
    if limit.by is not By.ADDRESS:
        return limit.amount
    return max(1, limit.amount * people // PEOPLE)


def asker(by: By) -> str:
    """The name under which a use is counted, a MAC; empty where nobody can be told apart."""
    known: dict[By, str] = g.setdefault("askers", {})
    if by not in known:
        who = ASKERS[by]()
        known[by] = who and signing_keys().tag(Purpose.LIMITED_ASKER, f"{by.name} {who}")
    return known[by]


def _login() -> str:
    bearer = read_bearer()
    return "" if bearer is None else str(bearer.resident_id)


def _login_and_thing() -> str:
    login = _login()
    return login and f"{login} {sorted((request.view_args or {}).items())}"


def _address() -> str:
    """The client's address, of IPv6 its network. None where it is the machine's own: then a proxy
    has not told, and all the world would be counted as one."""
    try:
        address = ip_address((request.remote_addr or "").partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None) or address
    if mapped.is_loopback:
        return ""
    if isinstance(mapped, IPv4Address):
        return str(mapped)
    return str(ip_network((mapped, IPV6_NETWORK_BITS), strict=False))


def _request() -> str:
    try:
        return request.get_data().hex()
    except HTTPException:  # too large, or broken off; the view says so
        return ""


ASKERS: dict[By, Callable[[], str]] = {
    By.LOGIN: _login,
    By.LOGIN_AND_THING: _login_and_thing,
    By.ADDRESS: _address,
    By.REQUEST: _request,
}


def on_exceeded(error: RateLimitExceeded) -> Response:
    """The refusal, with the seconds until the operation may be tried again."""
    return on_refusal(TooManyRequests(retry_after=_wait(error)))


def _wait(error: RateLimitExceeded) -> int:
    limiter: Limiter = current_app.extensions["rate_limiter"]
    window = error.limit.limit.get_expiry()
    try:
        found = limiter.current_limit
        ends = found.reset_at if found else time() + window
    except StorageError:  # away since a moment ago
        return window
    return min(max(1, ceil(ends - time())), window)
