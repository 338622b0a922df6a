"""Tables of a report."""

from collections.abc import Sequence

NOT_HAD = "没有 not had"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all but the first column are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def number(value: float | None, digits: int = 0, unit: str = "") -> str:
    """A figure as a table prints it."""
    return NOT_HAD if value is None else f"{value:,.{digits}f}{unit}"
