"""The poster of a notice: printed, read back by pixels, and scanned like a phone does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
import zxingcpp
from flask.testing import FlaskClient
from fontTools.ttLib import TTFont
from PIL import Image, ImageChops, ImageDraw, ImageFont

from app.board.models import NoticeKind
from app.board.poster import kept as kept_posters
from app.board.poster.drawing import HEIGHT, WIDTH
from app.board.poster.page import FONT
from app.board.poster.typesetting import NOT_FIRST, lines_of
from app.board.services import publish
from app.compounds.models import Compound
from app.kit.clock import now
from app.kit.extensions import db
from app.kit.words import Words
from tests.board.steps import announce, read_feed
from tests.cast import Cast
from tests.checks import counted

SITE = "https://board.example"  # PUBLIC_URL of the tests' settings
SCALE = 2.0  # pixels in a point: 144 to the inch
TITLE = "决议公示：夜间停车"
TEXT = "访客车辆限时两小时，看望老人的登记后可停一天。\nVisitors may park for two hours."


def posted(cast: Cast, title: str = TITLE, text: str = TEXT, **more: Any) -> str:
    """The id of a notice with these words."""
    with cast.app.app_context():
        home = db.session.get_one(Compound, cast.home.id)
        notice = publish(
            db.session(),
            NoticeKind.RESOLUTION_NOTICED,
            home,
            uuid4(),
            title=Words(title, title),
            text=Words(text, text),
            data={},
            at=now(),
            **more,
        )
        db.session.commit()
        return str(notice.id)


@contextmanager
def printed(client: FlaskClient, notice_id: str) -> Iterator[pypdfium2.PdfDocument]:
    answer = client.get(f"/board/notices/{notice_id}/poster.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf"), answer.text
    with pypdfium2.PdfDocument(answer.data) as document:
        yield document


def words_on(document: pypdfium2.PdfDocument) -> list[str]:
    """What can be copied out of each page, without the line breaks."""
    found = []
    for page in document:
        text = page.get_textpage()
        found.append(text.get_text_bounded().replace("\r\n", ""))
        text.close()
        page.close()
    return found


def picture_of(document: pypdfium2.PdfDocument, number: int = 0) -> Image.Image:
    page = document[number]
    bitmap = page.render(scale=SCALE)
    picture: Image.Image = bitmap.to_pil().convert("L")
    bitmap.close()
    page.close()
    return picture


def boxes_of(document: pypdfium2.PdfDocument, words: str) -> list[tuple[int, int, int, int]]:
    """Where each character of the words stands on the first page, in pixels."""
    page = document[0]
    text = page.get_textpage()
    height = page.get_height()
    search = text.search(words)
    found = search.get_next()
    assert found is not None, words
    boxes = []
    for index in range(found[0], found[0] + len(words)):
        left, bottom, right, top = text.get_charbox(index, loose=True)
        boxes.append(tuple(int(v * SCALE) for v in (left, height - top, right, height - bottom)))
    search.close()
    text.close()
    page.close()
    return boxes


def shape(picture: Image.Image) -> Image.Image:
    """A character's ink, cut out and brought to one size."""
    ink = picture.point(lambda value: 255 if value < 128 else 0)
    box = ink.getbbox()
    assert box is not None, "nothing is printed here"
    return ink.crop(box).resize((48, 48))


def drawn(character: str) -> Image.Image:
    """The same character as another program draws it with the font."""
    picture = Image.new("L", (200, 200), 255)
    ImageDraw.Draw(picture).text((40, 40), character, 0, ImageFont.truetype(FONT, 100))
    return shape(picture)


def difference(one: Image.Image, other: Image.Image) -> float:
    """The share of the ink in which two shapes differ."""
    apart = ImageChops.difference(one, other).histogram()[255]
    return apart / sum(picture.histogram()[255] for picture in (one, other))


def test_poster_is_one_sheet_of_a3_with_the_whole_notice(cast: Cast, client: FlaskClient):
    with printed(client, posted(cast)) as document:
        assert len(document) == 1
        size = [side / 72 * 25.4 for side in document[0].get_size()]
        assert size == pytest.approx([WIDTH, HEIGHT], abs=0.1)
        (words,) = words_on(document)
    for part in (TITLE, *TEXT.split("\n"), cast.home.name, "公 示", "第 1 页，共 1 页"):
        assert part in words


