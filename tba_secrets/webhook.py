"""The webhook that a variable names, and the delivery of one message to it.

The address of a webhook is a secret: whoever has it can write there. It is in no message and no error.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

import requests

from tba_secrets.errors import TbaError
from tba_secrets.loopback import is_loopback
from tba_secrets.netsuite.transport import HttpSender, LostError
from tba_secrets.sensitive import Sensitive

_SECONDS: Final = 10.0
"""For one try."""
_PAUSES_SECONDS: Final = (1.0, 4.0)
"""Before the second try and the third, which is the last."""
_LONGEST_PAUSE_SECONDS: Final = 30.0
_BUSY: Final = (408, 429)


@dataclass(frozen=True)
class Webhook:
    """Where messages go, and how."""

    variable: str
    url: Sensitive
    key: Sensitive | None = None


def webhook(
    variable: str, key_variable: str | None, variables: Mapping[str, str]
) -> Webhook | None:
    """Return the webhook whose address and key are in two variables; None if the first is not set, or empty.

    Raises:
        TbaError: What the variable holds is no address that a message may be sent to.
    """
    url = variables.get(variable, "").strip()
    if not url:
        return None
    remedy = f"put the webhook's whole address into {variable}: https://HOST/PATH"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        usable = usable and url.isprintable() and " " not in url
    except ValueError:  # half an IPv6 address, a port that is no number
        usable = False
    if not usable:
        raise TbaError(f"{variable} holds no address of a webhook", remedy)
    if parts.scheme == "http" and not is_loopback(url):
        raise TbaError(f"{variable} holds an http:// address of another machine", remedy)
    key = variables.get(key_variable or "", "").strip()
    return Webhook(variable, Sensitive(url), Sensitive(key) if key else None)


def deliver(to: Webhook, body: bytes, sleep: Callable[[float], None] = time.sleep) -> None:
    """Post a message; up to three tries, while another one may help.

    Raises:
        TbaError: It was not taken.
    """
    request = _request(to, body)
    for pause in (*_PAUSES_SECONDS, None):
        problem, asked = _try(to, request)
        if problem is None:
            return
        if asked is None or pause is None:
            raise problem
        sleep(min(max(pause, asked), _LONGEST_PAUSE_SECONDS))


def _request(to: Webhook, body: bytes) -> requests.PreparedRequest:
    headers = {"Content-Type": "application/json", "User-Agent": "tba-secrets"}
    if to.key is not None:
        key = to.key.reveal().encode(errors="surrogateescape")
        headers["X-Tba-Signature"] = f"sha256={hmac.new(key, body, sha256).hexdigest()}"
    try:
        return requests.Request("POST", to.url.reveal(), headers=headers, data=body).prepare()
    except ValueError:  # it would quote the address
        raise _undelivered(to, "its address cannot be used", "correct it") from None


def _try(to: Webhook, request: requests.PreparedRequest) -> tuple[TbaError | None, float | None]:
    """Return why the message was not taken, None if it was; and how long to wait for another try, if one may help."""
    try:
        answer = HttpSender()(request, _SECONDS)
    except LostError as lost:
        pause = 0.0 if lost.retry else None
        return _undelivered(to, lost.how, "look whether it can be reached"), pause
    if 200 <= answer.status < 300:
        return None, None
    said = f"it answered HTTP {answer.status}"
    if 300 <= answer.status < 400:
        remedy = "redirects are not followed: give the address that it leads to"
        return _undelivered(to, f"{said}, a redirect", remedy), None
    asked = answer.headers.get("retry-after", "")
    if answer.status in _BUSY or answer.status >= 500:
        remedy = "look at the receiver, then run this again"
        return _undelivered(to, said, remedy), float(asked) if asked.isdecimal() else 0.0
    return _undelivered(to, said, "look whether the webhook still exists, and takes this"), None


def _undelivered(to: Webhook, why: str, remedy: str) -> TbaError:
    return TbaError(f"the webhook in {to.variable} did not take the message: {why}", remedy)
