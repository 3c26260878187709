"""Staging labels on AWS: stage, promote, discard, restage.

The order, repeated at each block:
1. look at the secret; an unwelcome sight is looked at again, for it may be stale;
2. refuse what is not as it was when the change was decided;
3. move a label off the exact holder just read (UpdateSecretVersionStage, RemoveFromVersionId): AWS's compare-and-swap;
4. look until the label has left that holder, and judge by where it is.
"""

from __future__ import annotations

from collections.abc import Callable

from tba_secrets.errors import ConflictError
from tba_secrets.stores.aws.access import SecretAccess, exists
from tba_secrets.stores.aws.errors import AwsFailure, Outcome
from tba_secrets.stores.aws.secret import LABELS, AwsSecret
from tba_secrets.stores.interface import Candidate, SecretName, Stage, VersionId
from tba_secrets.stores.refusals import (
    foreign_candidate,
    label_moved,
    moved_by_another,
    not_claimed,
    not_the_candidate,
    placeholder_refused,
)
from tba_secrets.stores.versions import derived_version_id, is_placeholder

_CURRENT, _PENDING = LABELS[Stage.CURRENT], LABELS[Stage.CANDIDATE]
_NOT_THE_HOLDER = "InvalidParameterException"
"""UpdateSecretVersionStage, where RemoveFromVersionId is not the version that carries the label."""


class StagingLabels:
    """The moves of AWSPENDING and AWSCURRENT.

    Args:
        access: The account and region.
    """

    def __init__(self, access: SecretAccess) -> None:
        self._access = access

    def stage(
        self, name: SecretName, candidate: Candidate, replacing: VersionId | None
    ) -> VersionId:
        """See `Store.stage`. One write; a second one where the version exists without the label."""
        version = derived_version_id(name, candidate, replacing)
        # 1. look  2. refuse
        secret = self._claimed(name, lambda s: s.current == replacing)
        if secret.current != replacing:
            raise moved_by_another(name, replacing, secret.current)
        self._refuse_foreign(name, secret)
        if secret.pending == version:
            return version
        # 3. and 4., by the put itself or after it
        secret = self._put(name, candidate, version, secret)
        if secret.current != replacing:
            self._take_off_pending(name, version, secret)
            raise moved_by_another(name, replacing, secret.current)
        if secret.pending != version:
            raise not_the_candidate(name, version, secret.candidate)
        return version

    def promote(self, name: SecretName, version: VersionId, replacing: VersionId | None) -> None:
        """See `Store.promote`. AWS moves AWSPREVIOUS along with AWSCURRENT."""
        # 1. look  2. refuse
        secret = self._claimed(
            name, lambda s: s.current == version or (s.current, s.pending) == (replacing, version)
        )
        if secret.current != version:
            if secret.current != replacing:
                raise moved_by_another(name, replacing, secret.current)
            if secret.pending != version:
                raise not_the_candidate(name, version, secret.candidate)
            # 3. compare-and-swap  4. look
            secret = self._move(name, _CURRENT, replacing, version)
        self._take_off_pending(name, version, secret)

    def discard(self, name: SecretName, version: VersionId) -> None:
        """See `Store.discard`."""
        secret = self._access.expect(name, lambda s: s is not None and s.pending == version)
        if secret is not None:
            self._take_off_pending(name, version, secret)

    def restage(self, name: SecretName, version: VersionId) -> bool:
        """See `Store.restage`. AWS drops versions without a label when it likes."""
        if is_placeholder(version):
            raise placeholder_refused(name)
        # 1. look  2. refuse
        secret = self._claimed(name, exists)
        if version in (secret.current, secret.pending):
            return True
        self._refuse_foreign(name, secret)
        # 3. compare-and-swap  4. look
        try:
            self._move(name, _PENDING, secret.pending, version)
        except AwsFailure as failure:
            if failure.outcome is Outcome.ABSENT:
                return False
            raise
        except ConflictError:
            # AWS does not document which error a version that is gone gives: look for it
            if version not in self._access.versions(name):
                return False
            raise
        return True

    def _put(
        self, name: SecretName, candidate: Candidate, version: VersionId, before: AwsSecret
    ) -> AwsSecret:
        """Write the version with AWSPENDING, and look until the label has left its holder.

        PutSecretValue with the ClientRequestToken and value of a version that exists: "the request is ignored". The
        answer's VersionStages tell; then the label is moved, by compare-and-swap.
        """

        def changed(secret: AwsSecret) -> bool:
            return (secret.pending, secret.current) != (before.pending, before.current)

        secret = self._access.write(
            "PutSecretValue",
            name,
            {
                "SecretId": name,
                "ClientRequestToken": version,
                "SecretString": candidate.value,
                "VersionStages": [_PENDING],
            },
            changed,
            ignored=lambda answer: _PENDING not in answer.get("VersionStages", ()),
        )
        if changed(secret):
            return secret
        return self._move(name, _PENDING, secret.pending, version)

    def _move(
        self, name: SecretName, label: str, holder: VersionId | None, to: VersionId
    ) -> AwsSecret:
        """Compare-and-swap a label, and look until it has left its holder.

        Raises:
            ConflictError: Somebody else moved it first, or after.
        """
        held = {} if holder is None else {"RemoveFromVersionId": holder}
        try:
            secret = self._access.write(
                "UpdateSecretVersionStage",
                name,
                {"SecretId": name, "VersionStage": label, "MoveToVersionId": to, **held},
                lambda s: s.labels.get(label) != holder,
            )
        except AwsFailure as failure:
            if failure.code != _NOT_THE_HOLDER:
                raise
            raise label_moved(name, label, holder) from None
        if secret.labels.get(label) != to:
            raise label_moved(name, label, holder)
        return secret

    def _take_off_pending(self, name: SecretName, version: VersionId, secret: AwsSecret) -> None:
        """Take AWSPENDING off `version`, unless it is elsewhere by now."""
        if secret.pending != version:
            return
        try:
            self._access.write(
                "UpdateSecretVersionStage",
                name,
                {"SecretId": name, "VersionStage": _PENDING, "RemoveFromVersionId": version},
                lambda s: s.pending != version,
            )
        except AwsFailure as failure:
            if failure.code != _NOT_THE_HOLDER:
                raise

    def _claimed(self, name: SecretName, wanted: Callable[[AwsSecret], bool]) -> AwsSecret:
        """The secret, which must have a current version: AWS makes the first version of a secret current."""
        secret = self._access.expect(name, wanted)
        if secret is None or secret.current is None:
            raise not_claimed(name)
        return secret

    def _refuse_foreign(self, name: SecretName, secret: AwsSecret) -> None:
        if (version := secret.foreign_candidate) is None:
            return
        command = self._access.client.command(
            "update-secret-version-stage",
            name,
            "--version-stage",
            _PENDING,
            "--remove-from-version-id",
            version,
        )
        since = self._access.written_at(name, version)
        raise foreign_candidate(
            name, version, since, f"let it finish; where it never will, run `{command}`"
        )
