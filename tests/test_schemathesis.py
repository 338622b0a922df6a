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

from app.kit.web.api import PREFIX
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
ADDRESS = f"{PREFIX}/openapi.json"
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
# Who calls, and how many calls of each operation are made up for them.
CALLERS = {"secretary who lives there": 10, "stranger": 3, "nobody": 3}


class Document:
    """The document and what makes up calls of its operations: made once, since making the
    strategies takes longer than drawing from them. `place` has the ids of things that exist; half
    of those that are made up are replaced by them."""

    def __init__(self, app: Flask) -> None:
        self.place: dict[str, Any] = {}
        self._schema = schemathesis.openapi.from_dict(closed(app.test_client().get(ADDRESS).json))
        self._schema.app, self._schema.location = app, ADDRESS

        def or_real(context: Any, made_up: Any) -> st.SearchStrategy[Any]:
            return st.sampled_from([with_real_ids(made_up, self.place), made_up])

        self._schema.hook("flatmap_path_parameters")(or_real)
        self._schema.hook("flatmap_body")(or_real)
        operations = [found.ok() for found in self._schema.get_all_operations()]
        self._calls = {
            each.label: st.one_of([each.as_strategy(mode) for mode in MODES]) for each in operations
        }
        # While voting is open more can be done, so its close comes last.
        self.labels = sorted(self._calls, key=lambda each: each.endswith("/close-voting"))

    def calls(self, label: str) -> st.SearchStrategy[schemathesis.Case]:
        """Calls of this operation, good and bad."""
        return self._calls[label]


@pytest.fixture(scope="session")
def documents() -> list[Document]:
    """The document, as soon as an application has told it."""
    return []


@pytest.fixture
def document(app: Flask, cast: Cast, documents: list[Document]) -> Document:
    """The document, which is the same for both engines, with the ids of a furnished compound."""
    if not documents:
        documents.append(Document(app))
    (document,) = documents
    document.place = furnish(cast, cast.home, cast.community)
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
    cast: Cast, document: Document, who: str, subtests: pytest.Subtests
):
    caller = calling(cast, who)
    for label in document.labels:
        with subtests.test(operation=label):
            # Logging out ends a token that the other operations need.
            ends_login = caller is not None and label.endswith("/auth/logout")
            by = cast.logged_in_anew(caller) if ends_login else caller
            headers = {"Authorization": f"Bearer {by.token}"} if by else {}
            check(document.calls(label), cast.app, headers, CALLERS[who])


def check(
    calls: st.SearchStrategy[schemathesis.Case],
    app: Flask,
    headers: dict[str, str],
    examples: int,
) -> None:
    """Make some of the calls to the application, and compare the answers with the document."""

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=calls)
    def call(case: schemathesis.Case) -> None:
        case.validate_response(case.call(app=app, headers=headers), checks=CHECKS)

    call()
