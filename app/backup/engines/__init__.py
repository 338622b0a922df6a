"""What backing up and restoring ask of a database, and how each of the two engines does it."""
