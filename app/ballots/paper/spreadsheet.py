"""A sheet of paper slips from a spreadsheet: all of its rows are entered, or none.

One header row names 票号, 楼栋, 单元, 房号, 姓名 and a column for each weight, `5分`, `3分`, `1分`;
every further row is one slip. In the columns of the weights stand numbers of matters as they are
printed, `M01` or `1`; what was left empty on the slip is left empty. Somebody else confirms by
bringing a sheet of their own.
"""

import io
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from openpyxl import Workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agenda.models import OPEN_STATES, AgendaSession
from app.ballots.keys.store import KeyStore, KeyUnavailable
from app.ballots.paper.entry import PaperBallot
from app.ballots.paper.slips import PaperSlip, SlipState
from app.compounds.models import Building, Entrance, Unit
from app.compounds.names import plain_name
from app.compounds.reading import table_in_child
from app.confined.calls import Confined
from app.kit.errors import DomainError, NotFound, Refused
from app.kit.moves import begin_move
from app.kit.spreadsheets.reading import Table
from app.kit.spreadsheets.values import UnreadableFile
from app.people.models import Residence, ResidenceState, Resident
from votes.ballot import Mark
from votes.scheme import BallotScheme
from votes.serial import as_typed

MAX_SLIPS = 200
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
VOTER_COLUMNS = {
    "楼栋": "building",
    "单元": "entrance",
    "房号": "unit",
    "姓名": "name",
}
SERIAL = "票号"
_WEIGHT = re.compile(r"([1-9][0-9]{0,3})分?")
_NUMBER = re.compile(r"[Mm]?0*([1-9][0-9]{0,3})")
_BETWEEN = re.compile(r"[\s,，、;；/]+")

Write = Callable[[Session, AgendaSession, Resident, KeyStore, PaperBallot], PaperSlip]


class UnreadableSheet(DomainError):
    status, code = 422, "unreadable_sheet"
    zh, en = "读不懂这张纸票登记表", "The sheet of slips cannot be read"


class SheetRefused(DomainError):
    status, code = 422, "sheet_refused"
    zh = "登记表有错误，一张纸票也没有登记"
    en = "The sheet has errors; no slip was entered"


@dataclass(frozen=True)
class SlipRow:
    """One line of the sheet; `voter` is building, entrance, unit and name, `numbers` are pairs of
    weight and number of a matter."""

    line: int
    serial: str
    voter: tuple[str, str, str, str]
    numbers: tuple[tuple[int, int], ...]


class _BadRow(Exception):
    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code)
        self.code, self.zh, self.en = code, zh, en

    def at(self, line: int) -> Refused:
        return Refused(f"line {line}", self.code, self.zh, self.en)


def take_in_sheet(
    session: Session,
    agenda_session: AgendaSession,
    by: Resident,
    keys: KeyStore,
    write: Write,
    table: Table,
) -> list[PaperSlip]:
    """Enter or confirm (`write`) every slip of the sheet; the caller commits.

    Raises WrongState, UnreadableSheet, KeyUnavailable, and SheetRefused with every line that is
    refused.
    """
    agenda_session.require_state(*OPEN_STATES)
    scheme = BallotScheme.from_data(agenda_session.scheme or [])
    rows, refused = slips_of(table, scheme.weights)
    voters = _voters_by_name(session, agenda_session.compound_id)
    matters = {item.number: str(item.matter_id) for item in agenda_session.items}
    # Alone, since rows of many voters are held until the end; only now, since a large file takes
    # a while to read and nobody votes by phone meanwhile.
    begin_move(session, agenda_session)
    agenda_session.require_state(*OPEN_STATES)
    taken = []
    for row in rows:
        try:
            with session.begin_nested():
                ballot = _ballot_of(row, voters, matters)
                taken.append(write(session, agenda_session, by, keys, ballot))
                session.flush()
        except _BadRow as bad:
            refused.append(bad.at(row.line))
        except KeyUnavailable:  # no fault of the row, and the next one would wait as long
            raise
        except DomainError as error:
            words = error.detail_zh or error.zh, error.detail_en or error.en
            refused.append(Refused(f"line {row.line}", error.code, *words))
    if refused:
        refused.sort(key=lambda each: int(each.where.removeprefix("line ")))
        raise SheetRefused(
            zh=f"{len(refused)} 行有误", en=f"{len(refused)} lines are refused", errors=refused
        )
    return taken


def find_voter(
    session: Session,
    agenda_session: AgendaSession,
    *,
    building: str,
    entrance: str,
    unit: str,
    name: str,
) -> UUID:
    """The verified resident of this name in this unit. Raises NotFound, also where two have it."""
    voters = _voters_by_name(session, agenda_session.compound_id)
    found = voters.get(_plain(building, entrance, unit, name), [])
    if len(found) != 1:
        raise NotFound
    return found[0]


def read_sheet(confined: Confined, data: bytes, filename: str) -> Table:
    """The lines of a sheet, read in a child: before anything is locked, since it takes seconds.

    Raises UnreadableSheet, TooComplex, TookTooLong, Busy.
    """
    try:
        return table_in_child(
            confined, data, filename, max_rows=MAX_SLIPS, headings=[SERIAL, *VOTER_COLUMNS]
        )
    except UnreadableFile as error:
        refusal = Refused("file", error.code, error.zh, error.en)
        raise UnreadableSheet(zh=error.zh, en=error.en, errors=[refusal]) from error


