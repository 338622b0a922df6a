"""Every operation has its place in the table of limits, and is limited as that says."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import limits
from app.kit.web.api import PREFIX
from app.limits import LIMITS, OPERATIONS, By, Use, use_of
from tests.cast import Cast, Person
from tests.operations import template

CLIENT = {"X-Forwarded-For": "203.0.113.7"}


def operations(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Endpoint, method and rule of everything that is served."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, rule.rule


def test_every_operation_is_in_the_table_and_nothing_else(application: Flask):
    assert set(OPERATIONS) == {endpoint for endpoint, _, _ in operations(application)}


def test_what_writes_is_limited_but_for_casting(application: Flask):
    free = {e for e, method, _ in operations(application) if method != "GET" and not limited(e)}
    assert free == {"ballots.cast_ballot"}


def test_what_phones_poll_is_not_counted():
    polled = ("read_turnout", "read_result", "read_ballot", "cast_ballot")
    assert not any(limited(f"ballots.{view}") for view in polled)


def limited(endpoint: str) -> bool:
    return bool(LIMITS[OPERATIONS[endpoint]])


def test_operation_that_nobody_put_into_the_table_is_limited_where_it_writes():
    assert [use_of("new.view", method) for method in ("GET", "POST")] == [Use.READ, Use.WRITE]


def test_description_names_429_where_it_can_come(application: Flask, client: FlaskClient):
    document = client.get(f"{PREFIX}/openapi.json").json
    described = document["paths"]
    for endpoint, method, rule in operations(application):
        operation = described.get(template(rule), {}).get(method.lower())
        if operation is not None:
            answer = operation["responses"].get("429")
            assert (answer is not None) == limited(endpoint), endpoint
            if answer is not None:
                name = answer.get("$ref", "").rpartition("/")[2]
                answer = document["components"]["responses"].get(name, answer)
                assert "too_many_requests" in answer["description"]


@pytest.fixture
def limits_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same table, but once is the most."""
    once = {use: tuple(replace(e, amount=1) for e in LIMITS[use]) for use in Use}
    monkeypatch.setattr("app.limiter.LIMITS", once)


def ask(app: Flask, endpoint: str, method: str, person: Person, address: str) -> TestResponse:
    """The same request for this operation each time, of things that do not exist."""
    arguments = next(app.url_map.iter_rules(endpoint)).arguments
    values: dict[str, Any] = {name: ABSENT.get(name, ID) for name in arguments}
    path = app.url_map.bind("localhost").build(endpoint, values, method=method)
    headers = {"X-Forwarded-For": address, "Authorization": f"Bearer {person.token}"}
    return app.test_client().open(path, method=method, headers=headers, buffered=True)


ID = uuid4()
ABSENT = {"kind": "compounds", "kind_of_feed": "json", "serial": "1", "filename": "site.css"}


def test_second_use_is_refused_exactly_where_the_table_counts_it(
    app: Flask, cast: Cast, limits_of_one: None
):
    """All operations, each by somebody of their own at an address of their own."""
    seen = set()
    for number, (endpoint, method, rule) in enumerate(operations(app)):
        person, address = cast.visitor(), f"203.0.{113 + number // 250}.{1 + number % 250}"
        first, second = (ask(app, endpoint, method, person, address) for _ in range(2))
        limits_of_it = LIMITS[OPERATIONS[endpoint]]
        counted = any(first.status_code in each.counts for each in limits_of_it)
        assert first.status_code != 429, endpoint
        assert (second.status_code == 429) == counted, endpoint
        if counted and rule.startswith(PREFIX):
            assert_refused(second)
        seen |= {each.by for each in limits_of_it if counted}
    assert seen == set(By) - {By.LOGIN_AND_THING}  # counts what is done: a test of its own


def assert_refused(answer: TestResponse) -> None:
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= limits.DAY
    assert answer.json["code"] == "too_many_requests"
    assert answer.mimetype == "application/problem+json"
    assert answer.json["title"] == "操作太频繁，请稍后再试"


def test_retry_after_comes_with_refusals_alone(app: Flask, cast: Cast):
    person = cast.visitor()
    for _ in range(20):
        answer = person.post("/residences", {"compound_id": str(ID)}, headers=CLIENT)
        assert answer.status_code == 422
        assert not {"Retry-After", "X-RateLimit-Limit"} & set(answer.headers)
    assert_refused(person.post("/residences", {}, headers=CLIENT))
    english = person.post("/residences", {}, headers={**CLIENT, "Accept-Language": "en"})
    assert english.json["title"] == "Too many requests, try again later"
    # another person behind the same address, and what is no claim, go on
    assert cast.visitor().post("/residences", {}, headers=CLIENT).status_code == 422
    assert person.get("/me", headers=CLIENT).status_code == 200


def test_wrong_codes_are_counted_and_right_ones_are_not(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
):
    path = f"/sessions/{ID}/attendance"
    guesser = cast.visitor()
    answers = [guesser.post(path, {"code": f"{n}"}, headers=CLIENT) for n in range(11)]
    assert [answer.status_code for answer in answers] == [*[404] * 10, 429]
    monkeypatch.setitem(app.view_functions, "deliberation.arrive", lambda session_id: "")
    honest = cast.visitor()
    assert {honest.post(path, {}, headers=CLIENT).status_code for _ in range(12)} == {200}


def test_vote_is_replaced_twenty_times_and_another_vote_goes_on(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
):
    voter, first, second = cast.visitor(), f"/resolutions/{ID}/vote", f"/resolutions/{uuid4()}/vote"
    assert {voter.put(first, {}, headers=CLIENT).status_code for _ in range(30)} == {422}
    monkeypatch.setitem(app.view_functions, "resolutions.cast_vote", lambda resolution_id: "")
    answers = [voter.put(first, {}, headers=CLIENT).status_code for _ in range(22)]
    assert answers == [*[200] * 21, 429]
    assert voter.put(second, {}, headers=CLIENT).status_code == 200
    assert cast.visitor().put(first, {}, headers=CLIENT).status_code == 200


def test_page_says_so_in_words(app: Flask, limits_of_one: None, start: Any):
    app = start(people_behind_one_address=1)
    poster = f"/board/notices/{ID}/poster.pdf"
    first, second = (app.test_client().get(poster, headers=CLIENT) for _ in range(2))
    assert first.status_code == 404
    assert second.status_code == 429
    assert second.mimetype == "text/html"
    assert "操作太频繁" in second.text
    assert int(second.headers["Retry-After"]) >= 1
