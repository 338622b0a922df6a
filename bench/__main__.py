"""`python -m bench lists`: see `bench.lists`. Exit status 1 where a limit is not kept."""

import argparse
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench.decade import Plan
from bench.lists import measure
from bench.report import ROOT, as_text, write
from tests import databases


def main() -> int:
    """Run the benchmark that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    commands = parser.add_subparsers(required=True)
    lists = commands.add_parser("lists", help="十年的小区与空小区的列表 · lists after ten years")
    lists.add_argument("--engine", choices=databases.ENGINES, action="append")
    lists.add_argument("--sessions", type=int, default=Plan.sessions)
    lists.add_argument("--results", type=Path, default=ROOT / "bench" / "results")
    lists.set_defaults(run=run_lists)
    arguments = parser.parse_args()
    status: int = arguments.run(arguments)
    return status


def run_lists(arguments: argparse.Namespace) -> int:
    """Measure, print and store; 1 where a list misses."""
    plan = replace(Plan(), sessions=arguments.sessions)
    engines = arguments.engine or databases.ENGINES
    with ExitStack() as stack:
        server = None
        if "postgresql" in engines:
            server = stack.enter_context(databases.postgresql_server())
        outcomes = [measure(engine, server, plan) for engine in engines]
    print(as_text(outcomes, plan))
    write(outcomes, plan, arguments.results)
    return int(not all(line.holds for outcome in outcomes for line in outcome.lines))


if __name__ == "__main__":
    sys.exit(main())
