"""OAuth 1.0 signatures as the server computes them (RFC 5849), deliberately shared with nothing.

A simulator that used the project's own signing code would agree with its mistakes. Only hmac, hashlib
and urllib are used. Oracle's rules: help pages "The Authorization Headers" and "The Signature for TBA".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

Parameter = tuple[str, str]

_PAIR = re.compile(r'\s*([^\s=,"]+)="([^"]*)"\s*(,|\Z)')
_ENCODED = re.compile(r"(?:[A-Za-z0-9\-._~]|%[0-9A-Fa-f]{2})*")
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_FORM = "application/x-www-form-urlencoded"


class MalformedHeaderError(Exception):
    """The Authorization header cannot be parsed (RFC 5849 section 3.5.1)."""


@dataclass(frozen=True)
class SentRequest:
    """The raw request: path and query are encoded as they were sent."""

    method: str
    scheme: str
    host: str
    path: str
    query: str
    content_type: str = ""
    body: bytes = b""

    @property
    def base_uri(self) -> str:
        """The base string URI: no default port, no query (RFC 5849 section 3.4.1.2)."""
        scheme, host = self.scheme.lower(), self.host.lower()
        name, _, port = host.rpartition(":")
        if name and port == _DEFAULT_PORTS.get(scheme):
            host = name
        return f"{scheme}://{host}{self.path}"

    @property
    def unsigned_parameters(self) -> list[Parameter]:
        """Query and form parameters, decoded; '+' is a space (section 3.4.1.3.1)."""
        parameters = parse_qsl(self.query, keep_blank_values=True)
        if self.content_type.partition(";")[0].strip().lower() == _FORM:
            parameters += parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return parameters


@dataclass(frozen=True)
class AuthorizationHeader:
    """The header's decoded pairs in the order sent, including realm and signature."""

    parameters: list[Parameter]
    escaped: bool
    """Whether every value but the realm was percent-encoded as RFC 5849 section 3.5.1 asks."""


def parse_authorization(header: str) -> AuthorizationHeader:
    """Parse an Authorization header.

    Raises:
        MalformedHeaderError: It is not `OAuth name="value", ...`.
    """
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "oauth" or not rest.strip():
        raise MalformedHeaderError("not an OAuth header")
    raw, position = [], 0
    while position < len(rest):
        pair = _PAIR.match(rest, position)
        if pair is None:
            raise MalformedHeaderError(f"unreadable at character {position}")
        raw.append((pair[1], pair[2]))
        position = pair.end()
    return AuthorizationHeader(
        parameters=[_decoded(name, value) for name, value in raw],
        escaped=all(_ENCODED.fullmatch(v) for name, v in raw if name.lower() != "realm"),
    )


def _decoded(name: str, value: str) -> Parameter:
    if name.lower() == "realm":
        return "realm", value
    return unquote(name), unquote(value)


def signature_base_string(request: SentRequest, header: list[Parameter]) -> str:
    """Return the text that is signed (RFC 5849 section 3.4.1).

    Every parameter of the header counts except realm and oauth_signature. So `oauth_body_hash` and the
    flow's `role` are covered; a JSON body is not.
    """
    signed = [pair for pair in header if pair[0] not in ("realm", "oauth_signature")]
    encoded = sorted((_encode(n), _encode(v)) for n, v in signed + request.unsigned_parameters)
    normalized = "&".join(f"{name}={value}" for name, value in encoded)
    return "&".join((request.method.upper(), _encode(request.base_uri), _encode(normalized)))


def passport_base_string(
    account: str, consumer_key: str, token: str, nonce: str, timestamp: str
) -> str:
    """Return the text that a SOAP TokenPassport signs ("The Signature for Web Services")."""
    return "&".join(_encode(part) for part in (account, consumer_key, token, nonce, timestamp))


def hmac_sha256(base_string: str, consumer_secret: str, token_secret: str) -> str:
    """Return base64 of HMAC-SHA256 under both encoded secrets (section 3.4.2)."""
    key = f"{_encode(consumer_secret)}&{_encode(token_secret)}"
    digest = hmac.new(key.encode(), base_string.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")


def same(left: str, right: str) -> bool:
    """Compare signatures in constant time."""
    left_bytes, right_bytes = (text.encode("utf-8", "surrogatepass") for text in (left, right))
    return hmac.compare_digest(left_bytes, right_bytes)


def _encode(text: str) -> str:
    return quote(text, safe="-._~")
