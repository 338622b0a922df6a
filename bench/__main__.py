"""`python -m bench lists`, `voting` and `profile`: see the modules of these names.

Exit status 1 where a limit or a goal is not kept.
"""

import argparse
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench import scale, voting
from bench.decade import Plan
from bench.goals import goals
from bench.lists import measure
from bench.plan import QUICK
from bench.plan import Plan as VotingPlan
from bench.report import ROOT, as_text, write
from bench.voting_report import as_text as voting_text
from bench.voting_report import write as write_voting
from tests import databases

RESULTS = ROOT / "bench" / "results"


def main() -> int:
    """Run the benchmark that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    commands = parser.add_subparsers(required=True)
    lists = commands.add_parser("lists", help="十年的小区与空小区的列表 · lists after ten years")
    lists.add_argument("--engine", choices=databases.ENGINES, action="append")
    lists.add_argument("--sessions", type=int, default=Plan.sessions)
    lists.add_argument("--results", type=Path, default=RESULTS)
    lists.set_defaults(run=run_lists)
    votes = commands.add_parser(
        "voting", help="投票、读取、截止的快慢与规模 · voting, its speed and scale"
    )
    votes.add_argument("parts", nargs="*", metavar="PART", help=", ".join(voting.PARTS))
    votes.add_argument("--engine", choices=databases.ENGINES, action="append")
    votes.add_argument("--quick", action="store_true", help="小规模 · small sizes, no goals")
    votes.add_argument("--results", type=Path)
    votes.set_defaults(run=run_voting)
    one = commands.add_parser("profile", help="一次投票的时间 · where the time of a cast goes")
    one.add_argument("--engine", choices=databases.ENGINES, action="append")
    one.set_defaults(run=run_profile)
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


def run_voting(arguments: argparse.Namespace) -> int:
    """Measure, print, and store with a picture what is a whole run; 1 where a goal is missed.

    A part of it, or a quick run, is stored only where `--results` names a folder, so that it does
    not take the place of a whole run.
    """
    unknown = set(arguments.parts) - set(voting.PARTS)
    if unknown:
        raise SystemExit(f"没有这一项 · no such part: {', '.join(sorted(unknown))}")
    engines = tuple(arguments.engine or databases.ENGINES)
    plan = replace(QUICK if arguments.quick else VotingPlan(), engines=engines)
    parts = arguments.parts or voting.ORDINARY
    figures, facts = voting.measure(plan, parts)
    print(voting_text(figures, plan, facts))
    is_whole = not arguments.quick and not arguments.parts and engines == databases.ENGINES
    folder = arguments.results or (RESULTS if is_whole else None)
    if folder is not None:
        from bench.picture import draw  # matplotlib takes a second that nothing else needs

        write_voting(figures, plan, facts, folder)
        draw(figures, plan, folder / "voting.png")
    if is_whole and arguments.results is None:
        scale.update(ROOT / "docs" / "scale.md", scale.as_block(figures, plan, facts))
    return int(any(goal.holds is False for goal in goals(figures, plan.workers[0])))


def run_profile(arguments: argparse.Namespace) -> int:
    """Print where the time of a cast goes, on each engine."""
    from bench.profile import profile

    engines = arguments.engine or databases.ENGINES
    with ExitStack() as stack:
        server = None
        if "postgresql" in engines:
            server = stack.enter_context(databases.postgresql_server(durable=True))
        for engine in engines:
            print(profile(engine, server))
    return 0


if __name__ == "__main__":
    sys.exit(main())
