"""The server that is tried, with something of everything on it, and Schemathesis in front of it.

Used by conftest.py and the tests. The first start makes an account, John Doe and a group; here come a file, an application and messages.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from kit import ADMIN_TOKEN, PATIENCE_S, Account, Server, environment

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Those of the first start.
JOHN, GROUP = 1234567890, -1234567890
SETTINGS = HERE / "schemathesis.toml"


class Stage(Server):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        made = self.command("token", "add", "@demo_bot")
        self.demo = Account(self, made["account_id"], made["token"])
        self.application = self.command("app", "add", "--account", "@demo_bot", "--name", "Desk")
        for number in range(5):
            self.write(f"Message {number}")
        files = {"document": ("plan.txt", b"a plan", "text/plain")}
        sent = requests.post(f"{self.demo.bot}/sendDocument", data={"chat_id": JOHN}, files=files, timeout=PATIENCE_S)
        file_id = sent.json()["result"]["document"]["file_id"]
        got = requests.post(f"{self.demo.bot}/getFile", json={"file_id": file_id}, timeout=PATIENCE_S)
        self.file_path = got.json()["result"]["file_path"]

    def write(self, text: str) -> None:
        """John writes to the account."""
        self.admin("POST", f"people/{JOHN}/write", {"to": self.demo.id, "text": text})


@dataclass
class Run:
    """Schemathesis at work on one form of the API; `result` waits for its end."""

    form: str
    child: subprocess.Popen[bytes]
    log: Path
    report: Path

    @classmethod
    def start(cls, stage: Stage, form: str, settings: str, words: list[str]) -> Run:
        folder = target() / form
        # What it remembers from run to run would make a seed mean something else each time.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        log, report, config = folder / "log.txt", folder / "report.json", folder / "schemathesis.toml"
        config.write_text(settings)
        variables = environment(
            PYTHONPATH=str(HERE),
            PYTHONDONTWRITEBYTECODE="1",
            CONTACTGRAM_FORM=form,
            CONTACTGRAM_TOKEN=stage.demo.token,
            CONTACTGRAM_ADMIN=ADMIN_TOKEN,
            CONTACTGRAM_CLIENT_ID=stage.application["client_id"],
            CONTACTGRAM_CLIENT_SECRET=stage.application["client_secret"],
            CONTACTGRAM_GROUP=str(GROUP),
            CONTACTGRAM_FILE=stage.file_path,
            CONTACTGRAM_COUNTS=str(folder / "counts.json"),
        )
        program = Path(sys.executable).with_name("schemathesis")
        command = [str(program), "--no-color", "--config-file", str(config), "run"]
        command += [f"{stage.url}/openapi.json", "--report", "json", "--report-json-path", str(report), *words]
        command += ["--generation-database", "none"]
        with log.open("wb") as out:
            child = subprocess.Popen(command, stdout=out, stderr=out, env=variables, cwd=folder)
        return cls(form, child, log, report)

    def result(self) -> dict[str, Any]:
        """What it reports.

        Raises:
            AssertionError: it found something, or did not get to its end; the message has the end of what it said.
        """
        ended = self.child.wait()
        said = self.log.read_text(errors="replace").splitlines()
        assert ended == 0, "\n".join([f"{self.form}: the whole is in {self.log}", *(line[:400] for line in said[-200:])])
        return json.loads(self.report.read_text())


def is_long() -> bool:
    """Whether the long form was asked for: `cargo xtask schemathesis`."""
    return os.environ.get("CONTACTGRAM_SCHEMATHESIS") == "long"


def examples() -> str:
    """How many requests the long form makes up at random for each operation."""
    return os.environ.get("CONTACTGRAM_SCHEMATHESIS_EXAMPLES", "40")


def seed() -> str:
    """What they are made up from."""
    return os.environ.get("CONTACTGRAM_SCHEMATHESIS_SEED", "20261123")


def target() -> Path:
    """Where reports go."""
    folder = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "openapi"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
