"""Settings from the environment, and the checks without which production does not start."""

import math
import os
import re
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

import metrics_process
from app.confined.calls import Limits
from app.limits import PEOPLE
from app.redis_address import is_same_redis
from app.wechat.client import VENDOR_BASE
from metrics_process import OFF, PRODUCTION_BIND

MIN_SECRET_BYTES = 32
ENGINES = ("sqlite", "postgresql")
REDIS_SCHEMES = ("redis://", "rediss://", "unix://")
MIN_SECRET_BITS = 80
NO_LIMITS = "off"
MAX_COUNT = 30
MAX_PEOPLE = 1_000_000
MAX_WORKERS = 1_000
# A database that has gone without a word, power or network, is noticed within these seconds; the
# driver's own defaults are minutes and hours.
POSTGRESQL_PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
MAX_PATIENCE_MINUTES = 24 * 60
MAX_UPLOAD_BYTES = 100_000_000
MAX_UPLOAD_PIXELS = 80_000_000
MAX_UNUSED_UPLOADS = 1_000
MAX_UPLOAD_CPU_SECONDS = 10
# A worker that is silent for 30 seconds is replaced: what an upload may take ends before that, with
# time left for storing the file.
UPLOAD_WALL_SECONDS = 12
# Python and the decoders, and an image of the most pixels in three copies of eight bytes each.
UPLOAD_BASE_BYTES = 512 * 1024 * 1024
UPLOAD_BYTES_A_PIXEL = 24


class Fault(NamedTuple):
    """What keeps the application from starting: a stable code, and words that say what to do."""

    code: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} · {self.en}"


class UnsafeSettings(RuntimeError):
    """Production was asked to start with settings that would break a promise."""

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> "UnsafeSettings":
        """All of these at once, a line for each."""
        return cls("\n".join(map(str, faults)))


