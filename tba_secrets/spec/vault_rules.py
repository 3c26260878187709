"""Rules for `store.vault` that no pattern can state: logins, places, hidden candidates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tba_secrets.spec.construct import Document
from tba_secrets.spec.looks_secret import looks_secret
from tba_secrets.spec.model import VaultAuth, VaultSettings
from tba_secrets.spec.problem import Path, SpecFinding

_VAULT: Final[Path] = ("store", "vault")
_CREDENTIALS: Final[tuple[Path, ...]] = (
    ("auth", "token"),
    ("auth", "approle", "secret_id"),
    ("auth", "jwt", "jwt"),
)
"""The paths that name the place of a credential for our own login."""


def vault_findings(document: Document) -> Iterator[SpecFinding]:
    """Find every broken rule of `store.vault`."""
    if not isinstance(document.value(_VAULT), dict):
        return
    yield from _one_login(document)
    yield from _one_place_each(document)
    yield from _candidates_out_of_sight(document)


def _one_login(document: Document) -> Iterator[SpecFinding]:
    path = (*_VAULT, "auth")
    auth = document.value(path)
    if isinstance(auth, dict):
        yield from _exactly_one(document, path, auth, list(VaultAuth.model_fields))


def _one_place_each(document: Document) -> Iterator[SpecFinding]:
    for rest in _CREDENTIALS:
        path = (*_VAULT, *rest)
        place = document.value(path)
        if not isinstance(place, dict):
            continue
        yield from _exactly_one(document, path, place, ["env", "file"])
        name = place.get("env")
        if isinstance(name, str) and looks_secret(name):
            hint = "name the variable, never the value"
            yield document.finding((*path, "env"), "this looks like a secret value", hint)


def _candidates_out_of_sight(document: Document) -> Iterator[SpecFinding]:
    """Refuse candidates below the prefix.

    A reader's policy ends in a wildcard after the prefix: readers would see candidates before they
    are tested.
    """
    prefix = document.value((*_VAULT, "prefix"))
    path = (*_VAULT, "candidate_prefix")
    candidates = document.value(path)
    if candidates is None:
        path = (*_VAULT, "prefix")
        candidates = VaultSettings.model_fields["candidate_prefix"].default
    if not isinstance(prefix, str) or not isinstance(candidates, str):
        return
    if prefix and candidates.startswith(prefix):
        what = (
            "candidates would lie within the prefix, where readers see them before they are tested"
        )
        hint = "choose a candidate_prefix outside the prefix, for example tba-candidates/"
        yield document.finding(path, what, hint)


def _exactly_one(
    document: Document, path: Path, given: Mapping[str, Any], known: list[str]
) -> Iterator[SpecFinding]:
    found = [key for key in known if key in given]
    if len(found) != 1:
        what = f"{' and '.join(found)} are given" if found else "nothing is given"
        yield document.finding(path, what, f"give exactly one of {', '.join(known)}")
