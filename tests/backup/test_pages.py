"""The operators' pages, followed to the letter: their own commands back up, destroy and restore.

Paths and the database's name are those of the test; what needs the machine's manager (systemctl,
runuser, chown) is stood in for by a few lines of shell. Everything else runs as it is printed.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.commands import COMMANDS
from tests.attachments.files import image, upload
from tests.backup.site import Site, postgresql_programs
from tests.ballots.test_sealing import Vote
from tests.cast import Cast
from tests.databases import ROOT
from tests.operator_key import provide_operator_key
from tests.race.server import environment

PAGES = {
    name: ROOT / "docs" / "operating" / name for name in ("backup.md", "what-if-it-is-lost.md")
}
BLOCK = re.compile(r"^( *)```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
GROUPS = {"keys", "doctor"}  # have pages of their own
UNITS = ROOT / "deploy" / "systemd"
SHIMS = {
    # Of all that is started, only the backup ends by itself.
    "systemctl": 'case "$*" in "start yueyuetan-backup.service") exec backup-unit;; esac',
    "runuser": 'shift 3; exec "$@"',
    "chown": "",
    "rsync": "",
    "yueyuetan": 'program=$1; shift; exec python -m "$program" "$@"',
}


def blocks(page: str, heading: str) -> list[str]:
    """The commands below a heading of the page, block by block."""
    text = PAGES[page].read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)
    (section,) = (each for each in sections if each.startswith(heading))
    return [
        re.sub(rf"^{indent}", "", body, flags=re.MULTILINE)
        for indent, body in BLOCK.findall(section)
    ]


class Operator:
    """Types what a page prints, on an installation of the test's own."""

    def __init__(self, site: Site, name: str) -> None:
        self.site, self._bin = site, site.folder / "bin"
        folder = site.folder
        self._changes = {
            "/var/backups/yueyuetan": f"{folder}/backups",
            "/var/lib/yueyuetan/attachments": str(site.settings.attachment_folder),
            "/var/lib/yueyuetan": str(folder),
            "/etc/systemd/system/": f"{folder}/etc/",
            "/etc/yueyuetan": f"{folder}/etc",
            "/srv/yueyuetan": str(ROOT),
            " -o yueyuetan -g yueyuetan": "",
            "--owner=yueyuetan": "--owner=postgres",
            "--if-exists yueyuetan": f"--force --if-exists {name}",
            "--encoding=UTF8 yueyuetan": f"--encoding=UTF8 {name}",
        }
        (folder / "etc").mkdir()
        self._bin.mkdir()
        for program, lines in {**SHIMS, "backup-unit": self._unit()}.items():
            (self._bin / program).write_text(f"#!/bin/sh\n{lines}\n")
            (self._bin / program).chmod(0o755)

    def _unit(self) -> str:
        unit = (UNITS / "yueyuetan-backup.service").read_text(encoding="utf-8")
        (command,) = re.findall(r"^ExecStart=\S+/flask (.*)$", unit, re.MULTILINE)
        return self._here(f"exec python -m flask {command}")

    def _here(self, script: str) -> str:
        for printed, here in self._changes.items():
            script = script.replace(printed, here)
        return script

    def types(self, script: str, given: str = "") -> str:
        """Run a block as the page prints it; fails where any of its commands does."""
        programs = [self._bin, Path(sys.executable).parent, postgresql_programs()]
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self._here(script)],
            cwd=self.site.folder,
            env={
                **environment(self.site.settings),
                "PATH": os.pathsep.join([*map(str, programs), os.environ["PATH"]]),
                "PYTHONPATH": str(ROOT),
                "FLASK_APP": "wsgi",
                "PYTHONIOENCODING": "utf-8",
                **self._server(),
            },
            input=given,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, (script, done.stdout + done.stderr)
        return done.stdout

    def _server(self) -> dict[str, str]:
        """How dropdb and createdb find the server."""
        if not self.site.settings.database_url.startswith("postgresql"):
            return {}
        with self.site.session() as session:
            info = session.connection().connection.driver_connection.info  # type: ignore[union-attr]
            return {"PGHOST": info.host, "PGPORT": str(info.port), "PGUSER": info.user}


@pytest.fixture
def operator(empty_site: Site, engine_name: str) -> Operator:
    empty_site.migrate()
    return Operator(empty_site, empty_site.database_name)


def test_steps_back_up_and_restore(operator: Operator, engine_name: str):
    site = operator.site
    provide_operator_key(site.start())
    cast = Cast(site.app)
    vote = Vote(cast)
    assert upload(vote.voters[0], cast.home, image(), "photo.jpg").status_code == 201
    vote.close()
    sealed = site.bundle(vote.id)
    site.stop()
    nightly, _copy = blocks("backup.md", "每晚备份")
    assert "Z\n" in operator.types(nightly)
    (note,) = blocks("backup.md", "`heads.json`")
    operator.types(note)

    stop, empty, restore, files, check, start = blocks("backup.md", "恢复")
    operator.types(stop)
    site.destroy_files()
    if engine_name == "postgresql":
        operator.types(empty)
    else:
        site.destroy_database()
    assert "restored the backup" in operator.types(restore)
    operator.types(files)
    assert operator.types(check).endswith("全部相符 · all hold\n")
    operator.types(start)
    assert site.bundle(vote.id) == sealed


def test_steps_bring_the_operators_key_back(operator: Operator):
    site = operator.site
    app = site.start()
    keys, public = app.extensions["keys"], provide_operator_key(app).hex()
    (save,) = blocks("backup.md", "运营者的签名密钥")
    (back,) = blocks("what-if-it-is-lost.md", "运营者的签名密钥")
    passphrase = "four words that nobody guesses\n"
    assert public in operator.types(save, passphrase)
    keys.erase(None)
    assert public in operator.types(back, passphrase)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_option_of_a_page_exists(page: str):
    """Also in the lines between the blocks."""
    known = {command.name: command for command in COMMANDS}
    named = re.findall(r"flask ([a-z][a-z-]+)((?: [^\s`·,。；]+)*)", PAGES[page].read_text("utf-8"))
    assert len(named) >= 3
    for name, rest in named:
        assert name in known or name in GROUPS, name
        parameters = known[name].params if name in known else []
        options = {option for each in parameters for option in each.opts}
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in options, (name, option)


@pytest.mark.parametrize("page", PAGES)
def test_links_of_a_page_lead_somewhere(page: str):
    text = PAGES[page].read_text(encoding="utf-8")
    headings = {_anchor(line) for line in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
    for target in re.findall(r"\]\(#([^)]+)\)", text):
        assert target in headings, target


def _anchor(heading: str) -> str:
    """As the usual readers of Markdown make it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