SECRET_SHORT = Fault(
    "secret_key_short",
    f"SECRET_KEY 缺失或太短：用 openssl rand -hex 32 生成，至少 {MIN_SECRET_BYTES} 字节",
    f"SECRET_KEY is missing or short: make one with openssl rand -hex 32, at least "
    f"{MIN_SECRET_BYTES} bytes",
)
SECRET_GUESSABLE = Fault(
    "secret_key_guessable",
    "SECRET_KEY 容易猜到（重复或有规律）：用 openssl rand -hex 32 生成",
    "SECRET_KEY can be guessed, it repeats itself or follows a pattern: make one with "
    "openssl rand -hex 32",
)
STORE_INCOMPLETE = Fault(
    "attachment_store_incomplete",
    "S3_ENDPOINT、S3_BUCKET、S3_ACCESS_KEY、S3_SECRET_KEY 要一起给出，或都不设",
    "S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY and S3_SECRET_KEY come together: set all or none",
)
KEY_STORE_NO_ADDRESS = Fault(
    "key_store_no_address",
    "KEY_STORE 既不是文件夹，也不是 Redis 的地址：redis://:口令@主机:6379/0",
    "KEY_STORE is neither a folder nor the address of a Redis: redis://:password@host:6379/0",
)
DATABASE_NO_ADDRESS = Fault(
    "database_url_no_address",
    "DATABASE_URL 既不是 postgresql:// 也不是 sqlite:// 的地址",
    "DATABASE_URL is the address of neither PostgreSQL nor SQLite",
)
WECHAT_API_CHANGED = Fault(
    "wechat_api_base_changed",
    "WECHAT_API_BASE 不是微信的地址：正式运行时不要设",
    "WECHAT_API_BASE is not the vendor's: leave it unset in production",
)
WECHAT_ACCOUNT_MISSING = Fault(
    "wechat_account_missing",
    "缺 WECHAT_APPID 或 WECHAT_SECRET：填小程序后台的开发设置",
    "WECHAT_APPID or WECHAT_SECRET is missing: they stand in the mini-program's settings",
)
PUBLIC_URL_NOT_HTTPS = Fault(
    "public_url_not_https",
    "PUBLIC_URL 不是 https：填居民看到的网址",
    "PUBLIC_URL is not https: give the address that residents see",
)
PUBLIC_URL_NOT_PLAIN = Fault(
    "public_url_not_plain",
    "PUBLIC_URL 只能有小写主机名和端口，不带账号、路径、参数和 # 部分：https://yyt.example.cn",
    "PUBLIC_URL has more than a host in lower case and a port; no account, path, query or "
    "fragment: https://yyt.example.cn",
)
DATABASE_MISSING = Fault(
    "database_url_missing",
    "没有设 DATABASE_URL：postgresql://用户@主机/库，或单机的 sqlite:////srv/yueyuetan/yyt.db",
    "DATABASE_URL is not set: postgresql://user@host/database, or on a single machine "
    "sqlite:////srv/yueyuetan/yyt.db",
)
DATABASE_OF_ONE_HOST = Fault(
    "database_of_one_host",
    "HOSTS 大于 1，DATABASE_URL 却是 SQLite：几台主机要用 PostgreSQL",
    "HOSTS is more than 1 and DATABASE_URL is SQLite: several hosts need PostgreSQL",
)
SECRET_PREVIOUS = Fault(
    "secret_key_previous",
    "SECRET_KEY_PREVIOUS 里有太短的，或有现用的 SECRET_KEY：只留换下的",
    "SECRET_KEY_PREVIOUS holds a short secret, or SECRET_KEY itself: leave only replaced ones",
)
LIMITS_NO_ADDRESS = Fault(
    "limits_no_address",
    "RATE_LIMIT_STORAGE（或 KEY_STORE）不是 Redis 的地址：redis://:口令@主机:6379/0",
    "RATE_LIMIT_STORAGE, or KEY_STORE, is no address of a Redis: redis://:password@host:6379/0",
)
LIMITS_BESIDE_KEYS = Fault(
    "limits_beside_keys",
    "RATE_LIMIT_STORAGE 就是 KEY_STORE 那台 Redis：另用一台",
    "RATE_LIMIT_STORAGE is the Redis of KEY_STORE: use another",
)
LIMITS_MISPLACED = (LIMITS_NO_ADDRESS, LIMITS_BESIDE_KEYS)
LIMITS_OFF = Fault(
    "limits_off",
    "RATE_LIMIT_STORAGE 为 off，正式运行时不能不限次数：设为一台 Redis",
    "RATE_LIMIT_STORAGE is off, and production has limits: set it to a Redis",
)
LIMITS_IN_MEMORY = Fault(
    "limits_in_memory",
    "几个工作进程（WEB_CONCURRENCY）或几台主机（HOSTS）的次数限制要一起算：把 RATE_LIMIT_STORAGE "
    "设为一台 Redis（不是密钥库那台），或只用一个工作进程",
    "Several workers (WEB_CONCURRENCY) or hosts (HOSTS) must count limits together: set "
    "RATE_LIMIT_STORAGE to a Redis, not the key store's, or use one worker",
)


