"""Recount a published bundle: `python -m votes.verify bundle.json [--receipt r.json] [--root HEX]
[--stub TEXT]`, where TEXT is what the QR code of a paper slip's stub holds.

It reads the files named and nothing else. Each check is a line in Chinese and one in English, with
a mark in front: all of them must hold. The exit status is 0 if they do, 1 if something is wrong,
2 if a file cannot be read as JSON or the command is not understood.

What the checks cannot show stands in `docs/bundle.md`: a bundle that agrees with itself is worth
as much as the copy of its root that somebody else holds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any, NoReturn, Self, TypeAlias, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from votes import stub
from votes.ballot import Mark, PriorityBallot
from votes.bundle import (
    FORMAT,
    MAX_COUNT,
    Bundle,
    Manifest,
    bundle_root,
    canonical_json,
    check_format,
    result_data,
    statement_message,
)
from votes.errors import VotingError
from votes.explanation import Explanation
from votes.receipt import NONCE_BYTES, commitment, promise_message, trackers
from votes.selection import Turnout, required_participation, select
from votes.shapes import hexadecimal, list_of, matching, members, text, whole
from votes.tally import rank
from votes.weak_keys import is_weak

MAX_FILE_BYTES = 256 * 1024 * 1024
"""About ten times the bundle of a hundred thousand voters."""

Problems: TypeAlias = Iterable[Explanation]

_SHOWN_PROBLEMS = 3


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: its stable name, whether it holds, and what to tell people."""

    name: str
    ok: bool
    zh: str
    en: str


def verify_bundle(
    bundle: object, receipt: object = None, root: str | None = None
) -> tuple[Check, ...]:
    """All checks of a bundle, of a voter's receipt for it, and of a root that was seen earlier.

    Bundle and receipt are data as `json.loads` gives it, of any shape: bad data makes a check
    fail and raises nothing. `root` is the hexadecimal text of a poster, in any case and spacing.
    Data of another format gives the one check `format`, which then fails.
    """
    try:
        manifest = check_format(bundle)
    except VotingError as error:
        path = str(error.details["path"]) or "{}"
        problem = Explanation(f"位置 {path}", f"at {path}")
        return (_check("format", _FORMAT, [problem]),)
    known = cast(Bundle, bundle)
    computed_root = bundle_root(known).hex()
    checks = [_check("format", _FORMAT, []), *_bundle_checks(known, manifest, computed_root)]
    if receipt is not None:
        checks += _receipt_checks(known, manifest, receipt)
    if root is not None:
        checks.append(_check("earlier_root", _EARLIER_ROOT, _earlier_root(computed_root, root)))
    return tuple(checks)


def verify_file(raw: bytes, receipt: object = None, root: str | None = None) -> tuple[Check, ...]:
    """The checks of `verify_bundle`, and that these bytes are the one spelling of the bundle.

    Raises ValueError or RecursionError as `read_json` does.
    """
    return _verify_spelled(raw, read_json(raw), receipt, root)


def read_json(raw: bytes) -> object:
    """The data of a JSON file in UTF-8.

    Raises ValueError for bytes that are none, RecursionError for data nested too deep to be read.
    """
    return json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)


def _refuse_constant(word: str) -> NoReturn:
    # Python's reader takes NaN and Infinity, which RFC 8259 does not have.
    raise ValueError(f"{word} is no JSON.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        raw = read_file(options.bundle)
        bundle = read_json(raw)
        receipt = None if options.receipt is None else _read_receipt(options.receipt)
    except (OSError, ValueError, RecursionError):
        write_lines(["✗ 文件读不了，或不是 JSON", "  A file cannot be read, or is no JSON"])
        return 2
    checks = _verify_spelled(raw, bundle, receipt, options.root)
    lines, is_good = list(report(checks)), all(check.ok for check in checks)
    if options.stub is not None and checks[0].ok:
        try:
            lines += stub.report(cast(Bundle, bundle), options.stub)
        except VotingError as error:
            lines.append(f"\n✗ 存根不是这次投票的，或没有扫全\n  {error.message}")
            is_good = False
    write_lines(lines)
    return 0 if is_good else 1


def _verify_spelled(
    raw: bytes, bundle: object, receipt: object, root: str | None
) -> tuple[Check, ...]:
    checks = verify_bundle(bundle, receipt, root)
    if not checks[0].ok:
        return checks
    other = [] if canonical_json(bundle) == raw else [_OTHER_SPELLING]
    return (checks[0], _check("spelling", _SPELLING, other), *checks[1:])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m votes.verify",
        description="核对公布的投票结果 · Recount a published result",
    )
    parser.add_argument("bundle", type=Path, help="结果文件 · the published bundle")
    parser.add_argument("--receipt", type=Path, help="自己的收据 · a voter's own receipt (JSON)")
    parser.add_argument("--stub", help="纸票存根二维码的文字 · the text in a paper stub's QR code")
    parser.add_argument("--root", help="公告上的总指纹 · the root from a poster or notice")
    return parser


