"""The benchmark of voting as one picture: bars of casts, and lines of growth."""

import logging
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from bench import growth
from bench.figures import Figures
from bench.plan import Plan
from bench.report import ROOT

FONT = ROOT / "app" / "board" / "fonts" / "NotoSansSC-Medium.subset.ttf"
COLOURS = {
    "ours": "#b3261e",
    "bare_rows": "#5b6b7a",
    "bare_one_statement": "#8796a5",
    "bare_single": "#b8c2cc",
    "pgbench": "#3d4a57",
}
LABELS = {
    "ours": "本系统 ours",
    "bare_rows": "裸 Flask，同样的行 same rows",
    "bare_one_statement": "同上，一条语句 one statement",
    "bare_single": "裸 Flask，一行 one INSERT",
    "pgbench": "pgbench",
}
ENGINES = {"postgresql": ("PostgreSQL", "#1f5fa8"), "sqlite": ("SQLite", "#1e8a5a")}


def draw(figures: Figures, plan: Plan, target: Path) -> None:
    """Write the picture as PNG, with the project's own font."""
    # The font has one weight, medium; each time that another is asked for, a warning would say so.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    font_manager.fontManager.addfont(str(FONT))
    name = font_manager.FontProperties(fname=str(FONT)).get_name()
    with mpl.rc_context(
        {
            "font.family": name,
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    ):
        canvas = Canvas(figsize=(13, 13), dpi=110, layout="constrained")
        axes: Sequence[Sequence[Axes]] = canvas.subplots(3, 2)
        for axis, engine in zip(axes[0], ("postgresql", "sqlite"), strict=True):
            _casts(axis, figures, plan, engine)
        _growth(axes[1][0], figures, plan, "p50_ms", "投票 p50 · a cast, p50")
        _growth(axes[1][1], figures, plan, "turnout_p50_ms", "投票人数 p50 · turnout, p50")
        _reads(axes[2][0], figures, plan)
        _closing(axes[2][1], figures, plan)
        canvas.savefig(target, metadata={"Software": None})


def _casts(axis: Axes, figures: Figures, plan: Plan, engine: str) -> None:
    """Bars of casts a second by number of workers; pgbench, far above, is named in the title."""
    workers = sorted(plan.workers)
    shown = [
        who
        for who in LABELS
        if who != "pgbench" and figures.median("cast", engine, who, workers[0], "casts_per_s")
    ]
    width = 0.8 / max(1, len(shown))
    for place, who in enumerate(shown):
        heights = [figures.median("cast", engine, who, n, "casts_per_s") or 0 for n in workers]
        positions = [n + (place - (len(shown) - 1) / 2) * width for n in range(len(workers))]
        bars = axis.bar(positions, heights, width, color=COLOURS[who], label=LABELS[who])
        axis.bar_label(bars, fmt="{:,.0f}", fontsize=8, padding=2)
    axis.set_xticks(range(len(workers)), [f"{n} 进程 workers" for n in workers])
    title = f"{ENGINES[engine][0]}：每秒投票数 · casts/s"
    top = figures.median("cast", engine, "pgbench", plan.workers[0], "casts_per_s")
    axis.set_title(f"{title}（pgbench {top:,.0f}）" if top else title)
    axis.margins(y=0.25)
    _legend(axis)


def _growth(axis: Axes, figures: Figures, plan: Plan, measure: str, title: str) -> None:
    """Lines of milliseconds against how much there is already."""
    kinds = {
        growth.BALLOTS: ("选票 ballots", "o-"),
        growth.SESSIONS: ("期 sessions", "s--"),
        growth.COMPOUNDS: ("小区 compounds", "^:"),
    }
    for engine in plan.engines:
        name, colour = ENGINES[engine]
        for part, (label, style) in kinds.items():
            sizes = figures.sizes(part, "ours", measure)
            if not sizes:
                continue
            values = [figures.median(part, engine, "ours", size, measure) or 0 for size in sizes]
            axis.plot(sizes, values, style, color=colour, label=f"{name}, {label}", markersize=5)
    if axis.lines:
        axis.set_xscale("log")
    axis.set_ylim(bottom=0)
    axis.set_title(f"{title}，毫秒 ms")
    axis.set_xlabel("已有多少 how much there is")
    _legend(axis)


def _reads(axis: Axes, figures: Figures, plan: Plan) -> None:
    """Bars of reads a second."""
    groups = [(kind, status) for kind in ("turnout", "result") for status in (200, 304)]
    readers = [*((engine, "ours {}", *ENGINES[engine]) for engine in plan.engines)]
    readers.append(("none", "bare {}", "裸 Flask bare", "#b8c2cc"))
    width = 0.8 / len(readers)
    for place, (engine, subject, name, colour) in enumerate(readers):
        heights = [
            figures.median("reads", engine, subject.format(kind), status, "reads_per_s") or 0
            for kind, status in groups
        ]
        positions = [n + (place - (len(readers) - 1) / 2) * width for n in range(len(groups))]
        bars = axis.bar(positions, heights, width, color=colour, label=name)
        axis.bar_label(bars, fmt="{:,.0f}", fontsize=8, padding=2)
    zh = {"turnout": "投票人数 turnout", "result": "计票结果 result"}
    axis.set_xticks(range(len(groups)), [f"{zh[kind]}\n{status}" for kind, status in groups])
    axis.set_title("每秒读取数 · reads/s")
    axis.margins(y=0.25)
    _legend(axis)


def _closing(axis: Axes, figures: Figures, plan: Plan) -> None:
    """Seconds of closing and of verifying against ballots."""
    sizes = figures.sizes("closing", "ours", "close_s")
    for measure, label, style in (
        ("close_s", "截止并封存 closed and sealed", "o-"),
        ("verify_s", "重新计票 verified", "x:"),
    ):
        for engine in plan.engines:
            name, colour = ENGINES[engine]
            values = [figures.median("closing", engine, "ours", s, measure) or 0 for s in sizes]
            axis.plot(sizes, values, style, color=colour, label=f"{name}, {label}")
    if sizes:  # an empty scale cannot be logarithmic
        axis.set_xscale("log")
        axis.set_yscale("log")
    axis.set_title("截止与封存，秒 · closing and sealing, s")
    axis.set_xlabel("选票 ballots")
    _legend(axis)


def _legend(axis: Axes) -> None:
    if axis.get_legend_handles_labels()[0]:  # a part that was not measured has nothing to name
        axis.legend(fontsize=8, frameon=False, loc="best")
