"""Sign and send one call, or let it carry an access token, and after one 401 repeat it with a newer credential.

1. The address must be the account's own, or nothing is signed and nothing is sent (hosts.py).
2. Each attempt gets its own nonce, timestamp and signature when it is sent, not when it is prepared.
3. On HTTP 401 the store is read again, past the cache. If the credential has changed and the body can
   be sent again, the call is repeated once.
   What the token endpoint refuses is such a 401.
4. Otherwise, and after a second 401, the 401 is the answer. A refused credential is not tried again.

A copy of the request is signed. The caller's answers and errors refer to the unsigned request.
"""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from typing import Any, Final
from urllib.parse import parse_qsl

import requests
from requests.adapters import BaseAdapter
from requests.utils import rewind_body

from tba_secrets.client.access_tokens import AccessTokens
from tba_secrets.client.current import CachedCredential, CurrentCredential
from tba_secrets.client.hosts import refuse_foreign
from tba_secrets.client.pace import Pace
from tba_secrets.client.turns import REFUSED, CallTurn, Turns
from tba_secrets.errors import AuthenticationRefusedError, NetSuiteError, StoreError
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential
from tba_secrets.netsuite.signing import Parameter, canonical_url, sign

_FORM: Final = "application/x-www-form-urlencoded"
_log: Final = logging.getLogger(__name__)


class UnsignableRequestError(NetSuiteError):
    """The request cannot be signed in the form in which it would be sent: nothing was sent."""


class SignedCalls:
    """The calls of one session. Thread-safe. An endpoint replaces the account's own hosts."""

    def __init__(self, current: CurrentCredential, endpoint: str | None, pace: Pace) -> None:
        self.current = current
        self.endpoint = endpoint
        self._pace = pace
        self._turns = Turns(current, pace)
        self._tokens = AccessTokens(current.where, endpoint, pace)

    def send(
        self, transport: BaseAdapter, request: requests.PreparedRequest, settings: dict[str, Any]
    ) -> requests.Response:
        """Call NetSuite through the adapter that `requests` would use, with its settings; the request stays unsigned.

        Raises:
            ForeignHostError, UnsignableRequestError, NotAskedError, StoreError: Nothing was sent.
            requests.RequestException: As with any `requests` call.
        """
        if settings.get("timeout") is None:
            settings = {**settings, "timeout": self._pace.timeout_seconds}
        answer, held = self._attempt(transport, request, settings, self.current.held())
        refused = isinstance(answer, AuthenticationRefusedError) or answer.status_code == REFUSED
        if refused and (successor := self.successor(held, request)) is not None:
            if not isinstance(answer, AuthenticationRefusedError):
                answer.close()
            answer, _ = self._attempt(transport, request, settings, successor)
        if isinstance(answer, AuthenticationRefusedError):
            raise answer from None
        return answer

    def _attempt(
        self,
        transport: BaseAdapter,
        request: requests.PreparedRequest,
        settings: dict[str, Any],
        held: CachedCredential,
    ) -> tuple[requests.Response | AuthenticationRefusedError, CachedCredential]:
        """Log in once; return the answer, or why the token endpoint gave no access token, and the credential used."""
        with self._turns.turn(held) as turn:
            try:
                signed = self._signed(request, turn)
            except AuthenticationRefusedError as error:
                return error, turn.held
            answer = _sent(transport, signed, request, settings)
            self.answered(turn, answer.status_code)
            return answer, turn.held

    def answered(self, turn: CallTurn, status: int) -> None:
        """Record an answer; after a 401 its access token is not sent again."""
        turn.answered(status)
        if status == REFUSED:
            self._tokens.forget(turn.held.credential)

    def turn(self) -> AbstractContextManager[CallTurn]:
        """Wait for a turn with the current credential. Raises as `Turns.turn`."""
        return self._turns.turn(self.current.held())

    def header(
        self, turn: CallTurn, method: str, address: str, body: str | bytes | None
    ) -> tuple[str, str]:
        """Sign, or get the access token; return the URL to send, and the Authorization header.

        A refused assertion is recorded in the turn. The body is a form's, which a TBA signature covers, or else None.

        Raises:
            ForeignHostError: The address is not the account's.
            UnsignableRequestError: The address or the form cannot be signed.
            AuthenticationRefusedError: The token endpoint refused the assertion.
            NetSuiteError, SourceError: There is no access token for another reason.
        """
        credential = turn.held.credential
        try:
            url = canonical_url(address)
        except ValueError as error:  # the text is ours and quotes nothing of the URL
            raise UnsignableRequestError(str(error)) from None
        refuse_foreign(url, credential.account, self.endpoint)
        if isinstance(credential, OAuth2Credential):
            try:
                return url, self._tokens.header(credential)
            except AuthenticationRefusedError:
                turn.answered(REFUSED)
                raise
        form = [] if body is None else _pairs(body)
        return url, sign(credential, method, url, form, timestamp=int(self._pace.clock()))

    def successor(
        self, refused: CachedCredential, request: requests.PreparedRequest
    ) -> CachedCredential | None:
        """Return a credential that replaced `refused`, to send `request` with once more.

        None if there is none, the store gives no answer, or the body cannot be sent again.
        """
        try:
            newest = self.current.since(self._turns.refused_at(refused), refused.credential)
        except StoreError as error:
            _log.warning(
                "%s: NetSuite refused version %s, and it could not be read again (%s)",
                self.current.where,
                refused.version,
                type(error).__name__,
            )
            return None
        return newest if newest.credential != refused.credential and _rewound(request) else None

    def _signed(
        self, request: requests.PreparedRequest, turn: CallTurn
    ) -> requests.PreparedRequest:
        """Sign a copy without cookies: NetSuite refuses a cookie beside a signature or an access token."""
        signed = request.copy()
        is_tba = isinstance(turn.held.credential, TbaCredential)
        form = _form(request) if is_tba else None
        signed.url, header = self.header(turn, str(request.method), str(request.url), form)
        signed.headers.pop("Cookie", None)
        signed.headers["Authorization"] = header
        return signed


