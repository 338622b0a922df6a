"""`check-audit`: the logs of all places recounted."""

import click
from flask.cli import with_appcontext

from app.audit import AuditLink, check_chain
from app.extensions import db


@click.command("check-audit")
@with_appcontext
def check_audit() -> None:
    """Recount the log of every place; the exit status is 1 where one of them does not hold."""
    broken = 0
    for chain_id in db.session.scalars(db.select(AuditLink.chain_id).distinct()):
        check = check_chain(db.session(), chain_id)
        if check.broken_at is not None:
            broken += 1
            click.echo(f"{chain_id} 第{check.broken_at}条起不符 · broken from {check.broken_at}")
        else:
            click.echo(f"{chain_id} {check.head.number} {check.head.hash.hex()}")
    if broken:
        raise click.ClickException(
            f"{broken} 处记录被动过 · logs that were tampered with: {broken}"
        )
    click.echo("全部相符 · all hold")
