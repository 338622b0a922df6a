"""What the process says: one JSON line for each thing, with allowed fields and nothing else.

Everything goes through the logging module, ours and the libraries' alike, and through one handler
to stderr. A field that is not in FIELDS is left out; of a library's message the words stand and its
values do not, unless they are numbers or the words are known to be harmless; of an exception the
types and the places in the code stand, never its message, which may quote a row, an address or a
password. So a line cannot tell who somebody is, even where nobody thought of it.

This file imports nothing of the application: the server's master process runs it without loading
the application, whose code a reload replaces.
"""

import json
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

REPEAT_SECONDS = 60.0
MANY_KINDS = 256
MOST_FRAMES = 40
OURS = ("app", "votes")
ROOT = Path(__file__).parent.parent
PRODUCTION = "production"
HANDLER = "yueyuetan"  # by name: master and workers have classes of their own

# What a line may hold, beside time, level, logger and event. None of them names a person.
FIELDS = (
    "request_id",
    "operation",
    "method",
    "status",
    "code",
    "ms",
    "bytes",
    "outage",
    "repeated",
    "error",
    "cause",
    "sqlstate",
    "constraint",
    "stack",
)
ALLOWED = frozenset({"at", "level", "logger", "event", *FIELDS})
PLAIN = frozenset({str, int, float, bool, list, type(None)})
# Messages of libraries whose values are ours: process ids, signals, addresses that we listen on.
HARMLESS = frozenset(
    {
        "Starting gunicorn %s",
        "Listening at: %s (%s)",
        "Listening at: %s",
        "Using worker: %s",
        "Booting worker with pid: %s",
        "Worker exiting (pid: %s)",
        "Worker (pid:%s) was sent %s!",
        "Worker (pid:%s) was sent %s! Perhaps out of memory?",
        "Worker (pid:%s) exited with code %s.",
        "WORKER TIMEOUT (pid:%s)",
        "Handling signal: %s",
        "Ignoring unknown signal: %s",
        "Unhandled signal: %s",
        "Shutting down: %s",
        "Reason: %s",
        "Hang up: %s",
        "Connection in use: %s",
        "Invalid address: %s",
        "Can't connect to %s",
        # without values
        "Exception in worker process",
        "Unhandled exception in main loop",
        "graceful stop of workers",
        "Master has been promoted.",
        "Quick shutdown requested",
        "USR2 signal ignored. Child exists.",
        "USR2 signal ignored. Parent exists.",
        "Autorestarting worker after current request.",
        "Error handling request",
        "Error handling request (no URI read)",
        "Socket error processing request.",
        "Exception in post_request hook",
        "Rate limit storage unreachable - falling back to in-memory storage",
        "Rate limit storage recovered",
    }
)
# What such a message begins with, where the library has put its values in already.
BEGINNINGS = ("Invalid request from ip=", "connection to ")
# Exceptions whose words we wrote ourselves, for the operator.
SPEAKING = frozenset({"app.config.UnsafeSettings"})
# At INFO these tell of each call or each refusal, which the line of the request does as well.
QUIET = ("httpx", "httpcore", "werkzeug", "flask-limiter")


def configure(profile: str, level: int | None = None) -> None:
    """Send all that is logged from here on to stderr: as JSON in production, for reading in
    development. Once is enough; with a level again, as the server does when it reloads."""
    root = logging.getLogger()
    before = [each for each in root.handlers if each.name == HANDLER]
    if before and level is None:
        return
    for each in before:
        root.removeHandler(each)
    is_production = profile == PRODUCTION
    handler = _ToStderr()
    handler.name = HANDLER
    handler.addFilter(OncePerOutage())
    handler.setFormatter(formatter(is_production))
    root.addHandler(handler)
    root.setLevel(level or logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    if is_production:
        _leave_nothing_to_python()


class _ToStderr(logging.StreamHandler[Any]):
    """Writes to what is stderr now: the server may have put another file in its place."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    @property
    def stream(self) -> Any:
        return sys.stderr

    @stream.setter
    def stream(self, value: Any) -> None:
        """It is always that."""


def _leave_nothing_to_python() -> None:
    """What nobody caught, what cannot be formatted and what is only warned of would be written in
    clear."""
    logging.raiseExceptions = False
    warnings.showwarning = _warn
    sys.excepthook = _on_uncaught
    threading.excepthook = lambda args: _on_uncaught(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


def _warn(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    logging.getLogger("app.warnings").warning("a library warns: %s", category.__name__)


def _on_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger("app").critical("uncaught exception", exc_info=(kind, error, trace))


def formatter(is_production: bool) -> logging.Formatter:
    """Turns a record of the logging module into a line."""
    if is_production:
        # An encoder made once: json.dumps would make one for each line.
        encode = json.JSONEncoder(ensure_ascii=False).encode
        json_line = structlog.processors.JSONRenderer(lambda event, **_: encode(event))
        return _Lines(explain, allow, json_line)
    return _Lines(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()))


class _Lines(logging.Formatter):
    """Gives a record to structlog's processors. structlog's own ProcessorFormatter copies each
    record first and takes five times as long, and every request writes a line."""

    def __init__(self, *processors: Processor) -> None:
        super().__init__()
        self._processors = processors

    def format(self, record: logging.LogRecord) -> str:
        event: Any = describe(record)
        for process in self._processors:
            event = process(None, record.levelname.lower(), event)
        return str(event)


class OncePerOutage(logging.Filter):
    """Lets the first record of an outage through, and one a minute that says how many there were
    in between. What a library warns of counts as one too."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._outages: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        kind = outage_of(record)
        if kind is None:
            return True
        record.outage = kind
        at, passed_over = self._outages.get(kind, (-REPEAT_SECONDS, 0))
        if self._clock() - at < REPEAT_SECONDS:
            self._outages[kind] = (at, passed_over + 1)
            return False
        if len(self._outages) >= MANY_KINDS:
            self._outages.clear()
        self._outages[kind] = (self._clock(), 0)
        if passed_over:
            record.repeated = passed_over
        return True


def outage_of(record: logging.LogRecord) -> str | None:
    """The outage that a record tells of: named by who logs it, or by the code of a refusal that
    asks to come back later; or the words of a library that warns."""
    named = getattr(record, "outage", None)
    if named is not None:
        return str(named)
    error = record.exc_info[1] if record.exc_info else None
    if getattr(error, "status", None) == 503:
        return str(getattr(error, "code", type(error).__name__))
    if record.levelno >= logging.WARNING and not _is_ours(record) and not _is_server(record):
        return f"{record.name}: {words(record, record.args)}"
    return None


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in OURS


def _is_server(record: logging.LogRecord) -> bool:
    return record.name.startswith("gunicorn")


def describe(record: logging.LogRecord) -> EventDict:
    """The fields of a record, in the order in which they are read."""
    line: dict[str, Any] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": words(record, record.args),
        **structlog.contextvars.get_contextvars(),
    }
    given = vars(record)
    line.update({name: given[name] for name in FIELDS if name in given})
    if record.exc_info:
        line["exc_info"] = record.exc_info
    return line


