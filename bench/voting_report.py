"""The benchmark of voting written down: a table for people, and every raw figure."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench import growth, worker_classes
from bench.figures import Figures, ratio
from bench.goals import Goal, goals
from bench.plan import Plan
from bench.scale import evenings
from bench.tables import NOT_HAD, number, table

NAMES = {
    "ours": "本系统 ours",
    "pgbench": "pgbench：同样的四条语句 the same four statements",
    "bare_rows": "裸 Flask：同样的行，四条语句 bare Flask, same rows, four statements",
    "bare_one_statement": "裸 Flask：同样的行，一条语句 bare Flask, same rows, one statement",
    "bare_single": "裸 Flask：只写一行 bare Flask, one INSERT",
}
ENGINES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
GROWTH = {
    growth.BALLOTS: "本期已有选票 ballots in the session",
    growth.SESSIONS: "其他期数 other sessions",
    growth.COMPOUNDS: "其他小区 other compounds",
}


def as_text(figures: Figures, plan: Plan, facts: Mapping[str, str]) -> str:
    """The whole report as Markdown, Chinese first."""
    parts = [
        "# 投票：快慢与规模 · Voting: speed and scale",
        "![投票 · Voting](voting.png)\n\n规模的推算见 [`docs/scale.md`](../../docs/scale.md) · "
        "what it means for a city: [`docs/scale.md`](../../docs/scale.md)",
        "同一台机器、同一次运行、各方轮流，取中位数；比值是每一轮比值的中位数。客户端与服务器共用这台机器的"
        "处理器，对各方一样。每轮之后核对：确认过的选票都在，且只有一张。gunicorn 的设置都来自 "
        "`gunicorn.conf.py`，PostgreSQL 的 fsync 和 synchronous_commit 都开着，SQLite 用 WAL 和 "
        "synchronous=FULL。",
        "One machine, one run, the contestants in turn, medians; a ratio is the median of those of "
        "each round. The load generator shares the processors with the servers, alike for all. "
        "After each round every acknowledged ballot is looked up: it is there, once. gunicorn as "
        "in `gunicorn.conf.py`, PostgreSQL with fsync and synchronous_commit on, SQLite with WAL "
        "and synchronous=FULL.",
        "\n".join(f"- {name}: {value}" for name, value in facts.items()),
        "## 目标 · Goals",
        _goals(goals(figures, plan.workers[0])),
        f"## 投票 · Casting\n\n{plan.connections} 个连接，每人一票，每轮约 {plan.seconds:g} 秒 · "
        f"{plan.connections} connections, one cast a voter, rounds of some {plan.seconds:g} s.",
        *(_casts(figures, plan, engine) for engine in plan.engines),
        "## 读取 · Reading\n\n"
        "每一轮里一人反复读：签名验过一次就记住，投票人数一秒数一次，结果只组织一次；登录和身份每次都问"
        "数据库。One reader again and again: the signature of a token is checked once, turnout is "
        "counted once a second, a result is put together once; login and standing are asked of the "
        "database each time.",
        _reads(figures, plan),
        "## 随规模的变化 · Growth\n\n一个工作进程，一次一个请求；毫秒，p50 · one worker, "
        "one request at a time; ms, p50.",
        *(_growth(figures, plan, part) for part in GROWTH if figures.sizes(part, "ours", "p50_ms")),
        "## 截止与封存 · Closing and sealing\n\n每次在新的进程里 · each in a fresh process.",
        _closing(figures, plan),
        "## 每个工作进程的内存 · Memory per worker",
        _memory(figures, plan),
        *(_kinds(figures, plan) if figures.sizes("workers", "sync", "casts_per_s") else ()),
        "## 一个晚上 · An evening",
        evenings(figures, plan),
    ]
    return "\n\n".join(parts) + "\n"


def _goals(found: Sequence[Goal]) -> str:
    head = ("目标 goal", "至少 must", "争取 aim", "测得 found", "达标 holds", "达到争取 meets aim")
    rows = []
    for goal in found:
        sign, digits = ("≥" if goal.at_least else "≤"), (0 if not goal.unit else 2)
        rows.append(
            (
                f"{goal.zh}<br>{goal.en}",
                f"{sign} {goal.must:g}{goal.unit}",
                f"{sign} {goal.aim:g}{goal.unit}",
                number(goal.found, digits, goal.unit),
                {True: "是 yes", False: "**否 NO**", None: "未测 not measured"}[goal.holds],
                "是 yes" if goal.meets_aim else "否 no",
            )
        )
    return table(head, rows)


def _casts(figures: Figures, plan: Plan, engine: str) -> str:
    head = (
        *("谁 who", "进程 workers", "每秒 casts/s", "p50 ms", "p99 ms", "本系统/它 ours/it"),
        *("客户端占核 client, cores", "丢 lost", "重 doubled", "错 false", "拒 refused"),
    )
    rows = []
    for workers in sorted(plan.workers):
        for who, name in NAMES.items():
            key = ("cast", engine, who, workers)
            if who != "ours" and figures.median(*key, "casts_per_s") is None:
                if who == "pgbench" and engine == "postgresql":
                    rows.append((name, str(workers), NOT_HAD, *[""] * (len(head) - 3)))
                continue
            mine = figures.values("cast", engine, "ours", workers, "casts_per_s")
            rows.append(
                (
                    name,
                    "–" if who == "pgbench" else str(workers),
                    number(figures.median(*key, "casts_per_s")),
                    number(figures.median(*key, "p50_ms"), 1),
                    number(figures.median(*key, "p99_ms"), 1),
                    number(ratio(mine, figures.values(*key, "casts_per_s")), 2),
                    "" if who == "pgbench" else number(figures.median(*key, "client_share"), 2),
                    *(_total(figures, key, fault) for fault in ("lost", "doubled", "false")),
                    _total(figures, key, "refused"),
                )
            )
    return f"### {ENGINES[engine]}\n\n{table(head, rows)}"


def _total(figures: Figures, key: tuple[str, str, str, int], measure: str) -> str:
    found = figures.values(*key, measure)
    return f"{sum(found.values()):.0f}" if found else ""


READERS = {
    "bare": "裸 Flask bare",
    "asking": "裸 Flask，问一次数据库 bare, with one question to the database",
}


def _reads(figures: Figures, plan: Plan) -> str:
    head = ("读什么 what", "状态 status", "每秒 reads/s", "p50 ms", "p99 ms", "比裸 of bare")
    rows = []
    for kind, zh in (("turnout", "投票人数"), ("result", "计票结果")):
        for status in (200, 304):
            bare = ("reads", "none", f"bare {kind}", status)
            keys = [(engine, ("reads", engine, f"ours {kind}", status)) for engine in plan.engines]
            asking = ("reads", "none", f"asking {kind}", status)
            for who, key in [*keys, ("asking", asking), ("bare", bare)]:
                share = ratio(
                    figures.values(*key, "reads_per_s"), figures.values(*bare, "reads_per_s")
                )
                rows.append(
                    (
                        f"{zh} {kind}, {READERS.get(who) or ENGINES[who]}",
                        str(status),
                        number(figures.median(*key, "reads_per_s")),
                        number(figures.median(*key, "p50_ms"), 1),
                        number(figures.median(*key, "p99_ms"), 1),
                        number(share, 2),
                    )
                )
    return table(head, rows)


def _growth(figures: Figures, plan: Plan, part: str) -> str:
    measures = {
        "p50_ms": "投票 cast",
        "turnout_p50_ms": "投票人数 turnout",
        "result_p50_ms": "计票结果 result",
    }
    had = {name: zh for name, zh in measures.items() if figures.sizes(part, "ours", name)}
    columns = [(engine, name) for engine in plan.engines for name in had]
    head = (GROWTH[part], *(f"{ENGINES[engine]} {had[name]}" for engine, name in columns))
    rows = [
        (
            f"{size:,}",
            *(
                number(figures.median(part, engine, "ours", size, name), 2)
                for engine, name in columns
            ),
        )
        for size in figures.sizes(part, "ours", "p50_ms")
    ]
    return table(head, rows)


def _closing(figures: Figures, plan: Plan) -> str:
    measures = (
        ("close_s", "截止到提交 until committed, s", 2),
        ("erase_s", "清除 erased, s", 2),
        ("peak_mb", "内存峰值 peak, MB", 0),
        ("bundle_mb", "结果文件 bundle, MB", 2),
        ("verify_s", "重新计票 verified, s", 2),
    )
    head = ("选票 ballots", *(title for _, title, _ in measures))
    rows = [
        (
            f"{size:,}, {ENGINES[engine]}",
            *(
                number(figures.median("closing", engine, "ours", size, name), digits)
                for name, _, digits in measures
            ),
        )
        for size in figures.sizes("closing", "ours", "close_s")
        for engine in plan.engines
    ]
    return table(head, rows)


def _kinds(figures: Figures, plan: Plan) -> Iterator[str]:
    yield "## gunicorn 的进程种类 · Kinds of workers"
    head = ("种类 kind", "每秒 casts/s", "p50 ms", "p99 ms")
    rows = []
    for engine in plan.engines:
        for kind in worker_classes.KINDS:
            key = (worker_classes.PART, engine, kind, worker_classes.WORKERS)
            found = [figures.median(*key, name) for name in ("casts_per_s", "p50_ms", "p99_ms")]
            rows.append((f"{kind}, {ENGINES[engine]}", *map(number, found)))
    yield table(head, rows)


def _memory(figures: Figures, plan: Plan) -> str:
    head = ("谁 who", "进程 workers", "RSS MB", "PSS MB", "峰值 peak MB")
    rows = []
    for engine in plan.engines:
        for who in ("ours", "bare_rows"):
            for workers in sorted(plan.workers):
                key = ("memory", engine, who, workers)
                found = [
                    figures.median(*key, f"{name}_mb")
                    for name in ("resident", "proportional", "peak")
                ]
                rows.append((f"{NAMES[who]}, {ENGINES[engine]}", str(workers), *map(number, found)))
    return table(head, rows)


CSV_HEAD = ("part", "engine", "subject", "size", "round", "measure", "value")


def as_csv(figures: Figures, facts: Mapping[str, str]) -> str:
    """Every figure of every round; the circumstances are lines of part `run`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(CSV_HEAD)
    for name, fact in facts.items():
        writer.writerow(("run", "", "", "", "", name, fact))
    for each in figures.all:
        row = (each.part, each.engine, each.subject, each.size, each.round, each.measure)
        writer.writerow((*row, f"{each.value:.6g}"))
    return buffer.getvalue()


def write(figures: Figures, plan: Plan, facts: Mapping[str, str], folder: Path) -> None:
    """`voting.md` and `voting.csv`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "voting.md").write_text(as_text(figures, plan, facts))
    (folder / "voting.csv").write_text(as_csv(figures, facts))
