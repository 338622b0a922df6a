"""Nearest rank, and cells beside each other."""

import pytest

from app.reports.cells import Days, days_of, nearest_rank, people, share_of_people


@pytest.mark.parametrize(
    ("values", "median", "p90"),
    [
        ([], None, None),
        ([7], 7, 7),
        ([9, 1], 1, 9),
        ([3, 1, 2], 2, 3),
        ([4, 3, 2, 1], 2, 4),
        (range(1, 11), 5, 9),
        (range(1, 12), 6, 10),
        ([0, 0, 0, 100], 0, 100),
    ],
)
def test_nearest_rank(values: list[int], median: int | None, p90: int | None):
    assert days_of(list(values)) == Days(len(values), median, p90)
    assert nearest_rank(list(values), 50) == median


def test_what_is_hidden_cannot_be_subtracted():
    for whole in range(60):
        for part in range(whole + 1):
            total = people(whole)
            cell = people(part, total)
            share = share_of_people(cell, total)
            for shown in (cell.value, share.numerator):
                assert shown is None or (shown >= 10 and whole - shown >= 10)
            assert (cell.value is None) is (part < 10 or (whole >= 10 and whole - part < 10))