def read_file(path: Path) -> bytes:
    """The bytes of what may be a bundle. Raises OSError; ValueError where it is too large."""
    with path.open("rb") as file:
        raw = file.read(MAX_FILE_BYTES + 1)
    if len(raw) > MAX_FILE_BYTES:
        raise ValueError("The file is too large.")
    return raw


def _read_receipt(path: Path) -> object:
    # null is no receipt, and must not pass for one that was not given.
    receipt = read_json(read_file(path))
    return {} if receipt is None else receipt


def report(checks: Iterable[Check]) -> Iterator[str]:
    """The checks as lines for people, and what they come to."""
    failed = 0
    for check in checks:
        yield f"{'✓' if check.ok else '✗'} {check.zh}"
        yield f"  {check.en}"
        failed += not check.ok
    if failed:
        yield f"\n{failed}项不符。\nChecks failed: {failed}."
    else:
        yield "\n全部相符。\nAll checks hold."


def write_lines(lines: Iterable[str]) -> None:
    """Print these lines in UTF-8, whatever the console's encoding."""
    # The signs in front are in few legacy encodings, and a report must never fail half-way.
    sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode("utf-8"))


def _check(name: str, title: Explanation, problems: Problems) -> Check:
    """The check that holds if there are no problems; the first few are told."""
    found = list(problems)
    more = len(found) - _SHOWN_PROBLEMS
    zh = [problem.zh for problem in found[:_SHOWN_PROBLEMS]] + [f"另有{more}处"] * (more > 0)
    en = [problem.en for problem in found[:_SHOWN_PROBLEMS]] + [f"{more} more"] * (more > 0)
    if not found:
        return Check(name, True, title.zh, title.en)
    return Check(name, False, f"{title.zh}——{'；'.join(zh)}", f"{title.en} -- {'; '.join(en)}")


_FORMAT = Explanation(f"格式：{FORMAT}", f"Format: {FORMAT}")
_SPELLING = Explanation("写法：规范 JSON", "Spelling: canonical JSON")
_OTHER_SPELLING = Explanation(
    "文件被改写过（空格、顺序、重复或数字写法）",
    "the file was rewritten (spaces, order, duplicates or numbers)",
)
_EARLIER_ROOT = Explanation("与先前公布的总指纹相同", "The same root as the one seen earlier")


def _bundle_checks(bundle: Bundle, manifest: Manifest, root: str) -> Iterator[Check]:
    columns = bundle["picks"]
    picks = sum(len(column["marks"]) for column in columns)
    returned = bundle["result"]["returned"]
    yield _check(
        "rules",
        Explanation(
            "规则：与规则指纹一致，时间有先后", "Rules: they match their hash; times in order"
        ),
        _rules(bundle, manifest),
    )
    yield _check(
        "order",
        Explanation("排序：各名单都按规定排列", "Order: every list is sorted as it should be"),
        _order(bundle),
    )
    yield _check(
        "trackers",
        Explanation(f"查票码：{picks}个，没有重复", f"Trackers: {picks}, each of them once"),
        _repeated(tracker for column in columns for tracker, _ in column["marks"]),
    )
    yield _check(
        "commitments",
        Explanation(
            f"选票指纹：{len(bundle['commitments'])}个，没有重复，不少于选票{returned}张",
            f"Commitments: {len(bundle['commitments'])}, each once, for {returned} ballots",
        ),
        _commitments(bundle),
    )
    yield _check(
        "participation",
        Explanation(
            f"人数：名单{bundle['roll']['size']}人，收回{returned}张，空白{bundle['blank']}张",
            f"People: {bundle['roll']['size']} on the roll, {returned} ballots, "
            f"{bundle['blank']} blank",
        ),
        _participation(bundle),
    )
    yield _check(
        "lengths",
        Explanation("选票装得下这些选择", "The ballots can hold these marks"),
        _lengths(bundle, manifest),
    )
    yield _check(
        "recount",
        Explanation(
            f"重新计票：{len(manifest.matters)}件、{picks}个选择，得数、名次、去留都一样",
            f"Recount: {len(manifest.matters)} matters, {picks} marks; "
            "same figures, order and outcomes",
        ),
        _recount(bundle, manifest),
    )
    yield _check(
        "root",
        Explanation(f"总指纹（树根）：{root}", f"Root: {root}"),
        _unless(
            bundle["root"] == root,
            f"文件写的是 {bundle['root']}",
            f"the file says {bundle['root']}",
        ),
    )
    yield from _signature_checks(bundle)


