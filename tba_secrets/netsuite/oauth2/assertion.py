"""The client assertion: a JWT that proves the private key (RFC 7523; Oracle help, "The Request Token Structure").

Short-lived and used once. One scope is a string, several are an array, as in Oracle's printed sample.
"""

from __future__ import annotations

import secrets
from typing import Final

import jwt

from tba_secrets.netsuite.oauth2.certificates import algorithm_named, load_key, require_fit
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential
from tba_secrets.sensitive import Sensitive

LIFETIME_SECONDS: Final = 300
"""NetSuite takes less than 60 minutes."""


def assertion(
    credential: OAuth2Credential, now: float, where: str, skew_seconds: float | None = None
) -> Sensitive:
    """Sign an assertion.

    Args:
        credential: Whose key signs.
        now: Epoch seconds of our clock.
        where: The credential, for messages.
        skew_seconds: How far our clock is ahead of NetSuite's, where it is known: an assertion that is "issued in the
            future" is refused, and no tolerance is documented.

    Raises:
        SourceError: The key is malformed, or does not fit the algorithm.
    """
    algorithm = algorithm_named(credential.algorithm, where)
    key = load_key(credential.private_key, where)
    require_fit(key, algorithm, where)
    issued = int(now - (skew_seconds or 0.0)) - 1
    scopes = list(credential.scopes)
    claims = {
        "iss": credential.client_id.reveal(),
        "scope": scopes[0] if len(scopes) == 1 else scopes,
        "aud": credential.audience,
        "iat": issued,
        "exp": issued + LIFETIME_SECONDS,
        "jti": secrets.token_urlsafe(16),
    }
    headers = {"typ": "JWT", "kid": credential.certificate_id}
    return Sensitive(jwt.encode(claims, key, algorithm.value, headers=headers))
