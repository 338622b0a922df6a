"""A bundle for each seed, with receipts and roots: elections of all kinds, two thirds of them
tampered with. The same seed always makes the same case."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeAlias

from tests.votes.altered import has_the_format
from tests.votes.published import (
    OFFICER,
    OPERATOR,
    STRANGER,
    CastBallot,
    nonce_of,
    public_key,
    publish,
    receipt_of,
    sealed,
)
from votes.ballot import Mark, PriorityBallot
from votes.bundle import ListedMatter, Manifest, canonical_json, rules_hash, statement_message
from votes.scheme import BallotScheme, Slot
from votes.selection import Mode, ParticipationRule, SelectionRule, Share
from votes.tally import Candidate

GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493

TITLES = (
    "夜间停车难、消防通道被占",
    "",
    "🚲 电动车 👩‍👩‍👧‍👦",
    'He said "no" \\ yes / </script><b>',
    "\x00\x01\x1f\b\f\n\r\t\x7f\x85",
    "\u2028 and \u2029",
    "e\u0301 and \u00e9",
    "\u202eright to left\u2066",
    "__proto__",
    "1.0, 1e0 and -0",
    '{"blank":1.0}',
    "\ufeff mark",
    "\U0010ffff\ue000\ufffe",
    "长" * 200,
)
WORDS = ("", "", "桂花", "e\u0301", "🀄", "\u212b", " x ")
ODD_NAMES = ("__proto__", "constructor", "tostring", "10", "9", "0", "n0", "more", "A", "")


@dataclass(frozen=True)
class Case:
    """What a reader may bring. `must_fail` tells whether a check has to fail; None: it may."""

    name: str
    raw: bytes
    receipt: bytes | None = None
    root: str | None = None
    must_fail: bool | None = None


@dataclass(frozen=True)
class Election:
    """A published vote: the ballots that count, those that were replaced, and the sealed bundle."""

    manifest: Manifest
    live: Sequence[CastBallot]
    old: Sequence[CastBallot]
    bundle: dict[str, Any]

    def anew(self) -> dict[str, Any]:
        """A copy of the bundle that may be altered."""
        copy: dict[str, Any] = json.loads(canonical_json(self.bundle))
        return copy


def case_of(seed: int) -> Case:
    """The case of this seed. Each third bundle is as it was published."""
    chance = Random(seed)
    election = election_of(chance)
    if seed % 3 == 0:
        return _published(seed, chance, election)
    number = seed // 3 * 2 + seed % 3 - 1
    return _tampered(seed, chance, election, TAMPERINGS[number % len(TAMPERINGS)])


# Elections


def election_of(chance: Random) -> Election:
    """A vote with a scheme, rules, matters and ballots of its own."""
    manifest = _manifest_of(chance)
    voters = chance.choice((0, 1, 2, 3, 4, 6, 9, 14, 22, 60))
    live = [_cast_of(chance, manifest, f"{n}") for n in range(voters)]
    old = [_cast_of(chance, manifest, f"old {n}") for n in range(chance.choice((0, 0, 1, 3)))]
    roll = voters + chance.choice((0, 1, voters, 40))
    bundle = publish(manifest, live, old, roll, chance.choice((OFFICER, OFFICER, None)))
    serials = {f"A-{chance.randrange(100)}" for _ in range(chance.choice((0, 0, 2, 5)))}
    return Election(manifest, live, old, sealed({**bundle, "paper_serials": sorted(serials)}))


def _manifest_of(chance: Random) -> Manifest:
    weights = sorted(chance.sample((1, 2, 3, 5, 8, 10_000_000), chance.randint(1, 4)), reverse=True)
    opens_at = datetime(2024, 2, 28, tzinfo=UTC) + timedelta(microseconds=chance.randrange(10**14))
    numbers = sorted(chance.sample(range(40), chance.choice((0, 1, 2, 3, 5, 8, 12))))
    return Manifest(
        session_id=_id_of(chance),
        compound=chance.choice(TITLES),
        period=chance.choice(("2026-03", *TITLES)),
        mode=chance.choice(tuple(Mode)),
        scheme=BallotScheme(tuple(Slot(weight, chance.choice((1, 1, 2, 3))) for weight in weights)),
        participation=ParticipationRule(
            roster_share=_share_of(chance),
            open_share=_share_of(chance),
            open_floor=chance.choice((0, 3, 20)),
            open_cap=_share_of(chance),
        ),
        selection=SelectionRule(
            limit=chance.randint(1, 4),
            consultative_limit=chance.randint(0, 2),
            supporters_floor=chance.randint(0, 3),
            supporters_share=_share_of(chance),
        ),
        matters=tuple(
            ListedMatter(
                Candidate(
                    matter=f"{_id_of(chance)[:50]}-{number}",
                    number=number,
                    endorsements=chance.choice((0, 0, 1, 9)),
                    raised_at=opens_at - timedelta(microseconds=chance.randrange(2)),
                ),
                title=chance.choice(TITLES),
                ended=chance.random() < 0.15,
            )
            for number in numbers
        ),
        opens_at=opens_at,
        closes_at=opens_at + timedelta(microseconds=chance.choice((1, 10**6, 10**12))),
    )


def _id_of(chance: Random) -> str:
    return "".join(
        chance.choices([chr(code) for code in range(0x21, 0x7F)], k=chance.randint(1, 64))
    )


def _share_of(chance: Random) -> Share:
    denominator = chance.choice((1, 2, 3, 7, 10, 9_999_999, 10_000_000))
    return Share(chance.choice((1, 1, denominator, (denominator + 1) // 2)), denominator)


def _cast_of(chance: Random, manifest: Manifest, name: str) -> CastBallot:
    # The first few are the favourites, so that there is something to select.
    liking = {
        matter.candidate.matter: chance.random() * place
        for place, matter in enumerate(manifest.matters, start=1)
    }
    matters = sorted(liking, key=lambda matter: liking[matter])
    marks = []
    for slot in manifest.scheme.slots:
        for _ in range(chance.choice((0, 1, slot.picks, slot.picks))):
            if matters:
                marks.append(Mark(slot.weight, matters.pop(0)))
    return CastBallot(
        nonce_of(f"{manifest.session_id} {name}"),
        PriorityBallot(tuple(marks)),
        word=chance.choice(WORDS),
        channel=chance.choice(("PHONE", "PHONE", "PAPER")),
        version=chance.choice((1, 1, 2, 10_000_000)),
    )


# Published bundles, with receipts and roots of which some are not right

Brought: TypeAlias = tuple[str, bytes | None, str | None, bool | None]
"""A name, a receipt, a root, and whether a check must fail."""


def _published(seed: int, chance: Random, election: Election) -> Case:
    name, receipt, root, must_fail = chance.choice(BROUGHT)(chance, election)
    return Case(f"{seed} {name}", canonical_json(election.bundle), receipt, root, must_fail)


def _nothing(chance: Random, election: Election) -> Brought:
    return "as published", None, None, False


def _right_root(chance: Random, election: Election) -> Brought:
    root = election.bundle["root"]
    spelled = chance.choice((root, root.upper(), f" {root[:32]}\n\t{root[32:]}\u3000"))
    return "the root seen earlier", None, spelled, False


def _wrong_root(chance: Random, election: Election) -> Brought:
    root = election.bundle["root"]
    other = "1" if root[0] == "0" else "0"
    wrong = chance.choice(
        (other + root[1:], root[1:], root + "0", "", "0" * 64, "总指纹", f"0x{root}")
    )
    return "another root", None, wrong, True


def _right_receipt(chance: Random, election: Election) -> Brought:
    if not election.live:
        return _nothing(chance, election)
    data = _receipt_of(election, chance.choice(election.live))
    chance.shuffle(data["marks"])
    if chance.random() < 0.3:
        del data["session_id"]
    spaced = json.dumps(data, indent=chance.choice((None, 2)), ensure_ascii=chance.random() < 0.5)
    return "a receipt", spaced.encode(), election.bundle["root"], False


def _receipt_of_replaced(chance: Random, election: Election) -> Brought:
    if not election.old:
        return _right_receipt(chance, election)
    cast = chance.choice(election.old)
    # A blank ballot leaves no trackers, so nothing tells whether it was replaced.
    must_fail = None if cast.ballot.is_blank else True
    return "a replaced receipt", _dumped(_receipt_of(election, cast)), None, must_fail


def _receipt_of_nobody(chance: Random, election: Election) -> Brought:
    stray = _cast_of(chance, election.manifest, "nobody")
    return "a receipt left out", _dumped(_receipt_of(election, stray)), None, True


def _receipt_by_another(chance: Random, election: Election) -> Brought:
    cast = _cast_of(chance, election.manifest, "0")
    session = election.manifest.session_id
    return "a receipt by a stranger", _dumped(receipt_of(session, cast, STRANGER)), None, True


def _receipt_of_another_vote(chance: Random, election: Election) -> Brought:
    cast = _cast_of(chance, election.manifest, "0")
    return "a receipt of another vote", _dumped(receipt_of("another", cast)), None, True


def _altered_receipt(chance: Random, election: Election) -> Brought:
    if not election.live:
        return _receipt_of_nobody(chance, election)
    data = _receipt_of(election, chance.choice(election.live))
    data = alter(chance, data)
    return "an altered receipt", _dumped(data), None, None


def _respelled_receipt(chance: Random, election: Election) -> Brought:
    raw = _dumped(_receipt_of(election, _cast_of(chance, election.manifest, "0")))
    return "a receipt spelled differently", chance.choice(RESPELLINGS)(chance, raw), None, None


def _no_receipt(chance: Random, election: Election) -> Brought:
    receipt = chance.choice((b"", b"{}", b"[]", b"5", b"[null]", b'"\\ud800"', b"{", b"\xff"))
    return "what is no receipt", receipt, None, True


def _marks_against_the_rules(chance: Random, election: Election) -> Brought:
    data = _receipt_of(election, _cast_of(chance, election.manifest, "0"))
    (slot, *_), matters = election.manifest.scheme.slots, election.manifest.matters
    listed = [matter.candidate.matter for matter in matters] or ["M"]
    wrong = {
        "unknown weight": [(4, listed[0])],
        "too many": [(slot.weight, f"{n}") for n in range(slot.picks + 1)],
        "not listed": [(slot.weight, "~unknown~")],
        "repeated": [(slot.weight, listed[0]), (election.manifest.scheme.weights[-1], listed[0])],
    }
    name = chance.choice(tuple(wrong))
    data["marks"] = [{"weight": weight, "matter_id": matter} for weight, matter in wrong[name]]
    return f"a receipt with marks: {name}", _dumped(data), None, True


BROUGHT: tuple[Callable[[Random, Election], Brought], ...] = (
    _nothing,
    _right_root,
    _right_root,
    _wrong_root,
    _right_receipt,
    _right_receipt,
    _right_receipt,
    _receipt_of_replaced,
    _receipt_of_replaced,
    _receipt_of_nobody,
    _receipt_by_another,
    _receipt_of_another_vote,
    _altered_receipt,
    _altered_receipt,
    _respelled_receipt,
    _no_receipt,
    _marks_against_the_rules,
)


def _receipt_of(election: Election, cast: CastBallot) -> dict[str, Any]:
    return receipt_of(election.manifest.session_id, cast)


def _dumped(data: Any) -> bytes:
    """Data of any kind as a file, half surrogate pairs as their escapes."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode("utf-8", "backslashreplace")


