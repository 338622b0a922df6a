import copy
import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.votes.altered import alterations, has_the_format
from tests.votes.published import (
    OFFICER,
    REPLACED_CAST,
    STRANGER,
    WORKED_CASTS,
    WORKED_FILE,
    WORKED_MANIFEST,
    CastBallot,
    nonce_of,
    public_key,
    publish,
    receipt_of,
    sealed,
    worked_bundle,
)
from tests.votes.worked_example import ROLL, ballot_of
from votes.ballot import Mark, PriorityBallot
from votes.bundle import ListedMatter, Manifest, canonical_json
from votes.receipt import tracker
from votes.scheme import BallotScheme, Slot
from votes.selection import Mode, ParticipationRule, SelectionRule, Share
from votes.tally import Candidate
from votes.verify import Check, verify_bundle, verify_file

SESSION = WORKED_MANIFEST.session_id
ROOT = worked_bundle()["root"]

CHECKS = (
    "format",
    "rules",
    "order",
    "trackers",
    "commitments",
    "participation",
    "lengths",
    "recount",
    "root",
    "signature",
    "countersignature",
)
RECEIPT_CHECKS = (
    "receipt",
    "receipt_commitment",
    "receipt_promise",
    "receipt_listed",
    "receipt_marks",
)


def failed(checks: tuple[Check, ...]) -> set[str]:
    """The names of the checks that do not hold."""
    return {check.name for check in checks if not check.ok}


def is_bad(checks: tuple[Check, ...]) -> bool:
    return any(not check.ok for check in checks)


def reported(checks: tuple[Check, ...], name: str) -> Check:
    return next(check for check in checks if check.name == name)


def receipt(voter: str) -> dict[str, Any]:
    return receipt_of(SESSION, WORKED_CASTS[voter])


def test_bundle_of_the_worked_example_verifies() -> None:
    checks = verify_bundle(worked_bundle())

    assert [check.name for check in checks] == list(CHECKS)
    assert failed(checks) == set()


def test_file_of_the_worked_example_verifies() -> None:
    checks = verify_file(WORKED_FILE, receipt("V05"), ROOT)

    assert [check.name for check in checks] == [
        "format",
        "spelling",
        *CHECKS[1:],
        *RECEIPT_CHECKS,
        "earlier_root",
    ]
    assert failed(checks) == set()


def test_every_check_speaks_chinese_and_english() -> None:
    good = verify_file(WORKED_FILE, receipt("V05"), ROOT)
    bad = verify_bundle({**worked_bundle(), "signature": None}, receipt("V05"), "0")

    for check in (*good, *bad):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in check.zh)
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in check.en)


def test_every_single_alteration_is_reported() -> None:
    bundle = worked_bundle()
    altered = list(alterations(bundle))

    unnoticed = [other for other in altered if not is_bad(verify_bundle(other))]

    assert len(altered) > 3000
    assert unnoticed == []


def test_every_single_alteration_is_found_against_an_earlier_root_though_signed_again() -> None:
    """The operator may alter a bundle and sign anew, but not what others have copied."""
    bundle = worked_bundle()
    altered = [other for other in alterations(bundle) if has_the_format(other)]

    # What was altered in the root or a signature alone is mended by sealing.
    resealed = [other for other in map(sealed, altered) if other != bundle]

    assert len(resealed) > 500
    for other in resealed:
        assert "earlier_root" in failed(verify_bundle(other, root=ROOT))


def test_every_altered_figure_of_the_result_is_recounted_though_signed_again() -> None:
    altered = [
        {**worked_bundle(), "result": result} for result in alterations(worked_bundle()["result"])
    ]
    resealed = [sealed(bundle) for bundle in altered if has_the_format(bundle)]

    assert len(resealed) > 500
    for bundle in resealed:
        assert failed(verify_bundle(bundle)) & {"recount", "participation"}


def picks(bundle: dict[str, Any], weight: int) -> list[list[str]]:
    found: list[list[str]] = next(
        column["marks"] for column in bundle["picks"] if column["weight"] == weight
    )
    return found


