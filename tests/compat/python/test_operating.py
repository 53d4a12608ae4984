"""Metrics as Prometheus reads them: its own parser takes the page, and what the dashboard and the alerts ask for is on it.

Where promtool is installed (Debian: prometheus) it checks names, rules and the rules' tests as well.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml
from kit import PATIENCE_S, Gateway, Server, eventually
from prometheus_client.parser import text_string_to_metric_families

OPS = Path(__file__).resolve().parents[3] / "ops"
ALERTS = OPS / "prometheus/alerts.yml"
# What Prometheus and Grafana add to each series.
ADDED = {"job", "instance", "le"}
# Prometheus's own, about a scrape.
OWN = {"up"}
WORDS = re.compile(r"\b(?:contactgram|process)_[a-z0-9_]+\b|\bup\b")


class Watched(Gateway):
    """A server with metrics and a bot at another one, so that there is a sample of everything."""

    def __init__(self, folder: Path) -> None:
        self.upstream = Server(folder / "upstream")
        Server.__init__(self, folder / "gateway", "--metrics-listen", "127.0.0.1:0")
        said = eventually("metrics", lambda: [line for line in self.process.said if line.startswith("metrics on ")])
        self.metrics = said[0].removeprefix("metrics on ").strip()

    def scrape(self) -> str:
        answer = requests.get(self.metrics, timeout=PATIENCE_S)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return answer.text


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scrape of a server where something of everything has happened."""
    server = Watched(tmp_path_factory.mktemp("watched"))
    bot = server.account("Shop")
    person = server.person("Ann")
    person.write(bot.id, "hello")
    waits = re.compile(r"^contactgram_consumer_backlog_updates\{.*\} 1$", re.MULTILINE)
    yield eventually("an update that waits", lambda: text if waits.search(text := server.scrape()) else None)
    assert server.stop() == 0, server.process.errors()


@pytest.fixture(scope="module")
def labels(page: str) -> dict[str, set[str]]:
    """The labels of each series that can be asked for."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_prometheus_reads_the_page_and_every_family_is_described(page: str) -> None:
    families = list(text_string_to_metric_families(page))
    assert len(families) > 40
    names = [family.name for family in families]
    assert len(names) == len(set(names)), "each family is there once"
    for family in families:
        assert family.type in {"counter", "gauge", "histogram"}, family.name
        assert family.documentation.endswith("."), family.name
        assert family.name.startswith(("contactgram_", "process_")), family.name
    series = [(sample.name, *sorted(sample.labels.items())) for family in families for sample in family.samples]
    assert len(series) == len(set(series)), "each series is there once"


def test_histograms_add_up(page: str) -> None:
    histograms = [family for family in text_string_to_metric_families(page) if family.type == "histogram"]
    assert histograms
    for family in histograms:
        runs: dict[tuple, list[tuple[float, float]]] = {}
        counts: dict[tuple, float] = {}
        for sample in family.samples:
            key = tuple(sorted((name, value) for name, value in sample.labels.items() if name != "le"))
            if sample.name.endswith("_bucket"):
                runs.setdefault(key, []).append((float(sample.labels["le"]), sample.value))
            elif sample.name.endswith("_count"):
                counts[key] = sample.value
        for key, buckets in runs.items():
            assert [bound for bound, _ in buckets] == sorted({bound for bound, _ in buckets}), family.name
            assert [below for _, below in buckets] == sorted(below for _, below in buckets), family.name
            assert buckets[-1] == (float("inf"), counts[key]), family.name


def asked_for(expression: str) -> Iterator[tuple[str, set[str]]]:
    """The series of an expression, each with the labels that it is chosen by; also those that it is summed by."""
    summed = set(re.findall(r"\w+", " ".join(re.findall(r"\bby\s*\(([^)]*)\)", expression))))
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    for match in WORDS.finditer(bare):
        chosen = re.match(r"\{([^}]*)\}", bare[match.end() :])
        names = set(re.findall(r"(\w+)\s*[=!]", chosen.group(1))) if chosen else set()
        yield match.group(), names | summed


def held(expression: str, labels: dict[str, set[str]]) -> None:
    series = list(asked_for(expression))
    assert series, f"it asks for nothing: {expression}"
    for name, wanted in series:
        if name not in OWN:
            assert name in labels, f"{name} is not served: {expression}"
            assert wanted <= labels[name] | ADDED, f"{name} has no {wanted - labels[name] - ADDED}: {expression}"


def test_the_alerts_ask_for_what_is_served(labels: dict[str, set[str]]) -> None:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 15
    manual = (OPS.parent / "docs/operating.md").read_text()
    headings = " ".join(line for line in manual.splitlines() if line.startswith("### "))
    for rule in rules:
        held(rule["expr"], labels)
        assert rule["labels"]["severity"] in {"page", "ticket", "info"}
        assert re.search(rf"\b{rule['alert']}\b", headings), f"{rule['alert']} is not explained"
        for label in re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]):
            known = set().union(*(labels.get(name, set()) for name, _ in asked_for(rule["expr"])))
            assert label in known | ADDED, f"{rule['alert']}: {label}"


def test_the_dashboard_asks_for_what_is_served_and_shows_all_of_it(labels: dict[str, set[str]]) -> None:
    dashboard = json.loads((OPS / "grafana/contactgram.json").read_text())
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    for expression in expressions:
        held(expression, labels)
    shown = {name for expression in expressions for name, _ in asked_for(expression)}
    parts = re.compile(r"_(bucket|sum|count)$")
    assert {parts.sub("", name) for name in labels} == {parts.sub("", name) for name in shown}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_has_nothing_to_say(page: str) -> None:
    for words, given in [
        (["check", "metrics"], page),
        (["check", "rules", str(ALERTS)], ""),
        (["test", "rules", str(ALERTS.with_name("alerts_test.yml"))], ""),
    ]:
        done = subprocess.run(["promtool", *words], input=given, capture_output=True, text=True, timeout=PATIENCE_S)
        assert done.returncode == 0, done.stdout + done.stderr
