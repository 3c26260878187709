"""Keep the access token of the current credential, for all threads, until it is due or refused. In memory alone.

The token endpoint is asked on the account's own host, or the session's `endpoint`; never at an address that the store
gave. What a program mounts on its session does not serve these requests.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from tba_secrets.client.pace import Pace
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential

if TYPE_CHECKING:
    from tba_secrets.netsuite.oauth2.client import BearerClient
    from tba_secrets.payload import AnyCredential


class AccessTokens:
    """The access token of one credential at a time; `where` is its secret, for messages."""

    def __init__(self, where: str, endpoint: str | None, pace: Pace) -> None:
        self._where = where
        self._endpoint = endpoint
        self._pace = pace
        self._lock = Lock()
        self._client: BearerClient | None = None

    def header(self, credential: OAuth2Credential) -> str:
        """Return the Authorization header of a call; one thread gets a new token, the others wait for it.

        Raises:
            AuthenticationRefusedError: The token endpoint refused the assertion.
            NetSuiteError, SourceError: There is none for another reason.
        """
        with self._lock:
            if self._client is None or self._client.credential != credential:
                self._client = self._opened(credential)
            return self._client.access_token().header

    def forget(self, credential: AnyCredential) -> None:
        """Get a new access token before the next call with a credential: this one was refused."""
        with self._lock:
            if self._client is not None and self._client.credential == credential:
                self._client = None

    def _opened(self, credential: OAuth2Credential) -> BearerClient:
        # A program that signs with TBA does without cryptography.
        from tba_secrets.netsuite.oauth2.client import BearerClient

        return BearerClient(
            credential,
            self._endpoint,
            record=self._where,
            clock=self._pace.clock,
            monotonic=self._pace.monotonic,
        )
