"""Fixtures of the OpenAPI suite: a server with something on it, and the document that it serves."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from kit import PATIENCE_S
from stage import Stage


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("contactgram"))
    yield stage
    assert stage.stop() == 0, stage.process.errors()


@pytest.fixture(scope="session")
def document(stage: Stage) -> dict[str, Any]:
    """As the server serves it."""
    return requests.get(f"{stage.url}/openapi.json", timeout=PATIENCE_S).json()
