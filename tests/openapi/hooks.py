"""What Schemathesis is told beside the document: which credential each form of the API takes, what must not leave this machine, and which
of its findings are no bugs.

Schemathesis loads it (`schemathesis.toml` names it). No check is switched off: `filter_failure` drops a finding where `conventions` or
`refusals` has the reason, and everything else fails the run.
"""

from __future__ import annotations

import atexit
import copy
import itertools
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import conventions
import refusals
import requests
import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import RejectedPositiveData

VERBS = ("get", "post", "put", "patch", "delete")
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
# Nobody listens there.
NOWHERE = "http://127.0.0.1:9/hook"

# Contacts line by line: text as any other.
schemathesis.serializer.alias("application/x-ndjson", "text/plain")


@schemathesis.hook
def before_load_schema(context: HookContext, raw_schema: dict[str, Any]) -> None:
    """The document says at once what both forms take: without a token in a header it is in the path. Here one form at a time is tried,
    so that a route that forgets to ask for it is found."""
    conventions.learn(copy.deepcopy(raw_schema))
    in_path = os.environ["CONTACTGRAM_FORM"] == "path"
    if in_path:
        raw_schema["servers"].reverse()
    for item in raw_schema["paths"].values():
        at_root = "servers" in item
        for operation in (item[verb] for verb in VERBS if verb in item):
            ways = operation.get("security", raw_schema["security"])
            if at_root:
                # An application may also say in the form who it is: that is for the tests of OAuth.
                operation["security"] = [way for way in ways if way and "bearer" not in way]
            else:
                operation["security"] = [] if in_path else [way for way in ways if "bearer" in way]


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    if case.meta and case.meta.generation.mode.is_positive and isinstance(case.query, dict):
        for parameter in case.operation.query:
            if "content" in parameter.definition and parameter.name in case.query:
                case.query[parameter.name] = once(case.query[parameter.name])
    if case.media_type in (FORM, MULTIPART) and isinstance(case.body, dict):
        for name, value in case.body.items():
            if value is None:
                # A form has no null: the document's introduction says what stands for it.
                case.body[name] = ""
            elif case.media_type == FORM and isinstance(value, dict | list):
                # The document says `application/json` of these; Schemathesis would repeat a list's name and spread an object.
                case.body[name] = json.dumps(value)
    go_deep(case)
    for part in (case.query, case.body):
        if isinstance(part, dict):
            tame(part)


numbers = itertools.count(1)


def go_deep(case: Case) -> None:
    """What would be answered from a key that was used before, or only put into the outbox, is seldom so."""
    number = next(numbers)
    negated = case.meta is not None and case.meta.is_negative_at(ParameterLocation.HEADER)
    if case.headers and "Idempotency-Key" in case.headers and not negated and number % 16:
        case.headers["Idempotency-Key"] = f"key-{number}"
    for part in (case.query, case.body):
        if isinstance(part, dict) and "send_at" in part and number % 4:
            del part["send_at"]


def once(text: Any) -> Any:
    """JSON text of JSON text, as the examples phase makes it of values that it fills in, as JSON text."""
    try:
        inner = json.loads(text)
        json.loads(inner)
    except (TypeError, ValueError):
        return text
    return inner


def tame(part: dict[str, Any]) -> None:
    """Nothing waits, and no webhook is sent to another machine."""
    if "timeout" in part:
        part["timeout"] = 0
    url = part.get("url")
    if isinstance(url, str) and ("." in url or "//" in url):
        part["url"] = NOWHERE
    if "ip_address" in part:
        part["ip_address"] = "127.0.0.1"


requests_made: Counter[tuple[str, int]] = Counter()


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:
    """Counts, and puts the account back into the group that it left, or nothing more would be tried there."""
    requests_made[case.operation.label, response.status_code] += 1
    if case.operation.path == "/leaveChat" and response.status_code == 200:
        address = urlsplit(response.request.url)
        requests.post(
            f"{address.scheme}://{address.netloc}/admin/groups/{os.environ['CONTACTGRAM_GROUP']}/members",
            json={"user_id": int(os.environ["CONTACTGRAM_TOKEN"].split(":")[0])},
            headers={"Authorization": f"Bearer {os.environ['CONTACTGRAM_ADMIN']}"},
            timeout=60,
        )


@atexit.register
def tell() -> None:
    """How often each operation answered with what."""
    told: dict[str, dict[str, int]] = {}
    for (label, status), times in sorted(requests_made.items()):
        told.setdefault(label, {})[str(status)] = times
    if to := os.environ.get("CONTACTGRAM_COUNTS"):
        Path(to).write_text(json.dumps(told, indent=1))


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    """Whether it is a finding."""
    if isinstance(failure, RejectedPositiveData):
        return refusals.reason(response) is None
    if isinstance(failure, AcceptedNegativeData):
        return conventions.reason(failure, case, response) is None
    return True
