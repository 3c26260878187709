"""The account's secrets, with versions and staging labels, per region. Pure data, no IO.

A `Secret` is immutable: an operation builds the next one and saves it. So a refused call changes
nothing, and the state before the last write remains for stale reads. A label maps to one version id,
which enforces "Each staging label can be attached to only one version at a time" (API:
UpdateSecretVersionStage).
"""

from __future__ import annotations

import secrets as randomness
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

AWSCURRENT: Final = "AWSCURRENT"
AWSPENDING: Final = "AWSPENDING"
AWSPREVIOUS: Final = "AWSPREVIOUS"
DEFAULT_KEY: Final = "alias/aws/secretsmanager"
_SUFFIX_LETTERS: Final = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Value:
    """SecretString or SecretBinary, never both; hidden from every repr."""

    string: str | None = field(default=None, repr=False)
    binary: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Version:
    """One version of a secret."""

    value: Value | None = field(repr=False)
    """None while a rotation has made the version and not filled it (API: DescribeSecret)."""
    created: float
    kms_key: str = DEFAULT_KEY


class ReplicaStatus(Enum):
    """API: ReplicationStatusType, Status. Replication is immediate here, never InProgress."""

    IN_SYNC = "InSync"
    FAILED = "Failed"


@dataclass(frozen=True)
class Replica:
    """A region that a primary is replicated to."""

    region: str
    status: ReplicaStatus
    kms_key: str = DEFAULT_KEY
    message: str | None = None


@dataclass(frozen=True)
class Secret:
    """A secret in one region, replica or primary. Dates are seconds since the epoch."""

    name: str
    arn: str
    region: str
    primary_region: str
    created: float
    changed: float
    versions: Mapping[str, Version] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None
    kms_key: str = DEFAULT_KEY
    accessed: float | None = None
    deleted: float | None = None
    """When the recovery window ends; None if no deletion is scheduled."""
    rotation_enabled: bool | None = None
    rotation_lambda_arn: str | None = None
    rotation_rules: Mapping[str, object] | None = None
    owning_service: str | None = None
    policy: str | None = None
    replicas: tuple[Replica, ...] = ()

    @property
    def is_replica(self) -> bool:
        """Whether writes must go to another region."""
        return self.region != self.primary_region

    def labels_of(self, version_id: str) -> list[str]:
        """Return the staging labels of one version, in the order of attachment."""
        return [label for label, holder in self.labels.items() if holder == version_id]

    def labelled(self) -> dict[str, list[str]]:
        """Return version id -> labels, without deprecated versions (API: VersionIdsToStages)."""
        return {vid: labels for vid in self.versions if (labels := self.labels_of(vid))}

    def current(self) -> Version | None:
        """Return the version that a reader gets by default."""
        return self.versions.get(self.labels.get(AWSCURRENT, ""))


def new_arn(account_id: str, region: str, name: str) -> str:
    """Build an ARN with a hyphen and six random characters (API: CreateSecret, Name)."""
    suffix = "".join(randomness.choice(_SUFFIX_LETTERS) for _ in range(6))
    return f"arn:aws:secretsmanager:{region}:{account_id}:secret:{name}-{suffix}"


class AccountState:
    """All secrets of one account. Not locked: the server locks around each operation."""

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        self._secrets: dict[tuple[str, str], Secret] = {}
        self._before: dict[tuple[str, str], Secret | None] = {}
        self._changed: list[str] = []

    def secret(self, name: str, region: str = "us-east-1") -> Secret | None:
        """Return the secret of that name, even if scheduled for deletion, or None."""
        return self._secrets.get((region, name))

    def secrets(self, region: str) -> Iterator[Secret]:
        """Return every secret of a region, in order of creation."""
        yield from [found for (where, _), found in self._secrets.items() if where == region]

    def before_last_write(self, name: str, region: str) -> Secret | None:
        """Return the secret as a lagging copy has it: before its last write."""
        return self._before.get((region, name))

    def save(self, secret: Secret) -> None:
        """Store the next state of a secret and its replicas (User Guide, "Replicate secrets")."""
        self._write(secret)
        for replica in secret.replicas:
            if replica.status is ReplicaStatus.IN_SYNC:
                self._write(
                    _follow(secret, replica, self._secrets.get((replica.region, secret.name)))
                )

    def note(self, secret: Secret) -> None:
        """Store bookkeeping (last access), which no reader or observer can see."""
        self._secrets[secret.region, secret.name] = secret

    def remove(self, secret: Secret) -> None:
        """Forget a secret for good."""
        key = (secret.region, secret.name)
        self._before[key] = self._secrets.pop(key)
        self._changed.append(secret.name)

    def purge(self, now: float) -> None:
        """Drop secrets past their recovery window (API: DeleteSecret).

        The service promises no exact time; here it is immediate.
        """
        for secret in list(self._secrets.values()):
            if secret.deleted is not None and secret.deleted <= now:
                self.remove(secret)

    def take_changes(self) -> list[str]:
        """Return the names of the secrets changed since the last call, in order."""
        changed, self._changed = self._changed, []
        return changed

    def _write(self, secret: Secret) -> None:
        key = (secret.region, secret.name)
        self._before[key] = self._secrets.get(key)
        self._secrets[key] = secret
        self._changed.append(secret.name)


def _follow(primary: Secret, replica: Replica, existing: Secret | None) -> Secret:
    """Copy name, suffix, versions, labels and metadata to a replica's own region and key."""
    return replace(
        primary,
        region=replica.region,
        arn=primary.arn.replace(f":{primary.region}:", f":{replica.region}:", 1),
        kms_key=replica.kms_key,
        replicas=(),
        accessed=None if existing is None else existing.accessed,
    )
