"""The Login Audit Trail: who tried to log in, with what, and the true reason of each refusal."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

KEPT_ENTRIES = 10_000


@dataclass(frozen=True)
class AuditEntry:
    """One login attempt, named as in the search columns (Detail, Token-based Access Token Name).

    It holds only the names of records: no key, no token id, no query string.
    """

    date: datetime
    account: str
    service: str
    request: str
    """Method and path."""
    success: bool
    detail: str
    """Empty on success, else NetSuite's word for the cause."""
    user: str | None = None
    role: str | None = None
    token_name: str | None = None
    application_name: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return plain data for /simulator/audit.json."""
        return {
            **asdict(self),
            "date": self.date.isoformat(),
            "status": "Success" if self.success else "Failure",
        }


class AuditTrail:
    """The entries in order; only the last ten thousand are kept."""

    def __init__(self) -> None:
        self._entries: deque[AuditEntry] = deque(maxlen=KEPT_ENTRIES)

    def append(self, entry: AuditEntry) -> None:
        """Add one entry."""
        self._entries.append(entry)

    def entries(self, account: str | None = None) -> list[AuditEntry]:
        """Return all entries, or those of one account."""
        return [e for e in list(self._entries) if account in (None, e.account)]

    def failures(self, account: str | None = None) -> list[AuditEntry]:
        """Return only the refusals."""
        return [entry for entry in self.entries(account) if not entry.success]
