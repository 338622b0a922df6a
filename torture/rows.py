"""What a row is: how it is played, how much of it, and which mutants it must notice."""

from collections.abc import Callable
from dataclasses import dataclass

from torture.faults import Faults
from torture.ground import Arena

BOTH = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Figures:
    """What came of a play: how many rounds were played, the faults, and what else is worth
    telling, in Chinese and English."""

    rounds: int
    faults: Faults
    zh: str = ""
    en: str = ""


Play = Callable[[Arena, str, int, str], Figures]
"""Play a row on an engine, so many rounds, with this sabotage ("" for none)."""


@dataclass(frozen=True)
class Mutant:
    """One protection taken away. Where another layer holds it all the same (`is_held`), the play
    must stay without faults."""

    sabotage: str
    zh: str
    en: str
    engines: tuple[str, ...] = BOTH
    is_held: bool = False


@dataclass(frozen=True)
class Row:
    """A row of the table of threats. `full` is the figure that it asks for, `short` and
    `mutant` how much is enough to see that it works and that a mutant is noticed; `unit` is what
    is counted. With `is_all` there are only so many of them, fewer than `full`."""

    number: str
    name: str
    zh: str
    en: str
    unit: tuple[str, str]
    play: Play
    full: int
    short: int
    mutant: int
    mutants: tuple[Mutant, ...]
    engines: tuple[str, ...] = BOTH
    is_all: bool = False