def move_a_pick(bundle: dict[str, Any]) -> None:
    mark = next(mark for mark in picks(bundle, 5) if mark[1] == "M01")
    mark[1] = "M02"


def double_a_tracker(bundle: dict[str, Any]) -> None:
    marks = picks(bundle, 3)
    marks[1][0] = marks[0][0]
    marks.sort()


def exchange_two_picks(bundle: dict[str, Any]) -> None:
    marks = picks(bundle, 1)
    marks[0], marks[1] = marks[1], marks[0]


def stuff_the_lists(bundle: dict[str, Any]) -> None:
    picks(bundle, 5).append(["f" * 20, "M05"])


def hide_blank_ballots(bundle: dict[str, Any]) -> None:
    bundle["blank"] = 0
    for column in bundle["picks"]:
        column["marks"] = column["marks"][:4]


def drop_commitments(bundle: dict[str, Any]) -> None:
    del bundle["commitments"][:2]


def double_a_commitment(bundle: dict[str, Any]) -> None:
    bundle["commitments"].insert(3, bundle["commitments"][3])


def exchange_commitments(bundle: dict[str, Any]) -> None:
    first, second, *rest = bundle["commitments"]
    bundle["commitments"] = [second, first, *rest]


def exchange_matters(bundle: dict[str, Any]) -> None:
    matters = bundle["manifest"]["matters"]
    matters[0], matters[1] = matters[1], matters[0]


def repeat_a_serial(bundle: dict[str, Any]) -> None:
    bundle["paper_serials"] = ["A1", "A1"]


def exchange_serials(bundle: dict[str, Any]) -> None:
    bundle["paper_serials"] = ["B1", "A1"]


def mark_one_matter_more_often_than_there_are_ballots(bundle: dict[str, Any]) -> None:
    for entry in picks(bundle, 3):
        entry[1] = "M01"


def drop_the_last_row(bundle: dict[str, Any]) -> None:
    bundle["result"]["rows"].pop()


def change(*path: str | int, to: Any) -> Callable[[dict[str, Any]], None]:
    def alter(bundle: dict[str, Any]) -> None:
        *way, last = path
        place: Any = bundle
        for step in way:
            place = place[step]
        place[last] = to

    return alter


RESEALED: list[tuple[str, Callable[[dict[str, Any]], None], set[str]]] = [
    ("a pick for another matter", move_a_pick, {"recount"}),
    ("a tracker twice", double_a_tracker, {"trackers"}),
    ("picks out of order", exchange_two_picks, {"order"}),
    ("a pick more than ballots", stuff_the_lists, {"lengths", "recount"}),
    ("fewer picks than ballots", hide_blank_ballots, {"lengths", "recount"}),
    ("fewer commitments than ballots", drop_commitments, {"commitments"}),
    ("a commitment twice", double_a_commitment, {"commitments"}),
    ("commitments out of order", exchange_commitments, {"order"}),
    ("matters out of order", exchange_matters, {"order"}),
    ("a serial twice", repeat_a_serial, {"order"}),
    ("serials out of order", exchange_serials, {"order"}),
    (
        "more supporters than ballots",
        mark_one_matter_more_often_than_there_are_ballots,
        {"lengths", "recount"},
    ),
    ("a row missing", drop_the_last_row, {"recount"}),
    ("a score", change("result", "rows", 0, "score", to=40), {"recount"}),
    ("an outcome", change("result", "rows", 3, "outcome", to="SELECTED"), {"recount"}),
    ("a deciding rule", change("result", "rows", 2, "decided_by", to="score"), {"recount"}),
    ("the outcome", change("result", "outcome", to="CONSULTATIVE"), {"recount"}),
    ("the ballots needed", change("result", "required", to=12), {"recount"}),
    ("one ballot more", change("participation", "PHONE", to=21), {"participation"}),
    ("a channel more", change("participation", "STICKERS", to=1), {"participation"}),
    ("a blank ballot more", change("blank", to=2), {"lengths"}),
    ("blank ballots only", change("blank", to=22), {"participation", "lengths"}),
    ("a smaller roll", change("roll", "size", to=20), {"participation", "recount"}),
    ("a greater roll", change("roll", "size", to=42), {"recount"}),
    ("a rule", change("manifest", "rules", "selection", "limit", to=4), {"rules", "recount"}),
    ("the hash of the rules", change("manifest", "rules_hash", to="0" * 64), {"rules"}),
    ("endorsements", change("manifest", "matters", 6, "endorsements", to=10), {"recount"}),
    ("a matter that ended", change("manifest", "matters", 0, "ended", to=True), {"recount"}),
    (
        "a scheme of more picks",
        change("manifest", "scheme", 0, "picks", to=2),
        {"rules"},
    ),
    (
        "closing before opening",
        change("manifest", "closes_at", to="2026-03-11T16:00:00.000000Z"),
        {"rules"},
    ),
    ("a format of the future", change("format", to="yueyuetan-bundle-v2"), {"format"}),
    ("a weight without a slot", change("picks", 0, "weight", to=4), {"format"}),
    ("a matter off the list", change("picks", 0, "marks", 0, 1, to="M11"), {"format"}),
    ("a slot of no points", change("manifest", "scheme", 2, "weight", to=0), {"format"}),
    (
        "a share above the whole",
        change("manifest", "rules", "selection", "supporters_share", "numerator", to=11),
        {"format"},
    ),
    ("two matters of one number", change("manifest", "matters", 1, "number", to=1), {"format"}),
]


