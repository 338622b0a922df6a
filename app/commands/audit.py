"""`check-audit`: whether logs, results, files and references are whole, and no older copy."""

from collections.abc import Callable, Iterable
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from app.backup import checks
from app.backup.folders import replace_private
from app.backup.heads import Finding, Heads, compare_heads, note_heads
from app.commands.backup import told_plainly
from app.kit import clock
from app.kit.audit import read_heads
from app.kit.extensions import db

READ = click.Path(exists=True, dir_okay=False, path_type=Path)
WRITE = click.Path(dir_okay=False, path_type=Path)
Check = Callable[[Session], Iterable[Finding]]


@click.command("check-audit")
@click.option("--against", type=READ, help="A heads.json that was noted earlier.")
@click.option("--write", type=WRITE, help="Note the heads as they are now in this file.")
@click.option("--without-files", is_flag=True, help="Do not read all photos and documents.")
@with_appcontext
def check_audit(against: Path | None, write: Path | None, without_files: bool) -> None:
    """Recount the logs and the sealed results of all places, look whether files, references and
    keys are there, and compare with an earlier heads.json; exit status 1 where something is wrong.
    """
    # On SQLite it reads beside writers, and does not hold them up.
    engine = db.engine.execution_options(sqlite_begin="DEFERRED")
    with told_plainly(), Session(engine) as session:
        earlier = None if against is None else Heads.from_json(against.read_bytes())
        faults = list(checks.find_revision_fault(session))
        if not faults:  # else the tables are not those of this release
            faults = _look(session, earlier, without_files)
        for zh, en in faults:
            click.echo(f"{zh} · {en}")
        if faults:
            raise click.ClickException(f"{len(faults)} 处不符 · faults: {len(faults)}")
        if write is not None:
            replace_private(write, note_heads(session, clock.now()).to_json())
    click.echo("全部相符 · all hold")


def _look(session: Session, earlier: Heads | None, without_files: bool) -> list[Finding]:
    """All faults; what each part looked at is printed."""
    for chain_id, head in sorted(read_heads(session).items()):
        click.echo(f"{chain_id} {head.number} {head.hash.hex()}")
    keys, store = current_app.extensions["keys"], current_app.extensions["attachment_store"]
    parts: list[tuple[str, Check]] = [
        ("记录 · logs", checks.find_chain_faults),
        ("状态 · states", checks.find_state_faults),
        ("关联 · references", checks.find_reference_faults),
        ("封存结果 · sealed results", checks.find_bundle_faults),
        ("选票 · ballots", checks.find_turnout_faults),
        ("密钥 · keys", lambda session: checks.find_key_faults(session, keys)),
    ]
    if not without_files:
        parts.append(("文件 · files", lambda session: checks.find_file_faults(session, store)))
    if earlier is not None:
        words = f"与 {earlier.at} 记下的比较 · compared with {earlier.at}"
        parts.append((words, lambda session: compare_heads(session, earlier)))
    found = []
    for name, check in parts:
        faults = list(check(session))
        click.echo(f"{'✗' if faults else '✓'} {name}")
        found += faults
    return found
