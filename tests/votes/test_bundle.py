import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.votes.published import (
    OFFICER,
    OPERATOR,
    REPLACED_CAST,
    WORKED_CASTS,
    WORKED_MANIFEST,
    picks_of,
    public_key,
    publish,
    worked_bundle,
)
from tests.votes.worked_example import BALLOTS, CANDIDATES, EXPECTED, ROLL, TITLES
from votes import merkle
from votes.bundle import (
    FORMAT,
    Manifest,
    Pick,
    build_bundle,
    bundle_root,
    canonical_json,
    check_format,
    rules_hash,
    statement_message,
    tree_leaves,
    with_signatures,
)
from votes.errors import VotingError
from votes.receipt import commitment
from votes.scheme import FIVE_THREE_ONE, BallotScheme, Slot
from votes.selection import (
    Mode,
    Outcome,
    ParticipationRule,
    SelectionRule,
    Turnout,
    select,
)
from votes.tally import count, rank

SESSION = WORKED_MANIFEST.session_id

RULES = (
    b'{"mode":"ROSTER","rules":{"participation":{'
    b'"open_cap":{"denominator":2,"numerator":1},"open_floor":20,'
    b'"open_share":{"denominator":10,"numerator":1},'
    b'"roster_share":{"denominator":2,"numerator":1}},'
    b'"selection":{"consultative_limit":1,"limit":3,"supporters_floor":2,'
    b'"supporters_share":{"denominator":10,"numerator":1}}},'
    b'"scheme":[{"picks":1,"weight":5},{"picks":1,"weight":3},{"picks":1,"weight":1}]}'
)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"b": 1, "a": [True, False, None], "B": 0}, b'{"B":0,"a":[true,false,null],"b":1}'),
        ({"x": {"z": 1, "y": 2}}, b'{"x":{"y":2,"z":1}}'),
        ("月谈 é / \U0001f600 \u2028 \x7f", '"月谈 é / \U0001f600 \u2028 \x7f"'.encode()),
        ('"\\\b\f\n\r\t', rb'"\"\\\b\f\n\r\t"'),
        ("\x00\x1f\x0b", rb'"\u0000\u001f\u000b"'),
        (9007199254740991, b"9007199254740991"),
        ([], b"[]"),
        ({}, b"{}"),
    ],
)
def test_canonical_json_golden(data: Any, expected: bytes) -> None:
    assert canonical_json(data) == expected


def test_rules_hash_golden() -> None:
    found = rules_hash(Mode.ROSTER, FIVE_THREE_ONE, ParticipationRule(), SelectionRule())

    assert found == hashlib.sha256(RULES).digest()
    assert found.hex() == "d22d2f5c839d9af7670f2d4edb3ffa2ba2195ae4eb2587a388a0eb58c177489a"
    assert worked_bundle()["manifest"]["rules_hash"] == found.hex()


def test_bundle_of_the_worked_example_states_its_result() -> None:
    bundle = worked_bundle()

    assert bundle["format"] == FORMAT
    assert bundle["roll"]["size"] == ROLL
    assert bundle["participation"] == {"PHONE": 20, "PAPER": 1}
    assert (bundle["blank"], len(bundle["commitments"])) == (1, 22)
    assert {key: bundle["result"][key] for key in ("outcome", "returned", "required")} == {
        "outcome": "DECIDED",
        "returned": 21,
        "required": 13,
    }
    assert bundle["result"]["rows"] == [
        {
            "rank": place,
            "matter_id": matter,
            "number": list(TITLES).index(matter) + 1,
            "n5": counts[0],
            "n3": counts[1],
            "n1": counts[2],
            "score": score,
            "outcome": outcome.value,
            "decided_by": decided_by,
        }
        for place, (matter, counts, score, decided_by, outcome) in enumerate(EXPECTED, start=1)
    ]


def test_each_weight_has_its_own_sorted_list() -> None:
    bundle = worked_bundle()

    assert [(column["weight"], len(column["marks"])) for column in bundle["picks"]] == [
        (5, 20),
        (3, 19),
        (1, 18),
    ]
    for column in bundle["picks"]:
        published = [Pick(column["weight"], bytes.fromhex(t), m) for t, m in column["marks"]]
        made = [pick for cast in WORKED_CASTS.values() for pick in picks_of(SESSION, cast)]
        assert published == sorted(pick for pick in made if pick.weight == column["weight"])


def test_commitments_are_sorted_and_hold_replaced_ballots_too() -> None:
    casts = [*WORKED_CASTS.values(), REPLACED_CAST]

    assert worked_bundle()["commitments"] == sorted(
        commitment(cast.nonce, SESSION, cast.ballot).hex() for cast in casts
    )


def test_order_of_the_values_given_does_not_show() -> None:
    casts = tuple(WORKED_CASTS.values())
    matters = tuple(reversed(WORKED_MANIFEST.matters))
    turned = publish(
        replace(WORKED_MANIFEST, matters=matters),
        (*reversed(casts),),
        [REPLACED_CAST],
        ROLL,
    )

    assert canonical_json(turned) == canonical_json(worked_bundle())


