"""Where the time of one cast goes: by statement, and by what computes.

Casts go through the whole application in this process, without sockets. Statements are timed by the
clock; the computing is then shared out by the profiler, whose own cost falls on short functions
more than on long ones: read the shares, not the sums.
"""

import cProfile
import io
import pstats
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import Engine, event

from app import create_app
from app.kit.extensions import db
from app.kit.web.api import PREFIX
from bench.report import ROOT
from bench.seeding import (
    Home,
    add_home,
    add_people,
    add_roll,
    add_session,
    ballot_body,
    seeding,
)
from bench.sites import Site, Tokens, empty_database
from bench.tables import number, table

CASTS, WARM_UP = 500, 100
COMMIT = "COMMIT"
# Whose time it is, by a part of the file's path; the first that fits.
OWNERS = {
    "/psycopg": "psycopg",
    "/sqlalchemy/": "SQLAlchemy",
    "/jwt/": "PyJWT",
    "/marshmallow/": "marshmallow, webargs, flask-smorest",
    "/webargs/": "marshmallow, webargs, flask-smorest",
    "/flask_smorest/": "marshmallow, webargs, flask-smorest",
    "/flask": "Flask, Werkzeug",
    "/werkzeug/": "Flask, Werkzeug",
    "/votes/": "votes/",
    "/app/": "app/",
}
OTHERS = "Python, cryptography, sqlite3"


def profile(engine: str, server: str | None) -> str:
    """The tables of one engine, as text."""
    parent = ROOT / "instance"
    parent.mkdir(exist_ok=True)
    with ExitStack() as stack:
        path = stack.enter_context(tempfile.TemporaryDirectory(dir=parent, prefix="bench-"))
        folder = Path(path) / engine
        url = stack.enter_context(empty_database(engine, folder, server))
        site, session_id = _seed(engine, url, folder)
        app = create_app(site.settings, folder)
        stack.callback(app.extensions["wechat"].close)
        tokens = Tokens(site).first(WARM_UP + 2 * CASTS)
        environments = [
            _environment(site.home, session_id, number_, token)
            for number_, token in enumerate(tokens, start=1)
        ]
        _cast(app, environments[:WARM_UP])
        with app.app_context():
            bind = db.engine
        stack.callback(bind.dispose)
        statements, total = _time_statements(app, bind, environments[WARM_UP:-CASTS])
        owners = _time_owners(app, environments[-CASTS:])
    return _as_text(engine, statements, total, owners)


def _seed(engine: str, url: str, folder: Path) -> tuple[Site, UUID]:
    people = WARM_UP + 2 * CASTS
    with seeding(url) as connection:
        home = add_home(connection)
        add_people(connection, home, 1, people)
        session_id = add_session(connection, home, 1)
        add_roll(connection, home, session_id, 1, people, voted=False)
    site = Site(engine, url, folder, home)
    site.make_keys([session_id])
    return site, session_id


def _environment(home: Home, session_id: UUID, number_: int, token: str) -> dict[str, Any]:
    body = ballot_body(home, number_, sha256(str(number_).encode()).digest()[:16])
    return {
        "REQUEST_METHOD": "PUT",
        "PATH_INFO": f"{PREFIX}/sessions/{session_id}/ballot",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def _cast(app: Flask, environments: Sequence[dict[str, Any]]) -> None:
    """Cast all of them. Raises AssertionError where one is refused."""

    def start_response(status: str, headers: Any, error: Any = None) -> Any:
        assert status == "200 OK", status

    for environment in environments:
        answer = app.wsgi_app(environment, start_response)
        for _ in answer:
            pass
        answer.close()  # type: ignore[attr-defined]


def _time_statements(
    app: Flask, engine: Engine, environments: Sequence[dict[str, Any]]
) -> tuple[Mapping[str, float], float]:
    """Seconds by statement, and of the casts as a whole."""
    seconds: dict[str, float] = defaultdict(float)
    with _timed(engine, seconds):
        began = time.perf_counter()
        _cast(app, environments)
        total = time.perf_counter() - began
    return seconds, total


@contextmanager
def _timed(engine: Engine, seconds: dict[str, float]) -> Iterator[None]:
    def before(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        connection.info["began"] = time.perf_counter()

    def after(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        name = " ".join(statement.split()[:3])
        seconds[name] += time.perf_counter() - connection.info["began"]

    do_commit = engine.dialect.do_commit

    def commit(connection: Any) -> None:
        began = time.perf_counter()
        do_commit(connection)
        seconds[COMMIT] += time.perf_counter() - began

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    engine.dialect.do_commit = commit  # type: ignore[assignment,method-assign]
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)
        del engine.dialect.do_commit


def _time_owners(app: Flask, environments: Sequence[dict[str, Any]]) -> Mapping[str, float]:
    """Seconds of computing by whose code it is; waiting for the database is psycopg's."""
    profiler = cProfile.Profile()
    profiler.enable()
    _cast(app, environments)
    profiler.disable()
    seconds: dict[str, float] = defaultdict(float)
    for (path, _, _), (_, _, own, _, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        owner = next((name for part, name in OWNERS.items() if part in path), OTHERS)
        seconds[owner] += own
    return seconds


def _as_text(
    engine: str, statements: Mapping[str, float], total: float, owners: Mapping[str, float]
) -> str:
    in_statements = sum(statements.values())
    rows = [
        [f"`{name}`", number(each / CASTS * 1e6), number(each / total * 100, unit=" %")]
        for name, each in statements.items()
    ]
    rest = total - in_statements
    rows.append(
        ["其余 · the rest", number(rest / CASTS * 1e6), number(rest / total * 100, unit=" %")]
    )
    rows.append(["合计 · all", number(total / CASTS * 1e6), "100 %"])
    shares = [
        [name, number(each / sum(owners.values()) * 100, unit=" %")]
        for name, each in sorted(owners.items(), key=lambda item: -item[1])
    ]
    return "\n".join(
        [
            f"## {engine}: {CASTS} 次投票 · casts",
            "",
            table(["语句 · statement", "微秒 · µs", "占 · share"], rows),
            "",
            table(["谁的代码 · whose code", "占 · share"], shares),
            "",
        ]
    )
