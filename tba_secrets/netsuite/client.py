"""Signed calls to one account with one credential: retried where that may help, never after a refused login.

1. The clock is compared with the server's by an unsigned call (clock.py).
2. Every attempt is signed anew: nonce, timestamp, signature.
3. An authentication failure ends it at once: five lock the user out for 30 minutes.
4. 429, SSS_REQUEST_LIMIT_EXCEEDED, 5xx and lost connections are tried again, with growing pauses, within the deadline.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Final
from urllib.parse import quote, urlencode

import requests

from tba_secrets.errors import NetSuiteUnreachableError
from tba_secrets.netsuite import signing, soap
from tba_secrets.netsuite.account import Service, base_url
from tba_secrets.netsuite.answers import Answer, Protocol
from tba_secrets.netsuite.clock import PROCESS_PROBE, ClockProbe
from tba_secrets.netsuite.clues import clues_of_record
from tba_secrets.netsuite.concurrency import PROCESS_CONCURRENCY, Concurrency
from tba_secrets.netsuite.credential import Credential, TbaCredential
from tba_secrets.netsuite.retry import Retry
from tba_secrets.netsuite.rules import Clue
from tba_secrets.netsuite.signing import Once, Parameter
from tba_secrets.netsuite.transport import HttpSender, LostError, Sender
from tba_secrets.sensitive import Sensitive

_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, repr=False)
class SignedCall:
    """One call of REST web services, a RESTlet or a token service."""

    service: Service
    method: str
    path: str
    """From the first slash; may hold a query of its own."""
    query: tuple[Parameter, ...] = ()
    form: tuple[Parameter, ...] = ()
    """A form body, which is signed."""
    json: str | None = None
    """A JSON body, which is not signed."""
    headers: Mapping[str, str] = field(default_factory=dict)
    called: str = ""
    """How messages name it where its path may not be shown."""

    def url(self, base: str) -> str:
        """Return its whole address on a host."""
        if not self.path.startswith("/"):
            raise ValueError("a path starts with a slash")
        url = base + self.path
        if self.query:
            url += ("&" if "?" in url else "?") + urlencode(self.query, quote_via=quote)
        return signing.canonical_url(url)

    @property
    def protocol(self) -> Protocol:
        """How it fails: by the host that answers."""
        return Protocol.REST if self.service is Service.SUITETALK else Protocol.RESTLET

    def __str__(self) -> str:
        return self.called or f"{self.method} {self.path.partition('?')[0]}"

    __repr__ = __str__  # a query may hold a token id


@dataclass(eq=False, repr=False)
class Caller(ABC):
    """Asks one account's services with one credential, whatever the credential is."""

    credential: Credential
    endpoint: str | None = None
    """One address for all services; the account's own hosts where None."""
    _: KW_ONLY
    record: str = "the credential"
    """How messages name the credential, such as `token warehouse-sync/bot`."""
    clock: Callable[[], float] = time.time
    """Epoch seconds."""
    sender: Sender | None = None
    """How a request gets out; over the network where None."""
    deadline_seconds: float = 30.0
    """How long one call may take in all, retries included."""
    sleep: Callable[[float], None] = time.sleep
    """Waits between tries; it may raise to end the call."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds, to measure the deadline with."""
    probe: ClockProbe = PROCESS_PROBE
    """Where the skew of each host is kept."""
    concurrency: Concurrency = PROCESS_CONCURRENCY
    """Learns whether the account had too much to do."""

    def __post_init__(self) -> None:
        self._retry = Retry(
            self.sender if self.sender is not None else HttpSender(self.clock, self.monotonic),
            self.deadline_seconds,
            self.sleep,
            self.monotonic,
            lambda busy: self.concurrency.heard(self.credential.account, busy=busy),
        )

    @property
    def own_hosts(self) -> bool:
        """The account's own hosts are asked, no `endpoint` in their place."""
        return self.endpoint is None

    def url(self, service: Service) -> str:
        return base_url(self.credential.account, service, self.endpoint)

    @property
    def secrets(self) -> tuple[Sensitive, ...]:
        """The values to redact from text that others wrote."""
        return self.credential.secrets

    @abstractmethod
    def clues(self, account: str, permissions: Iterable[str]) -> frozenset[Clue]:
        """Return what credential, declared account and permissions show, before any answer; see `clues_of_record`."""

    def reach(self) -> None:
        """Ask whether NetSuite answers and its clock is ours, without signing: before anything is written.

        Raises:
            ClockSkewError: Signatures could not be accepted.
            NetSuiteUnreachableError: No answer came within the deadline.
        """
        self._check_clock(self.url(Service.SUITETALK))

    def call(self, call: SignedCall) -> Answer:
        """Authenticate and send; the answer may be a failure, it is not judged here.

        Raises:
            ClockSkewError: Nothing was signed.
            NetSuiteUnreachableError: No answer to judge came within the deadline.
        """
        base = self.url(call.service)
        self._ready(base)
        return self._answered(lambda: self._signed(base, call), call.protocol, f"{call} on {base}")

    def call_once(self, call: SignedCall) -> Answer:
        """Authenticate and send a single time: for calls that must not happen twice. Raises as `call` does."""
        base = self.url(call.service)
        self._ready(base)
        return self._heard(lambda: self._retry.once(self._signed(base, call)), f"{call} on {base}")

    def lacks_scope(self, protocol: Protocol) -> bool:
        """Return whether the credential itself says that it is not for this service."""
        return False

    def _ready(self, base: str) -> None:
        """Do what has to be done before the first authenticated call."""
        self._check_clock(base)

    @abstractmethod
    def _signed(self, base: str, call: SignedCall) -> requests.PreparedRequest:
        """Return a request that is authenticated, a new one for each attempt."""

    def _check_clock(self, base: str) -> float | None:
        def measure() -> float | None:
            unsigned = requests.Request("HEAD", base + "/").prepare
            # Any answer has a Date, an error's as well; only a lost one is asked for again.
            answer = self._answered(unsigned, None, f"the unsigned clock probe of {base}")
            return answer.skew_seconds

        return self.probe.check(base, self.record, measure)

    def _answered(
        self, attempt: Callable[[], requests.PreparedRequest], protocol: Protocol | None, what: str
    ) -> Answer:
        return self._heard(lambda: self._retry.until_answered(attempt, protocol), what)

    def _heard(self, exchange: Callable[[], Answer], what: str) -> Answer:
        try:
            return exchange()
        except LostError as lost:
            raise NetSuiteUnreachableError(
                f"{self.record}: {what}: {lost.how}. This says nothing about the credential",
                "see that this machine reaches that host (DNS, proxy, firewall), and that `account` and `endpoint` are "
                "right; look at https://status.netsuite.com and at what else uses this account's concurrency (Setup > "
                "Integration > Integration Governance); then run again",
                unanswered=lost.sent,
            ) from None


