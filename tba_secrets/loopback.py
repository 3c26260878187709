"""Whether an address is this machine's: what goes there does not cross a network."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit


def bypass(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what to add to an environment so that no proxy is asked for this machine's own addresses."""
    known = variables.get("no_proxy") or variables.get("NO_PROXY") or ""
    added = ",".join(filter(None, (known, "127.0.0.1,localhost")))
    return {"no_proxy": added, "NO_PROXY": added}


def is_loopback(url: str) -> bool:
    """Return whether the host is this machine, by name or number."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # half an IPv6 address
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
