"""A page set in our own font: what posters and paper slips are drawn with.

Drawn with fpdf2, which needs nothing of the machine; the font lies beside this file and is
embedded.
"""

import re
import unicodedata
from pathlib import Path

import segno
from fpdf import FPDF
from fpdf.fonts import TTFFont

from app.board.poster.typesetting import Measure

FONT = Path(__file__).parents[1] / "fonts" / "NotoSansSC-Medium.subset.ttf"
FAMILY = "notice"
MISSING = "〓"  # as printers mark a character that they have no type for
MM_PER_POINT = 25.4 / 72
RED, INK, QUIET, TINT, WHITE = (
    (155, 28, 28),
    (17, 17, 17),
    (68, 68, 68),
    (255, 243, 196),
    (255,) * 3,
)
Colour = tuple[int, ...]


class TypedPage(FPDF):
    """Pages of one size in millimetres, without margins; texts and shapes go where they are put."""

    def __init__(self, size: str) -> None:
        super().__init__(orientation="portrait", unit="mm", format=size)
        self._missing: dict[str, None] = {}
        self.set_auto_page_break(False)
        self.set_margin(0)
        self.c_margin = 0
        self.add_font(FAMILY, "", FONT)
        font = self.fonts[FAMILY]
        assert isinstance(font, TTFFont)  # noqa: S101 - it was added from a file
        font.ttfont.recalcBBoxes = False  # outlines stay as they are; anew they cost half a drawing
        self.typeface = font
        self.set_lang("zh-CN")

    def _draw_code(
        self, content: str, left: float, top: float, width: float, mask: int | None = None
    ) -> None:
        """A QR code with the quiet zone that readers need; the best mask unless one is given."""
        rows = list(segno.make_qr(content, error="m", mask=mask).matrix_iter(border=4))
        side = width / len(rows)
        for row_number, row in enumerate(rows):
            # A run of dark squares is one shape: seams between squares would show in print.
            dark = "".join("#" if each else " " for each in row)
            for run in re.finditer("#+", dark):
                length = run.end() - run.start()
                self._fill(
                    INK, left + run.start() * side, top + row_number * side, length * side, side
                )

    def _measure(self, points: float) -> Measure:
        """How wide a text is at this size. The library's own way of asking goes over every text
        in search of Arabic and of styles, and costs ten times as much."""
        widths, millimetres = self.typeface.cw, points * MM_PER_POINT / 1000
        return lambda text: sum(widths[ord(character)] for character in text) * millimetres

    def _width(self, text: str, points: float) -> float:
        self.set_font(FAMILY, size=points)
        return self.get_string_width(text)

    def _line(self, text: str, points: float, left: float, top: float, colour: Colour) -> None:
        self.set_font(FAMILY, size=points)
        self.set_text_color(colour)
        # The font's ascent is 0.88 of its size.
        self.text(left, top + 0.88 * points * MM_PER_POINT, text)

    def _fill(self, colour: Colour, left: float, top: float, width: float, height: float) -> None:
        self.set_fill_color(colour)
        self.rect(left, top, width, height, style="F")

    def _printable(self, text: str) -> str:
        """The text with a mark for each character that the font lacks, which is noted."""
        shown = []
        for character in text:
            if character == "\n" or ord(character) in self.typeface.cmap:
                shown.append(character)
            elif character == "\t":
                shown.append("  ")
            elif unicodedata.category(character) not in ("Cf", "Mn"):  # these have no shape
                self._missing[character] = None
                shown.append(MISSING)
        return "".join(shown)
