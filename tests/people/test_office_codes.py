"""The first office of a place is taken with a one-time code from the command line."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import UUID, uuid4

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app.kit.clock import local_date, now
from app.people.models import Appointment, OfficeCode, Role
from app.people.office_codes import OFFICES_OF
from tests.cast import Cast, Person, Place, stored
from tests.checks import moves_of, refusal

LEVELS = ("compound", "community", "subdistrict")
INVALID = (422, "office_code_invalid")


def invite(app: Flask, role: str, place: object, *options: str) -> Result:
    args = ["invite-officer", role, str(place), *options]
    return app.test_cli_runner().invoke(args=args)


def code_for(app: Flask, place: Place, role: Role = Role.AUDITOR) -> str:
    result = invite(app, role.value, place.id)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def places(cast: Cast) -> dict[str, Place]:
    return dict(zip(LEVELS, (cast.home, cast.community, cast.subdistrict), strict=True))


@pytest.mark.parametrize("role", [role.value for role in Role])
@pytest.mark.parametrize("level", LEVELS)
def test_code_gives_the_offices_of_its_level_and_no_others(
    app: Flask, cast: Cast, role: str, level: str
):
    offices = {kind.__name__.lower(): roles for kind, roles in OFFICES_OF.items()}[level]
    place, person = places(cast)[level], cast.visitor()
    result = invite(app, role, place.id, "--until", "2199-01-01")
    if Role(role) not in offices:
        assert (result.exit_code != 0, stored(app, select(OfficeCode))) == (True, [])
        return
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}\n", result.stdout)
    answer = person.post("/me/offices", {"code": result.stdout.strip()})
    assert answer.status_code == 201, answer.text
    (office,) = person.get("/me").json["appointments"]
    assert answer.json == office
    assert (office["role"], office[f"{level}_id"]) == (role, str(place.id))
    assert (office["from"], office["until"]) == (local_date(now()).isoformat(), "2199-01-01")
    (move,) = moves_of(app, UUID(office["id"]))
    assert (move.verb, move.by) == ("appoint", person.id)


@pytest.mark.parametrize(
    "written",
    [
        str.lower,
        lambda code: code.replace("-", " "),
        lambda code: code.replace("0", "O"),
        lambda code: f" {code.replace('-', '')} ",
        lambda code: code.replace("1", "l"),
    ],
)
def test_code_is_read_as_people_write_it(app: Flask, cast: Cast, written):
    code = written(code_for(app, cast.home))
    assert cast.visitor().post("/me/offices", {"code": code}).status_code == 201


def test_code_is_good_once_and_again_for_the_same_person(app: Flask, cast: Cast):
    code, first, second = code_for(app, cast.home), cast.visitor(), cast.visitor()
    taken = first.post("/me/offices", {"code": code})
    assert first.post("/me/offices", {"code": code}).json == taken.json
    assert refusal(second.post("/me/offices", {"code": code})) == INVALID
    assert len(stored(app, select(Appointment))) == 1


def test_code_of_an_office_that_was_ended_gives_it_to_nobody_again(app: Flask, cast: Cast):
    code, person = code_for(app, cast.home), cast.visitor()
    office = person.post("/me/offices", {"code": code}).json["id"]
    assert person.post(f"/appointments/{office}/end").status_code == 200
    assert refusal(person.post("/me/offices", {"code": code})) == INVALID
    assert person.get("/me").json["appointments"] == []


def test_operator_withdraws_codes_and_ends_an_office_that_nobody_stands_above(
    app: Flask, cast: Cast
):
    """A code that fell into the wrong hands, before and after it was used."""
    run = app.test_cli_runner().invoke
    street, intruder = cast.subdistrict, cast.visitor()
    code = code_for(app, street, Role.SUBDISTRICT_OFFICER)
    taken = intruder.post("/me/offices", {"code": code}).json["id"]
    waiting = code_for(app, street, Role.SUBDISTRICT_OFFICER)
    assert "withdrawn: 1" in run(args=["withdraw-codes", str(street.id)]).output
    assert refusal(intruder.post("/me/offices", {"code": waiting})) == INVALID
    assert run(args=["end-office", taken]).exit_code == 0
    assert intruder.get("/me").json["appointments"] == []
    assert run(args=["end-office", taken]).exit_code == 1
    assert run(args=["end-office", str(uuid4())]).exit_code == 1
    verbs = [move.verb for move in moves_of(app, UUID(taken))]
    assert verbs == ["appoint", "end"]


def test_two_at_once_one_gets_it(app: Flask, cast: Cast):
    code, people = code_for(app, cast.home), [cast.visitor() for _ in range(4)]

    def take(person: Person) -> int:
        return person.post("/me/offices", {"code": code}).status_code

    with ThreadPoolExecutor(len(people)) as pool:
        assert sorted(pool.map(take, people)) == [201, 422, 422, 422]
    assert len(stored(app, select(Appointment))) == 1


@pytest.mark.parametrize("code", ["0000-0000-0000", "x", "香樟苑", "\x00", "", "0" * 41])
def test_wrong_code_tells_nothing(app: Flask, cast: Cast, code: str):
    code_for(app, cast.home)
    answer = cast.visitor().post("/me/offices", {"code": code})
    assert answer.status_code == 422
    assert stored(app, select(Appointment)) == []


def test_code_runs_out_after_seven_days(app: Flask, cast: Cast, travel):
    travel("2026-03-01T10:00:00+08:00")
    code = code_for(app, cast.home)
    person = cast.visitor()
    travel("2026-03-08T10:00:00+08:00")
    assert refusal(cast.logged_in_anew(person).post("/me/offices", {"code": code})) == INVALID


def test_office_whose_term_has_ended_meanwhile_is_not_taken(app: Flask, cast: Cast, travel):
    travel("2026-03-01T10:00:00+08:00")
    result = invite(app, "AUDITOR", cast.home.id, "--until", "2026-03-03")
    person = cast.visitor()
    travel("2026-03-03T00:00:00+08:00")
    answer = cast.logged_in_anew(person).post("/me/offices", {"code": result.stdout.strip()})
    assert refusal(answer) == INVALID


def test_database_does_not_hold_the_code(app: Flask, cast: Cast):
    code = code_for(app, cast.home)
    (row,) = stored(app, select(OfficeCode))
    kept = b"".join(str(value).encode() for value in vars(row).values()) + row.digest
    assert code.encode() not in kept
    assert code.replace("-", "").encode() not in kept


@pytest.mark.parametrize(
    ("changes", "exit_code"),
    [
        ({"place": uuid4()}, 1),
        ({"role": "RESIDENT"}, 2),
        ({"role": "OWNER"}, 2),
        ({"role": "MAYOR"}, 2),
        ({"until": "2020-01-01"}, 1),
        ({"until": date.max.isoformat()}, 0),
    ],
)
def test_invitation_to_what_cannot_be_says_so(
    app: Flask, cast: Cast, changes: dict[str, object], exit_code: int
):
    given = {"role": "AUDITOR", "place": cast.home.id, "until": "2199-01-01", **changes}
    result = invite(app, str(given["role"]), given["place"], "--until", str(given["until"]))
    assert result.exit_code == exit_code, result.output
    assert exit_code == 0 or result.stderr.strip()
    assert len(stored(app, select(OfficeCode))) == (exit_code == 0)
