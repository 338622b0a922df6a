"""`python -m torture`: play the rows of races and crashes, and write what was found.

    python -m torture                           all rows at full size, and all mutants
    python -m torture --share 0.2               a fifth of each figure
    python -m torture --row 5 --engine sqlite   one row on one engine
    python -m torture --short                   a few rounds of each
    python -m torture --resume                  leave out what this commit has played already

Exit status 1 where a row finds faults or does not notice a mutant.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.report import ROOT, circumstances
from torture.all_rows import ROWS
from torture.faults import Faults
from torture.ground import Arena, CannotPlay
from torture.report import HELD, NOT_PLAYED, RED, Line, merged, read, write
from torture.rows import BOTH, Figures, Mutant, Row


def main() -> int:
    """Run what the command line asks for."""
    options = _parser().parse_args()
    path = options.results / "torture.csv"
    commit = circumstances()["commit"]
    done = {line.key for line in read(path) if options.resume and line.commit == commit}
    played = []
    with Arena(options.key_store) as arena:
        for line in _play_all(arena, options, done):
            played.append(line)
            write(merged(read(path), [line]), options.results)
    wrong = [line for line in played if not line.is_as_it_must_be]
    print(f"{len(played)} played, {len(wrong)} wrong: {options.results / 'torture.md'}")
    return int(bool(wrong))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m torture")
    numbers = sorted({row.number for row in ROWS})
    parser.add_argument("--row", choices=numbers, action="append", help="行 · only these rows")
    parser.add_argument("--name", action="append", help="名 · only plays of this name")
    parser.add_argument("--engine", choices=BOTH, action="append", help="库 · only this engine")
    parser.add_argument("--short", action="store_true", help="只做几轮 · a few rounds of each")
    parser.add_argument("--share", type=float, default=1.0, help="份额 · a share of each figure")
    parser.add_argument("--no-mutants", action="store_true", help="不做变体 · no mutants")
    parser.add_argument("--resume", action="store_true", help="接着做 · go on where it was cut")
    parser.add_argument("--key-store", help="密钥库 · an address of a key store, as KEY_STORE")
    parser.add_argument("--results", type=Path, default=ROOT / "bench" / "results")
    return parser


def _play_all(
    arena: Arena, options: argparse.Namespace, done: set[tuple[str, str, str, str]]
) -> Iterator[Line]:
    for row in ROWS:
        wanted = (not options.row or row.number in options.row) and (
            not options.name or row.name in options.name
        )
        for engine in row.engines if wanted else ():
            if options.engine and engine not in options.engine:
                continue
            size = row.short if options.short else max(1, round(row.full * options.share))
            mutants = [each for each in row.mutants if engine in each.engines]
            for mutant in (None, *([] if options.no_mutants else mutants)):
                sabotage = mutant.sabotage if mutant else ""
                if (row.number, row.name, engine, sabotage) not in done:
                    yield play(arena, row, engine, size if mutant is None else row.mutant, mutant)


def play(arena: Arena, row: Row, engine: str, size: int, mutant: Mutant | None) -> Line:
    """Play a row once, tell of it on the terminal, and judge it."""
    begun = time.monotonic()
    try:
        figures = row.play(arena, engine, size, mutant.sabotage if mutant else "")
        verdict = _verdict(figures, mutant)
    except CannotPlay as missing:
        figures, verdict = Figures(0, Faults(), missing.zh, str(missing)), NOT_PLAYED
    facts, told = circumstances(), mutant or row
    line = Line(
        row=row.number,
        name=row.name,
        engine=engine,
        sabotage=mutant.sabotage if mutant else "",
        zh=told.zh,
        en=told.en,
        unit=" ".join(row.unit),
        wanted=0 if row.is_all else row.full,
        rounds=figures.rounds,
        lost=figures.faults.lost,
        doubled=figures.faults.doubled,
        other=figures.faults.other,
        verdict=verdict,
        seconds=round(time.monotonic() - begun, 1),
        date=facts["date"],
        commit=facts["commit"],
        note_zh=figures.zh,
        note_en=figures.en,
    )
    _tell(line, figures)
    return line


def _verdict(figures: Figures, mutant: Mutant | None) -> str:
    found = figures.faults.total > 0
    if mutant is None:
        return "FAULTS" if found else "holds"
    if mutant.is_held:
        return "NOT HELD" if found else HELD
    return RED if found else "NOT NOTICED"


def _tell(line: Line, figures: Figures) -> None:
    what = f"{line.row:>5} {line.name} [{line.engine}] {line.sabotage or 'as it is'}"
    counts = f"lost {line.lost}, doubled {line.doubled}, other {line.other}"
    print(f"{what}: {line.rounds} {line.unit}, {counts}: {line.verdict} ({line.seconds:.0f} s)")
    if not line.is_as_it_must_be:
        for example in figures.faults.examples:
            print(f"        {example}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
