"""Slips to print: A4, each slip with three parts that are cut apart.

The slip itself is marked and handed in; on it stands its serial and nothing of the voter. The stub
is the voter's, with the printed random number from which the trackers follow. The strip is signed
for by the voter and kept apart from the slips.
"""

from dataclasses import dataclass
from typing import Any, Self

from app.agenda.models import OPEN_STATES, AgendaSession
from app.ballots.keys.store import KeyStore
from app.ballots.paper.slips import PaperBatch
from app.board.poster.page import INK, MM_PER_POINT, QUIET, Colour, TypedPage
from app.board.poster.typesetting import lines_of
from app.kit.clock import spoken
from votes.scheme import BallotScheme
from votes.stub import Stub, write_stub

WIDTH, HEIGHT, MARGIN = 210.0, 297.0, 10.0
COLUMN = WIDTH - 2 * MARGIN
HEAD, TABLE_HEAD, STRIP, CODE, STUB_CODE, GAP = 20.0, 5.5, 30.0, 19.0, 28.0, 1.5
NUMBER_COLUMN, BOX_COLUMN, BOX = 13.0, 15.0, 4.8
ROW_PADDING, LEADING = 2.7, 4.2
TITLE_POINTS, TEXT_POINTS, SMALL_POINTS, TINY_POINTS = 10.0, 9.0, 7.5, 6.5
MASK = 0  # any can be read; to seek the best of eight takes most of the time
SPACING = 1.25 * MM_PER_POINT
EDGE, STRIP_MIDDLE = 5.0, MARGIN + 0.6 * COLUMN
_Line = tuple[str, float, Colour]


@dataclass(frozen=True)
class Sheet:
    """What stands on a batch of slips: `matters` are labels and titles, `slips` serials with the
    text of the stub's code, `boxes` the weights, one for each pick."""

    title: str
    closes: str
    issued: Any
    rule_zh: str
    rule_en: str
    boxes: tuple[int, ...]
    matters: tuple[tuple[str, str], ...]
    slips: tuple[tuple[str, str], ...]


def sheet_of(agenda_session: AgendaSession, batch: PaperBatch, keys: KeyStore) -> Sheet:
    """The batch as it is printed while voting is open. Raises WrongState, KeyUnavailable."""
    agenda_session.require_state(*OPEN_STATES)
    scheme = BallotScheme.from_data(agenda_session.scheme or [])
    session_id = str(agenda_session.id)
    return Sheet(
        title=agenda_session.name,
        closes=spoken(agenda_session.voting_closes_at),
        issued=batch.issued_at,
        rule_zh="、".join(f"{slot.weight}分至多{slot.picks}件" for slot in scheme.slots),
        rule_en=", ".join(f"{slot.weight}: {slot.picks} at most" for slot in scheme.slots),
        boxes=scheme.weights,
        matters=tuple((item.label, item.matter.title) for item in agenda_session.items),
        slips=tuple(
            (
                slip.serial,
                write_stub(
                    Stub(
                        session_id,
                        slip.serial,
                        keys.slip_nonce(agenda_session.id, slip.serial, agenda_session.key_check),
                    )
                ),
            )
            for slip in batch.slips
        ),
    )


def draw(sheet: Sheet) -> bytes:
    """The slips as PDF, as many on a page as there is room for."""
    return bytes(_Pages(sheet).drawn().output())


