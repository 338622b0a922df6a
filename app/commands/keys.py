"""`keys`: the operator's key and the key store; `move-keys` is `keys move`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from app.ballots.keys import changes as key_changes
from app.ballots.keys.choice import KeysDiffer, move_keys
from app.ballots.keys.folder import FolderKeyStore
from app.ballots.keys.operator import OperatorKeyState, operator_key_state, read_keys
from app.ballots.keys.store import KeyStore, KeyUnavailable
from app.ballots.models import OperatorKey
from app.kit.clock import spoken
from app.kit.extensions import db

keys_group = AppGroup("keys", help="The operator's key and the key store.")

STATES = {
    OperatorKeyState.OK: "密钥库与数据库相符 · the key store holds the pinned key",
    OperatorKeyState.NOT_PINNED: "还没有设定：flask keys make，沿用已有的用 flask keys pin · "
    "not pinned: `flask keys make`, or `flask keys pin` to take over the one that is there",
    OperatorKeyState.MISSING: "密钥库里没有运营者密钥，请换回原来的密钥库 · "
    "the key store holds no operator's key: bring back the right store",
    OperatorKeyState.DIFFERS: "密钥库里是另一把密钥，请换回原来的密钥库 · "
    "the key store holds another key: bring back the right store",
    OperatorKeyState.STORE_AWAY: "连不上密钥库 · the key store is out of reach",
}


def _store() -> KeyStore:
    keys: KeyStore = current_app.extensions["keys"]
    return keys


@contextmanager
def _refusing() -> Iterator[None]:
    """Say in words what was refused, and exit with 1."""
    try:
        yield
    except key_changes.KeyRefused as error:
        raise click.ClickException(str(error)) from None
    except KeyUnavailable as error:
        raise click.ClickException(f"{error.zh} · {error.en}") from None


def _say(key: OperatorKey) -> None:
    click.echo(f"运营者公钥 · the operator's public key: {key.public_key.hex()}")


@keys_group.command("make")
def make_command() -> None:
    """Make the operator's key, once, and pin it."""
    with _refusing():
        key = key_changes.make_key(db.session(), _store())
        db.session.commit()
    _say(key)


@keys_group.command("pin")
@click.option("--take-former", is_flag=True, help="Keep other keys of published bundles as former.")
def pin_command(take_former: bool) -> None:
    """Pin the key that the store holds already: once, on an installation from before."""
    with _refusing():
        key = key_changes.pin_held_key(db.session(), _store(), take_former=take_former)
        db.session.commit()
    _say(key)


@keys_group.command("rotate")
@click.option("--lost", is_flag=True, help="The old one is gone for good; open votes become void.")
def rotate_command(lost: bool) -> None:
    """Replace the operator's key; every board is told."""
    if lost:
        click.confirm(
            "旧密钥真的找不回来了吗？所有进行中的投票都会作废重投 · "
            "Is the old key gone for good? Every open vote becomes void and is held again",
            abort=True,
        )
    change = key_changes.replace_lost_key if lost else key_changes.rotate_key
    with _refusing():
        key = change(db.session(), _store())
        db.session.commit()
        _say(key)
        key_changes.settle(db.session(), _store())


@keys_group.command("settle")
def settle_command() -> None:
    """Finish in the store a rotation that broke off after it was written down."""
    with _refusing():
        key_changes.settle(db.session(), _store())
    click.echo("密钥库已与数据库一致 · the key store is as the database says")


@keys_group.command("show")
def show_command() -> None:
    """Say which keys are the operator's, and whether the store holds the pinned one."""
    for key in read_keys(db.session()):
        until = "" if key.until is None else spoken(key.until)
        click.echo(f"{key.public_key.hex()} {spoken(key.since)} – {until}")
    state = operator_key_state(db.session(), _store())
    if state is not OperatorKeyState.OK:
        raise click.ClickException(STATES[state])
    click.echo(STATES[state])


@keys_group.command("move")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def move_command(folder: Path) -> None:
    """Move the keys of a folder into the store of KEY_STORE, while the application is stopped."""
    _move(folder)


@click.command("move-keys")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@with_appcontext
def move_keys_command(folder: Path) -> None:
    """The same as `keys move`."""
    _move(folder)


def _move(folder: Path) -> None:
    settings = current_app.extensions["settings"]
    if not settings.key_store_url and folder.resolve() == settings.key_store.resolve():
        raise click.ClickException("KEY_STORE 就是这个文件夹 · this folder is KEY_STORE")
    try:
        with _refusing():
            moved = move_keys(FolderKeyStore(folder), _store())
    except KeysDiffer as error:
        raise click.ClickException(
            f"两处的密钥不同，没有删除任何密钥 · the keys differ, none was erased: {error}"
        ) from None
    click.echo(f"已移走 {moved} 把密钥 · keys moved: {moved}")
