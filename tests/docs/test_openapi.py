"""What integrators build on: the names, types, words and examples of the OpenAPI document."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import marshmallow as ma
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from app.docs.pages import all_errors
from app.kit.openapi.words import ENUMS, FIELDS
from app.kit.schemas import Matches
from app.kit.web.api import PREFIX
from app.kit.web.idempotency import MAX_KEY
from tests.documented import codes_of
from tests.operations import PUBLIC_API

HERE = Path(__file__).parent
MAX_BYTES = 600_000
CHINESE, ENGLISH = re.compile("[一-鿿]"), re.compile("[A-Za-z]{2}")
# Of Python alone, or read by Python in another way: its \d takes the digits of all scripts.
NOT_ECMA = re.compile(
    r"\\[AZzGQEdDwWsSbBhHRX]|\(\?[PaiLmsux#>(+-]|\(\?<[a-zA-Z_]\w*>|[*+?}]\+|\[\[:|\(\?\|"
)
Node = Mapping[str, Any]


@pytest.fixture
def text(client: FlaskClient) -> str:
    return client.get(f"{PREFIX}/openapi.json").text


@pytest.fixture
def document(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def operations(document: Node) -> Iterator[tuple[str, Node]]:
    """Each operation as `METHOD /path`, and what the document says of it."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield f"{method.upper()} {path}", operation


def nodes(value: Any, where: str = "#") -> Iterator[tuple[str, Node]]:
    """Every object below, with its place."""
    if isinstance(value, Mapping):
        yield where, value
        for name, inner in value.items():
            yield from nodes(inner, f"{where}/{name}")
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from nodes(inner, f"{where}/{at}")


def resolved(document: Node, node: Node) -> Node:
    """The node, or what it refers to."""
    if "$ref" not in node:
        return node
    found: Any = document
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def properties(document: Node) -> Iterator[tuple[str, Node]]:
    """Every property of every schema."""
    for where, node in nodes(document["components"]["schemas"]):
        if isinstance(node.get("properties"), Mapping):
            yield from ((f"{where}/{name}", field) for name, field in node["properties"].items())


def listed(name: str) -> list[str]:
    return (HERE / name).read_text(encoding="utf-8").splitlines()


# Names


def test_operation_ids_stay_as_listed(document):
    """A renamed operation breaks every generated client: an old line never goes within a version.
    A new operation is added to the list."""
    found = sorted(f"{operation['operationId']} {name}" for name, operation in operations(document))
    assert found == listed("operation_ids.txt")


def test_operation_ids_are_unique_names(document):
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[a-z][a-z0-9_]*", each) for each in ids)


def test_operation_id_is_the_views_own_name(app: Flask, document):
    """So a view that moves to another module or address keeps it."""
    views = {endpoint.rpartition(".")[2] for endpoint in app.view_functions}
    assert {operation["operationId"] for _, operation in operations(document)} <= views


def test_schema_names_stay_as_listed(document):
    """Generated clients name their types after them."""
    found = {name for name in document["components"]["schemas"] if not name.endswith("Problem")}
    assert sorted(found) == listed("schema_names.txt")


# Types


def test_choices_have_named_enums(document):
    """One value alone, the code of a refusal, is no choice."""
    schemas = document["components"]["schemas"]
    named = {f"#/{name}" for name in schemas}
    inline = [
        where
        for where, node in nodes(schemas)
        if len(node.get("enum", "")) > 1 and where not in named
    ]
    assert inline == []
    assert all(schema["type"] == "string" for schema in schemas.values() if "enum" in schema)


def test_session_state_is_the_same_type_everywhere(document):
    schemas = document["components"]["schemas"]
    reference = {"$ref": "#/components/schemas/SessionState"}
    for name in ("SessionBrief", "TurnoutReport", "Result", "RoundTable"):
        assert schemas[name]["properties"]["state"] == reference
    assert "VOTING" in schemas["SessionState"]["enum"]


def test_nobody_must_send_what_has_a_default(document):
    """Generators take a field with a default for one that is always there."""
    schemas = document["components"]["schemas"]
    assert [where for where, field in properties(document) if "default" in field] == []
    assert schemas["CastArgs"]["required"] == ["marks"]
    assert {"nonce", "word", "expected_version"} < set(schemas["CastArgs"]["properties"])


