"""Step 4: replace each address given as `{env: NAME}` by the variable's, and refuse http:// over a network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from tba_secrets.loopback import is_loopback
from tba_secrets.spec.construct import Document
from tba_secrets.spec.looks_secret import looks_secret
from tba_secrets.spec.model.fields import URL_PATTERN
from tba_secrets.spec.problem import Path, SpecFinding, path_text

ADDRESSES: Final[tuple[Path, ...]] = (
    ("endpoint",),
    ("store", "aws", "endpoint"),
    ("store", "vault", "address"),
)
"""Where the file has an address, or the variable that holds one."""
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_ADDRESS: Final = re.compile(URL_PATTERN.removeprefix("^").removesuffix("$"))


def resolve_addresses(document: Document, environ: Mapping[str, str]) -> list[SpecFinding]:
    """Resolve `{env: NAME}` addresses in place and return what could not be resolved.

    Anything that is not the name of a variable is left for the models to refuse.
    """
    findings = []
    for path in ADDRESSES:
        name = _variable(document.value(path))
        if name is None:
            continue
        address = environ.get(name, "").strip()
        if _ADDRESS.fullmatch(address):
            document.value(path[:-1])[path[-1]] = address
            continue
        state = "holds no address" if address else "is not set"
        what = f"{path_text(path)}: the environment variable {name} {state}"
        hint = 'set it to "https://HOST" or "https://HOST:PORT", with no path and no credentials'
        findings.append(SpecFinding(document.position((*path, "env")), what, hint))
    return findings


def readable_on_the_way(document: Document) -> Iterator[SpecFinding]:
    """Find the addresses that credentials would be sent to unencrypted, over a network."""
    for path in ADDRESSES:
        address = document.value(path)
        if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
            continue
        if address.startswith("http:") and not is_loopback(address):
            yield document.finding(
                path,
                "http:// to another machine: anyone on the network path can read the credentials",
                "write https://; plain http is for 127.0.0.1, [::1] and localhost",
            )


def _variable(value: object) -> str | None:
    """Return NAME from `{env: NAME}`, or None for anything else, including a pasted value."""
    if not isinstance(value, dict) or set(value) != {"env"}:
        return None
    name = value["env"]
    if not isinstance(name, str) or not _VARIABLE.fullmatch(name) or looks_secret(name):
        return None
    return name
