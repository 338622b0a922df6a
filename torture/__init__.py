"""Races and crashes at full size, run by hand with `make torture`: never inside a timed test.

Each row of the table of threats that speaks of races, crashes or tampering is a module. A row is
played honestly, where not one ballot may be lost or counted twice, and then with one protection
taken away at a time, where it must notice. `tests/race` plays the same rows on a few ballots.
"""
