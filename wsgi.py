import os

import click

from app import check_before_serving, create_app, logs

logs.configure(os.environ.get("YYT_PROFILE", ""))
app = create_app()
if click.get_current_context(silent=True) is None:  # a server, no command of `flask`
    check_before_serving(app)
