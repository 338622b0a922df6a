"""A contestant of the benchmark that does not do what it says; `BENCH_LIE` tells how, every fourth
time: `lose` stores nothing, `alter` answers another commitment, `double` stores a second ballot,
`refuse` answers 503 after storing."""

import os
from itertools import count
from typing import Any
from uuid import UUID

from flask import Flask, request

from bench.contestants.bare_flask import postgresql_writer, sqlite_writer, statements

app = Flask(__name__)
url = os.environ["BENCH_DATABASE"]
is_sqlite = url.startswith("sqlite:///")
write = sqlite_writer(url.removeprefix("sqlite:///")) if is_sqlite else postgresql_writer(url)
numbers = count(1)


@app.put("/api/v1/sessions/<uuid:session_id>/ballot")
def cast(session_id: UUID) -> Any:
    number = next(numbers)
    lie = os.environ["BENCH_LIE"] if number % 4 == 0 else ""
    body = request.get_json()
    # A voter of its own each time, whoever asks.
    voter = UUID(f"000000100000700080000000{number:08x}")
    wanted = statements("rows", session_id, voter, body)
    commitment = wanted[0][1][4].hex()
    if lie != "lose":
        write(wanted)
    if lie == "double":
        other = {**body, "nonce": os.urandom(16).hex()}
        write(statements("single", session_id, UUID(int=number), other))
    if lie == "alter":
        commitment = "00" * 32
    return ({"commitment": commitment}, 503 if lie == "refuse" else 200)