def _signature_checks(bundle: Bundle) -> Iterator[Check]:
    message = statement_message(bundle)
    yield _check(
        "signature",
        Explanation("运营者签名", "The operator's signature"),
        _signature(bundle["operator_key"], bundle["signature"], message),
    )
    if bundle["officer_key"] is None:
        yield _check(
            "countersignature",
            Explanation("没有约定第二人会签", "No second officer was to countersign"),
            _unless(
                bundle["countersignature"] is None, "却有会签", "yet there is a countersignature"
            ),
        )
    else:
        yield _check(
            "countersignature",
            Explanation("第二人会签", "The second officer's countersignature"),
            _countersignature(bundle["officer_key"], bundle["countersignature"], message),
        )


def _rules(bundle: Bundle, manifest: Manifest) -> Problems:
    published = bundle["manifest"]["rules_hash"]
    computed = manifest.rules_hash().hex()
    yield from _unless(published == computed, f"规则指纹应为 {computed}", f"hash is {computed}")
    yield from _unless(
        manifest.opens_at < manifest.closes_at,
        "截止不晚于开始",
        "voting ends no later than it begins",
    )


def _order(bundle: Bundle) -> Problems:
    numbers = [matter["number"] for matter in bundle["manifest"]["matters"]]
    yield from _unless(_is_sorted(numbers), "题单", "the list of matters")
    for column in bundle["picks"]:
        weight = column["weight"]
        yield from _unless(
            _is_sorted(column["marks"]), f"{weight}分票", f"the marks of weight {weight}"
        )
    yield from _unless(_is_sorted(bundle["commitments"]), "选票指纹", "the commitments")
    serials = bundle["paper_serials"]
    yield from _unless(_is_sorted(serials), "纸票号", "the paper serials")
    yield from _unless(len(set(serials)) == len(serials), "纸票号重复", "a serial stands twice")


def _is_sorted(values: Sequence[Any]) -> bool:
    return all(earlier <= later for earlier, later in pairwise(values))


def _repeated(values: Iterable[str]) -> Problems:
    for value, times in Counter(values).items():
        if times > 1:
            yield Explanation(f"{value} 出现{times}次", f"{value} stands {times} times")


def _commitments(bundle: Bundle) -> Problems:
    # Every cast and every replacement left one, so there may be more of them than ballots.
    yield from _unless(
        len(bundle["commitments"]) >= bundle["result"]["returned"],
        "比选票少",
        "fewer than the ballots",
    )
    yield from _repeated(bundle["commitments"])


def _participation(bundle: Bundle) -> Problems:
    returned = bundle["result"]["returned"]
    by_channel = sum(bundle["participation"].values())
    yield from _unless(
        by_channel == returned,
        f"各途径合计{by_channel}张",
        f"the channels add up to {by_channel}",
    )
    yield from _unless(
        returned <= bundle["roll"]["size"],
        "选票比名单上的人多",
        "more ballots than people",
    )
    yield from _unless(
        bundle["blank"] <= returned, "空白票比选票多", "more blank ballots than ballots"
    )


def _lengths(bundle: Bundle, manifest: Manifest) -> Problems:
    """Whether ballots that are not blank, each with a mark or more, can have made these marks."""
    ballots = bundle["result"]["returned"] - bundle["blank"]
    total = 0
    supporters: Counter[str] = Counter()
    for slot, column in zip(manifest.scheme.slots, bundle["picks"], strict=True):
        found = len(column["marks"])
        total += found
        supporters.update(matter for _, matter in column["marks"])
        yield from _unless(
            found <= slot.picks * ballots,
            f"{slot.weight}分票{found}张，非空白票只有{ballots}张",
            f"{found} marks of weight {slot.weight} on {ballots} ballots that are not blank",
        )
    yield from _unless(
        total >= ballots,
        f"非空白票{ballots}张，选择只有{total}个",
        f"{total} marks on {ballots} ballots that are not blank",
    )
    for matter, found in supporters.items():
        yield from _unless(
            found <= ballots,
            f"{matter} 有{found}人选，非空白票只有{ballots}张",
            f"{matter} was marked by {found} of {ballots} ballots that are not blank",
        )


