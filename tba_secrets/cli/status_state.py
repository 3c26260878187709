"""A stack's exported state -> what it says of each record: which version has passed, when, as whom, and what failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tba_secrets.cli.status_report import Proof
from tba_secrets.netsuite.lockout import Refusal
from tba_secrets.sensitive import Fingerprint


@dataclass(frozen=True)
class TokenState:
    """What the stack's state says of one record."""

    staged: Mapping[str, Any] = field(default_factory=dict)
    """The outputs of its StagedCredential."""
    tested: Mapping[str, Any] = field(default_factory=dict)
    """The outputs of its SmokeTest."""
    failures: tuple[str, ...] = ()
    """Why the last update of either did not succeed: the engine's `initErrors`."""

    @property
    def verified(self) -> Mapping[str, str]:
        """The version that passed last, by store."""
        return self.tested.get("verified") or {}

    @property
    def since(self) -> int | None:
        """When it was first proven; None where the state is from before that was kept."""
        return int(self.tested.get("since") or 0) or None

    @property
    def fingerprint(self) -> str | None:
        """Of the verified value, where what was staged last is what passed."""
        same = bool(self.verified) and self.staged.get("versions") == self.verified
        return self.staged.get("fingerprint") if same else None

    @property
    def proof(self) -> Proof | None:
        """The last call that passed."""
        if not self.tested.get("verifiedAt"):
            return None
        evidence = tuple(self.tested.get("evidence") or ())
        return Proof(self.tested["verifiedAt"], self.tested.get("verifiedAs") or "", evidence)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """The user's refused logins, as the last run knew them."""
        found = self.tested.get("refusals") or ()
        return tuple(
            Refusal(Fingerprint(refusal["fingerprint"]), float(refusal["at"])) for refusal in found
        )


def token_states(resources: Iterable[Mapping[str, Any]]) -> dict[str, TokenState]:
    """State's resources by record. A resource that waits for its deletion, or only tests, is passed over."""
    found: dict[str, TokenState] = {}
    for resource in resources:
        outputs = resource.get("outputs") or {}
        record = outputs.get("record")
        if record is None or resource.get("delete") or outputs.get("promote") is False:
            continue
        state = found.get(record, TokenState())
        failures = (*state.failures, *map(str, resource.get("initErrors") or ()))
        if resource["type"] == "tba:index:StagedCredential":
            found[record] = replace(state, staged=outputs, failures=failures)
        elif resource["type"] == "tba:index:SmokeTest":
            found[record] = replace(state, tested=outputs, failures=failures)
    return found