@pytest.mark.parametrize(
    ("alter", "names"), [case[1:] for case in RESEALED], ids=[case[0] for case in RESEALED]
)
def test_figures_that_disagree_are_told_by_name_though_signed_again(
    alter: Callable[[dict[str, Any]], None], names: set[str]
) -> None:
    bundle = worked_bundle()
    alter(bundle)

    assert failed(verify_bundle(sealed(bundle))) == names


def test_difference_is_told_with_both_figures() -> None:
    bundle = worked_bundle()
    bundle["result"]["rows"][0]["score"] = 40

    check = reported(verify_bundle(bundle), "recount")

    assert check.zh.endswith("——第1行score 公布40，重算39")
    assert check.en.endswith(" -- row 1 score is published as 40, counted as 39")


def test_only_the_first_differences_are_told() -> None:
    bundle = worked_bundle()
    for row in bundle["result"]["rows"]:
        row["score"] += 1

    check = reported(verify_bundle(bundle), "recount")

    assert check.zh.count("公布") == 3
    assert check.zh.endswith("；另有7处")
    assert check.en.endswith("; 7 more")


def test_text_of_a_bundle_cannot_steer_the_terminal() -> None:
    bundle = worked_bundle()
    bundle["result"]["rows"][0]["outcome"] = "\x1b[2J\u202e" + "x" * 1000

    check = reported(verify_bundle(bundle), "recount")

    assert "公布?[2J?xxx" in check.zh
    assert len(check.zh) < 300
    assert check.zh.isprintable()
    assert check.en.isprintable()


# Signatures


def test_signature_of_another_key_is_reported() -> None:
    bundle = sealed(worked_bundle(), operator=STRANGER)

    assert failed(verify_bundle(bundle)) == {"signature"}


def test_another_operator_can_seal_but_not_under_the_earlier_root() -> None:
    bundle = worked_bundle()
    bundle["operator_key"] = public_key(STRANGER).hex()

    checks = verify_bundle(sealed(bundle, operator=STRANGER), receipt("V01"), ROOT)

    assert failed(checks) == {"receipt_promise", "earlier_root"}


@pytest.mark.parametrize("signature", [None, "0" * 128, "f" * 128])
@pytest.mark.parametrize("name", ["signature", "countersignature"])
def test_signature_missing_or_wrong_is_reported(name: str, signature: str | None) -> None:
    bundle = {**worked_bundle(), name: signature}

    assert failed(verify_bundle(bundle)) == {name}