@dataclass(eq=False, repr=False)
class Client(Caller):
    """Asks NetSuite with one TBA credential."""

    credential: TbaCredential

    def clues(self, account: str, permissions: Iterable[str]) -> frozenset[Clue]:
        return clues_of_record(self.credential, account, permissions, own_hosts=self.own_hosts)

    def soap(self, operation: str) -> Answer:
        """Call a SOAP operation without arguments, with a TokenPassport. Raises as `call` does."""
        base = self.url(Service.SUITETALK)
        self._ready(base)

        def attempt() -> requests.PreparedRequest:
            return passport_request(self.credential, base, operation, Once.now(self.clock()))

        return self._answered(attempt, Protocol.SOAP, f"{operation} (SOAP) on {base}")

    def _signed(self, base: str, call: SignedCall) -> requests.PreparedRequest:
        url = call.url(base)
        header = signing.sign(
            self.credential, call.method, url, call.form, timestamp=int(self.clock())
        )
        return authorized(call, url, header)


def passport_request(
    credential: TbaCredential, base: str, operation: str, once: Once
) -> requests.PreparedRequest:
    """Return a SOAP call of an operation without arguments, with a TokenPassport."""
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{operation}"'}
    envelope = soap.envelope(credential, operation, once).encode()
    return requests.Request("POST", base + soap.PATH, headers=headers, data=envelope).prepare()


def authorized(call: SignedCall, url: str, header: str) -> requests.PreparedRequest:
    """Return a call as a request with an Authorization header."""
    headers = {"Accept": "application/json", **call.headers, "Authorization": header}
    if call.json is not None:
        headers["Content-Type"] = "application/json"
    elif call.form:
        headers["Content-Type"] = _FORM
    body = call.json.encode() if call.json is not None else list(call.form) or None
    return requests.Request(call.method, url, headers=headers, data=body).prepare()
