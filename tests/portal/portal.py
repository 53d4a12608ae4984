"""Somebody in front of a browser, and the server whose portal they look at.

Used by conftest.py and the tests. What a page does is done by clicking and typing; what is beside it (other programs,
people in their apps, applications) goes through the kit of the Python suite and plain HTTP.
"""

from __future__ import annotations

import os
import re
import sqlite3
from pathlib import Path
from typing import Any

import requests
from kit import PATIENCE_S, Server, eventually
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"
PATIENCE_MS = PATIENCE_S * 1000
# Markup as a name and as a message: shown as it is written, and never more.
NASTY_NAME = "<b>x</b>\"'&"
NASTY_TEXT = "<script>alert(1)</script><img src=x onerror=alert(2)>"

expect.set_options(timeout=PATIENCE_MS)

# Said on the console, where everything that goes wrong is looked for.
TELL_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) =>
    console.error(`CSP: ${event.violatedDirective} by ${event.blockedURI} in ${event.sourceFile}`));"""
REFUSED = re.compile(r"^Failed to load resource: the server responded with a status of (4\d\d) ")


def screenshots() -> Path:
    """Where pages are drawn to."""
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    folder = target / "portal"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Portal(Server):
    """The server, with those who may sign in."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.sessions: dict[str, str] = {}

    def owners_link(self) -> str:
        """What the first start says."""

        def look() -> str | None:
            return next((line.strip() for line in self.process.said if "/portal/welcome?code=" in line), None)

        return eventually("the owner's link", look)

    def member(self, name: str, role: str, account: int | None = None) -> str:
        on = ["--all-accounts"] if account is None else ["--account", str(account)]
        self.command("member", "add", name, "--role", role, *on, "--password-stdin", typed=PASSWORD + "\n")
        return name

    def session(self, name: str) -> str:
        """A session of a member's own; made once, since passwords are slow to check."""
        if name not in self.sessions:
            form = {"name": name, "password": PASSWORD}
            url = f"{self.url}/portal/sign-in"
            answer = requests.post(url, data=form, allow_redirects=False, timeout=PATIENCE_S)
            assert answer.status_code == 303, f"{name} can't sign in: {answer.status_code}"
            self.sessions[name] = answer.cookies["contactgram"]
        return self.sessions[name]

    def age_sessions(self, seconds: int) -> None:
        """As if everybody had signed in that much earlier: what a browser test can't wait for."""
        with sqlite3.connect(self.data / "contactgram.db", timeout=PATIENCE_S) as store:
            store.execute("UPDATE access_sessions SET created_at = created_at - ?", (seconds,))

    def get(self, path: str, token: str | None = None) -> requests.Response:
        """What another program is answered."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.get(self.url + path, headers=headers, timeout=PATIENCE_S)


class Visitor:
    """One browser window. Whatever its console says against the page is kept for the end of the test."""

    def __init__(self, browser: Browser, server: Portal, name: str | None = None, **more: Any) -> None:
        more.setdefault("viewport", {"width": 1280, "height": 860})
        self.server = server
        self.context = browser.new_context(base_url=server.url, **more)
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(TELL_VIOLATIONS)
        self.wrong: list[str] = []
        self.refusals: set[int] = set()
        self.loads = 0
        if name:
            cookie = {"name": "contactgram", "value": server.session(name), "url": server.url}
            self.context.add_cookies([cookie])
        self.page: Page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error on the page: {error}"))
        self.page.on("load", self._loaded)

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.wrong.append(message.text)

    def _loaded(self, _: Page) -> None:
        self.loads += 1

    def go(self, path: str) -> Page:
        self.page.goto(path)
        return self.page

    def menu(self, name: str) -> Page:
        self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()
        return self.page

    def press(self, name: str) -> Page:
        self.page.get_by_role("button", name=name, exact=True).click()
        return self.page

    def agree(self) -> list[str]:
        """Says yes to what the page asks from now on; the questions are added to the list."""
        asked: list[str] = []

        def answer(dialog: Any) -> None:
            asked.append(dialog.message)
            dialog.accept()

        self.page.on("dialog", answer)
        return asked

    def title(self, text: str) -> None:
        """Waits for the page with this heading."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)

    def secret(self, number: int = 1) -> str:
        """What is shown once."""
        shown = self.page.locator(f"#secret-{number}")
        expect(shown).to_be_visible()
        return shown.inner_text()

    def close(self) -> None:
        """Closes the window.

        Raises:
            AssertionError: something went wrong that the test did not mean to.
        """
        self.context.close()
        wrong = [text for text in self.wrong if not self._meant(text)]
        assert not wrong, f"said on the console: {wrong}"

    def _meant(self, text: str) -> bool:
        refused = REFUSED.match(text)
        return bool(refused) and int(refused[1]) in self.refusals
