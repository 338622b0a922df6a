"""A notice as a poster: an A3 page for the board in the entrance, to be read at three metres."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Self

from fpdf import TextMode

from app.board.models import PublicNotice
from app.board.poster.page import INK, MISSING, MM_PER_POINT, QUIET, RED, TINT, WHITE, TypedPage
from app.board.poster.typesetting import lines_of
from app.kit.clock import spoken, spoken_end

FORMAT = 2  # part of every ETag: raise it when the drawing of posters changes

WIDTH, HEIGHT, MARGIN = 297.0, 420.0, 20.0
COLUMN = WIDTH - 2 * MARGIN
BAND, FOOT = 40.0, 22.0
QR_SIDE = 64.0
TITLE_POINTS = (64, 54, 46, 38)  # the largest with which it takes at most three lines
TITLE_LINES = 3
COMPOUND_POINTS = (34, 28, 22, 16, 10)
TEXT_POINTS, FACT_POINTS, SMALL_POINTS = 25, 23, 15
LEADING = 1.5
# Twelve pages in an entrance are more than anybody reads there, and take a second to draw.
MAX_LINES = 300
MAX_CHARACTERS = 9_000
MAX_NAMED = 20  # characters that the font lacks
REST = (
    "\n……\n未完：全文请扫第一页的码，看公示网页。"
    "\nThe rest is on the notice's page; scan the code on the first."
)


@dataclass(frozen=True)
class Poster:
    """What stands on a poster; `address` is the notice's own page."""

    compound: str
    title: str
    text: str
    published_at: datetime
    modified_at: datetime
    withdrawn_at: datetime | None
    term_ends_at: datetime | None
    is_corrected: bool
    address: str

    @property
    def version(self) -> str:
        """A text that changes with whatever is printed."""
        return hashlib.sha256(f"{FORMAT} {self!r}".encode()).hexdigest()[:32]


def poster_of(notice: PublicNotice, address: str) -> Poster:
    """The poster of a notice as it stands now."""
    return Poster(
        compound=notice.compound.name,
        title=notice.title,
        text=notice.text,
        published_at=notice.published_at,
        modified_at=notice.modified_at,
        withdrawn_at=notice.withdrawn_at,
        term_ends_at=notice.term_ends_at,
        is_corrected=notice.revision > 1 and notice.withdrawn_at is None,
        address=address,
    )


def draw(poster: Poster) -> bytes:
    """The poster as PDF; a long text goes on over further pages, twelve at most."""
    # Each foot says how many pages there are, which the first drawing finds out.
    first = _Sheet(poster, page_count=0).drawn()
    first.typeface.close()
    return bytes(_Sheet(poster, first.pages_count).drawn().output())


