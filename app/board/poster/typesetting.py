"""Breaking Chinese and English text into lines (GB/T 15834: what may not begin or end a line)."""

import re
from collections.abc import Callable, Iterator

NOT_FIRST = frozenset("，。、；：？！）】」』》〉〕］｝”’…—～·％℃,.;:?!)]}%")
NOT_LAST = frozenset("（【「『《〈〔［｛“‘([{￥＃№")
# A word of Latin letters and digits stays in one piece; any other character stands alone.
PIECE = re.compile(r"[0-9A-Za-z\u00c0-\u024f@#$&*+/=_~'\"\\|<>^`.,:;!?%()\[\]{}-]+| +|.")
MOST_THAT_STICK = 8
Measure = Callable[[str], float]


def lines_of(text: str, width: float, measure: Measure) -> list[str]:
    """The text in lines that are no wider than `width` by `measure`; breaks in it stay."""
    return [line for paragraph in text.split("\n") for line in _broken(paragraph, width, measure)]


def _broken(paragraph: str, width: float, measure: Measure) -> list[str]:
    lines, line = [], ""
    for unit in _units(paragraph):
        if measure((line + unit).rstrip()) <= width:
            line += unit
            continue
        if line.strip():
            lines.append(line.rstrip())
        line = unit.lstrip()
        while measure(line) > width:  # an address longer than a line
            fitting = _fitting(line, width, measure)
            lines.append(line[:fitting])
            line = line[fitting:]
    return [*lines, line.rstrip()]


def _units(paragraph: str) -> Iterator[str]:
    """Pieces between which a line may end."""
    unit = ""
    for piece in PIECE.findall(paragraph):
        sticks = piece[0] in NOT_FIRST or (unit and unit[-1] in NOT_LAST)
        # Whoever writes a line of commas gets no rule of the art, and costs no time.
        if unit and (not sticks or len(unit) >= MOST_THAT_STICK):
            yield unit
            unit = ""
        unit += piece
    if unit:
        yield unit


def _fitting(line: str, width: float, measure: Measure) -> int:
    """How many characters go into a line, at least one: found by halving."""
    fits, too_many = 1, len(line)
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if measure(line[:middle]) <= width:
            fits = middle
        else:
            too_many = middle
    return fits
