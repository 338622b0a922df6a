"""The vote of those present, and what becomes of a secret one whose key is lost."""
