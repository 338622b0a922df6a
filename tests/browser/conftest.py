"""Real Chromium, and the application under gunicorn for it to visit."""

from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from app import create_app
from app.config import Settings
from app.kit.extensions import db
from tests import databases
from tests.operator_key import provide_operator_key
from tests.race.server import Server, serving
from tools.browser import HOW, find_browser, is_left_out

SWITCHES = (
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser with a profile of its own; fails with a sentence where there is none."""
    if is_left_out():
        pytest.skip("YYT_WITHOUT_BROWSER=1")
    program = find_browser()
    if program is None:
        pytest.fail(HOW, pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the application on an empty database, for pages that read no rows."""
    folder = tmp_path_factory.mktemp("site")
    with databases.database("sqlite", folder, None) as url:
        settings = Settings(
            production=False,
            database_url=url,
            secret_key="a test secret of more than thirty-two bytes",
            rate_limit_url="off",
            key_store=folder / "keys",
            public_url="https://board.example",
            wechat_appid="wx0123456789abcdef",
            wechat_secret="a secret of the tests",
            wechat_api_base="http://127.0.0.1:9",
            attachment_folder=folder / "attachments",
        )
        app = create_app(settings, folder)
        provide_operator_key(app)
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()
        app.extensions["wechat"].close()


class Silent(WSGIRequestHandler):
    """Answers without a line for each request."""

    def log_request(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="session")
def server_on_rows(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with serving(settings, tmp_path_factory.mktemp("live") / "log") as server:
        yield server


@pytest.fixture
def live(app: object, server_on_rows: Server) -> str:
    """The address of the application on the database of `app`."""
    return f"{server_on_rows.http.base_url}"


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console complains about; a test that expects some takes them out."""
    return []


@pytest.fixture
def page(chromium: Browser, complaints: list[str]) -> Iterator[Page]:
    """An empty tab as wide as a desk's screen, whose console must stay quiet."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    tab.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
    tab.on("pageerror", lambda error: complaints.append(f"{error}"))
    yield tab
    context.close()
    assert complaints == []
