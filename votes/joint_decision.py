"""What the owners of a compound decide together: by area and by heads, in exact integers.

The rule is article 278, paragraph 2, of the Civil Code. Owners of at least two thirds of the area
and at least two thirds of the owners must take part. Items 6, 7 and 8 of paragraph 1 (raising
maintenance funds, altering or rebuilding, changing the use of common parts) need at least three
quarters of the area and of the owners that take part; all other items need more than half of each.
以上 includes the number it follows, 过半数 does not (article 1259). Whoever abstains takes part and
says no yes; whoever is silent does not take part (`STRICT` in the domain notes, section 6).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from votes.errors import VotingError
from votes.explanation import Explanation
from votes.words import Worded

ITEMS = frozenset(range(1, 10))
SPECIAL_ITEMS = frozenset({6, 7, 8})


class JointOutcome(Worded):
    """What came of a joint decision; INVALID_PARTICIPATION when too few took part."""

    PASSED = "PASSED", "通过", "passed"
    NOT_PASSED = "NOT_PASSED", "未通过", "not passed"
    INVALID_PARTICIPATION = "INVALID_PARTICIPATION", "参与表决的不足", "too few took part"


@dataclass(frozen=True)
class OwnersFigures:
    """The figures of an owners' vote: of all owners, of those who take part, of those who say yes.

    Areas are in hundredths of a square metre; an owner of several units is one head. Raises
    `VotingError` with code `invalid_count` for anything but whole numbers from zero, for no owners
    at all and for an area without heads or heads without an area; `part_exceeds_all` or
    `yes_exceeds_part` where the numbers do not lie within each other.
    """

    area_all: int
    area_part: int
    area_yes: int
    heads_all: int
    heads_part: int
    heads_yes: int

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            # Not isinstance: a bool is an int to Python, but neither an area nor a head count.
            if type(value) is not int or value < 0:
                raise VotingError(
                    "invalid_count", "A figure is whole, 0 or more.", **{field.name: value}
                )
        if not self.area_all or not self.heads_all:
            raise VotingError("invalid_count", "There are no owners.")
        for group in ("part", "yes"):
            area, heads = getattr(self, f"area_{group}"), getattr(self, f"heads_{group}")
            if bool(area) != bool(heads):
                raise VotingError("invalid_count", "Each owner has an area.", group=group)
        if self.area_part > self.area_all or self.heads_part > self.heads_all:
            raise VotingError("part_exceeds_all", "More take part than there are.")
        if self.area_yes > self.area_part or self.heads_yes > self.heads_part:
            raise VotingError("yes_exceeds_part", "More say yes than take part.")


def is_special(item: int) -> bool:
    """Whether an item of article 278, paragraph 1, needs three quarters.

    Raises `VotingError` with code `unknown_item` for what is none of the nine.
    """
    if item not in ITEMS:
        raise VotingError("unknown_item", "Article 278 has items 1 to 9.", item=item)
    return item in SPECIAL_ITEMS


def is_valid(figures: OwnersFigures) -> bool:
    """Whether at least two thirds of all owners, with two thirds of the area, took part."""
    return (
        3 * figures.area_part >= 2 * figures.area_all
        and 3 * figures.heads_part >= 2 * figures.heads_all
    )


def decide_jointly(item: int, figures: OwnersFigures) -> JointOutcome:
    """What came of a vote on this item. Raises `VotingError` with code `unknown_item`."""
    special = is_special(item)
    if not is_valid(figures):
        return JointOutcome.INVALID_PARTICIPATION
    if special:
        passed = (
            4 * figures.area_yes >= 3 * figures.area_part
            and 4 * figures.heads_yes >= 3 * figures.heads_part
        )
    else:
        passed = (
            2 * figures.area_yes > figures.area_part and 2 * figures.heads_yes > figures.heads_part
        )
    return JointOutcome.PASSED if passed else JointOutcome.NOT_PASSED


def explain_joint_decision(item: int, figures: OwnersFigures) -> Explanation:
    """Why the vote passed or did not: a line for those who took part and, if enough, one for yes.

    Figures stand beside each other as counted; no percentage is printed, since a rounded one may
    look like the threshold without being it.
    """
    outcome = decide_jointly(item, figures)
    enough = outcome is not JointOutcome.INVALID_PARTICIPATION
    zh, en = ("已达到", "reached") if enough else ("未达到，表决无效", "missed, the vote is void")
    lines = [
        Explanation(
            f"全体业主{figures.heads_all}人、{_area(figures.area_all)}平方米，"
            f"参与表决{figures.heads_part}人、{_area(figures.area_part)}平方米；"
            f"两项都须达到三分之二以上，{zh}。",
            f"Owners: {figures.heads_all} with {_area(figures.area_all)} m². Took part: "
            f"{figures.heads_part} with {_area(figures.area_part)} m². "
            f"Needed: two thirds or more of both; {en}.",
        )
    ]
    if enough:
        needed_zh, needed_en = (
            ("四分之三以上", "three quarters or more")
            if is_special(item)
            else ("过半数", "more than half")
        )
        passed = outcome is JointOutcome.PASSED
        zh, en = ("通过", "passed") if passed else ("未通过", "not passed")
        lines.append(
            Explanation(
                f"赞成{figures.heads_yes}人、{_area(figures.area_yes)}平方米；"
                f"两项都须占参与表决的{needed_zh}，{zh}。",
                f"Yes: {figures.heads_yes} with {_area(figures.area_yes)} m². "
                f"Needed of those taking part: {needed_en} of both; {en}.",
            )
        )
    return Explanation("\n".join(line.zh for line in lines), "\n".join(line.en for line in lines))


def _area(hundredths: int) -> str:
    return f"{hundredths // 100:,}.{hundredths % 100:02d}"
