"""What a server, and `flask --app wsgi`, loads."""

import os
import sys

import click

import loading
from app import check_before_serving, create_app, logs, starting
from app.commands.doctor import is_asked
from app.config import UnsafeSettings

logs.configure(os.environ.get("YYT_PROFILE", ""))
try:
    app = create_app(is_checked=not is_asked(sys.argv))
    if click.get_current_context(silent=True) is None:  # a server, no command of `flask`
        starting.refuse_to_start(app)
        check_before_serving(app)
except UnsafeSettings as error:
    starting.stop(error)
loading.finish()
