"""The context of an operation: account, caller and request, and how a secret is found."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from tba_secrets.simulator.aws import limits
from tba_secrets.simulator.aws.errors import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceNotFoundException,
)
from tba_secrets.simulator.aws.identities import AwsIdentity
from tba_secrets.simulator.aws.kms import KeyRing
from tba_secrets.simulator.aws.state import AccountState, Secret

Json: TypeAlias = dict[str, Any]
Operation: TypeAlias = Callable[["AwsCall"], Json]

MARKED: Final = "You can't perform this operation on the secret because it was marked for deletion."
_SUFFIXED: Final = re.compile(r".+-[A-Za-z0-9]{6}")


@dataclass(frozen=True)
class AwsCall:
    """One request to one region."""

    state: AccountState
    keys: KeyRing
    identity: AwsIdentity
    region: str
    params: Mapping[str, Any]
    now: float
    deletion_delay: float = 0.0
    """Seconds for which a forced deletion lingers."""
    stale: bool = False
    """Whether this read sees each secret as it was before its last write."""

    def with_id(self, secret_id: str) -> AwsCall:
        """Return the same call for another secret."""
        return replace(self, params={"SecretId": secret_id})

    def secret(self) -> Secret:
        """Return the secret of SecretId, whether or not it is scheduled for deletion.

        Raises:
            ResourceNotFoundException: This region has no such secret.
        """
        found = self._seen(limits.required(self.params, "SecretId"))
        if found is None:
            raise ResourceNotFoundException
        return found

    def live(self) -> Secret:
        """Return the secret if it is not scheduled for deletion.

        Raises:
            InvalidRequestException: It is scheduled for deletion (API: DeleteSecret).
        """
        secret = self.secret()
        if secret.deleted is not None:
            raise InvalidRequestException(MARKED)
        return secret

    def writable(self) -> Secret:
        """Return the secret if it may be written.

        Raises:
            InvalidParameterException: It is a replica (User Guide, "Replicate secrets across Regions").
            InvalidRequestException: It is scheduled for deletion, or managed by a service.
        """
        secret = self.primary(self.live())
        if secret.owning_service is not None:
            raise InvalidRequestException(
                "The secret is managed by another service, and you must use that service to "
                "update it."
            )
        return secret

    def primary(self, secret: Secret) -> Secret:
        """Return the secret if it is not a replica.

        Raises:
            InvalidParameterException: It is a replica.
        """
        if secret.is_replica:
            raise InvalidParameterException(
                "Operation not permitted on a replica secret. Call must be made in primary "
                "secret's region."
            )
        return secret

    def save(self, secret: Secret) -> Secret:
        """Store the next state of the secret, changed now."""
        changed = replace(secret, changed=self.now)
        self.state.save(changed)
        return changed

    def _seen(self, secret_id: str) -> Secret | None:
        secret = find(self.state, self.region, secret_id)
        if not self.stale:
            return secret
        return self.state.before_last_write(secret.name if secret else secret_id, self.region)


def find(state: AccountState, region: str, secret_id: str) -> Secret | None:
    """Find a secret by SecretId: a name, a full ARN, or an ARN without its suffix.

    A partial ARN whose name ends in a hyphen and six characters is read as a complete one and finds
    nothing (User Guide, "Finding a secret from a partial ARN").
    """
    if not secret_id.startswith("arn:"):
        return state.secret(secret_id, region)
    prefix = f"arn:aws:secretsmanager:{region}:{state.account_id}:secret:"
    if not secret_id.startswith(prefix):
        return None
    rest = secret_id.removeprefix(prefix)
    if _SUFFIXED.fullmatch(rest):
        return next((s for s in state.secrets(region) if s.arn == secret_id), None)
    return state.secret(rest, region)


def brief(secret: Secret) -> Json:
    """Return ARN and Name, which begin nearly every answer."""
    return {"ARN": secret.arn, "Name": secret.name}


def version_stages(secret: Secret, version_id: str) -> Json:
    """Return VersionStages for an answer about one version; nothing if it has no label."""
    labels = secret.labels_of(version_id)
    return {"VersionStages": labels} if labels else {}
