"""What stands after the question mark: unknown names are refused, lists are narrowed alike."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.kit.schemas import AnyOf
from tests.cast import Cast
from tests.checks import refused_fields
from tests.operations import furnish, template


def test_unknown_and_repeated_names_are_refused_by_every_operation_that_asks_who_it_is(
    cast: Cast, client: FlaskClient
):
    """Addresses without a token are opened by links, and WeChat appends names of its own."""
    ids = {
        **furnish(cast, cast.home, cast.community),
        "kind": "compounds",
        "place_id": cast.home.id,
    }
    headers = {"Authorization": f"Bearer {cast.resident().token}"}
    passed_over = []
    for rule in cast.app.url_map.iter_rules():
        asks = getattr(cast.app.view_functions[rule.endpoint], "rule", None)
        if asks is None or not asks.needs_token:
            continue
        method = min(rule.methods - {"HEAD", "OPTIONS"})
        path = template(rule.rule).format_map(ids)
        answer = client.open(path, method=method, headers=headers, query_string={"nsukey": "x"})
        where = [each["where"] for each in answer.json.get("errors", [])]
        if (answer.status_code, where) != (422, ["query.nsukey"]):
            passed_over.append((method, path, answer.status_code))
    assert passed_over == []


def test_pages_feeds_and_what_is_opened_by_links_pass_over_what_others_append(
    cast: Cast, client: FlaskClient
):
    furnish(cast, cast.home, cast.community)
    place = f"board/compounds/{cast.home.id}"
    for path in (
        f"/{place}",
        f"/api/v1/{place}/feed.json",
        f"/api/v1/{place}/feed.atom",
        "/api/v1/operator-key",
        "/verify",
        "/",
    ):
        plain = client.get(path)
        assert plain.status_code < 400, path
        appended = client.get(path, query_string={"nsukey": "x", "from": "timeline"})
        assert appended.status_code == plain.status_code, path


LISTS = {
    "matters": ("state", ["SUBMITTED", "LISTED"]),
    "sessions": ("state", ["DRAFT", "VOTING"]),
    "orders": ("doer_kind", ["PROPERTY_FIRM", "SEATED_MEMBER"]),
    "whistles": ("state", ["COLLECTED", "BLOWN"]),
}


@pytest.mark.parametrize("name", LISTS)
def test_repeated_value_asks_for_any_of_them(cast: Cast, name: str):
    furnish(cast, cast.home, cast.community)
    secretary = cast.secretary()
    path, (parameter, values) = f"/compounds/{cast.home.id}/{name}", LISTS[name]

    def found(*asked: str) -> set[str]:
        query = [*((parameter, each) for each in asked), ("limit", "100")]
        answer = secretary.get(path, query_string=query)
        assert answer.status_code == 200, answer.text
        return {each["id"] for each in answer.json["items"]}

    both = found(*values)
    assert both == found(values[0]) | found(values[1])
    assert both <= found()
    assert both
    wrong = secretary.get(path, query_string=[(parameter, values[0]), (parameter, "NONE")])
    assert refused_fields(wrong) == [f"query.{parameter}.1"]
    twice = secretary.get(path, query_string=[("limit", "1"), ("limit", "2")])
    assert refused_fields(twice) == ["query.limit"]


def test_lists_with_a_choice_of_values_let_it_be_repeated(cast: Cast):
    """No list takes one value of an enum where another list takes several."""
    single = {
        f"{rule.endpoint}: {parameter}"
        for rule in cast.app.url_map.iter_rules()
        for parameter, field in _query_fields(cast.app.view_functions[rule.endpoint])
        if hasattr(field, "enum") and not isinstance(field, AnyOf)
    }
    assert single == set()


def _query_fields(view: Any) -> list[tuple[str, Any]]:
    parameters = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
    return [
        pair
        for each in parameters
        if each["in"] == "query" and hasattr(each["schema"], "_declared_fields")
        for pair in each["schema"]._declared_fields.items()
    ]
