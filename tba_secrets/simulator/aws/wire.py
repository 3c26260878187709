"""Requests and replies on the wire: Signature Version 4's header, AWS JSON 1.1, STS's query XML."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from tba_secrets.simulator.aws.errors import (
    AwsError,
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    SerializationException,
    UnrecognizedClientException,
    ValidationException,
)

_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)"
    r"/aws4_request, ?SignedHeaders=[a-z0-9;-]+, ?Signature=[0-9a-f]{64}"
)
_UNMODELLED: Final = frozenset(
    {
        "ExpiredTokenException",
        "ThrottlingException",
        "UnrecognizedClientException",
        "ValidationException",
    }
)
STS_NAMESPACE: Final = "https://sts.amazonaws.com/doc/2011-06-15/"


@dataclass(frozen=True)
class Request:
    """An HTTP request, as far as it matters. Header names are lower case."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def is_query(self) -> bool:
        """Whether it uses the query protocol, that is, is for STS."""
        return "x-www-form-urlencoded" in self.headers.get("content-type", "")


@dataclass(frozen=True)
class Reply:
    """An HTTP reply."""

    status: int
    content_type: str
    body: bytes = field(repr=False)
    truncated: bool = False
    """Whether only half of the body is to be sent."""


@dataclass(frozen=True)
class CredentialScope:
    """The credential scope of a signature."""

    access_key_id: str
    region: str


def scope(request: Request, service: str) -> CredentialScope:
    """Read the credential scope of the Authorization header, without recomputing the signature.

    Raises:
        MissingAuthenticationTokenException: There is no Authorization header.
        IncompleteSignatureException: It is not Signature Version 4. (The real service repeats the
            header in its message; we do not, because people put secrets there by mistake.)
        InvalidSignatureException: It is scoped to another service.
    """
    header = request.headers.get("authorization")
    if not header:
        raise MissingAuthenticationTokenException
    match = _AUTHORIZATION.fullmatch(header)
    if match is None:
        raise IncompleteSignatureException
    if match["service"] != service:
        raise InvalidSignatureException
    return CredentialScope(match["key"], match["region"])


def target(request: Request) -> str:
    """Return the operation of an AWS JSON request; empty if X-Amz-Target names none."""
    prefix, _, operation = request.headers.get("x-amz-target", "").partition(".")
    return operation if prefix == "secretsmanager" else ""


def json_params(request: Request) -> dict[str, Any]:
    """Parse the members of an AWS JSON request.

    Raises:
        SerializationException: The body is not a JSON object.
    """
    try:
        params = json.loads(request.body)
    except ValueError:
        raise SerializationException from None
    if not isinstance(params, dict):
        raise SerializationException
    return params


def query_params(request: Request) -> dict[str, str]:
    """Parse the parameters of a query request."""
    return dict(parse_qsl(request.body.decode()))


def json_reply(answer: Mapping[str, Any], status: int = 200) -> Reply:
    """Build an AWS JSON 1.1 reply."""
    return Reply(status, "application/x-amz-json-1.1", json.dumps(answer).encode())


def json_error(error: AwsError) -> Reply:
    """Build an AWS JSON 1.1 error, with its code in `__type`.

    Errors that the service's model lacks spell `message` in lower case.
    """
    key = "message" if error.code in _UNMODELLED else "Message"
    return json_reply({"__type": error.code, key: error.message}, error.status)


def query_reply(operation: str, result: str) -> Reply:
    """Wrap the content of the result element in an STS reply."""
    body = (
        f'<{operation}Response xmlns="{STS_NAMESPACE}"><{operation}Result>{result}'
        f"</{operation}Result><ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId>"
        f"</ResponseMetadata></{operation}Response>"
    )
    return Reply(200, "text/xml", body.encode())


def query_error(error: AwsError) -> Reply:
    """Build an STS error; STS has its own code and status for an unknown client.

    API: STS, "Common Errors": InvalidClientTokenId, HTTP 403.
    """
    unknown = isinstance(error, UnrecognizedClientException)
    code = "InvalidClientTokenId" if unknown else error.code.removesuffix("Exception")
    if isinstance(error, ValidationException):
        code = "ValidationError"
    refused = unknown or code in {"AccessDenied", "ExpiredToken", "MissingAuthenticationToken"}
    body = (
        f'<ErrorResponse xmlns="{STS_NAMESPACE}"><Error><Type>Sender</Type><Code>{code}</Code>'
        f"<Message>{escape(error.message)}</Message></Error>"
        f"<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    )
    return Reply(403 if refused else error.status, "text/xml", body.encode())
