"""The application with limits on, on the tests' database."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.config import Settings
from app.kit.extensions import db
from tests import databases
from tests.operator_key import pin_silently

Start = Callable[..., Flask]


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Start]:
    """Starts an application behind one proxy whose uses are counted; call it again for another
    process. What differs from the tests' settings is given by name."""
    started: list[Flask] = []

    def start_one(**changes: Any) -> Flask:
        own = {"rate_limit_url": "", "trusted_proxies": 1, **changes}
        app = create_app(replace(settings, **own), tmp_path)
        pin_silently(app)
        started.append(app)
        return app

    yield start_one
    for app in started:
        with app.app_context():
            databases.empty(db.engine)
            db.engine.dispose()
        app.extensions["wechat"].close()


@pytest.fixture
def app(start: Start) -> Flask:
    """One process that counts in its memory."""
    return start()