def test_root_is_the_tree_over_the_head_and_the_commitments() -> None:
    bundle = worked_bundle()
    outside = {"commitments", "root", "signature", "countersignature"}
    head = {name: value for name, value in bundle.items() if name not in outside}
    spelled = json.dumps(head, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    leaves = [spelled.encode(), *(bytes.fromhex(c) for c in bundle["commitments"])]

    assert tree_leaves(bundle) == leaves
    assert bundle["root"] == merkle.root(leaves).hex() == bundle_root(bundle).hex()
    assert bundle["root"] == "da16ebd33a80ce50eedc35b9e465d3ad8292d29294416b5fa04f2a878eba62c8"


def test_statement_golden() -> None:
    bundle = worked_bundle()

    assert statement_message(bundle) == (
        b"yueyuetan-statement-v1\n"
        b"019c0000-0000-7000-8000-000000000531\n"
        b"24\n"
        b"21\n"
        b"1\n"
        b"22\n" + bundle["root"].encode() + b"\n"
    )


def test_statement_does_not_trust_the_root_that_is_written() -> None:
    bundle = worked_bundle()

    assert statement_message({**bundle, "root": "0" * 64}) == statement_message(bundle)


def test_signatures_are_over_the_statement() -> None:
    bundle = worked_bundle()
    message = statement_message(bundle)

    OPERATOR.public_key().verify(bytes.fromhex(bundle["signature"]), message)
    OFFICER.public_key().verify(bytes.fromhex(bundle["countersignature"]), message)
    assert bundle["operator_key"] == public_key(OPERATOR).hex()
    assert bundle["officer_key"] == public_key(OFFICER).hex()


def test_manifest_comes_back_from_its_data() -> None:
    data = json.loads(canonical_json(WORKED_MANIFEST.to_data()))

    assert Manifest.from_data(data) == WORKED_MANIFEST
    assert check_format(worked_bundle()) == WORKED_MANIFEST


def test_times_are_written_in_utc_to_the_microsecond() -> None:
    beijing = timezone(timedelta(hours=8))
    manifest = replace(
        WORKED_MANIFEST,
        opens_at=datetime(2026, 3, 12, tzinfo=beijing),
        closes_at=datetime(2026, 3, 19, 0, 0, 0, 7, tzinfo=beijing),
    )

    data = manifest.to_data()

    assert data["opens_at"] == "2026-03-11T16:00:00.000000Z"
    assert data["closes_at"] == "2026-03-18T16:00:00.000007Z"


def unsigned(**changes: Any) -> dict[str, Any]:
    """The worked example built from its values, some of them changed."""
    ranked = rank(FIVE_THREE_ONE, CANDIDATES, count(BALLOTS))
    values: dict[str, Any] = {
        "manifest": WORKED_MANIFEST,
        "turnout": Turnout(roll=ROLL, returned=21, blank=1, required=13),
        "roll_root": hashlib.sha256(b"roll").digest(),
        "participation": {"PHONE": 20, "PAPER": 1},
        "picks": [pick for cast in WORKED_CASTS.values() for pick in picks_of(SESSION, cast)],
        "commitments": [
            commitment(cast.nonce, SESSION, cast.ballot)
            for cast in (*WORKED_CASTS.values(), REPLACED_CAST)
        ],
        "ranked": ranked,
        "outcomes": select(SelectionRule(), ranked, 21),
        "operator_key": public_key(OPERATOR),
        "officer_key": public_key(OFFICER),
    }
    return build_bundle(**{**values, **changes})


def test_bundle_is_built_without_signatures_and_signed_afterwards() -> None:
    bundle = unsigned()
    message = statement_message(bundle)

    assert (bundle["signature"], bundle["countersignature"]) == (None, None)
    assert with_signatures(bundle, OPERATOR.sign(message), OFFICER.sign(message)) == worked_bundle()
    assert with_signatures(bundle, OPERATOR.sign(message))["countersignature"] is None


def test_too_few_ballots_make_the_result_consultative() -> None:
    bundle = unsigned(turnout=Turnout(roll=60, returned=21, blank=1, required=31))

    assert bundle["result"]["outcome"] == "CONSULTATIVE"


def test_bundle_without_a_second_officer_and_with_paper() -> None:
    bundle = unsigned(officer_key=None, paper_serials=["B2", "A1"])

    assert bundle["officer_key"] is None
    assert bundle["paper_serials"] == ["A1", "B2"]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"roll_root": b"short"}, ".roll.root"),
        ({"operator_key": bytes(31)}, ".operator_key"),
        ({"officer_key": bytes(33)}, ".officer_key"),
        ({"commitments": [bytes(31)]}, ".commitments[0]"),
        ({"participation": {"phone": 21}}, ".participation"),
        ({"participation": {"PHONE": -1}}, ".participation.PHONE"),
        ({"paper_serials": ["No 1"]}, ".paper_serials[0]"),
        ({"picks": [Pick(5, bytes(9), "M01")]}, ".picks[0].marks[0][0]"),
        ({"picks": [Pick(5, bytes(10), "M99")]}, ".picks[0].marks"),
        ({"picks": [Pick(4, bytes(10), "M01")]}, ".picks"),
        ({"turnout": Turnout(10_000_001, 21, 1, 13)}, ".roll.size"),
        ({"manifest": replace(WORKED_MANIFEST, session_id="a b")}, ".manifest.session_id"),
        ({"manifest": replace(WORKED_MANIFEST, compound="\ud83d")}, ".manifest.compound"),
        (
            {"manifest": replace(WORKED_MANIFEST, matters=WORKED_MANIFEST.matters * 2)},
            ".manifest.matters",
        ),
    ],
)
def test_values_that_the_format_cannot_hold_are_refused(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(VotingError) as refusal:
        unsigned(**changes)

    assert refusal.value.code == "invalid_bundle"
    assert refusal.value.details["path"] == path


def test_result_rows_name_the_weights_of_any_scheme() -> None:
    manifest = replace(WORKED_MANIFEST, scheme=BallotScheme((Slot(10, 2), Slot(4, 1))))

    bundle = publish(manifest, (), roll=3)

    assert {"n10", "n4"} < bundle["result"]["rows"][0].keys()
    assert [column["weight"] for column in bundle["picks"]] == [10, 4]
    assert {row["outcome"] for row in bundle["result"]["rows"]} == {Outcome.DEFERRED}
