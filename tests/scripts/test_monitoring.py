"""The dashboard and the alerts read metrics that exist, and Prometheus' own tool finds that each alert fires for what it is for."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
import yaml

from tests.kit.paths import ROOT
from trio_gate.metrics.limits import LIMITS
from trio_gate.metrics.table import METRICS, PROCESS

FOLDER = ROOT / "scripts/monitoring"
RULES = [rule for group in yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text("utf-8"))
SHOWN = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
EXPRESSIONS = [
    *SHOWN,
    *(rule["expr"] for rule in RULES),
    *(one["expr"] for one in DASHBOARD["annotations"]["list"]),
    *(one["query"] for one in DASHBOARD["templating"]["list"]),
]
PARTS = ("_bucket", "_sum", "_count")
SERIES = {
    **{one.full: {*one.labels} for one in METRICS if one.kind != "histogram"},
    **{
        one.full + part: {*one.labels, *(("le",) if part == "_bucket" else ())}
        for one in METRICS
        for part in PARTS
        if one.kind == "histogram"
    },
    **{name: set() for name in PROCESS},
}
"""The labels of every series, by its name."""


def read(expression):
    """The series that an expression reads, each with the labels that it selects by."""
    for name, selected in re.findall(r"\b((?:trio_gate|process)_\w+)(?:\{([^}]*)\})?", expression):
        yield name, set(re.findall(r"(\w+)[=!]~?", selected)) - {"instance"}


def test_what_they_read_exists():
    assert [name for expression in EXPRESSIONS for name, _ in read(expression) if name not in SERIES] == []
    assert [(name, labels) for one in EXPRESSIONS for name, labels in read(one) if not labels <= SERIES[name]] == []


def test_labels_that_they_group_by_exist():
    for expression in EXPRESSIONS:
        known = {"instance", *(label for name, _ in read(expression) for label in SERIES[name])}
        for grouped in re.findall(r"\bby \(([^)]*)\)", expression):
            assert set(re.split(r", *", grouped)) <= known, expression


def test_every_metric_is_on_the_dashboard():
    shown = {name for expression in EXPRESSIONS for name, _ in read(expression)}
    missing = [one.full for one in METRICS if not shown & {one.full, *(one.full + part for part in PARTS)}]
    assert missing == []


def test_limits_that_are_named_exist():
    named = re.findall(r'limit="(\w+)"', " ".join(EXPRESSIONS))
    assert set(named) <= {one.name for one in LIMITS}


def test_each_alert_says_what_to_do():
    for rule in RULES:
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert {"summary", "description"} <= rule["annotations"].keys()


def test_each_alert_is_tried():
    tried = yaml.safe_load((FOLDER / "alerts_test.yml").read_text("utf-8"))["tests"][1]["promql_expr_test"][0]["exp_samples"]
    assert {re.search(r'"(\w+)"', one["labels"])[1] for one in tried} == {rule["alert"] for rule in RULES}


@pytest.mark.parametrize("command", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")])
def test_prometheus_finds_no_fault(command):
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("promtool, of Debian's package prometheus, is not installed")  # reason: scripts/test --all installs it
    done = subprocess.run([tool, *command], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
