"""A question put to a compound for a time, its answers, and what the count comes to."""