def test_officer_and_operator_do_not_stand_for_each_other() -> None:
    bundle = worked_bundle()
    signatures = bundle["countersignature"], bundle["signature"]
    bundle["signature"], bundle["countersignature"] = signatures

    assert failed(verify_bundle(bundle)) == {"signature", "countersignature"}


def test_bundle_needs_no_countersignature_where_no_officer_is_named() -> None:
    casts = tuple(WORKED_CASTS.values())
    bundle = publish(WORKED_MANIFEST, casts, [REPLACED_CAST], ROLL, officer=None)

    assert failed(verify_bundle(bundle)) == set()
    bundle["countersignature"] = "0" * 128
    assert failed(verify_bundle(bundle)) == {"countersignature"}


@pytest.mark.parametrize("key", ["0" * 64, "f" * 64, "01" + "0" * 62])
def test_key_that_is_no_point_of_the_curve_is_reported(key: str) -> None:
    bundle = worked_bundle()
    bundle["operator_key"] = key

    assert "signature" in failed(verify_bundle(sealed(bundle)))


# The root that somebody kept


@pytest.mark.parametrize("seen", [ROOT, ROOT.upper(), f" {ROOT[:32]}\n{ROOT[32:]} "])
def test_earlier_root_is_the_same_in_any_case_and_spacing(seen: str) -> None:
    assert failed(verify_bundle(worked_bundle(), root=seen)) == set()


@pytest.mark.parametrize("seen", ["", "0" * 64, ROOT[:-1], ROOT + "0", "总指纹", "\ud800"])
def test_earlier_root_that_differs_is_reported(seen: str) -> None:
    assert failed(verify_bundle(worked_bundle(), root=seen)) == {"earlier_root"}


# Receipts


@pytest.mark.parametrize("voter", WORKED_CASTS)
def test_receipt_of_every_counted_ballot_holds(voter: str) -> None:
    assert failed(verify_bundle(worked_bundle(), receipt(voter))) == set()


@pytest.mark.parametrize("missing", ["session_id", "word"])
def test_receipt_needs_neither_session_nor_word(missing: str) -> None:
    known = receipt("V01")
    del known[missing]

    assert failed(verify_bundle(worked_bundle(), known)) == set()


def test_marks_of_a_receipt_may_stand_in_any_order() -> None:
    known = receipt("V01")
    known["marks"].reverse()

    assert failed(verify_bundle(worked_bundle(), known)) == set()


def test_receipt_of_a_replaced_ballot_is_listed_but_not_counted() -> None:
    checks = verify_bundle(worked_bundle(), receipt_of(SESSION, REPLACED_CAST))

    assert failed(checks) == {"receipt_marks"}
    assert "改投" in reported(checks, "receipt_marks").zh
    assert "replaced" in reported(checks, "receipt_marks").en


def test_receipt_without_the_word_that_was_used_finds_no_marks() -> None:
    checks = verify_bundle(worked_bundle(), {**receipt("V05"), "word": "桂"})

    assert failed(checks) == {"receipt_marks"}


def test_receipt_of_a_ballot_left_out_proves_the_omission() -> None:
    casts = [cast for voter, cast in WORKED_CASTS.items() if voter != "V02"]
    bundle = publish(WORKED_MANIFEST, casts, [REPLACED_CAST], ROLL)

    checks = verify_bundle(bundle, receipt("V02"))

    assert failed(checks) == {"receipt_listed", "receipt_marks"}
    assert "omission" in reported(checks, "receipt_listed").en


def test_receipt_of_a_ballot_changed_before_closing_shows_what_became_of_it() -> None:
    casts = {**WORKED_CASTS, "V02": replace(WORKED_CASTS["V02"], ballot=ballot_of("M05 M03 M06"))}
    bundle = publish(WORKED_MANIFEST, tuple(casts.values()), [REPLACED_CAST], ROLL)

    checks = verify_bundle(bundle, receipt("V02"))

    assert failed(verify_bundle(bundle)) == set()
    assert failed(checks) == {"receipt_listed", "receipt_marks"}
    assert reported(checks, "receipt_marks").zh.endswith("——5分的 M01 变成了 M05")


