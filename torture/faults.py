"""What can go wrong with a ballot, counted."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

SHOWN = 5
_counting = threading.Lock()


@dataclass
class Faults:
    """`lost`: acknowledged and not there, so a false acknowledgement. `doubled`: one cast or one
    voter counted twice, or counted though refused. `other`: any other answer or figure that is
    not as promised. The first few are told in `examples`."""

    lost: int = 0
    doubled: int = 0
    other: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.lost + self.doubled + self.other

    def add(self, kind: str, what: str, times: int = 1) -> None:
        """Count a fault of this kind."""
        if not times:
            return
        with _counting:
            setattr(self, kind, getattr(self, kind) + times)
            if len(self.examples) < SHOWN:
                self.examples.append(f"{kind}: {what}")

    def unless(self, holds: bool, kind: str, what: str) -> None:
        """Count a fault where something does not hold."""
        if not holds:
            self.add(kind, what)

    def merge(self, others: Iterable["Faults"]) -> None:
        """Count the faults of others too."""
        for each in others:
            self.lost += each.lost
            self.doubled += each.doubled
            self.other += each.other
            self.examples.extend(each.examples[: SHOWN - len(self.examples)])
