"""Why a request that the document does not describe is answered all the same.

`hooks` asks it about each such answer. The introduction of the document says each of these conventions; here they are as code, so that
what goes beyond them is a finding.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft202012Validator
from schemathesis import Case, Response
from schemathesis.core.failures import AcceptedNegativeData

# Methods of this server's own; all others are Telegram's, and read their parameters as it does.
OWN_METHODS = {"/getMessages", "/getContact", "/getContacts", "/addContact", "/editContact", "/deleteContact"}
METHOD = re.compile(r"^/([a-z]+[A-Z]\w*|close)?$")

# What contacts come in from.
FILES = {"text/vcard", "text/csv", "application/x-ndjson"}

document: dict[str, Any] = {}


def learn(served: dict[str, Any]) -> None:
    document.update(served)


def reason(failure: AcceptedNegativeData, case: Case, response: Response) -> str | None:
    """Why it is no finding."""
    if response.status_code >= 400:
        # Too long (413, 431), another version (412), too old (410): that they are documented, another check sees to.
        return "it was refused, with a status that Schemathesis does not count"
    if response.status_code == 202:
        return "what goes out later is looked at when it goes out; the document says that its entry in the outbox tells what is wrong"
    if case.media_type in FILES:
        return "a file of contacts is text: whatever is made of another value is text, too, and its lines are judged one by one"
    if METHOD.match(case.operation.path) and case.operation.path not in OWN_METHODS and not lacks(case, response):
        return "Telegram's methods take the nearest number of a range, `abc` for 0 and anything for false, and so do ours"
    if reads_as_valid(case, response):
        return "the introduction says how it is read: null is absent, numbers and booleans may be text, unknown parameters are passed over"
    return None


def lacks(case: Case, response: Response) -> bool:
    """Whether it lacks a parameter that the document requires."""
    sent = {name for name, value in whole(response).items() if value not in (None, "")}
    return bool(required(case) - sent)


def reads_as_valid(case: Case, response: Response) -> bool:
    """Whether the document describes what a request means to the server."""
    schema = expected(case)
    return Draft202012Validator(rooted(schema)).is_valid(as_read(schema, whole(response)))


def whole(response: Response) -> dict[str, Any]:
    """Every parameter that was sent, the query's first."""
    request = response.request
    # The first of a name counts.
    all_pairs = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
    kind = request.headers.get("Content-Type") or ""
    kind = kind.decode() if isinstance(kind, bytes) else kind
    sent: dict[str, Any] = {}
    if "json" in kind and body.strip():
        read = json.loads(body)
        sent = dict(read) if isinstance(read, dict) else {"": read}
    elif "urlencoded" in kind:
        all_pairs += parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    elif "multipart" in kind:
        all_pairs += parts(kind, body)
    for name, value in reversed(all_pairs):
        sent[name] = value
    return sent


def parts(kind: str, body: bytes) -> list[tuple[str, str]]:
    """The text of each part of a multipart body."""
    boundary = kind.partition("boundary=")[2].strip('"').encode()
    found = []
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        found.append(((name[1] if name else b"").decode("utf-8", "replace"), content.removesuffix(b"\r\n").decode("utf-8", "replace")))
    return found


def expected(case: Case) -> dict[str, Any]:
    """One object schema for all parameters of an operation, in the query and in the body."""
    operation = document["paths"][case.operation.path][case.operation.method.lower()]
    properties: dict[str, Any] = {}
    must: set[str] = set()
    for parameter in map(resolved, operation.get("parameters", [])):
        if parameter["in"] == "query":
            content = parameter.get("content", {}).get("application/json", parameter)
            properties[parameter["name"]] = content["schema"]
            must |= {parameter["name"]} if parameter.get("required") else set()
    body = operation.get("requestBody")
    if body:
        schema = resolved(next(iter(body["content"].values()))["schema"])
        properties |= schema.get("properties", {})
        must |= set(schema.get("required", []))
    return {"type": "object", "properties": properties, "required": sorted(must)}


def required(case: Case) -> set[str]:
    return set(expected(case)["required"])


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        found: Any = document
        for key in schema["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        schema = found
    return schema


def rooted(schema: dict[str, Any]) -> dict[str, Any]:
    """With what its references lead to."""
    return {**schema, "components": document["components"]}


def as_read(schema: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """Parameters as the server understands them."""
    read = {}
    for name, value in sent.items():
        about = resolved(schema["properties"].get(name, {}))
        kinds = about.get("type", [])
        kinds = {kinds} if isinstance(kinds, str) else set(kinds)
        if name == "labels" and isinstance(value, str) and not value.lstrip().startswith("["):
            # In a form they may be one text with commas, and of several of one name the first counts.
            value = [label for label in map(str.strip, value.split(",")) if label]
        value = without_null(understood(value, kinds))
        if value is not None or "null" in kinds:
            read[name] = value
    return read


def without_null(value: Any) -> Any:
    """The same without what is null inside it."""
    if isinstance(value, dict):
        return {name: without_null(inner) for name, inner in value.items() if inner is not None}
    return value


def understood(value: Any, kinds: set[str]) -> Any:
    if isinstance(value, str):
        text = value.strip()
        if "string" in kinds:
            # Names, numbers and addresses are trimmed.
            return text
        if not text:
            return None
        if "integer" in kinds and re.fullmatch(r"-?\d+", text):
            return int(text)
        if "boolean" in kinds and text.lower() in ("true", "yes", "1", "false", "no", "0"):
            return text.lower() in ("true", "yes", "1")
        if not kinds & {"integer", "boolean"}:
            try:
                return json.loads(text)
            except ValueError:
                return value
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and "boolean" in kinds and value in (0, 1):
        return bool(value)
    if is_number and "string" in kinds and "integer" not in kinds:
        return str(value)
    return value
