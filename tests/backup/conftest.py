"""A vote of its own on the shared application, and installations that may be destroyed."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from app.attachments.stores import Folder
from app.ballots.keys.folder import FolderKeyStore
from tests.attachments.files import image, upload
from tests.backup.site import Site, postgresql_programs
from tests.ballots.test_sealing import Vote
from tests.cast import Cast
from tests.operator_key import with_pinned_key


@pytest.fixture(autouse=True)
def own_places(monkeypatch: pytest.MonkeyPatch, app: Flask, tmp_path: Path) -> None:
    """Places that no other test has filled, and pg_dump of the tests' own server."""
    settings = replace(
        app.extensions["settings"],
        key_store=tmp_path / "keys",
        attachment_folder=tmp_path / "attachments",
        pg_bin=postgresql_programs(),
        backup_stamp=tmp_path / "instance" / "last-backup.json",
    )
    monkeypatch.setitem(app.extensions, "settings", settings)
    keys = with_pinned_key(app, FolderKeyStore(settings.key_store))
    monkeypatch.setitem(app.extensions, "keys", keys)
    monkeypatch.setitem(app.extensions, "attachment_store", Folder(settings.attachment_folder))


@pytest.fixture
def sealed(cast: Cast) -> Vote:
    """A vote that was sealed, in the first compound."""
    vote = Vote(cast)
    vote.close()
    return vote


@pytest.fixture
def still_open(cast: Cast, request: pytest.FixtureRequest) -> Vote:
    """A vote that is open, after the sealed one if there is one, and a photo beside it."""
    if "sealed" in request.fixturenames:
        request.getfixturevalue("sealed")
        cast.home = cast.neighbour  # whose turn it is then
    vote = Vote(cast, period="2027-01")
    answer = upload(vote.voters[0], cast.home, image(), "photo.jpg")
    assert answer.status_code == 201, answer.text
    return vote


@pytest.fixture
def empty_site(engine_name: str, tmp_path: Path) -> Iterator[Site]:
    """An installation with an empty database, as after a loss."""
    server = os.environ["TEST_DATABASE_URL"] if engine_name == "postgresql" else None
    (tmp_path / "site").mkdir()
    site = Site(tmp_path / "site", server)
    site.make()
    yield site
    site.destroy_database()


class Console:
    """`flask` on the application of the tests, in this process."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __call__(self, *arguments: object, given: str | None = None) -> "Said":
        result = self._app.test_cli_runner().invoke(args=list(map(str, arguments)), input=given)
        # Whatever is no refusal in words would be a trace on the operator's screen.
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        return Said(result.exit_code, result.output)


class Said:
    """How a command ended, and what it said."""

    def __init__(self, status: int, words: str) -> None:
        self.status, self.words = status, words

    def __repr__(self) -> str:
        return f"{self.status}: {self.words}"


@pytest.fixture
def console(app: Flask) -> Console:
    return Console(app)
