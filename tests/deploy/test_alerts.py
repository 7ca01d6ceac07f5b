"""The alert rules: what they name exists, each is tested both ways, and each leads to its page."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.observability.metrics import Metrics
from tests.deploy.checking_tools import REPOSITORY, tool
from tests.support.exposed_metrics import labels_of_series, selectors

PROMETHEUS = REPOSITORY / "docker/prometheus"
SCENARIOS = sorted((Path(__file__).parent / "alerts").glob("*.yaml"))
RUNBOOKS = (REPOSITORY / "docs/runbooks.md").read_text(encoding="utf-8")


def yaml(path: Path) -> Any:
    return YAML(typ="safe").load(path)


RULES = [rule for group in yaml(PROMETHEUS / "alerts.yaml")["groups"] for rule in group["rules"]]
ALERTS = [rule for rule in RULES if "alert" in rule]
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
NAMES = [rule["alert"] for rule in ALERTS]


def test_prometheus_takes_its_configuration_and_the_rules() -> None:
    tool("promtool", "check", "config", PROMETHEUS / "prometheus.yaml")


def test_prometheus_finds_nothing_odd_in_what_is_exposed() -> None:
    assert tool("promtool", "check", "metrics", given=Metrics("shopper").text().decode()) == ""


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_only_then(scenario: Path) -> None:
    tool("promtool", "test", "rules", scenario)


@pytest.mark.parametrize("name", NAMES)
def test_each_alert_is_seen_firing_and_silent(name: str) -> None:
    expected = [
        bool(expectation["exp_alerts"])
        for scenario in SCENARIOS
        for test in yaml(scenario)["tests"]
        for expectation in test.get("alert_rule_test", [])
        if expectation["alertname"] == name
    ]
    assert set(expected) == {True, False}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_rules_name_series_and_labels_that_workers_expose(rule: Any) -> None:
    found = list(selectors(rule["expr"]))
    assert found
    for series, labels in found:
        if series not in RECORDED:
            assert labels <= labels_of_series(series), series


@pytest.mark.parametrize("rule", ALERTS, ids=NAMES)
def test_each_alert_says_how_urgent_it_is_and_leads_to_its_runbook(rule: Any) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    page, anchor = rule["annotations"]["runbook_url"].split("#")
    assert (REPOSITORY / page).is_file()
    section = next(text for text in RUNBOOKS.split("\n## ") if anchor_of(text.splitlines()[0]) == anchor)
    assert f"`{rule['alert']}`, {rule['labels']['severity']}." in section
    assert "* **Look**:" in section
    assert "* **Do**:" in section


def anchor_of(heading: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


def test_runbooks_are_of_alerts_that_there_are() -> None:
    assert sorted(re.findall(r"^`(Afterclick\w+)`, ", RUNBOOKS, re.MULTILINE)) == sorted(NAMES)


def test_what_the_runbooks_name_is_exposed() -> None:
    for series, labels in selectors("\n".join(re.findall(r"`([^`]+)`", RUNBOOKS))):
        assert labels <= labels_of_series(series), series


def test_links_within_the_runbooks_lead_somewhere() -> None:
    there = {anchor_of(heading) for heading in re.findall(r"^## (.+)$", RUNBOOKS, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([a-z-]+)\)", RUNBOOKS)) <= there