def test_mark_taken_out_of_the_lists_shows() -> None:
    bundle = worked_bundle()
    cast = WORKED_CASTS["V02"]
    gone = tracker(cast.nonce, SESSION, "3").hex()
    bundle["picks"][1]["marks"] = [mark for mark in picks(bundle, 3) if mark[0] != gone]

    check = reported(verify_bundle(bundle, receipt("V02")), "receipt_marks")

    assert check.zh.endswith("——3分的 M03 变成了 –")
    assert check.en.endswith(" -- M03, marked with 3, has become –")


def test_receipt_of_a_blank_ballot() -> None:
    casts = [cast for voter, cast in WORKED_CASTS.items() if voter != "V21"]
    without = publish(WORKED_MANIFEST, casts, [REPLACED_CAST, WORKED_CASTS["V21"]], ROLL)

    assert failed(verify_bundle(worked_bundle(), receipt("V21"))) == set()
    assert failed(verify_bundle(without, receipt("V21"))) == {"receipt_marks"}


def forge(name: str, value: Any) -> dict[str, Any]:
    return {**receipt("V01"), name: value}


FORGED: list[tuple[dict[str, Any], set[str]]] = [
    (receipt_of(SESSION, WORKED_CASTS["V01"], STRANGER), {"receipt_promise"}),
    (forge("version", 2), {"receipt_promise"}),
    (forge("promise", "0" * 128), {"receipt_promise"}),
    (forge("promise", receipt("V02")["promise"]), {"receipt_promise"}),
    (forge("commitment", "0" * 64), {"receipt_commitment", "receipt_promise", "receipt_listed"}),
    (
        forge("commitment", receipt("V02")["commitment"]),
        {"receipt_commitment", "receipt_promise"},
    ),
    (forge("nonce", "0" * 32), {"receipt_commitment", "receipt_marks"}),
    (forge("marks", receipt("V02")["marks"]), {"receipt_commitment", "receipt_marks"}),
    (forge("marks", []), {"receipt_commitment"}),
    (forge("word", "x"), {"receipt_marks"}),
]


@pytest.mark.parametrize(("forged", "names"), FORGED)
def test_forged_receipt_is_reported(forged: dict[str, Any], names: set[str]) -> None:
    assert failed(verify_bundle(worked_bundle(), forged)) == names


def mark(weight: Any, matter: Any) -> dict[str, Any]:
    return {"weight": weight, "matter_id": matter}


UNREADABLE_RECEIPTS: list[Any] = [
    [],
    {},
    "receipt",
    5,
    True,
    {**receipt("V01"), "more": 1},
    forge("session_id", "another"),
    forge("session_id", None),
    forge("commitment", None),
    forge("commitment", "A" * 64),
    forge("version", -1),
    forge("version", 1.0),
    forge("version", True),
    forge("promise", "00"),
    forge("nonce", "0" * 30),
    forge("word", "\ud83d"),
    forge("word", 5),
    forge("marks", {}),
    forge("marks", [["5", "M01"]]),
    forge("marks", [mark("5", "M01")]),
    forge("marks", [mark(5, "a b")]),
    forge("marks", [mark(4, "M01")]),
    forge("marks", [mark(5, "M99")]),
    forge("marks", [mark(5, "M01"), mark(5, "M02")]),
    forge("marks", [mark(5, "M01"), mark(3, "M01")]),
]


@pytest.mark.parametrize("unreadable", UNREADABLE_RECEIPTS)
def test_what_is_no_receipt_of_this_vote_is_reported(unreadable: Any) -> None:
    checks = verify_bundle(worked_bundle(), unreadable)

    assert failed(checks) == {"receipt"}
    assert [check.name for check in checks] == [*CHECKS, "receipt"]