def _sent(
    transport: BaseAdapter,
    signed: requests.PreparedRequest,
    request: requests.PreparedRequest,
    settings: dict[str, Any],
) -> requests.Response:
    """Send `signed`, but attach `request` to the answer or error, and keep no frame with the header."""
    try:
        answer = transport.send(signed, **settings)
    except requests.RequestException as error:
        error.request = request
        error.__cause__ = error.__context__ = None
        lost = error.with_traceback(None)  # its frames hold the header
    else:
        answer.request = request
        return answer
    raise lost


def _form(request: requests.PreparedRequest) -> str | bytes | None:
    """Return a form's body, which is signed (RFC 5849 section 3.4.1.3.1); None for any other body.

    Raises:
        UnsignableRequestError: The form is a stream.
    """
    kind = str(request.headers.get("Content-Type", "")).partition(";")[0].strip().lower()
    if kind != _FORM or not request.body:
        return None
    if not isinstance(request.body, str | bytes):
        raise UnsignableRequestError(
            "a form is signed with the call, and this one is a stream",
            "give it as a dict, or as bytes",
        )
    return request.body


def _pairs(body: str | bytes) -> list[Parameter]:
    try:
        text = body if isinstance(body, str) else body.decode()
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except ValueError:
        raise UnsignableRequestError(
            "a form is signed with the call, and this one is not UTF-8", "encode it as UTF-8"
        ) from None


def _rewound(request: requests.PreparedRequest) -> bool:
    """Return whether the body can be sent again; a file is rewound."""
    if request.body is None or isinstance(request.body, str | bytes):
        return True
    if not isinstance(request._body_position, int):
        return False
    try:
        rewind_body(request)
    except requests.exceptions.UnrewindableBodyError:
        return False
    return True
