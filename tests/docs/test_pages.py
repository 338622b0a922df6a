"""Front page, API documentation, error list and OpenAPI document, as a browser gets them."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.kit.errors import DomainError
from app.kit.web.problems import HTTP_WORDS
from tests.documented import described_answers
from tests.page import Page

PAGES = ("/", "/verify", "/docs", "/docs/errors", "/no-such-page")


def refusals(parent: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for child in parent.__subclasses__():
        yield child
        yield from refusals(child)


@pytest.mark.parametrize("path", PAGES)
def test_page_loads_own_files_only(client: FlaskClient, path: str):
    page = Page(client.get(path).text)
    loaded = [element["href"] for element in page.all("link")]
    loaded += [element["src"] for element in page.elements if element.get("src")]
    assert loaded
    for address in loaded:
        assert address.startswith("/static/")
        with client.get(address) as answer:
            assert answer.status_code == 200, address


@pytest.mark.parametrize("path", PAGES)
def test_page_links_lead_to_pages_of_ours(client: FlaskClient, path: str):
    for link in Page(client.get(path).text).all("a"):
        address = urlsplit(link["href"])
        assert (address.scheme, address.netloc) == ("", "")
        with client.get(address.path) as answer:
            assert answer.status_code == 200, link["href"]


@pytest.mark.parametrize("path", PAGES)
def test_page_holds_no_inline_script_or_style(client: FlaskClient, path: str):
    page = Page(client.get(path).text)
    assert all(script.get("src") for script in page.all("script"))
    assert not page.all("style")
    for element in page.elements:
        assert not [name for name in element.attributes if name == "style" or name[:2] == "on"]


def test_docs_policy_allows_what_swagger_ui_needs_and_no_more(client: FlaskClient):
    plain, docs = (
        set(client.get(path).headers["Content-Security-Policy"].split("; "))
        for path in ("/docs/errors", "/docs")
    )
    assert plain < docs
    assert docs - plain == {"style-src 'self' 'unsafe-inline'", "img-src 'self' data:"}


def test_docs_page_shows_our_document(client: FlaskClient):
    (place,) = Page(client.get("/docs").text).all("div", id="swagger-ui")
    assert place["data-openapi"] == "/api/v1/openapi.json"


def test_front_page_links_to_documentation(client: FlaskClient):
    links = {link["href"] for link in Page(client.get("/").text).all("a")}
    assert {"/verify", "/docs", "/docs/errors", "/api/v1/openapi.json"} <= links


def test_every_error_has_a_row_with_its_words(client: FlaskClient):
    expected = {code: (str(s), f"{zh} {en}") for s, (code, zh, en) in HTTP_WORDS.items()}
    expected |= {r.code: (str(r.status), f"{r.zh} {r.en}") for r in refusals()}
    page = Page(client.get("/docs/errors").text)
    cells = iter(cell.text for cell in page.all("td"))
    found = {row["id"]: (next(cells), next(cells)) for row in page.all("tr") if row.get("id")}
    assert found == expected


def test_error_code_has_one_meaning(app):
    meanings = {(code, status, zh, en) for status, (code, zh, en) in HTTP_WORDS.items()}
    meanings |= {(r.code, r.status, r.zh, r.en) for r in refusals()}
    codes = [code for code, *_ in meanings]
    assert sorted(codes) == sorted(set(codes))


def test_documented_refusals_have_rows(client: FlaskClient):
    described = described_answers(client.get("/api/v1/openapi.json").json)
    documented = {
        code for answers in described.values() for codes in answers.values() for code in codes
    }
    rows = {row.get("id") for row in Page(client.get("/docs/errors").text).all("tr")}
    assert "not_on_roll" in documented
    assert documented <= rows


def test_problem_type_leads_to_its_row(client: FlaskClient):
    address = urlsplit(client.get("/api/v1/no-such-thing").json["type"])
    page = Page(client.get(address.path).text)
    assert len(page.all("tr", id=address.fragment)) == 1


def test_openapi_document_is_valid(client: FlaskClient):
    answer = client.get("/api/v1/openapi.json")
    assert answer.content_type == "application/json"
    assert answer.json["openapi"].startswith("3.1.")
    assert "月月谈" in answer.text
    assert [error.message for error in OpenAPIV31SpecValidator(answer.json).iter_errors()] == []


def test_openapi_document_seen_before_is_not_sent_again(client: FlaskClient):
    seen = client.get("/api/v1/openapi.json").headers["ETag"]
    again = client.get("/api/v1/openapi.json", headers={"If-None-Match": seen})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/no-such-page", 404), ("POST", "/docs", 405), ("GET", "/board/compounds/1", 404)],
)
def test_error_of_a_page_is_a_page(client: FlaskClient, method: str, path: str, status: int):
    answer = client.open(path, method=method)
    code, zh, en = HTTP_WORDS[status]
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    page = Page(answer.text)
    assert [heading.text for heading in page.all("h1")] == [f"{zh} {en}"]
    assert page.all("a", href=f"/docs/errors#{code}")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/v1/no-such-thing", 404), ("POST", "/api/v1/openapi.json", 405)],
)
def test_error_of_the_api_is_a_problem(client: FlaskClient, method: str, path: str, status: int):
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["code"] == HTTP_WORDS[status][0]