# Tampering with what was published

Tampering: TypeAlias = Callable[[Random, Election], tuple[bytes, bool | None] | None]
"""Gives the file and whether a check must fail; None where the election has nothing to alter."""


def _tampered(seed: int, chance: Random, election: Election, tamper: Tampering) -> Case:
    found = tamper(chance, election)
    while found is None or found[0] == canonical_json(election.bundle):
        tamper = chance.choice((_altered, _respelled, _altered_and_sealed))
        found = tamper(chance, election)
    raw, must_fail = found
    root = election.bundle["root"] if must_fail is None or chance.random() < 0.3 else None
    receipt = None
    if election.live and chance.random() < 0.3:
        receipt = _dumped(_receipt_of(election, chance.choice(election.live)))
    name = f"{seed} {tamper.__name__.strip('_').replace('_', ' ')}"
    # Whatever was altered, the root that somebody kept tells it.
    return Case(name, raw, receipt, root, True)


def _altered(chance: Random, election: Election) -> tuple[bytes, bool | None]:
    return _dumped(alter(chance, election.anew())), True


def _altered_and_sealed(chance: Random, election: Election) -> tuple[bytes, bool | None] | None:
    for _ in range(20):
        bundle = alter(chance, election.anew())
        if has_the_format(bundle) and sealed(bundle) != election.bundle:
            return canonical_json(sealed(bundle)), None
    return None


