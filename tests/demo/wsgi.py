"""The application as the demo serves it: with a clock that the tour can set."""

import os
from dataclasses import replace
from pathlib import Path

from app import create_app
from app.config import Settings
from tests.demo.clock import DemoClock, follow, with_settable_clock

_settings = Settings.from_environment(Path("instance").absolute())
app = create_app(replace(_settings, database_url=with_settable_clock(_settings.database_url)))
follow(app, DemoClock(Path(os.environ["DEMO_CLOCK"])))