@dataclass(frozen=True)
class Settings:
    """All settings, typed. `docs/settings.md` tells each to an operator."""

    production: bool
    database_url: str
    secret_key: str
    key_store: Path
    public_url: str
    wechat_appid: str
    wechat_secret: str
    wechat_api_base: str
    extension_days: int = 3
    carry_over_limit: int = 3
    attachment_folder: Path = Path("instance/attachments")
    attachment_max_bytes: int = 10_000_000
    attachment_max_pixels: int = 40_000_000
    attachment_max_unused: int = 30
    upload_cpu_seconds: int = 2
    s3_endpoint: str = ""
    s3_bucket: str = ""
    s3_region: str = ""
    s3_access_key: str = ""
    s3_secret_key: str = ""
    key_store_url: str = ""
    rate_limit_url: str = ""
    workers: int = 1
    hosts: int = 1
    heartbeat_file: Path = Path("instance/finaliser.json")
    metrics_bind: tuple[str, int] | None = None
    secret_keys_before: tuple[str, ...] = ()
    people_behind_one_address: int = PEOPLE
    trusted_proxies: int = 0
    key_patience_minutes: int = 30
    pg_bin: Path | None = None
    backup_stamp: Path = Path("instance/last-backup.json")

    @classmethod
    def from_environment(
        cls, instance: Path, environ: Mapping[str, str] = os.environ
    ) -> "Settings":
        """Read the settings; for development, make what is missing under `instance`."""
        profile = environ.get("YYT_PROFILE", "development")
        if profile not in ("development", "production"):
            raise UnsafeSettings(f"YYT_PROFILE is {profile}, neither development nor production")
        production = profile == "production"
        key_store = environ.get("KEY_STORE") or str(instance / "keys")
        key_store_url = key_store if "://" in key_store else ""
        return cls(
            production=production,
            database_url=environ.get("DATABASE_URL")
            or ("" if production else f"sqlite:///{instance / 'yueyuetan.db'}"),
            secret_key=environ.get("SECRET_KEY") or ("" if production else _dev_secret(instance)),
            key_store=instance / "keys" if key_store_url else Path(key_store),
            key_store_url=key_store_url,
            rate_limit_url=environ.get("RATE_LIMIT_STORAGE", ""),
            workers=_count(environ, "WEB_CONCURRENCY", 2, MAX_WORKERS),
            hosts=_count(environ, "HOSTS", 1, MAX_WORKERS),
            heartbeat_file=Path(environ.get("HEARTBEAT_FILE") or instance / "finaliser.json"),
            metrics_bind=_metrics_bind(environ),
            secret_keys_before=tuple(environ.get("SECRET_KEY_PREVIOUS", "").split()),
            people_behind_one_address=_count(
                environ, "PEOPLE_BEHIND_ONE_ADDRESS", PEOPLE, MAX_PEOPLE
            ),
            trusted_proxies=_count(environ, "TRUSTED_PROXIES", int(production), minimum=0),
            public_url=environ.get("PUBLIC_URL", "").rstrip("/"),
            wechat_appid=environ.get("WECHAT_APPID", ""),
            wechat_secret=environ.get("WECHAT_SECRET", ""),
            wechat_api_base=environ.get("WECHAT_API_BASE", VENDOR_BASE).rstrip("/"),
            key_patience_minutes=_count(environ, "KEY_PATIENCE_MINUTES", 30, MAX_PATIENCE_MINUTES),
            extension_days=_count(environ, "VOTING_EXTENSION_DAYS", 3),
            carry_over_limit=_count(environ, "CARRY_OVER_LIMIT", 3),
            attachment_folder=Path(environ.get("ATTACHMENT_FOLDER", instance / "attachments")),
            attachment_max_bytes=_count(
                environ, "ATTACHMENT_MAX_BYTES", 10_000_000, MAX_UPLOAD_BYTES
            ),
            attachment_max_pixels=_count(
                environ, "ATTACHMENT_MAX_PIXELS", 40_000_000, MAX_UPLOAD_PIXELS
            ),
            attachment_max_unused=_count(environ, "ATTACHMENT_MAX_UNUSED", 30, MAX_UNUSED_UPLOADS),
            upload_cpu_seconds=_count(environ, "UPLOAD_CPU_SECONDS", 2, MAX_UPLOAD_CPU_SECONDS),
            s3_endpoint=environ.get("S3_ENDPOINT", "").rstrip("/"),
            s3_bucket=environ.get("S3_BUCKET", ""),
            s3_region=environ.get("S3_REGION") or "us-east-1",
            s3_access_key=environ.get("S3_ACCESS_KEY", ""),
            s3_secret_key=environ.get("S3_SECRET_KEY", ""),
            pg_bin=Path(environ["PG_BIN"]) if environ.get("PG_BIN") else None,
            backup_stamp=Path(environ.get("BACKUP_STAMP") or instance / "last-backup.json"),
        )

    def check(self) -> None:
        """Refuse to go on with settings that make no sense, or that are unsafe in production."""
        if faults := self.faults():
            raise UnsafeSettings.of(faults)

    def faults(self) -> list[Fault]:
        """What the application would not start with, all of it."""
        checks = self._checks() + (self._production_checks() if self.production else [])
        return [fault for fault, is_found in checks if is_found]

    @property
    def can_be_loaded(self) -> bool:
        """Whether an application can be made at all, if only to look at it."""
        return _engine_of(self.database_url) in ENGINES and not self._is_no_redis()

    def _checks(self) -> list[tuple[Fault, bool]]:
        store = (self.s3_endpoint, self.s3_bucket, self.s3_access_key, self.s3_secret_key)
        is_named = self.database_url != ""
        return [
            (STORE_INCOMPLETE, any(store) and not all(store)),
            (KEY_STORE_NO_ADDRESS, self._is_no_redis()),
            *((fault, fault == self._limits_fault()) for fault in LIMITS_MISPLACED),
            (DATABASE_NO_ADDRESS, is_named and _engine_of(self.database_url) not in ENGINES),
        ]

    def _is_no_redis(self) -> bool:
        return bool(self.key_store_url) and not self.key_store_url.startswith(REDIS_SCHEMES)

    def _limits_fault(self) -> Fault | None:
        url = self.rate_limit_url
        if url in ("", NO_LIMITS):
            return None
        if not url.startswith(REDIS_SCHEMES):
            return LIMITS_NO_ADDRESS
        try:
            has_both = bool(self.key_store_url) and not self._is_no_redis()
            is_same = has_both and is_same_redis(url, self.key_store_url)
        except ValueError:  # its words would show a password
            return LIMITS_NO_ADDRESS
        return LIMITS_BESIDE_KEYS if is_same else None

    def _production_checks(self) -> list[tuple[Fault, bool]]:
        is_short = len(self.secret_key) < MIN_SECRET_BYTES
        is_of_one_host = _engine_of(self.database_url) == "sqlite"
        return [
            (SECRET_SHORT, is_short),
            (SECRET_GUESSABLE, not is_short and secret_bits(self.secret_key) < MIN_SECRET_BITS),
            (WECHAT_API_CHANGED, self.wechat_api_base != VENDOR_BASE),
            (WECHAT_ACCOUNT_MISSING, not self._has_wechat_account()),
            (PUBLIC_URL_NOT_HTTPS, not self.public_url.startswith("https://")),
            (PUBLIC_URL_NOT_PLAIN, self.public_url != "" and not is_plain_address(self.public_url)),
            (DATABASE_MISSING, not self.database_url),
            (DATABASE_OF_ONE_HOST, self.hosts > 1 and is_of_one_host),
            (SECRET_PREVIOUS, not self._previous_secrets_are_sound()),
            (LIMITS_OFF, self.rate_limit_url == NO_LIMITS),
            (LIMITS_IN_MEMORY, not self.rate_limit_url and self.workers * self.hosts > 1),
        ]

    def _previous_secrets_are_sound(self) -> bool:
        return all(
            len(each) >= MIN_SECRET_BYTES
            and secret_bits(each) >= MIN_SECRET_BITS
            and each != self.secret_key
            for each in self.secret_keys_before
        )

    def _has_wechat_account(self) -> bool:
        return bool(self.wechat_appid and self.wechat_secret)

    @property
    def confined(self) -> Limits:
        """What a child that looks at an upload may use. A tenth of its time is kept for the worker
        that waits for it."""
        return Limits(
            cpu_seconds=0.9 * self.upload_cpu_seconds,
            wall_seconds=UPLOAD_WALL_SECONDS,
            memory_bytes=UPLOAD_BASE_BYTES + UPLOAD_BYTES_A_PIXEL * self.attachment_max_pixels,
        )

    def for_flask(self) -> dict[str, Any]:
        """The same as the Flask extensions want it."""
        return {
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            # Values of statements are people's data and stay out of every log.
            "SQLALCHEMY_ENGINE_OPTIONS": {
                "hide_parameters": True,
                "connect_args": connect_args(self.database_url),
            },
            "MAX_CONTENT_LENGTH": 256 * 1024,
            "JWT_ALGORITHM": "HS256",
            "JWT_DECODE_ALGORITHMS": ["HS256"],
            "JWT_ENCODE_ISSUER": "yueyuetan",
            "JWT_DECODE_ISSUER": "yueyuetan",
            "JWT_ENCODE_AUDIENCE": "yueyuetan-api",
            "JWT_DECODE_AUDIENCE": "yueyuetan-api",
            "JWT_ACCESS_TOKEN_EXPIRES": 15 * 60,
            "JWT_REFRESH_TOKEN_EXPIRES": 30 * 24 * 3600,
            "API_TITLE": "月月谈 API",
            "API_VERSION": "v1",
            "OPENAPI_VERSION": "3.1.0",
        }