def _respelled(chance: Random, election: Election) -> tuple[bytes, bool | None]:
    return chance.choice(RESPELLINGS)(chance, canonical_json(election.bundle)), True


def alter(chance: Random, data: Any) -> Any:
    """The data with a single change at a random place."""
    if isinstance(data, dict) and data and chance.random() > 0.12:
        name = chance.choice(list(data))
        return {**data, name: alter(chance, data[name])}
    if isinstance(data, list) and data and chance.random() > 0.2:
        index = chance.randrange(len(data))
        return [*data[:index], alter(chance, data[index]), *data[index + 1 :]]
    if isinstance(data, dict):
        return _other_object(chance, data)
    if isinstance(data, list):
        return _other_list(chance, data)
    return _other_plain(chance, data)


def _other_object(chance: Random, data: dict[str, Any]) -> Any:
    more = {**data, chance.choice(ODD_NAMES): chance.choice((0, "", None, 7))}
    if not data:
        return more
    name = chance.choice(list(data))
    fewer = {other: value for other, value in data.items() if other != name}
    renamed = {**fewer, f"{name}_": data[name]}
    return chance.choice((more, fewer, renamed, [], None, list(data)))


def _other_list(chance: Random, data: list[Any]) -> Any:
    if not data:
        return chance.choice(([0], [None], [[]], {}, None, ""))
    index = chance.randrange(len(data))
    entry, before, after = data[index], data[:index], data[index + 1 :]
    swapped = [*data[1:2], *data[:1], *data[2:]]
    odd = chance.choice((0, None, "", [], entry))
    return chance.choice(
        (before + after, [*before, entry, *data[index:]], swapped, [*data, odd], {})
    )


