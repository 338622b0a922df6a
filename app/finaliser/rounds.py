"""One round of the finaliser after the other: every step is tried, and every due thing of it.

Whatever goes wrong with one thing stops no other. Without the database nothing moves, and the round
ends there; without the key store all goes on that needs no key. An outage is said once when it
begins and once when it is over.
"""

import logging
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import click
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app import starting
from app.attachments.refusals import StoreUnavailable
from app.ballots.counting import CountsDisagree
from app.ballots.keys.store import OPERATOR, KeyDamaged, KeyUnavailable, OutOfReach
from app.ballots.sealing import StillReadable
from app.config import Settings
from app.finaliser.heartbeat import Heartbeat, read_heartbeat, write_heartbeat
from app.finaliser.outages import WORDS, Outages, Part
from app.finaliser.steps import STEPS, Step
from app.kit import clock
from app.kit.errors import DomainError
from app.kit.extensions import db

log = logging.getLogger(__name__)

# Refusals whose name says what is wrong.
SAY_ALL = (DomainError, CountsDisagree, StillReadable)


class DatabaseAway(Exception):
    """Nothing more can be done in this round."""


class Stopped(Exception):
    """Somebody asked the finaliser to stop; the thing in hand is done."""


class Rounds:
    """Makes rounds, and remembers between them what is away and what cannot be moved.

    `between` is called before each thing is moved, and may raise Stopped.
    """

    def __init__(self, app: Flask, between: Callable[[], None] = lambda: None) -> None:
        self._app, self._between = app, between
        self._settings: Settings = app.extensions["settings"]
        self._outages = Outages()
        self._failing: set[str] = set()
        self._stuck: set[tuple[str, ...]] = set()
        self._stuck_now: set[tuple[str, ...]] = set()
        path = self._settings.heartbeat_file
        self._heartbeat = read_heartbeat(path) or Heartbeat(at=clock.now())

    def run(self) -> set[str]:
        """Make one round, inside an application context; the codes of what failed in it.

        Raises Stopped.
        """
        self._failing, self._stuck_now = set(), set()
        try:
            with self._sparing_the_key_store():
                self._run_steps()
        except DatabaseAway:
            self._stuck_now |= self._stuck
        finally:
            db.session.remove()
        self._stuck = self._stuck_now
        self.beat(self._heartbeat.after_round(self._failing))
        return self._failing

    def seconds_to_wait(self, every: float) -> float:
        """Until the next round: `every`, or as long as the database is to be left alone."""
        waits = (
            self._outages.seconds_to_wait(part, time.monotonic())
            for part in (Part.DATABASE, Part.SCHEMA)
        )
        return max(waits, default=0.0) or every

    def beat(self, heartbeat: Heartbeat | None = None) -> None:
        """Leave a sign of life."""
        self._heartbeat = heartbeat or self._heartbeat.alive()
        try:
            write_heartbeat(self._settings.heartbeat_file, self._heartbeat)
        except OSError as error:
            self._note(Part.HEARTBEAT, error)
        else:
            self._end(Part.HEARTBEAT)

    def _run_steps(self) -> None:
        self._ask_database()
        for step in STEPS:
            is_spared = step.name == "uploads" and self._is_spared(Part.ATTACHMENT_STORE)
            if is_spared:
                self._failing.add(Part.ATTACHMENT_STORE)
            else:
                self._run_step(step)

    def _run_step(self, step: Step) -> None:
        due: list[UUID] = []
        with self._guarded(step.name):
            due = list(step.due(db.session()))
        moved = 0
        try:
            for thing_id in due:
                self._between()
                with self._guarded(step.name, str(thing_id)):
                    moved += step.move(db.session(), thing_id)
        except StillReadable:
            pass  # told; it holds back the others of this step as well
        finally:
            if moved:
                click.echo(step.words(moved))

    @contextmanager
    def _guarded(self, *what: str) -> Iterator[None]:
        """What goes wrong in the block is told and counted, and the round goes on.

        Raises DatabaseAway, and StillReadable after it was told.
        """
        db.session.rollback()  # begins anew: the last one may have failed, or only have read
        try:
            yield
        except Exception as error:  # whatever it is, it must not keep the others from moving
            self._tell(error, *what)
            if isinstance(error, StillReadable):
                raise

    def _tell(self, error: Exception, *what: str) -> None:
        part = self._away(error)
        if part is not None:
            self._note(part, error)
        else:
            self._note_stuck(error, *what)
        if part is Part.DATABASE:
            raise DatabaseAway from error
        if part is Part.KEY_STORE:
            self._app.extensions["keys"] = OutOfReach()

    def _away(self, error: Exception) -> Part | None:
        """Which part is away, if that is what the error comes from."""
        if isinstance(error, StoreUnavailable):
            return Part.ATTACHMENT_STORE
        if isinstance(error, KeyUnavailable) and not self._reaches_keys():
            return Part.KEY_STORE
        is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
        if isinstance(error, DBAPIError | PoolTimeout) and (is_lost or not reaches_database()):
            return Part.DATABASE
        return None

    def _reaches_keys(self) -> bool:
        try:
            self._app.extensions["keys"].find(OPERATOR)
        except KeyDamaged:
            return True
        except KeyUnavailable:
            return False
        return True

    def _ask_database(self) -> None:
        """Raises DatabaseAway where it is, or is not this program's own."""
        try:
            faults = starting.database_faults(self._settings)
        except (DBAPIError, PoolTimeout) as error:
            self._note(Part.DATABASE, error)
            raise DatabaseAway from error
        self._end(Part.DATABASE)
        if faults:
            self._note(Part.SCHEMA, None)
            raise DatabaseAway
        self._end(Part.SCHEMA)

    @contextmanager
    def _sparing_the_key_store(self) -> Iterator[None]:
        """A key store that is away is asked once in a while, not once for each key."""
        keys = self._app.extensions["keys"]
        if self._is_spared(Part.KEY_STORE):
            self._failing.add(Part.KEY_STORE)
            self._app.extensions["keys"] = OutOfReach()
        try:
            yield
        finally:
            self._app.extensions["keys"] = keys
        for part in (Part.KEY_STORE, Part.ATTACHMENT_STORE):
            if part not in self._failing:
                self._end(part)

    def _is_spared(self, part: Part) -> bool:
        return self._outages.is_to_be_spared(part, time.monotonic())

    def _note(self, part: Part, error: Exception | None) -> None:
        if part in self._failing:
            return
        self._failing.add(part)
        if self._outages.note(part, time.monotonic()):
            zh, en = WORDS[part]
            kind = f" ({type(error.__cause__ or error).__name__})" if error else ""
            click.echo(f"{zh} · {en}{kind}", err=True)

    def _end(self, part: Part) -> None:
        for _, seconds in self._outages.end([part], time.monotonic()):
            zh, en = WORDS[part]
            click.echo(
                f"已恢复：{zh} {seconds:.0f} 秒 · over after {seconds:.0f} s: {en}", err=True
            )

    def _note_stuck(self, error: Exception, *what: str) -> None:
        self._failing.add(what[0])
        key = (*what, type(error).__name__)
        self._stuck_now.add(key)
        if key in self._stuck:
            return
        # Somebody must look at it. Where in the code helps; the message may repeat a row.
        trace = "" if isinstance(error, SAY_ALL) else _places(error)
        log.critical("%s cannot be moved: %s%s", " ".join(what), type(error).__name__, trace)


def _places(error: Exception) -> str:
    return "\n" + "".join(traceback.format_tb(error.__traceback__))


def reaches_database() -> bool:
    """Whether the database answers on a connection of its own."""
    try:
        with db.engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            connection.execute(text("SELECT 1"))
    except (DBAPIError, PoolTimeout):
        return False
    return True
