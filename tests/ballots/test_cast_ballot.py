"""Casting a ballot over HTTP, and what lies in the rows afterwards."""

from tests.cast import Cast, ballot


def test_cast_and_close(cast: Cast):
    secretary = cast.secretary()
    voters = [cast.resident(name=f"居民{i}") for i in range(3)]
    session, matters = cast.open_session(secretary, voters[0])
    path = f"/sessions/{session['id']}"
    for voter in voters:
        answer = voter.put(f"{path}/ballot", ballot(*matters))
        assert answer.status_code == 200, answer.text
    answer = secretary.post(f"{path}/close-voting")
    assert answer.json["state"] == "TALLIED", answer.text
    result = voters[0].get(f"{path}/result").json
    assert [row["score"] for row in result["rows"]] == [15, 9, 3]
    assert result["returned"] == 3