def test_characters_look_like_themselves(cast: Cast, client: FlaskClient):
    """Each one of the title is the shape of that character, and none is the box of a missing one:
    compared by pixels with the same font drawn by another program."""
    with printed(client, posted(cast)) as document:
        picture = picture_of(document)
        shapes = [shape(picture.crop(box)) for box in boxes_of(document, TITLE)]
    box = drawn("\U0010ffff")
    for character, seen in zip(TITLE, shapes, strict=True):
        if character == "：":
            continue  # two dots, whose size the outline of the title changes
        likeness = {each: difference(seen, drawn(each)) for each in TITLE if each != "："}
        assert min(likeness, key=likeness.__getitem__) == character
        assert likeness[character] < 0.2 < difference(seen, box)


def test_all_fonts_are_embedded(cast: Cast, client: FlaskClient):
    fonts = set()
    with printed(client, posted(cast)) as document:
        page = document[0]
        for each in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT]):
            font = pdfium.FPDFTextObj_GetFont(each.raw)
            fonts.add(bool(pdfium.FPDFFont_GetIsEmbedded(font)))
        page.close()
    assert fonts == {True}


def test_qr_code_leads_to_the_notice(cast: Cast, client: FlaskClient):
    notice_id = posted(cast)
    with printed(client, notice_id) as document:
        codes = zxingcpp.read_barcodes(picture_of(document))
    (item,) = read_feed(client, cast.home)["items"]
    assert [code.text for code in codes] == [item["url"]] == [f"{SITE}/board/notices/{notice_id}"]
    assert client.get(item["url"].removeprefix(SITE)).status_code == 200


def test_nothing_is_printed_on_the_margins(cast: Cast, client: FlaskClient):
    title = "加装电梯" * 40
    with printed(client, posted(cast, title, "没有空格的长文" * 300 + "W" * 500)) as document:
        for number in range(len(document)):
            picture = picture_of(document, number)
            # Below the coloured band, outside of the column.
            for left, right in ((0, 19), (WIDTH - 19, WIDTH)):
                box = (left, 41, right, HEIGHT)
                edge = picture.crop(tuple(int(v / 25.4 * 72 * SCALE) for v in box))
                assert edge.getextrema() == (255, 255), number


def test_long_notice_goes_on_over_numbered_pages(cast: Cast, client: FlaskClient):
    paragraphs = [
        f"第{number}条：访客车辆限时两小时，看望老人的登记后可停一天。" for number in range(90)
    ]
    with printed(client, posted(cast, text="\n".join(paragraphs))) as document:
        pages = words_on(document)
    assert len(pages) > 2
    for number, words in enumerate(pages, start=1):
        assert f"第 {number} 页，共 {len(pages)} 页" in words
        assert cast.home.name in words
    for paragraph in paragraphs:
        assert sum(paragraph in words for words in pages) == 1, paragraph


def test_term_correction_and_withdrawal_are_marked(
    cast: Cast, client: FlaskClient, travel: Callable[[str], None]
):
    travel("2026-03-12T08:00:00+08:00")
    secretary = cast.secretary()
    announced = announce(cast, secretary)
    ends = now().replace(day=18, hour=16, minute=0, second=0, microsecond=0)
    with_term = posted(cast, term_ends_at=ends)
    with printed(client, with_term) as document:
        (words,) = words_on(document)
    assert "异议截止：2026-03-18 24:00" in words
    assert "已更正" not in words

    travel("2026-03-12T09:30:00+08:00")
    secretary = cast.logged_in_anew(secretary)
    secretary.post(f"/notices/{announced}/correct", {"note": "地点改为社区会议室"})
    with printed(client, announced) as document:
        (words,) = words_on(document)
    assert "已更正：2026-03-12 09:30" in words
    assert "地点改为社区会议室" in words
    assert "异议截止" not in words

    secretary.post(f"/notices/{announced}/withdraw", {"reason": "发错小区"})
    with printed(client, announced) as document:
        (words,) = words_on(document)
    assert "已撤回：2026-03-12 09:30" in words
    assert "发错小区" in words
    assert "已更正" not in words


def test_character_without_type_is_told(cast: Cast, client: FlaskClient):
    """A rare character is no empty box: a printer's mark stands for it, and a line says which."""
    with printed(client, posted(cast, text="居民𪚥某\u200d喜🎉，堃、喆、𬭚都有。")) as document:
        (words,) = words_on(document)
    assert "居民〓某喜〓，堃、喆、𬭚都有。" in words
    assert "未收的字（U+2A6A5、U+1F389）" in words
    with printed(client, posted(cast)) as document:
        assert "〓" not in words_on(document)[0]


