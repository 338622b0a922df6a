"""The published result of a vote as one JSON document, from which anyone can recount it.

The bundle of a session holds what was frozen before the vote (the manifest), every mark that was
counted, the commitment of every ballot that was ever cast, the result, and the operator's
signature. `docs/bundle.md` lists its members; a second verifier needs that page alone.

canonical JSON, the only spelling in which a bundle is published and hashed: UTF-8 without a byte
order mark; no white space between tokens; members in byte order of their names, which are ASCII;
numbers whole, decimal, without sign or leading zeros, as none is negative; in strings `\\"`,
`\\\\`, `\\b`, `\\f`, `\\n`, `\\r`, `\\t`, the other characters below U+0020 as `\\u00` with two
lower-case hexadecimal digits, and all others as they are. For these values this is RFC 8785, and
what JavaScript's JSON.stringify writes once the members are sorted.

rules hash: SHA-256 of the canonical JSON of the object with the members `mode`, `rules`, `scheme`
of the manifest. It can be shown when voting opens.

root: the tree hash of RFC 9162 (see `votes.merkle`) over these leaves: first the canonical JSON
of the bundle without its members `commitments`, `root`, `signature` and `countersignature`, then
each commitment as 32 bytes, in the order of the list. So the root stands for every value of the
bundle but the signatures, and a printed copy of it is a witness for all of them.

statement, the text that the operator signs and a second officer countersigns with Ed25519; all
of it ASCII, every line with `\\n` at its end, numbers decimal, the root in lower-case hexadecimal:

    yueyuetan-statement-v1\\n
    <session id>\\n
    <people on the roll>\\n
    <ballots returned>\\n
    <blank ballots>\\n
    <number of commitments>\\n
    <root>\\n

officer's statement, with which a second officer shows that a public key is theirs; ASCII, signed
with that key; the id is the person's, the key in lower-case hexadecimal:

    yueyuetan-officer-key-v1\\n
    <officer id>\\n
    <public key>\\n
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, NamedTuple, Self, TypeAlias, cast

from votes import merkle
from votes.errors import VotingError
from votes.receipt import TRACKER_BYTES
from votes.scheme import BallotScheme
from votes.selection import Mode, Outcome, ParticipationRule, SelectionRule, Turnout
from votes.shapes import (
    Shape,
    either,
    flag,
    hexadecimal,
    instant,
    list_of,
    matching,
    members,
    null,
    one_of,
    pair,
    table,
    text,
    whole,
)
from votes.tally import Candidate, RankedMatter

FORMAT = "yueyuetan-bundle-v1"

MAX_COUNT = 10_000_000
"""No number but a score is greater, so that products of two stay exact in JavaScript."""

Bundle: TypeAlias = Mapping[str, Any]
"""A bundle as plain data, ready for `canonical_json`."""


class Pick(NamedTuple):
    """One counted mark: its weight, the 10 bytes of its tracker, and the id of its matter."""

    weight: int
    tracker: bytes
    matter: str


@dataclass(frozen=True)
class ListedMatter:
    """A matter on the frozen list; `ended` if it was solved or unlawful by closing time (R8)."""

    candidate: Candidate
    title: str
    ended: bool = False


@dataclass(frozen=True)
class Manifest:
    """What was fixed before the vote, and which matters ended during it.

    `period` is the month's name, such as "2026-03"; voting was open from `opens_at` (inclusive)
    to `closes_at` (exclusive), both aware.
    """

    session_id: str
    compound: str
    period: str
    mode: Mode
    scheme: BallotScheme
    participation: ParticipationRule
    selection: SelectionRule
    matters: tuple[ListedMatter, ...]
    opens_at: datetime
    closes_at: datetime

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The manifest of a bundle that `check_format` has accepted."""
        return cls(
            session_id=data["session_id"],
            compound=data["compound"],
            period=data["period"],
            mode=Mode(data["mode"]),
            scheme=BallotScheme.from_data(data["scheme"]),
            participation=ParticipationRule.from_data(data["rules"]["participation"]),
            selection=SelectionRule.from_data(data["rules"]["selection"]),
            matters=tuple(_matter(row) for row in data["matters"]),
            opens_at=datetime.fromisoformat(data["opens_at"]),
            closes_at=datetime.fromisoformat(data["closes_at"]),
        )

    def to_data(self) -> dict[str, Any]:
        """The manifest as plain data, the matters in the order of their numbers."""
        return {
            "session_id": self.session_id,
            "compound": self.compound,
            "period": self.period,
            "mode": self.mode.value,
            "scheme": self.scheme.to_data(),
            "rules": {
                "participation": self.participation.to_data(),
                "selection": self.selection.to_data(),
            },
            "rules_hash": self.rules_hash().hex(),
            "matters": [
                _matter_row(matter)
                for matter in sorted(self.matters, key=lambda matter: matter.candidate.number)
            ],
            "opens_at": _moment(self.opens_at),
            "closes_at": _moment(self.closes_at),
        }

    def rules_hash(self) -> bytes:
        """The 32 bytes that stand for mode, scheme and rules."""
        return rules_hash(self.mode, self.scheme, self.participation, self.selection)


