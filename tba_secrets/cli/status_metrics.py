"""`tba status --format openmetrics`: the report as metrics, for node_exporter's textfile collector.

The text is valid as OpenMetrics 1.0 and in Prometheus' text format 0.0.4, which that collector reads and which knows
neither info nor state-set: so every metric is a gauge. No sample has a timestamp, which the collector refuses, and each
has the label `environment`, so that one file for each environment is possible. What is not known has no sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from tba_secrets.cli.status_report import Report, TokenReport
from tba_secrets.rotation import Standing, end_of

Sample: TypeAlias = tuple[Mapping[str, str], float]
"""Labels and value."""


@dataclass(frozen=True)
class Metric:
    """One metric family."""

    name: str
    """Ends with the unit, if there is one."""
    help: str
    samples: Callable[[Report], Iterator[Sample]]


def exposition(report: Report) -> str:
    """Render the whole file."""
    lines = [line for metric in METRICS for line in _lines(metric, report)]
    return "\n".join([*lines, "# EOF"]) + "\n"


def _lines(metric: Metric, report: Report) -> Iterator[str]:
    yield f"# HELP {metric.name} {metric.help}"
    yield f"# TYPE {metric.name} gauge"
    if metric.name.endswith("_seconds"):
        yield f"# UNIT {metric.name} seconds"
    for labels, value in metric.samples(report):
        pairs = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        yield f"{metric.name}{{{pairs}}} {int(value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


# --- samples ------------------------------------------------------------------------------------------


def _named(token: TokenReport) -> dict[str, str]:
    integration, _, name = token.path.partition("/")
    return {
        "environment": token.environment,
        "integration": integration,
        "name": name,
        "kind": token.kind,
    }


def _info(report: Report) -> Iterator[Sample]:
    for token in report.tokens:
        for store in token.stores:
            yield {**_named(token), "secret": store.name, "store": store.kind}, 1


def _states(labels: Mapping[str, str], standing: Standing) -> Iterator[Sample]:
    """Yield one sample for each state, of which one is 1."""
    for one in Standing:
        yield {**labels, "state": one.word}, one is standing


def _credential_states(report: Report) -> Iterator[Sample]:
    for token in report.tokens:
        yield from _states(_named(token), token.standing)


def _environment_states(report: Report) -> Iterator[Sample]:
    for environment in report.environments:
        yield from _states({"environment": environment.name}, environment.standing)


def _environment_times(report: Report) -> Iterator[Sample]:
    for environment in report.environments:
        yield {"environment": environment.name}, report.at


def _of_each(
    value: Callable[[TokenReport, float], float | None],
) -> Callable[[Report], Iterator[Sample]]:
    """Make a sample of each token for which the value is known."""

    def samples(report: Report) -> Iterator[Sample]:
        for token in report.tokens:
            known = value(token, report.at)
            if known is not None:
                yield _named(token), known

    return samples


def _valid_until(token: TokenReport, _now: float) -> float | None:
    return end_of(token.valid_until) if token.valid_until else None


def _verified(token: TokenReport, _now: float) -> float | None:
    return datetime.fromisoformat(token.proof.at).timestamp() if token.proof else None


METRICS: Final = (
    Metric("tba_credential_info", "A credential, and each secret that holds it; always 1.", _info),
    Metric(
        "tba_credential_state", "1 for the state that a credential has, else 0.", _credential_states
    ),
    Metric(
        "tba_credential_age_seconds",
        "How long ago the current credential was first proven.",
        _of_each(TokenReport.age),
    ),
    Metric(
        "tba_credential_due_timestamp_seconds",
        "When a credential has to be rotated by its policy.",
        _of_each(lambda token, _now: token.policy.due_at(token.since)),
    ),
    Metric(
        "tba_credential_valid_until_timestamp_seconds",
        "When a certificate runs out.",
        _of_each(_valid_until),
    ),
    Metric(
        "tba_credential_verified_timestamp_seconds",
        "When a signed call with a credential passed last.",
        _of_each(_verified),
    ),
    Metric(
        "tba_environment_state",
        "1 for the state that an environment has, else 0: the worst of its credentials' and its own.",
        _environment_states,
    ),
    Metric(
        "tba_environment_status_timestamp_seconds",
        "When the status of an environment was taken.",
        _environment_times,
    ),
)
"""Every metric that is written."""
