"""Serials of paper slips: short, typed by hand, and a slip of the finger is noticed.

A serial has six characters of an alphabet of 29 in which nothing is mistaken for something else
(no 0, O, 1, I, no Z beside 2, no U beside V), and without E, since spreadsheet programs take 23E456
for a number. Let the characters stand for 0 to 28 in the order of the alphabet, and multiply the
first by 6, the second by 5, and so on down to 1: the sum is divisible by 29. As 29 is prime, no
single wrong character and no two exchanged ones pass.
"""

from __future__ import annotations

import secrets

ALPHABET = "23456789ABCDFGHJKLMNPQRSTVWXY"
LENGTH = 6


def new_serial() -> str:
    """A random serial; the caller sees to it that each is given out once."""
    return with_check("".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1)))


def with_check(payload: str) -> str:
    """The five characters with the sixth that makes them a serial."""
    return payload + ALPHABET[-_weighted_sum(payload) % len(ALPHABET)]


def as_typed(text: str) -> str:
    """What somebody meant who typed small letters, spaces or hyphens."""
    return "".join(text.split()).replace("-", "").upper()


def is_serial(text: str) -> bool:
    """Whether the text is spelled as a serial and its check character is right."""
    return (
        len(text) == LENGTH
        and set(text) <= set(ALPHABET)
        and _weighted_sum(text) % len(ALPHABET) == 0
    )


def _weighted_sum(text: str) -> int:
    return sum(
        weight * ALPHABET.index(character)
        for weight, character in zip(range(LENGTH, 0, -1), text, strict=False)
    )
