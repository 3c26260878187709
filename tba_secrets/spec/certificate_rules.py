"""Rules for the certificates of one integration record that no pattern can state: validity, places, scopes.

NetSuite keeps five active certificates of an integration record (Oracle help, "OAuth 2.0 Client Credentials Setup").
A superseded certificate holds a place until its overlap is over: n certificates that rotate every R and overlap for O
hold n x O / R places more on average, and 5 - n are left.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from tba_secrets.spec.construct import Document
from tba_secrets.spec.model import LONGEST_VALIDITY, MOST_ACTIVE, Certificate, parse_duration
from tba_secrets.spec.problem import Path, SpecFinding

_REST: Final = "rest_webservices"
_RESTLETS: Final = "restlets"


def certificate_findings(document: Document) -> Iterator[SpecFinding]:
    """Find what NetSuite would refuse, or what would run out before its successor is there."""
    for integration, record in document.records("integrations"):
        if record.get("auth") != "oauth2":
            continue
        certificates = list(document.items((*integration, "certificates")))
        yield from _places(document, integration, [path for path, _ in certificates])
        for path, certificate in certificates:
            yield from _validity(document, path, certificate)
            yield from _scopes(document, path, certificate)


def duration_at(document: Document, path: Path, key: str) -> timedelta | None:
    """Return the duration that applies to the record at `path`: its own, or that of the defaults."""
    text = document.value((*path, key)) or document.value(("defaults", key))
    return parse_duration(text) if isinstance(text, str) else None


def _places(
    document: Document, integration: Path, certificates: list[Path]
) -> Iterator[SpecFinding]:
    count = len(certificates)
    overlaps = [duration_at(document, path, "retire_after") for path in certificates]
    ages = [duration_at(document, path, "rotate_every") for path in certificates]
    overlap = max((one for one in overlaps if one is not None), default=timedelta(0))
    age = min((one for one in ages if one is not None), default=None)
    if age is None or count >= MOST_ACTIVE:
        return
    if count * overlap > age * (MOST_ACTIVE - count):
        yield document.finding(
            (*integration, "certificates"),
            f"the overlaps of {count} certificates would hold more than the {MOST_ACTIVE} places that NetSuite has for "
            "an integration record",
            "make retire_after shorter or rotate_every longer, or give some of them an integration record of their own",
        )


def _validity(document: Document, path: Path, certificate: dict[str, Any]) -> Iterator[SpecFinding]:
    text = certificate.get("valid_for", Certificate.model_fields["valid_for"].default)
    valid_for = parse_duration(text) if isinstance(text, str) else None
    if valid_for is None:
        return
    if valid_for > LONGEST_VALIDITY:
        what = "NetSuite cuts a certificate to two years"
        yield document.finding((*path, "valid_for"), what, "write 730d at most")
        return
    if isinstance(certificate.get("key"), dict):
        return  # a source's certificate has a validity of its own
    warned = duration_at(document, path, "warn_before")
    if warned is not None and warned >= valid_for:
        yield document.finding(
            (*path, _first_given(certificate, "warn_before", "valid_for")),
            "the certificate would be due as soon as it is made",
            "make warn_before shorter than valid_for",
        )
    age = duration_at(document, path, "rotate_every")
    overlap = duration_at(document, path, "retire_after") or timedelta(0)
    if age is not None and age + overlap > valid_for:
        yield document.finding(
            (*path, _first_given(certificate, "rotate_every", "retire_after", "valid_for")),
            "the certificate would run out before its overlap is over",
            "make rotate_every and retire_after together shorter than valid_for",
        )


def _first_given(certificate: dict[str, Any], *keys: str) -> str:
    return next((key for key in keys if key in certificate), "name")


def _scopes(document: Document, path: Path, certificate: dict[str, Any]) -> Iterator[SpecFinding]:
    scopes = certificate.get("scopes", [_REST])
    if not isinstance(scopes, list):
        return
    for needed, why in _needed(document, path, certificate):
        if needed not in scopes:
            yield document.finding(
                (*path, "scopes") if "scopes" in certificate else path,
                f"the scope {needed} is missing: {why}",
                f"add {needed}, and tick it on the integration record",
            )


def _needed(
    document: Document, path: Path, certificate: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    checks = document.value((*path, "verify", "checks"))
    checks = checks if isinstance(checks, list) else ["rest"]
    by_rest = [check for check in checks if check in ("rest", "suiteql")]
    if by_rest:
        yield _REST, f"the check {by_rest[0]} needs it"
    if any(isinstance(check, dict) for check in checks):
        yield _RESTLETS, "the check of a RESTlet needs it"
    if not by_rest and certificate.get("by", "api") == "api":
        yield _REST, "a certificate that brings its successor (by: api) needs it"
