"""The request for an access token, and the answer. An access token is kept in memory and nowhere else.

(Oracle help, "POST Request to the Token Endpoint and the Access Token Response"; RFC 6749 section 5.1.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import requests

from tba_secrets.netsuite.answers import Answer
from tba_secrets.netsuite.oauth2.claims import Claims, read_claims
from tba_secrets.sensitive import Sensitive

LIFETIME_SECONDS: Final = 3600.0
"""What NetSuite always answers."""
RENEWED_BEFORE_SECONDS: Final = 600.0
"""A token is used for 50 of its 60 minutes: a call that begins with it also ends with it."""
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class AccessToken:
    """An access token, and what it says of itself."""

    text: Sensitive
    claims: Claims
    answer: Answer
    """NetSuite's answer: when it was there, and how far our clock is ahead."""
    lives_seconds: float

    def is_due(self, age_seconds: float) -> bool:
        """Return whether it is to be replaced before the next call."""
        return age_seconds >= max(self.lives_seconds - RENEWED_BEFORE_SECONDS, 0.0)

    @property
    def header(self) -> str:
        """The Authorization header of a call (RFC 6750 section 2.1)."""
        return f"Bearer {self.text.reveal()}"


def token_request(url: str, assertion: Sensitive) -> requests.PreparedRequest:
    """Return the request that turns an assertion into an access token."""
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": _ASSERTION_TYPE,
        "client_assertion": assertion.reveal(),
    }
    headers = {"Accept": "application/json"}
    return requests.Request("POST", url, headers=headers, data=form).prepare()


def read_token(answer: Answer) -> AccessToken | None:
    """Return the access token in a success; None where it holds none that can be sent."""
    body = answer.json()
    text = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(text, str) or not text.isascii() or not text.isprintable() or " " in text:
        return None
    kind = body.get("token_type", "bearer")
    if not text or not isinstance(kind, str) or kind.lower() != "bearer":
        return None
    lives = body.get("expires_in")
    seconds = float(lives) if isinstance(lives, int) and lives > 0 else LIFETIME_SECONDS
    wrapped = Sensitive(text)
    return AccessToken(wrapped, read_claims(wrapped), answer, min(seconds, LIFETIME_SECONDS))
