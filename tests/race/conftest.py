"""A server for each engine, sabotaged ones for a single test, and clocks that stand still."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pytest
import time_machine
from flask import Flask

from app.config import Settings
from app.kit.extensions import db
from tests.databases import TRAVELLING_CLOCK
from tests.race.server import Server, serving


@pytest.fixture(scope="package")
def honest_server(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(settings, tmp_path_factory.mktemp("server") / "log") as server:
        yield server


@pytest.fixture
def server(app: object, honest_server: Server) -> Server:
    """The application as it is, on two workers and the database of `app`."""
    return honest_server


@pytest.fixture
def sabotaged(app: object, settings: Settings, tmp_path: Path) -> Iterator[Callable[[str], Server]]:
    """The application without one of its protections (see tests/race/wsgi.py)."""
    with ExitStack() as stack:
        yield lambda what: stack.enter_context(serving(settings, tmp_path / "log", what))


class StopClock(Protocol):
    """Let time stand still at an instant; the database may have a clock of its own."""

    def __call__(self, at: datetime, *, database: datetime | None = None) -> None: ...


@pytest.fixture
def stop_clock(app: Flask, engine_name: str) -> Iterator[StopClock]:
    """To the microsecond, where `travel` lets the clocks go on."""

    def execute(statement: str) -> None:
        with app.app_context(), db.engine.begin() as connection:
            connection.exec_driver_sql(statement)

    with ExitStack() as stack:

        def stop(at: datetime, *, database: datetime | None = None) -> None:
            stack.enter_context(time_machine.travel(at, tick=False))
            if engine_name == "postgresql":
                execute(
                    "CREATE OR REPLACE FUNCTION travel.clock_timestamp() RETURNS timestamptz"
                    f" LANGUAGE sql VOLATILE AS $$ SELECT '{database or at}'::timestamptz $$"
                )
                stack.callback(execute, GOING_CLOCK)

        yield stop


GOING_CLOCK = TRAVELLING_CLOCK.replace("CREATE SCHEMA travel;", "").replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)
