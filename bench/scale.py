"""What a run means for a city and a country: the measured part of `docs/scale.md`."""

from collections.abc import Mapping
from pathlib import Path

from bench import capacity, growth
from bench.capacity import CITY, EVENINGS
from bench.figures import Figures
from bench.plan import Plan
from bench.tables import number, table

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
SESSION = 1_000  # ballots of the closing that stands for an ordinary session


def as_block(figures: Figures, plan: Plan, facts: Mapping[str, str]) -> str:
    """Markdown: what was measured, and what an evening takes of it."""
    run = ", ".join(
        f"{name} {facts[name]}"
        for name in ("date", "commit", "cpus", "python", "postgresql", "disk", "note")
        if name in facts
    )
    return "\n\n".join(
        (f"一次运行 One run: {run}.", _measured(figures, plan), evenings(figures, plan))
    )


def _measured(figures: Figures, plan: Plan) -> str:
    workers = plan.workers[0]
    largest = max((size for size, _ in plan.closing), default=0)
    rows = []
    for engine, name in (("postgresql", "PostgreSQL"), ("sqlite", "SQLite")):
        cast = ("cast", engine, "ours", workers)
        rows.append(
            (
                name,
                number(figures.median(*cast, "casts_per_s")),
                number(figures.median(*cast, "p99_ms")),
                number(figures.median("memory", engine, "ours", workers, "proportional_mb")),
                _rush(figures.median("closing", engine, "ours", SESSION, "close_s")),
                number(figures.median("closing", engine, "ours", largest, "close_s"), 1),
                number(figures.median("closing", engine, "ours", largest, "peak_mb")),
            )
        )
    head = (
        *(
            "",
            f"每秒投票 casts/s, {workers} 进程 workers",
            "p99 ms",
            "每进程内存 MB a worker (PSS)",
        ),
        f"{CITY.compounds:,} 期接连封存，每期 {SESSION:,} 票，分钟 · sealed one after the other, "
        f"{SESSION:,} ballots each, minutes",
        *(f"{largest:,} 票封存 sealed, s", "内存峰值 peak MB"),
    )
    return table(head, rows)


def _rush(seconds: float | None) -> str:
    return number(None if seconds is None else CITY.compounds * seconds / 60, 1)


def evenings(figures: Figures, plan: Plan) -> str:
    """What the evenings ask of machines like this one."""
    best = figures.median("cast", "postgresql", "ours", plan.workers[0], "casts_per_s")
    sizes = figures.sizes(growth.BALLOTS, "ours", "bytes_a_ballot")
    size = (
        figures.median(growth.BALLOTS, "postgresql", "ours", sizes[-1], "bytes_a_ballot")
        if sizes
        else None
    )
    head = (
        *("地方 area", "小区 compounds", "选票 ballots", "平均每秒 mean/s", "高峰每秒 peak/s"),
        *("高峰占这台机器 peak, of this machine", "封存前的数据 data until sealed, GB"),
    )
    rows = [
        (
            f"{evening.zh} {evening.en}",
            f"{evening.compounds:,}",
            f"{evening.ballots:,}",
            number(evening.mean_rate, 1),
            number(evening.peak_rate, 1),
            number(None if best is None else evening.machines(best), 2, "×"),
            number(None if size is None else evening.ballots * size / 1e9, 1),
        )
        for evening in EVENINGS
    ]
    note = (
        f"假设：每个小区 {capacity.RESIDENTS:,} 名成年居民，{capacity.TURNOUT:.0%} 参加投票，"
        f"{capacity.HOURS} 小时内，高峰为平均的 {capacity.PEAK} 倍；每张选票在 PostgreSQL 里占 "
        f"{number(size)} 字节。Assumed: {capacity.RESIDENTS:,} adults a compound, a turnout of "
        f"{capacity.TURNOUT:.0%}, within {capacity.HOURS} hours, a peak of {capacity.PEAK} times "
        f"the mean; a ballot takes {number(size)} bytes in PostgreSQL."
    )
    return f"{note}\n\n{table(head, rows)}"


def update(page: Path, block: str) -> None:
    """Put the block between its marks. Raises ValueError where the page has none."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} has no place for what was measured")
    page.write_text(f"{before}{BEGIN}\n\n{block}\n\n{END}{after}")