def test_answers_may_grow_and_requests_are_strict(document):
    for name, schema in document["components"]["schemas"].items():
        strict = schema.get("additionalProperties") is False
        assert strict == (name.endswith("Args")), name


def test_upload_is_one_form_with_its_file(document):
    path = f"{PREFIX}/compounds/{{compound_id}}/attachments"
    content = document["paths"][path]["post"]["requestBody"]["content"]
    assert list(content) == ["multipart/form-data"]
    form = resolved(document, content["multipart/form-data"]["schema"])
    assert form["properties"]["file"]["format"] == "binary"
    assert "caption" in form["properties"]
    assert form["required"] == ["file"]


def patterns(document: Node) -> list[str]:
    return sorted({node["pattern"] for _, node in nodes(document) if "pattern" in node})


def test_patterns_are_read_alike_by_ecma_and_python(document):
    assert patterns(document)
    assert [each for each in patterns(document) if NOT_ECMA.search(each)] == []


@pytest.mark.parametrize(
    "pattern", [r"a\Z", r"\Aa", "(?P<y>a)", "(?i)a", "a*+", "(?>a)", r"\d", "(?#x)", "[[:alpha:]]"]
)
def test_a_pattern_of_python_alone_is_found(pattern: str):
    assert NOT_ECMA.search(pattern)


def test_patterns_compile_in_ecma(document):
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    script = "for (const p of JSON.parse(process.argv[1])) new RegExp(p, 'u')"
    subprocess.run([node, "-e", script, json.dumps(patterns(document))], check=True)


@pytest.mark.parametrize("text", ["2026-03\n", "x2026-03", "2026-03x", "２０２６-03", "2026-3"])
def test_a_pattern_holds_for_the_whole_text(text: str):
    month = Matches("20[0-9]{2}-(0[1-9]|1[0-2])")
    assert month("2026-03") == "2026-03"
    with pytest.raises(ma.ValidationError):
        month(text)


# Refusals


def test_code_is_one_of_all_codes(document):
    schemas = document["components"]["schemas"]
    reference = schemas["Problem"]["properties"]["code"]["$ref"]
    assert reference == "#/components/schemas/ProblemCode"
    assert schemas["ProblemCode"]["enum"] == sorted(error.code for error in all_errors())


def test_each_refusal_of_each_operation_has_a_type(document):
    """The words of a response name the codes that its schema takes, and no other."""
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status < "400":
                continue
            answer = resolved(document, answer)
            (content,) = answer["content"].values()
            schema = content["schema"]
            kinds = [resolved(document, each) for each in schema.get("oneOf", [schema])]
            codes = {kind["allOf"][1]["properties"]["code"]["enum"][0] for kind in kinds}
            assert codes == codes_of(answer), name


def test_what_must_be_waited_for_says_how_long(document):
    seen = set()
    for _, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status in ("429", "503"):
                assert "Retry-After" in resolved(document, answer)["headers"]
                seen.add(status)
    assert "503" in seen


def test_document_is_small(text):
    assert len(text) < MAX_BYTES
    assert len(text.encode()) < MAX_BYTES


# Words


def is_bilingual(words: str) -> bool:
    return bool(CHINESE.search(words)) and bool(ENGLISH.search(words))


def test_every_field_says_what_it_is(document):
    """By words, or by the words of the enum that it refers to, or as the one code of a refusal."""
    for where, field in properties(document):
        words = field.get("description") or resolved(document, field).get("description", "")
        assert is_bilingual(words) or len(field.get("enum", "")) == 1, where


def test_every_field_that_may_be_null_says_when(document):
    for where, field in properties(document):
        is_null = "null" in str(field.get("type")) or {"type": "null"} in field.get("anyOf", [])
        if is_null:
            assert re.search("null|optional|if left out", field["description"]), where


def test_units_are_told(document):
    for where, field in properties(document):
        name, words = where.rpartition("/")[2], field.get("description", "")
        if name.startswith("area_"):
            assert "hundredths of a square metre" in words, where
        if name in ("width", "height"):
            assert "pixels" in words, where
        if name == "expires_in":
            assert "seconds" in words, where