def rules_hash(
    mode: Mode, scheme: BallotScheme, participation: ParticipationRule, selection: SelectionRule
) -> bytes:
    """The 32 bytes that stand for the rules of a vote; known as soon as voting opens."""
    rules = {"participation": participation.to_data(), "selection": selection.to_data()}
    data = {"mode": mode.value, "rules": rules, "scheme": scheme.to_data()}
    return hashlib.sha256(canonical_json(data)).digest()


def build_bundle(
    *,
    manifest: Manifest,
    turnout: Turnout,
    roll_root: bytes,
    participation: Mapping[str, int],
    picks: Iterable[Pick],
    commitments: Iterable[bytes],
    ranked: Iterable[RankedMatter],
    outcomes: Mapping[str, Outcome],
    operator_key: bytes,
    officer_key: bytes | None = None,
    paper_serials: Collection[str] = (),
) -> dict[str, Any]:
    """The bundle of a closed vote with its root, still without signatures.

    `turnout`, `ranked` and `outcomes` are the result as it was stored; nothing is counted here.
    `participation` maps each channel, such as "PHONE", to the ballots that came in by it.
    `roll_root` is the published hash of the roll as it stood at opening. Picks and commitments may
    come in any order; they are sorted here. The keys are the 32 bytes of Ed25519 public
    keys; with an `officer_key` the bundle is complete only when that officer has countersigned.

    Raises `VotingError` with code `invalid_bundle` for values that the format cannot hold.
    """
    lists: dict[int, list[list[str]]] = {weight: [] for weight in manifest.scheme.weights}
    for weight, tracker, matter in sorted(picks, key=attrgetter("tracker")):
        lists.setdefault(weight, []).append([tracker.hex(), matter])
    bundle = {
        "format": FORMAT,
        "manifest": manifest.to_data(),
        "roll": {"size": turnout.roll, "root": roll_root.hex()},
        "participation": dict(participation),
        "blank": turnout.blank,
        "picks": [{"weight": weight, "marks": marks} for weight, marks in lists.items()],
        "commitments": sorted(commitment.hex() for commitment in commitments),
        "result": result_data(manifest.scheme, turnout, ranked, outcomes),
        "paper_serials": sorted(paper_serials),
        "operator_key": operator_key.hex(),
        "officer_key": None if officer_key is None else officer_key.hex(),
        "root": bytes(32).hex(),  # in place of the root, which is not among its own leaves
        "signature": None,
        "countersignature": None,
    }
    check_format(bundle)
    return {**bundle, "root": bundle_root(bundle).hex()}


def with_signatures(
    bundle: Bundle, signature: bytes, countersignature: bytes | None = None
) -> dict[str, Any]:
    """The bundle with the signatures over its `statement_message`; none of them is checked."""
    second = None if countersignature is None else countersignature.hex()
    return {**bundle, "signature": signature.hex(), "countersignature": second}


def canonical_json(data: object) -> bytes:
    """The one spelling of data that obeys the format, also the body of the published file."""
    return json.dumps(
        data, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True
    ).encode("utf-8")


def tree_leaves(bundle: Bundle) -> list[bytes]:
    """The leaves under the root; commitment number n of the list is leaf n + 1."""
    outside = ("commitments", "root", "signature", "countersignature")
    head = {name: value for name, value in bundle.items() if name not in outside}
    return [canonical_json(head), *map(bytes.fromhex, bundle["commitments"])]


def bundle_root(bundle: Bundle) -> bytes:
    """The 32 bytes that stand for the whole bundle, computed from its values."""
    return merkle.root(tree_leaves(bundle))


def statement_message(bundle: Bundle) -> bytes:
    """The text to be signed. Its root is computed here, so a signature is over every value."""
    lines = (
        "yueyuetan-statement-v1",
        bundle["manifest"]["session_id"],
        bundle["roll"]["size"],
        bundle["result"]["returned"],
        bundle["blank"],
        len(bundle["commitments"]),
        bundle_root(bundle).hex(),
    )
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def officer_key_message(officer_id: str, public_key: bytes) -> bytes:
    """The text by which an officer proves to hold the private half of `public_key` (32 bytes)."""
    return f"yueyuetan-officer-key-v1\n{officer_id}\n{public_key.hex()}\n".encode("ascii")


def result_data(
    scheme: BallotScheme,
    turnout: Turnout,
    ranked: Iterable[RankedMatter],
    outcomes: Mapping[str, Outcome],
) -> dict[str, Any]:
    """The result as the bundle states it, one row for each matter, best first."""
    return {
        "outcome": "DECIDED" if turnout.is_sufficient else "CONSULTATIVE",
        "returned": turnout.returned,
        "required": turnout.required,
        "rows": [
            {
                "rank": row.rank,
                "matter_id": row.matter,
                "number": row.number,
                **{f"n{weight}": n for weight, n in zip(scheme.weights, row.counts, strict=True)},
                "score": row.score,
                "outcome": outcomes[row.matter].value,
                "decided_by": row.decided_by,
            }
            for row in ranked
        ],
    }


