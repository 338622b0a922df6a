"""`move-keys`: the key store's own commands."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from app.ballots.key_folder import FolderKeyStore
from app.ballots.key_stores import KeysDiffer, move_keys
from app.ballots.keys import KeyUnavailable


@click.command("move-keys")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@with_appcontext
def move_keys_command(folder: Path) -> None:
    """Move the keys of a folder into the store of KEY_STORE, while the application is stopped."""
    settings = current_app.extensions["settings"]
    if not settings.key_store_url and folder.resolve() == settings.key_store.resolve():
        raise click.ClickException("KEY_STORE 就是这个文件夹 · this folder is KEY_STORE")
    try:
        moved = move_keys(FolderKeyStore(folder), current_app.extensions["keys"])
    except KeysDiffer as error:
        raise click.ClickException(
            f"两处的密钥不同，没有删除任何密钥 · the keys differ, none was erased: {error}"
        ) from None
    except KeyUnavailable as error:
        raise click.ClickException(f"{error.zh} · {error.en}") from None
    click.echo(f"已移走 {moved} 把密钥 · keys moved: {moved}")
