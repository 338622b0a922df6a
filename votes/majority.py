"""The resolution of the round table: whether enough people came, and whether it is passed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from votes.errors import VotingError
from votes.explanation import Explanation
from votes.selection import Share
from votes.words import Worded

HALF = Share(1, 2)


class MajorityOutcome(Worded):
    """What became of a resolution; NO_QUORUM when too few came, however they voted."""

    PASSED = "PASSED", "通过", "passed"
    FAILED = "FAILED", "未通过", "failed"
    NO_QUORUM = "NO_QUORUM", "到会人数不足", "no quorum"


@dataclass(frozen=True)
class MajorityRule:
    """What a resolution needs, after article 9 of the residents'-committee law.

    More than `quorum_share` of the roll must be present, and more than `pass_share` of those
    present must say yes. Raises `VotingError` with code `invalid_rule` for the whole as a share:
    nobody could ever be more.
    """

    quorum_share: Share = HALF
    pass_share: Share = HALF

    def __post_init__(self) -> None:
        for share in (self.quorum_share, self.pass_share):
            if share.numerator == share.denominator:
                raise VotingError("invalid_rule", "More than everybody cannot be asked for.")

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The rule that `to_data` wrote; `VotingError` with code `invalid_rule` for others."""
        try:
            return cls(
                quorum_share=Share(**data["quorum_share"]),
                pass_share=Share(**data["pass_share"]),
            )
        except (KeyError, TypeError) as error:
            raise VotingError("invalid_rule", "This is no majority rule.") from error

    def to_data(self) -> dict[str, Any]:
        """The rule as plain data, for the snapshot taken when a resolution is tabled."""
        return asdict(self)


@dataclass(frozen=True)
class ResolutionVote:
    """The numbers of a vote: people on the roll, people present, and their answers.

    Those present who gave no answer stay in the base, as abstentions do. Raises `VotingError`
    with code `invalid_count` for anything but whole numbers from zero, `present_exceeds_roll`, or
    `answers_exceed_present`.
    """

    roll: int
    present: int
    yes: int
    no: int
    abstain: int

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            # Not isinstance: a bool is an int to Python, but not a number of people.
            if type(value) is not int or value < 0:
                raise VotingError(
                    "invalid_count",
                    "A number of people is whole, 0 or more.",
                    **{field.name: value},
                )
        if self.present > self.roll:
            raise VotingError(
                "present_exceeds_roll",
                "More people are present than stand on the roll.",
                present=self.present,
                roll=self.roll,
            )
        if self.unanswered < 0:
            raise VotingError(
                "answers_exceed_present",
                "More answers were given than people are present.",
                answers=self.yes + self.no + self.abstain,
                present=self.present,
            )

    @property
    def unanswered(self) -> int:
        """How many of those present gave no answer."""
        return self.present - self.yes - self.no - self.abstain


def required_present(rule: MajorityRule, roll: int) -> int:
    """The smallest number of people present that is a quorum; at least one."""
    return rule.quorum_share.exceeded(roll)


def required_yes(rule: MajorityRule, present: int) -> int:
    """The smallest number of yes answers that passes a resolution; at least one."""
    return rule.pass_share.exceeded(present)


def decide(rule: MajorityRule, vote: ResolutionVote) -> MajorityOutcome:
    """What became of the resolution."""
    if vote.present < required_present(rule, vote.roll):
        return MajorityOutcome.NO_QUORUM
    if vote.yes < required_yes(rule, vote.present):
        return MajorityOutcome.FAILED
    return MajorityOutcome.PASSED


def explain_majority(rule: MajorityRule, vote: ResolutionVote) -> Explanation:
    """Why the resolution passed or did not: a line for the quorum and, if met, one for the answers.

    Each line gives what was needed beside what was reached. 以上 includes the number it follows
    (Civil Code 1259).
    """
    outcome = decide(rule, vote)
    lines = [_quorum_line(rule, vote, outcome)]
    if outcome != MajorityOutcome.NO_QUORUM:
        lines.append(_answers_line(rule, vote, outcome))
    return Explanation("\n".join(line.zh for line in lines), "\n".join(line.en for line in lines))


def _quorum_line(rule: MajorityRule, vote: ResolutionVote, outcome: MajorityOutcome) -> Explanation:
    needed = required_present(rule, vote.roll)
    more = _more_than(rule.quorum_share)
    if outcome == MajorityOutcome.NO_QUORUM:
        verdict = Explanation("未达到，不能作出决议", "missed, nothing can be resolved")
    else:
        verdict = Explanation("已达到", "reached")
    return Explanation(
        f"全体{vote.roll}人，到会{vote.present}人；到会须{more.zh}，即{needed}人以上，{verdict.zh}。",
        f"On the roll: {vote.roll}. Present: {vote.present}. "
        f"Needed: {more.en} of the roll, {needed} at least; {verdict.en}.",
    )


def _answers_line(
    rule: MajorityRule, vote: ResolutionVote, outcome: MajorityOutcome
) -> Explanation:
    needed = required_yes(rule, vote.present)
    more = _more_than(rule.pass_share)
    if outcome == MajorityOutcome.PASSED:
        verdict = Explanation("通过", "passed")
    else:
        verdict = Explanation("未通过", "not passed")
    return Explanation(
        f"赞成{vote.yes}人，反对{vote.no}人，弃权{vote.abstain}人，未表态{vote.unanswered}人；"
        f"赞成须{more.zh}（以到会{vote.present}人计），即{needed}人以上，{verdict.zh}。",
        f"Yes: {vote.yes}. No: {vote.no}. Abstained: {vote.abstain}. "
        f"No answer: {vote.unanswered}. "
        f"Yes needed: {more.en} of the {vote.present} present, {needed} at least; {verdict.en}.",
    )


def _more_than(share: Share) -> Explanation:
    if 2 * share.numerator == share.denominator:
        return Explanation("过半数", "more than half")
    fraction = f"{share.numerator}/{share.denominator}"
    return Explanation(f"超过{fraction}", f"more than {fraction}")
