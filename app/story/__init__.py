"""The story of a matter, told from all that happened to it."""
