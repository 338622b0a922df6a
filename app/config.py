"""Settings from the environment, and the checks without which production does not start."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.confined.calls import Limits
from app.limits import PEOPLE
from app.redis_address import is_same_redis
from app.wechat.client import VENDOR_BASE

MIN_SECRET_BYTES = 32
REDIS_SCHEMES = ("redis://", "rediss://", "unix://")
NO_LIMITS = "off"
MAX_COUNT = 30
MAX_PEOPLE = 1_000_000
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


class UnsafeSettings(RuntimeError):
    """Production was asked to start with settings that would break a promise."""


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
    secret_keys_before: tuple[str, ...] = ()
    people_behind_one_address: int = PEOPLE
    trusted_proxies: int = 0

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
            secret_keys_before=tuple(environ.get("SECRET_KEY_PREVIOUS", "").split()),
            rate_limit_url=environ.get("RATE_LIMIT_STORAGE", ""),
            people_behind_one_address=_count(
                environ, "PEOPLE_BEHIND_ONE_ADDRESS", PEOPLE, MAX_PEOPLE
            ),
            trusted_proxies=_count(environ, "TRUSTED_PROXIES", int(production), minimum=0),
            public_url=environ.get("PUBLIC_URL", "").rstrip("/"),
            wechat_appid=environ.get("WECHAT_APPID", ""),
            wechat_secret=environ.get("WECHAT_SECRET", ""),
            wechat_api_base=environ.get("WECHAT_API_BASE", VENDOR_BASE).rstrip("/"),
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
        )

    def check(self) -> None:
        """Refuse to go on with half a store, or with settings that are unsafe in production."""
        store = (self.s3_endpoint, self.s3_bucket, self.s3_access_key, self.s3_secret_key)
        if any(store) and not all(store):
            raise UnsafeSettings(
                "S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY and S3_SECRET_KEY come together"
            )
        if self.key_store_url and not self.key_store_url.startswith(REDIS_SCHEMES):
            raise UnsafeSettings("KEY_STORE is neither a folder nor the address of a Redis")
        self._check_rate_limits()
        if not self.production:
            return
        faults = [
            fault
            for fault, is_found in (
                ("SECRET_KEY is missing or short", len(self.secret_key) < MIN_SECRET_BYTES),
                (
                    "SECRET_KEY_PREVIOUS holds a short secret, or SECRET_KEY itself",
                    not self._previous_secrets_are_sound(),
                ),
                ("RATE_LIMIT_STORAGE is off", self.rate_limit_url == NO_LIMITS),
                ("WECHAT_API_BASE is not the vendor's", self.wechat_api_base != VENDOR_BASE),
                ("WECHAT_APPID or WECHAT_SECRET is missing", not self._has_wechat_account()),
                ("PUBLIC_URL is not https", not self.public_url.startswith("https://")),
                ("DATABASE_URL is not set", not self.database_url),
            )
            if is_found
        ]
        if faults:
            raise UnsafeSettings("; ".join(faults))

    def _check_rate_limits(self) -> None:
        url = self.rate_limit_url
        if not url or url == NO_LIMITS:
            return
        if not url.startswith(REDIS_SCHEMES):
            raise UnsafeSettings("RATE_LIMIT_STORAGE is neither empty nor the address of a Redis")
        try:
            is_same = self.key_store_url and is_same_redis(url, self.key_store_url)
        except ValueError:  # its words would show a password
            raise UnsafeSettings(
                "RATE_LIMIT_STORAGE or KEY_STORE is no address of a Redis"
            ) from None
        if is_same:
            raise UnsafeSettings("RATE_LIMIT_STORAGE is the Redis of KEY_STORE")

    def _previous_secrets_are_sound(self) -> bool:
        return all(
            len(each) >= MIN_SECRET_BYTES and each != self.secret_key
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
            "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},
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