def _recount(bundle: Bundle, manifest: Manifest) -> Problems:
    published, counted = bundle["result"], _counted(bundle, manifest)
    whole_vote = Explanation("", "")
    yield from _differences(whole_vote, published, {**counted, "rows": published["rows"]})
    no_row: Mapping[str, Any] = {}
    pairs = zip_longest(published["rows"], counted["rows"], fillvalue=no_row)
    for place, (row, recounted) in enumerate(pairs, start=1):
        yield from _differences(Explanation(f"第{place}行", f"row {place} "), row, recounted)


def _counted(bundle: Bundle, manifest: Manifest) -> dict[str, Any]:
    """The result that follows from the marks, in the form in which a bundle states it."""
    roll, returned = bundle["roll"]["size"], bundle["result"]["returned"]
    turnout = Turnout(
        roll=roll,
        returned=returned,
        blank=bundle["blank"],
        required=required_participation(manifest.participation, manifest.mode, roll),
    )
    ranked = rank(
        manifest.scheme,
        (matter.candidate for matter in manifest.matters),
        Counter(
            Mark(column["weight"], matter)
            for column in bundle["picks"]
            for _, matter in column["marks"]
        ),
    )
    ended = {matter.candidate.matter for matter in manifest.matters if matter.ended}
    outcomes = select(
        manifest.selection, ranked, returned, ended, consultative=not turnout.is_sufficient
    )
    return result_data(manifest.scheme, turnout, ranked, outcomes)


def _differences(
    place: Explanation, published: Mapping[str, Any], counted: Mapping[str, Any]
) -> Problems:
    for name in sorted(published.keys() | counted.keys()):
        said, found = published.get(name, "–"), counted.get(name, "–")
        yield from _unless(
            said == found,
            f"{place.zh}{name} 公布{printable(said)}，重算{printable(found)}",
            f"{place.en}{name} is published as {printable(said)}, counted as {printable(found)}",
        )


def printable(value: object) -> str:
    """At most 80 characters of a value, without any that a terminal would act upon."""
    # Whoever writes a bundle must not be able to steer the reader's terminal.
    shown = "null" if value is None else f"{value}"[:80]
    return "".join(letter if letter.isprintable() else "?" for letter in shown)


def _signature(key: str, signature: str | None, message: bytes) -> Problems:
    if signature is None:
        yield Explanation("没有签", "it is missing")
    else:
        yield from _unless(_is_signed(key, signature, message), "不对", "it is not valid")


def _countersignature(key: str, signature: str | None, message: bytes) -> Problems:
    if signature is None:
        return [Explanation("还没有会签", "it is not yet countersigned")]
    return _signature(key, signature, message)


def _is_signed(key: str, signature: str, message: bytes) -> bool:
    if is_weak(bytes.fromhex(key)):
        return False
    try:
        public_key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public_key.verify(bytes.fromhex(signature), message)
    except InvalidSignature:
        return False
    return True


def _unless(holds: bool, zh: str, en: str) -> Problems:
    return [] if holds else [Explanation(zh, en)]


def _earlier_root(computed: str, seen: str) -> Problems:
    return _unless(
        "".join(seen.split()).lower() == computed,
        "不同：公布之后内容被换过，或总指纹抄错了",
        "it differs: the bundle was exchanged after that, or the root was mistyped",
    )


_ID = matching(r"[!-~]{1,64}")
_RECEIPT = members(
    {
        "commitment": hexadecimal(32),
        "version": whole(MAX_COUNT),
        "promise": hexadecimal(64),
        "nonce": hexadecimal(NONCE_BYTES),
        "marks": list_of(members({"weight": whole(MAX_COUNT), "matter_id": _ID})),
    },
    optional={"session_id": _ID, "word": text},
)


