"""One exchange with Vault: hvac's adapter, with a total deadline, no redirects, typed failures and no bodies in errors.

hvac's own adapter follows redirects with the token in the header, bounds one socket read instead of the call, hands
an HTML page with status 200 on as a success, and puts whole bodies into its exceptions. It also shares one
`requests.Session`, which is not promised to be safe between threads; here requests' transport is used below the
session, so there are no cookies and no netrc either, and urllib3's pool, which is made for threads, is all that is
shared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final
from urllib.parse import quote, urlsplit

import requests
from hvac.adapters import Adapter
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError

from tba_secrets.netsuite.transport import environment_settings, http_date, missing_bundle
from tba_secrets.sdk_logging import silence_sdk_debug
from tba_secrets.stores.failures import StoreFailure
from tba_secrets.stores.vault import errors
from tba_secrets.stores.vault.errors import VaultRequest

_CONNECTIONS: Final = 16
INDEX: Final = "X-Vault-Index"
"""How far the node that answered was; sent back, so that a standby that lags behind it forwards the call, or refuses
it with 412 (Vault documentation, "Eventual consistency"). Opaque; a server that has one active node gives none."""
_NOT_ANSWERED: Final = (
    (requests.exceptions.SSLError, errors.UNTRUSTED, ""),
    (requests.exceptions.ProxyError, errors.UNREACHABLE, "the proxy did not connect"),
    (requests.exceptions.ConnectTimeout, errors.UNREACHABLE, "no connection in time"),
    (requests.exceptions.ReadTimeout, errors.LOST, "it did not come in time"),
    (OSError, errors.LOST, "the connection was lost"),
    (ValueError, errors.UNREACHABLE, "the address cannot be used"),
)
"""What an exception means; the first line that fits. Every exception of requests is an OSError."""


@dataclass(frozen=True)
class Deadline:
    """How long one call may take."""

    total: float = 30.0
    """Seconds for the whole call, name lookup and a slow body included."""
    connect: float = 5.0
    """Seconds until a connection stands."""


@dataclass(frozen=True)
class VaultAnswer:
    """A success, or a status that was expected."""

    status: int
    body: Mapping[str, Any]
    """The JSON object; empty if there is none. It may hold the value: never logged, never put into a message."""
    date: float | None
    """The server's clock, epoch seconds."""

    @property
    def data(self) -> Mapping[str, Any]:
        """The `data` of Vault's envelope."""
        return self.body.get("data") or {}


