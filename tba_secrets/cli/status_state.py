"""Read a stack's exported state: each record's verified version, when, as whom, and failures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from tba_secrets.cli.status_report import ProofReport
from tba_secrets.netsuite.lockout import Refusal
from tba_secrets.provider.codec import state_of
from tba_secrets.sensitive import Fingerprint

ReadState: TypeAlias = Callable[[Path, str], list[dict[str, Any]]]
"""`engine.exported_resources`, or a test's own."""


@dataclass(frozen=True)
class TokenState:
    """What the stack's state says about one record."""

    staged: Mapping[str, Any] = field(default_factory=dict)
    """Its StagedCredential: inputs and outputs."""
    tested: Mapping[str, Any] = field(default_factory=dict)
    """Its SmokeTest: inputs and outputs."""
    failures: tuple[str, ...] = ()
    """Why the last update of either did not succeed: the engine's `initErrors`."""

    @property
    def verified(self) -> Mapping[str, str]:
        """The version that passed last, by store."""
        return self.tested.get("verified") or {}

    @property
    def since(self) -> int | None:
        """When it was first proven; None if older state does not say."""
        return int(self.tested.get("since") or 0) or None

    @property
    def valid_until(self) -> str | None:
        """The last day of the proven certificate, ISO 8601; None for a token."""
        return self.tested.get("validUntil") or None

    @property
    def waits_for(self) -> str:
        """What a person has to do before a certificate can pass; empty if nothing waits."""
        return self.tested.get("waitsFor") or ""

    @property
    def untold(self) -> str:
        """Why readers were not told of the verified version; empty if nobody is to be told."""
        return self.tested.get("untold") or ""

    @property
    def fingerprint(self) -> str | None:
        """The verified value's fingerprint, if the last staged version passed."""
        same = bool(self.verified) and self.staged.get("versions") == self.verified
        return self.staged.get("fingerprint") if same else None

    @property
    def proof(self) -> ProofReport | None:
        """The last call that passed."""
        if not self.tested.get("verifiedAt"):
            return None
        evidence = tuple(self.tested.get("evidence") or ())
        return ProofReport(self.tested["verifiedAt"], self.tested.get("verifiedAs") or "", evidence)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """The user's refused logins, as of the last run."""
        found = self.tested.get("refusals") or ()
        return tuple(
            Refusal(Fingerprint(refusal["fingerprint"]), float(refusal["at"])) for refusal in found
        )


def token_states(resources: Iterable[Mapping[str, Any]]) -> dict[str, TokenState]:
    """Read the state by record, skipping resources that are being deleted or only test."""
    found: dict[str, TokenState] = {}
    for resource in resources:
        kept = state_of(resource.get("inputs") or {}, resource.get("outputs") or {})
        record = kept.get("record")
        if record is None or resource.get("delete") or kept.get("promote") is False:
            continue
        state = found.get(record, TokenState())
        failures = (*state.failures, *map(str, resource.get("initErrors") or ()))
        if resource["type"] == "tba:index:StagedCredential":
            found[record] = replace(state, staged=kept, failures=failures)
        elif resource["type"] == "tba:index:SmokeTest":
            found[record] = replace(state, tested=kept, failures=failures)
    return found
