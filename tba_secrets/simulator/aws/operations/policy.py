"""Resource policies, which are stored and returned but not evaluated."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tba_secrets.simulator.aws import limits
from tba_secrets.simulator.aws.errors import (
    MalformedPolicyDocumentException,
    PublicPolicyException,
)
from tba_secrets.simulator.aws.operations.context import AwsCall, Json, brief


def get_resource_policy(call: AwsCall) -> Json:
    """Answer GetResourcePolicy."""
    secret = call.live()
    if secret.policy is None:
        return brief(secret)
    return {**brief(secret), "ResourcePolicy": secret.policy}


def put_resource_policy(call: AwsCall) -> Json:
    """Answer PutResourcePolicy. BlockPublicPolicy refuses an allowed wildcard principal."""
    document = limits.required(call.params, "ResourcePolicy")
    statements = _statements(document)
    if call.params.get("BlockPublicPolicy") and any(_is_public(s) for s in statements):
        raise PublicPolicyException
    secret = call.primary(call.live())
    return brief(call.save(replace(secret, policy=document)))


def delete_resource_policy(call: AwsCall) -> Json:
    """Answer DeleteResourcePolicy."""
    return brief(call.save(replace(call.primary(call.live()), policy=None)))


def _statements(document: str) -> list[Any]:
    try:
        policy = json.loads(document)
        statements = policy["Statement"]
    except (ValueError, KeyError, TypeError):
        raise MalformedPolicyDocumentException from None
    return statements if isinstance(statements, list) else [statements]


def _is_public(statement: Any) -> bool:
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, dict) else principal
    return statement.get("Effect") == "Allow" and "*" in (named, *(named or ()))
