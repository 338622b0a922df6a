"""What a cell holds, which rows count, and why a file is no table."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum

MAX_COLUMNS = 256
MAX_SHOWN_LENGTH = 40

# With the full-width forms, which Excel takes for the beginning of a formula when typed.
FORMULA_STARTS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
EXACT_IN_EXCEL = 10**15
_UNFIT_CATEGORIES = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}

_WORDS = {
    "unknown_format": (
        "文件{filename}不是 CSV 或 XLSX；旧版 .xls、加密的工作簿、网页和 PDF 请另存为 XLSX 或 CSV",
        "The file{filename} is neither CSV nor XLSX; save old .xls files, encrypted workbooks,"
        " web pages and PDF as XLSX or CSV",
    ),
    "unknown_encoding": (
        "看不懂文件的文字编码，请另存为“CSV UTF-8”",
        'The text encoding is not understood; save the file as "CSV UTF-8"',
    ),
    "broken_csv": (
        "第 {line} 行附近的引号不成对，或单元格过长",
        "Unbalanced quotation marks or an overlong cell near line {line}",
    ),
    "unreadable_file": (
        "无法读取这个 XLSX 文件：文件已损坏，或不是 Excel 工作簿",
        "The XLSX file cannot be read: it is damaged or no Excel workbook",
    ),
    "too_large": (
        "XLSX 文件解压后过大，请只保留表格本身",
        "The XLSX file unpacks to too much; keep nothing but the table itself in it",
    ),
    "too_many_rows": (
        "文件内容过多：一次最多 {max_rows} 行；如行数不多，请清除空白区域的格式",
        "The file holds too much: at most {max_rows} rows at a time; if it has fewer, clear the"
        " formatting of blank areas",
    ),
    "too_many_columns": (
        "第 {line} 行的列太多，请删去多余的列",
        "Line {line} has too many columns; delete the unused ones",
    ),
    "too_many_formulas": (
        "工作簿里的公式过多，请复制后“选择性粘贴”为数值",
        "The workbook holds too many formulas; copy and paste them as values",
    ),
    "many_sheets": (
        "工作簿里请只留一张工作表，即要导入的那张{found}",
        "Keep a single sheet in the workbook, the one with the table{found}",
    ),
}


class Odd(Enum):
    """A spreadsheet cell that holds neither text nor a number, by its refusal code."""

    FORMULA = "formula"
    DATE = "date"
    BOOLEAN = "boolean"
    ERROR = "error_value"
    CONTROL_CHARACTERS = "invalid_characters"


Value = str | int | float | Odd
Record = tuple[int, Sequence[Value]]  # the line it begins on, and its cells


class UnreadableFile(Exception):
    """The file as a whole cannot be read. `code` is stable; `zh` and `en` are for people."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code)
        self.code, self.zh, self.en = code, zh, en


def unreadable(code: str, **facts: object) -> UnreadableFile:
    """The refusal of this code in words that tell the facts."""
    zh, en = (text.format(**facts) for text in _WORDS[code])
    return UnreadableFile(code, zh, en)


def limited(records: Iterable[Record], max_rows: int) -> Iterator[Record]:
    """The header and the rows that are not blank; reads no further than the first too many."""
    count = 0
    for line, values in records:
        if len(values) > MAX_COLUMNS:
            raise unreadable("too_many_columns", line=line)
        if all(map(is_blank, values)):
            continue
        if count > max_rows:
            raise unreadable("too_many_rows", max_rows=max_rows)
        count += 1
        yield line, values


def is_blank(value: Value) -> bool:
    """Whether a cell was left empty, or holds nothing but spaces."""
    return isinstance(value, str) and not value.strip()


def is_unfit(text: str) -> bool:
    """Whether a text has line breaks, control characters or characters that nobody sees."""
    return not _UNFIT_CATEGORIES.isdisjoint(map(unicodedata.category, text))


def plain_text(value: Value) -> str | None:
    """A cell as text without spaces around it; None where it holds neither text nor a whole
    number, or what spreadsheets would run as a formula."""
    if isinstance(value, str):
        text = value.strip()
        return None if is_unfit(text) or text.startswith(FORMULA_STARTS) else text
    if isinstance(value, Odd) or not 0 <= value < EXACT_IN_EXCEL or value != int(value):
        return None
    return str(int(value))


def shown(value: Value) -> str:
    """As much of a value as a message repeats: short and printable."""
    text = value.value if isinstance(value, Odd) else " ".join(str(value).split())
    return "".join(char if char.isprintable() else "?" for char in text[:MAX_SHOWN_LENGTH])
