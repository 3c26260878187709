"""A secret as DescribeSecret shows it, and the owner mark as tags. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tba_secrets.errors import StoreError
from tba_secrets.stores.interface import OwnerMark, Seen, Snapshot, Stage, stages_of
from tba_secrets.stores.journal import JournalEntry, journal_of
from tba_secrets.stores.versions import VersionId, is_ours, is_placeholder

LABELS: Final[Mapping[Stage, str]] = {
    Stage.CURRENT: "AWSCURRENT",
    Stage.CANDIDATE: "AWSPENDING",
    Stage.PREVIOUS: "AWSPREVIOUS",
}
"""AWS's staging labels (User Guide, "What's in a Secrets Manager secret", Version)."""

STAGED: Final = "TBA_STAGED"
"""On the version that we wrote last: a write has to name a label, and AWSPENDING may be another rotation's by then."""
OWNER: Final = "TBA_OWNER"
"""On the placeholder version of the claim that took over a secret which existed: the lock of that takeover."""
MOST_LABELS: Final = 20
"""Staging labels of one secret (User Guide, "Quotas")."""
OWNER_TAG: Final = "tba-secrets:owner"
CLAIM_TAG: Final = "tba-secrets:claim"
JOURNAL_TAG: Final = "tba-secrets:journal:"
"""Before the key of a journal's line."""
PIN: Final = "TBA_RETIRING_"
"""Before the key of a version that is pinned: a staging label of its own."""
_TAG_VALUE: Final = re.compile(r"[\w\s.:/=+@-]{0,256}")
"""What a tag's value may hold (AWS General Reference, "Tag naming limits and requirements")."""


@dataclass(frozen=True)
class AwsSecret:
    """One secret without its values."""

    arn: str
    labels: Mapping[str, VersionId]
    """Staging label to the one version that carries it."""
    tags: Mapping[str, str]
    description: str
    kms_key: str | None
    """None for the account's `aws/secretsmanager`."""
    replica_regions: tuple[str, ...]
    managed_by: str | None
    deletion_at: datetime | None

    @property
    def current(self) -> VersionId | None:
        """The version that a reader gets by default."""
        return self.labels.get(LABELS[Stage.CURRENT])

    @property
    def pending(self) -> VersionId | None:
        """The version that carries AWSPENDING; a finished rotation may leave it on the current one."""
        return self.labels.get(LABELS[Stage.CANDIDATE])

    @property
    def candidate(self) -> VersionId | None:
        """The pending version, where it is not current already."""
        return None if self.pending == self.current else self.pending

    @property
    def foreign_candidate(self) -> VersionId | None:
        """The candidate where another rotation wrote it; a rollback to a version of others is ours."""
        candidate = self.candidate
        if candidate is None or is_ours(candidate):
            return None
        return None if candidate == self.labels.get(LABELS[Stage.PREVIOUS]) else candidate

    @property
    def journal(self) -> tuple[JournalEntry, ...]:
        """What is to be retired, oldest first; see `journal_of`."""
        return journal_of(self.tags, JOURNAL_TAG)

    def snapshot(self) -> Snapshot:
        """Return what the rest of tba-secrets sees of it."""
        previous = self.labels.get(LABELS[Stage.PREVIOUS])
        return Snapshot(
            location=self.arn,
            stages=stages_of(self.current, self.pending, previous),
            placeholder=self.current if is_placeholder(self.current) else None,
            foreign_candidate=self.foreign_candidate is not None,
            owner=owner_of(self.tags),
            managed_by=self.managed_by,
            deletion_at=self.deletion_at,
            journal=self.journal,
            native=self,
        )


def described(answer: Mapping[str, Any], region: str) -> AwsSecret:
    """Read DescribeSecret's answer; fields without a value are absent from it."""
    return AwsSecret(
        arn=str(answer["ARN"]),
        labels={
            label: VersionId(version)
            for version, labels in answer.get("VersionIdsToStages", {}).items()
            for label in labels
        },
        tags={tag["Key"]: tag["Value"] for tag in answer.get("Tags", ())},
        description=answer.get("Description", ""),
        kms_key=answer.get("KmsKeyId"),
        replica_regions=tuple(replica["Region"] for replica in answer.get("ReplicationStatus", ())),
        managed_by=_manager(answer, region),
        deletion_at=answer.get("DeletedDate"),
    )


def native_of(seen: Seen) -> AwsSecret | None:
    """Return what this store saw; None if nobody looked, or if the snapshot is another store's."""
    native = seen.native if isinstance(seen, Snapshot) else None
    return native if isinstance(native, AwsSecret) else None


def owner_tags(mark: OwnerMark) -> dict[str, str]:
    """Return the tags that say who manages a secret."""
    owner = _fitting(
        f"{mark.stack} {mark.record}",
        f"the owner mark of {mark.record} in {mark.stack}",
        "give the stack, the integration or the token a shorter name",
    )
    return {OWNER_TAG: owner, CLAIM_TAG: mark.claim}


def journal_tag(entry: JournalEntry) -> dict[str, str]:
    """Return the tag that holds a journal's line; the id of a version that others wrote may not fit."""
    line = _fitting(
        entry.line(),
        f"the journal's line for version {entry.version}",
        "revoke the token of that version in NetSuite, and stage its successor once more",
    )
    return {f"{JOURNAL_TAG}{entry.key}": line}


def _fitting(value: str, what: str, remedy: str) -> str:
    """Return a tag's value; raise StoreError if it is too long, or has a character that no tag takes."""
    if not _TAG_VALUE.fullmatch(value):
        raise StoreError(
            f"{what} does not fit into an AWS tag: {len(value)} of at most 256 characters, "
            "letters, digits, spaces and _.:/=+-@",
            remedy,
        )
    return value


def owner_of(tags: Mapping[str, str]) -> OwnerMark | None:
    """Return the owner mark that the tags hold; None if there is none."""
    stack, _, record = tags.get(OWNER_TAG, "").partition(" ")
    if not stack or not record:
        return None
    return OwnerMark(stack, record, tags.get(CLAIM_TAG, ""))


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as the API takes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _manager(answer: Mapping[str, Any], region: str) -> str | None:
    """Return what else writes the secret, so that we must not."""
    if service := answer.get("OwningService"):
        return f"the service {service}"
    if answer.get("RotationEnabled"):
        return "a rotation function"
    if (primary := answer.get("PrimaryRegion", region)) != region:
        return f"its primary secret in {primary}"
    return None
