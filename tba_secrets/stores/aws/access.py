"""Looking at a secret on AWS, and writes that end only when what they did is seen.

"All Secrets Manager operations are eventually consistent" (API: ListSecrets), and a reply can be lost after the write
was carried out. So a write is not judged by its reply: `write` looks until the secret is as intended.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from tba_secrets.errors import StoreUnavailableError
from tba_secrets.stores.aws.client import AwsClient
from tba_secrets.stores.aws.errors import AwsFailure, Outcome
from tba_secrets.stores.aws.secret import AwsSecret, described
from tba_secrets.stores.interface import SecretName, VersionId
from tba_secrets.stores.refusals import scheduled_for_deletion

T = TypeVar("T")
Wanted = Callable[[AwsSecret], bool]
_WRONG_STATE = "InvalidRequestException"


@dataclass(frozen=True)
class Patience:
    """For how long a sight that is not the one expected may be a stale one."""

    settle: float = 15.0
    """Seconds until a write that was acknowledged, or whose reply was lost, must be seen."""
    confirm: float = 1.0
    """Seconds for which an unwelcome sight is looked at again before it is believed."""
    first_pause: float = 0.05
    """Seconds between the first two looks; each pause is twice the one before, 1 s at most."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def poll(self, ask: Callable[[], T], wanted: Callable[[T], bool], seconds: float) -> T:
        """Ask until the answer is wanted or the time is over; the last answer either way."""
        deadline, pause = self.clock() + seconds, self.first_pause
        while True:
            answer = ask()
            if wanted(answer) or self.clock() >= deadline:
                return answer
            self.sleep(pause)
            pause = min(pause * 2, 1.0)


class SecretAccess:
    """One AWS account and region, secret by secret.

    Args:
        client: The calls.
        patience: How long to look.
    """

    def __init__(self, client: AwsClient, patience: Patience) -> None:
        self.client = client
        self.patience = patience

    def look(self, name: SecretName) -> AwsSecret | None:
        """The secret as it is seen now, scheduled for deletion or not; None where it is absent."""
        try:
            answer = self.client.call("DescribeSecret", name, SecretId=name)
        except AwsFailure as failure:
            if failure.outcome is not Outcome.ABSENT:
                raise
            return None
        return described(answer, self.client.settings.region)

    def expect(self, name: SecretName, wanted: Wanted) -> AwsSecret | None:
        """The secret; looked at again for a moment where it is not as wanted, for that sight may be stale.

        Raises:
            ScheduledForDeletionError: It cannot be written.
        """
        secret = self._poll(name, wanted, self.patience.confirm)
        self.refuse_deleted(name, secret)
        return secret

    def write(
        self,
        operation: str,
        name: SecretName,
        request: Mapping[str, Any],
        reached: Wanted,
        ignored: Callable[[Mapping[str, Any]], bool] | None = None,
    ) -> AwsSecret:
        """Call a write, then look until the secret is as intended, whatever the call answered.

        Args:
            operation: The name in the API reference.
            name: The secret.
            request: The operation's parameters, by their API names.
            reached: Whether the secret is as the write was to make it.
            ignored: Whether the answer says that nothing was done; then the secret is returned as it is.

        Raises:
            ScheduledForDeletionError: It cannot be written.
            AwsFailure: It was refused, or it is not seen in time.
        """
        failure, seconds, wanted = None, self.patience.settle, reached
        try:
            answer = self.client.call(operation, name, **request)
            if ignored is not None and ignored(answer):
                wanted = exists
        except AwsFailure as caught:
            if caught.outcome is Outcome.DENIED:
                raise
            failure = caught
            seconds = self.patience.confirm if caught.not_done else self.patience.settle
        secret = self._poll(name, wanted, seconds)
        if secret is not None and wanted(secret):
            return secret
        if failure is not None and failure.code == _WRONG_STATE:
            self.refuse_deleted(name, secret)
        raise failure or self._unseen(operation, name)

    def refuse_deleted(self, name: SecretName, secret: AwsSecret | None) -> None:
        """Let a secret pass that is not scheduled for deletion.

        Raises:
            ScheduledForDeletionError: With the command that restores it.
        """
        if secret is not None and secret.deletion_at is not None:
            command = self.client.command("restore-secret", name)
            raise scheduled_for_deletion(name, secret.deletion_at, command)

    def versions(self, name: SecretName) -> dict[VersionId, datetime]:
        """Every version that AWS still has, those without a label included, and when it was written.

        Raises:
            AwsFailure: The versions could not be listed.
        """
        found: dict[VersionId, datetime] = {}
        request: dict[str, Any] = {"SecretId": name, "IncludeDeprecated": True, "MaxResults": 100}
        while True:
            answer = self.client.call("ListSecretVersionIds", name, **request)
            found |= {VersionId(v["VersionId"]): v["CreatedDate"] for v in answer["Versions"]}
            if not (more := answer.get("NextToken")):
                return found
            request["NextToken"] = more

    def written_at(self, name: SecretName, version: VersionId) -> datetime | None:
        """When a version was written; None where that cannot be found out: it is only shown."""
        try:
            return self.versions(name).get(version)
        except AwsFailure:
            return None

    def _poll(self, name: SecretName, wanted: Wanted, seconds: float) -> AwsSecret | None:
        return self.patience.poll(
            lambda: self.look(name), lambda secret: secret is not None and wanted(secret), seconds
        )

    def _unseen(self, operation: str, name: SecretName) -> AwsFailure:
        return AwsFailure(
            Outcome.UNKNOWN,
            StoreUnavailableError(
                f"AWS acknowledged {operation} on the secret {name}, and {self.patience.settle:g} s "
                "later DescribeSecret still does not show it",
                "run the command again: it reads the secret anew",
            ),
        )


def exists(_: AwsSecret) -> bool:
    """Any state of a secret that is there."""
    return True
