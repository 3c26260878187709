"""Calls to AWS: each exception of the SDK becomes a `StoreFailure` that holds nothing of it."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import Any, Final

from tba_secrets.errors import StoreError
from tba_secrets.sdk_logging import silence_sdk_debug
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.model import AwsSettings
from tba_secrets.stores.aws.errors import failure_of, no_answer
from tba_secrets.stores.aws.session import Clients, Transport, open_clients, resolved_address
from tba_secrets.stores.rate_limit import TokenBucket

_WORD_START: Final = re.compile(r"(?<!^)(?=[A-Z])")


class AwsClient:
    """Secrets Manager and STS by one environment's settings. Thread-safe; nothing is opened before the first call."""

    def __init__(
        self,
        settings: AwsSettings,
        transport: Transport | None = None,
        bucket: TokenBucket | None = None,
    ) -> None:
        self.settings = settings
        self._transport = transport or Transport()
        self._bucket = bucket
        self._opening = Lock()
        self._clients: Clients | None = None

    def call(
        self, operation: str, secret: str | None, service: str = "secretsmanager", **parameters: Any
    ) -> dict[str, Any]:
        """Ask AWS, with names as in the API reference; return the answer.

        It may hold the value: never log it, and never put it into a message. A `Sensitive` is revealed on its way into
        the SDK; `secret` is named in messages.

        Raises:
            StoreFailure: The call failed. Its cause is dropped, for an SDK exception holds the answer.
        """
        try:
            client = getattr(self._opened(), service)
            method = getattr(client, _WORD_START.sub("_", operation).lower())
            answer: dict[str, Any] = method(**_revealed(parameters))
        except StoreError:
            raise
        except Exception as error:
            # botocore lets a UnicodeDecodeError through, with the body in it
            asked = self._asked(service, getattr(error, "operation_name", operation), secret)
            failure = failure_of(error, asked)
        else:
            if _is_answer(operation, answer):
                return answer
            failure = no_answer(self._asked(service, operation, secret))
        raise failure  # after the except block: what was caught must not become its __context__

    def pages(
        self, operation: str, secret: str | None, **parameters: Any
    ) -> Iterator[dict[str, Any]]:
        """Ask for page after page: they go on while there is a NextToken, even behind an empty one."""
        while True:
            answer = self.call(operation, secret, **parameters, MaxResults=100)
            yield answer
            if not (more := answer.get("NextToken")):
                return
            parameters["NextToken"] = more

    def shown_settings(self) -> dict[str, str]:
        """Return region, endpoint, profile and role in force, those taken from the process environment included."""
        shown = {
            "region": self.settings.region,
            "endpoint": str(self._opened().secretsmanager.meta.endpoint_url),
            "profile": self.settings.profile or os.environ.get("AWS_PROFILE"),
            "role": self.settings.role_arn,
        }
        return {key: value for key, value in shown.items() if value}

    def command(self, subcommand: str, secret: str, *options: str) -> str:
        """Return a command of the AWS CLI for this account and region, ready to paste."""
        words = ["aws", "secretsmanager", subcommand, "--region", self.settings.region]
        if self.settings.profile is not None:
            words += ["--profile", self.settings.profile]
        if isinstance(self.settings.endpoint, str):
            words += ["--endpoint-url", self.settings.endpoint]
        return shlex.join([*words, "--secret-id", secret, *options])

    def _opened(self) -> Clients:
        with self._opening:
            if self._clients is None:
                self._clients = open_clients(self.settings, self._transport, self._bucket)
        silence_sdk_debug()
        return self._clients

    def _asked(self, service: str, operation: str, secret: str | None) -> dict[str, str]:
        """Return the words for a call; to assume the role is part of the first call of any kind."""
        region = self.settings.region
        subject = f"AWS in {region}" if secret is None else f"the secret {secret} in {region}"
        if operation == "AssumeRole":
            service, subject = "sts", f"the role {self.settings.role_arn}"
        return {
            "action": self._actions(service, operation),
            "subject": subject,
            "region": region,
            "kms_key": self.settings.kms_key or "aws/secretsmanager",
            "endpoint": resolved_address(self.settings.endpoint) or f"of {service} in {region}",
        }

    def _actions(self, service: str, operation: str) -> str:
        """Return the IAM actions of a call (API: CreateSecret, "Required permissions")."""
        if operation != "CreateSecret":
            return f"{service}:{operation}"
        replicated = ", secretsmanager:ReplicateSecretToRegions" if self.settings.replicas else ""
        return f"secretsmanager:CreateSecret (with secretsmanager:TagResource{replicated})"


def _is_answer(operation: str, answer: Mapping[str, Any]) -> bool:
    """Return whether AWS can have answered that: botocore makes an empty answer of a proxy's page with status 200.

    API: each operation but those on tags answers with the ARN of the secret, or of the caller; ListSecrets with a list.
    """
    if operation == "ListSecrets":
        return "SecretList" in answer
    return operation in ("TagResource", "UntagResource") or "ARN" in answer or "Arn" in answer


def _revealed(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value.reveal() if isinstance(value, Sensitive) else value
        for key, value in parameters.items()
    }
