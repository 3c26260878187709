"""A secret's beginning and end on AWS: claim, remove, restore."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tba_secrets.sensitive import Sensitive
from tba_secrets.stores.aws.access import SecretAccess, exists
from tba_secrets.stores.aws.errors import AwsFailure, Outcome
from tba_secrets.stores.aws.secret import LABELS, AwsSecret, owner_tags, tag_list
from tba_secrets.stores.interface import OwnerMark, SecretName, Stage
from tba_secrets.stores.versions import PLACEHOLDER, placeholder_version_id

_CURRENT: Final = LABELS[Stage.CURRENT]
_PLACEHOLDER_LABEL: Final = "tba-placeholder"


class SecretLifecycle:
    """Makes, marks, deletes and restores secrets.

    Args:
        access: The account and region.
    """

    def __init__(self, access: SecretAccess) -> None:
        self._access = access
        self._settings = access.client.settings

    def claim(self, name: SecretName, mark: OwnerMark, description: str | None) -> AwsSecret:
        """See `Store.claim`: one call for a new secret, none where all is as it should be."""
        tags = {**self._settings.tags, **owner_tags(mark)}
        secret = self._access.look(name)
        if secret is None:
            secret = self._create(name, tags, description, mark)
        self._access.refuse_deleted(name, secret)
        if secret.current is None:
            secret = self._give_placeholder(name, mark)
        return self._adjust(name, secret, tags, description)

    def remove(self, name: SecretName) -> None:
        """See `Store.remove`. A primary is not deletable while it has replicas (API: DeleteSecret)."""
        secret = self._access.look(name)
        if secret is None or secret.deletion_at is not None:
            return
        if secret.replica_regions:
            self._access.write(
                "RemoveRegionsFromReplication",
                name,
                {"SecretId": name, "RemoveReplicaRegions": list(secret.replica_regions)},
                lambda s: not s.replica_regions,
            )
        self._delete(name)

    def restore(self, name: SecretName) -> None:
        """See `Store.restore`."""
        secret = self._access.look(name)
        if secret is not None and secret.deletion_at is not None:
            self._access.write(
                "RestoreSecret", name, {"SecretId": name}, lambda s: s.deletion_at is None
            )

    def _create(
        self,
        name: SecretName,
        tags: Mapping[str, str],
        description: str | None,
        mark: OwnerMark,
    ) -> AwsSecret:
        """CreateSecret with all that belongs to it: no instant at which the secret is there and unmarked.

        With the token and value of an existing version "the request is ignored": a lost reply, or another thread's.
        """
        optional: dict[str, Any] = {}
        if description is not None:
            optional["Description"] = description
        if self._settings.kms_key is not None:
            optional["KmsKeyId"] = self._settings.kms_key
        if self._settings.replicas:
            optional["AddReplicaRegions"] = self._replicas(())
        return self._access.write(
            "CreateSecret",
            name,
            {
                "Name": name,
                "ClientRequestToken": placeholder_version_id(name, mark.claim),
                "SecretString": Sensitive(PLACEHOLDER),
                "Tags": tag_list(tags),
                **optional,
            },
            exists,
        )

    def _give_placeholder(self, name: SecretName, mark: OwnerMark) -> AwsSecret:
        """Make the placeholder current in a secret that others made without a value.

        In two steps, for a value that others write meanwhile must stay current: first with a label of its own (a first
        version becomes current by that), then AWSCURRENT, without RemoveFromVersionId: refused where anything holds it.
        """
        placeholder = placeholder_version_id(name, mark.claim)
        secret = self._access.write(
            "PutSecretValue",
            name,
            {
                "SecretId": name,
                "ClientRequestToken": placeholder,
                "SecretString": Sensitive(PLACEHOLDER),
                "VersionStages": [_PLACEHOLDER_LABEL],
            },
            lambda s: placeholder in s.labels.values(),
            ignored=lambda answer: not answer.get("VersionStages"),
        )
        if secret.current is not None:
            return secret
        return self._access.write(
            "UpdateSecretVersionStage",
            name,
            {"SecretId": name, "VersionStage": _CURRENT, "MoveToVersionId": placeholder},
            lambda s: s.current is not None,
        )

    def _adjust(
        self, name: SecretName, secret: AwsSecret, tags: Mapping[str, str], description: str | None
    ) -> AwsSecret:
        """Write what differs, and only that. Tags, replicas and versions that are not ours stay."""
        changed = {key: value for key, value in tags.items() if secret.tags.get(key) != value}
        if changed:
            secret = self._access.write(
                "TagResource",
                name,
                {"SecretId": name, "Tags": tag_list(changed)},
                lambda s: changed.items() <= s.tags.items(),
            )
        fields: dict[str, str] = {}
        if description is not None and secret.description != description:
            fields["Description"] = description
        if not _same_key(self._settings.kms_key, secret.kms_key):
            fields["KmsKeyId"] = str(self._settings.kms_key)
        if fields:
            secret = self._access.write(
                "UpdateSecret",
                name,
                {"SecretId": name, **fields},
                lambda s: s.description == fields.get("Description", s.description),
            )
        if missing := self._replicas(secret.replica_regions):
            regions = {replica["Region"] for replica in missing}
            secret = self._access.write(
                "ReplicateSecretToRegions",
                name,
                {"SecretId": name, "AddReplicaRegions": missing},
                lambda s: regions <= set(s.replica_regions),
            )
        return secret

    def _delete(self, name: SecretName) -> None:
        try:
            self._access.write(
                "DeleteSecret",
                name,
                {
                    "SecretId": name,
                    "RecoveryWindowInDays": self._settings.recovery_window_days,
                },
                lambda s: s.deletion_at is not None,
            )
        except AwsFailure as failure:
            if failure.outcome is not Outcome.ABSENT:
                raise

    def _replicas(self, existing: tuple[str, ...]) -> list[dict[str, str]]:
        """The declared replicas that do not exist, as AddReplicaRegions takes them."""
        missing = [r for r in self._settings.replicas if r.region not in existing]
        return [
            {"Region": r.region} | ({} if r.kms_key is None else {"KmsKeyId": r.kms_key})
            for r in missing
        ]


def _same_key(wanted: str | None, found: str | None) -> bool:
    """Whether two names mean one KMS key, as far as names tell: an alias or id, and the ARN that ends with it."""
    if wanted is None:
        return True
    return found is not None and (found == wanted or found.endswith((f":{wanted}", f"/{wanted}")))
