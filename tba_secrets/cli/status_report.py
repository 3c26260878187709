"""What `tba status` reports, also as JSON: words, ids, keyed digests and times, never a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tba_secrets.cli.prose import counted
from tba_secrets.netsuite.lockout import Refusal
from tba_secrets.netsuite.tba_end import tba_note
from tba_secrets.rotation import TOKENS, Policy, RotationFinding, Standing, span, when, worst
from tba_secrets.stores.journal import JournalEntry
from tba_secrets.stores.versions import short


@dataclass(frozen=True)
class StoreReport:
    """One token's secret in one store."""

    kind: str
    """`aws` or `vault`."""
    name: str
    """The secret's whole name, or path."""
    location: str | None = None
    """The ARN (AWS) or `mount/path` (Vault); None if the secret is absent or unreadable."""
    current: str | None = None
    """The version that readers get; None if it is not a credential."""
    previous: str | None = None
    candidate: str | None = None
    foreign_candidate: bool = False
    drift: str | None = None
    """What the store has instead of the version that state names."""
    restore: str = ""
    """How to restore a secret that is deleted, or is going to be."""
    journal: tuple[JournalEntry, ...] = ()
    error: str | None = None
    """Why the store could not be read."""
    remedy: str = ""
    """What to do about that."""


@dataclass(frozen=True)
class ProofReport:
    """The last signed call that passed."""

    at: str
    """ISO 8601, UTC."""
    who: str
    """`role R in account A`."""
    evidence: tuple[str, ...] = ()
    """What each check has proven, and what not."""


