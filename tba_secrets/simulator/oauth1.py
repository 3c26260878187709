"""OAuth 1.0 signatures as the server computes them (RFC 5849), written here and nowhere shared.

The project signs with code of its own; a simulator that used it would agree with its mistakes. Only hmac, hashlib and
urllib are used. Oracle's rules for the same steps: help page "The Authorization Headers" and "The Signature for TBA".
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
    """The Authorization header cannot be taken apart (RFC 5849 section 3.5.1)."""


@dataclass(frozen=True)
class SentRequest:
    """What arrived, raw: the path and the query still encoded as they were sent."""

    method: str
    scheme: str
    host: str
    path: str
    query: str
    content_type: str = ""
    body: bytes = b""

    @property
    def base_uri(self) -> str:
        """The base string URI: lower-case scheme and host, no default port, no query (RFC 5849 section 3.4.1.2)."""
        scheme, host = self.scheme.lower(), self.host.lower()
        name, _, port = host.rpartition(":")
        if name and port == _DEFAULT_PORTS.get(scheme):
            host = name
        return f"{scheme}://{host}{self.path}"

    @property
    def unsigned_parameters(self) -> list[Parameter]:
        """Query and form parameters, decoded; '+' is a space in both (RFC 5849 section 3.4.1.3.1)."""
        parameters = parse_qsl(self.query, keep_blank_values=True)
        if self.content_type.partition(";")[0].strip().lower() == _FORM:
            parameters += parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return parameters


@dataclass(frozen=True)
class AuthorizationHeader:
    """The header's decoded name and value pairs in the order sent, realm and signature included."""

    parameters: list[Parameter]
    escaped: bool
    """Whether every value but the realm was percent-encoded as RFC 5849 section 3.5.1 asks."""


def parse_authorization(header: str) -> AuthorizationHeader:
    """Take an Authorization header apart.

    Raises:
        MalformedHeaderError: it is not `OAuth name="value", ...`.
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
    """The text that is signed (RFC 5849 section 3.4.1).

    Every parameter of the header counts except realm and oauth_signature, so `oauth_body_hash` and the flow's `role`
    are covered; a JSON body is not.
    """
    signed = [pair for pair in header if pair[0] not in ("realm", "oauth_signature")]
    encoded = sorted((_encode(n), _encode(v)) for n, v in signed + request.unsigned_parameters)
    normalized = "&".join(f"{name}={value}" for name, value in encoded)
    return "&".join((request.method.upper(), _encode(request.base_uri), _encode(normalized)))


def passport_base_string(
    account: str, consumer_key: str, token: str, nonce: str, timestamp: str
) -> str:
    """The text that a SOAP TokenPassport signs (Oracle help, "The Signature for Web Services and RESTlets")."""
    return "&".join(_encode(part) for part in (account, consumer_key, token, nonce, timestamp))


def hmac_sha256(base_string: str, consumer_secret: str, token_secret: str) -> str:
    """Base64 of HMAC-SHA256 under `consumer_secret&token_secret`, both encoded (RFC 5849 section 3.4.2)."""
    key = f"{_encode(consumer_secret)}&{_encode(token_secret)}"
    digest = hmac.new(key.encode(), base_string.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")


def same(left: str, right: str) -> bool:
    """Compare signatures in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


def _encode(text: str) -> str:
    return quote(text, safe="-._~")
