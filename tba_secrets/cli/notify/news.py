"""What a report has to tell: every finding that calls for somebody, and every rotation of the last day. No IO.

Each item has a key. That of a finding is made of what it is about and of the day (UTC), so that whoever is told twice
on one day can tell; that of a rotation is made of the version.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from tba_secrets.cli.status_report import EnvironmentReport, Report, TokenReport, versions
from tba_secrets.rotation import RotationFinding, Standing, when, without_spans

ROTATED: Final = "rotated"
"""The state of the news that a credential has been rotated, beside the words of `Standing`."""
_NEW_FOR: Final = timedelta(days=1)
_KEY_HEX_DIGITS: Final = 32


@dataclass(frozen=True)
class NewsItem:
    """One thing to tell."""

    environment: str
    token: str | None
    """INTEGRATION/TOKEN; None for what concerns the environment as a whole."""
    state: str
    what: str
    remedy: str
    key: str

    @property
    def about(self) -> str:
        """Name what it is about."""
        return self.environment if self.token is None else f"{self.environment} {self.token}"


def news(report: Report) -> tuple[NewsItem, ...]:
    """Return what there is to tell: the worst first, rotations last."""
    found = [one for environment in report.environments for one in _findings(environment)]
    found.sort(key=lambda one: -one[2].standing)
    day = f"{datetime.fromtimestamp(report.at, UTC):%Y-%m-%d}"
    items = [_item(*one, day) for one in found if one[2].standing is not Standing.WELL]
    rotated = (_rotation(token, report.at) for token in report.tokens)
    return (*items, *(one for one in rotated if one is not None))


def key_of(*parts: str | None) -> str:
    """Return a key that stands for all the parts together."""
    return sha256(json.dumps(parts).encode()).hexdigest()[:_KEY_HEX_DIGITS]


def _findings(
    environment: EnvironmentReport,
) -> Iterator[tuple[str, str | None, RotationFinding]]:
    for finding in environment.findings:
        yield environment.name, None, finding
    for token in environment.tokens:
        for finding in token.findings:
            yield environment.name, token.path, finding


def _item(environment: str, token: str | None, finding: RotationFinding, day: str) -> NewsItem:
    state, what = finding.standing.word, finding.what
    key = key_of(day, environment, token, state, without_spans(what))
    return NewsItem(environment, token, state, what, finding.remedy, key)


def _rotation(token: TokenReport, now: float) -> NewsItem | None:
    """Tell a rotation for a day. A credential that has none before it is a new one, and no rotation."""
    replaced = any(store.previous for store in token.stores)
    if token.since is None or not replaced or now - token.since >= _NEW_FOR.total_seconds():
        return None
    version = versions(token, "current")
    return NewsItem(
        token.environment,
        token.path,
        ROTATED,
        f"version {version} is proven and current since {when(token.since)}",
        "",
        key_of(ROTATED, token.environment, token.path, version),
    )
