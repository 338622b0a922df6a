"""`backup`, `restore`, and the operator's key apart: `docs/operating/backup.md`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

from app.attachments.refusals import StoreUnavailable
from app.backup.attachments import still_named
from app.backup.engines.dumps import Database
from app.backup.engines.which import open_database
from app.backup.faults import BackupFault
from app.backup.manifest import Manifest
from app.backup.operator_key import export_operator_key, import_operator_key
from app.backup.restoring import read_backup, restore_backup
from app.backup.revisions import newest_revision
from app.backup.stamp import stamp
from app.backup.taking import Taken, require_apart, take_backup
from app.ballots.keys.operator import find_pinned
from app.ballots.keys.store import KeyUnavailable
from app.config import Settings
from app.kit import clock
from app.kit.extensions import db

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("backup")
@click.argument("folder", type=FOLDER)
@click.option("--keep", type=click.IntRange(1, 10_000), help="Keep so many, delete older ones.")
@click.option("--files", type=FOLDER, help="Copy photos and documents into this folder.")
@with_appcontext
def backup(folder: Path, keep: int | None, files: Path | None) -> None:
    """Back up the database into a new folder below FOLDER, while the application runs.

    Keys of votes are never part of it. Keep its heads.json elsewhere too.
    """
    with told_plainly():
        _require_places(folder, files)
        taken = take_backup(
            _database(),
            folder,
            clock.now(),
            keep=keep,
            store=current_app.extensions["attachment_store"],
            files=files,
        )
        if taken.copied is not None:
            taken.copied.missing = still_named(db.session(), taken.copied.missing)
        stamp(_settings().backup_stamp, taken)
    _tell_taken(taken)


@click.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--over-everything", is_flag=True, help="Put it in place of what is there.")
@with_appcontext
def restore(folder: Path, over_everything: bool) -> None:
    """Restore the backup FOLDER into the empty database of DATABASE_URL, while nothing else runs.

    Photos and documents are copied back by hand, and keys are not touched.
    """
    db.engine.dispose()  # whatever the start of this process has asked
    with told_plainly():
        database = _database()
        manifest = read_backup(folder, database)
        if over_everything and database.holds_something():
            _confirm(database)
        restore_backup(folder, database, over=over_everything)
    _tell_restored(folder, manifest)


@click.command("backup-operator-key")
@click.argument("file", type=FILE)
@click.option("--passphrase-file", type=click.File(), help="Read it there, not from the keyboard.")
@with_appcontext
def backup_operator_key(file: Path, passphrase_file: Any) -> None:
    """Write the operator's key to FILE under a passphrase, apart from every backup."""
    passphrase = _read_passphrase(passphrase_file, is_new=True)
    with told_plainly():
        public = export_operator_key(
            current_app.extensions["keys"], file, passphrase, _pinned_key()
        )
    click.echo(
        f"已备份运营者密钥，公钥 {public} · the operator's key is saved, public key {public}"
    )


@click.command("restore-operator-key")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--passphrase-file", type=click.File(), help="Read it there, not from the keyboard.")
@with_appcontext
def restore_operator_key(file: Path, passphrase_file: Any) -> None:
    """Put the operator's key of FILE back into the key store of KEY_STORE."""
    passphrase = _read_passphrase(passphrase_file, is_new=False)
    with told_plainly():
        public = import_operator_key(
            current_app.extensions["keys"], file, passphrase, _pinned_key()
        )
    click.echo(f"运营者密钥已放回，公钥 {public} · the operator's key is back, public key {public}")


def _pinned_key() -> bytes | None:
    """The operator's public key of the database; None where it is lost or has no such table."""
    try:
        pinned = find_pinned(db.session())
    except DBAPIError:
        return None
    return None if pinned is None else pinned.public_key


@contextmanager
def told_plainly() -> Iterator[None]:
    """What can go wrong at an operator's hands is a sentence and exit status 1, not a trace."""
    try:
        yield
    except BackupFault as fault:
        raise click.ClickException(str(fault)) from None
    except (KeyUnavailable, StoreUnavailable) as error:
        raise click.ClickException(f"{error.zh} · {error.en}") from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise click.ClickException(f"{where}{error.strerror or error}") from None


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _database() -> Database:
    return open_database(_settings().database_url, _settings().pg_bin)


def _require_places(folder: Path, files: Path | None) -> None:
    settings = _settings()
    private = [settings.attachment_folder]
    if not settings.key_store_url:
        private.append(settings.key_store)
    require_apart(folder, private)
    if files is not None:
        require_apart(files, [*private, folder])


def _confirm(database: Database) -> None:
    """Whoever overwrites a database types its name."""
    click.echo(
        f"将覆盖数据库 {database.name} 的全部内容。"
        f" · Everything in the database {database.name} will be overwritten."
    )
    typed = click.prompt(f"输入 {database.name} 以继续 · type {database.name} to go on")
    if typed != database.name:
        raise click.ClickException("名称不符，没有改动 · another name: nothing was changed")


def _read_passphrase(file: Any, *, is_new: bool) -> str:
    if file is not None:
        text: str = file.readline().rstrip("\r\n")
        return text
    typed: str = click.prompt(
        "口令 · passphrase",
        hide_input=True,
        confirmation_prompt="再输一次 · again" if is_new else False,
    )
    return typed


def _tell_taken(taken: Taken) -> None:
    manifest = taken.manifest
    size = sum(facts.size for facts in manifest.files.values())
    click.echo(f"已备份 {taken.folder}（{size} 字节）· backed up, {size} bytes")
    if manifest.open_votes:
        count = len(manifest.open_votes)
        click.echo(
            f"其中有 {count} 次进行中的投票，封存后请用新的备份替换这一份 · {count} votes are"
            " open in it; replace it by a newer one once they are sealed"
        )
    if taken.dropped:
        click.echo(f"已删除 {taken.dropped} 份旧备份 · older backups deleted: {taken.dropped}")
    _tell_files(taken)
    click.echo(
        "请把 heads.json 另存一处；密钥不在备份里 · keep heads.json elsewhere too; no key is in it"
    )


def _tell_files(taken: Taken) -> None:
    """Also what could not be copied; the database's backup is good nevertheless."""
    if taken.copied is None:
        if _settings().s3_bucket and taken.manifest.counts["attachments"]:
            click.echo(
                "文件在对象存储里，由它自己备份，清单是 attachments.json · the files lie in the"
                " object store, which backs them up itself; attachments.json lists them"
            )
        return
    copied = taken.copied
    click.echo(
        f"文件：新增 {copied.added}，已有 {copied.kept}，删去 {copied.dropped}"
        f" · files: {copied.added} new, {copied.kept} there already, {copied.dropped} let go of"
    )
    if copied.missing:
        names = "、".join(copied.missing[:5])
        count = len(copied.missing)
        raise click.ClickException(
            f"有 {count} 个文件不在或已损坏：{names} · files missing or damaged: {count}"
        )


def _tell_restored(folder: Path, manifest: Manifest) -> None:
    click.echo(f"已恢复 {manifest.taken_at} 的备份 · restored the backup of {manifest.taken_at}")
    if manifest.revision != newest_revision():
        click.echo(
            f"数据库版本是 {manifest.revision}，请运行 .venv/bin/alembic upgrade head"
            f" · its schema is {manifest.revision}: run .venv/bin/alembic upgrade head"
        )
    click.echo(
        "再放回照片和文件，然后核对 · put photos and documents back, then check:\n"
        f"  .venv/bin/flask --app wsgi check-audit --against {folder / 'heads.json'}"
    )
