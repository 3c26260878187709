"""SOAP web services: the TokenPassport, its envelope, and reading what comes back.

Oracle help, "TokenPassport Complex Type" and "TBA and SOAP Web Services"; SOAP 1.1, section 4. 2025.2 is the last
planned endpoint. No cookie and no other header goes with a passport: NetSuite answers "Ambiguous authentication".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from oauthlib.oauth1.rfc5849 import utils

from tba_secrets.netsuite import account as accounts, signing
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.signing import Once, SigningKeys

VERSION: Final = "2025_2"
PATH: Final = f"/services/NetSuitePort_{VERSION}"
_CORE: Final = f"urn:core_{VERSION}.platform.webservices.netsuite.com"
_MESSAGES: Final = f"urn:messages_{VERSION}.platform.webservices.netsuite.com"
_ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"


def passport_fields(credential: TbaCredential, once: Once) -> Mapping[str, str]:
    """Return the passport's children in their order; `signature` is base64, and not percent-encoded.

    The account is part of what is signed here, unlike the realm of REST: its case matters twice.

    Raises:
        AccountIdError: The account id is malformed.
    """
    fields = {
        "account": accounts.realm(credential.account),
        "consumerKey": credential.consumer_key.reveal(),
        "token": credential.token_id.reveal(),
        "nonce": once.nonce,
        "timestamp": str(once.timestamp),
    }
    text = "&".join(utils.escape(value) for value in fields.values())
    return {**fields, "signature": signing.hmac_sha256(text, SigningKeys.of(credential))}


def token_passport(credential: TbaCredential, once: Once) -> str:
    """Return the `tokenPassport` element. It holds the consumer key and the token id: treat it as secret."""
    children = "".join(_child(n, v) for n, v in passport_fields(credential, once).items())
    return f'<m:tokenPassport xmlns:m="{_MESSAGES}" xmlns:c="{_CORE}">{children}</m:tokenPassport>'


def _child(name: str, value: str) -> str:
    algorithm = f' algorithm="{signing.METHOD}"' if name == "signature" else ""
    return f"<c:{name}{algorithm}>{escape(value)}</c:{name}>"


def envelope(credential: TbaCredential, operation: str, once: Once) -> str:
    """Return a whole request for an operation without arguments, such as `getServerTime`."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{_ENVELOPE}">'
        f"<s:Header>{token_passport(credential, once)}</s:Header>"
        f'<s:Body><m:{operation} xmlns:m="{_MESSAGES}"/></s:Body></s:Envelope>'
    )


def read(text: str) -> ElementTree.Element | None:
    """Return the root of an answer, None if it is not a SOAP envelope.

    A document type is refused unread: SOAP 1.1 section 3 forbids it, and without one there are no entities to expand.
    """
    if "<!DOCTYPE" in text:
        return None
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - no document type, so no entities
    except (ElementTree.ParseError, ValueError):
        return None
    return root if local_name(root) == "Envelope" else None


def first(root: ElementTree.Element, name: str) -> ElementTree.Element | None:
    """Return the first element of that local name, whatever its namespace: versions and clients disagree on them."""
    return next((element for element in root.iter() if local_name(element) == name), None)


def text_of(root: ElementTree.Element, name: str) -> str:
    """Return the stripped text of the first element of that local name; empty if there is none."""
    found = first(root, name)
    return (found.text or "").strip() if found is not None else ""


def local_name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]