class VaultAdapter(Adapter):  # type: ignore[misc] # hvac has no types
    """Sends one request, once. Thread-safe.

    `ca_cert` is a PEM file, in the place of the environment's and the machine's CAs; `namespace` goes with every call.
    """

    def __init__(
        self,
        address: str,
        namespace: str | None = None,
        ca_cert: str | None = None,
        deadline: Deadline | None = None,
    ) -> None:
        # hvac's own __init__ is not called: it would open the session that is not wanted here.
        self.base_uri = address
        self.namespace = namespace
        self.token = None
        self._deadline = deadline or Deadline()
        self._settings = dict(environment_settings(address))
        if ca_cert is not None:
            self._settings["verify"] = ca_cert
        self._index = ""
        self._http = HTTPAdapter(max_retries=0, pool_maxsize=_CONNECTIONS)

    @property
    def shown_settings(self) -> dict[str, str]:
        """What applies to the connection, the environment's share included."""
        proxies = self._settings.get("proxies") or {}
        proxy = proxies.get(urlsplit(self.base_uri).scheme) or proxies.get("all")
        verify = self._settings.get("verify")
        shown = {"proxy": str(proxy).rpartition("@")[2] if proxy else ""}  # without credentials
        shown["CA certificates"] = verify if isinstance(verify, str) else ""
        return {key: value for key, value in shown.items() if value}

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        raise_exception: bool = True,
        **arguments: Any,
    ) -> Mapping[str, Any]:
        """Send a login, which needs no token: hvac's auth methods call this.

        Raises:
            StoreFailure: Whatever went wrong.
        """
        asked = VaultRequest(method.upper(), url.strip("/").removeprefix("v1/"), self.base_uri)
        return self.exchange(asked, json=arguments.get("json")).body

    def get_login_token(self, response: Mapping[str, Any]) -> str:
        """Return the token in the answer to a login."""
        return str(response["auth"]["client_token"])

    def exchange(
        self,
        asked: VaultRequest,
        *,
        json: Any = None,
        query: Mapping[str, str] | None = None,
        token: str | None = None,
        expected: Collection[int] = (),
        in_namespace: bool = True,
    ) -> VaultAnswer:
        """Send, and wait for the whole answer; whatever goes wrong is a StoreFailure.

        The statuses `expected` are answers here, although they are no success; `query` is never secret. Some `sys/`
        paths exist in the root namespace only, not `in_namespace`.
        """
        request = self._request(asked, json, query, token, in_namespace=in_namespace)
        silence_sdk_debug()
        box: SimpleQueue[requests.Response | StoreFailure] = SimpleQueue()

        def work() -> None:
            """Send in a thread of its own: a socket's timeout bounds one read, and no name lookup at all."""
            try:
                timeout = (self._deadline.connect, self._deadline.total)
                response = self._http.send(request, timeout=timeout, **self._settings)
                _ = response.content  # read here, within the deadline
            except Exception as error:
                box.put(_not_answered(error, asked))
            else:
                box.put(response)

        Thread(target=work, name="vault-call", daemon=True).start()
        try:
            result = box.get(timeout=self._deadline.total)
        except Empty:
            result = asked.failure(errors.LOST, how=f"none within {self._deadline.total:g} s")
        if isinstance(result, StoreFailure):
            raise result
        self._index = result.headers.get(INDEX) or self._index
        return _judged(result, asked, expected)

    def _request(
        self,
        asked: VaultRequest,
        json: Any,
        query: Mapping[str, str] | None,
        token: str | None,
        *,
        in_namespace: bool,
    ) -> requests.PreparedRequest:
        """Prepare a call; see `exchange`."""
        if bundle := missing_bundle(self.base_uri, self._settings):
            raise asked.failure(errors.NO_BUNDLE, how=bundle)
        headers = {"X-Vault-Request": "true"}
        if token:
            headers["X-Vault-Token"] = token
        if self.namespace and in_namespace:
            headers["X-Vault-Namespace"] = self.namespace
        if self._index:
            headers |= {INDEX: self._index, "X-Vault-Inconsistent": "forward-active-node"}
        if asked.method == "PATCH":
            headers["Content-Type"] = "application/merge-patch+json"  # RFC 7396; any other is 415
        url = f"{self.base_uri}/v1/{quote(asked.path)}"
        return requests.Request(asked.method, url, headers, json=json, params=query).prepare()


def _not_answered(error: Exception, asked: VaultRequest) -> StoreFailure:
    """Put a library's exception into our words, by its type: that tells whether the request can have been sent."""
    cause = error.args[0] if error.args else None
    if isinstance(getattr(cause, "reason", None), NewConnectionError):
        return asked.failure(errors.UNREACHABLE, how="nothing answers at that address")
    for kind, meaning, how in _NOT_ANSWERED:
        if isinstance(error, kind):
            return asked.failure(meaning, how=how)
    return asked.failure(errors.LOST, how=f"the exchange broke ({type(error).__name__})")


def _judged(
    response: requests.Response, asked: VaultRequest, expected: Collection[int]
) -> VaultAnswer:
    status = response.status_code
    if 300 <= status < 400:
        target = _host(response.headers.get("Location", ""))
        raise asked.failure(errors.REDIRECTED, status, target=target)
    body = _object(response)
    sentences = _sentences(body)
    answered = 200 <= status < 300 or (status in expected and not sentences)
    if answered and body is None and status != 204:
        raise asked.failure(errors.NOT_VAULT, status)
    if not answered:
        raise errors.of_status(status, sentences, asked)
    date = http_date(response.headers.get("Date", ""))
    return VaultAnswer(status, body or {}, date)


def _object(response: requests.Response) -> dict[str, Any] | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _sentences(body: Mapping[str, Any] | None) -> list[str]:
    errors = (body or {}).get("errors")
    return [str(sentence) for sentence in errors] if isinstance(errors, list) else []


def _host(location: str) -> str:
    with suppress(ValueError):
        parts = urlsplit(location)
        if parts.hostname:
            return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    return "another address"
