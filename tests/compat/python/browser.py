"""A browser without JavaScript: follows redirects, keeps cookies, fills forms in and presses their buttons.

Used by the tests that have a person agree to something. Knows nothing of the pages but their forms.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

PATIENCE_S = 60


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.select: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        about = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append(Form(about.get("action", "")))
            return
        if not self.forms:
            return
        form = self.forms[-1]
        if tag == "input" and "name" in about:
            form.fields[about["name"]] = about.get("value", "")
        elif tag == "button" and "name" in about:
            form.buttons.append((about["name"], about.get("value", "")))
        elif tag == "select":
            self.select = about.get("name")
        elif tag == "option" and self.select and self.select not in form.fields:
            form.fields[self.select] = about.get("value", "")


class Browser:
    def __init__(self) -> None:
        self.session = requests.Session()

    def agree(self, address: str, callback: str, name: str, password: str) -> str:
        """Goes to `address`, signs in where that is asked and agrees; returns where it is sent, at `callback`."""
        answer = self.session.get(address, allow_redirects=False, timeout=PATIENCE_S)
        for _ in range(12):
            if answer.is_redirect:
                target = urljoin(answer.url, answer.headers["Location"])
                if target.startswith(callback):
                    return target
                answer = self.session.get(target, allow_redirects=False, timeout=PATIENCE_S)
                continue
            answer = self.submit(answer, name, password)
        raise AssertionError(f"never sent back: {answer.url} {answer.text}")

    def submit(self, answer: requests.Response, name: str, password: str) -> requests.Response:
        assert answer.ok, f"{answer.url}: {answer.status_code} {answer.text}"
        page = Forms()
        page.feed(answer.text)
        known = {"name": name, "password": password}
        for form in page.forms:
            is_question = ("answer", "allow") in form.buttons
            if "password" not in form.fields and not is_question:
                continue
            fields = form.fields | {key: value for key, value in known.items() if key in form.fields}
            if is_question:
                fields["answer"] = "allow"
            origin = "/".join(answer.url.split("/")[:3])
            return self.session.post(
                urljoin(answer.url, form.action),
                data=fields,
                headers={"Origin": origin, "Referer": answer.url},
                allow_redirects=False,
                timeout=PATIENCE_S,
            )
        raise AssertionError(f"no form to fill in: {answer.url} {answer.text}")
