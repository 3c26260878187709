"""`session.auth = ...`: requests-oauthlib's `OAuth1` for a session that a program has already.

The signature is ours, for oauthlib's own client logs the base string, keys included, at DEBUG. An auth hook is not told
of a call that ended in an exception, so calls in flight are not counted here: `SignedSession` does that.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests_oauthlib import OAuth1, oauth1_auth

from tba_secrets.client.signed_calls import SignedCalls, UnsignableRequestError
from tba_secrets.client.turns import REFUSED, CallTurn

oauth1_auth.log.disabled = True  # it writes the header and the body at DEBUG


class StoreOAuth1(OAuth1):  # type: ignore[misc] # the library has no types
    """Signs with what is current, and once more after a 401 if another credential is current by then."""

    def __init__(self, calls: SignedCalls) -> None:
        self._calls = calls
        super().__init__("", client_class=partial(_Client, calls))

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign; nothing is sent where it raises.

        Raises:
            ForeignHostError, UnsignableRequestError, NotAskedError, StoreError: As `SignedCalls.send`.
        """
        signed: requests.PreparedRequest = super().__call__(r)
        signed.register_hook("response", partial(self._answered, self.client.turn))
        return signed

    def __repr__(self) -> str:
        return f"<StoreOAuth1 of {self._calls.current.where}>"

    def _answered(
        self, turn: CallTurn, answer: requests.Response, **settings: Any
    ) -> requests.Response:
        """Record the answer; after a 401, send the request once more with another credential."""
        self._calls.answered(turn, answer.status_code)
        if answer.is_redirect:
            raise UnsignableRequestError(
                "NetSuite answers with a redirect, and a signature is good for one address and one time",
                "call the address that it names, or use a session of tba_secrets.client",
            )
        if answer.status_code != REFUSED:
            return answer
        if self._calls.successor(turn.held, answer.request) is None:
            return answer
        answer.content  # noqa: B018 - the connection goes back to its pool
        answer.close()
        again: requests.PreparedRequest = super().__call__(answer.request.copy())
        transport: BaseAdapter = answer.connection
        newer = transport.send(again, **settings)
        self._calls.answered(self.client.turn, newer.status_code)
        newer.history.append(answer)
        newer.request = again
        return newer


class _Client:
    """Stands where requests-oauthlib has oauthlib's client."""

    signature_type = "AUTH_HEADER"

    def __init__(self, calls: SignedCalls, *_arguments: object, **_options: object) -> None:
        self._calls = calls
        self._mine = threading.local()

    @property
    def turn(self) -> CallTurn:
        """Whose credential signed last in this thread."""
        turn: CallTurn = self._mine.turn
        return turn

    def sign(
        self, uri: str, http_method: str, body: str | bytes | None, headers: Mapping[str, str]
    ) -> tuple[str, dict[str, str], str | bytes | None]:
        """Return the address that was signed, the headers with the signature and without cookies, and the body."""
        with self._calls.turn() as self._mine.turn:
            url, header = self._calls.header(self.turn, http_method, uri, body)
        kept = {name: text for name, text in headers.items() if name.lower() != "cookie"}
        return url, {**kept, "Authorization": header}, body