def _other_plain(chance: Random, value: Any) -> Any:
    nested: Any = value
    for _ in range(chance.choice((1, 60, 300))):
        nested = [nested]
    odd = (None, True, False, 0, 1, "", "x", nested, 0.5, 1e300, 10**400, 2**53, "\ud800", {})
    if isinstance(value, bool) or value is None or chance.random() < 0.3:
        return chance.choice([other for other in odd if other is not value])
    if isinstance(value, int):
        return chance.choice((value + 1, value - 1, -value, float(value), f"{value}", 10_000_001))
    return _other_text(chance, value)


def _other_text(chance: Random, value: str) -> str:
    other = chance.choice("0123456789abcdefZ桂\u2028")
    index = chance.randrange(len(value) + 1)
    date = value.replace("T", "T24") if "T" in value else value + "\n"
    february = re.sub(r"-\d\d-\d\dT", chance.choice(("-02-29T", "-02-30T", "-04-31T")), value)
    return chance.choice(
        (
            value[:index] + other + value[index + 1 :],
            value[:index] + other + value[index:],
            value[:-1],
            value.upper(),
            february,
            date,
            value + "\udc00",
            value[::-1],
        )
    )


# Other spellings of the same bytes

Respelling: TypeAlias = Callable[[Random, bytes], bytes]

_NUMBER = re.compile(rb"(?<=[:,\[])[0-9]+(?=[,}\]])")
_NAME = re.compile(rb'(?<=[{,])("[a-z_]+"):([0-9]+|"[^"\\]*"|null|true|false)(?=[,}])')


