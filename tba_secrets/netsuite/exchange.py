"""Single signed requests with one deliberate flaw, to learn how an account answers. Sent once, never tried again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

import requests

from tba_secrets.errors import NetSuiteUnreachableError
from tba_secrets.netsuite import signing, soap
from tba_secrets.netsuite.account import Service, base_url, realm
from tba_secrets.netsuite.answers import Answer
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.signing import Once, Parameter, SigningKeys
from tba_secrets.netsuite.transport import HttpSender, LostError, Sender
from tba_secrets.sensitive import Sensitive

_SECONDS: Final = 30.0


class Flaw(Enum):
    """What is wrong with a request on purpose."""

    NONE = auto()
    SIGNATURE = auto()
    """Signed with another token secret."""
    NO_REALM = auto()


@dataclass(frozen=True)
class Exchange:
    """Asks one account with one credential."""

    credential: TbaCredential
    endpoint: str | None = None
    restlet: tuple[str, str] | None = None
    """Script and deploy id of a RESTlet that may be posted to."""
    clock: Callable[[], float] = time.time
    send: Sender = field(default_factory=HttpSender)

    def once(self) -> Once:
        """Return a fresh nonce, and now."""
        return Once.now(self.clock())

    def signed(
        self,
        method: str,
        service: Service,
        path: str,
        *,
        flaw: Flaw = Flaw.NONE,
        once: Once | None = None,
        form: tuple[Parameter, ...] = (),
        json: str | None = None,
    ) -> Answer:
        """Send a signed request, and return the answer.

        Raises:
            NetSuiteUnreachableError: There was none.
        """
        header = signing.authorization(
            self._keys(flaw),
            method,
            self._url(service, path),
            form,
            once=once if once is not None else self.once(),
            realm=realm(self.credential.account),
        )
        if flaw is Flaw.NO_REALM:
            header = "OAuth " + header.partition(", ")[2]
        headers = {"Content-Type": "application/json"} if json is not None else {}
        body = json.encode() if json is not None else list(form) or None
        return self.sent(method, service, path, authorization=header, headers=headers, body=body)

    def sent(
        self,
        method: str,
        service: Service,
        path: str,
        *,
        authorization: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | list[Parameter] | None = None,
    ) -> Answer:
        """Send a request with that very Authorization header, and return the answer. Raises as `signed` does."""
        all_headers = {
            "Accept": "application/json",
            **(headers or {}),
            "Authorization": authorization,
        }
        url = self._url(service, path)
        return self._answer(requests.Request(method, url, headers=all_headers, data=body))

    def wrong_passport(self) -> Answer:
        """Send a TokenPassport signed with another token secret, and return the answer. Raises as `signed` does."""
        wrong = TbaCredential(
            self.credential.account,
            self.credential.consumer_key,
            self.credential.consumer_secret,
            self.credential.token_id,
            Sensitive("wrong on purpose"),
        )
        envelope = soap.envelope(wrong, "getServerTime", self.once())
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"getServerTime"'}
        url = self._url(Service.SUITETALK, soap.PATH)
        return self._answer(requests.Request("POST", url, headers=headers, data=envelope.encode()))

    def _keys(self, flaw: Flaw) -> SigningKeys:
        keys = SigningKeys.of(self.credential)
        if flaw is not Flaw.SIGNATURE:
            return keys
        wrong = Sensitive("wrong on purpose")
        return SigningKeys(keys.consumer_key, keys.consumer_secret, keys.token_id, wrong)

    def _url(self, service: Service, path: str) -> str:
        base = base_url(self.credential.account, service, self.endpoint)
        return signing.canonical_url(base + path)

    def _answer(self, request: requests.Request) -> Answer:
        try:
            return self.send(request.prepare(), _SECONDS)
        except LostError as lost:
            raise NetSuiteUnreachableError(f"the account probe got no answer: {lost.how}") from None
