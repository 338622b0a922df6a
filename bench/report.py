"""How a measurement is written down: a table for people, and all raw figures."""

import csv
import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.decade import Plan
from bench.lists import MAX_RATIO, MAX_STATEMENTS, ROUNDS, WARM_UPS, Line, Outcome

ROOT = Path(__file__).parents[1]
HEAD = ("列表 list", "页 page", "行 rows", "查询 queries", "空 empty ms", "满 full ms", "倍 ratio")


def as_text(outcomes: Sequence[Outcome], plan: Plan) -> str:
    """The whole report as Markdown, Chinese first."""
    parts = [
        "# 列表：十年的小区与空小区 · Lists: ten years beside an empty compound",
        f"{plan.sessions} 期，{plan.sessions * plan.matters} 件事，{plan.sessions * plan.cards} 张"
        f"卡片，{plan.orders} 张任务单，{plan.conventions} 份规约；每个列表最多 {MAX_STATEMENTS} "
        f"条查询，时间不超过空小区的 {MAX_RATIO:g} 倍。两边交替请求，预热 {WARM_UPS} 次，计 "
        f"{ROUNDS} 次，取中位数。经 Flask 测试客户端走完整个应用，不经网络。",
        f"{plan.sessions} sessions, {plan.sessions * plan.matters} matters, "
        f"{plan.sessions * plan.cards} cards, {plan.orders} orders, {plan.conventions} "
        f"conventions; at most {MAX_STATEMENTS} queries a page, and {MAX_RATIO:g} times the time "
        f"of an empty compound. The two take turns; {WARM_UPS} warm-ups, {ROUNDS} rounds, medians. "
        "The whole application behind Flask's test client, without a network.",
        "\n".join(f"- {name}: {value}" for name, value in circumstances().items()),
    ]
    for outcome in outcomes:
        parts.append(f"## {outcome.version}")
        parts.append(f"写入 filled in {outcome.filled_in_s:.0f} s")
        parts.append(_table(outcome.lines))
    missed = sum(not line.holds for outcome in outcomes for line in outcome.lines)
    verdict = "全部达标 · All hold" if not missed else f"{missed} 行未达标 · {missed} lines miss"
    return "\n\n".join([*parts, f"**{verdict}**"]) + "\n"


def _table(lines: Sequence[Line]) -> str:
    rows = [f"| {' | '.join((*HEAD, '达标 holds'))} |", f"|---|{'---:|' * (len(HEAD) - 1)}---|"]
    for line in lines:
        empty, full = line.medians
        cells = (
            line.name,
            str(line.page),
            str(line.rows),
            f"{line.empty_statements}/{line.full_statements}",
            f"{empty:.1f}",
            f"{full:.1f}",
            f"{line.ratio:.1f}",
            "是 yes" if line.holds else "**否 NO**",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def write(outcomes: Sequence[Outcome], plan: Plan, folder: Path) -> None:
    """`lists.md`, and `lists.csv` with every single time."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lists.md").write_text(as_text(outcomes, plan))
    facts = circumstances()
    with (folder / "lists.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            [
                *facts,
                *("engine", "path", "list", "page", "rows", "queries_empty", "queries_full"),
                *("ms_empty", "ms_full", "ratio", "holds", "all_ms_empty", "all_ms_full"),
            ]
        )
        for outcome in outcomes:
            for line in outcome.lines:
                empty, full = line.medians
                writer.writerow(
                    [
                        *facts.values(),
                        *(outcome.version, line.path, line.name, line.page, line.rows),
                        *(line.empty_statements, line.full_statements),
                        *(f"{empty:.3f}", f"{full:.3f}", f"{line.ratio:.2f}", int(line.holds)),
                        *(" ".join(f"{ms:.3f}" for ms in each) for each in _raw(line)),
                    ]
                )


def _raw(line: Line) -> tuple[list[float], list[float]]:
    return line.empty_ms, line.full_ms


def circumstances() -> dict[str, str]:
    """When, what and on what: nothing that tells whose machine it was."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": _commit(),
        "cpus": str(os.cpu_count()),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }


def _commit() -> str:
    """The commit of the working tree; a plus says that it has changes beside it."""
    asked = (["rev-parse", "--short", "HEAD"], ["status", "--porcelain"])
    try:
        head, changes = (
            subprocess.run(
                ["git", *words], cwd=ROOT, capture_output=True, text=True, check=True
            ).stdout.strip()
            for words in asked
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}+" if changes else head
