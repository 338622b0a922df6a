"""`python -m tests.walk --seed 7 --steps 400 --engine sqlite`: replay a walk and tell of it."""

import argparse
import contextlib
import io
import sys
import tempfile
import time
from pathlib import Path

from tests.databases import ENGINES, postgresql_server
from tests.walk.ground import walking_ground
from tests.walk.telling import told, told_of_all
from tests.walk.trip import walk
from tests.walk.walking import Report


def main() -> int:
    """Walk as the command line asks; 1 where a fault was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.walk")
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--seeds", type=int, default=0, help="从 1 起这么多个 · so many, from 1 on")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--engine", choices=ENGINES, default="sqlite")
    parser.add_argument("--last", type=int, default=15, help="出错时列出的步数 · last calls shown")
    options = parser.parse_args()
    seeds = options.seed or range(1, 1 + max(1, options.seeds))
    reports: list[Report] = []
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(postgresql_server()) if options.engine != "sqlite" else None
        for seed in seeds:
            begun = time.monotonic()
            with (
                tempfile.TemporaryDirectory() as folder,
                walking_ground(options.engine, Path(folder), server) as (app, wechat),
                contextlib.redirect_stdout(io.StringIO()),
            ):
                report = walk(app, wechat.control, seed, options.steps)
            reports.append(report)
            print(told(report, options.last), f"({time.monotonic() - begun:.0f} s)")
            sys.stdout.flush()
    print(told_of_all(reports))
    return int(any(report.faults for report in reports))


if __name__ == "__main__":
    sys.exit(main())
