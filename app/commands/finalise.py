"""`finalise`: what the clock moves and nobody has touched."""

import click
from flask import current_app
from flask.cli import with_appcontext

from app import starting
from app.config import UnsafeSettings
from app.finaliser.rounds import Rounds
from app.finaliser.service import serve


@click.command("finalise")
@click.option("--every", type=click.IntRange(1, 3600), help="Go on, every so many seconds.")
@with_appcontext
def finalise(every: int | None) -> None:
    """Open, close, count, put in force and escalate what is due and nobody has touched, erase what
    is left of sealed votes, and purge uploads that nobody used.

    Without --every, one round: the exit status is 1 where something in it failed. With it, rounds
    until SIGTERM, through any outage.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # handed on
    try:
        starting.refuse_to_start(app)
    except UnsafeSettings as error:
        raise click.ClickException(str(error)) from None
    if every is not None:
        serve(app, every)
        return
    failing = Rounds(app).run()
    if failing:
        names = " ".join(sorted(failing))
        raise click.ClickException(f"有没做成的 · not everything could be done: {names}")
