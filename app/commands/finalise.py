"""`finalise`: what the clock moves and nobody has touched."""

import time

import click
from flask import current_app
from flask.cli import with_appcontext

from app.attachments.clock_moves import purge
from app.attachments.errors import StoreUnavailable
from app.ballots.clock_moves import catch_up_all, due_sessions
from app.ballots.lost_keys import doubtful_votes, follow_keys
from app.ballots.sealing import forget_what_is_left
from app.conventions.clock_moves import due_versions, follow_notices
from app.evaluations.clock_moves import close_rounds, due_rounds
from app.extensions import db
from app.rating_lists.clock_moves import due_lists, finalise_lists
from app.resolutions.clock_moves import due_resolutions, take_effect_all
from app.resolutions.lost_keys import doubtful_votes as doubtful_resolutions
from app.resolutions.lost_keys import follow_keys as follow_resolution_keys
from app.works.clock_moves import due_orders, due_whistles, escalate_all


@click.command("finalise")
@click.option("--every", type=click.IntRange(1, 3600), help="Go on, every so many seconds.")
@with_appcontext
def finalise(every: int | None) -> None:
    """Open, close, count, put in force and escalate what is due and nobody has touched, and purge
    uploads that nobody used."""
    while True:
        due = due_sessions(db.session())
        catch_up_all(db.session(), due)
        if due:
            click.echo(f"已推进 {len(due)} 期 · sessions moved: {len(due)}")
        keys = current_app.extensions["keys"]
        follow_keys(db.session(), doubtful_votes(db.session(), keys))
        follow_resolution_keys(db.session(), doubtful_resolutions(db.session(), keys))
        forget_what_is_left(db.session(), keys)
        in_force = due_resolutions(db.session())
        take_effect_all(db.session(), in_force)
        if in_force:
            click.echo(f"已生效 {len(in_force)} 项决议 · resolutions in force: {len(in_force)}")
        purge_uploads()
        late = due_orders(db.session()), due_whistles(db.session())
        escalate_all(db.session(), *late)
        if any(late):
            count = sum(map(len, late))
            click.echo(f"已督办 {count} 件逾期事项 · overdue and escalated: {count}")
        versions = due_versions(db.session())
        follow_notices(db.session(), versions)
        if versions:
            click.echo(f"已推进 {len(versions)} 份规约 · conventions moved: {len(versions)}")
        judged = due_rounds(db.session())
        close_rounds(db.session(), judged)
        if judged:
            click.echo(f"已截止 {len(judged)} 次民评 · evaluations closed: {len(judged)}")
        rated = due_lists(db.session())
        finalise_lists(db.session(), rated)
        if rated:
            click.echo(f"已定 {len(rated)} 份物业红黑榜 · rating lists made final: {len(rated)}")
        if every is None:
            return
        db.session.remove()
        time.sleep(every)


def purge_uploads() -> None:
    """Say what was purged; a store out of reach holds nothing else up."""
    try:
        purged = purge(db.session(), current_app.extensions["attachment_store"])
    except StoreUnavailable as error:
        db.session.rollback()
        click.echo(f"{error.zh} · {error.en}", err=True)
        return
    if purged:
        click.echo(f"已清除 {purged} 个未用附件 · unused uploads purged: {purged}")
