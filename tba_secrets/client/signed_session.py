"""The `requests.Session` of a program: it signs every call when the call is sent."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NoReturn

import requests
from requests.adapters import BaseAdapter
from requests.auth import AuthBase

from tba_secrets.client.oauth1 import StoreOAuth1
from tba_secrets.client.signed_calls import SignedCalls
from tba_secrets.netsuite.account import Service, base_url


class SignedSession(requests.Session):
    """Signs calls to the account's own hosts and refuses all others, redirects included.

    One session serves all threads of a process. Mounted adapters become transports below the
    signature. Retry around the call, not in an adapter: a nonce that is sent twice is refused.
    """

    def __init__(self, calls: SignedCalls) -> None:
        super().__init__()
        self._calls = calls
        self.auth = SignedWhenSent(calls.current.where)
        # A jar that stays empty: NetSuite refuses a cookie beside a signature, and threads would share it.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))

    def base_url(self, service: Service = Service.SUITETALK) -> str:
        """Return the address of one of the account's services, without a trailing slash.

        Raises:
            StoreError: There is no credential that names the account.
        """
        account = self._calls.current.held().credential.account
        return base_url(account, service, self._calls.endpoint)

    def oauth1(self) -> StoreOAuth1:
        """Return an `auth` for a session that a program has already: `mine.auth = netsuite.oauth1()`.

        It signs with what is current, for the account's own hosts only, and repeats a call once after a
        401 if another credential is current by then. Refused logins count together with this session's.
        It cannot count calls in flight, and follows no redirect.
        """
        return StoreOAuth1(self._calls)

    def get_adapter(self, url: str) -> BaseAdapter:
        """Wrap the transport for `url`; `requests` asks for it at each call and redirect."""
        return _SigningAdapter(self._calls, super().get_adapter(url))

    def __repr__(self) -> str:
        return f"<SignedSession of {self._calls.current.where}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signed session cannot be pickled or copied: open one in each process")


class SignedWhenSent(AuthBase):
    """Keeps `requests` from looking for credentials in a netrc file; signing comes later.

    A prepared request may wait, be sent twice or be redirected, and each attempt needs its own
    signature.
    """

    def __init__(self, where: str) -> None:
        self._where = where

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        return r

    def __repr__(self) -> str:
        return f"<SignedWhenSent: {self._where}>"


class _SigningAdapter(BaseAdapter):
    def __init__(self, calls: SignedCalls, transport: BaseAdapter) -> None:
        super().__init__()
        self._calls = calls
        self._transport = transport

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """See `SignedCalls.send`."""
        settings = {
            "stream": stream,
            "timeout": timeout,
            "verify": verify,
            "cert": cert,
            "proxies": proxies,
        }
        return self._calls.send(self._transport, request, settings)

    def close(self) -> None:
        """Close the transport."""
        self._transport.close()
