"""The verifier in JavaScript and the one in Python, asked the same."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from playwright.sync_api import Page

from tests.browser.cases import Case
from votes.verify import read_json, verify_file

Verdict: TypeAlias = list[tuple[str, bool, str, str]] | None
"""Name, verdict, and both sentences of every check; None for files that cannot be read."""

ASK = """async (cases) => {
  const { verifyFile } = await import("/static/verify/verify.js");
  const { Unreadable } = await import("/static/verify/json.js");
  const bytes = (text) =>
    text === null ? null : Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return cases.map(([file, receipt, root]) => {
    try {
      const checks = verifyFile(bytes(file), bytes(receipt), root);
      return checks.map(({ name, ok, zh, en }) => [name, ok, zh, en]);
    } catch (error) {
      if (error instanceof Unreadable) {
        return null;
      }
      throw error;
    }
  });
}"""


def in_python(case: Case) -> Verdict:
    """What `python -m votes.verify` finds."""
    try:
        receipt = None if case.receipt is None else read_json(case.receipt)
        if receipt is None and case.receipt is not None:
            receipt = "null"  # which is no receipt, but one was brought
        checks = verify_file(case.raw, receipt, case.root)
    except (ValueError, RecursionError):
        return None
    return [(check.name, check.ok, check.zh, check.en) for check in checks]


def in_browser(page: Page, cases: Sequence[Case]) -> list[Verdict]:
    """What the page's modules find, as they are served to this tab."""
    asked = [[_text(case.raw), _text(case.receipt), case.root] for case in cases]
    found: list[Any] = page.evaluate(ASK, asked)
    return [None if checks is None else [tuple(check) for check in checks] for checks in found]


def verdicts(checks: Verdict) -> list[tuple[str, bool]]:
    """Names and verdicts alone."""
    return [("unreadable", False)] if checks is None else [(name, ok) for name, ok, *_ in checks]


def failed(checks: Verdict) -> set[str]:
    """The names of the checks that do not hold."""
    return {name for name, ok in verdicts(checks) if not ok}


def differences(
    cases: Iterable[Case], mine: Iterable[Verdict], theirs: Iterable[Verdict]
) -> list[str]:
    """The cases of which both verifiers do not say the same, as lines for a reader."""
    return [
        f"{case.name}: {_told(one, other)} in Python, {_told(other, one)} in the browser"
        for case, one, other in zip(cases, mine, theirs, strict=True)
        if one != other
    ]


def _told(checks: Verdict, others: Verdict) -> object:
    """The verdicts if these differ, else the words that do."""
    if verdicts(checks) != verdicts(others):
        return verdicts(checks)
    return [check for check in checks or () if check not in (others or ())]


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else b64encode(raw).decode("ascii")
