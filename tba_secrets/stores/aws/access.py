"""Looking at a secret on AWS, and writing to it.

A write that AWS acknowledges is believed. Where the answer was lost, or a retry of the SDK may have met its own effect,
the secret is looked at until it is as intended. "All Secrets Manager operations are eventually consistent" (API:
ListSecrets), so a later look waits until it shows what this process wrote.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from tba_secrets.sensitive import Sensitive
from tba_secrets.stores.aws.client import AwsClient
from tba_secrets.stores.aws.secret import STAGED, AwsSecret, described, tag_list
from tba_secrets.stores.failures import Outcome, StoreFailure, allowing
from tba_secrets.stores.interface import SecretName
from tba_secrets.stores.refusals import scheduled_for_deletion
from tba_secrets.stores.versions import VersionId

T = TypeVar("T")
Wanted = Callable[[AwsSecret], bool]
_WRONG_STATE: Final = "InvalidRequestException"
_NOT_THE_HOLDER: Final = "InvalidParameterException"
"""UpdateSecretVersionStage, where RemoveFromVersionId is not the version that carries the label."""


@dataclass(frozen=True)
class Patience:
    """How long to allow for AWS's eventual consistency."""

    settle: float = 15.0
    """Seconds until a write that was acknowledged, or whose reply was lost, must be seen."""
    confirm: float = 1.0
    """Seconds to look again before an unexpected answer is believed."""
    first_pause: float = 0.05
    """Seconds between the first two looks; each pause is twice the one before, 1 s at most."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def poll(self, ask: Callable[[], T], wanted: Callable[[T], bool], seconds: float) -> T:
        """Ask until the answer is wanted or the time is over; return the last answer either way."""
        deadline, pause = self.clock() + seconds, self.first_pause
        while True:
            answer = ask()
            if wanted(answer) or self.clock() >= deadline:
                return answer
            self.sleep(pause)
            pause = min(pause * 2, 1.0)


class AwsSecretAccess:
    """One AWS account and region, secret by secret. Thread-safe."""

    def __init__(self, client: AwsClient, patience: Patience) -> None:
        self.client = client
        self.patience = patience
        self._written: defaultdict[SecretName, dict[str, Wanted]] = defaultdict(dict)
        """What this process wrote and has not seen yet, by secret and by what was written."""

    def look(self, name: SecretName) -> AwsSecret | None:
        """Return the secret, scheduled for deletion or not; None if it is absent.

        A sight from before our own last write is stale: it is looked at again, for a while.
        """
        written = tuple(self._written.pop(name, {}).values())
        return self.patience.poll(
            lambda: self._describe(name),
            lambda s: not written or (s is not None and all(shown(s) for shown in written)),
            self.patience.settle,
        )

    def expect(self, name: SecretName, wanted: Wanted) -> AwsSecret | None:
        """Return the secret, polling briefly while it is not as `wanted`: a read may be stale.

        Raises:
            ScheduledForDeletionError: It cannot be written.
        """
        secret = self._poll(name, wanted, self.patience.confirm)
        self.refuse_deleted(name, secret)
        return secret

    def write(
        self, operation: str, name: SecretName, request: Mapping[str, Any], reached: Wanted
    ) -> None:
        """Call a write that has no compare-and-set, and that is done once the secret is as `reached` says.

        `request` are the operation's parameters but SecretId.

        Raises:
            ScheduledForDeletionError: It cannot be written.
            StoreFailure: It was refused, or its answer was lost and its effect is not seen in time.
        """
        try:
            self.client.call(operation, name, SecretId=name, **request)
        except StoreFailure as failure:
            self.settled(failure, name, reached)
        self.remember(name, operation, reached)

    def tag(self, name: SecretName, tags: Mapping[str, str]) -> None:
        """Write tags."""
        request = {"Tags": tag_list(tags)}
        self.write("TagResource", name, request, lambda s: tags.items() <= s.tags.items())

    def remember(self, name: SecretName, what: str, shown: Wanted) -> None:
        """Keep in mind what was written, so that the next look waits until it is shown."""
        self._written[name][what] = shown

    def put(self, name: SecretName, version: VersionId, value: Sensitive) -> StoreFailure | None:
        """Write a version under a label of our own: AWSPENDING would be taken off whoever holds it by then.

        PutSecretValue with the id and value of a version that exists "succeeds but does nothing", labels included.
        Where the answer was lost, that failure is returned: the move of a label onto `version` that follows settles it.

        Raises:
            ScheduledForDeletionError: It cannot be written.
            StoreFailure: Nothing was done.
        """
        try:
            self.client.call(
                "PutSecretValue",
                name,
                SecretId=name,
                ClientRequestToken=version,
                SecretString=value,
                VersionStages=[STAGED],
            )
        except StoreFailure as failure:
            self._raise_undone(failure, name)
            return failure
        return None

    def move(
        self, name: SecretName, label: str, holder: VersionId | None, to: VersionId | None
    ) -> bool:
        """Move a staging label off its exact holder: AWS's compare-and-set; None stands for no version.

        False where `holder` does not carry the label, or a version or the secret is absent.

        Raises:
            ScheduledForDeletionError: It cannot be written.
            StoreFailure: It was refused for another reason, or its answer was lost and its effect is not seen in time.
        """
        request = {"RemoveFromVersionId": holder, "MoveToVersionId": to}
        given = {key: version for key, version in request.items() if version is not None}
        try:
            self.client.call(
                "UpdateSecretVersionStage", name, SecretId=name, VersionStage=label, **given
            )
        except StoreFailure as failure:
            refused = failure.outcome is Outcome.ABSENT or failure.code == _NOT_THE_HOLDER
            if refused and not failure.retried:
                return False
            secret = self.settled(failure, name, lambda s: s.labels.get(label) != holder)
            return secret.labels.get(label) == to
        self.remember(name, label, lambda s: s.labels.get(label) != holder)
        return True

    def settled(self, failure: StoreFailure, name: SecretName, reached: Wanted) -> AwsSecret:
        """Return the secret where a write whose answer was lost is seen to be done.

        Raise `failure` if nothing was done, or it is not seen in time.

        Raises:
            ScheduledForDeletionError: It cannot be written.
        """
        self._raise_undone(failure, name)
        secret = self._poll(name, reached, self.patience.settle)
        if secret is not None and reached(secret):
            return secret
        if failure.code == _WRONG_STATE:
            self.refuse_deleted(name, secret)
        raise failure

    def refuse_deleted(self, name: SecretName, secret: AwsSecret | None) -> None:
        """Raise ScheduledForDeletionError for such a secret, with the command that restores it."""
        if secret is not None and secret.deletion_at is not None:
            command = self.client.command("restore-secret", name)
            raise scheduled_for_deletion(name, secret.deletion_at, command)

    def versions(self, name: SecretName) -> dict[VersionId, datetime]:
        """Return every version that AWS still has, those without a label included, and when it was written."""
        found: dict[VersionId, datetime] = {}
        for page in self.client.pages(
            "ListSecretVersionIds", name, SecretId=name, IncludeDeprecated=True
        ):
            found |= {VersionId(v["VersionId"]): v["CreatedDate"] for v in page["Versions"]}
        return found

    def written_at(self, name: SecretName, version: VersionId) -> datetime | None:
        """Return when a version was written; None if that cannot be found out."""
        try:
            return self.versions(name).get(version)
        except StoreFailure:
            return None

    def _describe(self, name: SecretName) -> AwsSecret | None:
        with allowing(Outcome.ABSENT):
            answer = self.client.call("DescribeSecret", name, SecretId=name)
            return described(answer, self.client.settings.region)
        return None

    def _poll(self, name: SecretName, wanted: Wanted, seconds: float) -> AwsSecret | None:
        return self.patience.poll(
            lambda: self.look(name), lambda secret: secret is not None and wanted(secret), seconds
        )

    def _raise_undone(self, failure: StoreFailure, name: SecretName) -> None:
        """Raise `failure` where it is certain that nothing was done."""
        surely = failure.outcome is not Outcome.UNKNOWN and not failure.retried
        if surely or failure.outcome is Outcome.DENIED:
            if failure.code == _WRONG_STATE:
                self.refuse_deleted(name, self.look(name))
            raise failure


def exists(_: AwsSecret) -> bool:
    """Accept any state of a secret that is there."""
    return True
