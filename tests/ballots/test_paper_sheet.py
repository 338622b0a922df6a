"""Slips as they are printed: read back as text, by pixels, and by a reader of QR codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from app.ballots.paper.printing import BOX, Sheet, draw
from tests.ballots.desk import Desk
from tests.board.test_poster import boxes_of, picture_of, words_on
from tests.cast import Cast
from tests.checks import refusal
from votes.serial import with_check
from votes.stub import Stub, read_stub, write_stub

SESSION = "0198c0de-0000-7000-8000-00000000000a"
WEIGHTS = (5, 3, 1)
PIXELS_A_MM = 2 * 72 / 25.4  # at the scale of `picture_of`


def sheet_with(matters: int, slips: int, title: str = "夜间停车难、消防通道被占") -> Sheet:
    serials = [with_check(f"2222{'ABCDF'[i]}") for i in range(slips)]
    return Sheet(
        title="香樟苑小区 2026年3月 · 月月谈",
        closes="2026-03-19 00:00",
        issued=datetime(2026, 3, 12, tzinfo=UTC),
        rule_zh="每种分值至多1件",
        rule_en="5: 1 at most, 3: 1 at most, 1: 1 at most",
        boxes=WEIGHTS,
        matters=tuple((f"M{number:02}", title) for number in range(1, matters + 1)),
        slips=tuple((each, write_stub(Stub(SESSION, each, b"\x5a" * 16))) for each in serials),
    )


@contextmanager
def printed(sheet: Sheet) -> Iterator[pypdfium2.PdfDocument]:
    with pypdfium2.PdfDocument(draw(sheet)) as document:
        yield document


def codes_on(document: pypdfium2.PdfDocument) -> list[str]:
    """The texts of all QR codes, page by page."""
    return [
        code.text
        for number in range(len(document))
        for code in zxingcpp.read_barcodes(picture_of(document, number))
    ]


def centre(document: pypdfium2.PdfDocument, words: str) -> tuple[int, int]:
    """Where the middle of these words is on the first page, in pixels."""
    boxes = boxes_of(document, words)
    return (boxes[0][0] + boxes[-1][2]) // 2, (boxes[0][1] + boxes[0][3]) // 2


def is_box(picture: Image.Image, x: int, y: int) -> bool:
    """Whether a box stands around this place, or a millimetre above or below it: letters stand on
    their line and not in its middle."""
    return any(is_square(picture, x, y + shift) for shift in range(-6, 7))


def is_square(picture: Image.Image, x: int, y: int) -> bool:
    """Whether an empty square of the size of a box stands around this place."""
    half = round(BOX / 2 * PIXELS_A_MM)
    ink = picture.point(lambda value: 255 if value < 140 else 0)
    inside = ink.crop((x - half + 3, y - half + 3, x + half - 3, y + half - 3))
    sides = [
        (x - half - 2, y - 1, x - half + 3, y + 2),
        (x + half - 3, y - 1, x + half + 2, y + 2),
        (x - 1, y - half - 2, x + 2, y - half + 3),
        (x - 1, y + half - 3, x + 2, y + half + 2),
    ]
    return inside.getbbox() is None and all(ink.crop(side).getbbox() for side in sides)


def test_slips_are_printed_for_the_session_with_their_codes(cast: Cast):
    desk = Desk(cast)
    answer = desk.secretary.get(f"/paper-batches/{desk.batch_id}/slips.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Cache-Control"] == "private, no-store"
    with pypdfium2.PdfDocument(answer.data) as document:
        words, codes = "".join(words_on(document)), codes_on(document)
    for serial in desk.serials:
        assert words.count(f"{serial[:3]} {serial[3:]}") == 3  # slip, stub, strip
    for title in ("停车", "路灯", "积水", "不要写姓名", "投票人留存", "签领联", "Voter's stub"):
        assert words.count(title) >= 4, title
    assert sorted(code for code in codes if ":" not in code) == desk.serials
    stubs = [read_stub(code) for code in codes if ":" in code]
    assert sorted(stub.serial for stub in stubs) == desk.serials
    assert {stub.session_id for stub in stubs} == {desk.id}
    # The number on the stub is the one that the ballot is made with.
    voter = desk.voters[0]
    desk.vote(voter, *desk.matters)
    own = voter.get(f"{desk.path}/ballot").json
    (stub,) = [each for each in stubs if each.serial == desk.serials[0]]
    assert own["nonce"] == stub.nonce.hex()


def test_two_slips_of_ten_matters_fill_a_page():
    with printed(sheet_with(10, 4)) as document:
        assert len(document) == 2
        page = document[0]
        assert (round(page.get_width() / 72 * 25.4), round(page.get_height() / 72 * 25.4)) == (
            210,
            297,
        )
        page.close()
        assert len(codes_on(document)) == 8


def test_each_matter_has_a_box_below_each_weight():
    with printed(sheet_with(10, 1)) as document:
        picture = picture_of(document)
        columns = [centre(document, f"{weight}分")[0] for weight in WEIGHTS]
        rows = [centre(document, f"M{number:02}")[1] for number in range(1, 11)]
    assert columns == sorted(columns)
    for x in columns:
        assert [is_box(picture, x, y) for y in rows] == [True] * 10
    assert not is_box(picture, columns[0] - 40, rows[0])


def test_a_scheme_with_more_picks_has_a_column_for_each_weight():
    sheet = replace(sheet_with(3, 1), boxes=(9, 2))
    with printed(sheet) as document:
        picture = picture_of(document)
        columns = [centre(document, words)[0] for words in ("9分", "2分")]
        row = centre(document, "M03")[1]
    assert all(is_box(picture, x, row) for x in columns)


@pytest.mark.parametrize("matters", [2, 10, 22, 23, 24, 34, 35, 36, 45, 80])
def test_nothing_is_printed_beyond_the_edge_however_long_the_list(matters: int):
    with printed(sheet_with(matters, 2, "夜间停车难" * 8)) as document:
        words = "".join(words_on(document))
        pictures = [picture_of(document, number) for number in range(len(document))]
        assert len(codes_on(document)) == 4
    for number in range(1, matters + 1):
        assert words.count(f"M{number:02}") == 2
    edge = round(3 * PIXELS_A_MM)
    for picture in pictures:
        ink = picture.point(lambda value: 255 if value < 200 else 0).getbbox()
        assert ink is not None
        assert ink[0] >= edge
        assert ink[1] >= edge
        assert ink[2] <= picture.width - edge
        assert ink[3] <= picture.height - edge


def test_slips_that_were_printed_before_come_out_the_same(cast: Cast):
    desk = Desk(cast)
    path = f"/paper-batches/{desk.batch_id}/slips.pdf"
    assert desk.secretary.get(path).data == desk.secretary.get(path).data
    assert refusal(desk.secretary.get(f"/paper-batches/{desk.id}/slips.pdf")) == (404, "not_found")
