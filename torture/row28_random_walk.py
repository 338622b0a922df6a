"""Row 28, and what else holds at all times: random walks through every writing operation.

A walk goes red where an answer is not foreseen, where a log, a sum or a public text is not so,
where a small cell shows, and where at its end something is left that nobody can move
(`tests/walk`). Over enough walks every writing operation must have been accepted once.
"""

import contextlib
import io
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from app.kit.extensions import db
from tests.databases import empty, postgresql_server
from tests.walk.ground import walking_ground
from tests.walk.oracles.stuck import ROUNDS
from tests.walk.sabotage import SABOTAGES
from tests.walk.telling import told
from tests.walk.trip import walk
from tests.walk.walking import Report
from torture.faults import Faults
from torture.ground import Arena
from torture.rows import Figures, Mutant, Row

STEPS = 400
SEED_OF_MUTANT = 3
ENOUGH = 20  # walks that must have done everything


def play(arena: Arena, engine: str, size: int, sabotage: str) -> Figures:
    """Take so many walks, each from its own seed, on an empty database."""
    faults, reports = Faults(), list(_walks(engine, size, sabotage))
    for report in reports:
        for fault in report.faults.values():
            faults.add("other", f"seed {report.seed}: {fault.kind}: {fault.text[:300]}")
        if report.faults:
            faults.examples.append(told(report, 8))
    tried, accepted = Counter[str](), Counter[str]()
    for report in reports:
        tried.update(report.tried)
        accepted.update(report.accepted)
    never = sorted(tried.keys() - accepted.keys())
    if size >= ENOUGH:
        for operation in never:
            faults.add("other", f"never accepted: {operation}")
    return Figures(
        len(reports),
        faults,
        f"{tried.total()} 次调用，{accepted.total()} 次办成；办成过的写操作 {len(accepted)} 种",
        f"{tried.total()} calls, {accepted.total()} accepted, of {len(accepted)} operations",
    )


def _walks(engine: str, size: int, sabotage: str) -> Iterator[Report]:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(postgresql_server()) if engine == "postgresql" else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        app, wechat = stack.enter_context(walking_ground(engine, folder, server))
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        if sabotage:
            doing, fault, steps, drains = SABOTAGES[sabotage]
            stack.enter_context(doing())
            control, seed = wechat.control, SEED_OF_MUTANT
            yield walk(app, control, seed, steps, drains=drains, until=fault)
            return
        for seed in range(1, 1 + size):
            yield walk(app, wechat.control, seed, STEPS, drains=ROUNDS)
            with app.app_context():
                empty(db.engine)


ROW = Row(
    number="28",
    name="random-walk",
    zh="随机漫步：每一步随便谁做一件事，公示、记录、合计都属实，最后没有办不下去的",
    en="random walks: whatever anybody does, board, log and sums are true, and nothing is stuck",
    unit=("次漫步", "walks"),
    play=play,
    full=50,
    short=1,
    mutant=1,
    mutants=(
        Mutant("no_way_out", "报完成的没有出路", "what is handed in has no way out"),
        Mutant("default_doer", "承办单位一律写物业", "all work is said to be the firm's"),
        Mutant("grades_of_few", "人再少也公布满意率", "grades by however few are told"),
        Mutant("silent_screening", "审题不记入记录", "the log is not told of screening"),
        Mutant("unforeseen_error", "附议时出现意外", "an unforeseen error"),
    ),
)
