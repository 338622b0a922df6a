"""While voting is open only the turnout can be read; the result comes with closing."""

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.cast import Cast, ballot
from tests.checks import counted, refusal
from tests.deliberation.steps import RoundTable

STEPS = ["start-collecting", "freeze-list", "open-voting", "extend-voting"]


@pytest.mark.parametrize("done", range(len(STEPS) + 1), ids=["draft", *STEPS])
def test_result_before_closing_is_refused(cast: Cast, done: int):
    secretary, voter = cast.secretary(), cast.resident()
    cast.matters(secretary, voter, ["甲", "乙"])
    path = f"/sessions/{cast.session(secretary)['id']}"
    for step in STEPS[:done]:
        assert secretary.post(f"{path}/{step}").status_code == 200
    for reader in (voter, secretary, cast.community_secretary()):
        assert refusal(reader.get(f"{path}/result")) == (409, "voting_not_closed")


def test_turnout_counts_people_and_nothing_else(cast: Cast):
    secretary = cast.secretary()
    voters = [cast.resident() for _ in range(3)]
    session, matters = cast.open_session(secretary, voters[0])
    path = f"/sessions/{session['id']}"
    seen = [voters[2].get(f"{path}/turnout").json]
    for voter in (voters[0], voters[1], voters[0]):
        voter.put(f"{path}/ballot", ballot(*matters))
        seen.append(voters[2].get(f"{path}/turnout").json)
    assert seen == [
        {"state": "VOTING", "roll": 3, "returned": returned} for returned in (0, 1, 2, 2)
    ]


def test_result_tells_counts_order_and_why(cast: Cast):
    secretary = cast.secretary()
    voters = [cast.resident() for _ in range(3)]
    session, m = cast.open_session(secretary, voters[0])
    path = f"/sessions/{session['id']}"
    for voter, marked in zip(voters, [(m[0], m[1]), (m[1], m[0]), (m[0], m[2])], strict=True):
        voter.put(f"{path}/ballot", ballot(*marked))
    assert secretary.post(f"{path}/close-voting").json["state"] == "TALLIED"
    result = voters[0].get(f"{path}/result").json
    assert {key: result[key] for key in ("state", "outcome", "roll", "returned", "blank")} == {
        "state": "TALLIED",
        "outcome": "DECIDED",
        "roll": 3,
        "returned": 3,
        "blank": 0,
    }
    assert result["rows"][0] == {
        "rank": 1,
        "matter_id": m[0],
        "number": 1,
        "label": "M01",
        "title": "停车",
        "n5": 2,
        "n3": 1,
        "n1": 0,
        "score": 13,
        "outcome": "SELECTED",
        "decided_by": "score",
    }
    assert [row["score"] for row in result["rows"]] == [13, 8, 3]
    assert result["explanation"].startswith("可投票3人，收回选票3张")
    assert result["explanation_en"].startswith("Voters on the roll: 3.")


def without_request_id(answer: TestResponse) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}


def test_result_is_put_together_once_and_its_reader_asked_for_each_time(cast: Cast, app: Flask):
    secretary, neighbour = cast.secretary(), cast.resident(cast.neighbour)
    readers = [cast.resident() for _ in range(3)]
    session, matters = cast.open_session(secretary, readers[0])
    path = f"/sessions/{session['id']}"
    for reader in readers:
        assert reader.put(f"{path}/ballot", ballot(*matters)).status_code == 200
    secretary.post(f"{path}/close-voting")
    first = readers[0].get(f"{path}/result")
    for reader in readers:
        with counted(app) as statements:
            again = reader.get(f"{path}/result")
        assert again.data == first.data
        assert without_request_id(again) == without_request_id(first)
        assert len([each for each in statements if not each.startswith("BEGIN")]) == 1
    assert refusal(neighbour.get(f"{path}/result")) == (404, "not_found")
    assert readers[2].post("/auth/logout").status_code == 204
    assert refusal(readers[2].get(f"{path}/result")) == (401, "unauthorized")


def test_result_is_told_anew_when_the_session_goes_on(cast: Cast):
    table = RoundTable(cast)
    reader, path = table.voters[0], f"{table.path}/result"
    before = reader.get(path)
    table.start()
    after = reader.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert (before.json["state"], after.json["state"]) == ("TALLIED", "MEETING")
