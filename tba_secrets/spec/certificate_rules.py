"""Rules for the certificates of one integration record that no pattern can state: validity, places, scopes.

NetSuite keeps five active certificates of an integration record (Oracle help, "OAuth 2.0 Client Credentials Setup").
A superseded certificate holds a place until its overlap is over: n certificates that rotate every R and overlap for O
hold n x O / R places more on average, and 5 - n are left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

from tba_secrets.spec.construct import Document
from tba_secrets.spec.model import LONGEST_VALIDITY, MOST_ACTIVE, Certificate, parse_duration
from tba_secrets.spec.problem import Path, SpecFinding

_REST: Final = "rest_webservices"
_RESTLETS: Final = "restlets"
Duration = Callable[[Document, Path, str], timedelta | None]
"""The duration of a name that applies to a record, its defaults included."""


def certificate_findings(
    document: Document,
    integration: Path,
    certificates: list[tuple[Path, dict[str, Any]]],
    duration: Duration,
) -> Iterator[SpecFinding]:
    """Find what NetSuite would refuse, or what would run out before its successor is there.

    Args:
        document: The environment.
        integration: The path of the integration record.
        certificates: Its certificates.
        duration: Reads a duration of a record.
    """
    yield from _places(document, integration, certificates, duration)
    for path, certificate in certificates:
        yield from _validity(document, path, certificate, duration)
        yield from _scopes(document, path, certificate)


def _places(
    document: Document,
    integration: Path,
    certificates: list[tuple[Path, dict[str, Any]]],
    duration: Duration,
) -> Iterator[SpecFinding]:
    count = len(certificates)
    overlaps = [duration(document, path, "retire_after") for path, _ in certificates]
    ages = [duration(document, path, "rotate_every") for path, _ in certificates]
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


def _validity(
    document: Document, path: Path, certificate: dict[str, Any], duration: Duration
) -> Iterator[SpecFinding]:
    text = certificate.get("valid_for", Certificate.model_fields["valid_for"].default)
    valid_for = parse_duration(text) if isinstance(text, str) else None
    if valid_for is None:
        return
    if valid_for > LONGEST_VALIDITY:
        yield document.finding(
            (*path, "valid_for"),
            "NetSuite cuts a certificate to two years",
            "write 730d at most",
        )
        return
    if isinstance(certificate.get("key"), dict):
        return  # a source's certificate has a validity of its own
    warned = duration(document, path, "warn_before")
    if warned is not None and warned >= valid_for:
        yield document.finding(
            (
                *path,
                next((key for key in ("warn_before", "valid_for") if key in certificate), "name"),
            ),
            "the certificate would be due as soon as it is made",
            "make warn_before shorter than valid_for",
        )
    age = duration(document, path, "rotate_every")
    overlap = duration(document, path, "retire_after") or timedelta(0)
    if age is not None and age + overlap > valid_for:
        own = next(
            (key for key in ("rotate_every", "retire_after", "valid_for") if key in certificate),
            "name",
        )
        yield document.finding(
            (*path, own),
            "the certificate would run out before its overlap is over",
            "make rotate_every and retire_after together shorter than valid_for",
        )


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
