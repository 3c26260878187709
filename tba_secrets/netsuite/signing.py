"""OAuth 1.0 signatures (RFC 5849) as NetSuite wants them: HMAC-SHA256 in the Authorization header.

The algorithm is oauthlib's. Its `Client` is not used: it logs the base string, keys included, at DEBUG, and refuses
queries that servers read. A URL is brought into one canonical form, and that form is both signed and sent.

Sources: RFC 5849 sections 3.4 and 3.5; Oracle help, "The Authorization Headers", "The Signature for Web Services and
RESTlets", "Troubleshoot Token-based Authentication (TBA)".
"""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from oauthlib.oauth1.rfc5849 import signature, utils

from tba_secrets.netsuite import account as accounts
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.sensitive import Sensitive

METHOD: Final = "HMAC-SHA256"
"""The only one since 2023.1, and only with the hyphen outside SOAP."""
NONCE_LENGTH: Final = 20
"""Oracle: "An ideal nonce length is 20 characters", no special characters; SOAP takes 6 to 64."""
_ALPHANUMERIC: Final = string.ascii_letters + string.digits

Parameter = tuple[str, str]


@dataclass(frozen=True)
class SigningKeys:
    """What a signature is made with; the flow's first step has no token yet, and signs with an empty token secret."""

    consumer_key: Sensitive
    consumer_secret: Sensitive
    token_id: Sensitive | None = None
    token_secret: Sensitive | None = None

    @classmethod
    def of(cls, credential: TbaCredential) -> SigningKeys:
        return cls(*credential.secrets)


@dataclass(frozen=True)
class Once:
    """What makes a signature single: every attempt, retries included, needs a new one."""

    nonce: str
    timestamp: int
    """Epoch seconds; NetSuite accepts five minutes either way."""

    @classmethod
    def now(cls, clock_seconds: float | None = None) -> Once:
        """Return a fresh nonce, and the time of `clock_seconds` (the computer's where None)."""
        return cls(new_nonce(), int(time.time() if clock_seconds is None else clock_seconds))


def new_nonce() -> str:
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(NONCE_LENGTH))


def sign(
    credential: TbaCredential,
    method: str,
    url: str,
    form: Iterable[Parameter] = (),
    *,
    nonce: str | None = None,
    timestamp: int | None = None,
) -> str:
    """Return the Authorization header of one REST, RESTlet or token-service call.

    Its value holds the consumer key and the token id: treat it as secret.

    Args:
        credential: Whose call it is.
        method: In any case.
        url: The whole URL; what is signed is `canonical_url(url)`, so send that.
        form: The pairs of an `application/x-www-form-urlencoded` body; a JSON body is not signed.
        nonce: A fresh one where None.
        timestamp: Epoch seconds; now where None.

    Raises:
        ValueError: The URL cannot be signed.
        AccountIdError: The account id is malformed.
    """
    once = Once.now(timestamp)
    return authorization(
        SigningKeys.of(credential),
        method,
        url,
        form,
        once=once if nonce is None else Once(nonce, once.timestamp),
        realm=accounts.realm(credential.account),
    )


def authorization(
    keys: SigningKeys,
    method: str,
    url: str,
    form: Iterable[Parameter] = (),
    *,
    once: Once,
    realm: str,
    extra: Iterable[Parameter] = (),
) -> str:
    """Return an Authorization header, as `sign` does, for any keys: those of a credential, or of a step of the flow.

    `extra` are further header parameters, signed like the others (`oauth_callback`, `oauth_verifier`, `role`);
    `realm` is the account id in realm form.

    Raises:
        ValueError: The URL cannot be signed.
    """
    header = [*_oauth_parameters(keys, once), *extra]
    signed = hmac_sha256(base_string(method, url, [*header, *form]), keys)
    pairs = [("realm", realm), *header, ("oauth_signature", signed)]
    return "OAuth " + ", ".join(f'{utils.escape(n)}="{utils.escape(v)}"' for n, v in pairs)


def base_string(method: str, url: str, parameters: Iterable[Parameter]) -> str:
    """Return the text that is signed (RFC 5849 section 3.4.1). It holds the consumer key and the token id.

    The URL's query is signed with the parameters, decoded pairs of the header (without realm) and of a form body.

    Raises:
        ValueError: The URL cannot be signed.
    """
    parts = urlsplit(canonical_url(url))
    # The library drops a `;` at the end of a path, so it is given the root and the path is put behind it.
    root = signature.base_string_uri(urlunsplit((parts.scheme, parts.netloc, "/", "", "")))
    query = parse_qsl(parts.query, keep_blank_values=True)
    normalized = signature.normalize_parameters([*query, *parameters])
    return str(
        signature.signature_base_string(method, root.removesuffix("/") + parts.path, normalized)
    )


def canonical_url(url: str) -> str:
    """Return the one spelling of `url` that is signed and sent.

    Path as `requests` sends it (`!` stays, UTF-8 is percent-encoded); query decoded as a form and encoded again by
    RFC 3986, `%20` for a space, order, repeated and empty parameters kept; no fragment.

    Raises:
        ValueError: It is no absolute http or https URL, or its query is not UTF-8. The message holds no part of it.
    """
    import requests  # half of what importing this module would cost, and `tba explain` signs nothing

    try:
        prepared = requests.Request("GET", url).prepare().url or ""
        parts = urlsplit(prepared)
        pairs = parse_qsl(parts.query, keep_blank_values=True, errors="strict")
    except ValueError:
        raise ValueError(
            "this URL cannot be signed: give scheme, host, and a UTF-8 query"
        ) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("this URL cannot be signed: give https:// and a host")
    query = urlencode(pairs, quote_via=quote)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def hmac_sha256(text: str, keys: SigningKeys) -> str:
    """Base64 of HMAC-SHA256 under `consumer secret & token secret` (RFC 5849 section 3.4.2), not percent-encoded."""
    return str(signature.sign_hmac_sha256_with_client(text, _Secrets(keys)))


class _Secrets:
    """The two attributes that the library reads from its client."""

    def __init__(self, keys: SigningKeys) -> None:
        self.client_secret = keys.consumer_secret.reveal()
        self.resource_owner_secret = keys.token_secret.reveal() if keys.token_secret else ""


def _oauth_parameters(keys: SigningKeys, once: Once) -> list[Parameter]:
    token = [("oauth_token", keys.token_id.reveal())] if keys.token_id is not None else []
    return [
        ("oauth_consumer_key", keys.consumer_key.reveal()),
        *token,
        ("oauth_nonce", once.nonce),
        ("oauth_timestamp", str(once.timestamp)),
        ("oauth_signature_method", METHOD),
        ("oauth_version", "1.0"),
    ]
