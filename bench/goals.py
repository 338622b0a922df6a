"""What the project set itself for casting, reading and closing, and what a run found."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.casts import FAULTS
from bench.figures import Figures, ratio
from bench.growth import BALLOTS

CAST, READS, CLOSING = "cast", "reads", "closing"
BARE_READ = "none"


@dataclass(frozen=True)
class Goal:
    """A goal as a bound on one value: the least that must hold, and what is aimed at."""

    zh: str
    en: str
    must: float
    aim: float
    at_least: bool
    unit: str
    found: float | None

    @property
    def holds(self) -> bool | None:
        """None where it was not measured."""
        return None if self.found is None else self._keeps(self.must)

    @property
    def meets_aim(self) -> bool:
        return self.found is not None and self._keeps(self.aim)

    def _keeps(self, bound: float) -> bool:
        assert self.found is not None
        return self.found >= bound if self.at_least else self.found <= bound


def goals(figures: Figures, workers: int = 2) -> list[Goal]:
    """Every goal with the value of this run; ratios are medians of the ratios of each round."""

    def cast(measure: str, ours: tuple[str, str], theirs: tuple[str, str]) -> float | None:
        return ratio(
            figures.values(CAST, *ours, workers, measure),
            figures.values(CAST, *theirs, workers, measure),
        )

    ours, bare, single = (("postgresql", name) for name in ("ours", "bare_rows", "bare_single"))
    found = [
        Goal(
            "每秒投票数，PostgreSQL，比裸 Flask 写同样的行",
            "casts/s, PostgreSQL, against bare Flask with the same rows",
            *(0.65, 0.90, True, "×"),
            cast("casts_per_s", ours, bare),
        ),
        Goal(
            "每秒投票数，PostgreSQL，比裸 Flask 只写一行",
            "casts/s, PostgreSQL, against bare Flask with one INSERT",
            *(0.45, 0.65, True, "×"),
            cast("casts_per_s", ours, single),
        ),
        Goal(
            "每秒投票数，SQLite 比本系统的 PostgreSQL",
            "casts/s, SQLite against our PostgreSQL",
            *(0.8, 1.5, True, "×"),
            cast("casts_per_s", ("sqlite", "ours"), ours),
        ),
        Goal(
            "投票 p99，32 个连接，比裸 Flask 写同样的行",
            "p99 of a cast at 32 connections, against bare Flask with the same rows",
            *(2.5, 1.5, False, "×"),
            cast("p99_ms", ours, bare),
        ),
    ]
    found += _read_goals(figures)
    found += _growth_goals(figures)
    found += _closing_goals(figures)
    faults = figures.total(FAULTS)
    found.append(
        Goal(
            "丢失、重复、错认的选票",
            "ballots lost, doubled, falsely acknowledged or refused",
            *(0, 0, False, ""),
            faults,
        )
    )
    return found


def _read_goals(figures: Figures) -> list[Goal]:
    def found(kind: str, engine: str) -> float | None:
        return ratio(
            figures.values(READS, engine, f"ours {kind}", 304, "reads_per_s"),
            figures.values(READS, BARE_READ, f"bare {kind}", 304, "reads_per_s"),
        )

    return [
        Goal(
            f"{zh} 304，{engine}，比裸 Flask 304",
            f"{kind} 304, {engine}, against bare Flask 304",
            *(0.6, 0.9, True, "×"),
            found(kind, engine),
        )
        for kind, zh in (("turnout", "投票人数"), ("result", "计票结果"))
        for engine in ("postgresql", "sqlite")
    ]


def _growth_goals(figures: Figures) -> list[Goal]:
    sizes = figures.sizes(BALLOTS, "ours", "p50_ms")
    least, most = (sizes[0], sizes[-1]) if sizes else (0, 0)

    def found(engine: str) -> float | None:
        times: Callable[[int], dict[int, float]] = lambda size: figures.values(  # noqa: E731
            BALLOTS, engine, "ours", size, "p50_ms"
        )
        return ratio(times(most), times(least))

    return [
        Goal(
            f"一次投票，{engine}，已有 {most:,} 票比 {least:,} 票",
            f"a cast, {engine}, with {most:,} ballots against {least:,}",
            *(1.3, 1.05, False, "×"),
            found(engine),
        )
        for engine in ("postgresql", "sqlite")
    ]


def _closing_goals(figures: Figures) -> list[Goal]:
    sizes = figures.sizes(CLOSING, "ours", "close_s")
    most = sizes[-1] if sizes else 0
    return [
        Goal(
            f"截止、计票、封存 {most:,} 票，{engine}",
            f"closing, counting and sealing {most:,} ballots, {engine}",
            *(20, 5, False, "s"),
            figures.median(CLOSING, engine, "ours", most, "close_s"),
        )
        for engine in ("postgresql", "sqlite")
    ]
