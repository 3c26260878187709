"""What our simulator does and nobody documents: the points that a real account can settle, and how each is asked.

The same table stands in docs/simulator.md. A point is asked by itself where that needs nobody's hand: some cost
nothing, some cost one refused login of the token's user, of which five lock the user out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tba_secrets.netsuite.account import Service
from tba_secrets.netsuite.answers import Answer, Protocol, said
from tba_secrets.netsuite.exchange import Exchange, Flaw

_TOKENINFO: Final = "/rest/tokeninfo"
_SERVER_TIME: Final = "/services/rest/system/v1/serverTime"
_SUITEQL: Final = "/services/rest/query/v1/suiteql"
_RESTLET: Final = "/app/site/hosting/restlet.nl"
_KEYS: Final = {"companyName", "companyId", "roleName", "roleId", "entityId"}


@dataclass(frozen=True)
class Observed:
    """What an account answered."""

    what: str
    """Statuses, codes and names of keys; no values."""
    agrees: bool


Ask = Callable[[Exchange], Observed | None]
"""Asks; None where this exchange has not what the question needs."""


@dataclass(frozen=True)
class Point:
    """One thing that is inferred."""

    number: int
    does: str
    """What the simulator does."""
    settle: str
    """How a person settles it."""
    ask: Ask | None = None
    refused_logins: int = 0
    """How many refused logins asking costs."""
    needs: str = ""
    """What the exchange must have, in words."""


def _seen(answer: Answer, protocol: Protocol, *wanted: str) -> Observed:
    told = said(answer, protocol)
    return Observed(told, told in wanted)


def _keys_of_tokeninfo(exchange: Exchange) -> Observed:
    answer = exchange.signed("GET", Service.RESTLETS, _TOKENINFO)
    body = answer.json()
    if not isinstance(body, dict):
        return Observed(f"{said(answer, Protocol.RESTLET)} without a JSON object", agrees=False)
    odd = sorted(name for name, value in body.items() if not isinstance(value, str))
    shown = f"keys {', '.join(sorted(body))}" + (f"; no string: {', '.join(odd)}" if odd else "")
    return Observed(shown, agrees=set(body) == _KEYS and not odd)


def _wrong_signature(exchange: Exchange) -> Observed:
    answer = exchange.signed("GET", Service.RESTLETS, _TOKENINFO, flaw=Flaw.SIGNATURE)
    body = answer.json()
    error = body.get("error") if isinstance(body, dict) else None
    keys = ", ".join(sorted(error)) if isinstance(error, dict) else "none"
    words = isinstance(error, dict) and error.get("message") == "Invalid login attempt."
    told = said(answer, Protocol.RESTLET)
    return Observed(
        f"{told}, keys of `error`: {keys}, {'the' if words else 'another'} message",
        told == "HTTP 401 INVALID_LOGIN_ATTEMPT" and keys == "code, message" and words,
    )


def _unreadable_header_to_a_restlet(exchange: Exchange) -> Observed:
    answer = exchange.sent("GET", Service.RESTLETS, _TOKENINFO, authorization="OAuth nonsense")
    return _seen(answer, Protocol.RESTLET, "HTTP 400 INVALID_REQUEST")


def _unreadable_header_to_rest(exchange: Exchange) -> Observed:
    answer = exchange.sent("GET", Service.SUITETALK, _SERVER_TIME, authorization="OAuth nonsense")
    return _seen(answer, Protocol.REST, "HTTP 401 INVALID_LOGIN")


def _wrong_passport(exchange: Exchange) -> Observed:
    return _seen(exchange.wrong_passport(), Protocol.SOAP, "HTTP 500 INVALID_LOGIN_CREDENTIALS")


def _nonce_of_a_refused_request(exchange: Exchange) -> Observed:
    once = exchange.once()
    exchange.signed("GET", Service.RESTLETS, _TOKENINFO, flaw=Flaw.SIGNATURE, once=once)
    answer = exchange.signed("GET", Service.RESTLETS, _TOKENINFO, once=once)
    return _seen(answer, Protocol.RESTLET, "HTTP 200")


def _no_realm(exchange: Exchange) -> Observed:
    answer = exchange.signed("GET", Service.RESTLETS, _TOKENINFO, flaw=Flaw.NO_REALM)
    return _seen(answer, Protocol.RESTLET, "HTTP 401 INVALID_LOGIN_ATTEMPT")


def _in_header_and_query(exchange: Exchange) -> Observed:
    path = f"{_TOKENINFO}?oauth_version=1.0"
    answer = exchange.signed("GET", Service.RESTLETS, path)
    return _seen(answer, Protocol.RESTLET, "HTTP 401 INVALID_LOGIN_ATTEMPT")


def _codes_of_bad_requests(exchange: Exchange) -> Observed | None:
    if exchange.restlet is None:
        return None
    query = '{"q": "SELECT 1 AS one FROM DUAL"}'
    first = exchange.signed("POST", Service.SUITETALK, _SUITEQL, json=query)
    script, deploy = exchange.restlet
    path = f"{_RESTLET}?script={script}&deploy={deploy}"
    second = exchange.signed("POST", Service.RESTLETS, path, form=(("a", "1"),))
    seen = (
        _seen(first, Protocol.REST, "HTTP 400 INVALID_HEADER"),
        _seen(second, Protocol.RESTLET, "HTTP 415 UNSUPPORTED_MEDIA_TYPE"),
    )
    return Observed(
        f"no Prefer: {seen[0].what}; a form: {seen[1].what}", all(one.agrees for one in seen)
    )


POINTS: Final = (
    Point(
        1,
        "`tokeninfo` has the keys companyName, companyId, roleName, roleId, entityId, all strings",
        "look at one answer",
        _keys_of_tokeninfo,
    ),
    Point(2, '`tokeninfo` works for a "Web Services Only" role', "call it with one"),
    Point(
        3,
        "`revoketoken` answers 200 with an empty body, 400 or 403 otherwise, and needs User Access Tokens",
        "revoke a spare token",
    ),
    Point(4, "the body and message of RESTlets' 401", "sign wrongly once", _wrong_signature, 1),
    Point(
        5,
        "400 for a RESTlet header that cannot be read, and its code",
        "send `OAuth nonsense`",
        _unreadable_header_to_a_restlet,
    ),
    Point(
        6,
        "401 for the same on REST, not 400",
        "the same on the suitetalk host",
        _unreadable_header_to_rest,
    ),
    Point(
        7,
        "SOAP faults come with HTTP 500; detail code `INVALID_LOGIN_CREDENTIALS` for a bad signature",
        "sign a passport wrongly",
        _wrong_passport,
        1,
    ),
    Point(
        8,
        "the order of the checks above, and that web services write RESTlets' words where Oracle's table has a dash",
        "compare two faults at once with the trail",
    ),
    Point(
        9,
        "any failure that names a known token counts; a success clears the count; failures older than 30 minutes do "
        "not count; trying while locked neither counts nor prolongs",
        "a user made for it",
    ),
    Point(
        10,
        "only a correctly signed request uses up its nonce",
        "repeat the nonce of a refused request",
        _nonce_of_a_refused_request,
        1,
    ),
    Point(
        11,
        "a request without a realm is refused outside the flow",
        "leave the realm out",
        _no_realm,
        1,
    ),
    Point(
        12,
        "an `oauth_` parameter in the header and in the query is `parameter_rejected`",
        "send one",
        _in_header_and_query,
        1,
    ),
    Point(
        13,
        "a feature that is off (REST, RESTlets, SOAP) is 403, or `WS_FEATURE_REQD`, after a good login",
        "clear the box",
    ),
    Point(
        14,
        'a cleared "Token-based Authentication" box is `consumer_key_refused`',
        "clear the box",
    ),
    Point(15, "the callback `http://localhost:*` allows any path", "register it"),
    Point(
        16,
        "a denial's callback carries oauth_token, an empty oauth_verifier, company and state",
        "press Deny",
    ),
    Point(17, "a request token never expires before it is exchanged", "wait"),
    Point(18, "the token services count against the concurrency limit", "burst them"),
    Point(
        19,
        "codes of a missing `Prefer` header (`INVALID_HEADER`) and of a form sent to a RESTlet",
        "send them",
        _codes_of_bad_requests,
        needs="a RESTlet that may be posted to (--probe-restlet SCRIPT/DEPLOY)",
    ),
    Point(
        20,
        "an assertion may be valid for an hour exactly, not longer (the help says less; its "
        "sample has an hour)",
        "ask with `exp` 3600 and 3601 seconds after `iat`",
    ),
    Point(
        21,
        "no tolerance for an `iat` in the future or an `exp` that has passed",
        "ask with a clock some seconds off",
    ),
    Point(
        22,
        "`aud` may name the suitetalk or the restlets host; a scope may be an array, or text "
        "with commas or spaces",
        "send each",
    ),
    Point(23, "the same assertion may be sent again", "send one twice"),
    Point(
        24,
        "which refused assertion gets `invalid_client`, `invalid_grant`, `invalid_scope` or "
        "`unauthorized_client`, and which word the trail has for it",
        "one wrong assertion of each kind, and the trail",
    ),
    Point(
        25,
        "a refused assertion of a known certificate counts towards the lockout of its user, "
        "who then gets no access token either",
        "a user made for it",
    ),
    Point(
        26,
        "a role that may not log in with OAuth 2.0 gets an access token, and every call is "
        "refused with `InsufficientPermissions`; Administrator is not kept out",
        "take the permission away",
    ),
    Point(27, "an access token lives on when its certificate is revoked", "revoke, then call"),
    Point(
        28,
        "a cleared box or scope of the integration record ends access tokens at once "
        "(`AuthorizationCodeGrantRequired`, `ScopeMismatched`)",
        "clear them, then call",
    ),
    Point(29, "`tokeninfo` and `revoketoken` take no access token", "call them with one"),
    Point(
        30,
        "a header `Bearer` that cannot be read is 400, any access token that is not accepted "
        "401, with the bodies of TBA",
        "send both",
    ),
    Point(
        31,
        "the certificate endpoint answers 200 to what succeeds; 400 `INVALID_CONTENT` to a "
        "sixth active certificate, an unfit key, one that is known or has run out; 403 and 404",
        "send each",
    ),
    Point(
        32,
        "a certificate is taken once in an account, revoked or not",
        "upload one again, and to another record",
    ),
    Point(
        33,
        "a user lists, adds and revokes their own certificates alone, an administrator everybody's",
        "list as both",
    ),
    Point(
        34, "a credential may revoke the certificate that it came by, and the last one", "revoke it"
    ),
    Point(35, "the certificate endpoint is served on both hosts", "call both"),
    Point(
        36,
        "the certificate id is the SHA-256 of the DER for every key (the one that Oracle "
        "prints is EC)",
        "upload an RSA certificate",
    ),
    Point(
        37,
        "a certificate is cut to two calendar years from its start, to the second",
        "upload a longer one",
    ),
    Point(
        38,
        "`loginaudit` by SuiteQL needs View Login Audit Trail, and writes the date as "
        "`2026-01-01 00:00:00`, in UTC",
        "query it",
    ),
)
