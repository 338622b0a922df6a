"""What `flask doctor` looks at, one question after the other, and what it says of each answer."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import current_app
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from app import rights
from app.ballots.keys.store import OPERATOR, KeyStore, KeyUnavailable
from app.compounds.models import Compound
from app.config import NO_LIMITS, Fault, Settings, UnsafeSettings
from app.finaliser.heartbeat import read_heartbeat
from app.health import probes
from app.kit import clock
from app.kit.calendar.terms import missing_tables
from app.kit.extensions import db
from app.people.models import Appointment
from app.schema import Schema, schema_fault
from app.starting import faults_of

LEAST_FREE_SHARE, LEAST_FREE_BYTES = 0.1, 1_000_000_000
OLDEST_BACKUP = timedelta(days=2)
MOST_SKEW = timedelta(seconds=2)
REDIS_ANSWER_S = 2.0


class CannotTell(Exception):
    """What would tell is itself out of reach or missing, as another question says."""


@dataclass(frozen=True)
class Patient:
    """What is looked at: the application's settings and its own folder."""

    settings: Settings
    instance: Path


@dataclass(frozen=True)
class Question:
    """`find` tells what is missing or wrong, each with what to do about it. Raises CannotTell."""

    name: str
    zh: str
    en: str
    find: Callable[[Patient], Iterator[Fault]]


def in_settings(patient: Patient) -> Iterator[Fault]:
    """Settings with which production does not start, or that make no production."""
    yield from patient.settings.faults()
    if not patient.settings.production:
        yield Fault(
            "profile_development",
            "YYT_PROFILE 不是 production，只适合试用：正式运行时设为 production",
            "YYT_PROFILE is not production, this is good for trying out only: set it to "
            "production for residents",
        )


def in_database(patient: Patient) -> Iterator[Fault]:
    """A database that is away, or that is not fit to be served."""
    if not _has_database(patient):
        yield schema_fault(Schema.MISSING)
        return
    try:
        with db.engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            yield from faults_of(connection, production=patient.settings.production)
    except DBAPIError as error:
        yield Fault(
            "database_unreachable",
            f"连不上数据库（{type(error).__name__}）：核对 DATABASE_URL，看数据库是否在运行",
            f"The database is out of reach ({type(error).__name__}): check DATABASE_URL, and "
            "whether the server runs",
        )


def _has_database(patient: Patient) -> bool:
    """Whether there is one to be asked: SQLite would make the file that it is asked for."""
    path = rights.database_path(patient.settings.database_url)
    return path is None or path.exists()


def _require_database(patient: Patient) -> None:
    if not _has_database(patient):
        raise CannotTell


def in_key_store(patient: Patient) -> Iterator[Fault]:
    """A key store that is away or unsafe."""
    keys: KeyStore = current_app.extensions["keys"]
    try:
        keys.find(OPERATOR)
        keys.check()
    except KeyUnavailable:
        yield Fault(
            "key_store_unreachable",
            "用不了密钥库：核对 KEY_STORE，看 Redis 是否在运行、文件夹是否可读写",
            "The key store is out of reach: check KEY_STORE, whether Redis runs or the folder may "
            "be read and written",
        )
    except UnsafeSettings as error:
        if patient.settings.production:
            yield Fault("key_store_unsafe", f"密钥库的设置不安全：{error}", str(error))


def in_operator_key(patient: Patient) -> Iterator[Fault]:
    """An operator's key that is not there, or not the one that is pinned."""
    _require_database(patient)
    code = probes.ask_operator_key()["operator_key"]
    if code == probes.NOT_ASKED:
        raise CannotTell
    if code != probes.OK:
        yield Fault(f"operator_key_{code}", *OPERATOR_KEY[code])


OPERATOR_KEY = {
    "not_pinned": (
        "还没有设定运营者的签名密钥：运行 flask keys make（密钥库里已有一把的，flask keys pin）",
        "No operator's key is pinned: run `flask keys make`, or `flask keys pin` where the store "
        "holds one already",
    ),
    "missing": (
        "密钥库里没有运营者的签名密钥：接回原来的密钥库，丢失的从备份恢复",
        "The key store holds no operator's key: bring back the right store, or restore the key "
        "from its backup",
    ),
    "differs": (
        "密钥库里是另一把运营者密钥：接回原来的密钥库",
        "The key store holds another operator's key: bring back the right store",
    ),
}