@dataclass(frozen=True)
class TokenReport:
    """One token of one environment."""

    environment: str
    path: str
    """`integration/token`."""
    policy: Policy = field(default_factory=Policy)
    since: int | None = None
    """When the current version was first proven, in epoch seconds; None if not known."""
    proof: ProofReport | None = None
    fingerprint: str | None = None
    """The current value's fingerprint; None if state describes another value."""
    stores: tuple[StoreReport, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    not_asked_until: float | None = None
    findings: tuple[RotationFinding, ...] = ()
    valid_until: str | None = None
    """The last day of the proven certificate, ISO 8601; None for a token."""
    kind: str = TOKENS.noun
    """`token` or `certificate`."""

    @property
    def standing(self) -> Standing:
        """The worst of the findings."""
        return worst(self.findings)

    def age(self, now: float) -> float | None:
        """Return the age in seconds, or None. A clock that runs behind gives no negative age."""
        return None if self.since is None else max(now - self.since, 0.0)


@dataclass(frozen=True)
class EnvironmentReport:
    """One environment; without tokens if its YAML cannot be read."""

    name: str
    account: str | None = None
    tokens: tuple[TokenReport, ...] = ()
    findings: tuple[RotationFinding, ...] = ()
    """What concerns the environment as a whole: YAML or state that cannot be read."""
    on_tba: tuple[str, ...] = ()
    """Its integrations that use TBA."""

    @property
    def note(self) -> str:
        """How long TBA works for its integrations; empty if none uses it."""
        return tba_note(self.on_tba)

    @property
    def standing(self) -> Standing:
        """The worst of its own findings and of its tokens."""
        return max([worst(self.findings), *(token.standing for token in self.tokens)])

    @property
    def all_findings(self) -> Iterator[tuple[str | None, RotationFinding]]:
        """Its own findings, then those of its tokens, each with the token's path; None for its own."""
        yield from ((None, finding) for finding in self.findings)
        yield from ((token.path, finding) for token in self.tokens for finding in token.findings)


@dataclass(frozen=True)
class Report:
    """All requested environments."""

    at: float
    """When: epoch seconds."""
    environments: tuple[EnvironmentReport, ...]

    @property
    def standing(self) -> Standing:
        """The worst of all, which decides the exit code."""
        return max((one.standing for one in self.environments), default=Standing.WELL)

    @property
    def tokens(self) -> tuple[TokenReport, ...]:
        """All tokens, the worst first, otherwise in the files' order."""
        found = [token for environment in self.environments for token in environment.tokens]
        return tuple(sorted(found, key=lambda token: -token.standing))

    @property
    def counts(self) -> Counter[Standing]:
        """How many tokens have each standing that there is, the worst first."""
        return Counter(token.standing for token in self.tokens)

    def plain(self) -> dict[str, Any]:
        """Return plain data for `--json`, whose names are stable (docs/rotation.md)."""
        return {
            "at": _iso(self.at),
            "state": self.standing.word,
            "exit_code": int(self.standing),
            "environments": [_environment(one, self.at) for one in self.environments],
        }


def versions(token: TokenReport, part: str) -> str:
    """Name the version with a role: once if all stores agree, otherwise by store."""
    held = {store.kind: getattr(store, part) for store in token.stores}
    if len(set(held.values())) == 1:
        return short(next(iter(held.values())) or "")
    return ", ".join(f"{kind} {short(version or 'none')}" for kind, version in held.items())


def _environment(report: EnvironmentReport, now: float) -> dict[str, Any]:
    return {
        "environment": report.name,
        "account": report.account,
        "state": report.standing.word,
        "findings": _findings(report.findings),
        "notes": [report.note] if report.note else [],
        "tokens": [_token(token, now) for token in report.tokens],
    }


def _token(token: TokenReport, now: float) -> dict[str, Any]:
    age = token.age(now)
    return {
        "token": token.path,
        "state": token.standing.word,
        "findings": _findings(token.findings),
        "since": _iso(token.since),
        "age_seconds": None if age is None else int(age),
        "warn_at": _iso(token.policy.warn_at(token.since)),
        "due_at": _iso(token.policy.due_at(token.since)),
        "valid_until": token.valid_until,
        "policy": {
            "rotate_every_seconds": _seconds(token.policy.rotate_every),
            "warn_before_seconds": _seconds(token.policy.warn_before),
            "retire_after_seconds": _seconds(token.policy.retire_after),
        },
        "verified_at": token.proof.at if token.proof else None,
        "verified_as": token.proof.who if token.proof else None,
        "evidence": list(token.proof.evidence) if token.proof else [],
        "fingerprint": token.fingerprint,
        "stores": [_store(store) for store in token.stores],
        "refusals": [{"fingerprint": str(r.fingerprint), "at": _iso(r.at)} for r in token.refusals],
        "not_asked_until": _iso(token.not_asked_until),
    }


def _store(store: StoreReport) -> dict[str, Any]:
    return {
        "store": store.kind,
        "name": store.name,
        "location": store.location,
        "current": store.current,
        "previous": store.previous,
        "candidate": store.candidate,
        "foreign_candidate": store.foreign_candidate,
        "drift": store.drift,
        "error": store.error,
        "journal": [
            {
                "version": entry.version,
                "fingerprint": entry.digest,
                "state": entry.state.value,
                "superseded_at": _iso(entry.superseded_at),
                "revoke_after": _iso(entry.revoke_after),
            }
            for entry in store.journal
        ],
    }


def _findings(findings: Iterable[RotationFinding]) -> list[dict[str, str]]:
    return [{"state": f.standing.word, "what": f.what, "remedy": f.remedy} for f in findings]


def _iso(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else int(length.total_seconds())


# --- in words -------------------------------------------------------------------------------------

HEADINGS: Final = ("token", "state", "age and due date", "current and previous", "last proof")
"""Of the table of an environment."""


def cells(token: TokenReport, now: float) -> tuple[str, ...]:
    """Return what the table has under the headings behind the state."""
    age, due = token.age(now), token.policy.due_at(token.since)
    previous = versions(token, "previous")
    proof = [] if token.proof is None else [token.proof.at[:10], token.proof.who]
    return (
        _lines(
            "" if age is None else span(age),
            "" if due is None else f"due {_day(due)}",
            "" if token.valid_until is None else f"valid until {token.valid_until}",
        ),
        _lines(
            versions(token, "current"),
            token.fingerprint or "",
            f"before: {previous}" if previous else "",
        ),
        _lines(*proof),
    )


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _day(at: float) -> str:
    return when(at).partition(" ")[0]


def summary(report: Report) -> str:
    """Count the tokens by state."""
    counts = [f"{count} {standing.word}" for standing, count in report.counts.items()]
    if unread := sum(bool(environment.findings) for environment in report.environments):
        counts.append(f"{counted(unread, 'environment')} not read completely")
    total = f"{counted(len(report.tokens), 'token')}: {', '.join(counts) or 'none'}"
    return f"{total}; exit code {int(report.standing)}"
