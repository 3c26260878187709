"""One call: sign, send, and on one 401 read the store again, once, and call again with what is current now.

1. The address must be the account's own, or nothing is signed and nothing is sent (hosts.py).
2. Each attempt has a nonce, timestamp and signature of its own, made when it is sent and not when it was prepared.
3. On HTTP 401 the store is read again, past the cache. Another credential, and a body that can be sent again: again.
4. The same again, or a second 401: that is the answer. A refused credential is not tried again.

The signature is on a copy of the request. What the caller gets back, errors included, holds the request without it.
"""

from __future__ import annotations

import logging
from typing import Any, Final
from urllib.parse import parse_qsl

import requests
from requests.adapters import BaseAdapter
from requests.utils import rewind_body

from tba_secrets.client.current import CurrentCredential, Held
from tba_secrets.client.errors import UnsignableRequestError
from tba_secrets.client.hosts import refuse_foreign
from tba_secrets.client.pace import Pace
from tba_secrets.client.turns import REFUSED, Turns
from tba_secrets.errors import StoreError
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.signing import Parameter, canonical_url, sign

_FORM: Final = "application/x-www-form-urlencoded"
_log: Final = logging.getLogger(__name__)


class Exchange:
    """The calls of one session. Thread-safe.

    Args:
        current: The credential.
        endpoint: One address instead of the account's own.
        pace: How many calls at once, and how long one may take.
    """

    def __init__(self, current: CurrentCredential, endpoint: str | None, pace: Pace) -> None:
        self.current = current
        self.endpoint = endpoint
        self._pace = pace
        self._turns = Turns(current, pace)

    def send(
        self, transport: BaseAdapter, request: requests.PreparedRequest, settings: dict[str, Any]
    ) -> requests.Response:
        """Call NetSuite.

        Args:
            transport: What `requests` would send with.
            request: Without a signature; it stays so.
            settings: `stream`, `timeout`, `verify`, `cert` and `proxies` of `requests`.

        Raises:
            ForeignHostError, UnsignableRequestError, NotAskedError, StoreError: Nothing was sent.
            requests.RequestException: As ever.
        """
        if settings.get("timeout") is None:
            settings = {**settings, "timeout": self._pace.timeout_seconds}
        answer, held = self._attempt(transport, request, settings, self.current.held())
        if answer.status_code != REFUSED:
            return answer
        successor = self._successor(held)
        if successor is None or not _rewound(request):
            return answer
        answer.close()
        return self._attempt(transport, request, settings, successor)[0]

    def _attempt(
        self,
        transport: BaseAdapter,
        request: requests.PreparedRequest,
        settings: dict[str, Any],
        held: Held,
    ) -> tuple[requests.Response, Held]:
        """One login, with the credential it was made with."""
        with self._turns.turn(held) as turn:
            signed = self._signed(request, turn.held.credential)
            answer = _sent(transport, signed, request, settings)
            turn.answered(answer.status_code)
            return answer, turn.held

    def _successor(self, refused: Held) -> Held | None:
        """What is current now, where it is another credential; None too where the store cannot say."""
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
        return newest if newest.credential != refused.credential else None

    def _signed(
        self, request: requests.PreparedRequest, credential: TbaCredential
    ) -> requests.PreparedRequest:
        """A signed copy. No cookie goes with it: NetSuite takes both together for ambiguous authentication."""
        method, signed = str(request.method), request.copy()
        try:
            url = canonical_url(str(request.url))
        except ValueError as error:  # its text is ours, and holds nothing of the URL
            raise UnsignableRequestError(str(error)) from None
        refuse_foreign(url, credential.account, self.endpoint)
        header = sign(credential, method, url, _form(request), timestamp=int(self._pace.clock()))
        signed.url = url
        signed.headers.pop("Cookie", None)
        signed.headers["Authorization"] = header
        return signed


def _sent(
    transport: BaseAdapter,
    signed: requests.PreparedRequest,
    request: requests.PreparedRequest,
    settings: dict[str, Any],
) -> requests.Response:
    """Send `signed`; answer and error refer to `request`, and no frame that held the header is kept."""
    try:
        answer = transport.send(signed, **settings)
    except requests.RequestException as error:
        error.request = request
        error.__cause__ = error.__context__ = None
        lost = error.with_traceback(None)
    else:
        answer.request = request
        return answer
    raise lost


def _form(request: requests.PreparedRequest) -> list[Parameter]:
    """The pairs of a form body, which are signed (RFC 5849 section 3.4.1.3.1); none for any other body.

    Raises:
        UnsignableRequestError: It is a stream, or no UTF-8.
    """
    kind = str(request.headers.get("Content-Type", "")).partition(";")[0].strip().lower()
    if kind != _FORM or not request.body:
        return []
    if not isinstance(request.body, str | bytes):
        raise UnsignableRequestError(
            "a form is signed with the call, and this one is a stream",
            "give it as a dict, or as bytes",
        )
    try:
        text = request.body if isinstance(request.body, str) else request.body.decode()
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except ValueError:
        raise UnsignableRequestError(
            "a form is signed with the call, and this one is not UTF-8", "encode it as UTF-8"
        ) from None


def _rewound(request: requests.PreparedRequest) -> bool:
    """Whether the body can be sent again; a file is put back to where it stood."""
    if request.body is None or isinstance(request.body, str | bytes):
        return True
    if not isinstance(request._body_position, int):
        return False
    try:
        rewind_body(request)
    except requests.exceptions.UnrewindableBodyError:
        return False
    return True
