"""Fixtures of the browser tests: one Chromium, one server with an owner, and windows that complain at the end."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kit import Account, Person
from playwright.sync_api import Browser, sync_playwright
from portal import Portal, Visitor

os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"

Open = Callable[..., Visitor]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program, "no chromium: on Debian, sudo apt-get install chromium"
    # Chromium refuses to run its sandbox as root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """For all tests that don't mind each other."""
    server = Portal(tmp_path_factory.mktemp("contactgram"))
    server.member("boss", "owner")
    yield server
    assert server.process.stop() == 0, server.process.errors()


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Another server, on which bots live that are connected to the first."""
    server = Portal(tmp_path_factory.mktemp("upstream"))
    yield server
    assert server.process.stop() == 0, server.process.errors()


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """For a test that is about the server as a whole: its first start, who guesses passwords, who is the last owner.

    Tests ask for it before `window`, so that windows are closed before it stops.
    """
    server = Portal(tmp_path_factory.mktemp("fresh"))
    yield server
    assert server.process.stop() == 0, server.process.errors()


@pytest.fixture
def account(server: Portal) -> Account:
    return server.account("Shop")


@pytest.fixture
def person(server: Portal) -> Person:
    return server.person("Ann", last_name="Lee", language_code="en")


@pytest.fixture
def window(browser: Browser, server: Portal) -> Iterator[Open]:
    """Opens windows: `window("boss")`; signed in as nobody without a name."""
    opened: list[Visitor] = []

    def open_window(name: str | None = None, at: Portal | None = None, **more: Any) -> Visitor:
        opened.append(Visitor(browser, at or server, name, **more))
        return opened[-1]

    yield open_window
    problems = []
    for visitor in opened:
        try:
            visitor.close()
        except AssertionError as problem:
            problems.append(str(problem))
    assert not problems, problems


@pytest.fixture
def boss(window: Open) -> Visitor:
    """An owner of everything, signed in."""
    return window("boss")
