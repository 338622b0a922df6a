"""`metrics`: figures for Prometheus on an address of their own."""

import os
import time

import click
from flask import current_app
from flask.cli import with_appcontext
from prometheus_client import start_http_server

from app.config import Settings
from app.health.metrics import registry

LOOK_S = 1.0


@click.command("metrics")
@click.option("--parent", type=int, help="End with this process.")
@with_appcontext
def metrics(parent: int | None) -> None:
    """Answer `/metrics` on METRICS_BIND. gunicorn starts it; by hand it shows the state alone."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # handed on
    settings: Settings = app.extensions["settings"]
    if settings.metrics_bind is None:
        raise click.ClickException("没有设 METRICS_BIND · METRICS_BIND is not set")
    host, port = settings.metrics_bind
    try:
        start_http_server(port, host, registry(app))
    except OSError as error:
        raise click.ClickException(f"METRICS_BIND {host}:{port}: {error.strerror}") from None
    while parent is None or os.getppid() == parent:
        time.sleep(LOOK_S)
