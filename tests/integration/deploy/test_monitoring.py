"""The alert rules, the runbook and the dashboard: they work, and name what exists."""

import ast
import json
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from prometheus_client import REGISTRY, process_collector

from chat import errors
from messaging import stores
from messaging.attachments import sweep
from messaging.delivery.link import polling, refused_messages
from messaging.instruments import outbound_metrics
from messaging.notifications import notifier
from tests.conftest import skip_or_fail
from tests.integration.deploy.files import CHECKOUT, DEPLOY, documents

PROMETHEUS = DEPLOY / "prometheus"
PACKAGES = ("chat", "config", "messaging")
METRIC = re.compile(r"\b(?:chat|process|python)_[a-z_]+\b|\bup\b|\bALERTS\b")
SELECTOR = re.compile(r"\b((?:chat|process)_[a-z_]+)\{([^}]*)\}")
LABEL = re.compile(r'(\w+)(=~|!=|!~|=)"([^"]*)"')
OF_PROMETHEUS = {"up", "ALERTS"}
OF_SCRAPES = {"job", "instance", "le"}
DEFINING = (
    *(errors, stores, sweep, polling, refused_messages, notifier, outbound_metrics),
    process_collector,
)
"""Their import creates the series that begin at 0."""


@cache
def rules() -> Sequence[Mapping[str, Any]]:
    (file,) = documents(PROMETHEUS / "alerts.yml")
    (group,) = file["groups"]
    found: Sequence[Mapping[str, Any]] = group["rules"]
    return found


@cache
def dashboard() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads((DEPLOY / "grafana" / "chat.json").read_text())
    return loaded


def queries() -> Sequence[str]:
    """Every query of Prometheus in the rules and in the dashboard."""
    targets = [target for panel in dashboard()["panels"] for target in panel.get("targets", ())]
    annotations = [one["expr"] for one in dashboard()["annotations"]["list"]]
    return [*(rule["expr"] for rule in rules()), *(one["expr"] for one in targets), *annotations]


@cache
def exported() -> Mapping[str, Mapping[str, set[str]]]:
    """The names that are scraped, with their labels and the values that exist from the start."""
    assert all(DEFINING)
    found: dict[str, dict[str, set[str]]] = {}
    for family in REGISTRY.collect():
        for sample in family.samples:
            for label, value in sample.labels.items():
                found.setdefault(sample.name, {}).setdefault(label, set()).add(value)
            found.setdefault(sample.name, {})
    # A cache has its series when it is made.
    page = (CHECKOUT / "docs" / "metrics.md").read_text()
    found["chat_cache_bytes"] = {"cache": set(re.findall(r"^\| `(\w+)`: ", page, re.MULTILINE))}
    for module in _modules():
        for name, labels in _declared(module):
            for label in labels:
                found.setdefault(name, {}).setdefault(label, set())
    return found


def _modules() -> Iterator[ast.Module]:
    for package in PACKAGES:
        for file in (CHECKOUT / package).rglob("*.py"):
            yield ast.parse(file.read_text())


def _declared(module: ast.Module) -> Iterator[tuple[str, Sequence[str]]]:
    """The names of the series of each metric that a module declares, and its labels: a metric with
    labels has no series before its first value."""
    for node in ast.walk(module):
        kind = (
            node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        )
        if not isinstance(node, ast.Call) or kind not in {"Counter", "Gauge", "Histogram"}:
            continue
        arguments = [ast.literal_eval(one) for one in node.args[:3] if _is_literal(one)]
        if not arguments or not str(arguments[0]).startswith("chat_"):
            continue
        labels = arguments[2] if len(arguments) > 2 else []
        ends = ("_bucket", "_sum", "_count") if kind == "Histogram" else ("",)
        for end in ends:
            yield f"{arguments[0]}{end}", labels


def _is_literal(node: ast.expr) -> bool:
    return all(isinstance(one, ast.Constant | ast.List | ast.Load) for one in ast.walk(node))