_COUNT = whole(MAX_COUNT)
_SCORE = whole(2**53 - 1)
_ID = matching(r"[!-~]{1,64}")
_HASH = hexadecimal(32)
_SIGNATURE = either(hexadecimal(64), null)
_SHARE = members({"numerator": _COUNT, "denominator": _COUNT})

_MANIFEST = members(
    {
        "session_id": _ID,
        "compound": text,
        "period": text,
        "mode": one_of(tuple(Mode)),
        "scheme": list_of(members({"weight": _COUNT, "picks": _COUNT})),
        "rules": members(
            {
                "participation": members(
                    {
                        "roster_share": _SHARE,
                        "open_share": _SHARE,
                        "open_floor": _COUNT,
                        "open_cap": _SHARE,
                    }
                ),
                "selection": members(
                    {
                        "limit": _COUNT,
                        "consultative_limit": _COUNT,
                        "supporters_floor": _COUNT,
                        "supporters_share": _SHARE,
                    }
                ),
            }
        ),
        "rules_hash": _HASH,
        "matters": list_of(
            members(
                {
                    "matter_id": _ID,
                    "number": _COUNT,
                    "title": text,
                    "endorsements": _COUNT,
                    "raised_at": instant,
                    "ended": flag,
                }
            )
        ),
        "opens_at": instant,
        "closes_at": instant,
    }
)

# The rows may have any members of plain values: the recount says which ones belong there.
_BUNDLE: Shape = members(
    {
        "format": one_of((FORMAT,)),
        "manifest": _MANIFEST,
        "roll": members({"size": _COUNT, "root": _HASH}),
        "participation": table("[A-Z_]{1,32}", _COUNT),
        "blank": _COUNT,
        "picks": list_of(
            members({"weight": _COUNT, "marks": list_of(pair(hexadecimal(TRACKER_BYTES), _ID))})
        ),
        "commitments": list_of(_HASH),
        "result": members(
            {
                "outcome": one_of(("DECIDED", "CONSULTATIVE")),
                "returned": _COUNT,
                "required": _COUNT,
                "rows": list_of(table("[a-z0-9_]{1,32}", either(_SCORE, text, null))),
            }
        ),
        "paper_serials": list_of(_ID),
        "operator_key": _HASH,
        "officer_key": either(_HASH, null),
        "root": _HASH,
        "signature": _SIGNATURE,
        "countersignature": _SIGNATURE,
    }
)


def check_format(data: object) -> Manifest:
    """Read the manifest of what may be a bundle, once all of it has the published format.

    Matters, weights and marks fit each other afterwards, so that a recount cannot fail; whether
    the figures are right is another question. `data` is as JSON gives it. Raises `VotingError`
    with code `invalid_bundle` and the path of the first wrong place, "" for the whole.
    """
    if (wrong := _BUNDLE(data)) is not None:
        raise _invalid(wrong)
    bundle = cast(Bundle, data)
    try:
        manifest = Manifest.from_data(bundle["manifest"])
    except VotingError as error:
        raise _invalid(".manifest") from error
    _require_references(manifest, bundle["picks"])
    return manifest


def _require_references(manifest: Manifest, picks: Sequence[Mapping[str, Any]]) -> None:
    """The matters are distinct, and the lists hold marks of the scheme's weights for them only."""
    numbers = {matter.candidate.number for matter in manifest.matters}
    listed = {matter.candidate.matter for matter in manifest.matters}
    if not len(numbers) == len(listed) == len(manifest.matters):
        raise _invalid(".manifest.matters")
    if tuple(column["weight"] for column in picks) != manifest.scheme.weights:
        raise _invalid(".picks")
    for index, column in enumerate(picks):
        if not listed.issuperset(matter for _, matter in column["marks"]):
            raise _invalid(f".picks[{index}].marks")


def _invalid(path: str) -> VotingError:
    return VotingError("invalid_bundle", f"This is not {FORMAT} at {path or 'all'}.", path=path)


def _matter(row: Mapping[str, Any]) -> ListedMatter:
    candidate = Candidate(
        matter=row["matter_id"],
        number=row["number"],
        endorsements=row["endorsements"],
        raised_at=datetime.fromisoformat(row["raised_at"]),
    )
    return ListedMatter(candidate, row["title"], row["ended"])


def _matter_row(matter: ListedMatter) -> dict[str, Any]:
    candidate = matter.candidate
    return {
        "matter_id": candidate.matter,
        "number": candidate.number,
        "title": matter.title,
        "endorsements": candidate.endorsements,
        "raised_at": _moment(candidate.raised_at),
        "ended": matter.ended,
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
