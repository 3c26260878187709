"""Where a signature may go: the hosts of the credential's own account, or the one endpoint in their place. Pure.

A signed header names the consumer key and the token id, and another host could use it once in our place. So the whole
origin is compared (RFC 6454 section 4: scheme, host and port), on the very URL that is sent.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from tba_secrets.client.errors import ForeignHostError
from tba_secrets.netsuite.account import Service, base_url

Origin = tuple[str, str, int]
"""Scheme, host in lower case, port."""
SIGNED_SERVICES: Final = (Service.SUITETALK, Service.RESTLETS)
"""What takes signed calls; the user interface does not."""
_PORTS: Final = {"http": 80, "https": 443}
_NETSUITE_HOST: Final = re.compile(r"[a-z0-9-]{1,20}\.[a-z]{3,12}(\.api)?\.netsuite\.com")


def refuse_foreign(url: str, account: str, endpoint: str | None) -> None:
    """Let a URL pass that a signature for `account` may be sent to.

    Args:
        url: Exactly what is to be sent.
        account: The account id of the credential.
        endpoint: The one address that stands in for the account's own.

    Raises:
        ForeignHostError: It is on another host, or has another scheme or port.
        AccountIdError: The account id is none.
    """
    own = tuple(dict.fromkeys(base_url(account, service, endpoint) for service in SIGNED_SERVICES))
    if origin(url) not in map(origin, own):
        raise ForeignHostError(
            f"nothing was signed or sent: {_shown(url)} is none of the addresses that take a signature of account "
            f"{account}: {', '.join(own)}",
            "correct the URL; where it came from a redirect, ask the address that is right for this account, "
            "or pass allow_redirects=False and look at the answer",
        )


def origin(url: str) -> Origin | None:
    """The origin of a URL; None where it has none, or names a user."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    if parts.hostname is None or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port


def _shown(url: str) -> str:
    """The host where it is NetSuite's; a redirect's could be made of what was sent, and is not repeated."""
    found = origin(url)
    if found is None or _NETSUITE_HOST.fullmatch(found[1]) is None:
        return "the address asked for"
    return f"{found[0]}://{found[1]}"
