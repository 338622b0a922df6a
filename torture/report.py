"""What was found, written down: a table for people, and one line for each play.

The lines are kept from run to run; what is played again takes the place of what was there. So a
long run may be cut and taken up again, and each line tells its own date and commit.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from bench.report import circumstances

FULL, RED, HELD, NOT_PLAYED = "honest", "red", "held", "not played"


@dataclass(frozen=True)
class Line:
    """One play: of a row as it is (`sabotage` empty), or with one protection taken away.

    `verdict` is "holds" or "FAULTS" of an honest play; of a mutant "red" or "held", as it must be,
    or "NOT NOTICED" or "NOT HELD"; "not played" where something is missing on this machine.
    `wanted` is the figure of the row at full size, 0 for all that there are.
    """

    row: str
    name: str
    engine: str
    sabotage: str
    zh: str
    en: str
    unit: str
    wanted: int
    rounds: int
    lost: int
    doubled: int
    other: int
    verdict: str
    seconds: float
    date: str
    commit: str
    note_zh: str
    note_en: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.row, self.name, self.engine, self.sabotage

    @property
    def is_as_it_must_be(self) -> bool:
        return self.verdict in ("holds", RED, HELD, NOT_PLAYED)


def read(path: Path) -> list[Line]:
    """The lines of earlier runs; none where there is no file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [_line(row) for row in csv.DictReader(file)]


def _line(row: Mapping[str, str]) -> Line:
    values: dict[str, Any] = {
        each.name: each.type(row[each.name])  # type: ignore[operator]
        for each in fields(Line)
    }
    return Line(**values)


def merged(before: Iterable[Line], now: Iterable[Line]) -> list[Line]:
    """The newest line of each play, in the order of the rows."""
    newest = {line.key: line for line in (*before, *now)}
    return sorted(newest.values(), key=_order)


def _order(line: Line) -> tuple[int, str, str, bool, str]:
    number = int(line.row) if line.row.isdecimal() else 99
    return number, line.name, line.engine, line.sabotage != "", line.sabotage


def write(lines: Iterable[Line], folder: Path) -> None:
    """`torture.csv` with every line, and `torture.md` for people."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = list(lines)
    with (folder / "torture.csv").open("w", newline="") as file:
        names = [each.name for each in fields(Line)]
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(line) for line in lines)
    (folder / "torture.md").write_text(as_text(lines))


def as_text(lines: list[Line]) -> str:
    """The whole report as Markdown, Chinese first."""
    facts = circumstances()
    honest = [line for line in lines if not line.sabotage]
    mutants = [line for line in lines if line.sabotage]
    bad = [line for line in lines if not line.is_as_it_must_be]
    left_out = [line for line in lines if line.verdict == NOT_PLAYED]
    verdict = (
        "全部如所应 · All as it must be"
        if not bad
        else f"{len(bad)} 行不对 · {len(bad)} lines are wrong"
    )
    parts = [
        "# 争抢与崩溃 · Races and crashes",
        "经 HTTP 对着多个工作进程的 gunicorn。“丢失”是已答复收到却没有计入的，"
        "“重复”是一票计了两次的，"
        "“其他”是其余不合承诺的答复或数字：三项都必须是 0。变体去掉一样保护，必须被发现（红），"
        "或由另一层挡住（挡住）。`make torture` 重做，`python -m torture --row 5` 只做一行。",
        "Over HTTP against gunicorn with several workers. *Lost* was acknowledged and is not "
        "counted, *doubled* is counted twice, *other* is any other answer or figure that is not as "
        "promised: all three must be 0. A mutant lacks one protection and must be noticed (red), "
        "or is held by another layer (held).",
        "\n".join(f"- {name}: {facts[name]}" for name in ("cpus", "machine", "python")),
        "## 如实运行 · As it is",
        _table(
            (
                "行 row",
                "什么 what",
                "库 engine",
                "轮数 rounds",
                "目标 wanted",
                "丢失 lost",
                "重复 doubled",
                "其他 other",
                "结论 verdict",
                "秒 s",
                "日期 date",
                "版本 commit",
                "备注 note",
            ),
            [_honest_cells(line) for line in honest],
        ),
        "## 去掉一样保护 · Mutants",
        _table(
            (
                "行 row",
                "什么 what",
                "库 engine",
                "变体 mutant",
                "轮数 rounds",
                "丢失 lost",
                "重复 doubled",
                "其他 other",
                "结论 verdict",
                "秒 s",
                "日期 date",
                "版本 commit",
            ),
            [_mutant_cells(line) for line in mutants],
        ),
        f"**{verdict}**"
        + (f"；{len(left_out)} 行没有做 · {len(left_out)} not played" if left_out else ""),
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _honest_cells(line: Line) -> tuple[str, ...]:
    note = f"{line.note_zh} · {line.note_en}" if line.note_zh else ""
    return (
        line.row,
        f"{line.zh} · {line.en}",
        line.engine,
        f"{line.rounds} {line.unit}",
        str(line.wanted or "全部 all"),
        *(str(each) for each in (line.lost, line.doubled, line.other)),
        VERDICTS[line.verdict],
        f"{line.seconds:.0f}",
        line.date,
        line.commit,
        note,
    )


def _mutant_cells(line: Line) -> tuple[str, ...]:
    return (
        line.row,
        line.name,
        line.engine,
        f"{line.zh} · {line.en}",
        f"{line.rounds} {line.unit}",
        *(str(each) for each in (line.lost, line.doubled, line.other)),
        VERDICTS[line.verdict],
        f"{line.seconds:.0f}",
        line.date,
        line.commit,
    )


VERDICTS = {
    "holds": "成立 holds",
    "FAULTS": "**有错 FAULTS**",
    RED: "红 red",
    "NOT NOTICED": "**没有发现 NOT NOTICED**",
    HELD: "挡住 held",
    "NOT HELD": "**没有挡住 NOT HELD**",
    NOT_PLAYED: "没有做 not played",
}
