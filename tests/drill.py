"""The drill on both engines: a vote is played, backed up while it goes on, destroyed, restored.

`python -m tests.drill` says what it does, and ends with exit status 1 at the first thing that is
not as it was. Commands run in processes of their own, as an operator runs them; ballots come in
over sockets. On SQLite the keys lie in a folder, on PostgreSQL in a Redis; they outlive the rest.
"""

import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession
from app.ballots.due import catch_up
from app.ballots.models import SessionBundle
from app.kit.clock import read_database_clock
from app.kit.extensions import db
from tests.attachments.files import image, upload
from tests.backup.site import Site, good, newest, refused, site
from tests.cast import Cast, Person, ballot
from tests.databases import ENGINES, postgresql_server
from tests.operator_key import provide_operator_key
from tests.race.server import Server, serving
from tests.redis_server import redis_server
from votes.verify import verify_file

VOTERS, WRITERS = 12, 3
CROWD = 30  # each may replace a ballot twenty times only
Say = Callable[[str], None]


class Play:
    """A vote that is sealed, one that is open, and a photo, by the application itself."""

    def __init__(self, site: Site) -> None:
        self.site, self.app = site, site.start()
        provide_operator_key(self.app)
        cast = Cast(self.app)
        self.cast, self.secretary = cast, cast.secretary()
        voters = [cast.resident() for _ in range(VOTERS)]
        session, matters = cast.open_session(self.secretary, voters[0])
        self.sealed: str = session["id"]
        self.receipts = [self._vote(voter, self.sealed, matters) for voter in voters]
        closed = self.secretary.post(f"/sessions/{self.sealed}/close-voting")
        assert closed.json["state"] == "TALLIED", closed.text
        cast.home = cast.neighbour
        secretary = cast.secretary()
        self.voters = [cast.resident() for _ in range(VOTERS)]
        self.crowd = [cast.resident() for _ in range(CROWD)]
        session, self.matters = cast.open_session(secretary, self.voters[0], period="2027-01")
        self.open: str = session["id"]
        answer = upload(self.voters[0], cast.home, image(), "photo.jpg")
        assert answer.status_code == 201, answer.text
        self.promises = [self._vote(voter, self.open, self.matters) for voter in self.voters]

    def _vote(self, voter: Person, session: str, matters: list[str]) -> Any:
        answer = voter.put(f"/sessions/{session}/ballot", ballot(*matters))
        assert answer.status_code == 200, answer.text
        return {**answer.json, "session_id": session}

    def make_due(self) -> None:
        """The open vote's end has come; nobody has touched it yet."""
        with self.app.app_context(), Session(db.engine) as session:
            row = session.get_one(AgendaSession, UUID(self.open))
            self.due_at = row.voting_closes_at = read_database_clock(session)
            session.commit()

    def expected(self) -> bytes:
        """The bundle that sealing would make now; nothing is committed."""
        with self.app.app_context(), Session(db.engine) as session:
            row = session.get_one(AgendaSession, UUID(self.open))
            catch_up(session, row, self.app.extensions["keys"], 3)
            session.flush()
            body = session.scalar(
                select(SessionBundle.body).where(SessionBundle.session_id == row.id)
            )
            session.rollback()
        assert body is not None, "it was extended"
        return body


class Writers:
    """People who vote, replace their ballots and raise matters over sockets, until they are told to
    end; `casts` counts what was acknowledged."""

    def __init__(self, server: Server, play: Play) -> None:
        self._server, self._play = server, play
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)
        ]
        self.casts = [0] * WRITERS
        self.faults: list[str] = []

    def __enter__(self) -> "Writers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def go_on(self, casts: int) -> None:
        """Wait until so many more have been acknowledged."""
        end = sum(self.casts) + casts
        while sum(self.casts) < end and not self.faults:
            time.sleep(0.01)
        assert not self.faults, self.faults[0]

    def _write(self, number: int) -> None:
        choose, mine = Random(number), self._play.crowd[number::WRITERS]
        path = f"/sessions/{self._play.open}/ballot"
        while not self._ended.is_set():
            voter, matters = choose.choice(mine), choose.sample(self._play.matters, 3)
            answer = self._server.call(voter, "PUT", path, ballot(*matters))
            if answer.status_code != 200:
                self.faults.append(answer.text)
                return
            self.casts[number] += 1
            body = {"title": f"路灯{self.casts[number]}", "body": "不亮", "category": "LIGHTING"}
            self._server.call(voter, "POST", f"/compounds/{self._play.cast.home.id}/matters", body)