def _respell_a_number(chance: Random, raw: bytes) -> bytes:
    forms = (
        *("{}.0", "{}e0", "{}E+0", "-{}", "0{}", "+{}", "{}.", "{}000e-3", "{}.0000", "NaN"),
        *("Infinity", "-Infinity", "1e309", '"{}"', "9007199254740993", "{}" + "0" * 400),
    )
    return _replaced(chance, raw, _NUMBER, lambda found: _filled(chance.choice(forms), found[0]))


def _minus_nothing(chance: Random, raw: bytes) -> bytes:
    return _replaced(chance, raw, re.compile(rb"(?<=:)0(?=[,}])"), lambda found: b"-0")


def _double_a_member(chance: Random, raw: bytes) -> bytes:
    def twice(found: re.Match[bytes]) -> bytes:
        name, value = found.groups()
        first = chance.choice((value, b"0", b"1.0", b"null", b"[1e0]"))
        return name + b":" + first + b"," + found[0]

    return _replaced(chance, raw, _NAME, twice)


def _add_space(chance: Random, raw: bytes) -> bytes:
    space = chance.choice((b" ", b"\n", b"\t", b"\r", b"\x0b", "\u3000".encode()))
    return _replaced(chance, raw, re.compile(rb"[,:{}\[\]]|^|$"), lambda found: found[0] + space)


def _add_mark(chance: Random, raw: bytes) -> bytes:
    return b"\xef\xbb\xbf" + raw


def _recode(chance: Random, raw: bytes) -> bytes:
    text = raw.decode("utf-8", "replace")
    return chance.choice((text.encode("utf-16"), text.encode("utf-8") + b"\0", raw * 2, raw[:-1]))


def _escape_a_letter(chance: Random, raw: bytes) -> bytes:
    def escape(found: re.Match[bytes]) -> bytes:
        form = chance.choice(("\\u{:04x}", "\\u{:04X}"))
        return form.format(ord(found[0])).encode()

    return _replaced(chance, raw, re.compile(rb"(?<=[a-z])[a-z](?=[a-z])"), escape)


def _half_a_pair(chance: Random, raw: bytes) -> bytes:
    half = chance.choice((rb"\ud83d", rb"\udeb2", b"\xed\xa0\x80", b"\xff", b"\xc0\x80"))
    return _replaced(chance, raw, re.compile(rb'(?<=":")'), lambda found: half)


def _change_order(chance: Random, raw: bytes) -> bytes:
    try:
        data = json.loads(raw)
    except ValueError:
        return raw + b" "
    names = list(data)
    chance.shuffle(names)
    return json.dumps(
        {name: data[name] for name in names}, ensure_ascii=False, separators=(",", ":")
    ).encode("utf-8", "backslashreplace")


