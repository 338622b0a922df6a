"""Fixtures shared by all tests: both engines, the application on each, people, and time."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, make_url
from sqlalchemy.orm import Session

import loading
from app import create_app, starting
from app.config import Settings
from app.kit.extensions import db
from tests import databases
from tests.cast import Cast
from tests.documented import Watch
from tests.operator_key import pin_silently
from tests.wechat_standin import StandIn

_server = pytest.StashKey[ExitStack]()
_began = pytest.StashKey[float]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `make quick` asks for."""
    group = parser.getgroup("月月谈")
    group.addoption("--engine", choices=databases.ENGINES, help="run on this engine alone")
    group.addoption("--begin-within", type=float, metavar="SECONDS", help="begin no test later")


def pytest_configure(config: pytest.Config) -> None:
    """Start PostgreSQL once; worker processes find it in their environment."""
    stack = config.stash[_server] = ExitStack()
    config.stash[_began] = time.monotonic()
    if not os.environ.get("PYTEST_XDIST_WORKER") and config.getoption("engine") != "sqlite":
        os.environ["TEST_DATABASE_URL"] = stack.enter_context(databases.postgresql_server())


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_server].close()


# Each of these takes a minute or more. First, so that no worker is left alone with one at the end.
LONG = (
    "tests/test_who_may_do_what.py::test_who_may_do_what",
    "tests/test_schemathesis.py::",
    "tests/test_secrecy.py::test_no_answer_tells",
    "tests/demo/test_tour.py::",
    "tests/walk/test_walk.py::test_a_walk",
    "tests/evaluations/test_writes_by_state.py::test_writes_about",
)


def pytest_collection_finish() -> None:
    """Modules and tests stand from now on (`-p loading` in `pyproject.toml`)."""
    loading.finish()


@pytest.hookimpl(trylast=True)  # after pytest's own order, which keeps an engine's tests together
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest tests of each engine come first; one engine may be asked for."""
    only = config.getoption("engine")
    if only:
        left_out = [item for item in items if engine_of(item) not in (None, only)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if engine_of(item) in (None, only)]
    else:
        items.sort(key=lambda item: (engine_of(item) == "postgresql", not is_long(item)))


def is_long(item: pytest.Item) -> bool:
    """Whether it is one of those that come first."""
    return item.nodeid.startswith(LONG)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """With `--begin-within`, leave out what would begin too late."""
    within = item.config.getoption("begin_within")
    if within is not None and time.monotonic() - item.config.stash[_began] > within:
        pytest.skip("left to make test")


def engine_of(item: pytest.Item) -> str | None:
    """The engine that a test runs on; None where it touches no rows."""
    params = getattr(getattr(item, "callspec", None), "params", {})
    named = params.get("engine_name", params.get("engine"))
    return named if named in databases.ENGINES else None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Count what ran on each engine, so that a missing engine is seen."""
    passed = [report.nodeid for report in terminalreporter.stats.get("passed", [])]
    for engine in databases.ENGINES:
        count = sum(f"[{engine}" in nodeid or f"-{engine}" in nodeid for nodeid in passed)
        terminalreporter.write_line(f"{engine}: {count} passed")
    for folder in ("browser", "clients"):
        for outcome in ("passed", "skipped"):
            reports = terminalreporter.stats.get(outcome, [])
            count = sum(report.nodeid.startswith(f"tests/{folder}/") for report in reports)
            if count or outcome == "passed":
                terminalreporter.write_line(f"{folder}: {count} {outcome}")


@pytest.fixture(scope="session", params=databases.ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    """Each test that touches rows runs on both engines."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def database_url(engine_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated database of this engine, for this test process alone."""
    folder = tmp_path_factory.mktemp(engine_name)
    server = os.environ.get("TEST_DATABASE_URL")
    with databases.database(engine_name, folder, server) as url:
        yield url


@pytest.fixture(scope="session")
def standin() -> Iterator[StandIn]:
    """WeChat's stand-in on real sockets."""
    with StandIn() as server:
        yield server


@pytest.fixture(scope="session")
def settings(
    database_url: str, standin: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    return Settings(
        production=False,
        database_url=database_url,
        secret_key="a test secret of more than thirty-two bytes",
        rate_limit_url="off",
        key_store=tmp_path_factory.mktemp("keys"),
        public_url="https://board.example",
        wechat_appid=standin.appid,
        wechat_secret=standin.secret,
        wechat_api_base=standin.url,
        attachment_folder=tmp_path_factory.mktemp("attachments"),
        heartbeat_file=tmp_path_factory.mktemp("finaliser") / "heartbeat.json",
    )


@pytest.fixture(scope="session")
def application(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application, made once for each engine."""
    if settings.database_url.startswith("postgresql"):
        url = make_url(settings.database_url).update_query_dict(databases.TRAVEL_OPTIONS)
        settings = Settings(
            **{**vars(settings), "database_url": url.render_as_string(hide_password=False)}
        )
    app = create_app(settings, tmp_path_factory.mktemp("instance"))
    Watch(app)
    with app.app_context():
        engine = db.engine
    starting.refuse_to_start(app)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "begin", let_postgresql_travel)
    else:
        engine.dispose()  # what is open waits for the disk
        event.listen(engine, "connect", _forget_sqlites_durability)
    yield app
    engine.dispose()
    app.extensions["wechat"].close()


def _forget_sqlites_durability(connection: Any, record: Any) -> None:
    """As on PostgreSQL: these tests pull no plug. Those of crashes have servers of their own."""
    connection.execute("PRAGMA synchronous=OFF")


def let_postgresql_travel(connection: Any) -> None:
    """For the begin event: the database's clock is that of the tests."""
    # Not SET LOCAL: a statement that is its own transaction has to see it too.
    offset = 0.0
    if time_machine.escape_hatch.is_travelling():
        real = time_machine.escape_hatch.datetime.datetime.now(UTC)
        offset = (datetime.now(UTC) - real).total_seconds()
    elif "has_travelled" not in connection.info:
        return  # one way to the server less for every transaction
    connection.info["has_travelled"] = True
    with connection.connection.cursor() as cursor:  # beside what counts statements
        cursor.execute(f"SET travel.\"offset\" = '{offset} s'")


@pytest.fixture
def app(application: Flask) -> Iterator[Flask]:
    """The application on an empty database, but for the operator's key; what it answers is compared
    with its description."""
    pin_silently(application)
    yield application
    with application.app_context():
        databases.empty(db.engine)
    assert Watch.of(application).take() == []


@pytest.fixture
def client(app: Flask) -> Any:
    """A plain client without a token. It keeps no application context open, so each call has a
    database session of its own and a forgotten commit is seen."""
    return app.test_client()


@pytest.fixture
def rows(app: Flask) -> Iterator[Session]:
    """A session beside the application's, to look at what was really stored."""
    with app.app_context():
        engine = db.engine
    with Session(engine) as session:
        yield session


@pytest.fixture
def cast(app: Flask) -> Cast:
    """A community with compounds, and the people of the tests."""
    return Cast(app)


@pytest.fixture
def travel() -> Iterator[Callable[[str | datetime], None]]:
    """Set the clocks of Python and of the database: `travel("2026-03-12T00:00+08:00")`."""
    with ExitStack() as stack:

        def go(to: str | datetime) -> None:
            instant = datetime.fromisoformat(to) if isinstance(to, str) else to
            stack.enter_context(time_machine.travel(instant, tick=True))

        yield go


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return databases.ROOT
