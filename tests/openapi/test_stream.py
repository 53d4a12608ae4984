"""The stream of updates, whose answer has no end: what Schemathesis can't wait for, by hand."""

from __future__ import annotations

import json
import threading
from typing import Any

import requests
from jsonschema import Draft202012Validator
from kit import PATIENCE_S
from stage import Stage


def test_the_stream_sends_what_the_document_says(stage: Stage, document: dict[str, Any]) -> None:
    told = document["paths"]["/updates/stream"]["get"]["responses"]["200"]
    update = {"$ref": "#/components/schemas/Update", "components": document["components"]}
    headers = {"Authorization": f"Bearer {stage.demo.token}"}
    with requests.get(f"{stage.url}/v1/updates/stream", headers=headers, stream=True, timeout=PATIENCE_S) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] in told["content"]
        assert answer.headers["X-Request-Id"]
        # What happens while it is open comes through it.
        threading.Thread(target=stage.write, args=("to the stream",)).start()
        seen = next(event for event in events(answer) if "data" in event)
    body = json.loads(seen["data"])
    assert not list(Draft202012Validator(update).iter_errors(body))
    assert seen["id"] == str(body["update_id"]) and body["message"]["text"] == "to the stream"


def test_what_the_stream_refuses_is_documented(stage: Stage, document: dict[str, Any]) -> None:
    told = document["paths"]["/updates/stream"]["get"]["responses"]
    failure = {"$ref": "#/components/schemas/Failure", "components": document["components"]}
    address, bearer = f"{stage.url}/v1/updates/stream", f"Bearer {stage.demo.token}"
    for headers, parameters in [
        ({}, {}),
        ({"Authorization": "Bearer 1:x"}, {}),
        ({"Authorization": bearer}, {"last_event_id": "x"}),
        ({"Authorization": bearer, "Last-Event-ID": "x"}, {}),
        ({"Authorization": bearer}, {"allowed_updates": "["}),
    ]:
        answer = requests.get(address, headers=headers, params=parameters, timeout=PATIENCE_S, stream=True)
        assert str(answer.status_code) in told and answer.status_code >= 400, f"{parameters}: {answer.status_code}"
        assert not list(Draft202012Validator(failure).iter_errors(answer.json()))


def events(answer: requests.Response) -> Any:
    """Server-sent events as they come; comments are none."""
    event: dict[str, str] = {}
    for line in answer.iter_lines(decode_unicode=True):
        if line == "":
            yield event
            event = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            event[name] = value.removeprefix(" ")
