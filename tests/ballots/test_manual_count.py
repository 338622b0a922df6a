"""An assembly votes with hands, stickers or beans: totals, two witnesses, flagged MANUAL."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession
from app.attachments.models import Attachment
from app.ballots.assembly.models import ManualCount, ManualTotal
from app.kit.extensions import db
from app.kit.web.api import PREFIX
from app.people.models import Role
from tests.ballots.assembly import Assembly
from tests.cast import Cast, ballot, stored
from tests.checks import moves_of, refusal
from tests.operations import made
from votes.selection import Mode

GOOD = {(5, 0): 3, (5, 1): 2, (3, 1): 3, (3, 2): 2, (1, 0): 2}


@pytest.fixture
def assembly(cast: Cast) -> Assembly:
    return Assembly(cast)


def test_totals_become_the_result_and_say_that_they_are_manual(
    assembly: Assembly, app: Flask, client: FlaskClient
):
    entered = assembly.enter(GOOD)
    assert (entered.status_code, entered.json["confirmations"]) == (200, 0)
    assert refusal(assembly.conclude()) == (409, "count_not_confirmed")
    first, second = assembly.witnesses
    assert assembly.confirm(first).json["confirmations"] == 1
    assert assembly.confirm(first).json["confirmations"] == 1
    assert refusal(assembly.conclude()) == (409, "count_not_confirmed")
    assert assembly.confirm(second).json["confirmations"] == 2
    concluded = assembly.conclude()
    assert (concluded.status_code, concluded.json["state"]) == (200, "TALLIED"), concluded.text
    assert (concluded.json["outcome"], concluded.json["manual_method"]) == ("DECIDED", "HANDS")

    result = assembly.voters[5].get(f"{assembly.path}/result").json
    assert (result["manual_method"], result["returned"], result["roll"]) == ("HANDS", 5, 6)
    rows = [(row["label"], row["n5"], row["n3"], row["n1"], row["score"]) for row in result["rows"]]
    assert rows == [("M02", 2, 3, 0, 19), ("M01", 3, 0, 2, 17), ("M03", 0, 2, 0, 6)]
    assert [row["outcome"] for row in result["rows"]] == ["SELECTED"] * 3
    feed = client.get(f"{PREFIX}/board/compounds/{assembly.home.id}/feed.json").json
    notice = feed["items"][0]
    assert notice["_yueyuetan"]["data"]["manual_method"] == "HANDS"
    assert notice["_yueyuetan"]["data"]["bundle_root"] is None
    assert notice["content_text"].startswith("【人工清点】现场举手表决")
    bundle = client.get(f"{PREFIX}{assembly.path}/bundle.json")
    assert refusal(bundle) == (409, "nothing_to_recount")
    assert refusal(assembly.conclude()) == (409, "wrong_state")
    assert refusal(assembly.enter(GOOD)) == (409, "wrong_state")
    (count,) = stored(app, select(ManualCount.id))
    assert [(move.verb, move.by) for move in moves_of(app, count)] == [
        ("enter", assembly.clerk.id),
        ("confirm", first.id),
        ("confirm", first.id),
        ("confirm", second.id),
    ]
    moves = [(move.verb, move.reason) for move in moves_of(app, assembly.id)]
    assert ("choose_method", "HANDS") in moves
    assert moves[-1] == ("conclude_count", None)


def test_too_few_people_make_the_result_consultative(assembly: Assembly):
    assert assembly.enter({(5, 2): 2}, participants=2).status_code == 200
    for witness in assembly.witnesses:
        assembly.confirm(witness)
    assert assembly.conclude().json["outcome"] == "CONSULTATIVE"
    result = assembly.clerk.get(f"{assembly.path}/result").json
    assert [row["outcome"] for row in result["rows"]] == ["SELECTED", "DEFERRED", "DEFERRED"]


def test_new_entry_is_confirmed_anew(assembly: Assembly):
    assert assembly.enter(GOOD).status_code == 200
    for witness in assembly.witnesses:
        assert assembly.confirm(witness).status_code == 200
    again = assembly.enter({(5, 2): 4}, attachment_ids=[])  # the photo is there already
    assert (again.status_code, again.json["confirmations"]) == (200, 0)
    assert [each["marks"] for each in again.json["totals"]] == [4]
    assert refusal(assembly.conclude()) == (409, "count_not_confirmed")


@pytest.mark.parametrize(
    ("totals", "changes"),
    [
        ({(5, 0): 6}, {}),  # more than took part
        ({(5, 0): 3, (5, 1): 3}, {}),  # six marks of five points by five people
        ({(5, 0): 3, (3, 0): 2, (1, 0): 1}, {}),  # six supporters among five people
        ({(4, 0): 1}, {}),
        (
            {},
            {
                "totals": [
                    {"weight": 5, "matter_id": "0198c0de-0000-7000-8000-0000000000aa", "marks": 1}
                ]
            },
        ),
    ],
)
def test_totals_that_no_ballots_could_give_are_refused(
    assembly: Assembly, totals: dict[tuple[int, int], int], changes: dict[str, Any]
):
    assert refusal(assembly.enter(totals, **changes)) == (422, "totals_disagree")


@pytest.mark.parametrize("on_roster", [None, 5])
def test_more_people_than_may_vote_are_refused_when_they_are_entered(
    cast: Cast, app: Flask, on_roster: int | None
):
    assembly = Assembly(cast)
    if on_roster is not None:
        roster = [str(voter.id) for voter in assembly.voters[:on_roster]]
        with app.app_context():
            session = db.session.get_one(AgendaSession, UUID(assembly.id))
            session.mode = Mode.ROSTER
            db.session.commit()
        made(assembly.secretary.put(f"{assembly.path}/roll", {"roll": roster}), 200)
    most = on_roster or len(assembly.voters)
    refused = assembly.enter({(5, 0): 1}, participants=most + 1)
    assert refusal(refused) == (422, "totals_disagree")
    assert stored(app, select(ManualCount)) == []
    assert assembly.enter({(5, 0): 1}, participants=most).status_code == 200


def test_roll_that_has_become_shorter_refuses_the_result(cast: Cast, app: Flask):
    assembly = Assembly(cast)
    assert assembly.enter({(5, 0): 1}, participants=6).status_code == 200
    for witness in assembly.witnesses:
        assembly.confirm(witness)
    cast.appoint(assembly.voters[5], Role.PROPERTY_MANAGER)
    assert refusal(assembly.conclude()) == (422, "totals_disagree")
    assert assembly.clerk.get(assembly.path).json["state"] == "LISTED"


def test_witnesses_are_two_residents_other_than_the_clerk(assembly: Assembly):
    one, two = (str(witness.id) for witness in assembly.witnesses)
    stranger, neighbour = assembly.cast.visitor(), assembly.cast.resident(assembly.cast.neighbour)
    assembly.cast.settle(assembly.clerk, assembly.home)
    assembly.cast.settle(assembly.secretary, assembly.home)
    child = assembly.cast.resident(born=date(datetime.now(UTC).year - 17, 1, 1))
    staff = assembly.cast.resident()
    assembly.cast.appoint(staff, Role.PROPERTY_MANAGER)
    for wrong in (
        [one, one],
        [one, str(stranger.id)],
        [str(neighbour.id), two],
        [str(assembly.clerk.id), two],
        [str(assembly.secretary.id), two],
        [str(child.id), two],
        [str(staff.id), two],
    ):
        answer = assembly.enter(GOOD, witness_ids=wrong)
        assert refusal(answer) == (422, "witnesses_unfit"), wrong
    for wrong in ([], [one], [one, two, one]):
        assert refusal(assembly.enter(GOOD, witness_ids=wrong)) == (422, "invalid_input")
    assert assembly.enter(GOOD).status_code == 200
    assert refusal(assembly.confirm(assembly.voters[2])) == (403, "not_a_witness")
    assert refusal(assembly.confirm(assembly.clerk)) == (403, "not_a_witness")


def test_count_needs_a_photo(assembly: Assembly, app: Flask):
    assert refusal(assembly.enter(GOOD, attachment_ids=[])) == (422, "photo_missing")
    assert stored(app, select(ManualCount)) == []
    assert refusal(assembly.confirm(assembly.witnesses[0])) == (404, "not_found")
    assert refusal(assembly.conclude()) == (404, "not_found")


def test_totals_are_shown_to_clerk_and_witnesses_until_they_are_published(
    assembly: Assembly, app: Flask
):
    assert assembly.enter(GOOD).status_code == 200
    path = f"{assembly.path}/manual-count"
    outsiders = [assembly.secretary, assembly.voters[2]]
    insiders = [assembly.clerk, *assembly.witnesses]
    (photo,) = stored(app, select(Attachment.id))
    for person in outsiders:
        assert refusal(person.get(path)) == (404, "not_found")
        assert refusal(person.get(f"/attachments/{photo}")) == (404, "not_found")
    for person in insiders:
        assert len(person.get(path).json["attachments"]) == 1
        assembly.confirm(person)
    assert assembly.conclude().status_code == 200
    for person in outsiders:
        assert person.get(path).json["participants"] == 5


def test_no_ballot_is_cast_where_an_assembly_is_counted(
    cast: Cast, travel: Callable[[datetime], None]
):
    assembly = Assembly(cast, begun=False)
    assert refusal(assembly.secretary.post(f"{assembly.path}/open-voting")) == (
        409,
        "counted_by_hand",
    )
    travel(datetime.fromisoformat(assembly.opens_at))
    secretary = assembly.cast.logged_in_anew(assembly.secretary)
    assert secretary.get(assembly.path).json["state"] == "LISTED"
    voter = assembly.cast.logged_in_anew(assembly.voters[3])
    answer = voter.put(f"{assembly.path}/ballot", ballot(*assembly.matters))
    assert refusal(answer) == (409, "wrong_state")
    assembly.cast.app.test_cli_runner().invoke(args=["finalise"])
    assert secretary.get(assembly.path).json["state"] == "LISTED"


def test_method_is_undone_until_both_witnesses_have_confirmed(cast: Cast, app: Flask):
    assembly = Assembly(cast, begun=False)
    assert assembly.choose(None).json["manual_method"] is None
    assert refusal(assembly.enter(GOOD)) == (409, "wrong_state")
    assert assembly.choose("BEANS").json["manual_method"] == "BEANS"
    assembly.begin()
    assert assembly.enter(GOOD).status_code == 200
    assert assembly.confirm(assembly.witnesses[0]).status_code == 200
    assert assembly.choose("HANDS").json["manual_method"] == "HANDS"
    assert (stored(app, select(ManualCount)), stored(app, select(ManualTotal))) == ([], [])
    assert assembly.enter(GOOD).json["confirmations"] == 0
    for witness in assembly.witnesses:
        assert assembly.confirm(witness).status_code == 200
    assert refusal(assembly.choose(None)) == (409, "wrong_state")
    assert refusal(assembly.choose("PAPER")) == (422, "invalid_input")


def test_nothing_is_counted_before_the_assembly_begins(cast: Cast):
    assembly = Assembly(cast, begun=False)
    assert refusal(assembly.enter(GOOD)) == (409, "wrong_state")
    assert refusal(assembly.conclude()) == (409, "wrong_state")
    assembly.begin()
    assert assembly.enter(GOOD).status_code == 200


def test_witness_confirms_what_they_have_seen(assembly: Assembly):
    first = assembly.witnesses[0]
    seen = assembly.enter(GOOD).json["totals_hash"]
    again = assembly.enter(GOOD, attachment_ids=[])
    assert again.json["totals_hash"] != seen
    assert refusal(assembly.confirm(first, seen)) == (409, "totals_changed")
    assert refusal(first.post(f"{assembly.path}/manual-count/confirm", {})) == (
        422,
        "invalid_input",
    )
    assert first.get(f"{assembly.path}/manual-count").json["confirmations"] == 0
    assert assembly.confirm(first, again.json["totals_hash"]).json["confirmations"] == 1


def test_secretary_has_no_part_in_the_count_but_publishes_it(assembly: Assembly):
    cast = assembly.cast
    cast.appoint(assembly.secretary, Role.GRID_WORKER)
    answer = assembly.secretary.put(f"{assembly.path}/manual-count", assembly.body(GOOD))
    assert refusal(answer) == (403, "secretary_touches_no_ballot")
    assert assembly.enter(GOOD).status_code == 200
    for witness in assembly.witnesses:
        assert assembly.confirm(witness).status_code == 200
    for person in (assembly.clerk, *assembly.witnesses):
        cast.appoint(person, Role.BRANCH_SECRETARY)
        answer = person.post(f"{assembly.path}/conclude-count")
        assert refusal(answer) == (403, "concluder_took_part")
    assert assembly.conclude().status_code == 200


def test_method_is_not_chosen_once_voting_is_open(cast: Cast):
    assembly = Assembly(cast, method=None)
    assert assembly.secretary.post(f"{assembly.path}/open-voting").status_code == 200
    assert refusal(assembly.choose("HANDS")) == (409, "wrong_state")


@pytest.mark.parametrize(
    ("model", "wrong"),
    [
        (ManualCount, {"participants": 0}),
        (ManualCount, {"first_witness_id": ManualCount.second_witness_id}),
        (ManualCount, {"first_witness_id": ManualCount.entered_by_id}),
        (ManualCount, {"second_witness_id": ManualCount.entered_by_id}),
        (ManualTotal, {"marks": 0}),
        (ManualTotal, {"weight": 0}),
        (AgendaSession, {"state": "VOTING"}),
        (AgendaSession, {"manual_method": "PHONE"}),
    ],
)
def test_wrong_row_is_refused_by_the_database(
    assembly: Assembly, rows: Session, model: Any, wrong: dict[str, Any]
):
    assert assembly.enter({(5, 0): 1}).status_code == 200
    with pytest.raises(IntegrityError):
        rows.execute(update(model.__table__).values(wrong))
