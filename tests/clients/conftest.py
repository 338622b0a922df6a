"""The document as a file, what generates clients from it, and a vote for them to take part in."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app import create_app
from app.config import Settings
from app.kit.web.api import PREFIX
from tests.cast import Cast
from tests.race.server import Server, serving
from tests.wechat_standin import StandIn
from tools.node import HOW, find_node, install_packages

# Programs of others neither call home nor ask a proxy for an address of this machine.
ENVIRONMENT = {
    **os.environ,
    "NO_PROXY": "127.0.0.1",
    "REDOCLY_TELEMETRY": "off",
    "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
    "NODE_NO_WARNINGS": "1",
}


def run(command: list[Any], folder: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end in this folder; what it said is kept."""
    env = {**ENVIRONMENT, **more}
    return subprocess.run(
        [str(part) for part in command], cwd=folder, env=env, capture_output=True, text=True
    )


def made(result: "subprocess.CompletedProcess[str]") -> str:
    """What a program wrote that must have ended well."""
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The packages of `package-lock.json`; without Node the test is left out."""
    if find_node() is None:
        pytest.skip(HOW)
    return install_packages()


@pytest.fixture(scope="session")
def document(standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The served document as a file, which is the same on every database."""
    folder = tmp_path_factory.mktemp("openapi")
    app = create_app(
        Settings(
            production=False,
            database_url="sqlite://",
            secret_key="a test secret of more than thirty-two bytes",
            key_store=folder / "keys",
            public_url="https://board.example",
            wechat_appid=standin.appid,
            wechat_secret=standin.secret,
            wechat_api_base=standin.url,
            attachment_folder=folder / "attachments",
        ),
        folder,
    )
    path = folder / "openapi.json"
    path.write_text(app.test_client().get(f"{PREFIX}/openapi.json").text)
    app.extensions["wechat"].close()
    return path


@pytest.fixture(scope="session")
def server_of_clients(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with serving(settings, tmp_path_factory.mktemp("clients") / "log") as server:
        yield server


@pytest.fixture
def vote(cast: Cast, server_of_clients: Server, standin: StandIn) -> Callable[[list[Any]], Any]:
    """An open vote. Runs a client's program as a resident, and gives what it printed."""
    resident = cast.resident()
    agenda_session, _ = cast.open_session(cast.secretary(), resident)

    def play(program: list[Any], folder: Path, **more: str) -> dict[str, Any]:
        standin.control.user(openid=resident.openid)
        code = standin.control.code(resident.openid)
        address = server_of_clients.http.base_url
        told: dict[str, Any] = json.loads(made(run([*program, address, code], folder, **more)))
        assert told.pop("session_id") == agenda_session["id"]
        return told

    return play
