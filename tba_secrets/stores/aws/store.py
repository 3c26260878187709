"""AWS Secrets Manager as a store.

IAM actions that it needs on the secrets, all `secretsmanager:`: DescribeSecret, GetSecretValue, CreateSecret,
TagResource, PutSecretValue and UpdateSecretVersionStage always; DeleteSecret and RestoreSecret to delete and restore;
UntagResource to shorten the journal; UpdateSecret to change a description or key; ReplicateSecretToRegions and
RemoveRegionsFromReplication with `replicas`; ListSecretVersionIds to tell the age of another's candidate or takeover,
and to see that a version is gone; ListSecrets, which AWS allows on all secrets or none, for `tba import` alone. With
`kms_key` also kms:GenerateDataKey and kms:Decrypt on it. Credentials: as every AWS tool finds them, see `session.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from tba_secrets.errors import AccessDeniedError, StoreError
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.model import AwsSettings
from tba_secrets.stores import refusals
from tba_secrets.stores.aws.access import AwsSecretAccess, Patience, Wanted, exists
from tba_secrets.stores.aws.claim import SecretLifecycle
from tba_secrets.stores.aws.client import AwsClient
from tba_secrets.stores.aws.retiring import note
from tba_secrets.stores.aws.secret import LABELS, AwsSecret, native_of
from tba_secrets.stores.aws.session import Transport
from tba_secrets.stores.failures import Outcome, StoreFailure
from tba_secrets.stores.interface import (
    Candidate,
    OwnerMark,
    Preflight,
    SecretName,
    Seen,
    Snapshot,
    Stage,
    Store,
    StoredVersion,
)
from tba_secrets.stores.journal import JournalEntry
from tba_secrets.stores.rate_limit import TokenBucket
from tba_secrets.stores.versions import VersionId, derived_version_id, is_placeholder

_CURRENT, _PENDING = LABELS[Stage.CURRENT], LABELS[Stage.CANDIDATE]


class AwsStore(Store):
    """Secrets of one account and region. Thread-safe; asks AWS nothing until it is used."""

    kind: ClassVar[str] = "aws"

    def __init__(
        self,
        settings: AwsSettings,
        *,
        transport: Transport | None = None,
        patience: Patience | None = None,
        bucket: TokenBucket | None = None,
    ) -> None:
        self._settings = settings
        self._client = AwsClient(settings, transport, bucket)
        self._access = AwsSecretAccess(self._client, patience or Patience())
        self._lifecycle = SecretLifecycle(self._access)
        self._staged_here: set[tuple[SecretName, VersionId]] = set()

    def restore_command(self, name: SecretName) -> str:
        return self._client.command("restore-secret", name)

    @contextmanager
    def _typed_errors(self) -> Iterator[None]:
        try:
            yield
        except StoreFailure as failure:
            raise failure.error from None

    def _preflight(self, names: tuple[SecretName, ...]) -> Preflight:
        caller = self._client.call("GetCallerIdentity", None, "sts")  # needs no permission
        expected, got = self._settings.account_id, str(caller["Account"])
        if expected is not None and got != expected:
            raise AccessDeniedError(
                f"the AWS credentials are of account {got} ({caller['Arn']}), "
                f"and the environment declares account {expected}",
                "use credentials of the declared account, or correct `store.aws.account_id`",
            )
        self.describe_many(names)
        return Preflight(identity=str(caller["Arn"]), settings=self._client.shown_settings())

    def _describe(self, name: SecretName) -> Snapshot | None:
        secret = self._access.look(name)
        return None if secret is None else secret.snapshot()

    def _names(self, prefix: str) -> Iterator[SecretName]:
        """Give the names that begin with `prefix`, without secrets that are scheduled for deletion.

        API: ListSecrets: it "might not reflect changes from the last five minutes". Filter, `name`: "Prefix match,
        case-sensitive".
        """
        by_name = {"Filters": [{"Key": "name", "Values": [prefix]}]} if prefix else {}
        for page in self._client.pages("ListSecrets", None, **by_name):
            names = (SecretName(secret["Name"]) for secret in page["SecretList"])
            yield from (name for name in names if name.startswith(prefix))

    def _read(self, name: SecretName, which: Stage | VersionId) -> StoredVersion | None:
        """Ask again for a version that this process staged if it is not seen yet (eventual consistency)."""
        if isinstance(which, Stage) or (name, which) not in self._staged_here:
            return self._get(name, which)
        patience = self._access.patience
        return patience.poll(
            lambda: self._get(name, which), lambda found: found is not None, patience.settle
        )

    def _claim(
        self, name: SecretName, mark: OwnerMark, description: str | None, seen: Seen
    ) -> Snapshot:
        return self._lifecycle.claim(name, mark, description, seen)

    def _stage(
        self,
        name: SecretName,
        candidate: Candidate,
        replacing: VersionId | None,
        seen: Snapshot | None,
    ) -> VersionId:
        """Two calls: the version comes under a label of ours, then AWSPENDING from the holder that was seen.

        Where current moves after that, `promote` is refused.
        """
        version = derived_version_id(name, candidate, replacing)
        secret = self._claimed(name, seen, lambda s: s.current == replacing)
        refusals.refuse_moved(name, replacing, secret.current)
        self._refuse_foreign(name, secret)
        self._staged_here.add((name, version))
        if secret.pending == version:
            return version
        lost = self._access.put(name, version, candidate.value)
        if not self._access.move(name, _PENDING, secret.pending, version):
            now = self._claimed(name, None, lambda s: s.pending != secret.pending)
            refusals.refuse_moved(name, replacing, now.current)
            self._refuse_foreign(name, now)
            if now.pending != version:
                # the label is where it was: there is no version to move it to
                unwritten = lost if now.pending == secret.pending else None
                raise unwritten or refusals.label_moved(name, _PENDING, secret.pending)
        return version

    def _restage(self, name: SecretName, version: VersionId, seen: Snapshot | None) -> bool:
        """Label it again, in one call. AWS drops versions without a label when it likes."""
        if is_placeholder(version):
            raise refusals.placeholder_refused(name)
        secret = self._claimed(name, seen)
        if version in (secret.current, secret.pending):
            return True
        self._refuse_foreign(name, secret)
        if self._access.move(name, _PENDING, secret.pending, version):
            return True
        # AWS does not document which error a version that is gone gives: look for it
        if version not in self._access.versions(name):
            return False
        now = self._claimed(name, None, lambda s: s.pending != secret.pending)
        if now.pending != version:
            self._refuse_foreign(name, now)
            raise refusals.label_moved(name, _PENDING, secret.pending)
        return True

    def _promote(
        self,
        name: SecretName,
        version: VersionId,
        replacing: VersionId | None,
        about: Mapping[str, str],
        seen: Snapshot | None,
    ) -> None:
        """Promote in one call. AWS moves AWSPREVIOUS along; AWSPENDING stays on the current version and means nothing.

        With `seen` the move is judged by where AWSCURRENT is, for a snapshot from before `stage` shows no candidate.
        AWS has no place for what is to be noted beside one version: tags are the secret's, and limited.
        """
        secret = self._claimed(name, seen, lambda s: s.current in (version, replacing))
        if secret.current == version:
            return
        if seen is None:
            refusals.refuse_moved(name, replacing, secret.current)
            if secret.pending != version:
                raise refusals.not_the_candidate(name, version, secret.candidate)
        if not self._access.move(name, _CURRENT, replacing, version):
            now = self._claimed(name, None, lambda s: s.current != replacing)
            if now.current != version:
                refusals.refuse_moved(name, replacing, now.current)
                raise refusals.not_the_candidate(name, version, now.candidate)

    def _discard(self, name: SecretName, version: VersionId, seen: Snapshot | None) -> None:
        """Discard in one call, even if the snapshot shows another candidate: AWS refuses it if that is still so."""
        secret = native_of(seen) or self._access.expect(name, exists)
        self._access.refuse_deleted(name, secret)
        if secret is not None:
            self._access.move(name, _PENDING, version, None)

    def _note(self, name: SecretName, entry: JournalEntry, seen: Snapshot | None) -> None:
        note(self._access, name, entry, self._claimed(name, seen))

    def _remove(self, name: SecretName, seen: Snapshot) -> None:
        if (secret := native_of(seen) or self._access.look(name)) is not None:
            self._lifecycle.remove(name, secret)

    def _restore(self, name: SecretName) -> None:
        self._lifecycle.restore(name)

    def _claimed(
        self, name: SecretName, seen: Snapshot | None, wanted: Wanted = exists
    ) -> AwsSecret:
        """Return the secret as it was seen, else as it is; it must have a current version.

        AWS makes the first version of a secret current, so that a write would be current before it is tested.
        """
        secret = native_of(seen) or self._access.expect(name, wanted)
        self._access.refuse_deleted(name, secret)
        if secret is None or secret.current is None:
            raise refusals.not_claimed(name)
        return secret

    def _refuse_foreign(self, name: SecretName, secret: AwsSecret) -> None:
        if (version := secret.foreign_candidate) is None:
            return
        options = ("--version-stage", _PENDING, "--remove-from-version-id", version)
        command = self._client.command("update-secret-version-stage", name, *options)
        since = self._access.written_at(name, version)
        raise refusals.foreign_candidate(
            name, version, since, f"let it finish; where it never will, run `{command}`"
        )

    def _get(self, name: SecretName, which: Stage | VersionId) -> StoredVersion | None:
        """GetSecretValue by label or by version id."""
        chosen = (
            {"VersionStage": LABELS[which]} if isinstance(which, Stage) else {"VersionId": which}
        )
        try:
            answer = self._client.call("GetSecretValue", name, SecretId=name, **chosen)
        except StoreFailure as failure:
            if failure.outcome is Outcome.ABSENT:
                return None
            if failure.outcome is Outcome.REFUSED:
                self._access.refuse_deleted(name, self._access.look(name))
            raise
        if which is Stage.CANDIDATE and LABELS[Stage.CURRENT] in answer.get("VersionStages", ()):
            return None
        return _stored(name, answer)


def _stored(name: SecretName, answer: dict[str, Any]) -> StoredVersion:
    version = VersionId(answer["VersionId"])
    if "SecretString" not in answer:
        raise StoreError(
            f"the secret {name}: version {version} is binary, and not the text of a JSON object",
            "write it as text, or use another secret",
        )
    return StoredVersion(version, Sensitive(answer["SecretString"]))
