"""The finished OpenAPI document: what can only be said once all operations are known."""

import inspect
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from app.kit.openapi.refusals import camel
from app.kit.openapi.words import FOLDER, words_for_path

PART_ORDER = ("openapi", "info", "servers", "tags", "paths", "components")
METHODS = frozenset({"get", "put", "post", "patch", "delete"})

Node = dict[str, Any]


def finish(document: Node, *, site: str, codes: Iterable[str], kinds: Mapping[str, type]) -> Node:
    """The document as clients get it; changes and returns what apispec wrote.

    `site` is the address of whoever runs this server, `codes` are all codes of errors, and `kinds`
    are the classes of schemas by their names in the document.
    """
    schemas = document["components"]["schemas"]
    schemas["ProblemCode"] = _problem_code(codes)
    schemas["Problem"]["properties"]["code"] = {"$ref": "#/components/schemas/ProblemCode"}
    for name, schema in schemas.items():
        _prepare_schema(name, schema)
    _extend_schemas(schemas, kinds)
    _describe_schemas(schemas, kinds)
    for path in document["paths"].values():
        _describe_parameters(path)
    for operation in operations_of(document):
        _describe_parameters(operation)
        _share_example(operation, document["components"])
    _share_parameters(document)
    _share_responses(document)
    document["info"] |= {"description": about(), "contact": _contact(site)}
    document["servers"] = [{"url": "/", "description": "本站 · This server"}]
    return {part: document[part] for part in PART_ORDER}


def _contact(site: str) -> Node:
    return {"name": "月月谈", "url": site} if site else {"name": "月月谈"}


def about() -> str:
    """What a client has to know besides the operations, in Markdown."""
    return (FOLDER / "about.md").read_text(encoding="utf-8")


def operations_of(document: Node) -> Iterator[Node]:
    """All operations of a document."""
    for path in document["paths"].values():
        yield from (operation for method, operation in path.items() if method in METHODS)


def _prepare_schema(name: str, schema: Node) -> None:
    for field in schema.get("properties", {}).values():
        # Clients are generated from this: one that sees a default takes the field for always sent.
        field.pop("default", None)
    if not name.endswith("Args"):
        # An answer may get more fields within a version; in a request they are refused.
        schema.pop("additionalProperties", None)


def _extend_schemas(schemas: Node, kinds: Mapping[str, type]) -> None:
    """Write an answer with all fields of another as that one and its own fields."""
    names = {kind: name for name, kind in kinds.items()}
    whole = {name: schema for name, schema in schemas.items() if not name.endswith("Args")}
    for name, schema in whole.items():
        kind = kinds.get(name, object)
        parent = names.get(kind.__mro__[1]) if kind is not object else None
        fields = whole[parent].get("properties", {}) if parent in whole else {}
        if fields and fields.items() <= schema["properties"].items():
            schemas[name] = {"allOf": [{"$ref": f"#/components/schemas/{parent}"}]}
            schemas[name]["allOf"].append(_without(schema, fields))


def _without(schema: Node, fields: Node) -> Node:
    own = {name: field for name, field in schema["properties"].items() if name not in fields}
    required = [name for name in schema.get("required", ()) if name in own]
    return {"type": "object", "properties": own, **({"required": required} if required else {})}


def _describe_schemas(schemas: Node, kinds: Mapping[str, type]) -> None:
    for name, kind in kinds.items():
        words = vars(kind).get("__doc__")
        if words and name in schemas:
            schemas[name] = {"description": inspect.cleandoc(words), **schemas[name]}


def _problem_code(codes: Iterable[str]) -> Node:
    return {
        "type": "string",
        "enum": sorted(codes),
        "description": "错误代码，含义见 /docs/errors · The code of an error, see /docs/errors",
    }


def _describe_parameters(holder: Node) -> None:
    for parameter in holder.get("parameters", ()):
        words = words_for_path(parameter.get("name", "")) if "schema" in parameter else None
        if words and "description" not in parameter:
            parameter["description"] = words


def _share_example(operation: Node, components: Node) -> None:
    """Write the example of an answer once for its schema."""
    examples = components.setdefault("examples", {})
    for status, response in operation["responses"].items():
        for content in response.get("content", {}).values():
            name = _schema_name(content.get("schema", {}))
            if status < "300" and name and "example" in content:
                example = {"value": content["example"]}
                if examples.setdefault(name, example) == example:
                    del content["example"]
                    content["examples"] = {"answer": {"$ref": f"#/components/examples/{name}"}}


def _share_parameters(document: Node) -> None:
    """Write a parameter that several operations have once, under its name."""
    holders = [*document["paths"].values(), *operations_of(document)]
    lists = [holder["parameters"] for holder in holders if holder.get("parameters")]
    counts = Counter(_as_key(each) for each in chain(*lists) if "name" in each)
    shared = document["components"]["parameters"]
    for key, count in counts.most_common():
        parameter = json.loads(key)
        if count > 1:
            shared.setdefault(parameter["name"], parameter)
    for parameters in lists:
        for at, each in enumerate(parameters):
            if "name" in each and shared.get(each["name"]) == each:
                parameters[at] = {"$ref": f"#/components/parameters/{each['name']}"}


def _share_responses(document: Node) -> None:
    """Write a refusal that several operations share once, under its codes."""
    responses = [operation["responses"] for operation in operations_of(document)]
    told = chain(*(each.values() for each in responses))
    counts = Counter(_as_key(each) for each in told if "$ref" not in each)
    shared = document["components"]["responses"]
    for each in responses:
        for status, response in each.items():
            if status >= "400" and counts[_as_key(response)] > 1:
                name = "Or".join(map(camel, re.findall(r"`(\w+)`", response["description"])))
                shared[name] = response
                each[status] = {"$ref": f"#/components/responses/{name}"}


def _as_key(node: Node) -> str:
    return json.dumps(node, sort_keys=True, ensure_ascii=False)


def _schema_name(schema: Node) -> str | None:
    many = schema.get("type") == "array"
    reference: str = (schema["items"] if many else schema).get("$ref", "")
    return reference.rpartition("/")[2] + ("List" if many else "") if reference else None