class _Sheet(TypedPage):
    """The pages of one poster, drawn from the top down."""

    def __init__(self, poster: Poster, page_count: int) -> None:
        super().__init__("A3")
        self._poster, self._page_count = poster, page_count
        self.set_title(poster.title)
        self.set_author(poster.compound)
        self.set_creation_date(poster.modified_at)

    def drawn(self) -> Self:
        self._begin_page()
        self._write_title()
        self._write_facts()
        self._write_text(self._poster.text)
        if self._missing:
            points = "、".join(f"U+{ord(each):04X}" for each in islice(self._missing, MAX_NAMED))
            points += "……" if len(self._missing) > MAX_NAMED else ""
            self._write_text(
                f"\n{MISSING} 为海报字库未收的字（{points}），请看公示网页。"
                f"\n{MISSING} stands for a character that this poster has no type for; "
                "see the notice's page."
            )
        return self

    def _begin_page(self) -> None:
        self.add_page()
        self._fill(RED, 0, 0, WIDTH, BAND)
        self._line("公 示", 72, MARGIN, 6, WHITE)
        self._line("Public notice", 22, MARGIN + 78, 20, WHITE)
        points, lines = self._fitted(self._poster.compound, COMPOUND_POINTS, COLUMN / 2, 1)
        compound, width = lines[0], self._width(lines[0], points)
        self._line(compound, points, WIDTH - MARGIN - width, 24 - points * MM_PER_POINT / 2, WHITE)
        self._write_foot()
        self.y = BAND + 12

    def _write_title(self) -> None:
        points, lines = self._fitted(self._poster.title, TITLE_POINTS, COLUMN, TITLE_LINES)
        for line in lines:
            self._go_on(points)
            with self.local_context(text_mode=TextMode.FILL_STROKE, line_width=0.45):
                self.set_draw_color(INK)
                self._line(line, points, MARGIN, self.y, INK)
            self.y += points * MM_PER_POINT * 1.3
        self.y += 6

    def _write_facts(self) -> None:
        """Times and marks on the left, the QR code on the right."""
        poster, top = self._poster, self.y
        left = COLUMN - QR_SIDE - 12
        facts = [(f"公示时间：{spoken(poster.published_at)}", "Published")]
        if poster.withdrawn_at is not None:
            facts.append((f"已撤回：{spoken(poster.withdrawn_at)}", "Withdrawn"))
        elif poster.is_corrected:
            facts.append((f"已更正：{spoken(poster.modified_at)}", "Corrected"))
        if poster.term_ends_at is not None and poster.withdrawn_at is None:
            facts.append((f"异议截止：{spoken_end(poster.term_ends_at)}", "Objections until"))
        for number, (zh, en) in enumerate(facts):
            is_marked = number > 0
            if is_marked:
                self._fill(TINT, MARGIN, self.y - 2, left, 20)
                self._fill(RED, MARGIN, self.y - 2, 2.5, 20)
            self._line(zh, FACT_POINTS, MARGIN + 6, self.y, RED if is_marked else INK)
            self._line(en, SMALL_POINTS, MARGIN + 6, self.y + 10.5, QUIET)
            self.y += 23
        self._draw_code(poster.address, WIDTH - MARGIN - QR_SIDE, top - 2, QR_SIDE)
        below = top + QR_SIDE + 1
        caption = ("扫码看公示、提异议" if poster.term_ends_at else "扫码看公示", "Scan to read on")
        for number, words in enumerate(caption):
            centre = WIDTH - MARGIN - QR_SIDE / 2 - self._width(words, SMALL_POINTS) / 2
            self._line(words, SMALL_POINTS, centre, below + 6.5 * number, QUIET)
        self.y = max(self.y, below + 16)
        self._fill(QUIET, MARGIN, self.y, COLUMN, 0.6)
        self.y += 8

    def _write_text(self, text: str) -> None:
        points = TEXT_POINTS
        for line in self._lines(text, points):
            self._go_on(points)
            self._line(line, points, MARGIN, self.y, INK)
            # An empty line parts paragraphs; half of one does that too.
            self.y += points * MM_PER_POINT * (LEADING if line else LEADING / 2)

    def _lines(self, text: str, points: float) -> list[str]:
        """The lines of a text, no more than a poster has, and then where the rest is found."""
        measure = self._measure(points)
        lines = lines_of(self._printable(text[:MAX_CHARACTERS]), COLUMN, measure)
        if len(text) <= MAX_CHARACTERS and len(lines) <= MAX_LINES:
            return lines
        return lines[:MAX_LINES] + lines_of(REST, COLUMN, measure)

    def _write_foot(self) -> None:
        top = HEIGHT - FOOT
        self._fill(QUIET, MARGIN, top, COLUMN, 0.4)
        self._line(self._poster.address, 12, MARGIN, top + 4, QUIET)
        page, count = self.page_no(), self._page_count
        words = f"第 {page} 页，共 {count} 页  Page {page} of {count}"
        self._line(words, 12, WIDTH - MARGIN - self._width(words, 12), top + 4, QUIET)

    def _go_on(self, points: float) -> None:
        """A new page where the next line would not fit on this one."""
        if self.y + points * MM_PER_POINT > HEIGHT - FOOT - 4:
            self._begin_page()

    def _fitted(
        self, text: str, sizes: tuple[int, ...], width: float, count: int
    ) -> tuple[int, list[str]]:
        """The largest size with which the text takes at most so many lines, and the lines."""
        for points in sizes:
            lines = lines_of(self._printable(text), width, self._measure(points))
            if len(lines) <= count:
                break
        return points, lines
