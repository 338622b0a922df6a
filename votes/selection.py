"""Participation and selection: whether enough people voted, and which matters are taken up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from typing import Any, Self

from votes.errors import VotingError
from votes.tally import RankedMatter
from votes.words import Worded


class Mode(Worded):
    """Who may vote: the people on a round-table roll, or every verified resident."""

    ROSTER = "ROSTER", "名单上的人", "those on the roster"
    OPEN = "OPEN", "全体已核实的居民", "all verified residents"


class Outcome(Worded):
    """What selection does with a matter: taken up, carried over, or ended in the meantime."""

    SELECTED = "SELECTED", "入选", "selected"
    DEFERRED = "DEFERRED", "结转", "carried over"
    SKIPPED = "SKIPPED", "定题单后已另行办理", "dealt with otherwise"


def _require_at_least(least: int, name: str, value: int) -> None:
    # Not isinstance: a bool is an int to Python, but not to a reader of the snapshot.
    if type(value) is not int or value < least:
        raise VotingError(
            "invalid_rule", f"The {name} is a whole number, {least} or more.", value=value
        )


@dataclass(frozen=True)
class Share:
    """An exact fraction of a number of people: above zero, at most the whole.

    Raises `VotingError` with code `invalid_rule` for any other fraction.
    """

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        _require_at_least(1, "numerator", self.numerator)
        _require_at_least(self.numerator, "denominator", self.denominator)

    def rounded_up(self, people: int) -> int:
        """The smallest whole number that is at least this share of `people`."""
        return -(-people * self.numerator // self.denominator)

    def exceeded(self, people: int) -> int:
        """The smallest whole number that is more than this share of `people`."""
        return people * self.numerator // self.denominator + 1


@dataclass(frozen=True)
class ParticipationRule:
    """How many ballots must come back (R6 of the 5-3-1 rules).

    ROSTER asks for more than `roster_share` of the roll; OPEN asks for `open_share` of it and for
    no fewer than `open_floor`, but never for more than `open_cap` of it.
    """

    roster_share: Share = Share(1, 2)
    open_share: Share = Share(1, 10)
    open_floor: int = 20
    open_cap: Share = Share(1, 2)

    def __post_init__(self) -> None:
        _require_at_least(0, "open_floor", self.open_floor)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The rule that `to_data` wrote; `VotingError` with code `invalid_rule` for others."""
        try:
            return cls(
                roster_share=Share(**data["roster_share"]),
                open_share=Share(**data["open_share"]),
                open_floor=data["open_floor"],
                open_cap=Share(**data["open_cap"]),
            )
        except (KeyError, TypeError) as error:
            raise VotingError("invalid_rule", "This is no participation rule.") from error

    def to_data(self) -> dict[str, Any]:
        """The rule as plain data, for the snapshot taken when voting opens."""
        return asdict(self)


@dataclass(frozen=True)
class SelectionRule:
    """How many matters are taken up and what support each needs (R7 of the 5-3-1 rules).

    At most `limit` matters, or `consultative_limit` when participation was missed (R6). Each
    needs as many supporters as `supporters_share` of the returned ballots, and no fewer than
    `supporters_floor`.
    """

    limit: int = 3
    consultative_limit: int = 1
    supporters_floor: int = 2
    supporters_share: Share = Share(1, 10)

    def __post_init__(self) -> None:
        _require_at_least(1, "limit", self.limit)
        _require_at_least(0, "consultative_limit", self.consultative_limit)
        _require_at_least(0, "supporters_floor", self.supporters_floor)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The rule that `to_data` wrote; `VotingError` with code `invalid_rule` for others."""
        try:
            return cls(
                limit=data["limit"],
                consultative_limit=data["consultative_limit"],
                supporters_floor=data["supporters_floor"],
                supporters_share=Share(**data["supporters_share"]),
            )
        except (KeyError, TypeError) as error:
            raise VotingError("invalid_rule", "This is no selection rule.") from error

    def to_data(self) -> dict[str, Any]:
        """The rule as plain data, for the snapshot taken when voting opens."""
        return asdict(self)


@dataclass(frozen=True)
class Turnout:
    """How many people could vote, how many ballots came back, and how many had to.

    `blank` of the `returned` ballots mark nothing; `required` is what `required_participation`
    asks for.
    """

    roll: int
    returned: int
    blank: int
    required: int

    @property
    def is_sufficient(self) -> bool:
        """Whether enough ballots came back; if not, the vote is consultative only."""
        return self.returned >= self.required


def required_participation(rule: ParticipationRule, mode: Mode, roll: int) -> int:
    """The smallest number of returned ballots that is enough for a roll of this size.

    At least one ballot, so that a vote in which nobody may vote is never valid.
    """
    if mode == Mode.ROSTER:
        return rule.roster_share.exceeded(roll)
    wanted = max(rule.open_floor, rule.open_share.rounded_up(roll))
    return max(1, min(wanted, rule.open_cap.rounded_up(roll)))


def min_supporters(rule: SelectionRule, returned: int) -> int:
    """How many voters must have marked a matter before it can be selected."""
    return max(rule.supporters_floor, rule.supporters_share.rounded_up(returned))


def select(
    rule: SelectionRule,
    ranked: Iterable[RankedMatter],
    returned: int,
    ended: AbstractSet[str] = frozenset(),
    consultative: bool = False,
) -> dict[str, Outcome]:
    """The outcome of every ranked matter, by matter id and in the order of the ranking.

    Goes down the ranking and takes matters until the limit is reached. A matter with too few
    supporters, or with no points, is passed over: those below it may still be taken. A matter
    whose id is in `ended` (solved, or found unlawful, during voting: R8) is skipped; it keeps its
    score and takes no place.
    """
    places_left = rule.consultative_limit if consultative else rule.limit
    needed = min_supporters(rule, returned)
    outcomes = {}
    for row in ranked:
        if row.matter in ended:
            outcomes[row.matter] = Outcome.SKIPPED
        elif places_left > 0 and row.score > 0 and row.supporters >= needed:
            outcomes[row.matter] = Outcome.SELECTED
            places_left -= 1
        else:
            outcomes[row.matter] = Outcome.DEFERRED
    return outcomes
