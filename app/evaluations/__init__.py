"""民评 evaluate: follow-ups, rounds, closing or reopening of matters, the four rates."""
