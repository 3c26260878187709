"""cases/audit_reasons.yaml as data, and the table that docs/troubleshooting.md shows of it.

`python -m tests.netsuite.audit_cases` prints the table, to be pasted into the document when a test says that it is old.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tba_secrets.netsuite import causes
from tba_secrets.netsuite.causes import Cause

_FILE = Path(__file__).parent / "cases" / "audit_reasons.yaml"
_SERVICES = {
    "rest": "REST",
    "restlet": "RESTlets",
    "token": "tokeninfo",
    "soap": "SOAP",
}


@dataclass(frozen=True)
class AuditCase:
    """One way to be refused."""

    reason: str
    when: str
    cause_name: str
    do: dict[str, Any]
    service: str
    status: int
    code: str
    knowing: tuple[str, ...]
    told: str

    def __str__(self) -> str:
        return f"{self.reason}: {self.when}"

    @property
    def cause(self) -> Cause:
        """The cause that has to be among the first two."""
        found = getattr(causes, self.cause_name)
        assert isinstance(found, Cause)
        return found


def audit_cases() -> list[AuditCase]:
    """All of them, in the file's order."""
    return [
        AuditCase(
            reason=one["reason"],
            when=one["when"],
            cause_name=one["cause"],
            do=one["do"],
            service=one["service"],
            status=one["wire"][0],
            code=one["wire"][1],
            knowing=tuple(one["knowing"]),
            told=one["told"],
        )
        for one in yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    ]


def table() -> str:
    """The table in Markdown."""
    lines = [
        "| Detail in the trail | When | Answer | What has to be known besides | Cause among the first two | Look at |",
        "|---|---|---|---|---|---|",
    ]
    for case in audit_cases():
        answer = f"{_SERVICES[case.service]}: {case.status} `{case.code}`"
        cells = (
            f"`{case.reason}`",
            case.when,
            answer,
            case.told,
            case.cause.what,
            case.cause.where,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
