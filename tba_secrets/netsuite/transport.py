"""One HTTP exchange with a total deadline: no redirects, no cookies, no netrc, TLS verified.

`requests`' adapter is used below its session, because a session adds what a signed call must not have: it answers a
redirect's body at any length, keeps cookies ("Ambiguous authentication"), and replaces our Authorization by a netrc
entry's. Exceptions of the HTTP libraries quote the URL, so none of them leaves this module.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final

import requests
from requests import exceptions as errors
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NameResolutionError, NewConnectionError

from tba_secrets.loopback import is_loopback
from tba_secrets.netsuite.answers import Answer
from tba_secrets.sdk_logging import silence_sdk_debug

_LONGEST_BODY: Final = 1 << 20
_CHUNK: Final = 1 << 16
_CONNECT_SECONDS: Final = 10.0

_KINDS: Final[tuple[tuple[type[Exception], str, bool, bool], ...]] = (
    (errors.SSLError, "its TLS certificate or handshake was not accepted", False, False),
    (errors.ProxyError, "the proxy did not connect", True, False),
    (errors.ConnectTimeout, "no connection in time", True, False),
    (errors.ReadTimeout, "no answer in time", True, True),
    (errors.ConnectionError, "no connection, or it was lost", True, True),
    (
        errors.ChunkedEncodingError,
        "the connection was lost in the middle of the answer",
        True,
        True,
    ),
    (errors.ContentDecodingError, "the answer's encoding is broken", True, True),
    (ValueError, "the address cannot be used", False, False),
)
"""What is raised, how it is told, whether another try may help, and whether the request may have arrived; subclasses
before their bases."""


class LostError(Exception):
    """There is no whole answer. Holds our own words only.

    `retry`: another try may help. `sent`: the request may have arrived.
    """

    def __init__(self, how: str, *, retry: bool = True, sent: bool = True) -> None:
        super().__init__(how)
        self.how = how
        self.retry = retry
        self.sent = sent


Sender = Callable[[requests.PreparedRequest, float], Answer]
"""Sends a request once, and waits that many seconds at most; raises `LostError` where no whole answer came."""


@dataclass(eq=False)
class HttpSender:
    """Over the network."""

    clock: Callable[[], float] = time.time
    """Epoch seconds, to compare with the server's."""
    monotonic: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._adapter = HTTPAdapter(max_retries=0)
        silence_sdk_debug()

    def __call__(self, request: requests.PreparedRequest, seconds: float) -> Answer:
        """See `Sender`. In a thread of its own: a socket's timeout bounds one read, and no name lookup at all."""
        box: SimpleQueue[Answer | LostError] = SimpleQueue()

        def work() -> None:
            box.put(self._exchange(request, seconds))

        Thread(target=work, name="netsuite-call", daemon=True).start()
        try:
            result = box.get(timeout=max(seconds, 0.001))
        except Empty:
            raise LostError(f"no whole answer within {seconds:.0f} s") from None
        if isinstance(result, LostError):
            raise result
        return result

    def _exchange(self, request: requests.PreparedRequest, seconds: float) -> Answer | LostError:
        started = self.monotonic()
        settings = environment_settings(request.url or "")
        if bundle := missing_bundle(request.url or "", settings):
            why = (
                f"there is no CA bundle {bundle}, which REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names"
            )
            return LostError(why, retry=False, sent=False)
        try:
            timeout = (min(_CONNECT_SECONDS, seconds), seconds)
            with self._adapter.send(request, timeout=timeout, **settings) as response:
                body = self._body(response, started + seconds)
        except Exception as error:
            return lost(error)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(
            status=response.status_code,
            headers=headers,
            body_text=body.decode("utf-8", "replace"),
            latency_seconds=self.monotonic() - started,
            server_date=http_date(headers.get("date", "")),
            at=self.clock(),
        )

    def _body(self, response: requests.Response, until: float) -> bytes:
        """Return the body, cut off at 1 MiB. That of a 401 may be lost: its status is the whole verdict."""
        body = b""
        try:
            for chunk in response.iter_content(_CHUNK):
                body += chunk
                if len(body) > _LONGEST_BODY:
                    break
                if self.monotonic() > until:
                    raise errors.ReadTimeout
        except errors.RequestException:
            if response.status_code != 401:
                raise
        return body


def environment_settings(url: str) -> Mapping[str, Any]:
    """Return the environment's proxies and CA bundle as requests reads them; never a proxy for loopback."""
    with requests.Session() as session:
        settings = session.merge_environment_settings(url, {}, True, True, None)
    if is_loopback(url):
        settings["proxies"] = {}
    return dict(settings)


def missing_bundle(url: str, settings: Mapping[str, Any]) -> str | None:
    """Return the file or folder of CA certificates that a call needs, if it does not exist."""
    bundle = settings.get("verify")
    needed = url.startswith("https:") and isinstance(bundle, str)
    return bundle if needed and not Path(str(bundle)).exists() else None


def lost(error: Exception) -> LostError:
    """Say in our words what a library's exception means, by its type alone."""
    reason = getattr(next(iter(error.args), None), "reason", None)
    if isinstance(reason, NameResolutionError):
        return LostError("its name cannot be resolved (DNS)", sent=False)
    for kind, how, retry, sent in _KINDS:
        if isinstance(error, kind):
            return LostError(
                how, retry=retry, sent=sent and not isinstance(reason, NewConnectionError)
            )
    return LostError(f"the exchange broke ({type(error).__name__})")


def http_date(text: str) -> float | None:
    """Return the epoch seconds of a Date header (RFC 9110 section 5.6.7); None if it is not one."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
