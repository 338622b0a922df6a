"""Every row of the torture, in the order in which they are played."""

from torture import (
    row01_same_voter,
    row02_closing,
    row03_wrong_marks,
    row04_retries,
    row05_killed,
    row06_sqlite_writers,
    row07_gone,
    row08_frozen,
    row10_phone_and_paper,
    row16_altered,
    row28_random_walk,
    several_hosts,
)
from torture.rows import Row

ROWS: tuple[Row, ...] = (
    row01_same_voter.ROW,
    row02_closing.ROW,
    row03_wrong_marks.ROW,
    row04_retries.ROW,
    *row05_killed.ROWS,
    row06_sqlite_writers.ROW,
    *row07_gone.ROWS,
    row08_frozen.ROW,
    row10_phone_and_paper.ROW,
    row16_altered.ROW,
    row28_random_walk.ROW,
    several_hosts.ROW,
)