def promtool(*arguments: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("promtool")
    if program is None:
        skip_or_fail("promtool is not installed. Install the Debian package prometheus.")
    return subprocess.run(
        [program or "", *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False
    )


def test_each_alert_fires_on_its_fault_and_only_then() -> None:
    done = promtool("test", "rules", "alerts_test.yml")

    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_is_tested_both_ways() -> None:
    (file,) = documents(PROMETHEUS / "alerts_test.yml")
    fires: defaultdict[str, set[bool]] = defaultdict(set)
    for test in file["tests"]:
        for case in test["alert_rule_test"]:
            fires[case["alertname"]].add(bool(case.get("exp_alerts")))

    assert {rule["alert"] for rule in rules()} == set(fires)
    assert all(both == {True, False} for both in fires.values())


def test_prometheus_accepts_its_configuration() -> None:
    done = promtool("check", "config", "prometheus.yml")

    assert done.returncode == 0, done.stdout + done.stderr


def test_each_query_names_metrics_that_exist() -> None:
    named = {name for query in queries() for name in METRIC.findall(query)}

    assert named - exported().keys() - OF_PROMETHEUS == set()


def test_each_query_selects_by_labels_that_exist() -> None:
    wrong = [
        (name, label)
        for query in queries()
        for name, selectors in SELECTOR.findall(query)
        for label, _, _ in LABEL.findall(selectors)
        if label not in OF_SCRAPES and label not in exported()[name]
    ]

    assert wrong == []


def test_each_query_selects_values_that_exist() -> None:
    """An alert on a misspelt value would never fire. Values that begin at 0 are known."""
    wrong = []
    for query in queries():
        for name, selectors in SELECTOR.findall(query):
            for label, operator, value in LABEL.findall(selectors):
                known = exported()[name].get(label, set())
                wanted = value.split("|") if operator in {"=~", "!~"} else [value]
                if known and label not in OF_SCRAPES:
                    wrong += [(name, label, one) for one in wanted if one not in known]

    assert wrong == []


def test_each_alert_on_an_increase_sees_the_first_one() -> None:
    """`increase()` of a series that begins with its first fault is 0."""
    late = [
        (name, label)
        for rule in rules()
        for name, selectors in SELECTOR.findall(rule["expr"])
        for label, _, _ in LABEL.findall(selectors)
        if f"increase({name}" in rule["expr"]
        and label not in OF_SCRAPES
        and not exported()[name][label]
    ]

    assert late == []


def test_everything_that_the_metrics_page_calls_an_alert_has_one() -> None:
    page = (CHECKOUT / "docs" / "metrics.md").read_text()
    called = re.findall(r"^\| `(\w+)` \|.*\*\*Alert", page, re.MULTILINE)
    watched = {name for rule in rules() for name in METRIC.findall(rule["expr"])}

    assert len(called) > 10
    assert set(called) - watched == set()


def test_the_runbook_has_each_alert() -> None:
    """Under the name to which the alert links."""
    page = (CHECKOUT / "docs" / "runbook.md").read_text()
    headings = re.findall(r"^## (\w+)$", page, re.MULTILINE)

    assert headings == [rule["alert"] for rule in rules()]
    for rule in rules():
        anchor = rule["alert"].lower()
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{anchor}"
        section = page.split(f"## {rule['alert']}\n")[1].split("\n## ")[0]
        assert rule["labels"]["severity"] in section
        assert "Look at:" in section
        assert "Do:" in section


def test_the_runbook_names_metrics_and_log_lines_that_exist() -> None:
    page = (CHECKOUT / "docs" / "runbook.md").read_text()
    words = {
        node.value
        for module in _modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    quoted = re.findall(r"`([^`]+)`", page)
    actions = [one for one in quoted if re.fullmatch(r"[a-z_]+\.[a-z_]+", one)]
    metrics = {name for one in quoted for name in METRIC.findall(one)}

    assert len(actions) > 5
    assert set(actions) - words == set()
    assert {name for name in metrics if not {name, f"{name}_count"} & exported().keys()} == set()


def test_the_dashboard_is_complete() -> None:
    """Each panel has a title, a unit, its own id and a place that no other panel has."""
    panels = dashboard()["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert panel["title"]
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert panel["fieldConfig"]["defaults"]["unit"]
            assert all(target["legendFormat"] for target in panel["targets"])
    assert len({panel["id"] for panel in panels}) == len(panels)
