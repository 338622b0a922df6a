"""What a case must not tell: numbers by which a person is found (domain notes, section 8).

Only patterns are found: names are for the reviewer to see.
"""

import re
import unicodedata
from collections.abc import Mapping

from app.cases.refusals import PersonalData
from app.kit.errors import Refused

# A digit may be set apart from the next one by a blank or a hyphen, as people write numbers.
_GAP = r"[ \-]?"
_NUMBERS = re.compile(
    rf"(?<!\d)(?:\d{_GAP}){{17}}[\dXx](?!\d)"  # identity card
    rf"|(?<!\d)1{_GAP}[3-9]{_GAP}(?:\d{_GAP}){{8}}\d(?!\d)"  # mobile telephone
    r"|(?<!\d)(?:\(0\d{2,3}\)|0\d{2,3})[ \-]?\d{4}[ \-]?\d{3,4}(?!\d)"  # telephone
)


def require_none(words: Mapping[str, str]) -> None:
    """Raises PersonalData with the fields that hold such a number; full-width digits count."""
    found = [
        Refused(field, "personal_data", "疑似电话号码或身份证号码", "Looks like a personal number")
        for field, value in words.items()
        if _NUMBERS.search(unicodedata.normalize("NFKC", value))
    ]
    if found:
        raise PersonalData(errors=found)
