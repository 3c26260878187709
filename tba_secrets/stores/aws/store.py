"""AWS Secrets Manager as a store.

IAM actions that it needs on the secrets, all `secretsmanager:`: DescribeSecret, GetSecretValue, CreateSecret,
TagResource, PutSecretValue and UpdateSecretVersionStage always; DeleteSecret and RestoreSecret to delete and restore;
UntagResource to shorten the journal;
UpdateSecret to change a description or key; ReplicateSecretToRegions and RemoveRegionsFromReplication with `replicas`;
ListSecretVersionIds to tell the age of another's candidate, and to see that a version is gone; ListSecrets, which AWS
allows on all secrets or none, for `tba import` alone. With `kms_key` also
kms:GenerateDataKey and kms:Decrypt on it. Credentials: as every AWS tool finds them, see `session.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ClassVar, Final

from tba_secrets.errors import AccessDeniedError, StoreError
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.model import AwsStore as AwsSettings
from tba_secrets.stores.aws.access import Patience, SecretAccess
from tba_secrets.stores.aws.claim import SecretLifecycle
from tba_secrets.stores.aws.client import AwsClient
from tba_secrets.stores.aws.errors import AwsFailure, Outcome
from tba_secrets.stores.aws.listing import secret_names
from tba_secrets.stores.aws.retiring import RetiringLabels
from tba_secrets.stores.aws.secret import LABELS
from tba_secrets.stores.aws.session import Transport
from tba_secrets.stores.aws.stage import StagingLabels
from tba_secrets.stores.interface import (
    Candidate,
    OwnerMark,
    Preflight,
    SecretName,
    Snapshot,
    Stage,
    Store,
    StoredVersion,
    Unseen,
    VersionId,
)
from tba_secrets.stores.journal import JournalEntry
from tba_secrets.stores.rate_limit import TokenBucket

_PARALLEL_READS: Final = 8


class AwsStore(Store):
    """Secrets of one account and region. Thread-safe; asks AWS nothing until it is used.

    Args:
        settings: `store.aws` of the environment's YAML.
        transport: Timeouts and retries.
        patience: How long to look for what was written.
        bucket: The limiter of writes; the process's own for this account, region and endpoint where absent.
    """

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
        self._access = SecretAccess(self._client, patience or Patience())
        self._labels = StagingLabels(self._access)
        self._lifecycle = SecretLifecycle(self._access)
        self._retiring = RetiringLabels(self._access)
        self._staged_here: set[tuple[SecretName, VersionId]] = set()

    def describe_many(self, names: Iterable[SecretName]) -> dict[SecretName, Snapshot | None]:
        """DescribeSecret for each, some at a time: AWS's batch calls either read values or lag by minutes."""
        wanted = tuple(names)
        with ThreadPoolExecutor(_PARALLEL_READS) as pool:
            return dict(zip(wanted, pool.map(self.describe, wanted), strict=True))

    def restore_command(self, name: SecretName) -> str:
        return self._client.command("restore-secret", name)

    @contextmanager
    def _typed_errors(self) -> Iterator[None]:
        try:
            yield
        except AwsFailure as failure:
            raise failure.error from None

    def _preflight(self, names: tuple[SecretName, ...]) -> Preflight:
        caller = self._client.caller()
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

    def _names(self, prefix: str) -> Iterable[SecretName]:
        return secret_names(self._client, prefix)

    def _read(self, name: SecretName, which: Stage | VersionId) -> StoredVersion | None:
        """A version that this process staged is asked for again where it is not seen yet (eventual consistency)."""
        if isinstance(which, Stage) or (name, which) not in self._staged_here:
            return self._get(name, which)
        patience = self._access.patience
        return patience.poll(
            lambda: self._get(name, which), lambda found: found is not None, patience.settle
        )

    def _claim(
        self,
        name: SecretName,
        mark: OwnerMark,
        description: str | None,
        seen: Snapshot | Unseen | None,
    ) -> Snapshot:
        return self._lifecycle.claim(name, mark, description).snapshot()

    def _stage(
        self,
        name: SecretName,
        candidate: Candidate,
        replacing: VersionId | None,
        seen: Snapshot | None,
    ) -> VersionId:
        version = self._labels.stage(name, candidate, replacing)
        self._staged_here.add((name, version))
        return version

    def _restage(self, name: SecretName, version: VersionId, seen: Snapshot | None) -> bool:
        return self._labels.restage(name, version)

    def _promote(
        self,
        name: SecretName,
        version: VersionId,
        replacing: VersionId | None,
        about: Mapping[str, str],
        seen: Snapshot | None,
    ) -> None:
        """AWS has no place for what is to be noted beside one version: tags are the secret's, and limited."""
        self._labels.promote(name, version, replacing)

    def _discard(self, name: SecretName, version: VersionId, seen: Snapshot | None) -> None:
        self._labels.discard(name, version)

    def _note(self, name: SecretName, entry: JournalEntry, seen: Snapshot | None) -> None:
        self._retiring.note(name, entry)

    def _remove(self, name: SecretName) -> None:
        self._lifecycle.remove(name)

    def _restore(self, name: SecretName) -> None:
        self._lifecycle.restore(name)

    def _get(self, name: SecretName, which: Stage | VersionId) -> StoredVersion | None:
        """GetSecretValue by label or by version id."""
        chosen = (
            {"VersionStage": LABELS[which]} if isinstance(which, Stage) else {"VersionId": which}
        )
        try:
            answer = self._client.call("GetSecretValue", name, SecretId=name, **chosen)
        except AwsFailure as failure:
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
