"""Ballots on paper (R4): entered by one, confirmed by another, beside those by phone."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agenda.models import RollEntry
from app.attachments.models import Attachment
from app.ballots.models import Ballot, BallotCommitment, BallotMark, SealedCommitment
from app.ballots.paper.slips import SLIP_MOVES, PaperSlip, SlipState
from app.kit.clock import local_date, now
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.kit.web.api import PREFIX
from app.people.models import Residence, Role
from tests.ballots.desk import Desk
from tests.cast import Cast, ballot, stored
from tests.checks import moves_of, refusal
from votes.receipt import tracker
from votes.serial import is_serial
from votes.stub import read_stub
from votes.verify import verify_file


@pytest.fixture
def desk(cast: Cast) -> Desk:
    return Desk(cast)


def slip_id(app: Flask, serial: str) -> UUID:
    found: UUID = stored(app, select(PaperSlip.id).where(PaperSlip.serial == serial))[0]
    return found


# The whole way


def test_paper_ballot_comes_in_and_counts_like_one_by_phone(
    desk: Desk, app: Flask, client: FlaskClient
):
    a, b, c = desk.matters
    voter, other = desk.voters[:2]
    entered = desk.enter(voter, a, None, c)
    assert (entered.json["state"], entered.json["entered_by_me"]) == ("ENTERED", True)
    assert len(entered.json["attachments"]) == 1
    assert desk.turnout()[1] == 0  # entered by one person it is no ballot
    assert stored(app, select(Ballot)) == []
    confirmed = desk.confirm(voter, a, None, c)
    assert (confirmed.status_code, confirmed.json["state"]) == (200, "CONFIRMED")
    assert desk.turnout()[1] == 1
    assert voter.get("/me/participations").json == [
        {
            "session_id": desk.id,
            "channel": "PAPER",
            "voted_on": local_date(now()).isoformat(),
            "withdrawn_on": None,
        }
    ]
    own = voter.get(f"{desk.path}/ballot").json  # what was entered in one's name can be seen
    assert {(m["weight"], m["matter_id"]) for m in own["marks"]} == {(5, a), (1, c)}
    assert desk.by_phone(other, b, a).status_code == 200
    desk.close()

    answer = client.get(f"{PREFIX}{desk.path}/bundle.json")
    bundle = answer.json
    assert bundle["participation"] == {"PHONE": 1, "PAPER": 1}
    assert bundle["paper_serials"] == [desk.serials[0]]
    assert all(check.ok for check in verify_file(answer.data, {**own, "session_id": desk.id}))
    nonce = bytes.fromhex(own["nonce"])
    marks = {pick["weight"]: dict(pick["marks"]) for pick in bundle["picks"]}
    assert marks[5][tracker(nonce, desk.id, "5").hex()] == a
    notice = client.get(f"{PREFIX}/board/compounds/{desk.home.id}/feed.json").json["items"][0]
    assert notice["_yueyuetan"]["data"]["paper"] == {"counted": 1, "unconfirmed": 0}
    assert "其中纸质选票 1 张。" in notice["content_text"]


def test_blank_slip_is_a_blank_ballot(desk: Desk):
    desk.vote(desk.voters[0])
    desk.by_phone(desk.voters[1], *desk.matters)
    desk.close()
    result = desk.clerk.get(f"{desk.path}/result").json
    assert (result["returned"], result["blank"]) == (2, 1)


def test_every_move_is_logged_and_no_entry_names_the_voter(desk: Desk, app: Flask):
    voter = desk.voters[0]
    desk.vote(voter, *desk.matters)
    desk.end("withdraw", resident_id=str(voter.id))
    desk.end("void", slip=1)
    first, second = (slip_id(app, desk.serials[i]) for i in (0, 1))
    clerk, other = desk.clerk.id, desk.other_clerk.id
    assert [tuple(move) for move in moves_of(app, first)] == [
        ("enter", "ISSUED", "ENTERED", clerk, None),
        ("confirm", "ENTERED", "CONFIRMED", other, None),
        ("withdraw", "CONFIRMED", "WITHDRAWN", clerk, "投票人要求"),
    ]
    assert [move.verb for move in moves_of(app, second)] == ["void"]
    (issue,) = moves_of(app, desk.batch_id)
    assert (issue.verb, issue.by, issue.reason) == ("issue_slips", desk.secretary.id, "4 张")


def test_entry_is_mended_by_entering_it_anew_until_it_is_confirmed(desk: Desk):
    a, b, c = desk.matters
    voter, meant = desk.voters[:2]
    assert desk.enter(voter, a, b, c).status_code == 200
    assert refusal(desk.confirm(voter, a, c, b)) == (409, "entries_differ")
    assert refusal(desk.confirm(meant, a, b, c)) == (409, "entries_differ")
    assert desk.enter(meant, a, c, b).status_code == 200
    assert desk.confirm(meant, a, c, b).json["state"] == "CONFIRMED"
    assert refusal(desk.enter(voter, a, c, b)) == (409, "wrong_state")
    assert refusal(desk.confirm(voter, a, c, b)) == (409, "wrong_state")


def test_whoever_entered_it_last_does_not_confirm_it(desk: Desk):
    voter = desk.voters[0]
    assert desk.enter(voter, *desk.matters).status_code == 200
    again = desk.write("confirm", desk.clerk, voter, tuple(desk.matters))
    assert refusal(again) == (403, "entered_by_the_same")
    # The other clerk enters it anew: then the first one confirms.
    anew = desk.write("enter", desk.other_clerk, voter, tuple(desk.matters))
    assert anew.status_code == 200
    assert refusal(desk.confirm(voter, *desk.matters)) == (403, "entered_by_the_same")
    first = desk.write("confirm", desk.clerk, voter, tuple(desk.matters))
    assert first.json["state"] == "CONFIRMED"


def test_serial_may_be_typed_with_spaces_hyphens_and_small_letters(desk: Desk):
    serial = desk.serials[0]
    desk.serials[0] = f"{serial[:3]}-{serial[3:].lower()} "
    assert desk.enter(desk.voters[0], *desk.matters).status_code == 200
    assert desk.confirm(desk.voters[0], *desk.matters).json["serial"] == serial


# What is refused, at entering and at confirming alike


def test_slip_needs_a_photo_before_it_is_confirmed(desk: Desk):
    voter = desk.voters[0]
    assert desk.enter(voter, *desk.matters, photos=0).status_code == 200
    for guess in (desk.matters, desk.matters[::-1]):  # a wrong one is told no more
        assert refusal(desk.confirm(voter, *guess)) == (422, "photo_missing")
    assert desk.turnout()[1] == 0
    assert desk.confirm(voter, *desk.matters, photos=1).status_code == 200


def refused_entries(desk: Desk) -> dict[str, tuple[int, str]]:
    """What is refused to both clerks, by what is wrong."""
    cast, (a, b, _) = desk.cast, desk.matters
    today = local_date(now())
    child = cast.resident(born=date(today.year - 17, 1, 1))
    people = {
        "stranger": (cast.visitor(), 403, "not_on_roll"),
        "strange child": (cast.visitor(born=date(today.year - 17, 1, 1)), 403, "not_on_roll"),
        "neighbour": (cast.resident(cast.neighbour), 403, "not_on_roll"),
        "child": (child, 403, "under_age"),
        "staff": (cast.officer(Role.PROPERTY_MANAGER), 403, "not_on_roll"),
    }
    good = desk.voters[0]
    marks = {
        "same matter twice": (a, a),
        "unlisted matter": (str(uuid4()),),
    }
    wrong = {}
    for verb, by in (("enter", desk.clerk), ("confirm", desk.other_clerk)):
        for name, (person, *expected) in people.items():
            assert refusal(desk.write(verb, by, person, (a, b))) == tuple(expected), name
        for name, marked in marks.items():
            answer = desk.write(verb, by, good, marked)
            assert refusal(answer) == (422, "invalid_ballot"), name
        wrong_weight = {"marks": [{"weight": 4, "matter_id": a}]}
        answer = desk.write(verb, by, good, (), **wrong_weight)
        assert refusal(answer) == (422, "invalid_ballot")
        foreign = desk.write(verb, by, good, (a,), attachment_ids=[str(uuid4())])
        wrong[verb] = refusal(foreign)
        nobody = desk.write(verb, by, good, (a,), resident_id=str(uuid4()))
        assert refusal(nobody) == (403, "not_on_roll")
    return wrong


def test_entries_that_break_a_rule_are_refused(desk: Desk, app: Flask):
    found = refused_entries(desk)
    assert found["enter"] == (422, "unknown_attachment")
    assert found["confirm"] == (409, "wrong_state")  # nobody has entered it
    assert desk.states() == ["ISSUED"] * 4
    assert stored(app, select(Ballot)) == []


@pytest.mark.parametrize("serial", ["", "ABC", "222223", "中文中文中文", "x" * 300, "%00"])
def test_unknown_serial_is_not_found(desk: Desk, serial: str):
    desk.serials[0] = serial
    status, code = refusal(desk.enter(desk.voters[0], *desk.matters))
    assert (status, code) in {(404, "unknown_serial"), (404, "not_found")}


def test_serial_of_another_session_is_unknown_here(cast: Cast):
    here = Desk(cast)
    community, compound = cast.other_community()
    cast.community, cast.home = community, compound
    there = Desk(cast)
    there.serials[0] = here.serials[0]
    answer = there.enter(there.voters[0], *there.matters)
    assert refusal(answer) == (404, "unknown_serial")


def test_clerk_enters_and_confirms_nothing_of_the_own(desk: Desk):
    desk.cast.settle(desk.clerk, desk.home)
    own = desk.write("enter", desk.clerk, desk.clerk, tuple(desk.matters))
    assert refusal(own) == (403, "own_paper_ballot")
    entered = desk.write("enter", desk.other_clerk, desk.clerk, tuple(desk.matters), photos=1)
    assert entered.status_code == 200
    own = desk.write("confirm", desk.clerk, desk.clerk, tuple(desk.matters))
    assert refusal(own) == (403, "own_paper_ballot")


def test_voter_has_one_slip_at_a_time(desk: Desk):
    voter = desk.voters[0]
    assert desk.enter(voter, *desk.matters).status_code == 200
    second = desk.enter(voter, *desk.matters, slip=1)
    assert refusal(second) == (409, "another_slip_entered")
    assert desk.end("void").json["state"] == "VOID"
    assert desk.enter(voter, *desk.matters, slip=1).status_code == 200
    assert desk.confirm(voter, *desk.matters, slip=1).status_code == 200
    third = desk.enter(voter, *desk.matters, slip=2)
    assert refusal(third) == (409, "paper_ballot_exists")
    assert refusal(desk.enter(voter, *desk.matters)) == (409, "paper_ballot_exists")


def test_somebody_verified_while_voting_is_open_may_vote_on_paper(desk: Desk, app: Flask):
    newcomer = desk.cast.resident(name="新住户")
    desk.vote(newcomer, *desk.matters)
    (entry,) = stored(app, select(RollEntry).where(RollEntry.resident_id == newcomer.id))
    assert (entry.admitted_why, entry.channel) == ("VERIFIED_WHILE_OPEN", "PAPER")


def test_slips_are_issued_entered_and_confirmed_while_voting_is_open_only(
    desk: Desk, travel: Callable[[datetime], None]
):
    voter = desk.voters[0]
    assert desk.enter(voter, *desk.matters).status_code == 200
    for other in desk.voters[1:4]:
        assert desk.by_phone(other, *desk.matters).status_code == 200
    travel(datetime.fromisoformat(desk.closes_at))
    clerk, second = (desk.cast.logged_in_anew(each) for each in (desk.clerk, desk.other_clerk))
    secretary = desk.cast.logged_in_anew(desk.secretary)
    late = {
        "issue": secretary.post(f"{desk.path}/paper-batches", {"count": 1}),
        "print": secretary.get(f"/paper-batches/{desk.batch_id}/slips.pdf"),
        "enter": desk.write("enter", clerk, voter, tuple(desk.matters), slip=1),
        "confirm": desk.write("confirm", second, voter, tuple(desk.matters)),
        "void": clerk.post(f"{desk.path}/paper-slips/{desk.serials[0]}/void", {"reason": "晚了"}),
    }
    assert {refusal(answer) for answer in late.values()} == {(409, "wrong_state")}, late


# Phone and paper


def test_voter_with_a_paper_ballot_does_not_vote_by_phone(desk: Desk, app: Flask):
    a, b, c = desk.matters
    voter = desk.voters[0]
    desk.vote(voter, a, b, c)
    for _ in range(2):
        assert refusal(desk.by_phone(voter, c, b, a)) == (409, "paper_ballot_exists")
    refusals = [move for move in moves_of(app, desk.id) if move.verb == "refuse_phone_ballot"]
    assert [(move.by, move.reason) for move in refusals] == [(None, "paper_ballot_exists")] * 2
    withdrawn = desk.end("withdraw", resident_id=str(voter.id))
    assert withdrawn.json["state"] == "WITHDRAWN"
    assert desk.turnout()[1] == 0
    (trace,) = voter.get("/me/participations").json
    assert (trace["channel"], trace["voted_on"]) == (None, None)
    assert trace["withdrawn_on"] == local_date(now()).isoformat()
    receipt = desk.by_phone(voter, c, b, a)
    assert (receipt.status_code, receipt.json["version"]) == (200, 2)
    assert sorted(stored(app, select(BallotCommitment.version))) == [1, 2]


def test_voter_with_a_phone_ballot_does_not_vote_on_paper(desk: Desk):
    a, b, c = desk.matters
    voter = desk.voters[0]
    assert desk.enter(voter, a, b, c).status_code == 200  # the slip was on its way
    assert desk.by_phone(voter, c, b, a).status_code == 200
    assert refusal(desk.confirm(voter, a, b, c)) == (409, "phone_ballot_exists")
    assert refusal(desk.enter(voter, a, b, c, slip=1)) == (409, "phone_ballot_exists")
    assert desk.withdraw(voter, 1).status_code == 204
    assert desk.confirm(voter, a, b, c).status_code == 200
    own = voter.get(f"{desk.path}/ballot").json
    assert (own["version"], own["marks"][0]["matter_id"]) == (2, a)


def test_slip_is_withdrawn_for_its_own_voter_only(desk: Desk):
    voter, other = desk.voters[:2]
    desk.vote(voter, *desk.matters)
    assert refusal(desk.end("withdraw", resident_id=str(other.id))) == (409, "not_their_slip")
    assert refusal(desk.end("withdraw", slip=1, resident_id=str(voter.id))) == (409, "wrong_state")
    assert refusal(desk.end("void")) == (409, "wrong_state")
    assert desk.turnout()[1] == 1


# Withdrawal by the voter


def test_voter_withdraws_and_votes_again_with_versions_that_go_on(desk: Desk, app: Flask):
    a, b, c = desk.matters
    voter = desk.voters[0]
    nonces = [f"{i:032x}" for i in range(4)]
    for i in (0, 1):
        assert desk.by_phone(voter, a, b, c, nonce=nonces[i]).status_code == 200
    assert refusal(desk.withdraw(voter, 1)) == (409, "version_conflict")
    assert desk.withdraw(voter, 2).status_code == 204
    assert desk.withdraw(voter, 2).status_code == 204  # the answer was lost
    assert refusal(voter.get(f"{desk.path}/ballot")) == (404, "not_found")
    assert (stored(app, select(Ballot)), stored(app, select(BallotMark))) == ([], [])
    assert desk.turnout()[1] == 0

    # An old request that arrives late brings nothing back, and gets no receipt for it.
    late = desk.by_phone(voter, a, b, c, nonce=nonces[1])
    assert refusal(late) == (409, "ballot_withdrawn")
    assert stored(app, select(Ballot)) == []
    stale = desk.by_phone(voter, b, nonce=nonces[2], expected_version=2)
    assert refusal(stale) == (409, "version_conflict")
    anew = desk.by_phone(voter, b, nonce=nonces[2], expected_version=0)
    assert (anew.status_code, anew.json["version"]) == (200, 3)
    assert refusal(desk.withdraw(voter, 2)) == (409, "version_conflict")
    again = desk.by_phone(voter, c, nonce=nonces[3], expected_version=3)
    assert again.json["version"] == 4
    (trace,) = voter.get("/me/participations").json
    assert trace["channel"] == "PHONE"
    assert trace["withdrawn_on"] == trace["voted_on"] == local_date(now()).isoformat()
    moves = [move for move in moves_of(app, desk.id) if move.verb == "withdraw_ballot"]
    assert [(move.by, move.reason) for move in moves] == [(None, None)]


def test_voter_takes_back_a_paper_ballot_that_was_entered_in_their_name(desk: Desk, app: Flask):
    voter = desk.voters[0]
    desk.vote(voter, *desk.matters)
    assert desk.withdraw(voter, 1).status_code == 204
    assert desk.states()[0] == "WITHDRAWN"
    last = moves_of(app, slip_id(app, desk.serials[0]))[-1]
    assert (last.verb, last.by, last.reason) == ("withdraw", None, "投票人本人撤回")
    assert "withdraw_ballot" not in [move.verb for move in moves_of(app, desk.id)]
    assert refusal(desk.enter(voter, *desk.matters)) == (409, "wrong_state")  # a slip serves once
    assert desk.by_phone(voter, *desk.matters).json["version"] == 2


def test_there_is_nothing_to_withdraw(desk: Desk, travel: Callable[[datetime], None]):
    voter, other = desk.voters[:2]
    assert refusal(desk.withdraw(voter, 1)) == (404, "not_found")
    away = desk.cast.officer(Role.RESIDENT_REP)
    assert refusal(desk.withdraw(away, 1)) == (403, "forbidden")
    for each in desk.voters[:3]:
        assert desk.by_phone(each, *desk.matters).status_code == 200
    desk.close()
    assert refusal(desk.withdraw(other, 1)) == (409, "wrong_state")


def test_withdrawn_ballot_is_counted_nowhere_and_its_commitment_is_listed(
    desk: Desk, client: FlaskClient
):
    a, b, c = desk.matters
    gone, voter, other = desk.voters[:3]
    receipt = desk.by_phone(gone, c).json
    assert desk.withdraw(gone, 1).status_code == 204
    desk.by_phone(voter, a, b)
    desk.vote(other, a, b)
    desk.close()
    answer = client.get(f"{PREFIX}{desk.path}/bundle.json")
    assert receipt["commitment"] in answer.json["commitments"]
    found = verify_file(answer.data, {**receipt, "session_id": desk.id})
    assert [check.name for check in found if not check.ok] == ["receipt_marks"]
    assert answer.json["result"]["returned"] == 2


# Closing


def test_closing_by_hand_waits_for_slips_that_were_entered(desk: Desk):
    for voter in desk.voters[:2]:
        assert desk.by_phone(voter, *desk.matters).status_code == 200
    waiting = desk.voters[2]
    assert desk.enter(waiting, *desk.matters).status_code == 200
    answer = desk.secretary.post(f"{desk.path}/close-voting")
    assert refusal(answer) == (409, "paper_ballots_waiting")
    assert desk.states()[0] == "ENTERED"
    assert desk.confirm(waiting, *desk.matters).status_code == 200
    assert desk.close()["turnout"]["returned"] == 3


def test_clock_closes_without_slips_that_nobody_confirmed_and_says_so(
    desk: Desk, app: Flask, client: FlaskClient, travel: Callable[[datetime], None]
):
    for voter in desk.voters[:3]:
        assert desk.by_phone(voter, *desk.matters).status_code == 200
    assert desk.enter(desk.voters[3], *desk.matters).status_code == 200
    travel(datetime.fromisoformat(desk.closes_at))
    feed = client.get(f"{PREFIX}/board/compounds/{desk.home.id}/feed.json").json
    notice = feed["items"][0]
    assert notice["_yueyuetan"]["kind"] == "TALLIED"
    assert notice["_yueyuetan"]["data"]["paper"] == {"counted": 0, "unconfirmed": 1}
    assert "另有 1 张纸票到截止时没有第二人确认，不计入。" in notice["content_text"]
    slip = slip_id(app, desk.serials[0])
    assert [(m.verb, m.to_state, m.by) for m in moves_of(app, slip)][-1] == ("void", "VOID", None)
    assert client.get(f"{PREFIX}{desk.path}/bundle.json").json["paper_serials"] == []


def test_slip_of_a_voter_with_a_phone_ballot_holds_nothing_off(
    desk: Desk, app: Flask, client: FlaskClient
):
    assert desk.enter(desk.voters[0], *desk.matters).status_code == 200
    for voter in desk.voters[:3]:
        assert desk.by_phone(voter, *desk.matters).status_code == 200
    desk.close()
    notice = client.get(f"{PREFIX}/board/compounds/{desk.home.id}/feed.json").json["items"][0]
    assert notice["_yueyuetan"]["data"]["paper"] == {"counted": 0, "unconfirmed": 0}
    (*_, last) = moves_of(app, slip_id(app, desk.serials[0]))
    assert (last.to_state, last.reason) == ("VOID", "投票人已另行投票")


def test_extension_keeps_slips_that_wait(desk: Desk, travel: Callable[[datetime], None]):
    voter = desk.voters[0]
    assert desk.enter(voter, *desk.matters).status_code == 200
    travel(datetime.fromisoformat(desk.closes_at) + timedelta(hours=1))
    second = desk.cast.logged_in_anew(desk.other_clerk)
    assert second.get(desk.path).json["state"] == "EXTENDED"
    answer = desk.write("confirm", second, voter, tuple(desk.matters))
    assert answer.status_code == 200, answer.text


# Secrecy


def test_nothing_leads_from_the_voter_to_the_slip_after_closing(
    desk: Desk, app: Flask, engine_name: str
):
    voters = sorted(desk.voters[:3], key=lambda voter: voter.id, reverse=True)
    for number, voter in enumerate(voters):
        desk.vote(voter, *desk.matters, slip=number)
    keys = app.extensions["keys"]
    secrets = {keys.slot(UUID(desk.id), voter.id, None) for voter in voters}
    secrets |= {keys.slip_nonce(UUID(desk.id), serial, None) for serial in desk.serials}
    desk.close()
    with app.app_context(), db.engine.connect() as connection:
        for table in db.metadata.sorted_tables:
            for row in connection.execute(table.select()):
                kept = {bytes(v) for v in row if isinstance(v, bytes | memoryview)}
                assert not kept & secrets, table.name
    slips = stored(app, select(PaperSlip))
    assert {(slip.slot, slip.commitment) for slip in slips} == {(None, None)}
    assert [slip.state for slip in slips].count(SlipState.CONFIRMED) == 3
    entries = stored(app, select(RollEntry.resident_id).where(RollEntry.channel == "PAPER"))
    assert set(entries) == {voter.id for voter in voters}
    if engine_name == "postgresql":
        roll = (
            "SELECT resident_id, xmin::text FROM roll_entries WHERE channel = 'PAPER' ORDER BY ctid"
        )
        log = "SELECT xmin::text FROM audit_entries WHERE thing = 'paper_slips'"
        with app.app_context():
            found, logged = db.session.execute(text(roll)).all(), db.session.scalars(text(log))
            assert [row[0] for row in found] == sorted(entries)
            assert len({row[1] for row in found}) == 1
            assert {row[1] for row in found}.isdisjoint(logged)


def test_slip_row_tells_nothing_of_its_marks_or_voter(desk: Desk, app: Flask):
    """Whoever confirms cannot copy, and no list of slips names anybody."""
    a, b, c = desk.matters
    voter = desk.voters[0]
    entered = desk.enter(voter, a, b, c)
    listed = desk.other_clerk.get(f"{desk.path}/paper-slips")
    columns = {column.name for column in PaperSlip.__table__.columns}
    assert columns == {
        *("id", "compound_id", "session_id", "batch_id", "serial", "state", "reason"),
        *("entered_by_id", "confirmed_by_id", "slot", "commitment"),
    }
    for answer in (entered, listed):
        for secret in (a, b, c, str(voter.id)):
            assert secret not in answer.text


def test_photo_of_a_slip_is_shown_to_clerks_and_later_to_auditors(desk: Desk, app: Flask):
    auditor = desk.cast.officer(Role.AUDITOR)
    readers = {
        "clerk": desk.other_clerk,
        "another clerk": desk.cast.officer(Role.BUILDING_HEAD),
        "secretary": desk.secretary,
        "auditor": auditor,
    }

    def shown() -> dict[str, int]:
        lists = {who: person.get(f"{desk.path}/paper-slips") for who, person in readers.items()}
        return {
            who: sum(len(item["attachments"]) for item in answer.json["items"])
            for who, answer in lists.items()
        }

    desk.vote(desk.voters[0], *desk.matters)
    desk.by_phone(desk.voters[1], *desk.matters)
    # A clerk who had no part in it sees the photo while the slip waits, and not of a ballot.
    assert shown() == {"clerk": 1, "another clerk": 0, "secretary": 0, "auditor": 0}
    assert desk.enter(desk.voters[2], *desk.matters, slip=1).status_code == 200
    assert shown() == {"clerk": 2, "another clerk": 1, "secretary": 0, "auditor": 0}
    desk.cast.appoint(desk.secretary, Role.GRID_WORKER)
    assert shown()["secretary"] == 0
    assert desk.end("void", slip=1).status_code == 200
    photo = min(stored(app, select(Attachment.id)))
    for person in (desk.voters[0], desk.secretary, auditor, desk.other_clerk):
        assert refusal(person.get(f"/attachments/{photo}")) == (404, "not_found")
    desk.close()
    after = shown()
    assert (after["another clerk"], after["auditor"]) == (2, 2)


def test_secretary_with_another_office_touches_no_slip(desk: Desk):
    for role in (Role.GRID_WORKER, Role.BUILDING_HEAD):
        desk.cast.appoint(desk.secretary, role)
    voter, marked = desk.voters[0], tuple(desk.matters)
    refused = (403, "secretary_touches_no_ballot")
    assert refusal(desk.write("enter", desk.secretary, voter, marked)) == refused
    assert desk.enter(voter, *marked).status_code == 200
    assert refusal(desk.write("confirm", desk.secretary, voter, marked)) == refused
    path = f"{desk.path}/paper-slips/{desk.serials[0]}"
    for verb, body in (
        ("void", {"reason": "写坏了"}),
        ("photos", {"attachment_ids": [desk.photo(desk.secretary)]}),
        ("withdraw", {"reason": "投票人要求", "resident_id": str(voter.id)}),
    ):
        assert refusal(desk.secretary.post(f"{path}/{verb}", body)) == refused
    assert desk.states()[0] == "ENTERED"


def test_voter_on_the_roll_who_moved_away_does_not_vote_on_paper(desk: Desk, rows: Session):
    voter = desk.voters[0]
    rows.execute(update(Residence).where(Residence.resident_id == voter.id).values(state="ENDED"))
    rows.commit()
    assert refusal(desk.enter(voter, *desk.matters)) == (403, "not_on_roll")


# Serials and rows


def test_serials_are_many_and_different(desk: Desk):
    batch = desk.secretary.post(f"{desk.path}/paper-batches", {"count": 100}).json
    serials = [*desk.serials, *batch["serials"]]
    assert len(set(serials)) == 104
    assert all(map(is_serial, serials))
    pages = desk.clerk.get(f"{desk.path}/paper-slips?limit=100").json
    assert (len(pages["items"]), pages["next_cursor"] is None) == (100, False)


@pytest.mark.parametrize("count", [0, -1, 101, 1.5, "3", None, True])
def test_number_of_slips_is_limited(desk: Desk, count: Any):
    answer = desk.secretary.post(f"{desk.path}/paper-batches", {"count": count})
    assert refusal(answer) == (422, "invalid_input")


def test_batch_is_made_once_for_a_request_that_is_sent_again(desk: Desk, app: Flask):
    key = {"Idempotency-Key": "once"}
    path = f"{desk.path}/paper-batches"
    answers = [desk.secretary.post(path, {"count": 3}, headers=key) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert len(stored(app, select(PaperSlip))) == 4 + 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "CONFIRMED"},
        {"state": "CONFIRMED", "confirmed_by_id": PaperSlip.entered_by_id},
        {"confirmed_by_id": PaperSlip.batch_id},
        {"entered_by_id": None},
        {"state": "ISSUED"},
        {"state": "VOID"},
        {"state": "WITHDRAWN", "reason": "撤回"},
        {"reason": "没有结束"},
        {"slot": None},
        {"slot": None, "commitment": None},
        {"state": "VOID", "reason": "作废"},
        {"state": "LOST"},
        {"serial": "serial"},
        {"slot": b"\1" * 32},
    ],
)
def test_wrong_slip_is_refused_by_the_database(
    desk: Desk, app: Flask, rows: Session, wrong: dict[str, Any]
):
    """Of two slips that were entered, one is changed so that a rule is broken."""
    assert desk.enter(desk.voters[0], *desk.matters).status_code == 200
    assert desk.enter(desk.voters[1], *desk.matters, slip=1).status_code == 200
    slips = PaperSlip.__table__
    if "serial" in wrong or wrong.get("slot"):
        statement = update(slips).where(slips.c.state == "ENTERED").values(wrong)
    else:
        statement = update(slips).where(slips.c.serial == desk.serials[0]).values(wrong)
    with pytest.raises(IntegrityError):
        rows.execute(statement)


def test_confirmed_slip_is_the_entrants_of_nobody(desk: Desk, rows: Session):
    """The constraint itself: confirmed by who entered it is refused, by another it is taken."""
    assert desk.enter(desk.voters[0], *desk.matters).status_code == 200
    slips = PaperSlip.__table__
    confirm = update(slips).where(slips.c.state == "ENTERED").values(state="CONFIRMED")
    with pytest.raises(IntegrityError):
        rows.execute(confirm.values(confirmed_by_id=desk.clerk.id))
    rows.rollback()
    rows.execute(confirm.values(confirmed_by_id=desk.other_clerk.id))


SLIP_VERBS: dict[SlipState, Callable[[PaperSlip], None]] = {
    SlipState.ENTERED: lambda slip: slip.enter(uuid4(), b"", b""),
    SlipState.CONFIRMED: lambda slip: slip.confirm(uuid4()),
    SlipState.WITHDRAWN: lambda slip: slip.withdraw("撤回"),
    SlipState.VOID: lambda slip: slip.void("作废"),
}


@pytest.mark.parametrize("origin", list(SlipState))
@pytest.mark.parametrize("target", list(SLIP_VERBS))
def test_verb_moves_a_slip_or_refuses(origin: SlipState, target: SlipState):
    slip = PaperSlip(state=origin)
    if target in SLIP_MOVES[origin]:
        SLIP_VERBS[target](slip)
        assert slip.state is target
    else:
        with pytest.raises(WrongState):
            SLIP_VERBS[target](slip)
        assert slip.state is origin


def test_sealed_commitments_hold_that_of_the_slip(desk: Desk, app: Flask):
    desk.vote(desk.voters[0], *desk.matters)
    desk.by_phone(desk.voters[1], *desk.matters)
    (given,) = stored(app, select(PaperSlip.commitment).where(PaperSlip.state == "CONFIRMED"))
    desk.close()
    assert given in stored(app, select(SealedCommitment.commitment))


def test_number_of_slips_that_differs_from_the_roll_stops_the_sealing(
    desk: Desk, app: Flask, travel: Callable[[datetime], None]
):
    desk.vote(desk.voters[0], *desk.matters)
    for voter in desk.voters[1:4]:
        desk.by_phone(voter, *desk.matters)
    with app.app_context():
        slips = PaperSlip.__table__
        gone = update(slips).where(slips.c.serial == desk.serials[0])
        db.session.execute(
            gone.values(state="WITHDRAWN", reason="改过", slot=None, commitment=None)
        )
        db.session.commit()
    travel(datetime.fromisoformat(desk.closes_at))
    app.test_cli_runner().invoke(args=["finalise"])
    assert len(stored(app, select(Ballot))) == 4
    assert stored(app, select(SealedCommitment)) == []


def test_stub_of_a_slip_is_read_back(desk: Desk, app: Flask):
    keys = app.extensions["keys"]
    nonce = keys.slip_nonce(UUID(desk.id), desk.serials[0], None)
    assert len(nonce) == 16
    assert nonce != keys.slip_nonce(UUID(desk.id), desk.serials[1], None)
    assert read_stub(f"yueyuetan-stub-v1:{desk.id}:{desk.serials[0]}:{nonce.hex()}").nonce == nonce


def test_nonce_of_a_stub_serves_one_ballot(desk: Desk, app: Flask):
    """Somebody who votes by phone with the number of another's slip stands in its way, and is
    told nothing; the slip is voided and another one given out."""
    voter, other = desk.voters[:2]
    nonce = app.extensions["keys"].slip_nonce(UUID(desk.id), desk.serials[0], None)
    assert desk.by_phone(other, *desk.matters, nonce=nonce.hex()).status_code == 200
    assert desk.enter(voter, *desk.matters).status_code == 200
    assert refusal(desk.confirm(voter, *desk.matters)) == (409, "nonce_reused")
    assert desk.turnout()[1] == 1


def test_body_of_an_entry_is_strict(desk: Desk):
    voter = desk.voters[0]
    for wrong in (
        {"marks": None},
        {"marks": [{}]},
        {"resident_id": "x"},
        {"voter": "x"},
        {"attachment_ids": "x"},
    ):
        body = {"resident_id": str(voter.id), **ballot(), **wrong}
        answer = desk.clerk.post(f"{desk.path}/paper-slips/{desk.serials[0]}/enter", body)
        assert refusal(answer) == (422, "invalid_input"), wrong


def test_second_row_of_a_serial_is_refused(desk: Desk, rows: Session):
    slip = rows.scalars(select(PaperSlip)).first()
    assert slip is not None
    values = {column.name: getattr(slip, column.name) for column in slip.__table__.columns}
    with pytest.raises(IntegrityError):
        rows.execute(insert(PaperSlip.__table__), {**values, "id": uuid4()})
