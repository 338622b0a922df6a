"""What people say with each operation: mostly sensible, by what stands in the rows just then."""

from tests.walk.bodies import board, judging, meeting, people, voting, working

__all__ = ["board", "judging", "meeting", "people", "voting", "working"]
