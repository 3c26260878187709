"""A secret's beginning and end on AWS: claim, remove, restore."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tba_secrets.errors import ConflictError, ScheduledForDeletionError
from tba_secrets.sensitive import Sensitive
from tba_secrets.stores.aws.access import AwsSecretAccess, exists
from tba_secrets.stores.aws.secret import (
    LABELS,
    OWNER,
    AwsSecret,
    native_of,
    owner_of,
    owner_tags,
    tag_list,
)
from tba_secrets.stores.failures import Outcome, StoreFailure, allowing
from tba_secrets.stores.interface import OwnerMark, SecretName, Seen, Snapshot, Stage
from tba_secrets.stores.refusals import claimed_by_another, not_claimed
from tba_secrets.stores.versions import PLACEHOLDER, placeholder_version_id

_CURRENT: Final = LABELS[Stage.CURRENT]
_TAKEOVER: Final = timedelta(minutes=5)
"""Longer than a run needs from taking TBA_OWNER to writing the tags."""


class SecretLifecycle:
    """Makes, marks, deletes and restores secrets."""

    def __init__(self, access: AwsSecretAccess) -> None:
        self._access = access
        self._settings = access.client.settings

    def claim(
        self, name: SecretName, mark: OwnerMark, description: str | None, seen: Seen
    ) -> Snapshot:
        """Claim what was seen, see `Store.claim`: one call for a new secret, none where all is as it should be."""
        tags = {**self._settings.tags, **owner_tags(mark)}
        secret = None if seen is None else native_of(seen) or self._access.look(name)
        if secret is None:
            secret = self._create(name, tags, description, mark)
        self._access.refuse_deleted(name, secret)
        if secret.current is None:
            secret = self._give_placeholder(name, mark)
        if (owner := owner_of(secret.tags)) is None or owner.claim != mark.claim:
            self._take_over(name, mark, secret)
        return self._adjust(name, secret, tags, description)

    def remove(self, name: SecretName, secret: AwsSecret) -> None:
        """Delete it, see `Store.remove`. A primary is not deletable while it has replicas (API: DeleteSecret)."""
        if secret.deletion_at is not None:
            return
        if secret.replica_regions:
            self._access.write(
                "RemoveRegionsFromReplication",
                name,
                {"RemoveReplicaRegions": list(secret.replica_regions)},
                lambda s: not s.replica_regions,
            )
        with suppress(ScheduledForDeletionError), allowing(Outcome.ABSENT):
            self._access.write(
                "DeleteSecret",
                name,
                {"RecoveryWindowInDays": self._settings.recovery_window_days},
                lambda s: s.deletion_at is not None,
            )

    def restore(self, name: SecretName) -> None:
        """Undo a deletion, see `Store.restore`."""
        secret = self._access.look(name)
        if secret is not None and secret.deletion_at is not None:
            self._access.write("RestoreSecret", name, {}, lambda s: s.deletion_at is None)

    def _create(
        self, name: SecretName, tags: Mapping[str, str], description: str | None, mark: OwnerMark
    ) -> AwsSecret:
        """Make it with all that belongs to it: there is no instant at which it is there and unmarked.

        The token is the claim's: a second CreateSecret of one claim "is ignored", and another claim's is refused.
        """
        placeholder = placeholder_version_id(name, mark.claim)
        optional: dict[str, Any] = {
            "Description": description,
            "KmsKeyId": self._settings.kms_key,
            "AddReplicaRegions": self._replicas(()) or None,
        }
        try:
            answer = self._access.client.call(
                "CreateSecret",
                name,
                Name=name,
                ClientRequestToken=placeholder,
                SecretString=Sensitive(PLACEHOLDER),
                Tags=tag_list(tags),
                **{key: value for key, value in optional.items() if value is not None},
            )
        except StoreFailure as failure:
            if failure.code == "ResourceExistsException":
                secret = self._access.expect(name, exists)
            else:
                secret = self._access.settled(failure, name, exists)
            if secret is None or owner_of(secret.tags) != mark:
                raise self._claimed_by_another(name, secret) from None
            return secret
        self._access.remember(name, "CreateSecret", exists)
        return AwsSecret(
            arn=str(answer["ARN"]),
            labels={_CURRENT: placeholder},
            tags=tags,
            description=description or "",
            kms_key=self._settings.kms_key,
            replica_regions=tuple(replica.region for replica in self._settings.replicas),
            managed_by=None,
            deletion_at=None,
        )

    def _give_placeholder(self, name: SecretName, mark: OwnerMark) -> AwsSecret:
        """Make the placeholder current in a secret that others made without a value.

        In two steps, for a value that others write meanwhile must stay current: first under a label of our own (a first
        version becomes current by that), then AWSCURRENT, without RemoveFromVersionId: refused where anything holds it.
        """
        placeholder = placeholder_version_id(name, mark.claim)
        lost = self._access.put(name, placeholder, Sensitive(PLACEHOLDER))
        self._access.move(name, _CURRENT, None, placeholder)
        secret = self._access.expect(name, lambda s: s.current is not None)
        if secret is None or secret.current is None:
            raise lost or not_claimed(name)
        return secret

    def _take_over(self, name: SecretName, mark: OwnerMark, secret: AwsSecret) -> None:
        """Move TBA_OWNER off the version it was seen on, to one that only this claim writes: one of two claims wins.

        Tags have no compare-and-set, so the label comes first, and the tags are the winner's to write. Where the two do
        not agree, a run is between them, or was killed there: the age of the label's version tells.
        """
        own, holder = placeholder_version_id(name, mark.claim), secret.labels.get(OWNER)
        if holder == own:
            return
        owner = owner_of(secret.tags)
        unfinished = owner is None or holder != placeholder_version_id(name, owner.claim)
        if holder is not None and unfinished:
            written = self._access.written_at(name, holder)
            if written is not None and datetime.now(UTC) - written < _TAKEOVER:
                raise claimed_by_another(name, None)
        lost = None
        if own not in secret.labels.values():
            lost = self._access.put(name, own, Sensitive(PLACEHOLDER))
        if self._access.move(name, OWNER, holder, own):
            return
        now = self._access.expect(name, lambda s: s.labels.get(OWNER) != holder)
        if lost is not None and now is not None and now.labels.get(OWNER) == holder:
            raise lost
        if now is None or now.labels.get(OWNER) != own:
            raise self._claimed_by_another(name, now)

    def _claimed_by_another(self, name: SecretName, secret: AwsSecret | None) -> ConflictError:
        return claimed_by_another(name, None if secret is None else owner_of(secret.tags))

    def _adjust(
        self, name: SecretName, secret: AwsSecret, tags: Mapping[str, str], description: str | None
    ) -> Snapshot:
        """Write what differs, and only that. Tags, replicas and versions that are not ours stay."""
        notices: tuple[str, ...] = ()
        changed = {key: value for key, value in tags.items() if secret.tags.get(key) != value}
        if changed:
            self._access.tag(name, changed)
        fields: dict[str, str] = {}
        if description is not None and secret.description != description:
            fields["Description"] = description
        if not _same_key(self._settings.kms_key, secret.kms_key):
            fields["KmsKeyId"] = str(self._settings.kms_key)
            notices = (_left_under_the_old_key(name, fields["KmsKeyId"], secret.kms_key),)
        if fields:
            wanted = fields.get("Description", secret.description)
            self._access.write("UpdateSecret", name, fields, lambda s: s.description == wanted)
        if missing := self._replicas(secret.replica_regions):
            regions = {replica["Region"] for replica in missing}
            self._access.write(
                "ReplicateSecretToRegions",
                name,
                {"AddReplicaRegions": missing},
                lambda s: regions <= set(s.replica_regions),
            )
        adjusted = replace(
            secret,
            tags={**secret.tags, **tags},
            description=fields.get("Description", secret.description),
            kms_key=fields.get("KmsKeyId", secret.kms_key),
            replica_regions=(*secret.replica_regions, *(m["Region"] for m in missing)),
        )
        return replace(adjusted.snapshot(), notices=notices)

    def _replicas(self, existing: tuple[str, ...]) -> list[dict[str, str]]:
        """Return the declared replicas that do not exist, as AddReplicaRegions takes them."""
        missing = [r for r in self._settings.replicas if r.region not in existing]
        return [
            {"Region": r.region} | ({} if r.kms_key is None else {"KmsKeyId": r.kms_key})
            for r in missing
        ]


def _left_under_the_old_key(name: SecretName, key: str, before: str | None) -> str:
    """Say what a changed key does not change (API: UpdateSecret, KmsKeyId)."""
    old = before or "aws/secretsmanager"
    return (
        f"the secret {name}: new versions are encrypted under {key}. AWS encrypts the current, previous and candidate "
        f"version again if kms:Encrypt is allowed on that key; every other version stays under {old}. "
        f"Keep {old} enabled while a superseded token waits to be revoked"
    )


def _same_key(wanted: str | None, found: str | None) -> bool:
    """Return whether two names mean one KMS key, as far as names tell: an alias or id, and an ARN that ends with it."""
    if wanted is None:
        return True
    return found is not None and (found == wanted or found.endswith((f":{wanted}", f"/{wanted}")))
