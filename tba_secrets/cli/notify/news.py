"""What a report has to tell: every finding that calls for somebody, and every rotation of the last day. No IO.

Each item has a key, by which a receiver drops duplicates: a finding's is made of its subject and the day (UTC), a
rotation's of the version.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from tba_secrets.cli.status_report import Report, TokenReport, versions
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
    day = f"{datetime.fromtimestamp(report.at, UTC):%Y-%m-%d}"
    found = [
        (finding.standing, _item(environment.name, token, finding, day))
        for environment in report.environments
        for token, finding in environment.all_findings
        if finding.standing is not Standing.WELL
    ]
    found.sort(key=lambda pair: -pair[0])
    rotations = (_rotation(token, report.at) for token in report.tokens)
    return (*(item for _, item in found), *filter(None, rotations))


def key_of(*parts: str | None) -> str:
    """Return a key that stands for all the parts together."""
    return sha256(json.dumps(parts).encode()).hexdigest()[:_KEY_HEX_DIGITS]


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
