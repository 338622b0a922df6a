"""The text of a convention: its clauses, words that it may not have, and what changed in it."""
