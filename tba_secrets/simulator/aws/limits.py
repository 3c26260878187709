"""Limits on requests: lengths, character sets, quotas. Pure checks that never echo a value."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tba_secrets.simulator.aws.errors import (
    InvalidParameterException,
    InvalidRequestException,
    ValidationException,
)
from tba_secrets.simulator.aws.state import Value

MAX_VALUE_BYTES: Final = 65536
"""User Guide, "Quotas", size of an encrypted secret value. The API text says length, the quota
page bytes: the stricter of the two holds here."""
MAX_TAGS: Final = 50
"""General Reference, "Tag naming limits and requirements"."""
_NAME: Final = re.compile(r"[A-Za-z0-9/_+=.@-]+")
_SECRET_ID: Final = re.compile(r"[A-Za-z0-9/_+=.@!:-]+")
"""Names that services made have an exclamation mark, ARNs have colons."""
_LENGTHS: Final[Mapping[str, tuple[int, int]]] = {
    "Name": (1, 512),
    "SecretId": (1, 2048),
    "Description": (0, 2048),
    "KmsKeyId": (0, 2048),
    "VersionId": (32, 64),
    "RemoveFromVersionId": (32, 64),
    "MoveToVersionId": (32, 64),
    "VersionStage": (1, 256),
    "RotationLambdaARN": (0, 2048),
    "ResourcePolicy": (1, 20480),
    "NextToken": (1, 4096),
}
"""Length constraints of the string members that the API reference gives for every operation."""


def check_strings(params: Mapping[str, Any]) -> None:
    """Check type and length of every string member.

    Raises:
        ValidationException: Wording of the service's common validation, without the value.
    """
    for name, (low, high) in _LENGTHS.items():
        value = params.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            raise ValidationException(f"Value at '{_lower(name)}' must be a string.")
        if len(value) < low:
            raise _out_of_range(name, f"length greater than or equal to {low}")
        if len(value) > high:
            raise _out_of_range(name, f"length less than or equal to {high}")
    if not _SECRET_ID.fullmatch(params.get("SecretId") or "none"):
        raise _invalid_name()


def required(params: Mapping[str, Any], name: str) -> Any:
    """Return a required member.

    Raises:
        ValidationException: The member is absent.
    """
    if params.get(name) is None:
        raise ValidationException(
            f"1 validation error detected: Value null at '{_lower(name)}' failed to satisfy "
            "constraint: Member must not be null"
        )
    return params[name]


def check_name(name: str) -> None:
    """Check a name (API: CreateSecret): "ASCII letters, numbers, and ... /_+=.@-".

    Raises:
        ValidationException: The name holds another character.
    """
    if not _NAME.fullmatch(name):
        raise _invalid_name()


def request_token(params: Mapping[str, Any]) -> str:
    """Return the ClientRequestToken, which becomes the version id.

    API: PutSecretValue, ClientRequestToken: "If you generate a raw HTTP request to the Secrets
    Manager service endpoint, then you must generate a ClientRequestToken and include it".

    Raises:
        InvalidParameterException: Not 32 to 64 characters.
        InvalidRequestException: Absent.
    """
    token = params.get("ClientRequestToken")
    if token is None:
        raise InvalidRequestException(
            "You must provide a ClientRequestToken value. We recommend a UUID-type value."
        )
    if not isinstance(token, str) or not 32 <= len(token) <= 64:
        raise InvalidParameterException("ClientRequestToken must be 32-64 characters long.")
    return token


def secret_value(params: Mapping[str, Any]) -> Value | None:
    """Return the value of a request, or None.

    API: PutSecretValue: "You must include SecretBinary or SecretString, but not both."

    Raises:
        InvalidParameterException: Both are there, or SecretBinary is not base64.
        ValidationException: The value is empty or longer than 65536 bytes.
    """
    text, binary = params.get("SecretString"), params.get("SecretBinary")
    if text is not None and binary is not None:
        raise InvalidParameterException(
            "You can't specify both a binary and a string secret value."
        )
    if text is not None:
        _check_size("SecretString", len(str(text).encode()))
        return Value(string=str(text))
    if binary is not None:
        decoded = _decode(binary)
        _check_size("SecretBinary", len(decoded))
        return Value(binary=decoded)
    return None


def required_value(params: Mapping[str, Any]) -> Value:
    """Return the value of a request that must have one.

    Raises:
        InvalidRequestException: The request has no value. Also raises what `secret_value` raises.
    """
    value = secret_value(params)
    if value is None:
        raise InvalidRequestException("You must provide either SecretString or SecretBinary.")
    return value


def stages(params: Mapping[str, Any]) -> list[str] | None:
    """Return the 1 to 20 VersionStages of PutSecretValue, or None.

    Raises:
        ValidationException: Too few, too many, or a label of another length.
    """
    labels = params.get("VersionStages")
    if labels is None:
        return None
    if not 1 <= len(labels) <= 20:
        raise _out_of_range("VersionStages", "length between 1 and 20")
    if not all(isinstance(label, str) and 1 <= len(label) <= 256 for label in labels):
        raise _out_of_range("VersionStages", "members of length between 1 and 256")
    return list(dict.fromkeys(labels))


def tags(items: Iterable[Mapping[str, str]], existing: Mapping[str, str]) -> dict[str, str]:
    """Return the tags after adding `items` to `existing`.

    General Reference, "Tag naming limits and requirements": 50 tags, keys of 1 to 128 and values
    of up to 256 characters, no key that starts with `aws:`.

    Raises:
        InvalidParameterException: A limit is exceeded, or a key is there twice.
    """
    added: dict[str, str] = {}
    for item in items:
        key, value = item.get("Key", ""), item.get("Value", "")
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise InvalidParameterException("A tag key has 1-128, a tag value 0-256 characters.")
        if key.lower().startswith("aws:"):
            raise InvalidParameterException("Tag keys that start with aws: are reserved.")
        if key in added:
            raise InvalidParameterException("Duplicate tag keys found. Tag keys must be unique.")
        added[key] = value
    after = {**existing, **added}
    if len(after) > MAX_TAGS:
        raise InvalidParameterException(f"A secret can have at most {MAX_TAGS} tags.")
    return after


def page_size(params: Mapping[str, Any], most: int) -> int:
    """Return MaxResults; by default the most that one page can hold.

    Raises:
        ValidationException: Not in 1..`most`.
    """
    asked = params.get("MaxResults", most)
    if not isinstance(asked, int) or not 1 <= asked <= most:
        raise _out_of_range("MaxResults", f"value between 1 and {most}")
    return asked


def _check_size(name: str, size: int) -> None:
    if size < 1:
        raise _out_of_range(name, "length greater than or equal to 1")
    if size > MAX_VALUE_BYTES:
        raise _out_of_range(name, f"length less than or equal to {MAX_VALUE_BYTES}")


def _decode(encoded: object) -> bytes:
    try:
        return base64.b64decode(str(encoded), validate=True)
    except binascii.Error:
        raise InvalidParameterException("SecretBinary is not base64-encoded.") from None


def _out_of_range(name: str, constraint: str) -> ValidationException:
    return ValidationException(
        f"1 validation error detected: Value at '{_lower(name)}' failed to satisfy constraint: "
        f"Member must have {constraint}"
    )


def _invalid_name() -> ValidationException:
    """Build the service's wording, as recorded in LocalStack's AWS-validated tests."""
    return ValidationException(
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the "
        "following: -/_+=.@!"
    )


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]
