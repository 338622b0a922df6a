"""Words that a convention may not have, found in its text: a person then decides on each.

Nobody guesses what a phrase means: 不设罚款 is found as 罚款 is. The words follow from the guidance
on village rules and residents' pacts of 2018, which forbids compulsory penalties (domain notes,
section 7, W9), and from the laws that say who alone may punish, seize or cut off.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

GUIDANCE = "《关于做好村规民约和居民公约工作的指导意见》（2018年）"


class Reason(NamedTuple):
    """Why a word may not stand in a convention, and where that is said."""

    zh: str
    en: str
    source: str


PENALTY = Reason(
    "罚款、没收等行政处罚只能由有处罚权的行政机关依法实施",
    "Fines, confiscation and other penalties are left to the authorities that the law names",
    f"《行政处罚法》第九条、第十七条；{GUIDANCE}",
)
DETENTION = Reason(
    "限制人身自由只能由法律规定的机关依法实施",
    "Only the authorities that the law names may restrict anybody's liberty",
    f"《行政处罚法》第九条、第十八条；{GUIDANCE}",
)
COERCION = Reason(
    "扣押、强制等措施只能由法律、法规规定的行政机关实施",
    "Only authorities named by law may seize things or use force",
    f"《行政强制法》第九条、第十七条；{GUIDANCE}",
)
UTILITIES = Reason(
    "不得以停水、停电等方式对待居民",
    "Nobody's water or power may be cut off",
    f"《民法典》第九百四十四条第三款；{GUIDANCE}",
)
EXCLUSION = Reason(
    "不得限制居民通行，也不得取消居民依法享有的资格",
    "Nobody's way home or lawful standing may be taken away",
    GUIDANCE,
)

FORBIDDEN: dict[str, Reason] = {
    "罚款": PENALTY,
    "罚金": PENALTY,
    "处罚": PENALTY,
    "没收": PENALTY,
    "拘留": DETENTION,
    "扣车": COERCION,
    "扣押": COERCION,
    "扣留": COERCION,
    "锁车": COERCION,
    "强制": COERCION,
    "强行": COERCION,
    "断水": UTILITIES,
    "停水": UTILITIES,
    "断电": UTILITIES,
    "停电": UTILITIES,
    "断气": UTILITIES,
    "停气": UTILITIES,
    "停暖": UTILITIES,
    "禁止入内": EXCLUSION,
    "禁止进入": EXCLUSION,
    "取消资格": EXCLUSION,
}
TRADITIONAL = str.maketrans("罰沒強斷電氣進資", "罚没强断电气进资")
# A space, a sign or an invisible character inside a word hides nothing, nor does another width.
_FIND = re.compile("|".join(r"[\W_]*".join(word) for word in FORBIDDEN))


class Finding(NamedTuple):
    """A word of the list: in which clause (0 is the title), and from which character on."""

    clause_number: int
    position: int
    word: str


def check_text(title: str, clauses: Iterable[str]) -> list[Finding]:
    """Each place of the title and of the clauses, in order, where a forbidden word stands."""
    return [
        Finding(number, found.start(), re.sub(r"[\W_]", "", found.group()))
        for number, text in enumerate((title, *clauses))
        for found in _FIND.finditer(_plain(text))
    ]


def _plain(text: str) -> str:
    """The text with one form for each character; positions stay those of the text."""
    forms = (unicodedata.normalize("NFKC", character) for character in text)
    return "".join(
        form if len(form) == 1 else character for form, character in zip(forms, text, strict=True)
    ).translate(TRADITIONAL)
