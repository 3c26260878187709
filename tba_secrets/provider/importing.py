"""`pulumi import tba:index:StagedCredential NAME ID`: which secret an id names.

An id is `aws:REGION:NAME` or a secret's whole ARN (`arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-XXXXXX`).
"""

from __future__ import annotations

import re

from tba_secrets.errors import StoreError
from tba_secrets.spec.model import AwsSettings, Stores

_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):[0-9]{12}:secret:(.+)-[A-Za-z0-9]{6}"
)
_SHORT = re.compile(r"aws:([a-z0-9-]+):(.+)")


def parse_id(id: str) -> tuple[Stores, str]:
    """Return the store and the secret's whole name in it.

    Raises:
        StoreError: The id has another shape.
    """
    match = _ARN.fullmatch(id) or _SHORT.fullmatch(id)
    if match is None:
        raise StoreError(
            "the id to import is of an unknown shape",
            "give aws:REGION:NAME, or the secret's ARN",
        )
    return Stores(aws=AwsSettings(region=match[1])), match[2]
