"""Decide which hosts may receive a signature: the account's own, or the one endpoint. Pure.

A signed header names the consumer key and the token id, and another host could use it once in our
place. So the whole origin (RFC 6454 section 4: scheme, host and port) of the URL that is actually
sent is compared.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from tba_secrets.errors import NetSuiteError
from tba_secrets.netsuite.account import Service, base_url

_SIGNED_SERVICES: Final = (Service.SUITETALK, Service.RESTLETS)
"""The services that accept signed calls; the user interface does not."""
_PORTS: Final = {"http": 80, "https": 443}
_NETSUITE_HOST: Final = re.compile(r"[a-z0-9-]{1,20}\.[a-z]{3,12}(\.api)?\.netsuite\.com")


class ForeignHostError(NetSuiteError):
    """The address, perhaps a redirect's, is not the account's own: nothing was signed or sent."""


def refuse_foreign(url: str, account: str, endpoint: str | None) -> None:
    """Raise unless `url`, exactly as it will be sent, may receive a signature of `account`.

    An endpoint replaces the account's own hosts.

    Raises:
        ForeignHostError: The URL has another host, scheme or port.
        AccountIdError: The account id is malformed.
    """
    own = tuple(dict.fromkeys(base_url(account, service, endpoint) for service in _SIGNED_SERVICES))
    if _origin(url) not in map(_origin, own):
        raise ForeignHostError(
            f"nothing was signed or sent: {_shown(url)} is not one of the addresses that accept a signature of account "
            f"{account}: {', '.join(own)}",
            "correct the URL; if it came from a redirect, use the address that is right for this account, "
            "or pass allow_redirects=False and look at the answer",
        )


def _origin(url: str) -> tuple[str, str, int] | None:
    """Return scheme, host in lower case and port of a URL, or None if it has none or names a user."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    if parts.hostname is None or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port


def _shown(url: str) -> str:
    """Return the host if it is NetSuite's; a redirect's could repeat what was sent, so it is not shown."""
    found = _origin(url)
    if found is None or _NETSUITE_HOST.fullmatch(found[1]) is None:
        return "the address asked for"
    return f"{found[0]}://{found[1]}"