# Elections of all kinds


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    weights = draw(st.lists(st.integers(1, 20), unique=True, min_size=1, max_size=3))
    slots = [Slot(weight, draw(st.integers(1, 3))) for weight in sorted(weights, reverse=True)]
    opens_at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(
        microseconds=draw(st.integers(0, 10**12))
    )
    titles = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    matters = [
        ListedMatter(
            Candidate(
                matter=f"{draw(st.integers(0, 9))}-{number}",
                number=number,
                endorsements=draw(st.integers(0, 3)),
                raised_at=opens_at - timedelta(seconds=draw(st.integers(0, 3))),
            ),
            title=draw(titles),
            ended=draw(st.booleans()),
        )
        for number in range(1, draw(st.integers(2, 6)) + 1)
    ]
    return Manifest(
        session_id=draw(st.text("abc!~09", min_size=1, max_size=10)),
        compound=draw(titles),
        period=draw(titles),
        mode=draw(st.sampled_from(Mode)),
        scheme=BallotScheme(tuple(slots)),
        participation=ParticipationRule(open_floor=draw(st.integers(0, 5))),
        selection=SelectionRule(
            limit=draw(st.integers(1, 3)), supporters_share=Share(1, draw(st.integers(1, 10)))
        ),
        matters=tuple(matters),
        opens_at=opens_at,
        closes_at=opens_at + timedelta(microseconds=draw(st.integers(1, 10**12))),
    )


@st.composite
def casts(draw: st.DrawFn, manifest: Manifest, name: str) -> CastBallot:
    marks = []
    matters = draw(st.permutations([matter.candidate.matter for matter in manifest.matters]))
    for slot in manifest.scheme.slots:
        for _ in range(draw(st.integers(0, slot.picks))):
            if matters:
                marks.append(Mark(slot.weight, matters.pop()))
    return CastBallot(
        nonce_of(name),
        PriorityBallot(tuple(marks)),
        word=draw(st.sampled_from(("", "桂花", "x"))),
        channel=draw(st.sampled_from(("PHONE", "PAPER"))),
        version=draw(st.integers(1, 5)),
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_every_election_and_receipt_verifies_and_a_lost_pick_shows(data: st.DataObject) -> None:
    manifest = data.draw(manifests())
    live = [data.draw(casts(manifest, f"{n}")) for n in range(data.draw(st.integers(0, 8)))]
    old = [data.draw(casts(manifest, f"old {n}")) for n in range(data.draw(st.integers(0, 3)))]
    roll = len(live) + data.draw(st.integers(0, 20))
    officer = data.draw(st.sampled_from((None, OFFICER)))
    bundle = publish(manifest, live, old, roll, officer)
    raw = canonical_json(bundle)

    assert failed(verify_file(raw, root=bundle["root"])) == set()
    for cast in live:
        known = json.loads(json.dumps(receipt_of(manifest.session_id, cast)))
        assert failed(verify_bundle(bundle, known)) == set()
    for cast in old:
        found = failed(verify_bundle(bundle, receipt_of(manifest.session_id, cast)))
        # A blank ballot holds no trackers, so nothing tells one from another.
        assert found == {"receipt_marks"} or (cast.ballot.is_blank and found == set())
    for column in bundle["picks"]:
        if column["marks"]:
            column["marks"].pop()
            assert "recount" in failed(verify_bundle(sealed(bundle)))


# Data that is no bundle

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(), max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(anything)
def test_any_data_gives_a_failing_check(data: Any) -> None:
    assert failed(verify_bundle(data)) == {"format"}


@settings(max_examples=300)
@given(anything, st.integers())
def test_any_data_anywhere_in_a_bundle_gives_a_failing_check(junk: Any, seed: int) -> None:
    bundle = worked_bundle()
    chance = random.Random(seed)
    place: Any = bundle
    while True:
        key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if not isinstance(place[key], dict | list) or not place[key] or chance.random() < 0.1:
            break
        place = place[key]
    same = type(place[key]) is type(junk) and place[key] == junk
    place[key] = copy.deepcopy(junk)

    assert is_bad(verify_bundle(bundle)) != same


@given(anything)
def test_any_data_as_a_receipt_gives_a_failing_check(data: Any) -> None:
    assert failed(verify_bundle(worked_bundle(), data)) == (set() if data is None else {"receipt"})
