"""What changed from one version of a text to the next, clause by clause and character by character.

Clauses are compared by their words, not by their numbers, so that one that is put in between does
not make all that follow look changed.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from app.conventions.texts.numerals import clause_label
from app.kit.words import Worded

# Clauses less alike than this are an old one and a new one, not one that was changed.
ALIKE = 0.5
# Comparing two texts character by character takes as long as their lengths multiplied, where a
# character is repeated throughout. Up to this sum of products (a fully rewritten convention of
# forty clauses has less) it is done exactly; beyond, the library's `autojunk` looks for no match
# that begins with a character of which a long text is full.
EXACT = 3_000_000


class ClauseText(NamedTuple):
    """A clause as it is compared: its words, and the item that leaves it to the owners, if any."""

    text: str
    owner_vote_item: int | None


class Change(Worded):
    ADDED = "ADDED", "新增", "added"
    REMOVED = "REMOVED", "删去", "removed"
    CHANGED = "CHANGED", "改动", "changed"
    RENUMBERED = "RENUMBERED", "改条号", "renumbered"


class ClauseChange(NamedTuple):
    """One clause that is not as it was: its numbers before and after, and its text in parts.

    The `parts` are `{"op": "equal" | "insert" | "delete", "text": ...}`: those that are equal or
    deleted give the old words, those that are equal or inserted the new ones.
    """

    change: Change
    from_number: int | None
    to_number: int | None
    parts: list[dict[str, str]]
    from_item: int | None
    to_item: int | None

    def to_data(self) -> dict[str, Any]:
        """The change as plain data, with a sentence for people."""
        return {**self._asdict(), "summary": self.summary}

    @property
    def summary(self) -> str:
        """The change as a notice prints it."""
        old = "" if self.from_number is None else clause_label(self.from_number)
        new = "" if self.to_number is None else clause_label(self.to_number)
        match self.change:
            case Change.ADDED:
                return f"新增{new}：{self.parts[0]['text']}"
            case Change.REMOVED:
                return f"删去原{old}：{self.parts[0]['text']}"
            case Change.RENUMBERED:
                return f"原{old}改为{new}，内容不变。"
        words = "".join(_printed(part) for part in self.parts)
        moved = old if old == new else f"原{old}（现{new}）"
        return f"{moved}修改：{words}{self._printed_item}"

    @property
    def _printed_item(self) -> str:
        if self.from_item == self.to_item:
            return ""
        return "（改为须经业主表决）" if self.to_item else "（不再列为业主表决事项）"


def compare(old: Sequence[ClauseText], new: Sequence[ClauseText]) -> list[ClauseChange]:
    """The clauses that were removed, added, changed or renumbered, in the order of the new text."""
    changes, pairs = [], _pairs(old, new)
    sizes = (
        len(old[i].text) * len(new[j].text) for i, j in pairs if i is not None and j is not None
    )
    is_exact = sum(sizes) <= EXACT
    for before, after in pairs:
        change = _compare(old, new, before, after, is_exact)
        if change is not None:
            changes.append(change)
    return changes


def _pairs(
    old: Sequence[ClauseText], new: Sequence[ClauseText]
) -> list[tuple[int | None, int | None]]:
    """Which clause came from which, by index; an empty side was removed or added."""
    matcher = SequenceMatcher(
        None, [clause.text for clause in old], [clause.text for clause in new], autojunk=False
    )
    pairs: list[tuple[int | None, int | None]] = []
    for op, i1, i2, j1, j2 in matcher.get_opcodes():
        if op == "equal":
            pairs += zip(range(i1, i2), range(j1, j2), strict=True)
        else:
            pairs += _pair_alike(old, new, range(i1, i2), range(j1, j2))
    return pairs


def _pair_alike(
    old: Sequence[ClauseText], new: Sequence[ClauseText], olds: range, news: range
) -> list[tuple[int | None, int | None]]:
    """Pair what is alike in two stretches, without crossing; the rest went or came."""
    pairs: list[tuple[int | None, int | None]] = []
    old_words = {i: _neighbours(old[i].text) for i in olds}
    start = olds.start
    for j in news:
        words = _neighbours(new[j].text)
        likeness = {i: _likeness(old_words[i], words) for i in range(start, olds.stop)}
        best = max(likeness, key=lambda i: (likeness[i], -i), default=None)
        if best is None or likeness[best] < ALIKE:
            pairs.append((None, j))
        else:
            pairs += [(i, None) for i in range(start, best)]
            pairs.append((best, j))
            start = best + 1
    return pairs + [(i, None) for i in range(start, olds.stop)]


def _neighbours(text: str) -> frozenset[str]:
    """Every two characters that stand beside each other, and the first and the last."""
    framed = f"\0{text}\0"
    return frozenset(framed[n : n + 2] for n in range(len(framed) - 1))


def _likeness(old: frozenset[str], new: frozenset[str]) -> float:
    """Dice's coefficient: 0 for nothing in common, 1 for the same."""
    return 2 * len(old & new) / (len(old) + len(new))


def _compare(
    old: Sequence[ClauseText],
    new: Sequence[ClauseText],
    before: int | None,
    after: int | None,
    is_exact: bool,
) -> ClauseChange | None:
    if before is None:
        assert after is not None  # noqa: S101 - a pair has a side
        added = [{"op": "insert", "text": new[after].text}]
        return ClauseChange(Change.ADDED, None, after + 1, added, None, new[after].owner_vote_item)
    was = old[before]
    if after is None:
        removed = [{"op": "delete", "text": was.text}]
        return ClauseChange(Change.REMOVED, before + 1, None, removed, was.owner_vote_item, None)
    now = new[after]
    if was == now and before == after:
        return None
    change = Change.RENUMBERED if was == now else Change.CHANGED
    return ClauseChange(
        change,
        before + 1,
        after + 1,
        _parts(was.text, now.text, is_exact),
        was.owner_vote_item,
        now.owner_vote_item,
    )


def _parts(old: str, new: str, is_exact: bool) -> list[dict[str, str]]:
    parts = []
    matcher = SequenceMatcher(None, old, new, autojunk=not is_exact)
    for op, i1, i2, j1, j2 in matcher.get_opcodes():
        if op == "equal":
            parts.append({"op": "equal", "text": old[i1:i2]})
        else:
            if i1 < i2:
                parts.append({"op": "delete", "text": old[i1:i2]})
            if j1 < j2:
                parts.append({"op": "insert", "text": new[j1:j2]})
    return parts


def _printed(part: dict[str, str]) -> str:
    marks = {"insert": "〔增：{}〕", "delete": "〔删：{}〕"}
    return marks.get(part["op"], "{}").format(part["text"])