def secret_bits(secret: str) -> float:
    """How many bits a secret is worth at most, told from its look: its smallest repeated part by
    the frequencies of its letters, or of the steps between them, where these are fewer kinds.

    A repeated letter or an alphabet is worth nothing, a word written again and again one word;
    32 random hexadecimal digits are worth 100 or more.
    """
    if not secret:
        return 0
    part = secret[: (secret + secret).find(secret, 1)]
    steps = [ord(b) - ord(a) for a, b in pairwise(part)]
    return min(_bits(list(part)), _bits(steps))


def _bits(symbols: Sequence[object]) -> float:
    """Shannon's entropy of the symbols, as often as they come."""
    total = len(symbols)
    return sum(n * math.log2(total / n) for n in Counter(symbols).values())


def is_plain_address(url: str) -> bool:
    """Whether addresses may be made by writing a path behind it: a scheme, a host, perhaps a port,
    and nothing else. Pages name their own parts from `/`, so no path may stand before them."""
    return re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", url) is not None


def _engine_of(database_url: str) -> str:
    """The name of the database's kind; empty for what is no address."""
    try:
        return make_url(database_url).get_backend_name()
    except ArgumentError:
        return ""


def connect_args(database_url: str) -> dict[str, Any]:
    """What PostgreSQL's driver is told besides the address, which has the last word."""
    if _engine_of(database_url) != "postgresql":
        return {}
    url = make_url(database_url)
    return {name: value for name, value in POSTGRESQL_PATIENCE.items() if name not in url.query}


def _metrics_bind(environ: Mapping[str, str]) -> tuple[str, int] | None:
    try:
        return metrics_process.bind_address(environ)
    except ValueError:
        raise UnsafeSettings(
            f"METRICS_BIND 应写作 {PRODUCTION_BIND} 或 {OFF} · METRICS_BIND is neither like "
            f"{PRODUCTION_BIND} nor {OFF}"
        ) from None


def _count(
    environ: Mapping[str, str],
    name: str,
    default: int,
    maximum: int = MAX_COUNT,
    minimum: int = 1,
) -> int:
    """A setting from `minimum` to `maximum`; anything else would break a rule or the server."""
    text = environ.get(name) or str(default)
    if not text.isdecimal() or not minimum <= int(text) <= maximum:
        raise UnsafeSettings(f"{name} is {text}, not a number from {minimum} to {maximum}")
    return int(text)


def _dev_secret(instance: Path) -> str:
    """A random secret kept in the instance folder, so that a restart keeps everyone logged in."""
    path = instance / "secret.key"
    instance.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(MIN_SECRET_BYTES))
        # The link makes the whole file appear at once: of several workers that start together,
        # one is first, and none reads half a secret.
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text()
