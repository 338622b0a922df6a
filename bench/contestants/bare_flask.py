"""A bare Flask application: token, hand-written SQL, one commit; none of our checks.

It writes to the same tables, with the same constraints, as the application. `BENCH_WRITES` says
how: `rows` is the ballot with marks, commitment and participation in four statements;
`one_statement` the same in one statement (PostgreSQL only); `single` is the ballot's row alone.
Its reads are answered from memory; with `BENCH_ASKS` set, after one question whether the login
still stands (PostgreSQL only).
"""

import hashlib
import os
import sqlite3
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import jwt
import psycopg
from flask import Flask, Response, jsonify, request

TOKEN_KEY = bytes.fromhex(os.environ["BENCH_TOKEN_KEY"])
COMPOUND = UUID(os.environ["BENCH_COMPOUND"])
TODAY = date.today()

INSERT_BALLOT = """INSERT INTO ballots
    (compound_id, session_id, slot, nonce, commitment, version) VALUES (%s, %s, %s, %s, %s, 1)"""
MARK = "(%s, %s, %s, %s, %s, %s, %s)"
INSERT_MARKS = f"""INSERT INTO ballot_marks
    (compound_id, session_id, slot, label, weight, matter_id, tracker) VALUES {MARK}, {MARK}, {MARK}
    """
INSERT_COMMITMENT = """INSERT INTO ballot_commitments
    (compound_id, session_id, commitment, slot, version) VALUES (%s, %s, %s, %s, 1)"""
MARK_PARTICIPATION = """UPDATE roll_entries SET channel = 'PHONE', voted_on = %s
    WHERE compound_id = %s AND session_id = %s AND resident_id = %s AND voted_on IS NULL"""
LOGIN_STANDS = """SELECT 1 FROM token_families
    WHERE id = %s AND resident_id = %s AND revoked_at IS NULL"""
ONE_STATEMENT = f"""WITH b AS ({INSERT_BALLOT}), m AS ({INSERT_MARKS}), c AS ({INSERT_COMMITMENT})
    {MARK_PARTICIPATION}"""

Statements = list[tuple[str, tuple[Any, ...]]]
Write = Callable[[Statements], None]


def statements(how: str, session_id: UUID, voter: UUID, body: dict[str, Any]) -> Statements:
    """What one cast sends to the database, with its values."""
    nonce = bytes.fromhex(body["nonce"])
    slot = hashlib.sha256(session_id.bytes + voter.bytes).digest()
    committed = hashlib.sha256(nonce + request.get_data()).digest()
    ballot = (INSERT_BALLOT, (COMPOUND, session_id, slot, nonce, committed))
    if how == "single":
        return [ballot]
    marks: list[Any] = []
    for mark in body["marks"]:
        tracker = hashlib.sha256(nonce + bytes([mark["weight"] % 256])).digest()[:10]
        marks += [COMPOUND, session_id, slot, str(mark["weight"]), mark["weight"]]
        marks += [UUID(mark["matter_id"]), tracker]
    found: Statements = [
        ballot,
        (INSERT_MARKS, tuple(marks)),
        (INSERT_COMMITMENT, (COMPOUND, session_id, committed, slot)),
        (MARK_PARTICIPATION, (TODAY, COMPOUND, session_id, voter)),
    ]
    if how == "one_statement":
        return [(ONE_STATEMENT, tuple(value for _, values in found for value in values))]
    return found


def postgresql_writer(url: str) -> Write:
    """One connection for each worker; a single statement commits by itself."""
    connections: list[psycopg.Connection] = []

    def write(wanted: Statements) -> None:
        if not connections:
            connections.append(psycopg.connect(url.replace("+psycopg", ""), autocommit=True))
        (connection,) = connections
        if len(wanted) == 1:
            connection.execute(*wanted[0])
            return
        with connection.transaction():
            for statement, values in wanted:
                connection.execute(statement, values)

    return write


def sqlite_writer(path: str) -> Write:
    """One connection for each worker, opened as the application opens its own."""
    connections: list[sqlite3.Connection] = []

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in (
            "foreign_keys=ON",
            "journal_mode=WAL",
            "synchronous=FULL",
            "busy_timeout=10000",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def write(wanted: Statements) -> None:
        if not connections:
            connections.append(connect())
        (connection,) = connections
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement, values in wanted:
                plain = [value.hex if isinstance(value, UUID) else value for value in values]
                plain = [str(value) if isinstance(value, date) else value for value in plain]
                connection.execute(statement.replace("%s", "?"), plain)
            connection.execute("COMMIT")
        except sqlite3.Error:
            connection.execute("ROLLBACK")
            raise

    return write


def asker(url: str) -> Callable[[dict[str, Any]], None]:
    """Asks whether a token's login still stands; raises where it does not."""
    connections: list[psycopg.Connection] = []

    def ask(claims: dict[str, Any]) -> None:
        if not connections:
            connections.append(psycopg.connect(url.replace("+psycopg", ""), autocommit=True))
        row = connections[0].execute(LOGIN_STANDS, (claims["family"], claims["sub"])).fetchone()
        if row is None:
            raise PermissionError

    return ask


def claims_of_token() -> dict[str, Any]:
    """What the token says that came with the request; the library raises where it is not valid."""
    token = request.headers["Authorization"].removeprefix("Bearer ")
    claims: dict[str, Any] = jwt.decode(
        token, TOKEN_KEY, algorithms=["HS256"], audience="yueyuetan-api", issuer="yueyuetan"
    )
    return claims


def create_app() -> Flask:
    """The application, as its environment says."""
    flask = Flask(__name__)
    url, how = os.environ["BENCH_DATABASE"], os.environ["BENCH_WRITES"]
    is_sqlite = url.startswith("sqlite:///")
    write = sqlite_writer(url.removeprefix("sqlite:///")) if is_sqlite else postgresql_writer(url)
    ask = asker(url) if os.environ.get("BENCH_ASKS") else None
    read_body = {"state": "VOTING", "roll": 1000, "returned": 400}

    def cast(session_id: UUID) -> dict[str, Any]:
        voter = UUID(claims_of_token()["sub"])
        body = request.get_json()
        wanted = statements(how, session_id, voter, body)
        write(wanted)
        return {"commitment": wanted[0][1][4].hex(), "version": 1}

    def read(session_id: UUID) -> Response:
        claims = claims_of_token()
        if ask is not None:
            ask(claims)
        answer = jsonify(read_body)
        answer.set_etag("bare")
        answer.make_conditional(request)
        return answer

    prefix = "/api/v1/sessions/<uuid:session_id>"
    flask.add_url_rule(f"{prefix}/ballot", view_func=cast, methods=["PUT"])
    flask.add_url_rule(f"{prefix}/turnout", "turnout", read)
    flask.add_url_rule(f"{prefix}/result", "result", read)
    return flask


app = create_app()
