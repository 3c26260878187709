"""Step 4: replace each address given as `{env: NAME}` by the address the variable holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tba_secrets.spec.construct import Document
from tba_secrets.spec.looks_secret import looks_secret
from tba_secrets.spec.model import URL_PATTERN
from tba_secrets.spec.problem import Path, SpecFinding, path_text

_PLACES: Final[tuple[Path, ...]] = (
    ("endpoint",),
    ("store", "aws", "endpoint"),
    ("store", "vault", "address"),
)
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_ADDRESS: Final = re.compile(URL_PATTERN.removeprefix("^").removesuffix("$"))


def resolve_addresses(document: Document, environ: Mapping[str, str]) -> list[SpecFinding]:
    """Resolve `{env: NAME}` addresses in place and return what could not be resolved.

    Anything that is not the name of a variable is left for the models to refuse.
    """
    findings = []
    for path in _PLACES:
        name = _variable(document.value(path))
        if name is None:
            continue
        address = environ.get(name, "").strip()
        if _ADDRESS.fullmatch(address):
            document.value(path[:-1])[path[-1]] = address
        else:
            findings.append(_unusable(document, path, name, found=bool(address)))
    return findings


def _variable(value: object) -> str | None:
    """Return NAME from `{env: NAME}`, or None for anything else, including a pasted value."""
    if not isinstance(value, dict) or set(value) != {"env"}:
        return None
    name = value["env"]
    if not isinstance(name, str) or not _VARIABLE.fullmatch(name) or looks_secret(name):
        return None
    return name


def _unusable(document: Document, path: Path, name: str, *, found: bool) -> SpecFinding:
    state = "holds no address" if found else "is not set"
    return SpecFinding(
        document.position((*path, "env")),
        f"{path_text(path)}: the environment variable {name} {state}",
        'set it to "https://HOST" or "https://HOST:PORT", with no path and no credentials',
    )
