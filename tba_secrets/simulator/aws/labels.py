"""The moves of staging labels: pure functions from one label map to the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from tba_secrets.simulator.aws.errors import (
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from tba_secrets.simulator.aws.state import AWSCURRENT, AWSPREVIOUS, Secret

MAX_LABELS: Final = 20
"""User Guide, "Quotas": staging labels attached across all versions of a secret."""


def attach(labels: Mapping[str, str], version_id: str, added: Iterable[str]) -> dict[str, str]:
    """Attach labels to one version, taking each from the version that has it.

    API: PutSecretValue, VersionStages: "If you specify a staging label that's already associated with a different
    version of the same secret, then Secrets Manager removes the label from the other version". Moving AWSCURRENT
    "also automatically moves the staging label AWSPREVIOUS to the version that AWSCURRENT was removed from".

    Raises:
        LimitExceededException: More than 20 labels on the secret.
    """
    after = dict(labels)
    left = after.get(AWSCURRENT)
    for label in added:
        after[label] = version_id
    if after.get(AWSCURRENT) != left and left is not None:
        after[AWSPREVIOUS] = left
    if len(after) > MAX_LABELS:
        raise LimitExceededException(
            f"The number of staging labels exceeds the limit of {MAX_LABELS} per secret."
        )
    return after


def move(
    secret: Secret, label: str, remove_from: str | None, move_to: str | None
) -> dict[str, str]:
    """Return the label map after UpdateSecretVersionStage, AWS's compare-and-swap.

    Raises:
        ResourceNotFoundException: `move_to` is not a version of the secret.
        InvalidParameterException: `remove_from` does not name the holder, or AWSCURRENT would be left on no version.
        LimitExceededException: More than 20 labels on the secret.
    """
    if move_to is None and remove_from is None:
        raise InvalidParameterException("You must specify RemoveFromVersionId or MoveToVersionId.")
    if move_to is not None and move_to not in secret.versions:
        raise ResourceNotFoundException(
            f"Secrets Manager can't find the specified secret value for VersionId: {move_to}"
        )
    _compare(label, secret.labels.get(label), remove_from, move_to)
    if move_to is None:
        return _detach(secret.labels, label)
    return attach(secret.labels, move_to, [label])


def _compare(label: str, holder: str | None, remove_from: str | None, move_to: str | None) -> None:
    """Check RemoveFromVersionId (API: UpdateSecretVersionStage).

    "If the label is attached and you either do not specify this parameter, or the version ID does not match, then
    the operation fails." Naming a holder for an unattached label is refused as well.
    """
    if remove_from is None:
        if holder is not None and holder != move_to:
            raise InvalidParameterException(
                f"The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently attached to "
                f"version {holder}, so you must explicitly reference that version in RemoveFromVersionId."
            )
    elif remove_from != holder:
        raise InvalidParameterException(
            f"When you move staging label {label}, if you specify RemoveFromVersionId, it must be set to the version "
            f"that currently has the staging label {label}."
        )


def _detach(labels: Mapping[str, str], label: str) -> dict[str, str]:
    """Take a label off. AWSCURRENT can only move.

    The API text does not say so; the wording is what the service answers terraform-provider-aws
    (comment in its aws_secretsmanager_secret_version resource).
    """
    if label == AWSCURRENT:
        raise InvalidParameterException(
            f"You can only move staging label {AWSCURRENT} to a different secret version. "
            "It can\N{RIGHT SINGLE QUOTATION MARK}t be completely removed."
        )
    return {name: holder for name, holder in labels.items() if name != label}
