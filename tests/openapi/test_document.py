"""The document by itself: an independent validator reads it, and its own examples are what it says."""

from __future__ import annotations

import json
from typing import Any, Iterator

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from stage import ROOT

VERBS = ("get", "post", "put", "patch", "delete")


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    wrong = [f"{list(error.absolute_path)}: {error.message}" for error in OpenAPIV31SpecValidator(document).iter_errors()]
    assert not wrong, wrong


def test_the_server_serves_the_document_of_the_repository(document: dict[str, Any]) -> None:
    assert document == json.loads((ROOT / "docs/openapi.json").read_text())


def test_each_schema_is_json_schema(document: dict[str, Any]) -> None:
    schemas = list(every_schema(document))
    assert len(schemas) > 200
    for schema in schemas:
        Draft202012Validator.check_schema(schema)


def test_each_example_is_what_its_schema_says(document: dict[str, Any]) -> None:
    wrong, seen = [], 0
    for where, schema, example in every_example(document):
        seen += 1
        rooted = {**schema, "components": document["components"]}
        wrong += [f"{where}: {error.message[:200]}" for error in Draft202012Validator(rooted).iter_errors(example)]
    assert not wrong, "\n".join(wrong)
    assert seen > 250, f"only {seen} examples were found"


def test_each_operation_with_a_body_shows_an_example(document: dict[str, Any]) -> None:
    # `rotate` takes an optional secret, an upstream's update is Telegram's, and OAuth's bodies are forms.
    without = {"rotateWebhookSecret", "receiveUpdate", "issueToken", "revokeToken", "introspectToken"}
    bare = set()
    for _, operation in operations(document):
        content = operation.get("requestBody", {}).get("content")
        if content and not any("example" in media for media in content.values()):
            bare.add(operation["operationId"])
    assert bare == without


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for verb in VERBS:
            if verb in item:
                yield f"{verb.upper()} {path}", item[verb]


def nodes(value: Any, where: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the document that is no part of an example."""
    if isinstance(value, dict):
        yield where, value
        for key, inner in value.items():
            if key not in ("example", "examples", "default", "enum"):
                yield from nodes(inner, f"{where}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from nodes(inner, f"{where}/{index}")


def every_schema(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for _, node in nodes(document):
        if isinstance(node.get("schema"), dict):
            yield node["schema"]
    yield from document["components"]["schemas"].values()


def every_example(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Where it is, its schema and itself."""
    for where, node in nodes(document):
        # A media type or a parameter, with a schema beside the example.
        if "example" in node and isinstance(node.get("schema"), dict):
            yield where, node["schema"], node["example"]
        # A schema with examples of itself.
        if isinstance(node.get("examples"), list):
            for example in node["examples"]:
                yield where, {key: value for key, value in node.items() if key != "examples"}, example
        if "default" in node and "type" in node:
            yield where, node, node["default"]
