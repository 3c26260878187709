"""Which secrets there are: read-only, and without a value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tba_secrets.stores.aws.client import AwsClient
from tba_secrets.stores.interface import SecretName


def secret_names(client: AwsClient, prefix: str) -> Iterator[SecretName]:
    """The names that begin with `prefix`, without secrets that are scheduled for deletion.

    API: ListSecrets: it "might not reflect changes from the last five minutes", and pages go on while there is a
    NextToken, even behind an empty one. Filter, `name`: "Prefix match, case-sensitive".

    Raises:
        AwsFailure: They could not be listed.
    """
    request: dict[str, Any] = {"MaxResults": 100}
    if prefix:
        request["Filters"] = [{"Key": "name", "Values": [prefix]}]
    while True:
        answer = client.call("ListSecrets", None, **request)
        names = (SecretName(secret["Name"]) for secret in answer["SecretList"])
        yield from (name for name in names if name.startswith(prefix))
        if not (more := answer.get("NextToken")):
            return
        request["NextToken"] = more