@dataclass(frozen=True)
class _Receipt:
    """A receipt that can be checked: its ballot is a valid one in this vote."""

    commitment: str
    version: int
    promise: str
    nonce: bytes
    ballot: PriorityBallot
    word: str

    @classmethod
    def of(cls, manifest: Manifest, data: object) -> Self:
        """Raises `VotingError` with a code of `PriorityBallot.of`, `invalid_receipt` for another
        format, or `another_session`.
        """
        if (wrong := _RECEIPT(data)) is not None:
            raise VotingError("invalid_receipt", f"This is no receipt at {wrong or 'all'}.")
        known = cast(Mapping[str, Any], data)
        if known.get("session_id", manifest.session_id) != manifest.session_id:
            raise VotingError("another_session", "The receipt is of another vote.")
        marks = [Mark(mark["weight"], mark["matter_id"]) for mark in known["marks"]]
        listed = {matter.candidate.matter for matter in manifest.matters}
        return cls(
            commitment=known["commitment"],
            version=known["version"],
            promise=known["promise"],
            nonce=bytes.fromhex(known["nonce"]),
            ballot=PriorityBallot.of(marks, manifest.scheme, listed),
            word=known.get("word", ""),
        )


_RECEIPT_REFUSALS = {
    "invalid_receipt": "不是收据的格式",
    "another_session": "是另一次投票的收据",
    "unknown_weight": "没有这个分值",
    "slot_overfilled": "同一分值选得太多",
    "matter_not_listed": "所选不在题单上",
    "matter_repeated": "同一件选了两次",
}


def _receipt_checks(bundle: Bundle, manifest: Manifest, data: object) -> Iterator[Check]:
    try:
        receipt = _Receipt.of(manifest, data)
    except VotingError as error:
        problem = Explanation(_RECEIPT_REFUSALS[error.code], error.message)
        yield _check("receipt", Explanation("收据", "Receipt"), [problem])
        return
    session, marks = manifest.session_id, len(receipt.ballot.marks)
    yield _check(
        "receipt",
        Explanation(
            f"收据：第{receipt.version}版，{marks}个选择",
            f"Receipt: version {receipt.version}, marks: {marks}",
        ),
        [],
    )
    computed = commitment(receipt.nonce, session, receipt.ballot).hex()
    yield _check(
        "receipt_commitment",
        Explanation("收据上的选择与指纹一致", "The receipt's marks give its commitment"),
        _unless(receipt.commitment == computed, "收据被改过", "the receipt was altered"),
    )
    message = promise_message(session, bytes.fromhex(receipt.commitment), receipt.version)
    yield _check(
        "receipt_promise",
        Explanation("运营者签过这张收据", "The operator signed this receipt"),
        _signature(bundle["operator_key"], receipt.promise, message),
    )
    yield _check(
        "receipt_listed",
        Explanation("收据的指纹在名单里", "The receipt's commitment is in the list"),
        _unless(
            receipt.commitment in bundle["commitments"],
            "不在：如果收据有运营者签名，这就是漏记的证据",
            "it is not: if the operator signed the receipt, that proves an omission",
        ),
    )
    yield _check(
        "receipt_marks",
        Explanation("收据上的选择都计入了结果", "The receipt's marks were counted"),
        _receipt_marks(bundle, session, receipt),
    )


_NOT_COUNTED = Explanation(
    "没有找到：如果您后来改投过，这是对的，请查最后一张收据（用过暗记的要写上）；没有改投，就是丢了票",
    "not found: right if you replaced this ballot later, then check the last receipt (with your "
    "word, if you used one); if you did not, the ballot is missing",
)


def _receipt_marks(bundle: Bundle, session: str, receipt: _Receipt) -> Problems:
    """The marks stand in the lists under the receipt's trackers; a blank ballot has none."""
    if receipt.ballot.is_blank:
        return [] if bundle["blank"] else [_NOT_COUNTED]
    counted = {
        (column["weight"], tracker): matter
        for column in bundle["picks"]
        for tracker, matter in column["marks"]
    }
    codes = trackers(receipt.nonce, session, receipt.ballot, receipt.word)
    found = [
        counted.get((mark.weight, code.hex()))
        for mark, code in zip(receipt.ballot.marks, codes, strict=True)
    ]
    if not any(found):
        return [_NOT_COUNTED]
    return [
        Explanation(
            f"{mark.weight}分的 {mark.matter} 变成了 {matter or '–'}",
            f"{mark.matter}, marked with {mark.weight}, has become {matter or '–'}",
        )
        for mark, matter in zip(receipt.ballot.marks, found, strict=True)
        if matter != mark.matter
    ]


if __name__ == "__main__":
    sys.exit(main())
