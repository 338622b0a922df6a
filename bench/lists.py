"""Lists of a compound with ten years of sessions beside those of an empty one.

Every list of the application is measured: its first page, and a page deep inside. Requests to the
two compounds take turns, so that whatever else the machine does falls on both.
"""

import gc
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from app import create_app
from app.config import Settings
from app.kit.extensions import db
from app.kit.web.api import PREFIX
from bench.city import City, Side, build, token_of
from bench.decade import Plan
from tests import databases
from tests.checks import counted
from tests.operations import template
from tests.operator_key import provide_operator_key

MAX_STATEMENTS = 6
MAX_RATIO = 3.0
WARM_UPS, ROUNDS = 3, 15
DEEP = 10  # the page that is measured beside the first
FEEDS = ("application/feed+json", "application/atom+xml")
BOARD_PAGE = "/board/{kind}/{place_id}"

# Questions that a list may be asked; each is measured like a list of its own.
QUESTIONS: dict[str, tuple[str, ...]] = {
    f"{PREFIX}/compounds/{{compound_id}}/matters": ("mine=true", "category=PARKING"),
    f"{PREFIX}/compounds/{{compound_id}}/orders": ("overdue=true", "state=VERIFIED"),
    f"{PREFIX}/compounds/{{compound_id}}/conventions": ("in_force=true",),
    f"{PREFIX}/compounds/{{compound_id}}/audit": ("verb=enter_force",),
}


@dataclass(frozen=True)
class Line:
    """What one page of one list cost on both sides."""

    path: str
    name: str
    page: int
    rows: int
    empty_statements: int
    full_statements: int
    empty_ms: list[float]
    full_ms: list[float]

    @property
    def medians(self) -> tuple[float, float]:
        """Milliseconds of the empty side and of the full one."""
        return statistics.median(self.empty_ms), statistics.median(self.full_ms)

    @property
    def ratio(self) -> float:
        empty, full = self.medians
        return full / empty

    @property
    def holds(self) -> bool:
        """Whether the list keeps to both limits, and showed anything at all."""
        most = max(self.empty_statements, self.full_statements)
        return self.rows > 0 and most <= MAX_STATEMENTS and self.ratio <= MAX_RATIO


@dataclass(frozen=True)
class Outcome:
    """All lines of one engine, with how long its database took to fill."""

    engine: str
    version: str
    filled_in_s: float
    lines: list[Line]


def measure(engine: str, server: str | None, plan: Plan, rounds: int = ROUNDS) -> Outcome:
    """Fill a new database of this engine and measure every list on it."""
    with application(engine, server) as app:
        begun = time.perf_counter()
        city = build(app, plan)
        filled_in_s = time.perf_counter() - begun
        gc.collect()
        lines = [
            line
            for path, name in lists_of(app)
            for line in _measure_list(app, city, path, name, rounds)
        ]
        return Outcome(engine, _version(app), filled_in_s, lines)


