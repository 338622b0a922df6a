"""CSV text as tables: whatever program saved it, and what is no text at all."""

import pytest

from tests.kit.spreadsheets.files import TEXT, csv_of, refusal_of


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "unknown_format"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "unknown_format"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "unknown_format"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "unknown_format"),
        (b"\x1f\x8b\x08\x00abc", "unknown_format"),
        (b"{\\rtf1\\ansi}", "unknown_format"),
        (b"\x7fELF\x02\x01\x01\x00", "unknown_format"),
        ("<html><table><tr><td>楼栋".encode("gbk"), "unknown_format"),
        (b"\xef\xbb\xbf \n<?xml version='1.0'?>", "unknown_format"),
        (TEXT.encode("utf-16-le"), "unknown_format"),
        (TEXT.encode("utf-16"), "unknown_encoding"),
        (TEXT.encode("utf-32"), "unknown_encoding"),
        ("樓棟,單元,房號,面積\n1棟,1單元,101,88.5".encode("big5"), "unknown_encoding"),
        ("building,entrance,unit,area\n龍華閣,1,101,88.5".encode("big5"), "unknown_encoding"),
        ("building,entrance,unit,area\n1階,1,101,88.5".encode("shift_jis"), "unknown_encoding"),
        ("building,entrance,unit,area\nÄ,1,101,88.5".encode("latin-1"), "unknown_encoding"),
        (TEXT.encode().replace("单".encode(), b"\xe5\x8d"), "unknown_encoding"),
        (TEXT.encode("gb18030") + b"\xff", "unknown_encoding"),
        (csv_of('1栋,1单元,"101,88.5', "1栋,1单元,102,88.5"), "broken_csv"),
        (csv_of('1栋,1单元,"10"1,88.5'), "broken_csv"),
        pytest.param(csv_of("1" * 200_000), "broken_csv", id="overlong cell"),
        (csv_of("," * 300), "too_many_columns"),
    ],
)
def test_text_is_refused(data, code):
    assert refusal_of(data).code == code


def test_lone_surrogate_does_not_get_in():
    data = csv_of("1栋,1单元,101,88.5").replace(
        b"101", "1\ud80001".encode("utf-8", "surrogatepass")
    )

    assert refusal_of(data).code == "unknown_encoding"


def test_broken_csv_names_the_line():
    error = refusal_of(csv_of("1栋,1单元,101,88.5", '1栋,1单元,"102,88.5'))

    assert "第 3 行" in error.zh
    assert "line 3" in error.en


def test_unknown_format_names_the_file_whatever_its_name_says():
    error = refusal_of(b"%PDF-1.7", filename="登记\x00册.csv")

    assert "“登记?册.csv”" in error.zh
    assert "“登记?册.csv”" in error.en


def test_200000_lines_are_too_many():
    assert refusal_of(csv_of(*["1栋,1单元,101,88.5"] * 200_000)).code == "too_many_rows"