def test_every_parameter_says_what_it_is(document):
    for name, holder in nodes(document["paths"]):
        for parameter in holder.get("parameters", ()):
            assert is_bilingual(resolved(document, parameter)["description"]), name


def test_every_value_of_an_enum_has_its_word(document):
    for name, schema in document["components"]["schemas"].items():
        if "enum" in schema and name != "ProblemCode":
            assert is_bilingual(schema["description"]), name
            words = schema["x-enum-words"]
            assert list(words) == schema["enum"], name
            for value, each in words.items():
                assert set(each) == {"zh", "en"}, (name, value)
                assert is_bilingual(f"{each['zh']} {each['en']}"), (name, value)
                assert not CHINESE.search(each["en"]), (name, value)


def test_words_are_of_something(document):
    """A word that describes nothing any more is taken out."""
    schemas = document["components"]["schemas"]
    assert set(ENUMS) <= set(schemas)
    owners = {
        ".".join(re.findall(r"#/(\w+).*/(\w+)$", where)[0]) for where, _ in properties(document)
    }
    parameters = {node["name"] for _, node in nodes(document) if "schema" in node and "in" in node}
    names = {each.partition(".")[2] for each in owners} | parameters
    queries = {"path", "ContentArgs", "LogArgs", "DifferenceArgs"}  # stand as parameters only
    unused = {
        each
        for each in FIELDS
        if each not in names | owners and each.partition(".")[0] not in queries
    }
    assert unused == set()


def test_every_word_is_bilingual():
    for key, words in (FIELDS | ENUMS).items():
        assert "· " in words, key
        assert is_bilingual(words), key


def test_every_operation_is_introduced(document):
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    assert all(is_bilingual(words) for words in tags.values())
    for name, operation in operations(document):
        assert is_bilingual(operation["summary"]), name
        assert "\n" not in operation["summary"], name
        assert set(operation["tags"]) <= set(tags), name
        is_public = name in PUBLIC_API
        assert operation["security"] == ([] if is_public else [{"access_token": []}]), name


def test_description_tells_what_no_operation_does(app: Flask, document):
    words = document["info"]["description"]
    minutes = app.config["JWT_ACCESS_TOKEN_EXPIRES"] // 60
    days = app.config["JWT_REFRESH_TOKEN_EXPIRES"] // (24 * 3600)
    for told in (
        f"{minutes} 分钟", f"{minutes} minutes", f"{days} 天", f"{days} days",
        "wx.login", "401", "next_cursor", "application/problem+json", "Accept-Language",
        "/docs/errors", f"至多 {MAX_KEY} 个字符", f"up to {MAX_KEY} characters", "ETag",
        "If-None-Match", "RFC 3339", "Asia/Shanghai", "UUIDv7", "Retry-After", "Deprecation",
        "Sunset", "12 个月", "12 months",
    ):  # fmt: skip
        assert told in words, told
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", words))
    known = {error.code for error in all_errors()} | set(FIELDS)
    assert named - known - {"too_many_requests"} == set()


# Examples


@pytest.fixture
def validator(document):
    """Checks a value against a schema of the document."""
    root = Resource(contents=document, specification=DRAFT202012)
    registry: Registry = Registry().with_resource("urn:document", root)

    def check(schema: Node, value: Any) -> list[str]:
        text = json.dumps(schema).replace('"#/', '"urn:document#/')
        checker = Draft202012Validator(
            json.loads(text),
            registry=registry,
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )
        return [f"{error.json_path}: {error.message}" for error in checker.iter_errors(value)]

    return check


def test_every_json_body_has_a_good_example(document, validator):
    for name, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content:
            assert validator(content["schema"], content["example"]) == [], name


def test_every_answer_has_a_good_example(document, validator):
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            for kind, content in resolved(document, answer).get("content", {}).items():
                if kind.endswith("json") and "oneOf" not in content["schema"]:
                    examples = content.get("examples", {}).values()
                    values = [resolved(document, each)["value"] for each in examples]
                    for value in values or [content["example"]]:
                        assert validator(content["schema"], value) == [], f"{name} {status}"
