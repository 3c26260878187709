"""Whether an address is this machine's: what goes there does not cross a network."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Whether the host is this machine, by name or number."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # half an IPv6 address
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