def test_font_has_what_notices_are_written_with():
    with TTFont(FONT) as font:
        known = set(font.getBestCmap())
        assert "glyf" in font
    rows = (bytes([row, cell]) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    gb2312 = "".join(pair.decode("gb2312", "ignore") for pair in rows)
    assert len(gb2312) == 6763
    names = "堃喆垚昇珺婧玥煊晞淼犇鑫磊龢翀祎弢赟曌甡"
    signs = "，。、；：？！（）【】「」『』《》“”‘’…—～·￥％℃㎡①②③〓†×→±"
    assert {each for each in gb2312 + names + signs if ord(each) not in known} == set()
    assert (FONT.parent / "OFL.txt").read_text().count("SIL Open Font License") > 0


def test_poster_seen_before_is_not_drawn_again(
    cast: Cast, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
):
    secretary = cast.secretary()
    notice_id = announce(cast, secretary)
    path = f"/board/notices/{notice_id}/poster.pdf"
    seen = client.get(path)
    assert "public" in seen.headers["Cache-Control"]

    def draw(poster: object) -> bytes:
        raise AssertionError("drawn again")

    with monkeypatch.context() as patch:
        patch.setattr(kept_posters, "draw", draw)
        answer = client.get(path, headers={"If-None-Match": seen.headers["ETag"]})
        assert (answer.status_code, answer.data) == (304, b"")
    secretary.post(f"/notices/{notice_id}/correct", {"note": "地点改为社区会议室"})
    again = client.get(path, headers={"If-None-Match": seen.headers["ETag"]})
    assert again.status_code == 200
    assert again.headers["ETag"] != seen.headers["ETag"]


def test_poster_costs_few_queries(cast: Cast, client: FlaskClient):
    notice_id = posted(cast)
    with counted(cast.app) as statements:
        assert client.get(f"/board/notices/{notice_id}/poster.pdf").status_code == 200
    assert len(statements) <= 6, statements


def test_board_and_feeds_lead_to_the_poster(cast: Cast, client: FlaskClient):
    notice_id = posted(cast)
    address = f"{SITE}/board/notices/{notice_id}/poster.pdf"
    (item,) = read_feed(client, cast.home)["items"]
    assert item["attachments"] == [{"url": address, "mime_type": "application/pdf"}]
    for page in (f"/board/compounds/{cast.home.id}", f"/board/notices/{notice_id}"):
        assert f'href="{address}"' in client.get(page).text
    atom = client.get(f"/api/v1/board/compounds/{cast.home.id}/feed.atom").text
    assert f'rel="enclosure" href="{address}"' in atom
    assert client.get(address.removeprefix(SITE)).status_code == 200


def test_poster_of_no_notice_is_not_found(client: FlaskClient):
    answer = client.get(f"/board/notices/{UUID(int=7)}/poster.pdf")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("一二三四五", 3, ["一二三", "四五"]),
        ("一二三，四五", 3, ["一二", "三，四", "五"]),
        ("一二「三四」五", 3, ["一二", "「三", "四」五"]),
        ("a bc def", 4, ["a bc", "def"]),
        ("停车18,600元", 4, ["停车", "18,6", "00元"]),
        ("一\n\n二", 3, ["一", "", "二"]),
        ("", 3, [""]),
    ],
)
def test_lines_break_where_readers_expect(text: str, width: int, lines: list[str]):
    assert lines_of(text, width, len) == lines


@pytest.mark.parametrize("width", range(4, 30))
def test_no_character_is_lost_and_no_line_begins_with_a_full_stop(width: int):
    text = (
        "一、在3栋与4栋之间（含车棚）增设「太阳能」路灯六盏，不超过18,600元！See notice 7, page 2."
    )
    lines = lines_of(text, width, len)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(len(line) <= width for line in lines)
    if width > 8:  # a narrower line must break within what belongs together
        assert not [line for line in lines if line[0] in NOT_FIRST - {"("}]


def test_line_of_commas_is_broken_as_fast_as_words():
    """Whoever writes thousands of signs that may not begin a line stops no server."""
    asked: list[str] = []

    def measure(text: str) -> float:
        asked.append(text)
        return float(len(text))

    for text in ("，" * 5000, "a" * 5000, "（" * 5000):
        asked.clear()
        lines = lines_of(text, 40, measure)
        assert "".join(lines) == text
        assert sum(map(len, asked)) < 500 * len(text)
