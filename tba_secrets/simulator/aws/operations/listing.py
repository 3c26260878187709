"""Operations on several secrets: ListSecrets, ListSecretVersionIds, BatchGetSecretValue."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from tba_secrets.simulator.aws import limits
from tba_secrets.simulator.aws.errors import (
    AwsError,
    InvalidNextTokenException,
    InvalidParameterException,
    ValidationException,
)
from tba_secrets.simulator.aws.operations.context import AwsCall, Json, brief, find, version_stages
from tba_secrets.simulator.aws.operations.metadata import list_entry
from tba_secrets.simulator.aws.operations.values import get_secret_value
from tba_secrets.simulator.aws.state import DEFAULT_KEY, Secret, Version

Item = TypeVar("Item")
BATCH: Final = 20


def list_secrets(call: AwsCall) -> Json:
    """Answer ListSecrets: newest first, without those scheduled for deletion."""
    planned = bool(call.params.get("IncludePlannedDeletion"))
    kept = [s for s in _matching(call) if planned or s.deleted is None]
    size = limits.page_size(call.params, 100)
    page, more = _page(_sorted(call, kept), size, call.params.get("NextToken"))
    return {"SecretList": [list_entry(secret) for secret in page], **more}


def list_secret_version_ids(call: AwsCall) -> Json:
    """Answer ListSecretVersionIds; unlabelled ones only with IncludeDeprecated."""
    secret = call.secret()
    deprecated = bool(call.params.get("IncludeDeprecated"))
    kept = [
        (version_id, version)
        for version_id, version in secret.versions.items()
        if version.value is not None and (deprecated or secret.labels_of(version_id))
    ]
    size = limits.page_size(call.params, 100)
    page, more = _page(kept, size, call.params.get("NextToken"))
    return {**brief(secret), "Versions": [_version(secret, *item) for item in page], **more}


def batch_get_secret_value(call: AwsCall) -> Json:
    """Answer BatchGetSecretValue: up to 20; a failure is an entry of Errors."""
    ids, filters = call.params.get("SecretIdList"), call.params.get("Filters")
    if (ids is None) == (filters is None):
        raise InvalidParameterException(
            "Either 'SecretIdList' or 'Filters' must be provided, but not both."
        )
    if ids is not None:
        return _batch(call, _checked_ids(call, ids))
    call.identity.authorize("secretsmanager:ListSecrets", "*")
    live = [secret.arn for secret in _matching(call) if secret.deleted is None]
    page, more = _page(live, limits.page_size(call.params, BATCH), call.params.get("NextToken"))
    return {**_batch(call, page), **more}


def _checked_ids(call: AwsCall, ids: Sequence[str]) -> Sequence[str]:
    if call.params.get("MaxResults") is not None:
        raise InvalidParameterException(
            "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is "
            "provided."
        )
    if not 1 <= len(ids) <= BATCH:
        raise ValidationException(
            "1 validation error detected: Value at 'secretIdList' failed to satisfy constraint: "
            f"Member must have length less than or equal to {BATCH}"
        )
    return ids


def _batch(call: AwsCall, ids: Iterable[str]) -> Json:
    values: list[Json] = []
    errors: list[Json] = []
    for secret_id in ids:
        found = find(call.state, call.region, secret_id)
        try:
            resource = secret_id if found is None else found.arn
            call.identity.authorize("secretsmanager:GetSecretValue", resource)
            values.append(get_secret_value(call.with_id(secret_id)))
        except AwsError as error:
            errors.append(
                {"SecretId": secret_id, "ErrorCode": error.code, "Message": error.message}
            )
    return {"SecretValues": values, "Errors": errors}


def _version(secret: Secret, version_id: str, version: Version) -> Json:
    key = "DefaultEncryptionKey" if version.kms_key == DEFAULT_KEY else version.kms_key
    return {
        "VersionId": version_id,
        **version_stages(secret, version_id),
        "CreatedDate": version.created,
        "KmsKeyIds": [key],
    }


def _sorted(call: AwsCall, found: Sequence[Secret]) -> list[Secret]:
    keys: dict[str, Callable[[Secret], Any]] = {
        "created-date": lambda s: s.created,
        "last-changed-date": lambda s: s.changed,
        "last-accessed-date": lambda s: s.accessed or 0.0,
        "name": lambda s: s.name,
    }
    key = keys[call.params.get("SortBy", "created-date")]
    return sorted(found, key=key, reverse=call.params.get("SortOrder", "desc") == "desc")


def _matching(call: AwsCall) -> list[Secret]:
    filters = call.params.get("Filters") or ()
    return [s for s in call.state.secrets(call.region) if all(_matches(s, f) for f in filters)]


def _matches(secret: Secret, wanted: Mapping[str, Any]) -> bool:
    """Return whether one of the filter's values matches; `!` before a value negates it."""
    key, values = wanted.get("Key", "all"), wanted.get("Values") or ()
    return any(
        not _has(secret, key, value[1:]) if value.startswith("!") else _has(secret, key, value)
        for value in values
    )


def _has(secret: Secret, key: str, value: str) -> bool:
    """Return whether a value matches by prefix; `description` and `all` ignore case (API: Filter, Key)."""
    attributes: dict[str, list[str]] = {
        "name": [secret.name],
        "description": [secret.description or ""],
        "tag-key": list(secret.tags),
        "tag-value": list(secret.tags.values()),
        "primary-region": [secret.primary_region],
        "owning-service": [secret.owning_service or ""],
    }
    if key == "all":
        words = [text.lower() for texts in attributes.values() for text in texts]
        return all(any(part in text for text in words) for part in value.lower().split())
    if key not in attributes:
        raise ValidationException("1 validation error detected: Value at 'filters' has no such key")
    if key == "description":
        words = (secret.description or "").lower().split()
        return any(word.startswith(value.lower()) for word in words)
    return any(text.startswith(value) for text in attributes[key])


def _page(items: Sequence[Item], size: int, token: str | None) -> tuple[Sequence[Item], Json]:
    start = _offset(token)
    end = start + size
    more = {"NextToken": _token(end)} if end < len(items) else {}
    return items[start:end], more


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"page:{offset}".encode()).decode()


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("page:"))
    except (binascii.Error, ValueError):
        raise InvalidNextTokenException from None
