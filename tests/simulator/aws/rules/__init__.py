"""The contract as executable rules, for any server that speaks the Secrets Manager API."""

from __future__ import annotations

from tests.simulator.aws.rules import deletion, idempotency, limits, several, stages, versions
from tests.simulator.aws.rules.base import FUNCTION, RULES, Rule, made, move, put

__all__ = [
    "FUNCTION",
    "RULES",
    "Rule",
    "deletion",
    "idempotency",
    "limits",
    "made",
    "move",
    "put",
    "several",
    "stages",
    "versions",
]
