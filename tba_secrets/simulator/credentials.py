"""A request's claim: the parts of its header or TokenPassport, and the signed text."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tba_secrets.simulator import oauth1
from tba_secrets.simulator.vocabulary import AuditReason, OAuth2Reason


class AuthenticationRefused(Exception):  # noqa: N818 - a verdict of the protocol, not a fault of the program
    """Authentication failed; only the Login Audit Trail reveals why."""

    def __init__(self, reason: AuditReason | OAuth2Reason, detail: str | None = None) -> None:
        self.reason = reason
        self.detail = detail or reason.value
        super().__init__(self.detail)


class MalformedRequest(Exception):  # noqa: N818
    """The request is not readable as a signed request and is answered as malformed."""


@dataclass(frozen=True)
class Credentials:
    """One request's claim, decoded; fields that were not sent are empty.

    `account` is the realm of a header or the account of a passport.
    """

    account: str
    consumer_key: str = field(repr=False)
    token: str = field(repr=False)
    nonce: str
    timestamp: str
    algorithm: str
    version: str
    signature: str = field(repr=False)
    base_string: str = field(repr=False)
    extra: dict[str, str] = field(default_factory=dict, repr=False)
    """The other header parameters, for the flow: oauth_callback, oauth_verifier, role."""
    defect: AuditReason | None = None
    """What is wrong with the claim's form; it is refused for that, but still names an account and a user."""


_REQUIRED = (
    "oauth_consumer_key",
    "oauth_nonce",
    "oauth_timestamp",
    "oauth_signature_method",
    "oauth_signature",
)


def from_header(header: str, request: oauth1.SentRequest, *required: str) -> Credentials:
    """Read an Authorization header.

    Args:
        header: The header's value.
        request: The request that carries it.
        required: Names that this endpoint needs beyond the five of every signed request.

    Returns:
        The claim. Its defect is `parameter_rejected` if a parameter is repeated, empty, missing or
        unescaped.

    Raises:
        MalformedRequest: The header cannot be parsed.
    """
    try:
        parsed = oauth1.parse_authorization(header)
    except oauth1.MalformedHeaderError as error:
        raise MalformedRequest(str(error)) from None
    sound = parsed.escaped and _complete(parsed.parameters, (*_REQUIRED, *required), request)
    values = dict(parsed.parameters)
    return Credentials(
        account=values.pop("realm", ""),
        consumer_key=values.pop("oauth_consumer_key", ""),
        token=values.pop("oauth_token", ""),
        nonce=values.pop("oauth_nonce", ""),
        timestamp=values.pop("oauth_timestamp", ""),
        algorithm=values.pop("oauth_signature_method", ""),
        version=values.pop("oauth_version", "1.0"),
        signature=values.pop("oauth_signature", ""),
        base_string=oauth1.signature_base_string(request, parsed.parameters),
        extra=values,
        defect=None if sound else AuditReason.PARAMETER_REJECTED,
    )


def _complete(
    pairs: list[oauth1.Parameter], required: tuple[str, ...], request: oauth1.SentRequest
) -> bool:
    """Return whether each parameter occurs once, in one place, and none of the required ones is empty."""
    names, values = Counter(name for name, _ in pairs), dict(pairs)
    elsewhere = {name for name, _ in request.unsigned_parameters if name.startswith("oauth_")}
    return (
        max(names.values()) == 1
        and all(values.get(name) for name in required)
        and not elsewhere.intersection(names)
    )