def drill(site: Site, say: Say) -> None:
    """Play, back up, destroy, restore, compare; then restore an older copy, which is named.

    Raises AssertionError at the first difference.
    """
    backups, copies, noted = (site.folder / name for name in ("backups", "files", "elsewhere"))
    play = Play(site)
    older, casts = back_up_while_writing(site, play, backups)
    say(f"备份时有人投票，其后又有 {casts} 次 · backed up beside writers, {casts} casts after it")
    good(site.flask("backup", backups, "--files", copies))
    latest = newest(backups)
    assert older != latest
    noted.mkdir()
    heads = Path(shutil.copy(latest / "heads.json", noted))
    play.make_due()
    expected, sealed = play.expected(), site.bundle(play.sealed)

    destroy(site)
    restore(site, latest, copies)
    say(good(site.flask("check-audit", "--against", heads)).splitlines()[-1])
    assert site.bundle(play.sealed) == sealed, "the sealed bundle is another"
    close_the_open_vote(site, play, expected)
    say("两个结果逐字节相同 · both bundles are the same, byte for byte")

    restored = site.flask("restore", older, "--over-everything", given=f"{site.database_name}\n")
    good(restored)
    name_the_older_copy(site, play, heads, say)


def back_up_while_writing(site: Site, play: Play, backups: Path) -> tuple[Path, int]:
    """A backup beside writers, and how many casts were acknowledged once it was done."""
    with serving(site.settings, site.folder / "server.log") as server:
        with Writers(server, play) as writers:
            writers.go_on(3)
            before = sum(writers.casts)
            running = site.start_flask("backup", backups)
            good(running.finish())
            assert sum(writers.casts) > before, "nobody wrote beside the backup"
            done = sum(writers.casts)
            writers.go_on(10)
        return newest(backups), sum(writers.casts) - done


def destroy(site: Site) -> None:
    """What a lost disk takes; the key store stands elsewhere."""
    site.destroy_database()
    site.destroy_files()
    site.make()


def restore(site: Site, backup: Path, copies: Path) -> None:
    """By the steps of docs/operating/backup.md."""
    good(site.flask("restore", backup))
    shutil.copytree(copies, site.settings.attachment_folder)


def close_the_open_vote(site: Site, play: Play, expected: bytes) -> None:
    """The key is where it was, so what was open is sealed as it would have been."""
    with site.session() as session:
        row = session.get_one(AgendaSession, UUID(play.open))
        row.voting_closes_at = play.due_at
    good(site.flask("finalise"))
    found = site.bundle(play.open)
    assert found == expected, "the vote that was open is sealed otherwise"
    for receipt in play.promises:
        assert all(check.ok for check in verify_file(found, receipt)), receipt


def name_the_older_copy(site: Site, play: Play, heads: Path, say: Say) -> None:
    """The log's missing entries, the missing casts and the erased key are all told."""
    told = refused(site.flask("check-audit", "--against", heads))
    for words in (
        "are missing: this is an older copy",
        "casts had come in",
        f"the key of vote {play.open} is lost",
    ):
        assert words in told, told
        say(next(line for line in told.splitlines() if words in line))


@contextmanager
def installation(engine: str, folder: Path) -> Iterator[Site]:
    """SQLite with a folder of keys, or PostgreSQL with a Redis."""
    with ExitStack() as stack:
        if engine == "sqlite":
            yield stack.enter_context(site(folder, None))
            return
        redis = stack.enter_context(redis_server(folder / "redis"))
        server = stack.enter_context(postgresql_server())
        yield stack.enter_context(site(folder, server, redis.url))


def main() -> int:
    """Both engines, one after the other."""
    for engine in ENGINES:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder, installation(engine, Path(folder)) as made:
            drill(made, lambda words: print(f"  {words}", flush=True))
        print(f"{engine}: {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
