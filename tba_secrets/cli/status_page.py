"""`tba status --html`: the report as one self-contained page, drawn by status.html.

The chart shows each token's age as a bar on a common axis of days. Lengths are per cent of the width, so that
the picture fits every screen. Hatching, not only colour, marks overdue tokens, and the words repeat it.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Final

from tba_secrets.cli.pages import render
from tba_secrets.cli.prose import counted
from tba_secrets.cli.status_report import Report, TokenReport
from tba_secrets.rotation import Standing, judge_age, span, when
from tba_secrets.stores.versions import short

_DAY: Final = timedelta(days=1)
_SIGNS: Final = {
    Standing.WELL: "✓",
    Standing.DUE_SOON: "◔",
    Standing.OVERDUE: "!",
    Standing.ATTENTION: "▲",
    Standing.FAILING: "✗",
}
_HEADINGS: Final = (
    "Token",
    "State",
    "Age and due date",
    "Versions",
    "Last proof",
    "Findings and what to do",
)
_FILLS: Final = {
    Standing.WELL: "#2f8f5b",
    Standing.DUE_SOON: "url(#due)",
    Standing.OVERDUE: "url(#overdue)",
}
_NO_POLICY: Final = "#7b8794"
_LEGEND: Final = (
    ("within the policy", _FILLS[Standing.WELL]),
    ("due soon", _FILLS[Standing.DUE_SOON]),
    ("overdue", _FILLS[Standing.OVERDUE]),
    ("no policy", _NO_POLICY),
)
_MOST_TICKS: Final = 6
_STEPS: Final = (1, 2, 5, 7, 10, 14, 30, 60, 90, 180, 365)


def page(report: Report) -> str:
    """Render the whole page."""
    return render(
        "tba_secrets.cli",
        "status.html",
        report=report,
        chart=_Chart(report),
        Standing=Standing,
        signs=_SIGNS,
        headings=_HEADINGS,
        fills=_LEGEND,
        names=", ".join(f"{e.name} ({e.account or '?'})" for e in report.environments),
        troubled=[environment for environment in report.environments if environment.findings],
        counted=counted,
        short=short,
        when=when,
    )


class _Chart:
    """The measures of the chart, in days."""

    def __init__(self, report: Report) -> None:
        self._now = report.at
        reach = (max(self.age_days(t) or 0.0, self.limit_days(t)) for t in report.tokens)
        self.ticks = _ticks(max(reach, default=1.0))

    def along(self, days: float) -> str:
        """Return a length along the axis in per cent."""
        return f"{100 * min(max(days / self.ticks[-1], 0.0), 1.0):.2f}%"

    def age_days(self, token: TokenReport) -> float | None:
        """Return the age in days, or None if it is not known."""
        age = token.age(self._now)
        return None if age is None else age / _DAY.total_seconds()

    def age_state(self, token: TokenReport) -> Standing:
        """Return the standing that the age alone gives."""
        finding = judge_age(token.policy, token.since, self._now)
        return Standing.WELL if finding is None else finding.standing

    def age_words(self, token: TokenReport) -> str:
        """Describe the age: `80 of 90 days: due in 10 days`."""
        age, every = token.age(self._now), token.policy.rotate_every
        if age is None:
            return "age not known"
        if every is None:
            return f"{span(age)} old, no policy"
        finding = judge_age(token.policy, token.since, self._now)
        verdict = "" if finding is None else f": {finding.what.partition(':')[0]}"
        return f"{_of(span(age), span(every.total_seconds()))}{verdict}"

    def fill(self, token: TokenReport) -> str:
        """Return the bar's fill."""
        return _FILLS[self.age_state(token)] if token.policy.rotate_every else _NO_POLICY

    @staticmethod
    def limit_days(token: TokenReport) -> float:
        """Return the age at which it has to be rotated; 0 without a policy."""
        return (token.policy.rotate_every or timedelta()) / _DAY

    def warn_days(self, token: TokenReport) -> float:
        """Return the age at which the warning begins."""
        return self.limit_days(token) - (token.policy.warn_before or timedelta()) / _DAY


def _of(age: str, limit: str) -> str:
    """Combine age and limit: `80 of 90 days`, or `5 hours of 90 days`."""
    count, _, unit = age.partition(" ")
    return f"{count} of {limit}" if limit.endswith(f" {unit}") else f"{age} of {limit}"


def _ticks(reach: float) -> tuple[float, ...]:
    """Return a handful of round numbers of days, from 0 to beyond `reach`."""
    needed = max(reach, 0.5) * 1.04
    step = next((s for s in _STEPS if needed / s <= _MOST_TICKS), None)
    if step is None:
        step = 365 * math.ceil(needed / _MOST_TICKS / 365)
    return tuple(float(step * n) for n in range(math.ceil(needed / step) + 1))
