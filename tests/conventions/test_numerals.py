import pytest

from app.conventions.texts.numerals import chinese_number, clause_label

DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")}


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (1, "一"),
        (9, "九"),
        (10, "十"),
        (11, "十一"),
        (12, "十二"),
        (19, "十九"),
        (20, "二十"),
        (21, "二十一"),
        (90, "九十"),
        (99, "九十九"),
    ],
)
def test_number_as_it_is_printed(number: int, printed: str):
    assert chinese_number(number) == printed
    assert clause_label(number) == f"第{printed}条"


def test_each_numeral_reads_back():
    for number in range(1, 100):
        tens, ten, ones = chinese_number(number).rpartition("十")
        value = 10 * DIGITS.get(tens, 1) if ten else 0
        assert value + DIGITS.get(ones, 0) == number


@pytest.mark.parametrize("number", [0, -1, 100])
def test_other_numbers_are_not_printed(number: int):
    with pytest.raises(ValueError):
        chinese_number(number)