def in_holidays(patient: Patient) -> Iterator[Fault]:
    """This year's table of holidays missing, or next year's from October on."""
    _require_database(patient)
    try:
        missing = missing_tables(clock.local_date(clock.now()), probes.read_years())
    except DBAPIError:
        raise CannotTell from None
    for year in missing:
        yield Fault(
            "holidays_missing",
            f"缺 {year} 年节假日安排：国务院办公厅的通知一出，就运行 flask add-holidays {year}.csv"
            " --source 文号（见 app/kit/calendar/README.md）",
            f"The holidays of {year} are missing: once the State Council's notice is out, run "
            f"flask add-holidays {year}.csv --source NUMBER (see app/kit/calendar/README.md)",
        )


def in_finaliser(patient: Patient) -> Iterator[Fault]:
    """A finaliser that does not run on this host, or cannot do its work."""
    path = patient.settings.heartbeat_file
    heartbeat = read_heartbeat(path)
    if heartbeat is None or heartbeat.is_old:
        yield Fault(
            "finaliser_silent",
            "定时推进没有在这台主机上运行：启动 flask finalise --every 20 的服务",
            "The finaliser does not run on this host: start the service of "
            "flask finalise --every 20",
        )
    elif heartbeat.failing:
        names = " ".join(heartbeat.failing)
        yield Fault(
            "finaliser_failing",
            f"定时推进有没做成的：{names}，看它的日志",
            f"The finaliser cannot do all of its work: {names}; see its log",
        )


def in_backup(patient: Patient) -> Iterator[Fault]:
    """No backup, or an old one."""
    taken_at = _last_backup(patient.settings.backup_stamp)
    if taken_at is None:
        yield Fault(
            "backup_missing",
            "还没有备份过：每天运行 flask backup",
            "No backup was ever taken: run flask backup every day",
        )
    elif clock.now() - taken_at > OLDEST_BACKUP:
        yield Fault(
            "backup_old",
            f"上次备份是 {clock.spoken(taken_at)}：每天运行 flask backup",
            f"The last backup is of {clock.spoken(taken_at)}: run flask backup every day",
        )


