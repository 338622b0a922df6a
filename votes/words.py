"""What the members of an enum are called, in Chinese and in English; they are said from here."""

from enum import StrEnum


class Worded(StrEnum):
    """An enum whose members say what they are called: `PUSH = "PUSH", "推进哨", "push"`."""

    _value_: str
    zh: str
    en: str

    def __new__(cls, value: str, zh: str = "", en: str = "") -> "Worded":
        """A member by its value and its words; one that is there is found by its value alone.

        Raises TypeError for one without words.
        """
        if not (zh and en):
            raise TypeError(f"{cls.__name__}.{value} has no words")
        member = str.__new__(cls, value)
        member._value_ = value
        member.zh, member.en = zh, en
        return member
