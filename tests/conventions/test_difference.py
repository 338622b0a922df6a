import random
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.conventions.texts.difference import Change, ClauseChange, ClauseText, compare

A, B, C, D = (
    "消防通道和黄线内不停车。",
    "访客车登记入内，一般不超过两小时。",
    "电动车不进楼道、不进电梯。",
    "充电按度计价，每月公布。",
)


def texts(*words: str) -> list[ClauseText]:
    return [ClauseText(word, None) for word in words]


def brief(changes: list[ClauseChange]) -> list[tuple[Any, ...]]:
    return [(each.change.value, each.from_number, each.to_number) for each in changes]


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ((A, B), (A, B), []),
        ((A, B), (A, B, C), [("ADDED", None, 3)]),
        ((A, B), (A, C, B), [("ADDED", None, 2), ("RENUMBERED", 2, 3)]),
        ((A, B, C), (A, C), [("REMOVED", 2, None), ("RENUMBERED", 3, 2)]),
        ((A, B), (A, B.replace("两", "四")), [("CHANGED", 2, 2)]),
        (
            (A, B, C),
            (D, A, B.replace("两", "四"), C),
            [("ADDED", None, 1), ("RENUMBERED", 1, 2), ("CHANGED", 2, 3), ("RENUMBERED", 3, 4)],
        ),
        ((A,), (D,), [("ADDED", None, 1), ("REMOVED", 1, None)]),
        ((A, B), (B.replace("两", "四"),), [("REMOVED", 1, None), ("CHANGED", 2, 1)]),
    ],
)
def test_changes(old: tuple[str, ...], new: tuple[str, ...], changes: list[tuple[Any, ...]]):
    assert brief(compare(texts(*old), texts(*new))) == changes


def test_inside_a_changed_clause():
    (change,) = compare(texts(A, B), texts(A, B.replace("两小时", "四小时")))
    assert change.parts == [
        {"op": "equal", "text": "访客车登记入内，一般不超过"},
        {"op": "delete", "text": "两"},
        {"op": "insert", "text": "四"},
        {"op": "equal", "text": "小时。"},
    ]
    assert change.summary == "第二条修改：访客车登记入内，一般不超过〔删：两〕〔增：四〕小时。"


def test_sentences_for_people():
    found = [each.summary for each in compare(texts(A, B, C), texts(D, B, C + "违者劝导。"))]
    assert found == [
        f"新增第一条：{D}",
        f"删去原第一条：{A}",
        f"第三条修改：{C}〔增：违者劝导。〕",
    ]
    moved = [each.summary for each in compare(texts(A, B), texts(A, D, B))]
    assert moved[1] == "原第二条改为第三条，内容不变。"


def test_change_of_the_owners_item_is_a_change():
    old, new = [ClauseText(A, None)], [ClauseText(A, 8)]
    (change,) = compare(old, new)
    assert (change.change, change.from_item, change.to_item) == (Change.CHANGED, None, 8)
    assert change.summary.endswith("（改为须经业主表决）")
    assert compare(new, old)[0].summary.endswith("（不再列为业主表决事项）")


words = st.lists(st.text("停车充电规约一二", min_size=1, max_size=12), min_size=1, max_size=6)


@given(words, words)
def test_parts_give_both_texts(old: list[str], new: list[str]):
    changes = compare(texts(*old), texts(*new))
    rebuilt_old, rebuilt_new = dict(enumerate(old, 1)), dict(enumerate(new, 1))
    for each in changes:
        kept = [part["text"] for part in each.parts if part["op"] != "insert"]
        come = [part["text"] for part in each.parts if part["op"] != "delete"]
        if each.from_number:
            assert rebuilt_old.pop(each.from_number) == "".join(kept)
        if each.to_number:
            assert rebuilt_new.pop(each.to_number) == "".join(come)
    # What is not named stands unchanged under its number.
    assert rebuilt_old == rebuilt_new


def anew(count: int, common: str, letters: str) -> list[ClauseText]:
    """Clauses of a thousand characters that share the beginning and nothing else."""
    chance = random.Random(7)
    return texts(*(common + "".join(chance.choices(letters, k=600)) for _ in range(count)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (anew(99, "罚" * 400, "甲乙丙丁"), anew(99, "罚" * 400, "子丑寅卯")),
        (anew(99, "ab" * 200, "abcd"), anew(99, "ba" * 200, "abcd")),
        (anew(99, "罚" * 400, "ab"), anew(99, "罚" * 400, "ab")),
    ],
    ids=["nothing alike", "everything alike", "two letters"],
)
def test_largest_conventions_are_compared_in_two_seconds(
    old: list[ClauseText], new: list[ClauseText]
):
    began = time.process_time()
    changes = compare(old, new)
    assert time.process_time() - began < 2
    for change in changes:
        if change.change is Change.CHANGED:
            before, after = old[change.from_number - 1].text, new[change.to_number - 1].text
            assert before == "".join(p["text"] for p in change.parts if p["op"] != "insert")
            assert after == "".join(p["text"] for p in change.parts if p["op"] != "delete")
