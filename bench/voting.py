"""All parts of the benchmark of voting, on one PostgreSQL server and in one folder."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import create_engine, text

from bench import casts, closing, growth, pgbench, reads, worker_classes
from bench.figures import Figure, Figures
from bench.plan import Plan
from bench.report import ROOT, circumstances
from bench.sites import disk_of
from tests import databases

Part = Callable[[Plan, Path, str | None], Iterator[Figure]]
PARTS: dict[str, Part] = {
    "cast": casts.measure,
    "reads": reads.measure,
    "growth": growth.measure,
    "closing": closing.measure,
    "workers": worker_classes.measure,
}
ORDINARY = ("cast", "reads", "growth", "closing")


DURABILITY = ("fsync", "synchronous_commit", "full_page_writes")


class NotDurable(RuntimeError):
    """PostgreSQL does not wait for the disk: what it then does is not what is promised."""


def measure(
    plan: Plan, parts: Sequence[str] = ORDINARY, *, durable: bool = True
) -> tuple[Figures, dict[str, str]]:
    """All figures of these parts, and the circumstances.

    Raises NotDurable where the server may lose what it acknowledged, unless that does not matter.
    """
    found: list[Figure] = []
    # Not in the temporary folder, which may lie in memory: SQLite's commits are to reach a disk.
    home = ROOT / "instance"
    home.mkdir(exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=home, prefix="bench-")))
        server = None
        if "postgresql" in plan.engines:
            server = stack.enter_context(databases.postgresql_server(durable=durable))
        facts = circumstances() | _facts(plan, folder, server)
        if durable:
            _require_durable(facts)
        for name in parts:
            began = time.perf_counter()
            found += PARTS[name](plan, folder / name, server)
            facts[f"{name} took"] = f"{time.perf_counter() - began:.0f} s"
            print(f"{name}: {facts[f'{name} took']}", file=sys.stderr, flush=True)
    return Figures(found), facts


def _require_durable(facts: Mapping[str, str]) -> None:
    lax = [setting for setting in DURABILITY if facts.get(setting) == "off"]
    if lax:
        raise NotDurable(f"PostgreSQL runs with {', '.join(lax)} off")


def _facts(plan: Plan, folder: Path, server: str | None) -> dict[str, str]:
    facts = {}
    for engine, url in (("sqlite", "sqlite://"), ("postgresql", server)):
        if url is None or engine not in plan.engines:
            continue
        asked = "SELECT sqlite_version()" if engine == "sqlite" else "SHOW server_version"
        bind = create_engine(url)
        with bind.connect() as connection:
            facts[engine] = str(connection.scalar(text(asked))).partition(" ")[0]
            if engine == "postgresql":
                for setting in (*DURABILITY, "shared_buffers"):
                    facts[setting] = str(connection.scalar(text(f"SHOW {setting}")))
        bind.dispose()
    facts["pgbench"] = "had" if pgbench.program() else "not had"
    facts["disk"] = disk_of(folder)
    facts["connections"] = str(plan.connections)
    facts["rounds"] = f"{plan.rounds} ({plan.side_rounds} at other numbers of workers)"
    return facts
