"""examples/monitoring: each expression is PromQL, of metrics, labels and states that `tba status` writes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import promql_parser
import pytest
import yaml

from tba_secrets.cli.status_metrics import METRICS, exposition
from tba_secrets.rotation import Standing
from tests.cli.test_status_formats import parsed, troubled
from tests.engine.project import ROOT

FOLDER: Final = ROOT / "examples" / "monitoring"
_ADDED: Final = {"instance", "job"}
"""Labels that Prometheus gives to whatever it reads."""
_OF_A_QUERY: Final = re.compile(r"label_values\((\w+), (\w+)\)")
_LABEL: Final = re.compile(r"\$labels\.(\w+)")
_UNKNOWN = 'max by (environment) (tba_credential_state{state="failing"})'


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text())
    return found


def expressions() -> list[str]:
    """Those of the alerts, and those of the panels."""
    panels = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    return [*(rule["expr"] for rule in rules()), *panels]


def written() -> dict[str, set[str]]:
    """The labels of each metric that is written."""
    return {
        name: {label for sample in family.samples for label in sample.labels}
        for name, family in parsed(exposition(troubled())).items()
    }


def problems(expression: str) -> list[str]:
    """What of an expression is not written."""
    known, found = written(), list[str]()
    everywhere = set[str]()

    def look(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            labels = known.get(node.name or "")
            if labels is None:
                found.append(f"no metric {node.name}")
                return
            everywhere.update(labels)
            for matcher in node.matchers.matchers:
                if matcher.name not in labels | _ADDED:
                    found.append(f"{node.name} has no label {matcher.name}")
                if matcher.name == "state" and matcher.value not in [s.word for s in Standing]:
                    found.append(f"no state {matcher.value}")
        else:
            grouped.extend(_grouping(node))

    grouped = list[str]()
    promql_parser.walk(promql_parser.parse(expression), look)
    return found + [f"no label {label}" for label in grouped if label not in everywhere]


def _grouping(node: Any) -> Iterator[str]:
    """The labels of `by`, `on` and `group_left`."""
    modifier = getattr(node, "modifier", None)
    if isinstance(modifier, promql_parser.AggModifier):
        yield from modifier.labels
    elif modifier is not None:
        yield from modifier.matching.labels if modifier.matching else []
        yield from modifier.group_labels or []


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_asks_for_what_is_written(expression: str) -> None:
    assert problems(expression) == []


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        (_UNKNOWN.replace("credential", "token"), "no metric tba_token_state"),
        (_UNKNOWN.replace("failing", "broken"), "no state broken"),
        (_UNKNOWN.replace("state=", "status="), "tba_credential_state has no label status"),
        (_UNKNOWN.replace("(environment)", "(stack)"), "no label stack"),
        ("tba_environment_state * on (name) tba_environment_state", "no label name"),
    ],
)
def test_what_is_not_written_is_found(expression: str, problem: str) -> None:
    assert problems(_UNKNOWN) == []
    assert problem in problems(expression)


def test_every_metric_is_used_or_is_for_joins() -> None:
    used = {name for text in expressions() for name in re.findall(r"\btba_\w+", text)}
    assert {metric.name for metric in METRICS} - used == {"tba_credential_info"}


def test_the_dashboard_s_variables_ask_for_what_is_written() -> None:
    queries = [
        one["definition"] for one in dashboard()["templating"]["list"] if "definition" in one
    ]
    for query in queries:
        metric, label = _OF_A_QUERY.fullmatch(query).groups()  # type: ignore[union-attr]
        assert label in written()[metric]
    assert len(queries) == 1


def test_the_panels_are_told_apart_and_do_not_overlap() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_an_alert_names_what_it_is_about_and_what_to_do() -> None:
    labels = written()
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        (metric, *_) = re.findall(r"\btba_\w+", rule["expr"])
        words = " ".join(rule["annotations"].values())
        assert set(_LABEL.findall(words)) <= labels[metric], rule["alert"]
        assert "`tba " in words


def test_the_page_names_every_metric_and_both_files() -> None:
    page = (ROOT / "docs" / "monitoring.md").read_text()
    for metric in METRICS:
        assert f"| `{metric.name}` |" in page
    for file in FOLDER.iterdir():
        assert f"(../examples/monitoring/{file.name})" in page
