"""5-3-1 ballots: voting opens, ballots are cast, voting closes, the count is published."""
