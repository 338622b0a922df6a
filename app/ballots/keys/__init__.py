"""Keys of votes and of the operator: where they lie, how they change, and what if one is lost."""