def _last_backup(path: Path) -> datetime | None:
    try:
        return datetime.fromisoformat(json.loads(path.read_bytes())["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def in_places(patient: Patient) -> Iterator[Fault]:
    """No compound, or nobody who holds an office."""
    _require_database(patient)
    today = clock.local_date(clock.now())
    offices = select(func.count()).select_from(Appointment).where(Appointment.is_held(today))
    try:
        has_place = db.session.scalar(select(Compound.id).limit(1)) is not None
        has_officer = bool(db.session.scalar(offices))
    except DBAPIError:
        raise CannotTell from None
    if not has_place:
        yield Fault(
            "no_place",
            "还没有小区：flask add-place 街道 社区 小区",
            "There is no compound yet: flask add-place SUBDISTRICT COMMUNITY COMPOUND",
        )
    if not has_officer:
        yield Fault(
            "no_officer",
            "还没有人任职：用 flask invite-officer 给第一位一个任职码，其余由他在接口里办理",
            "Nobody holds an office yet: invite the first with flask invite-officer, who appoints "
            "the others",
        )


def in_rights(patient: Patient) -> Iterator[Fault]:
    """Files that others on this machine may read."""
    for path in sorted(_private_paths(patient)):
        if rights.is_open_to_others(path):
            mode = f"{rights.FOLDER if path.is_dir() else rights.FILE:o}"
            yield Fault(
                "open_to_others",
                f"别人也能读 {path}：chmod {mode} {path}",
                f"Others may read {path}: chmod {mode} {path}",
            )


def _private_paths(patient: Patient) -> set[Path]:
    settings = patient.settings
    files = set(rights.database_files(settings.database_url))
    paths = {patient.instance, *files, *(path.parent for path in files)}
    if not settings.key_store_url:
        paths |= {settings.key_store, *settings.key_store.rglob("*")}
    if not settings.s3_bucket:
        paths.add(settings.attachment_folder)
    return {path for path in paths if path.exists()}


def in_disk(patient: Patient) -> Iterator[Fault]:
    """Little room left where something of ours grows."""
    settings = patient.settings
    wanted = {patient.instance, settings.attachment_folder, settings.key_store}
    wanted |= {path.parent for path in rights.database_files(settings.database_url)}
    seen = set()
    for path in sorted(wanted):
        if not path.exists() or path.stat().st_dev in seen:
            continue
        seen.add(path.stat().st_dev)
        usage = shutil.disk_usage(path)
        if usage.free < max(LEAST_FREE_BYTES, usage.total * LEAST_FREE_SHARE):
            free = usage.free // 1_000_000
            yield Fault(
                "disk_full",
                f"{path} 所在的磁盘只剩 {free} MB：清理或扩容",
                f"The disk of {path} has {free} MB left: clear it or make it larger",
            )


def in_attachments(patient: Patient) -> Iterator[Fault]:
    """A store of files that does not answer, or may not be written."""
    folder = patient.settings.attachment_folder
    is_closed = (
        not patient.settings.s3_bucket and folder.exists() and not os.access(folder, os.W_OK)
    )
    if is_closed or probes.ask_attachment_store()["attachment_store"] != probes.OK:
        yield Fault(
            "attachment_store_unreachable",
            "用不了附件存储：核对 ATTACHMENT_FOLDER 的权限，或 S3_ENDPOINT、S3_BUCKET 和账号",
            "The store of attachments is out of reach: check the rights of ATTACHMENT_FOLDER, or "
            "S3_ENDPOINT, S3_BUCKET and the account",
        )


def in_limits(patient: Patient) -> Iterator[Fault]:
    """A storage of rate limits that does not answer."""
    url = patient.settings.rate_limit_url
    if url in ("", NO_LIMITS):
        return
    try:
        with Redis.from_url(
            url, socket_timeout=REDIS_ANSWER_S, socket_connect_timeout=REDIS_ANSWER_S
        ) as redis:
            redis.ping()
    except (RedisError, ValueError):
        yield Fault(
            "limits_unreachable",
            "连不上次数限制用的 Redis：核对 RATE_LIMIT_STORAGE，看它是否在运行",
            "The Redis of rate limits is out of reach: check RATE_LIMIT_STORAGE, and whether it "
            "runs",
        )


def in_clock(patient: Patient) -> Iterator[Fault]:
    """A database whose clock is not this host's: it decides when a vote closes."""
    _require_database(patient)
    try:
        skew = abs(clock.read_database_clock(db.session()) - clock.now())
    except DBAPIError:
        raise CannotTell from None
    if skew > MOST_SKEW:
        yield Fault(
            "clock_skew",
            f"数据库的时钟与本机差 {skew.total_seconds():.0f} 秒：两边都用 NTP 校时",
            f"The database's clock differs from this host's by {skew.total_seconds():.0f} s: set "
            "both by NTP",
        )


QUESTIONS = (
    Question("settings", "设置", "settings", in_settings),
    Question("database", "数据库", "database", in_database),
    Question("key_store", "密钥库", "key store", in_key_store),
    Question("operator_key", "运营者密钥", "operator's key", in_operator_key),
    Question("holidays", "节假日", "holidays", in_holidays),
    Question("finaliser", "定时推进", "finaliser", in_finaliser),
    Question("backup", "备份", "backup", in_backup),
    Question("places", "地点和职务", "places and offices", in_places),
    Question("rights", "文件权限", "rights of files", in_rights),
    Question("disk", "磁盘", "disk", in_disk),
    Question("attachments", "照片和文件", "photos and documents", in_attachments),
    Question("limits", "次数限制", "rate limits", in_limits),
    Question("clock", "时钟", "clock", in_clock),
)