class _Pages(TypedPage):
    """The pages of one batch, slip below slip."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__("A4")
        self._sheet = sheet
        self.set_title(f"{sheet.title} 纸质选票")
        self.set_creation_date(sheet.issued)
        self.y = HEIGHT
        self._titles = [
            lines_of(self._printable(title), self._title_width, self._measure(TITLE_POINTS))
            for _, title in sheet.matters
        ]
        self._heights = [ROW_PADDING + LEADING * len(lines) for lines in self._titles]
        self._rules = self._lines(
            COLUMN,
            (
                f"在每件题目后面的方格里打勾：{sheet.rule_zh}，一件题目只打一个勾。",
                TEXT_POINTS,
                INK,
            ),
            ("可以不填满，全空就是空白票。不要写姓名。", TEXT_POINTS, INK),
            (
                f"Tick one box a matter ({sheet.rule_en}). All empty is a blank ballot. "
                "Do not write your name.",
                TINY_POINTS,
                QUIET,
            ),
        )
        self._advice = self._lines(
            STRIP_MIDDLE - MARGIN - STUB_CODE - 3,
            (
                "截止后，用码中的随机数可在结果文件里找到自己的每一分。不要给别人看。",
                SMALL_POINTS,
                QUIET,
            ),
            (
                "After closing, the number in the code finds your marks in the published bundle.",
                TINY_POINTS,
                QUIET,
            ),
        )

    def drawn(self) -> Self:
        height = (
            HEAD
            + sum(points * SPACING for _, points, _ in self._rules)
            + TABLE_HEAD
            + sum(self._heights)
            + STRIP
            + 4 * GAP
        )
        for serial, stub in self._sheet.slips:
            if self.y + height > HEIGHT - EDGE:
                self._begin_page()
            self._write_head(serial)
            self._write_matters(serial)
            self._cut()
            self._write_strip(serial, stub)
            self._cut()
        return self

    def _begin_page(self) -> None:
        self.add_page()
        self.y = EDGE

    def _lines(self, width: float, *texts: tuple[str, float, Colour]) -> list[_Line]:
        """The texts, broken to this width."""
        return [
            (line, points, colour)
            for words, points, colour in texts
            for line in lines_of(words, width, self._measure(points))
        ]

    def _write_lines(self, lines: list[_Line], left: float) -> None:
        for line, points, colour in lines:
            self._line(line, points, left, self.y, colour)
            self.y += points * SPACING

    @property
    def _title_width(self) -> float:
        return COLUMN - NUMBER_COLUMN - BOX_COLUMN * len(self._sheet.boxes) - 3

    def _write_head(self, serial: str) -> None:
        top, sheet = self.y, self._sheet
        self._line("选票 Ballot", 15, MARGIN, top + 1, INK)
        left = MARGIN + 40
        for line in lines_of(self._printable(sheet.title), COLUMN - 40 - 52, self._measure(12))[:2]:
            self._line(line, 12, left, self.y + 2, INK)
            self.y += 5.5
        words = f"请在 {sheet.closes} 前交回  Return before this time"
        self._line(words, TEXT_POINTS, MARGIN, top + 14, QUIET)
        self._draw_code(serial, WIDTH - MARGIN - CODE, top, CODE, MASK)
        self._line("票号 Serial", SMALL_POINTS, WIDTH - MARGIN - CODE - 31, top + 2, QUIET)
        self._line(_spaced(serial), 16, WIDTH - MARGIN - CODE - 31, top + 7, INK)
        self.y = top + HEAD
        self._write_lines(self._rules, MARGIN)
        self.y += GAP

    def _write_matters(self, serial: str) -> None:
        self._write_table_head()
        for (label, _), lines, height in zip(
            self._sheet.matters, self._titles, self._heights, strict=True
        ):
            if self.y + height > HEIGHT - EDGE:  # a list longer than a page
                self._begin_page()
                words = f"票号 {_spaced(serial)}（续 continued）"
                self._line(words, TEXT_POINTS, MARGIN, self.y, INK)
                self.y += 6
                self._write_table_head()
            self._fill(QUIET, MARGIN, self.y, COLUMN, 0.15)
            middle = self.y + height / 2
            first = middle - LEADING * len(lines) / 2 + 0.3
            self._line(label, TITLE_POINTS, MARGIN + 1, middle - LEADING / 2 + 0.3, INK)
            for number, line in enumerate(lines):
                self._line(
                    line, TITLE_POINTS, MARGIN + NUMBER_COLUMN, first + LEADING * number, INK
                )
            for position in range(len(self._sheet.boxes)):
                self._box(self._box_centre(position), middle)
            self.y += height
        self._fill(QUIET, MARGIN, self.y, COLUMN, 0.15)
        self.y += GAP

    def _write_table_head(self) -> None:
        self._line("编号", SMALL_POINTS, MARGIN + 1, self.y + 0.8, QUIET)
        self._line("题目 Matter", SMALL_POINTS, MARGIN + NUMBER_COLUMN, self.y + 0.8, QUIET)
        for position, weight in enumerate(self._sheet.boxes):
            words = f"{weight}分"
            left = self._box_centre(position) - self._width(words, TEXT_POINTS) / 2
            self._line(words, TEXT_POINTS, left, self.y + 0.4, INK)
        self.y += TABLE_HEAD

    def _box_centre(self, position: int) -> float:
        return WIDTH - MARGIN - BOX_COLUMN * (len(self._sheet.boxes) - position - 0.5)

    def _box(self, centre: float, middle: float) -> None:
        self.set_draw_color(INK)
        self.set_line_width(0.35)
        self.rect(centre - BOX / 2, middle - BOX / 2, BOX, BOX, style="D")

    def _cut(self) -> None:
        self.set_draw_color(QUIET)
        self.set_line_width(0.2)
        self.set_dash_pattern(dash=1.6, gap=1.2)
        self.line(MARGIN, self.y, WIDTH - MARGIN, self.y)
        self.set_dash_pattern()
        self.y += GAP

    def _write_strip(self, serial: str, stub: str) -> None:
        if self.y + STRIP > HEIGHT - EDGE:  # the list has filled its last page
            self._begin_page()
        top, middle = self.y, STRIP_MIDDLE
        self._draw_code(stub, MARGIN - 2, top - 1, STUB_CODE, MASK)
        left = MARGIN + STUB_CODE
        self._line("投票人留存 Voter's stub", TEXT_POINTS, left, top, INK)
        self._line(f"票号 {_spaced(serial)}", TITLE_POINTS, left, top + 4.6, INK)
        self.y = top + 10
        self._write_lines(self._advice, left)
        self._line(stub.rpartition(":")[2], TINY_POINTS, left, self.y, QUIET)
        self._fill(QUIET, middle - 1.5, top, 0.15, STRIP - 2)
        self._line(
            "签领联 Receipt of the slip（另存，不与选票放在一起）", TINY_POINTS, middle, top, INK
        )
        self._line(f"票号 {_spaced(serial)}", TITLE_POINTS, middle, top + 4.6, INK)
        for number_of_line, words in enumerate(("姓名 Name", "房号 Unit", "签名 Signed")):
            below = top + 11.5 + 6 * number_of_line
            self._line(words, SMALL_POINTS, middle, below, QUIET)
            self._fill(QUIET, middle + 20, below + 3.6, WIDTH - MARGIN - middle - 20, 0.15)
        self.y = top + STRIP


def _spaced(serial: str) -> str:
    """The serial in two groups, as it is easily read out."""
    return f"{serial[:3]} {serial[3:]}"
