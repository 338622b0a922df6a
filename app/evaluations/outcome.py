"""What becomes of a matter that was judged: closed, or opened again (domain notes, section 8).

Decided from whole numbers only; a percentage is never compared, only printed.
"""

from dataclasses import dataclass

from app.kit.words import Worded
from votes.explanation import Explanation
from votes.selection import Share

HALF, THIRD = Share(1, 2), Share(1, 3)


class Satisfaction(Worded):
    """满意、基本满意、不满意."""

    SATISFIED = "SATISFIED", "满意", "satisfied"
    MOSTLY = "MOSTLY", "基本满意", "mostly satisfied"
    NOT = "NOT", "不满意", "not satisfied"


class Verdict(Worded):
    CLOSED = "CLOSED", "办结", "closed"
    REOPENED = "REOPENED", "重新办理", "reopened"


@dataclass(frozen=True)
class Rate:
    """A share of counted things, printed with both numbers: `7/8 = 87.5%`.

    The percentage has one decimal, rounded half up. Of nothing it is `–`, neither 0% nor 100%
    (domain notes, section 8.2). Raises ValueError for a part that is no part.
    """

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        if not 0 <= self.numerator <= self.denominator:
            raise ValueError(f"{self.numerator} is no part of {self.denominator}")

    @property
    def percent(self) -> str:
        """The percentage alone, e.g. `87.5%`."""
        if self.denominator == 0:
            return "–"
        tenths = (2000 * self.numerator + self.denominator) // (2 * self.denominator)
        return f"{tenths // 10}.{tenths % 10}%"

    @property
    def text(self) -> str:
        """Both numbers and the percentage."""
        if self.denominator == 0:
            return "–"
        return f"{self.numerator}/{self.denominator} = {self.percent}"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Figures:
    """Counted answers. `solved` and `unsolved` are empty where nothing was to be solved."""

    satisfied: int = 0
    mostly: int = 0
    not_satisfied: int = 0
    solved: int = 0
    unsolved: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            self.satisfied + other.satisfied,
            self.mostly + other.mostly,
            self.not_satisfied + other.not_satisfied,
            self.solved + other.solved,
            self.unsolved + other.unsolved,
        )

    @property
    def answers(self) -> int:
        return self.satisfied + self.mostly + self.not_satisfied

    @property
    def satisfaction(self) -> Rate:
        """满意率: satisfied or mostly so, of all answers."""
        return Rate(self.satisfied + self.mostly, self.answers)

    @property
    def solved_rate(self) -> Rate:
        """解决率: solved, of all who judged that."""
        return Rate(self.solved, self.solved + self.unsolved)


@dataclass(frozen=True)
class OutcomeRule:
    """When a matter is opened again: more than these shares of the answers say so.

    Our proposal (domain notes, section 8: EVALUATED(unsolved) > REOPENED).
    """

    unsolved_share: Share = HALF
    dissatisfied_share: Share = THIRD


@dataclass(frozen=True)
class Judgement:
    verdict: Verdict
    why: Explanation


def judge(rule: OutcomeRule, figures: Figures, *, raiser_says_unsolved: bool) -> Judgement:
    """What becomes of a matter, and the words for it.

    It is REOPENED where the raiser says that it is not solved, or too many say so, or too many are
    not satisfied; else it is CLOSED, also when nobody answered.
    """
    grounds = []
    if raiser_says_unsolved:
        grounds.append(
            Explanation(
                "回访时，提出人认为没有解决", "whoever raised it says that it is not solved"
            )
        )
    judged = figures.solved + figures.unsolved
    if figures.unsolved >= rule.unsolved_share.exceeded(judged):
        grounds.append(_ground("未解决", "unsolved", figures.unsolved, judged, rule.unsolved_share))
    if figures.not_satisfied >= rule.dissatisfied_share.exceeded(figures.answers):
        grounds.append(
            _ground(
                "不满意",
                "not satisfied",
                figures.not_satisfied,
                figures.answers,
                rule.dissatisfied_share,
            )
        )
    if grounds:
        why = Explanation(
            "；".join(ground.zh for ground in grounds) + "，重新办理。",
            "Opened again: " + "; ".join(ground.en for ground in grounds) + ".",
        )
        return Judgement(Verdict.REOPENED, why)
    return Judgement(Verdict.CLOSED, _closing(figures))


def without_figures(verdict: Verdict, *, raiser_says_unsolved: bool) -> Explanation:
    """The words for a judgement where it is not told how many said what."""
    if raiser_says_unsolved:
        return Explanation(
            "回访时，提出人认为没有解决，重新办理。",
            "Opened again: whoever raised it says that it is not solved.",
        )
    if verdict is Verdict.REOPENED:
        return Explanation(
            "作答结果没有达到办结的要求，重新办理。",
            "Opened again: the answers do not reach what closing asks for.",
        )
    return Explanation(
        "按作答结果办结；人数较少，不公布怎么评的。",
        "Closed by the answers; so few gave them that it is not told how they judged.",
    )


def _ground(zh: str, en: str, part: int, whole: int, share: Share) -> Explanation:
    limit = f"{share.numerator}/{share.denominator}"
    return Explanation(
        f"{zh} {part}/{whole}，超过 {limit}", f"{en} {part}/{whole}, more than {limit}"
    )


def _closing(figures: Figures) -> Explanation:
    if figures.answers == 0:
        return Explanation("没有人作答，办结。", "Closed; nobody answered.")
    return Explanation(
        f"满意率 {figures.satisfaction}，解决率 {figures.solved_rate}，办结。",
        f"Closed: satisfied {figures.satisfaction}, solved {figures.solved_rate}.",
    )
