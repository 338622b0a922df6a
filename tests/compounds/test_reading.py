"""A register read in a child is what it is when read here, whatever the kind of file."""

import io

import pytest
from openpyxl import Workbook

from app.compounds.reading import register_in_child, table_in_child
from app.compounds.register_file import read_register
from app.confined.calls import Confined, Limits
from app.kit.spreadsheets.reading import read_table
from app.kit.spreadsheets.values import UnreadableFile

TEXT = "楼栋,单元,房号,面积\n1栋,1单元,101,88.50\n1栋,1单元,102,=A1\n龘栋,1单元,1,2\n"
HEADINGS = ["楼栋", "单元"]


def workbook() -> bytes:
    book, buffer = Workbook(), io.BytesIO()
    for line in TEXT.splitlines():
        book.active.append(line.split(","))
    book.save(buffer)
    return buffer.getvalue()


FILES = {
    "utf-8": TEXT.encode(),
    "utf-8 with BOM": TEXT.encode("utf-8-sig"),
    "gb18030": TEXT.encode("gb18030"),
    "gb2312": "a,b,c\n普通,话\n".encode("gb2312"),
    "xlsx": workbook(),
    "half a workbook": workbook()[:3000],
    "nothing": b"",
    "utf-16": TEXT.encode("utf-16"),
    "a picture": b"\x89PNG\r\n\x1a\n",
}


@pytest.fixture(scope="module")
def confined(tmp_path_factory: pytest.TempPathFactory) -> Confined:
    return Confined(tmp_path_factory.mktemp("confined") / "lock", Limits(2, 20, 1_500_000_000))


@pytest.mark.parametrize("name", FILES)
def test_register_in_a_child_is_the_same(confined: Confined, name: str):
    try:
        expected = read_register(FILES[name], "册")
    except UnreadableFile as error:
        with pytest.raises(UnreadableFile) as refused:
            register_in_child(confined, FILES[name], "册")
        assert (refused.value.code, refused.value.zh, refused.value.en) == (
            error.code,
            error.zh,
            error.en,
        )
        return
    assert register_in_child(confined, FILES[name], "册") == expected
    table = read_table(FILES[name], "册", max_rows=200, headings=HEADINGS)
    assert table_in_child(confined, FILES[name], "册", max_rows=200, headings=HEADINGS) == table


def test_too_many_rows_are_refused_in_a_child_too(confined: Confined):
    with pytest.raises(UnreadableFile, match="too_many_rows"):
        table_in_child(confined, FILES["utf-8"], "册", max_rows=1, headings=HEADINGS)
