import pytest

from app.conventions.texts.check import FORBIDDEN, Finding, check_text

NAMED = [
    "罚款",
    "断水",
    "断电",
    "停水",
    "停电",
    "扣车",
    "扣押",
    "没收",
    "禁止入内",
    "取消资格",
    "强制",
    "拘留",
]


@pytest.mark.parametrize("word", NAMED)
def test_words_of_the_domain_notes_are_found(word: str):
    assert check_text("规约", ["前一条。", f"违者{word}。"]) == [Finding(2, 2, word)]


@pytest.mark.parametrize("word", FORBIDDEN)
def test_each_word_has_a_reason_and_a_source(word: str):
    reason = FORBIDDEN[word]
    assert reason.zh
    assert reason.en
    assert "《" in reason.source


def test_negation_is_found_too():
    assert check_text("规约", ["本规约不设罚款。"]) == [Finding(1, 5, "罚款")]


def test_every_place_is_found_in_order():
    found = check_text("罚款规约", ["罚款，再罚款。", "停水停电"])
    assert found == [
        Finding(0, 0, "罚款"),
        Finding(1, 0, "罚款"),
        Finding(1, 4, "罚款"),
        Finding(2, 0, "停水"),
        Finding(2, 2, "停电"),
    ]


@pytest.mark.parametrize(
    "text", ["罚 款", "罚\u3000款", "罚\n款", "罚\u200b款", "罚\u00ad款", "罚、款", "罰款", "罚_款"]
)
def test_space_inside_a_word_hides_nothing(text: str):
    assert check_text("规约", [f"须{text}五十"]) == [Finding(1, 1, "罚款")]


def test_position_is_that_of_the_text():
    # A character whose compatibility form is longer moves nothing.
    assert check_text("规约", ["每㎡罚款"]) == [Finding(1, 2, "罚款")]


def test_ordinary_words_pass():
    clauses = ["不限制任何人正常通行和用水用电。", "报有关部门依法处理。", "先劝导、后调解。"]
    assert check_text("停车规约", clauses) == []
