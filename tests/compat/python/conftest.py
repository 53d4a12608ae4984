"""Fixtures of the Python suite: one server for all tests, an account and a person for each.

What the library does with a bot it does twice: with an account of the server's own, and with one of another server behind it.
"""

import os
from collections.abc import Iterator

import pytest
from kit import Account, Gateway, Person, Server

# Whatever proxy this machine has is not for the server beside us.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("contactgram"))
    yield server
    assert server.stop() == 0, server.process.errors()


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    server = Gateway(tmp_path_factory.mktemp("gateway"))
    yield server
    assert server.stop() == 0, server.process.errors()


@pytest.fixture(params=["plain", "gateway"])
def server(request: pytest.FixtureRequest) -> Server:
    return request.getfixturevalue(request.param)


@pytest.fixture
def account(server: Server) -> Account:
    return server.account("Shop")


@pytest.fixture
def person(server: Server) -> Person:
    return server.person("Ann", last_name="Lee", language_code="en")
