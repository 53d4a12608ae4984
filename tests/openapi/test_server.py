"""The server against its document: Schemathesis makes requests up, valid and invalid ones, and every check that it has is on.

The short form is part of every run of all tests. The long one (`cargo xtask schemathesis`) makes far more of each operation, and follows
chains of requests.
"""

from __future__ import annotations

import json
from typing import Any, Iterator

import pytest
from stage import SETTINGS, Run, Stage, examples, is_long, seed

# An answer without end is for test_stream.py.
ALWAYS = ["--seed", seed(), "--exclude-operation-id", "streamUpdates"]
TAGS = ["Other verb", "Contacts", "Operator", "OAuth2", "Service"]
SHORT = {
    # What a form of the API has in common with the other is tried in one of them; together they have every operation.
    "header": [*ALWAYS, "--phases", "examples,coverage", *(word for tag in TAGS for word in ("--exclude-tag", tag))],
    "path": [*ALWAYS, "--phases", "examples,coverage", *(word for tag in TAGS for word in ("--include-tag", tag))],
}
LONG = [*ALWAYS, "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", examples()]
# These take what sendDocument or forwardMessage takes: in the short form their examples are enough.
ALIKE = r"^/(send(Photo|Video|Audio|Voice|Animation|VideoNote|Sticker)|copyMessages?|forwardMessages)$"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """Both forms at a time, each on a server of its own."""
    stages = {form: Stage(tmp_path_factory.mktemp(form)) for form in SHORT}
    settings = SETTINGS.read_text()
    if not is_long():
        settings += f"""
[[operations]]
include-path-regex = '{ALIKE}'
phases.coverage.enabled = false
"""
    runs = {
        form: Run.start(stage, form, settings, LONG if is_long() else SHORT[form]) for form, stage in stages.items()
    }
    yield runs
    for run in runs.values():
        run.child.kill()
    for stage in stages.values():
        assert stage.stop() == 0, stage.process.errors()


@pytest.mark.parametrize("form", SHORT)
def test_nothing_is_found_with_the_token_in_the(form: str, reports: dict[str, Run]) -> None:
    report = reports[form].result()
    assert report["complete"] and not report["failures"] and not report["errors"], report["failures"]
    operations, made = report["operations"], report["test_cases"]["generated"]
    assert operations["tested"] == operations["selected"] > 40
    least = 20_000 if is_long() else 5_000
    assert made >= least, f"{made} requests are fewer than {least}"
    print(f"{form}: {made} requests to {operations['tested']} operations in {report['running_time']:.0f} s, nothing found")


def test_both_forms_together_try_every_operation(reports: dict[str, Run], document: dict[str, Any]) -> None:
    told = json.dumps(document["paths"]).count('"operationId"')
    tried = [run.result()["operations"]["tested"] for run in reports.values()]
    # All but the stream.
    assert (min(tried) if is_long() else sum(tried)) == told - 1