def slips_of(table: Table, weights: Sequence[int]) -> tuple[list[SlipRow], list[Refused]]:
    """The slips of a sheet, and the lines that name none. Raises UnreadableSheet."""
    if len(table) < 2:
        raise UnreadableSheet(zh="表里没有纸票", en="The sheet names no slips")
    (_, header), *lines = table
    columns = _columns(header, weights)
    rows, refused = [], []
    first_lines: dict[str, int] = {}
    for line, cells in lines:
        try:
            row = _row(line, cells, columns)
            first = first_lines.setdefault(as_typed(row.serial), line)
            if first != line:
                raise _BadRow(
                    "repeated_serial",
                    f"与第 {first} 行是同一张纸票",
                    f"The same slip as in line {first}",
                )
            rows.append(row)
        except _BadRow as bad:
            refused.append(bad.at(line))
    return rows, refused


def template(session: Session, agenda_session: AgendaSession) -> bytes:
    """An XLSX sheet to fill in, with the serials that were given out and have not come back."""
    weights = BallotScheme.from_data(agenda_session.scheme or []).weights
    book = Workbook(write_only=True)
    sheet = book.create_sheet("纸票")
    sheet.append([SERIAL, *VOTER_COLUMNS, *(f"{weight}分" for weight in weights)])
    serials = session.scalars(
        select(PaperSlip.serial)
        .where(PaperSlip.session_id == agenda_session.id, PaperSlip.state == SlipState.ISSUED)
        .order_by(PaperSlip.serial)
        .limit(MAX_SLIPS)
    )
    for serial in serials:
        sheet.append([serial])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _columns(header: Sequence[str | None], weights: Sequence[int]) -> list[str | int | None]:
    """At each position the serial, a part of the voter's name, a weight, or nothing."""
    columns = [_column(heading, weights) for heading in header]
    wanted: list[str | int] = [SERIAL, *VOTER_COLUMNS.values(), *weights]
    if sorted(map(str, filter(None, columns))) != sorted(map(str, wanted)):
        names = "、".join([SERIAL, *VOTER_COLUMNS, *(f"{weight}分" for weight in weights)])
        raise UnreadableSheet(
            zh=f"第一行须是表头，恰好有这些列：{names}",
            en=f"The first row is the header with exactly these columns: {names}",
        )
    return columns


def _column(heading: str | None, weights: Sequence[int]) -> str | int | None:
    plain = plain_name(heading or "?")
    weight = _WEIGHT.fullmatch(plain)
    if weight is not None and int(weight[1]) in weights:
        return int(weight[1])
    if heading == "":
        return None
    return SERIAL if plain == SERIAL else VOTER_COLUMNS.get(plain, plain)


def _row(line: int, cells: Sequence[str | None], columns: Sequence[str | int | None]) -> SlipRow:
    found: dict[str | int, str] = {}
    for position, text in enumerate(cells):
        column = columns[position] if position < len(columns) else None
        if text is None:
            raise _BadRow(
                "bad_cell",
                "有单元格是公式、日期或错误值，请改为普通文字",
                "A cell is a formula, a date or an error; enter plain text",
            )
        if column is not None:
            found[column] = text
        elif text:
            raise _BadRow("extra_cells", "表头以外的列里有内容", "Content outside of the columns")
    serial = found.get(SERIAL, "")
    voter = tuple(found.get(column, "") for column in VOTER_COLUMNS.values())
    if not serial or not all(voter):
        raise _BadRow(
            "empty_cell",
            "票号、楼栋、单元、房号、姓名都要填写",
            "Serial, building, entrance, unit and name are all needed",
        )
    building, entrance, unit, name = voter
    numbers = [
        (weight, number)
        for weight, text in found.items()
        if isinstance(weight, int)
        for number in _numbers(text)
    ]
    return SlipRow(line, serial, (building, entrance, unit, name), tuple(numbers))


def _numbers(text: str) -> list[int]:
    """The numbers of matters in a cell: `M01`, `1`, or several."""
    found = [_NUMBER.fullmatch(part) for part in _BETWEEN.split(text) if part]
    if not all(found):
        raise _BadRow(
            "bad_number", "题目编号写法不对，应如 M01", "Numbers of matters are written like M01"
        )
    return [int(each[1]) for each in found if each is not None]


def _ballot_of(
    row: SlipRow, voters: dict[tuple[str, ...], list[UUID]], matters: dict[int, str]
) -> PaperBallot:
    people = voters.get(_plain(*row.voter), [])
    if len(people) != 1:
        raise _BadRow(
            "unknown_voter",
            "这套房里没有这个姓名的已核实居民，或不止一位",
            "Nobody verified in this unit has this name, or more than one has",
        )
    if any(number not in matters for _, number in row.numbers):
        raise _BadRow("matter_not_listed", "这件事不在题单上", "The matter is not on the list")
    marks = [Mark(weight, matters[number]) for weight, number in row.numbers]
    return PaperBallot(serial=row.serial, voter_id=people[0], marks=marks)


def _voters_by_name(session: Session, compound_id: UUID) -> dict[tuple[str, ...], list[UUID]]:
    """Verified residents of the compound by building, entrance, unit and name."""
    rows = session.execute(
        select(Resident.id, Building.name, Entrance.name, Unit.name, Resident.name)
        .join(Residence, Residence.resident_id == Resident.id)
        .join(Unit, Residence.unit_id == Unit.id)
        .join(Entrance, Unit.entrance_id == Entrance.id)
        .join(Building, Entrance.building_id == Building.id)
        .where(
            Residence.compound_id == compound_id,
            Residence.state == ResidenceState.VERIFIED,
            Resident.name.is_not(None),
        )
    )
    voters: dict[tuple[str, ...], list[UUID]] = defaultdict(list)
    for resident_id, *names in rows:
        voters[_plain(*map(str, names))].append(resident_id)
    return voters


def _plain(*names: str) -> tuple[str, ...]:
    return tuple(plain_name(name).casefold() for name in names)
