"""When NetSuite ends TBA, as Oracle says it: data with their sources, and what they mean for an environment. No IO.

Read the pages again before each release: dates move.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Ending:
    """One date: a release of NetSuite, which reaches accounts over some months."""

    release: str
    source: str
    tentative: bool = False
    also_reported: str = ""
    """Another release that is reported for the same; empty if there is no conflict."""


NO_NEW: Final = Ending(
    "2027.1",
    'Oracle help, "Preparing for Token-based Authentication (TBA) End of Support" (release 2026.2)',
)
"""No new integration record can use TBA for SOAP, REST web services or RESTlets."""
NO_MORE: Final = Ending(
    "2028.1",
    NO_NEW.source,
    tentative=True,
    # apideck.com, "NetSuite TBA to OAuth 2.0 migration", October 2026, of a later state of Oracle's pages
    also_reported="2028.2",
)
"""TBA ends for existing integration records, SuiteAnalytics Connect excepted."""
_NAMED: Final = 3
"""So many integrations are named; more are counted."""


def tba_note(integrations: Iterable[str]) -> str:
    """Say in one line how long TBA works for an environment's integrations; empty if none uses it."""
    names = tuple(dict.fromkeys(integrations))
    if not names:
        return ""
    whose = ", ".join(names) if len(names) <= _NAMED else f"{len(names)} integrations"
    until = f"{NO_MORE.release} ({_certainty(NO_MORE)})"
    return (
        f"TBA of {whose}: existing integration records work until NetSuite {until}, and none is new from "
        f"{NO_NEW.release} on; OAuth 2.0 is the successor (docs/oauth2.md)"
    )


def _certainty(ending: Ending) -> str:
    words = "tentative" if ending.tentative else "announced"
    return f"{words}; {ending.also_reported} is reported too" if ending.also_reported else words
