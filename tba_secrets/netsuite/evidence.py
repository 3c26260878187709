"""What signed calls proved of a credential, and what they did not: the only thing that allows a promotion."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Expected:
    """What the environment declares of the credential."""

    account: str
    """In realm form."""
    role_name: str | None
    """None if nobody has declared one yet: any role is the expected one."""
    role_id: str | None
    """Where it is declared."""
    user_email: str
    entity: str | None
    """The internal entity id, where it is declared."""
    permissions: tuple[str, ...] = ()
    """The role's declared permissions: for the diagnosis alone."""
    first_entity: str | None = None
    """The entity id that NetSuite named at the first proof, where that is recorded."""
    accept_unproven: frozenset[str] = frozenset()
    """What a token may pass without: `role`, `user`."""


@dataclass(frozen=True)
class Evidence:
    """What one check proved."""

    check: str
    account: str | None
    """As NetSuite reports it; None if this check does not tell. The same goes for the next three."""
    role_name: str | None
    role_id: str | None
    entity: str | None
    at: float
    """Epoch seconds of our clock when the answer was there."""
    latency_seconds: float
    clock_skew_seconds: float | None
    """How far our clock is ahead of NetSuite's; None if the answer had no date."""
    proven: tuple[str, ...]
    not_proven: tuple[str, ...]
    """What the answer leaves open, and nothing requires."""


@dataclass(frozen=True)
class Verification:
    """All evidence of one run of checks on one credential."""

    evidence: tuple[Evidence, ...]

    @property
    def proven(self) -> tuple[str, ...]:
        """Everything that some check proved, in the order in which it was."""
        return tuple(dict.fromkeys(what for one in self.evidence for what in one.proven))

    @property
    def not_proven(self) -> tuple[str, ...]:
        """What was asked for and no check proved."""
        open_ones = (what for one in self.evidence for what in one.not_proven)
        return tuple(dict.fromkeys(what for what in open_ones if what not in self.proven))

    @property
    def account(self) -> str | None:
        return self._first("account")

    @property
    def role_name(self) -> str | None:
        return self._first("role_name")

    @property
    def role_id(self) -> str | None:
        return self._first("role_id")

    @property
    def entity(self) -> str | None:
        """The internal id of the user that NetSuite named: to be recorded where none is declared."""
        return self._first("entity")

    @property
    def at(self) -> float:
        """Epoch seconds of the last answer; 0 where there is no evidence."""
        return max((one.at for one in self.evidence), default=0.0)

    @property
    def summary(self) -> str:
        """One line for a status column: `role Warehouse Integration in account 1234567_SB1`."""
        if self.role_name is not None and self.account is not None:
            return f"role {self.role_name} in account {self.account}"
        return f"{', '.join(self.proven)} (role and account not proven)"

    def _first(self, field: str) -> str | None:
        values = (getattr(one, field) for one in self.evidence)
        return next((value for value in values if value is not None), None)
