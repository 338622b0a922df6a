"""Who holds an office and who lives where, as those above read it."""

from app.people.models import Role
from tests.cast import Cast
from tests.checks import refusal


def test_offices_of_each_place_with_the_names_of_person_and_place(cast: Cast):
    street = cast.officer(Role.SUBDISTRICT_OFFICER, level="subdistrict")
    leader, secretary = cast.community_secretary(), cast.secretary()
    for path, reader, role, name in (
        (f"/subdistricts/{cast.subdistrict.id}", street, "SUBDISTRICT_OFFICER", "街"),
        (f"/communities/{cast.community.id}", street, "COMMUNITY_SECRETARY", "社区"),
        (f"/communities/{cast.community.id}", leader, "COMMUNITY_SECRETARY", "社区"),
        (f"/compounds/{cast.home.id}", leader, "BRANCH_SECRETARY", "小区"),
    ):
        answer = reader.get(f"{path}/appointments")
        assert answer.status_code == 200, answer.text
        (office,) = answer.json
        assert office["role"] == role
        assert name in office["place_name"]
        assert office["masked_name"]
    assert refusal(secretary.get(f"/communities/{cast.community.id}/appointments")) == (
        403,
        "forbidden",
    )
    (own,) = leader.get("/me").json["appointments"]
    assert own["place_name"] == "云桥社区"


def test_residents_of_a_compound_as_those_above_read_them(cast: Cast):
    person = cast.resident(name="欧阳镜湖")
    cast.resident(cast.neighbour)
    cast.visitor()
    for reader in (
        cast.community_secretary(),
        cast.officer(Role.SUBDISTRICT_OFFICER, level="subdistrict"),
        cast.officer(Role.AUDITOR, level="community"),
        cast.secretary(),
    ):
        answer = reader.get(f"/compounds/{cast.home.id}/residents")
        assert answer.status_code == 200, answer.text
        (seen,) = answer.json["items"]
        assert (seen["resident_id"], seen["masked_name"]) == (str(person.id), "欧○○○")
        assert {"building", "entrance", "unit", "relation"} <= seen.keys()
        assert "birth_date" not in seen
    assert refusal(person.get(f"/compounds/{cast.home.id}/residents")) == (403, "forbidden")


def test_names_of_an_office_that_is_given(cast: Cast):
    leader, person = cast.community_secretary(), cast.visitor()
    office = {"resident_id": str(person.id), "role": "AUDITOR", "from": "2026-01-01"}
    given = leader.post(f"/compounds/{cast.home.id}/appointments", office)
    assert given.status_code == 201
    assert given.json["masked_name"][1:] == "○"
    assert given.json["place_name"] == "香樟苑小区"
