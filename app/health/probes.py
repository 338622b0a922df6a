"""What is asked to tell whether this process can serve: each question with a time of its own.

A question that gets no answer, since a database or a disk hangs, is left to a thread of its own
and not asked again before that one has come back: asking costs at most one thread a question, and
only who asks first waits for it.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from threading import Lock, Thread
from time import monotonic

from flask import Flask, current_app
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.attachments.refusals import StoreUnavailable
from app.ballots.keys.operator import OperatorKeyState, operator_key_state
from app.ballots.keys.store import OPERATOR, KeyDamaged, KeyStore, KeyUnavailable
from app.config import Settings, UnsafeSettings
from app.finaliser.heartbeat import read_heartbeat
from app.kit import clock
from app.kit.calendar.models import read_tables
from app.kit.calendar.terms import missing_tables
from app.kit.extensions import db
from app.limiter import storage_answers
from app.schema import Schema, read_schema

ANSWER_WITHIN_S = 2.0
OK, NO_ANSWER, NOT_ASKED, UNREACHABLE = "ok", "no_answer", "not_asked", "unreachable"

Answers = Mapping[str, str]


@dataclass(frozen=True)
class Probe:
    """`ask` answers a code for each of `names`, in an application context."""

    names: tuple[str, ...]
    ask: Callable[[], Answers]


def ask_database() -> Answers:
    """Whether the database answers, and whether its schema is this code's."""
    try:
        with db.engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            schema = read_schema(connection)
    except (DBAPIError, PoolTimeout):
        return {"database": UNREACHABLE, "schema": NOT_ASKED}
    return {"database": OK, "schema": OK if schema is Schema.OWN else schema.value}


def ask_key_store() -> Answers:
    """Whether the key store answers, and in production whether it keeps what it acknowledges."""
    keys: KeyStore = current_app.extensions["keys"]
    settings: Settings = current_app.extensions["settings"]
    try:
        with suppress(KeyDamaged):  # it answers; `operator_key` tells whether ours is there
            keys.find(OPERATOR)
        if settings.production:
            keys.check()
    except KeyUnavailable:
        return {"key_store": UNREACHABLE}
    except UnsafeSettings:
        return {"key_store": "unsafe"}
    return {"key_store": OK}


def ask_operator_key() -> Answers:
    """Whether the key store holds the operator's key that is pinned in the database."""
    try:
        state = operator_key_state(db.session(), current_app.extensions["keys"])
    except (DBAPIError, PoolTimeout):
        return {"operator_key": NOT_ASKED}
    return {"operator_key": NOT_ASKED if state is OperatorKeyState.STORE_AWAY else state.value}


def ask_finaliser() -> Answers:
    """Whether the finaliser of this host is alive, and moves everything."""
    settings: Settings = current_app.extensions["settings"]
    heartbeat = read_heartbeat(settings.heartbeat_file)
    if heartbeat is None:
        return {"finaliser": "no_heartbeat"}
    if heartbeat.is_old:
        return {"finaliser": "old_heartbeat"}
    return {"finaliser": "failing" if heartbeat.failing else OK}


def ask_holidays() -> Answers:
    """Whether the tables cover this year and, from October on, the next."""
    today = clock.local_date(clock.now())
    try:
        return {"holidays": holidays_code(today, read_years())}
    except (DBAPIError, PoolTimeout):
        return {"holidays": NOT_ASKED}


def read_years() -> frozenset[int]:
    """The years that have a table. Raises DBAPIError."""
    return frozenset(read_tables(db.session()))


def covered_until(today: date, years: frozenset[int]) -> date:
    """The last day that the tables cover without a gap from this year on; the last day of last year
    where this year's is missing."""
    year = today.year
    while year in years:
        year += 1
    return date(year - 1, 12, 31)


def holidays_code(today: date, years: frozenset[int]) -> str:
    """`this_year_missing`, from October on `next_year_missing`, else ok."""
    missing = missing_tables(today, years)
    if not missing:
        return OK
    return "this_year_missing" if today.year in missing else "next_year_missing"


def ask_attachment_store() -> Answers:
    """Whether the store of photos and documents answers."""
    try:
        next(current_app.extensions["attachment_store"].keys("ready"), None)
    except StoreUnavailable:
        return {"attachment_store": UNREACHABLE}
    return {"attachment_store": OK}


def ask_rate_limits() -> Answers:
    """Whether the shared storage of the limits answers; while it does not, each process counts for
    itself."""
    is_lost = storage_answers(current_app._get_current_object()) is False  # type: ignore[attr-defined]
    return {"rate_limits": UNREACHABLE if is_lost else OK}


PROBES = (
    Probe(("database", "schema"), ask_database),
    Probe(("key_store",), ask_key_store),
    Probe(("operator_key",), ask_operator_key),
    Probe(("finaliser",), ask_finaliser),
    Probe(("holidays",), ask_holidays),
    Probe(("attachment_store",), ask_attachment_store),
    Probe(("rate_limits",), ask_rate_limits),
)
# Without these nobody can vote; without the others somebody should look.
VITAL = frozenset({"database", "schema", "key_store", "operator_key"})


@dataclass
class _Question:
    thread: Thread
    until: float  # by the monotonic clock: nobody waits longer for it
    answers: dict[str, str] = field(default_factory=dict)


class Asker:
    """Asks the probes of one application, each in a thread, and waits a bounded time."""

    def __init__(self, app: Flask, probes: tuple[Probe, ...] = PROBES) -> None:
        self._app, self._probes = app, probes
        self._open: dict[tuple[str, ...], _Question] = {}
        self._lock = Lock()

    def ask(self, within_s: float = ANSWER_WITHIN_S) -> dict[str, str]:
        """A code for each name; `no_answer` where there was none in time."""
        until = monotonic() + within_s
        with self._lock:
            questions = [self._question(probe, until) for probe in self._probes]
        answers = {name: NO_ANSWER for probe in self._probes for name in probe.names}
        for question in questions:
            question.thread.join(max(0.0, question.until - monotonic()))
            if not question.thread.is_alive():
                answers |= question.answers
        return answers

    def _question(self, probe: Probe, until: float) -> _Question:
        """The one that is still open, else a new one."""
        before = self._open.get(probe.names)
        if before is not None and before.thread.is_alive():
            return before
        thread = Thread(target=lambda: self._answer(probe, question), daemon=True)
        question = _Question(thread, until)
        self._open[probe.names] = question
        question.thread.start()
        return question

    def _answer(self, probe: Probe, question: _Question) -> None:
        with self._app.app_context():
            question.answers.update(probe.ask())
