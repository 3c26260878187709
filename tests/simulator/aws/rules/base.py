"""The contract as executable rules, for any server: each makes a secret and asserts what follows.

Each rule shows what is accepted and its broken twin that is refused. `gap` names what moto does
instead where it is known to differ; such a rule is a strict expected failure there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
EXISTS, MISSING = "ResourceExistsException", "ResourceNotFoundException"
REQUEST, PARAMETER = "InvalidRequestException", "InvalidParameterException"
VALIDATION = "ValidationException"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:rotate"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
    }
)

Check = Callable[[Any, str], None]


@dataclass(frozen=True)
class Rule:
    """A rule and, where moto breaks it, how."""

    check: Check
    gap: str | None = None


RULES: list[Rule] = []


def rule(check: Check) -> Check:
    """A rule that moto keeps."""
    RULES.append(Rule(check))
    return check


def gap(reason: str) -> Callable[[Check], Check]:
    """A rule that moto is known to break."""

    def add(check: Check) -> Check:
        RULES.append(Rule(check, reason))
        return check

    return add


def made(secrets: Any, name: str, text: str = "one") -> str:
    """Create a secret; its version id."""
    return str(secrets.create_secret(Name=name, SecretString=text)["VersionId"])


def put(secrets: Any, name: str, text: str, *stages: str) -> str:
    """Put a version; its id."""
    asked = {"VersionStages": list(stages)} if stages else {}
    return str(secrets.put_secret_value(SecretId=name, SecretString=text, **asked)["VersionId"])


def move(secrets: Any, name: str, label: str, remove_from: str | None, to: str | None) -> None:
    """Move a label by compare-and-swap."""
    ids = {"RemoveFromVersionId": remove_from, "MoveToVersionId": to}
    given = {key: version for key, version in ids.items() if version is not None}
    secrets.update_secret_version_stage(SecretId=name, VersionStage=label, **given)
