"""A contactgram server of the suite's own, and the people who talk to its accounts.

Used by conftest.py and the tests, and by those of the portal. Speaks to the program only as an operator could: by its command line, its
standard output and the admin API.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, TypeVar

import requests

if TYPE_CHECKING:
    from telegram import Bot, Update

HERE = Path(__file__).resolve().parent
ADMIN_TOKEN = "admin-token-of-the-python-suite-0123456789"
# For a loaded machine: whatever works takes a fraction of it.
PATIENCE_S = 60

T = TypeVar("T")


def program() -> Path:
    """CONTACTGRAM_BIN, or what `cargo build` makes."""
    named = os.environ.get("CONTACTGRAM_BIN")
    return Path(named) if named else HERE.parents[2] / "target/debug/contactgram"


def environment(**more: str) -> dict[str, str]:
    """Ours without the variables that steer tests: the server takes an unknown one for a mistyped setting."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONTACTGRAM_")}
    return kept | more


def eventually(what: str, look: Callable[[], T | None]) -> T:
    """Looks until there is something to see."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(0.05)
    raise AssertionError(f"never seen: {what}")


class Process:
    """A child that is ended with the test; its standard error goes to a file that a failure can show."""

    def __init__(self, command: list[str], **more: str) -> None:
        self.log = tempfile.TemporaryFile("w+")
        # What it said after the last line that somebody waited for.
        self.said: list[str] = []
        self.child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True, env=environment(**more)
        )

    def until(self, prefix: str) -> str:
        """Reads lines until one holds `prefix`; returns what follows it. Goes on reading in the background."""
        for line in self.child.stdout:
            _, found, rest = line.partition(prefix)
            if found:
                threading.Thread(target=self.said.extend, args=(self.child.stdout,), daemon=True).start()
                return rest.strip()
        raise AssertionError(f"{self.child.args} ended before it said {prefix!r}:\n{self.errors()}")

    def errors(self) -> str:
        self.log.seek(0)
        return self.log.read()

    def stop(self) -> int:
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(PATIENCE_S)
        finally:
            self.child.kill()


class Server:
    def __init__(self, folder: Path, *arguments: str) -> None:
        self.data = folder / "data"
        self.process = Process(
            [str(program()), "serve", "--data", str(self.data), "--listen", "127.0.0.1:0", *arguments],
            CONTACTGRAM_ADMIN_TOKEN=ADMIN_TOKEN,
            CONTACTGRAM_WEBHOOKS_ALLOW_PRIVATE="true",
        )
        self.url = self.process.until("listening on ").split()[0].rstrip("/")

    def stop(self) -> int:
        return self.process.stop()

    def account(self, name: str, *arguments: str) -> Account:
        made = self.command("account", "add", "--name", name, *arguments)
        return Account(self, made["id"], made["token"])

    def command(self, *words: str, typed: str | None = None) -> Any:
        """What a command answers in JSON; `typed` is its standard input."""
        command = [str(program()), *words, "--json", "--data", str(self.data)]
        about = {"capture_output": True, "text": True, "env": environment(), "timeout": PATIENCE_S}
        done = subprocess.run(command, input=typed, **about)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def person(self, first_name: str, **more: str) -> Person:
        return Person(self, self.admin("POST", "people", {"first_name": first_name, **more})["id"])

    def group(self, title: str, creator: int, *members: int) -> int:
        body = {"title": title, "creator": creator, "members": [creator, *members]}
        return self.admin("POST", "groups", body)["id"]

    def admin(self, verb: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        answer = requests.request(verb, f"{self.url}/admin/{path}", json=body, headers=headers, timeout=PATIENCE_S)
        assert answer.ok, f"{verb} /admin/{path} {body}: {answer.status_code} {answer.text}"
        return answer.json()["result"]


class Gateway(Server):
    """A server in front of another one: bots speak to this one, their people are over there."""

    def __init__(self, folder: Path) -> None:
        self.upstream = Server(folder / "upstream")
        super().__init__(folder / "gateway")

    def account(self, name: str, *arguments: str) -> Account:
        there = self.upstream.account(name, *arguments)
        words = ["account", "add", "--connector", "bot", "--token-stdin", "--upstream", self.upstream.url]
        self.command(*words, typed=there.token)
        here = Account(self, there.id, there.token)
        # Another process connected it: the server hears of that a moment later.
        eventually("the bot", lambda: requests.get(f"{here.bot}/getMe", timeout=PATIENCE_S).ok)
        return here

    def admin(self, verb: str, path: str, body: Any = None) -> Any:
        return self.upstream.admin(verb, path, body)

    def stop(self) -> int:
        return super().stop() or self.upstream.stop()


@dataclass
class Account:
    server: Server
    id: int
    token: str

    @property
    def bot(self) -> str:
        """What every path of this account begins with."""
        return f"{self.server.url}/bot{self.token}"


@dataclass
class Person:
    """Somebody in an app: writes, presses, and has a screen."""

    server: Server
    id: int

    def write(self, to: int, text: str, **more: Any) -> dict:
        return self.act("write", to=to, text=text, **more)

    def act(self, deed: str, **body: Any) -> Any:
        return self.server.admin("POST", f"people/{self.id}/{deed}", body)

    def screen(self, chat_id: int) -> list[dict]:
        """The chat with an account or in a group, newest first."""
        return self.server.admin("GET", f"people/{self.id}/messages?chat_id={chat_id}&limit=100")

    def sees(self, chat_id: int, text: str) -> dict:
        """Waits for a message with this text, from somebody else."""

        def look() -> dict | None:
            others = (m for m in self.screen(chat_id) if m["from"]["id"] != self.id)
            return next((m for m in others if m.get("text") == text), None)

        return eventually(f"{text!r} on the screen of {self.id}", look)


async def waiting(bot: Bot, count: int) -> tuple[Update, ...]:
    """All updates that wait, once there are so many: through a gateway they come a moment later. It confirms none."""
    while len(updates := await bot.get_updates(timeout=10)) < count:
        await asyncio.sleep(0.05)
    return updates


def echo_bot(account: Account, *arguments: str) -> Process:
    """Starts the example bot as its author would."""
    command = [sys.executable, str(HERE / "echo_bot.py"), *arguments]
    return Process(command, BOT_TOKEN=account.token, BOT_API=account.server.url)
