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
        """Whether it is of the query protocol, that is, for STS."""
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
class Scope:
    """The credential scope of a signature."""

    access_key_id: str
    region: str


def scope(request: Request, service: str) -> Scope:
    """The credential scope of the Authorization header; the signature is not recomputed.

    Raises:
        MissingAuthenticationTokenException: No Authorization header.
        IncompleteSignatureException: It is not of Signature Version 4. (The service repeats the
            header in its message; this one does not, since people put secrets there by mistake.)
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
    return Scope(match["key"], match["region"])


def target(request: Request) -> str:
    """The operation of an AWS JSON request, empty where X-Amz-Target names none."""
    prefix, _, operation = request.headers.get("x-amz-target", "").partition(".")
    return operation if prefix == "secretsmanager" else ""


def json_params(request: Request) -> dict[str, Any]:
    """The members of an AWS JSON request.

    Raises:
        SerializationException: The body is no JSON object.
    """
    try:
        params = json.loads(request.body)
    except ValueError:
        raise SerializationException from None
    if not isinstance(params, dict):
        raise SerializationException
    return params


def query_params(request: Request) -> dict[str, str]:
    """The parameters of a query request."""
    return dict(parse_qsl(request.body.decode()))


def json_reply(answer: Mapping[str, Any], status: int = 200) -> Reply:
    """An AWS JSON 1.1 reply."""
    return Reply(status, "application/x-amz-json-1.1", json.dumps(answer).encode())


def json_error(error: AwsError) -> Reply:
    """An AWS JSON 1.1 error: its code in `__type`. Errors that the service's model lacks say `message`."""
    key = "message" if error.code in _UNMODELLED else "Message"
    return json_reply({"__type": error.code, key: error.message}, error.status)


def query_reply(operation: str, result: str) -> Reply:
    """An STS reply around its result element's content."""
    body = (
        f'<{operation}Response xmlns="{STS_NAMESPACE}"><{operation}Result>{result}'
        f"</{operation}Result><ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId>"
        f"</ResponseMetadata></{operation}Response>"
    )
    return Reply(200, "text/xml", body.encode())


def query_error(error: AwsError) -> Reply:
    """An STS error. A client that it does not know has a code and a status of its own there.

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
