"""The tally: what each matter received, and the order that follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, pairwise, zip_longest
from typing import Any, Self, TypeAlias

from votes.ballot import Mark, PriorityBallot
from votes.errors import VotingError
from votes.scheme import BallotScheme

PickCounts: TypeAlias = Mapping[Mark, int]
"""How many ballots hold each mark; a mark that nobody made may be missing."""


@dataclass(frozen=True)
class Candidate:
    """A listed matter as it stood when the list was frozen.

    `number` is its place on the list, `endorsements` the residents who supported it before the
    vote, `raised_at` an aware instant.
    """

    matter: str
    number: int
    endorsements: int
    raised_at: datetime


@dataclass(frozen=True)
class RankedMatter:
    """One row of the tally.

    `counts` are the marks received, in the order of the scheme's slots, and `supporters` their
    sum: the number of voters, since a ballot marks a matter once. `decided_by` names the rule
    that put this row above the next one: "score", "n5" (the marks of weight 5), "endorsements",
    "raised_at" or "number"; None in the last row.
    """

    rank: int
    matter: str
    number: int
    counts: tuple[int, ...]
    score: int
    supporters: int
    endorsements: int
    raised_at: datetime
    decided_by: str | None


def count(ballots: Iterable[PriorityBallot]) -> PickCounts:
    """How many of the ballots hold each mark; a blank ballot adds nothing."""
    return Counter(chain.from_iterable(ballot.marks for ballot in ballots))


def rank(
    scheme: BallotScheme, candidates: Iterable[Candidate], counts: PickCounts
) -> tuple[RankedMatter, ...]:
    """All candidates, best first, by R5 of the 5-3-1 rules; chance has no part in it.

    The score decides; then the marks of each weight, heaviest first; then more endorsements; then
    the earlier `raised_at`; then the lower number. Raises `VotingError` with code
    `unknown_weight` or `matter_not_listed` for counts that belong to no slot or candidate, and
    `matter_repeated` for candidates that share an id or a number.
    """
    candidates = tuple(candidates)
    _require_distinct(candidates)
    _require_known(scheme, candidates, counts)
    ordered = sorted(
        (_Received.of(scheme, candidate, counts) for candidate in candidates),
        key=_Received.sort_key,
    )
    decisions = [_decided_by(scheme, above, below) for above, below in pairwise(ordered)]
    return tuple(
        received.row(place, decided_by)
        for place, (received, decided_by) in enumerate(zip_longest(ordered, decisions), start=1)
    )


@dataclass(frozen=True)
class _Received:
    """A candidate with what it received, before its place is known."""

    candidate: Candidate
    counts: tuple[int, ...]
    score: int

    @classmethod
    def of(cls, scheme: BallotScheme, candidate: Candidate, counts: PickCounts) -> Self:
        received = tuple(counts.get(Mark(weight, candidate.matter), 0) for weight in scheme.weights)
        score = sum(weight * n for weight, n in zip(scheme.weights, received, strict=True))
        return cls(candidate, received, score)

    def sort_key(self) -> tuple[Any, ...]:
        """One value for each of `_rules`, smaller for the better place."""
        return (
            -self.score,
            *(-n for n in self.counts),
            -self.candidate.endorsements,
            self.candidate.raised_at,
            self.candidate.number,
        )

    def row(self, place: int, decided_by: str | None) -> RankedMatter:
        return RankedMatter(
            rank=place,
            matter=self.candidate.matter,
            number=self.candidate.number,
            counts=self.counts,
            score=self.score,
            supporters=sum(self.counts),
            endorsements=self.candidate.endorsements,
            raised_at=self.candidate.raised_at,
            decided_by=decided_by,
        )


def _rules(scheme: BallotScheme) -> tuple[str, ...]:
    """The names of the rules that order the tally, the strongest first."""
    return (
        "score",
        *(f"n{weight}" for weight in scheme.weights),
        "endorsements",
        "raised_at",
        "number",
    )


def _decided_by(scheme: BallotScheme, above: _Received, below: _Received) -> str:
    rules = zip(_rules(scheme), above.sort_key(), below.sort_key(), strict=True)
    return next(rule for rule, better, worse in rules if better != worse)


def _require_distinct(candidates: Collection[Candidate]) -> None:
    # With a shared number the last rule could not decide, and the order given would.
    matters = {candidate.matter for candidate in candidates}
    numbers = {candidate.number for candidate in candidates}
    if not len(matters) == len(numbers) == len(candidates):
        raise VotingError("matter_repeated", "Candidates share an id or a number.")


def _require_known(
    scheme: BallotScheme, candidates: Collection[Candidate], counts: PickCounts
) -> None:
    listed = {candidate.matter for candidate in candidates}
    for weight, matter in counts:
        if weight not in scheme.weights:
            raise VotingError("unknown_weight", "A count belongs to no slot.", weight=weight)
        if matter not in listed:
            raise VotingError("matter_not_listed", "A count belongs to no matter.", matter=matter)