def _flip_a_bit(chance: Random, raw: bytes) -> bytes:
    flipped = bytearray(raw)
    flipped[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def _replaced(
    chance: Random,
    raw: bytes,
    pattern: re.Pattern[bytes],
    change: Callable[[re.Match[bytes]], bytes],
) -> bytes:
    """The bytes with one of the matches changed; with a line end behind them if there is none."""
    matches = list(pattern.finditer(raw))
    if not matches:
        return raw + b"\n"
    found = chance.choice(matches)
    return raw[: found.start()] + change(found) + raw[found.end() :]


def _filled(form: str, number: bytes) -> bytes:
    return form.replace("{}", number.decode()).encode()


RESPELLINGS: tuple[Respelling, ...] = (
    _respell_a_number,
    _respell_a_number,
    _respell_a_number,
    _minus_nothing,
    _double_a_member,
    _add_space,
    _add_mark,
    _recode,
    _escape_a_letter,
    _half_a_pair,
    _change_order,
    _flip_a_bit,
)


# Figures that do not agree although everything was sealed again: only the recount and its
# neighbours can tell.

Edit: TypeAlias = Callable[[Random, dict[str, Any]], None]


def _sealed_after(edit: Edit) -> Tampering:
    def tamper(chance: Random, election: Election) -> tuple[bytes, bool | None] | None:
        bundle = election.anew()
        try:
            edit(chance, bundle)
        except (IndexError, ValueError):
            return None  # an election without marks, rows or ballots
        return canonical_json(sealed(bundle)), True

    tamper.__name__ = f"{edit.__name__} and sealed"
    return tamper


def _a_score(chance: Random, bundle: dict[str, Any]) -> None:
    chance.choice(bundle["result"]["rows"])["score"] += 1


def _a_count_of_marks(chance: Random, bundle: dict[str, Any]) -> None:
    weight = chance.choice(bundle["manifest"]["scheme"])["weight"]
    chance.choice(bundle["result"]["rows"])[f"n{weight}"] += 1


def _a_rank(chance: Random, bundle: dict[str, Any]) -> None:
    chance.choice(bundle["result"]["rows"])["rank"] += chance.choice((1, 10))


def _an_outcome(chance: Random, bundle: dict[str, Any]) -> None:
    row = chance.choice(bundle["result"]["rows"])
    outcomes = {"SELECTED", "DEFERRED", "SKIPPED", "selected", "\x1b[2J\u202e" + "x" * 100}
    row["outcome"] = chance.choice(sorted(outcomes - {row["outcome"]}))


def _a_deciding_rule(chance: Random, bundle: dict[str, Any]) -> None:
    row = chance.choice(bundle["result"]["rows"])
    rules = {"score", "n5", "endorsements", "raised_at", "number", "lot"}
    row["decided_by"] = chance.choice(sorted(rules - {row["decided_by"]}))


def _an_odd_member(chance: Random, bundle: dict[str, Any]) -> None:
    row = chance.choice(bundle["result"]["rows"])
    # Names that JavaScript puts in an order of its own, or finds in every object.
    for name in chance.choice((["10", "9"], ["100", "more", "20"], ["__proto__"], ["constructor"])):
        row[name] = chance.choice((0, "odd", None))


def _a_missing_member(chance: Random, bundle: dict[str, Any]) -> None:
    row = chance.choice(bundle["result"]["rows"])
    del row[chance.choice(list(row))]


def _two_rows(chance: Random, bundle: dict[str, Any]) -> None:
    rows = bundle["result"]["rows"]
    first, second = chance.sample(range(len(rows)), 2)
    rows[first], rows[second] = rows[second], rows[first]


def _a_missing_row(chance: Random, bundle: dict[str, Any]) -> None:
    bundle["result"]["rows"].pop()


def _a_row_more(chance: Random, bundle: dict[str, Any]) -> None:
    bundle["result"]["rows"].append({**chance.choice(bundle["result"]["rows"])})


def _ballots_needed(chance: Random, bundle: dict[str, Any]) -> None:
    bundle["result"]["required"] += chance.choice((1, -1)) if bundle["result"]["required"] else 1


def _the_outcome(chance: Random, bundle: dict[str, Any]) -> None:
    was = bundle["result"]["outcome"]
    bundle["result"]["outcome"] = "DECIDED" if was == "CONSULTATIVE" else "CONSULTATIVE"


def _a_mark_moved(chance: Random, bundle: dict[str, Any]) -> None:
    mark = chance.choice(chance.choice(bundle["picks"])["marks"])
    ids = {matter["matter_id"] for matter in bundle["manifest"]["matters"]}
    mark[1] = chance.choice(sorted(ids - {mark[1]}))


def _a_mark_more(chance: Random, bundle: dict[str, Any]) -> None:
    matter = chance.choice(bundle["manifest"]["matters"])["matter_id"]
    chance.choice(bundle["picks"])["marks"].append(["f" * 20, matter])


def _a_mark_less(chance: Random, bundle: dict[str, Any]) -> None:
    marks = chance.choice(bundle["picks"])["marks"]
    del marks[chance.randrange(len(marks))]


def _a_tracker_twice(chance: Random, bundle: dict[str, Any]) -> None:
    marks = [mark for column in bundle["picks"] for mark in column["marks"]]
    first, second = chance.sample(marks, 2)
    first[0] = second[0]
    for column in bundle["picks"]:
        column["marks"].sort()


def _marks_out_of_order(chance: Random, bundle: dict[str, Any]) -> None:
    marks = chance.choice(bundle["picks"])["marks"]
    first, second = chance.sample(range(len(marks)), 2)
    marks[first], marks[second] = marks[second], marks[first]


def _marks_of_one_tracker_out_of_order(chance: Random, bundle: dict[str, Any]) -> None:
    ids = [matter["matter_id"] for matter in bundle["manifest"]["matters"]]
    first, second = sorted(chance.sample(ids, 2), reverse=True)
    chance.choice(bundle["picks"])["marks"] += [["f" * 20, first], ["f" * 20, second]]


def _commitments_out_of_order(chance: Random, bundle: dict[str, Any]) -> None:
    first, second = chance.sample(range(len(bundle["commitments"])), 2)
    listed = bundle["commitments"]
    listed[first], listed[second] = listed[second], listed[first]


def _a_commitment_twice(chance: Random, bundle: dict[str, Any]) -> None:
    index = chance.randrange(len(bundle["commitments"]))
    bundle["commitments"].insert(index, bundle["commitments"][index])


def _too_few_commitments(chance: Random, bundle: dict[str, Any]) -> None:
    keep = chance.randrange(bundle["result"]["returned"])
    bundle["commitments"] = bundle["commitments"][:keep]


def _a_channel(chance: Random, bundle: dict[str, Any]) -> None:
    bundle["participation"][chance.choice(("PHONE", "STICKERS"))] = 10_000


def _a_smaller_roll(chance: Random, bundle: dict[str, Any]) -> None:
    bundle["roll"]["size"] = chance.randrange(bundle["result"]["returned"])


def _blank_ballots(chance: Random, bundle: dict[str, Any]) -> None:
    bundle["blank"] = bundle["result"]["returned"] + 1


def _another_rule(chance: Random, bundle: dict[str, Any]) -> None:
    rules = chance.choice(list(bundle["manifest"]["rules"].values()))
    name = chance.choice(
        ("open_floor",) if "open_floor" in rules else ("limit", "supporters_floor")
    )
    rules[name] += 1


def _times(chance: Random, bundle: dict[str, Any]) -> None:
    manifest = bundle["manifest"]
    manifest["closes_at"] = chance.choice((manifest["opens_at"], "0001-01-01T00:00:00.000000Z"))


def _matters_out_of_order(chance: Random, bundle: dict[str, Any]) -> None:
    bundle["manifest"]["matters"].sort(key=lambda matter: -matter["number"])
    chance.sample(bundle["manifest"]["matters"], 2)


def _a_serial_twice(chance: Random, bundle: dict[str, Any]) -> None:
    bundle["paper_serials"] = chance.choice((["A1", "A1"], ["B1", "A1"], ["a", "B"]))


EDITS: tuple[Edit, ...] = (
    _a_score,
    _a_count_of_marks,
    _a_rank,
    _an_outcome,
    _a_deciding_rule,
    _an_odd_member,
    _a_missing_member,
    _two_rows,
    _a_missing_row,
    _a_row_more,
    _ballots_needed,
    _the_outcome,
    _a_mark_moved,
    _a_mark_more,
    _a_mark_less,
    _a_tracker_twice,
    _marks_out_of_order,
    _marks_of_one_tracker_out_of_order,
    _commitments_out_of_order,
    _a_commitment_twice,
    _too_few_commitments,
    _a_channel,
    _a_smaller_roll,
    _blank_ballots,
    _another_rule,
    _times,
    _matters_out_of_order,
    _a_serial_twice,
)


# What follows from the rules changes with them; whoever seals again may also mend the hash.


def _rules_and_their_hash(chance: Random, election: Election) -> tuple[bytes, bool | None]:
    bundle = election.anew()
    selection = bundle["manifest"]["rules"]["selection"]
    selection[chance.choice(("limit", "consultative_limit", "supporters_floor"))] += 1
    rule = SelectionRule.from_data(selection)
    manifest = election.manifest
    hashed = rules_hash(manifest.mode, manifest.scheme, manifest.participation, rule)
    bundle["manifest"]["rules_hash"] = hashed.hex()
    return canonical_json(sealed(bundle)), None


def _endorsements_and_endings(
    chance: Random, election: Election
) -> tuple[bytes, bool | None] | None:
    bundle = election.anew()
    if not bundle["manifest"]["matters"]:
        return None
    matter = chance.choice(bundle["manifest"]["matters"])
    if chance.random() < 0.5:
        matter["ended"] = not matter["ended"]
    else:
        matter["endorsements"] += 5
    return canonical_json(sealed(bundle)), None


# Signatures


def _by_a_stranger(chance: Random, election: Election) -> tuple[bytes, bool | None]:
    return canonical_json(sealed(election.anew(), operator=STRANGER)), True


def _by_a_stranger_with_his_key(chance: Random, election: Election) -> tuple[bytes, bool | None]:
    bundle = {**election.anew(), "operator_key": public_key(STRANGER).hex()}
    return canonical_json(sealed(bundle, operator=STRANGER)), None


def _by_the_wrong_one(chance: Random, election: Election) -> tuple[bytes, bool | None]:
    bundle = election.anew()
    signature = OPERATOR.sign(statement_message(bundle)).hex()
    return canonical_json({**bundle, "countersignature": signature}), True


def _another_signature(chance: Random, election: Election) -> tuple[bytes, bool | None]:
    bundle = election.anew()
    r, s = bundle["signature"][:64], bundle["signature"][64:]
    greater = (
        (int.from_bytes(bytes.fromhex(s), "little") + GROUP_ORDER).to_bytes(32, "little").hex()
    )
    flipped = f"{int(r[0], 16) ^ 1:x}{r[1:]}"
    zero = "0" * 64
    bundle["signature"] = chance.choice((r + greater, flipped + s, s + r, r + zero, zero * 2, None))
    return canonical_json(bundle), True


def _a_key(chance: Random, election: Election) -> tuple[bytes, bool | None]:
    bundle = election.anew()
    name = chance.choice(("operator_key", "officer_key"))
    small = ("0" * 64, "01" + "0" * 62, "ec" + "f" * 60 + "7f", "f" * 64, "02" + "0" * 62)
    bundle[name] = chance.choice((*small, public_key(STRANGER).hex()))
    return canonical_json(sealed(bundle)), None


def _named_no_officer(chance: Random, election: Election) -> tuple[bytes, bool | None]:
    bundle = sealed({**election.anew(), "officer_key": None})
    return canonical_json({**bundle, "countersignature": "0" * 128}), True


# What only a reader who looks closely refuses


def _a_time_that_is_none(chance: Random, election: Election) -> tuple[bytes, bool | None]:
    bundle = election.anew()
    days = ("2025-02-29", "2024-02-30", "2100-02-29", "2024-04-31", "2024-00-10", "0000-01-01")
    hours = ("24:00:00", "23:60:00", "23:59:60", "12:00:00+", "12:00:0")
    day, hour = chance.choice(
        [(day, "12:00:00") for day in days] + [("2024-02-29", h) for h in hours]
    )
    name = chance.choice(("opens_at", "closes_at"))
    bundle["manifest"][name] = f"{day}T{hour}.000000Z"
    return _dumped(bundle), True


def _half_a_pair_in_a_name(chance: Random, election: Election) -> tuple[bytes, bool | None]:
    bundle = election.anew()
    halves = ("\ud83d", "a\udeb2", "\udeb2\ud83d", "\ud83d\ud83d\udeb2")
    bundle["manifest"][chance.choice(("compound", "period"))] = chance.choice(halves)
    return _dumped(bundle), True


TAMPERINGS: tuple[Tampering, ...] = (
    *(_a_time_that_is_none for _ in range(4)),
    *(_half_a_pair_in_a_name for _ in range(2)),
    *(_altered for _ in range(14)),
    *(_altered_and_sealed for _ in range(14)),
    *(_respelled for _ in range(14)),
    *map(_sealed_after, EDITS),
    _rules_and_their_hash,
    _rules_and_their_hash,
    _endorsements_and_endings,
    _endorsements_and_endings,
    _by_a_stranger,
    _by_a_stranger_with_his_key,
    _by_the_wrong_one,
    _another_signature,
    _another_signature,
    _a_key,
    _named_no_officer,
)
