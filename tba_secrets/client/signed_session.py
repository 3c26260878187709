"""The session that a program uses: `requests.Session`, with every call signed when it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NoReturn

import requests
from requests.adapters import BaseAdapter
from requests.auth import AuthBase

from tba_secrets.client.exchange import Exchange
from tba_secrets.netsuite.account import Service, base_url


class SignedSession(requests.Session):
    """Signs for the account's own hosts, and sends nothing to any other, a redirect's target included.

    One session serves all threads of a process. Mounted adapters are used as transports below the signature; one that
    retries would send a nonce twice, which NetSuite refuses, so retry around the call.

    Args:
        exchange: Signs and sends.
    """

    def __init__(self, exchange: Exchange) -> None:
        super().__init__()
        self._exchange = exchange
        self.auth = SignedWhenSent(exchange.current.where)
        # A jar that stays empty: NetSuite refuses a cookie beside a signature, and threads would share it.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))

    def base_url(self, service: Service = Service.SUITETALK) -> str:
        """Where a service of the credential's account is, without a slash at the end.

        Raises:
            StoreError: There is no credential to tell the account from.
        """
        account = self._exchange.current.held().credential.account
        return base_url(account, service, self._exchange.endpoint)

    def get_adapter(self, url: str) -> BaseAdapter:
        """The transport for `url`, and the signature over it; `requests` asks for it at each call and each redirect."""
        return _SigningAdapter(self._exchange, super().get_adapter(url))

    def __repr__(self) -> str:
        return f"<SignedSession of {self._exchange.current.where}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signed session is not pickled or copied: open one in each process")


class SignedWhenSent(AuthBase):
    """Stands where `requests` looks for credentials, so that it looks into no netrc; the signature comes later.

    A prepared request may wait, be sent twice or be redirected, and each attempt needs a signature of its own.
    """

    def __init__(self, where: str) -> None:
        self._where = where

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        return r

    def __repr__(self) -> str:
        return f"<SignedWhenSent: {self._where}>"


class _SigningAdapter(BaseAdapter):
    def __init__(self, exchange: Exchange, transport: BaseAdapter) -> None:
        super().__init__()
        self._exchange = exchange
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
        """See `Exchange.send`."""
        settings = {
            "stream": stream,
            "timeout": timeout,
            "verify": verify,
            "cert": cert,
            "proxies": proxies,
        }
        return self._exchange.send(self._transport, request, settings)

    def close(self) -> None:
        """The transport's."""
        self._transport.close()
