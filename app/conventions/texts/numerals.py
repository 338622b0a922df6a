"""Numbers as Chinese legal texts print them: 第一条 to 第九十九条."""

DIGITS = "零一二三四五六七八九"
MAX_NUMBER = 99


def chinese_number(number: int) -> str:
    """The number in Chinese numerals, 十二 for 12. Raises ValueError unless it is 1 to 99."""
    if not 1 <= number <= MAX_NUMBER:
        raise ValueError(f"Numerals are written from 1 to {MAX_NUMBER}, not {number}.")
    tens, ones = divmod(number, 10)
    return (
        (DIGITS[tens] if tens > 1 else "") + ("十" if tens else "") + (DIGITS[ones] if ones else "")
    )


def clause_label(number: int) -> str:
    """The number of a clause as it is printed, e.g. `第十二条`."""
    return f"第{chinese_number(number)}条"
