from typing import Any

import pytest

from votes.shapes import (
    Shape,
    either,
    flag,
    hexadecimal,
    instant,
    list_of,
    matching,
    members,
    null,
    one_of,
    pair,
    table,
    text,
    whole,
)

POINT = members({"x": whole(9), "y": whole(9)}, optional={"name": text})

ACCEPTED: list[tuple[Shape, Any]] = [
    (whole(9), 0),
    (whole(9), 9),
    (text, ""),
    (text, "月月谈 \U0001f600"),
    (flag, False),
    (instant, "2026-03-18T16:00:00.000000Z"),
    (matching("a+"), "aaa"),
    (hexadecimal(2), "00ff"),
    (one_of(("A", "B")), "B"),
    (either(whole(9), null), 3),
    (either(whole(9), null), None),
    (list_of(whole(9)), []),
    (list_of(whole(9)), [1, 2]),
    (pair(text, whole(9)), ["a", 1]),
    (POINT, {"x": 1, "y": 2}),
    (POINT, {"y": 2, "name": "home", "x": 1}),
    (table("[a-z]+", whole(9)), {}),
    (table("[a-z]+", whole(9)), {"a": 1, "zz": 2}),
]

REFUSED: list[tuple[Shape, Any, str]] = [
    (whole(9), -1, ""),
    (whole(9), 10, ""),
    (whole(9), 1.0, ""),
    (whole(9), True, ""),
    (whole(9), "1", ""),
    (text, 5, ""),
    (text, "half \ud83d", ""),
    (flag, 1, ""),
    (flag, None, ""),
    (instant, "2026-03-18T16:00:00Z", ""),
    (instant, "2026-03-18T16:00:00.000000+00:00", ""),
    (instant, "2026-02-30T16:00:00.000000Z", ""),
    (instant, "2026-03-18T24:00:00.000000Z", ""),
    (instant, "٢٠٢٦-03-18T16:00:00.000000Z", ""),
    (instant, 20260318, ""),
    (matching("a+"), "aaa\n", ""),
    (matching("a+"), ["a"], ""),
    (hexadecimal(2), "00FF", ""),
    (hexadecimal(2), "00f", ""),
    (one_of(("A", "B")), "C", ""),
    (one_of(("A", "B")), ["A"], ""),
    (either(whole(9), null), "1", ""),
    (list_of(whole(9)), (1, 2), ""),
    (list_of(whole(9)), "12", ""),
    (list_of(whole(9)), [1, 2, "3"], "[2]"),
    (pair(text, whole(9)), ["a"], ""),
    (pair(text, whole(9)), ["a", 1, 2], ""),
    (pair(text, whole(9)), [1, 1], "[0]"),
    (pair(text, whole(9)), ["a", "b"], "[1]"),
    (POINT, [], ""),
    (POINT, {"x": 1}, ".y"),
    (POINT, {"x": 1, "y": None}, ".y"),
    (POINT, {"x": 1, "y": 2, "z": 3}, ""),
    (POINT, {"x": 1, "y": 2, "name": 3}, ".name"),
    (list_of(POINT), [{"x": 1, "y": 1}, {"x": 1, "y": 99}], "[1].y"),
    (table("[a-z]+", whole(9)), {"A": 1}, ""),
    (table("[a-z]+", whole(9)), {"a": -1}, ".a"),
    (table("[a-z]+", whole(9)), 5, ""),
]


@pytest.mark.parametrize(("shape", "value"), ACCEPTED)
def test_value_of_the_shape_is_wrong_nowhere(shape: Shape, value: Any) -> None:
    assert shape(value) is None


@pytest.mark.parametrize(("shape", "value", "path"), REFUSED)
def test_value_of_another_shape_is_wrong_at_its_first_wrong_place(
    shape: Shape, value: Any, path: str
) -> None:
    assert shape(value) == path