def explain(logger: Any, method: str, event: EventDict) -> EventDict:
    """An exception by its fields."""
    _, error, _ = event.pop("exc_info", None) or (None, None, None)
    if error is not None:
        event.update(fault(error, with_stack="outage" not in event))
    return event


def allow(logger: Any, method: str, event: EventDict) -> EventDict:
    """Nothing else goes out, whoever put it in."""
    return {name: _plain(value) for name, value in event.items() if name in ALLOWED}


def _plain(value: Any) -> Any:
    return value if type(value) in PLAIN else str(value)


def words(record: logging.LogRecord, values: Any) -> str:
    """The message with its values; of a library's, what is harmless of it."""
    message = str(record.msg)
    if _is_ours(record) or message in HARMLESS:
        return _filled(message, values)
    for beginning in BEGINNINGS:
        if message.startswith(beginning):
            return f"{beginning.rstrip(' =')} …"
    return _filled(message, _harmless(values)) if values else "…"


def _filled(message: str, values: Any) -> str:
    try:
        return message % values if values else message
    except (TypeError, ValueError, KeyError):  # another shape than the words have
        return message


def _harmless(values: Any) -> Any:
    if isinstance(values, tuple):
        return tuple(each if isinstance(each, int | float) else "…" for each in values)
    return dict.fromkeys(values, "…")


def fault(error: BaseException, *, with_stack: bool = True) -> dict[str, Any]:
    """An exception as fields: its type, what it came from, the database's code, and where in the
    code it was; no message, no local value."""
    fields: dict[str, Any] = {"error": _name(error)}
    if _name(error) in SPEAKING:
        fields["error"] += f": {error}"
    causes = list(_causes(error))
    if causes:
        fields["cause"] = ", ".join(map(_name, causes))
    for each in (error, *causes):
        fields |= _of_database(getattr(each, "orig", each))
    if with_stack:
        fields["stack"] = list(stack_of(error))
    return fields


def _name(error: BaseException) -> str:
    kind = type(error)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    number = error.errno if isinstance(error, OSError) else None
    return f"{name}({number})" if number is not None else name


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen = {id(error)}
    inner = error.__cause__ or error.__context__
    while inner is not None and id(inner) not in seen:
        seen.add(id(inner))
        yield inner
        inner = inner.__cause__ or inner.__context__


def _of_database(error: Any) -> dict[str, str]:
    """Names of the schema, which are no values."""
    found = {
        "sqlstate": getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None),
        "constraint": getattr(getattr(error, "diag", None), "constraint_name", None),
    }
    return {name: str(value) for name, value in found.items() if value}


def stack_of(error: BaseException) -> Iterator[str]:
    """`file:line function` of each frame, the innermost last and most often kept."""
    frames = list(traceback.walk_tb(error.__traceback__))[-MOST_FRAMES:]
    for frame, line in frames:
        code = frame.f_code
        yield f"{_short(code.co_filename)}:{line} {code.co_name}"


def _short(filename: str) -> str:
    path = Path(filename)
    for place in ("site-packages", "lib"):
        if place in path.parts:
            return "/".join(path.parts[path.parts.index(place) + 1 :])
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
