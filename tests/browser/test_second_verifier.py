"""The verifier in JavaScript judges as the one in Python does, in real Chromium."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route
from playwright.sync_api import Error as PlaywrightError

from tests.browser.cases import Case, case_of
from tests.browser.second_verifier import (
    Verdict,
    differences,
    failed,
    in_browser,
    in_python,
    verdicts,
)
from tests.votes.altered import alterations
from tests.votes.published import (
    WORKED_FILE,
    WORKED_MANIFEST,
    CastBallot,
    nonce_of,
    publish,
    receipt_of,
    worked_bundle,
)
from votes.ballot import Mark, PriorityBallot
from votes.bundle import canonical_json

SEEDS = range(1000)
BATCH = 100
PARTS = 4


@cache
def case(seed: int) -> tuple[Case, Verdict]:
    """A case with the Python verdict."""
    made = case_of(seed)
    return made, in_python(made)


@pytest.fixture(scope="module")
def verifier(chromium: Browser, site: str) -> Iterator[Page]:
    """The page, loaded once for all cases of this process."""
    page = chromium.new_page()
    page.goto(f"{site}/verify")
    yield page
    page.close()


@pytest.mark.parametrize("first", range(SEEDS.start, SEEDS.stop, BATCH))
def test_both_verifiers_agree(verifier: Page, first: int) -> None:
    cases, expected = zip(*map(case, range(first, first + BATCH)), strict=True)

    found = in_browser(verifier, cases)

    assert differences(cases, expected, found) == []


def test_two_thirds_are_tampered_with_and_always_reported() -> None:
    surely, well = 0, 0
    for made, found in map(case, SEEDS):
        if made.must_fail is not None:
            assert bool(failed(found)) == made.must_fail, made.name
        surely += made.must_fail is True
        well += not failed(found)
    assert surely > 660
    assert well > 100


def test_every_check_holds_in_some_cases_and_fails_in_others() -> None:
    seen = {check for _, found in map(case, SEEDS) for check in verdicts(found)}
    names = {name for name, _ in seen} - {"unreadable"}
    assert len(names) == 18
    assert seen == {(name, ok) for name in names for ok in (True, False)} | {("unreadable", False)}


@pytest.mark.parametrize("part", range(PARTS))
def test_every_single_alteration_of_the_worked_example_is_reported_by_both(
    verifier: Page, part: int
) -> None:
    files = [written(data) for data in alterations(worked_bundle())]
    assert len(files) > 3000
    cases = [Case(f"{number}", raw) for number, raw in enumerate(files)][part::PARTS]
    for start in range(0, len(cases), BATCH):
        batch = cases[start : start + BATCH]
        found = in_browser(verifier, batch)
        assert all(map(failed, found))
        assert differences(batch, map(in_python, batch), found) == []


def written(data: object) -> bytes:
    """Data of any kind in the spelling of a bundle."""
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


# What JSON readers may refuse or not: how deep, and how long a number.

ABSURD = {
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "an endless number": b"9" * 100_000,
    "a deep value": WORKED_FILE.replace(b'"blank":1', b'"blank":' + b"[" * 9000 + b"]" * 9000),
    "an endless count": WORKED_FILE.replace(b'"blank":1', b'"blank":' + b"9" * 5000),
}


@pytest.mark.parametrize("raw", ABSURD.values(), ids=ABSURD.keys())
def test_what_some_readers_cannot_read_is_refused_by_both(verifier: Page, raw: bytes) -> None:
    absurd = Case("absurd", raw)
    for found in (in_python(absurd), *in_browser(verifier, [absurd])):
        assert verdicts(found) in ([("unreadable", False)], [("format", False)])


def test_ten_thousand_voters_take_a_few_seconds(verifier: Page) -> None:
    chance = random.Random(10_000)
    matters = [matter.candidate.matter for matter in WORKED_MANIFEST.matters]
    casts = [
        CastBallot(
            nonce_of(str(voter)),
            PriorityBallot(
                tuple(map(Mark, (5, 3, 1), chance.sample(matters, chance.randrange(4))))
            ),
        )
        for voter in range(10_000)
    ]
    raw = canonical_json(publish(replace(WORKED_MANIFEST, period="2026-04"), casts))
    mine = json.dumps(receipt_of(WORKED_MANIFEST.session_id, casts[531])).encode()

    begin = verifier.evaluate("performance.now()")
    (found,) = in_browser(verifier, [Case("10,000 voters", raw, mine)])
    took = verifier.evaluate("performance.now()") - begin

    assert len(verdicts(found)) == 17
    assert failed(found) == set()
    assert took < 5000, f"{took} ms"


# Mutants: a verifier that is wrong in one place does not agree with the other any more.

SOURCES = Path(__file__).parents[2] / "app" / "static" / "verify"
NAMES = (
    *("format", "spelling", "rules", "order", "trackers", "commitments", "participation"),
    *("lengths", "recount", "root", "signature", "countersignature", "receipt"),
    *("receipt_commitment", "receipt_promise", "receipt_listed", "receipt_marks", "earlier_root"),
)
MUTANTS = {
    "half a pair passes": ("shapes.js", " && !/\\p{Cs}/u.test(value)", ""),
    "every year has a 29th of February": ("shapes.js", "? 29 : 28", "? 29 : 29"),
    "April has 31 days": ("shapes.js", "[4, 6, 9, 11]", "[6, 9, 11]"),
    "unknown members pass": (
        "shapes.js",
        "    if (shape === null) {\n      return HERE;",
        "    if (shape === null) {\n      continue;",
    ),
    "inherited names are taken for members": (
        "recount.js",
        "Object.prototype.hasOwnProperty.call(object, name)",
        "name in object",
    ),
    "1.0 is whole": ("json.js", "marked === text ? data : JSON.parse(marked)", "data"),
    "a byte order mark is passed over": ("json.js", "ignoreBOM: true", "ignoreBOM: false"),
    "broken UTF-8 is mended": ("json.js", "fatal: true", "fatal: false"),
    "members in the order of JavaScript": (
        "json.js",
        "Object.keys(value).sort()",
        "Object.keys(Object.fromEntries(Object.entries(value).sort()))",
    ),
    "more than half may be half": (
        "recount.js",
        "/ BigInt(denominator)) + 1;",
        "/ BigInt(denominator));",
    ),
    "a share is rounded down": ("recount.js", " + BigInt(denominator) - 1n)", ")"),
    "an empty roll needs no ballot": ("recount.js", "Math.max(1, ", "Math.max(0, "),
    "the cap is forgotten": (
        "recount.js",
        "Math.min(wanted, atLeast(participation.open_cap, people))",
        "wanted",
    ),
    "fewer endorsements come first": (
        "recount.js",
        "other.matter.endorsements - one.matter.endorsements",
        "one.matter.endorsements - other.matter.endorsements",
    ),
    "the later matter comes first": ("recount.js", "one < other ? -1 : 1", "one < other ? 1 : -1"),
    "what ended takes a place": (
        "recount.js",
        'return "SKIPPED";',
        'places -= 1;\n      return "SKIPPED";',
    ),
    "support is not asked for": ("recount.js", " && supporters >= needed", ""),
    "the limit is forgotten": ("recount.js", "places > 0 && ", ""),
    "a list of one channel": (
        "verify.js",
        "...unless(sum === returned",
        "...unless(sum >= returned",
    ),
    "pairs sort by tracker alone": ("verify.js", 'pair.join(" ")', "pair[0]"),
    "a node is hashed as a leaf": ("merkle.js", "Uint8Array.of(1)", "Uint8Array.of(0)"),
    "S may be greater than the order": (
        "ed25519.js",
        "s >= ORDER || point === null",
        "point === null",
    ),
    "the word is not normalised": ("receipt.js", 'word.normalize("NFC")', "word"),
    "a second mark has the first one's label": ("receipt.js", "position === 1", "position > 0"),
    "marks stay in the order of the receipt": (
        "receipt.js",
        "other.weight - one.weight || (one.matter_id < other.matter_id ? -1 : 1)",
        "0",
    ),
}


def serve_changed(page: Page, file: str, old: str, new: str) -> None:
    """Let this tab get the module with one place changed."""
    source = (SOURCES / file).read_text(encoding="utf-8")
    assert source.count(old) == 1, (file, old)
    body = source.replace(old, new)

    def answer(route: Route) -> None:
        route.fulfill(body=body, content_type="text/javascript")

    page.route(f"**/static/verify/{file}", answer)


def is_found_out(page: Page, site: str, cases: list[tuple[Case, Verdict]]) -> bool:
    """Whether the comparison sees that this tab's verifier is not the honest one."""
    page.goto(f"{site}/verify")
    for start in range(0, len(cases), BATCH):
        made, expected = zip(*cases[start : start + BATCH], strict=True)
        try:
            if differences(made, expected, in_browser(page, made)):
                return True
        except PlaywrightError:
            return True  # it broke where the honest one does not
    return False


@pytest.mark.parametrize("name", NAMES)
def test_check_that_always_holds_is_found_out(page: Page, site: str, name: str) -> None:
    place = "  if (problems.length === 0) {"
    serve_changed(page, "report.js", place, f'  if (name === "{name}" || problems.length === 0) {{')
    telling = [(made, found) for made, found in map(case, SEEDS) if name in failed(found)]

    assert is_found_out(page, site, telling[:5])


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS.keys())
def test_mutant_is_found_out(page: Page, site: str, mutant: tuple[str, str, str]) -> None:
    serve_changed(page, *mutant)

    assert is_found_out(page, site, list(map(case, SEEDS)))
