"""The SOAP TokenPassport (Oracle help, "TokenPassport Complex Type")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from xml.etree import ElementTree

from tba_secrets.simulator import oauth1
from tba_secrets.simulator.credentials import Credentials, MalformedRequest
from tba_secrets.simulator.vocabulary import AuditReason

_FIELDS = ("account", "consumerKey", "token", "nonce", "timestamp", "signature")
_OTHER_CREDENTIALS = {"passport", "applicationInfo", "sessionInfo"}
_LONGEST_NONCE = 64


def parse(envelope: bytes) -> ElementTree.Element:
    """Parse a SOAP envelope and return its root.

    Raises:
        MalformedRequest: It is not XML, or has a document type (SOAP 1.1 section 3 forbids it).
    """
    if b"<!DOCTYPE" in envelope:
        raise MalformedRequest("a SOAP message must not contain a document type declaration")
    try:
        return ElementTree.fromstring(envelope)  # noqa: S314 - no document type, so no entities
    except ElementTree.ParseError:
        raise MalformedRequest("not XML") from None


def local_name(element: ElementTree.Element) -> str:
    """Return the tag without its namespace, because clients disagree on the namespaces."""
    return element.tag.rpartition("}")[2]


def from_envelope(envelope: bytes, cookies: Mapping[str, str]) -> Credentials:
    """Read the TokenPassport of an envelope.

    Returns:
        The claim, with a defect if a field is missing, the nonce is too long or the login is ambiguous.

    Raises:
        MalformedRequest: The envelope cannot be read.
    """
    header = next((e for e in parse(envelope) if local_name(e) == "Header"), None)
    elements = list(header) if header is not None else []
    passports = [e for e in elements if local_name(e) == "tokenPassport"]
    others = {local_name(e) for e in elements} & _OTHER_CREDENTIALS
    passport = passports[0] if passports else ElementTree.Element("tokenPassport")
    claim = _credentials(passport)
    if len(passports) > 1 or (passports and (others or "JSESSIONID" in cookies)):
        return replace(claim, defect=AuditReason.SIMULATOR_AMBIGUOUS)
    return claim


def _credentials(passport: ElementTree.Element) -> Credentials:
    fields = {local_name(child): child for child in passport}
    values = {name: (fields[name].text or "").strip() for name in _FIELDS if name in fields}
    account, key, token, nonce, timestamp, signature = (values.get(name, "") for name in _FIELDS)
    return Credentials(
        account=account,
        consumer_key=key,
        token=token,
        nonce=nonce,
        timestamp=timestamp,
        algorithm=fields["signature"].get("algorithm", "") if "signature" in fields else "",
        version="1.0",
        signature=signature,
        base_string=oauth1.passport_base_string(account, key, token, nonce, timestamp),
        defect=_defect(values),
    )


def _defect(values: Mapping[str, str]) -> AuditReason | None:
    if any(not values.get(name) for name in _FIELDS):
        return AuditReason.MISSING_TOKEN_PASSPORT_FIELDS
    if len(values["nonce"]) > _LONGEST_NONCE:
        return AuditReason.NONCE_REJECTED
    return None
