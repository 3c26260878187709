"""What our simulator does and nobody documents: the points that a real account can settle, and how each is asked.

The same table stands in docs/simulator.md. A point is asked by itself where that needs nobody's hand: some cost
nothing, some cost one refused login of the token's user, of which five lock the user out. A question is sent once,
with one deliberate flaw or none, and never tried again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import requests

from tba_secrets.errors import NetSuiteUnreachableError
from tba_secrets.netsuite import signing
from tba_secrets.netsuite.account import Service, base_url
from tba_secrets.netsuite.answers import Answer, Protocol, said
from tba_secrets.netsuite.client import SignedCall, authorized, passport_request
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.signing import Once
from tba_secrets.netsuite.transport import LostError, Sender
from tba_secrets.sensitive import Sensitive

_SECONDS: Final = 30.0
_TOKENINFO: Final = SignedCall(Service.RESTLETS, "GET", "/rest/tokeninfo")
_SERVER_TIME: Final = SignedCall(Service.SUITETALK, "GET", "/services/rest/system/v1/serverTime")
_SUITEQL: Final = "/services/rest/query/v1/suiteql"
_NONSENSE: Final = "OAuth nonsense"
_KEYS: Final = {"companyName", "companyId", "roleName", "roleId", "entityId"}


@dataclass(frozen=True)
class Exchange:
    """Asks one account with one credential. Raises `NetSuiteUnreachableError` where no answer comes."""

    credential: TbaCredential
    endpoint: str | None
    restlet: tuple[str, str] | None
    """Script and deploy id of a RESTlet that may be posted to."""
    send: Sender

    def signed(self, call: SignedCall, once: Once | None = None) -> Answer:
        """Sign with the credential, send, and return the answer."""
        return self.sent(call, self.header(call, self.credential, once))

    def wrongly_signed(self, call: SignedCall, once: Once | None = None) -> Answer:
        """Sign with another token secret, send, and return the answer."""
        return self.sent(call, self.header(call, self._wrong, once))

    def header(self, call: SignedCall, credential: TbaCredential, once: Once | None = None) -> str:
        once = once if once is not None else Once.now()
        return signing.sign(
            credential,
            call.method,
            call.url(self._base(call.service)),
            call.form,
            nonce=once.nonce,
            timestamp=once.timestamp,
        )

    def sent(self, call: SignedCall, authorization: str) -> Answer:
        """Send a call with that very Authorization header, and return the answer."""
        return self._answer(authorized(call, call.url(self._base(call.service)), authorization))

    def wrong_passport(self) -> Answer:
        """Send a TokenPassport signed with another token secret, and return the answer."""
        base = self._base(Service.SUITETALK)
        return self._answer(passport_request(self._wrong, base, "getServerTime", Once.now()))

    @property
    def _wrong(self) -> TbaCredential:
        return replace(self.credential, token_secret=Sensitive("wrong on purpose"))

    def _base(self, service: Service) -> str:
        return base_url(self.credential.account, service, self.endpoint)

    def _answer(self, request: requests.PreparedRequest) -> Answer:
        try:
            return self.send(request, _SECONDS)
        except LostError as lost:
            raise NetSuiteUnreachableError(f"the account probe got no answer: {lost.how}") from None


@dataclass(frozen=True)
class Observed:
    """What an account answered."""

    what: str
    """Statuses, codes and names of keys; no values."""
    agrees: bool


Ask = Callable[[Exchange], Observed | None]
"""Asks; None if this exchange lacks what the question needs."""


@dataclass(frozen=True)
class Point:
    """One thing that is inferred."""

    number: int
    does: str
    """What the simulator does."""
    settle: str
    """How a person settles it."""
    ask: Ask | None
    refused_logins: int
    """How many refused logins asking costs."""
    needs: ClassVar = "a RESTlet that may be posted to (--probe-restlet SCRIPT/DEPLOY)"
    """All that an exchange may lack."""


def _seen(answer: Answer, protocol: Protocol, wanted: str) -> Observed:
    told = said(answer, protocol)
    return Observed(told, told == wanted)


def _keys_of_tokeninfo(exchange: Exchange) -> Observed:
    answer = exchange.signed(_TOKENINFO)
    body = answer.json()
    if not isinstance(body, dict):
        return Observed(f"{said(answer, Protocol.RESTLET)} without a JSON object", agrees=False)
    odd = sorted(name for name, value in body.items() if not isinstance(value, str))
    shown = f"keys {', '.join(sorted(body))}" + (f"; no string: {', '.join(odd)}" if odd else "")
    return Observed(shown, agrees=set(body) == _KEYS and not odd)


def _wrong_signature(exchange: Exchange) -> Observed:
    answer = exchange.wrongly_signed(_TOKENINFO)
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
    answer = exchange.sent(_TOKENINFO, _NONSENSE)
    return _seen(answer, Protocol.RESTLET, "HTTP 400 INVALID_REQUEST")


def _unreadable_header_to_rest(exchange: Exchange) -> Observed:
    return _seen(exchange.sent(_SERVER_TIME, _NONSENSE), Protocol.REST, "HTTP 401 INVALID_LOGIN")


def _wrong_passport(exchange: Exchange) -> Observed:
    return _seen(exchange.wrong_passport(), Protocol.SOAP, "HTTP 500 INVALID_LOGIN_CREDENTIALS")


def _nonce_of_a_refused_request(exchange: Exchange) -> Observed:
    once = Once.now()
    exchange.wrongly_signed(_TOKENINFO, once)
    return _seen(exchange.signed(_TOKENINFO, once), Protocol.RESTLET, "HTTP 200")


def _no_realm(exchange: Exchange) -> Observed:
    without = "OAuth " + exchange.header(_TOKENINFO, exchange.credential).partition(", ")[2]
    answer = exchange.sent(_TOKENINFO, without)
    return _seen(answer, Protocol.RESTLET, "HTTP 401 INVALID_LOGIN_ATTEMPT")


def _in_header_and_query(exchange: Exchange) -> Observed:
    answer = exchange.signed(replace(_TOKENINFO, query=(("oauth_version", "1.0"),)))
    return _seen(answer, Protocol.RESTLET, "HTTP 401 INVALID_LOGIN_ATTEMPT")


def _codes_of_bad_requests(exchange: Exchange) -> Observed | None:
    if exchange.restlet is None:
        return None
    query = '{"q": "SELECT 1 AS one FROM DUAL"}'
    first = exchange.signed(SignedCall(Service.SUITETALK, "POST", _SUITEQL, json=query))
    script, deploy = exchange.restlet
    path = f"/app/site/hosting/restlet.nl?script={script}&deploy={deploy}"
    second = exchange.signed(SignedCall(Service.RESTLETS, "POST", path, form=(("a", "1"),)))
    no_prefer = _seen(first, Protocol.REST, "HTTP 400 INVALID_HEADER")
    form = _seen(second, Protocol.RESTLET, "HTTP 415 UNSUPPORTED_MEDIA_TYPE")
    return Observed(
        f"no Prefer: {no_prefer.what}; a form: {form.what}", no_prefer.agrees and form.agrees
    )


_ASKED: Final[dict[int, Ask]] = {
    1: _keys_of_tokeninfo,
    4: _wrong_signature,
    5: _unreadable_header_to_a_restlet,
    6: _unreadable_header_to_rest,
    7: _wrong_passport,
    10: _nonce_of_a_refused_request,
    11: _no_realm,
    12: _in_header_and_query,
    19: _codes_of_bad_requests,
}
_COSTS_A_REFUSED_LOGIN: Final = {4, 7, 10, 11, 12}
_TABLE: Final = {
    1: "`tokeninfo` has the keys companyName, companyId, roleName, roleId, entityId, all strings | look at one answer",
    2: '`tokeninfo` works for a "Web Services Only" role | call it with one',
    3: "`revoketoken` answers 200 with an empty body, 400 or 403 otherwise, and needs User Access Tokens | revoke "
    "a spare token",
    4: "the body and message of RESTlets' 401 | sign wrongly once",
    5: "400 for a RESTlet header that cannot be read, and its code | send `OAuth nonsense`",
    6: "401 for the same on REST, not 400 | the same on the suitetalk host",
    7: "SOAP faults come with HTTP 500; detail code `INVALID_LOGIN_CREDENTIALS` for a bad signature | sign a "
    "passport wrongly",
    8: "the order of the checks above, and that web services write RESTlets' words where Oracle's table has a dash"
    " | compare two faults at once with the trail",
    9: "any failure that names a known token counts; a success clears the count; failures older than 30 minutes do"
    " not count; trying while locked neither counts nor prolongs | a user made for it",
    10: "only a correctly signed request uses up its nonce | repeat the nonce of a refused request",
    11: "a request without a realm is refused outside the flow | leave the realm out",
    12: "an `oauth_` parameter in the header and in the query is `parameter_rejected` | send one",
    13: "a feature that is off (REST, RESTlets, SOAP) is 403, or `WS_FEATURE_REQD`, after a good login | clear the box",
    14: 'a cleared "Token-based Authentication" box is `consumer_key_refused` | clear the box',
    15: "the callback `http://localhost:*` allows any path | register it",
    16: "a denial's callback carries oauth_token, an empty oauth_verifier, company and state | press Deny",
    17: "a request token never expires before it is exchanged | wait",
    18: "the token services count against the concurrency limit | burst them",
    19: "codes of a missing `Prefer` header (`INVALID_HEADER`) and of a form sent to a RESTlet | send them",
    20: "an assertion may be valid for an hour exactly, not longer (the help says less; its sample has an hour) | "
    "ask with `exp` 3600 and 3601 seconds after `iat`",
    21: "no tolerance for an `iat` in the future or an `exp` that has passed | ask with a clock some seconds off",
    22: "`aud` may name the suitetalk or the restlets host; a scope may be an array, or text with commas or spaces "
    "| send each",
    23: "the same assertion may be sent again | send one twice",
    24: "which refused assertion gets `invalid_client`, `invalid_grant`, `invalid_scope` or `unauthorized_client`, "
    "and which word the trail has for it | one wrong assertion of each kind, and the trail",
    25: "a refused assertion of a known certificate counts towards the lockout of its user, who then gets no access"
    " token either | a user made for it",
    26: "a role that may not log in with OAuth 2.0 gets an access token, and every call is refused with "
    "`InsufficientPermissions`; Administrator is not kept out | take the permission away",
    27: "an access token lives on when its certificate is revoked | revoke, then call",
    28: "a cleared box or scope of the integration record ends access tokens at once "
    "(`AuthorizationCodeGrantRequired`, `ScopeMismatched`) | clear them, then call",
    29: "`tokeninfo` and `revoketoken` take no access token | call them with one",
    30: "a header `Bearer` that cannot be read is 400, any access token that is not accepted 401, with the bodies "
    "of TBA | send both",
    31: "the certificate endpoint answers 200 to what succeeds; 400 `INVALID_CONTENT` to a sixth active "
    "certificate, an unfit key, one that is known or has run out; 403 and 404 | send each",
    32: "a certificate is taken once in an account, revoked or not | upload one again, and to another record",
    33: "a user lists, adds and revokes their own certificates alone, an administrator everybody's | list as both",
    34: "a credential may revoke the certificate that it came by, and the last one | revoke it",
    35: "the certificate endpoint is served on both hosts | call both",
    36: "the certificate id is the SHA-256 of the DER for every key (the one that Oracle prints is EC) | upload an "
    "RSA certificate",
    37: "a certificate is cut to two calendar years from its start, to the second | upload a longer one",
    38: "`loginaudit` by SuiteQL needs View Login Audit Trail, and writes the date as `2026-01-01 00:00:00`, in UTC"
    " | query it",
}
"""By number: what the simulator does, and how a person settles it."""


def _point(number: int, row: str) -> Point:
    does, settle = row.split(" | ")
    return Point(number, does, settle, _ASKED.get(number), int(number in _COSTS_A_REFUSED_LOGIN))


POINTS: Final = tuple(_point(number, row) for number, row in _TABLE.items())
