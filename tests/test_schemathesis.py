"""Every operation of the OpenAPI document, called with what schemathesis makes up for it.

The document must be true: no 5xx, no status, media type or body that it does not describe.
"""

from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.api import PREFIX
from app.people.models import Role
from tests.cast import Cast, Person
from tests.documented import closed
from tests.operations import furnish

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
# Who calls, and how many calls of each operation are made up for them.
CALLERS = {"secretary who lives there": 10, "stranger": 3, "nobody": 3}


@pytest.fixture
def place(cast: Cast) -> dict[str, Any]:
    """The ids of a furnished compound, under the names that addresses use."""
    return furnish(cast, cast.home, cast.community)


@pytest.fixture
def document(app: Flask, place: dict[str, Any]) -> schemathesis.BaseSchema:
    """The document; half of the ids that are made up are replaced by those of things that exist."""
    address = f"{PREFIX}/openapi.json"
    document = schemathesis.openapi.from_dict(closed(app.test_client().get(address).json))
    document.app, document.location = app, address

    def or_real(context: Any, made_up: Any) -> st.SearchStrategy[Any]:
        return st.sampled_from([with_real_ids(made_up, place), made_up])

    document.hook("flatmap_path_parameters")(or_real)
    document.hook("flatmap_body")(or_real)
    return document


def with_real_ids(value: Any, place: dict[str, Any]) -> Any:
    """The same with ids of things that exist wherever a name asks for one."""
    if isinstance(value, list):
        return [with_real_ids(each, place) for each in value]
    if not isinstance(value, dict):
        return value
    real = {name: str(place[name]) for name in value.keys() & place.keys()}
    if "into" in value:
        real["into"] = place["matters"][0]
    if "roll" in value:
        real["roll"] = [place["resident_id"]]
    if isinstance(value.get("marks"), list):
        marks = zip(value["marks"], place["matters"], (5, 3), strict=False)
        real["marks"] = [{"weight": weight, "matter_id": matter} for _, matter, weight in marks]
    return {name: with_real_ids(each, place) for name, each in value.items()} | real


def calling(cast: Cast, who: str) -> Person | None:
    if who == "nobody":
        return None
    if who == "stranger":
        return cast.visitor()
    person = cast.resident()
    cast.appoint(person, Role.BRANCH_SECRETARY)
    return person


@pytest.mark.parametrize("who", CALLERS)
def test_operations_do_what_the_document_says(
    cast: Cast, document: schemathesis.BaseSchema, who: str, subtests: pytest.Subtests
):
    caller = calling(cast, who)
    operations = [found.ok() for found in document.get_all_operations()]
    # While voting is open more can be done, so its close comes last.
    for operation in sorted(operations, key=lambda each: each.path.endswith("/close-voting")):
        with subtests.test(operation=operation.label):
            # Logging out ends a token that the other operations need.
            ends_login = caller is not None and operation.path.endswith("/auth/logout")
            by = cast.logged_in_anew(caller) if ends_login else caller
            check(operation, {"Authorization": f"Bearer {by.token}"} if by else {}, CALLERS[who])


def check(operation: Any, headers: dict[str, str], examples: int) -> None:
    """Call the operation with made-up input, good and bad, and compare with the document."""

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of([operation.as_strategy(mode) for mode in MODES]))
    def call(case: schemathesis.Case) -> None:
        case.validate_response(case.call(headers=headers), checks=CHECKS)

    call()
