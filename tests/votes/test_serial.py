"""Serials and stubs of paper slips."""

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.votes.published import (
    WORKED_CASTS,
    WORKED_FILE,
    WORKED_MANIFEST,
    CastBallot,
    worked_bundle,
)
from votes.errors import VotingError
from votes.serial import ALPHABET, LENGTH, as_typed, is_serial, new_serial, with_check
from votes.stub import Stub, marks_of, read_stub, write_stub
from votes.verify import main

SESSION, SERIAL = WORKED_MANIFEST.session_id, "23456Y"
PAYLOADS = st.text(alphabet=ALPHABET, min_size=LENGTH - 1, max_size=LENGTH - 1)


@given(PAYLOADS)
def test_no_single_wrong_character_passes(payload: str):
    serial = with_check(payload)
    assert is_serial(serial)
    for place in range(LENGTH):
        for other in set(ALPHABET) - {serial[place]}:
            assert not is_serial(serial[:place] + other + serial[place + 1 :])


@given(PAYLOADS)
def test_no_two_exchanged_characters_pass(payload: str):
    serial = with_check(payload)
    for left, right in combinations(range(LENGTH), 2):
        if serial[left] != serial[right]:
            swapped = list(serial)
            swapped[left], swapped[right] = swapped[right], swapped[left]
            assert not is_serial("".join(swapped))


def test_worked_example():
    # 6 x 0 + 5 x 1 + 4 x 2 + 3 x 3 + 2 x 4 = 30, and 28 more make 58 = 2 x 29.
    assert with_check("23456") == "23456Y"
    assert is_serial("222222")


def test_new_serials_are_serials_and_differ():
    serials = {new_serial() for _ in range(1000)}
    assert all(map(is_serial, serials))
    assert len(serials) > 990


@pytest.mark.parametrize("text", ["", "22222", "2222222", "22222E", "22222\n", "２22222", "22222é"])
def test_other_text_is_no_serial(text: str):
    assert not is_serial(text)


@pytest.mark.parametrize("typed", ["234 56y", "234-56Y", " 23456Y\n", "23456y"])
def test_serial_as_typed(typed: str):
    assert as_typed(typed) == "23456Y"


def test_alphabet_has_nothing_that_is_mistaken():
    assert len(set(ALPHABET)) == len(ALPHABET) == 29
    assert not set(ALPHABET) & set("01OIUZE")


def test_stub_is_read_back():
    stub = Stub("0198c0de-0000-7000-8000-00000000000a", "23456Y", bytes(range(16)))
    assert read_stub(write_stub(stub) + "\n") == stub


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yueyuetan-stub-v1:s:23456Y:00",
        "yueyuetan-stub-v2:s:23456Y:" + "0" * 32,
        "yueyuetan-stub-v1:a b:23456Y:" + "0" * 32,
        "yueyuetan-stub-v1:s:23456Y:" + "G" * 32,
    ],
)
def test_other_text_is_no_stub(text: str):
    with pytest.raises(VotingError) as caught:
        read_stub(text)
    assert caught.value.code == "invalid_stub"


# What the voter finds in the bundle


V10 = WORKED_CASTS["V10"]  # on paper


def stub_of(cast: CastBallot, session: str = SESSION) -> str:
    return write_stub(Stub(session, SERIAL, cast.nonce))


def test_stub_finds_the_marks_of_its_slip():
    bundle = worked_bundle()
    assert marks_of(bundle, read_stub(stub_of(V10))) == list(V10.ballot.marks)
    assert marks_of(bundle, Stub(SESSION, SERIAL, b"\0" * 16)) == []


def test_command_tells_the_marks_of_a_stub(tmp_path: Path, capsysbinary: Any):
    path = tmp_path / "bundle.json"
    path.write_bytes(WORKED_FILE)
    assert main([str(path), "--stub", stub_of(V10)]) == 0
    told = capsysbinary.readouterr().out.decode()
    assert "5分 · 5 points: M01 " in told
    assert "3分 · 3 points: M04 " in told
    assert "1分 · 1 points: M09 " in told
    for wrong in ("nonsense", stub_of(V10, "another-session")):
        assert main([str(path), "--stub", wrong]) == 1
        assert "✗ 存根" in capsysbinary.readouterr().out.decode()
