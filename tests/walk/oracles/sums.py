"""Whether logs, references, sealed results, tallies and figures hold."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.backup import checks
from app.ballots.models import ResultRow, SessionResult
from app.kit.clock import local_date
from tests.cast import Person
from tests.walk.walking import Fault
from tests.walk.world import World

# What the second officer has still to do is no fault of the result.
PLACES = {
    "compound": "/compounds",
    "community": "/communities",
    "subdistrict": "/subdistricts",
}
ADDED_UP = (
    ("participation", "raised"),
    ("participation", "merged"),
    ("participation", "listed"),
    ("participation", "votes"),
    ("outcome", "selected"),
    ("outcome", "solved"),
    ("outcome", "reopened"),
    ("outcome", "deferred"),
    ("outcome", "conventions_in_force"),
    ("work", "rework"),
    ("work", "member_minutes"),
)


def log_faults(session: Session) -> Iterator[Fault]:
    """Chains, states by the log, references, bundles and turnouts."""
    for name in ("chain", "state", "reference", "bundle", "turnout"):
        for finding in getattr(checks, f"find_{name}_faults")(session):
            yield Fault(f"{name} faults", finding.en)


def tally_faults(session: Session) -> Iterator[Fault]:
    """Tallies whose points are not those of their marks, or that have more marks than ballots."""
    for result in session.scalars(select(SessionResult)):
        rows = session.scalars(
            select(ResultRow).where(ResultRow.session_id == result.session_id)
        ).all()
        for row in rows:
            if row.counts and row.score != sum(
                w * n for w, n in zip((5, 3, 1), row.counts, strict=True)
            ):
                yield Fault("tally: score", f"{row.score} of {row.counts}")
        for column in zip(*(row.counts for row in rows if row.counts), strict=True):
            if sum(column) > result.returned - result.blank:
                yield Fault("tally: more marks than ballots", f"{column} of {result.returned}")
        if sorted(row.rank for row in rows) != list(range(1, 1 + len(rows))):
            yield Fault("tally: ranks", f"{[row.rank for row in rows]}")


def figure_faults(world: World) -> Iterator[Fault]:
    """Figures of a place that are not the sum of those below it, for the street office."""
    grounds = list(world.grounds.values())
    readers = world.holders("SUBDISTRICT_OFFICER", grounds[0].compound)
    if not readers:
        return
    today = local_date(world.clock.now)
    levels = {
        level: sorted({str(ground.at(level).id) for ground in grounds})
        for level in ("compound", "community", "subdistrict")
    }
    for period in (f"month={today:%Y-%m}", f"year={today:%Y}"):
        of = {
            level: [
                _read(world, readers[0], f"{PLACES[level]}/{id_}/figures?{period}") for id_ in ids
            ]
            for level, ids in levels.items()
        }
        (whole,) = of["subdistrict"]
        for name, value in whole.items():
            for level in ("community", "compound"):
                parts = [each.get(name) for each in of[level]]
                if value is not None and value != sum(part or 0 for part in parts):
                    text = f"{period}: {value}, and below {parts}"
                    yield Fault(f"figures: {name} does not add up", text)


def _read(world: World, reader: Person, path: str) -> dict[str, Any]:
    answer = world.logged_in(reader).get(path)
    return _numbers(answer.json) if answer.status_code == 200 else {}


def _numbers(figures: dict[str, Any]) -> dict[str, Any]:
    found = {f"{part}.{name}": figures[part][name] for part, name in ADDED_UP}
    orders = figures["work"]["orders"]
    resolutions = figures["outcome"]["resolutions"]
    return {
        **found,
        "orders": orders["number"],
        **{f"resolutions.{name}": value for name, value in resolutions.items()},
    }
