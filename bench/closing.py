"""Closing, counting and sealing against ballots: each time in a fresh process, then recounted."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from bench.figures import Figure
from bench.plan import Plan
from bench.report import ROOT
from bench.seeding import add_ballots, add_home, add_others, add_roll, add_session, seeding
from bench.sites import Site, empty_database

PART = "closing"


def measure(plan: Plan, folder: Path, server: str | None) -> Iterator[Figure]:
    """Close sessions of each size; sizes take turns."""
    for engine in plan.engines:
        with empty_database(engine, folder / engine, server) as url:
            sessions: dict[tuple[int, int], UUID] = {}
            with seeding(url) as connection:
                first = 1
                # A compound of its own for each size: closing admits who lives there.
                for size, times in plan.closing:
                    home = add_home(connection)
                    add_others(connection, home, first, first + size - 1)
                    for round_ in range(times):
                        session_id = add_session(connection, home, round_)
                        add_roll(connection, home, session_id, first, first + size - 1, voted=True)
                        add_ballots(connection, home, session_id, size)
                        sessions[round_, size] = session_id
                    first += size
            site = Site(engine, url, folder / engine, home)
            site.make_keys(list(sessions.values()))
            for (round_, size), session_id in sorted(sessions.items()):
                for measure_, value in close_once(site, session_id).items():
                    yield Figure(PART, engine, "ours", size, round_, measure_, value)


def close_once(site: Site, session_id: UUID) -> dict[str, float]:
    """Close one session and verify its bundle; seconds, megabytes and counts.

    Raises RuntimeError where either fails.
    """
    bundle = site.folder / f"{session_id}.json"
    said = _run(["-m", "bench.close_once", str(session_id), str(bundle)], site)
    found: dict[str, float] = json.loads(said)
    began = time.perf_counter()
    _run(["-m", "votes.verify", str(bundle)], site)
    found["verify_s"] = time.perf_counter() - began
    return found


def _run(words: list[str], site: Site) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, **site.environment},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout[-500:]}{done.stderr[-2000:]}")
    return done.stdout