@contextmanager
def application(engine: str, server: str | None) -> Iterator[Flask]:
    """The application on a new, migrated database; both are gone afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(databases.database(engine, folder, server))
        settings = Settings(
            production=False,
            database_url=url,
            secret_key="a secret of the benchmark, of more than thirty-two bytes",
            rate_limit_url="off",
            key_store=folder / "keys",
            public_url="https://board.example",
            wechat_appid="",
            wechat_secret="",
            wechat_api_base="http://127.0.0.1:9",
            attachment_folder=folder / "attachments",
        )
        app = create_app(settings, folder)
        provide_operator_key(app)
        stack.callback(app.extensions["wechat"].close)
        with app.app_context():
            stack.callback(db.engine.dispose)
        yield app


def lists_of(app: Flask) -> list[tuple[str, str]]:
    """Path and Chinese name of every list that the application serves, feeds and board too."""
    description = app.test_client().get(f"{PREFIX}/openapi.json").json
    assert description is not None
    schemas = description["components"]["schemas"]
    found = []
    for path, methods in description["paths"].items():
        content = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        if any(_is_list(kind, each["schema"], schemas) for kind, each in content.items()):
            found.append((path, methods["get"]["summary"].partition("·")[0].strip()))
    pages = {template(rule.rule) for rule in app.url_map.iter_rules()} & {BOARD_PAGE}
    return found + [(page, "公示栏") for page in sorted(pages)]


def _is_list(kind: str, schema: dict[str, Any], schemas: dict[str, Any]) -> bool:
    named = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
    properties = named.get("properties", {}).values()
    is_page = any(each.get("type") == "array" for each in properties) and (
        "next_cursor" in named["properties"] or "order" in named["properties"]
    )
    return kind in FEEDS or named.get("type") == "array" or is_page


def _measure_list(app: Flask, city: City, path: str, name: str, rounds: int) -> Iterator[Line]:
    for question in ("", *QUESTIONS.get(path, ())):
        title = f"{name}?{question}" if question else name
        empty = _reader(app, city.empty, path)
        full = _reader(app, city.full, path)
        deep, page = _walk(full, question)
        yield _measure_page(app, path, title, 1, (empty, question), (full, question), rounds)
        if page > 1:
            yield _measure_page(app, path, title, page, (empty, question), (full, deep), rounds)


Read = Callable[[str], TestResponse]


def _reader(app: Flask, side: Side, path: str) -> Read:
    """Reads the list on one side, with the query that it is given."""
    who = side.voter if path.startswith(f"{PREFIX}/me/") else side.reader
    headers = {"Authorization": f"Bearer {token_of(app, who)}"}
    address = path.format_map(side.ids)
    client = app.test_client()

    def read(query: str) -> TestResponse:
        return client.get(address, query_string=query, headers=headers)

    return read


def _walk(read: Read, question: str) -> tuple[str, int]:
    """The query of the tenth page, or of the last one where there are fewer, and its number."""
    query = question
    for page in range(1, DEEP):
        following = _next_query(_checked(read(query)), question)
        if following is None:
            return query, page
        query = following
    return query, DEEP


def _next_query(answer: TestResponse, question: str) -> str | None:
    body = answer.json if answer.is_json else None
    if isinstance(body, dict) and "next_cursor" in body:
        cursor = body["next_cursor"]
        return None if cursor is None else f"{question}&cursor={cursor}".lstrip("&")
    found = re.findall(r"[?]before=[0-9a-f-]+", answer.text)
    return found[-1][1:] if found else None


def _measure_page(
    app: Flask,
    path: str,
    name: str,
    page: int,
    empty: tuple[Read, str],
    full: tuple[Read, str],
    rounds: int,
) -> Line:
    statements: list[int] = []
    for read, query in (empty, full):
        with counted(app) as sent:
            answer = _checked(read(query))
        statements.append(len(sent))
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(WARM_UPS + rounds):
        for side, (read, query) in zip(times, (empty, full), strict=True):
            begun = time.perf_counter()
            read(query)
            spent = time.perf_counter() - begun
            if number >= WARM_UPS:
                side.append(1000 * spent)
    rows = _rows_of(answer)
    return Line(path, name, page, rows, statements[0], statements[1], times[0], times[1])


def _rows_of(answer: TestResponse) -> int:
    if not answer.is_json:
        return len(re.findall(r"<entry>|<article", answer.text))
    body = answer.json
    if isinstance(body, dict):
        body = body.get("items", body.get("changes"))
    return len(body or ())


def _checked(answer: TestResponse) -> TestResponse:
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.request.path}: {answer.status_code} {answer.text}")
    return answer


def _version(app: Flask) -> str:
    with app.app_context(), db.engine.connect() as connection:
        if db.engine.dialect.name == "sqlite":
            return f"SQLite {connection.scalar(text('SELECT sqlite_version()'))}"
        return f"PostgreSQL {connection.scalar(text('SHOW server_version'))}".split(" (")[0]
