"""Steps one and three of the authorization flow: two signed calls, each sent and judged.

1. Both hosts are reached by an unsigned call, which compares the clocks, as before every signed one (clock.py).
2. Step one may be tried again: a request token that nobody uses does nothing.
3. Step three is sent once: its lost answer may have held a token, and a second try would be refused.

Source: Oracle help, "The Three-Step TBA Authorization Flow".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import requests

from tba_secrets.errors import NetSuiteUnreachableError
from tba_secrets.netsuite.account import Service
from tba_secrets.netsuite.answers import Answer, AnswerKind, Protocol, outcome, said
from tba_secrets.netsuite.clock import ClockProbe
from tba_secrets.netsuite.flow_causes import FlowStep, diagnose_step
from tba_secrets.netsuite.flow_errors import FlowError, FlowRefusedError, TokenOrphanedError
from tba_secrets.netsuite.flow_wire import (
    Application,
    form_fields,
    issued_pair,
    step_one_request,
    step_three_request,
)
from tba_secrets.netsuite.retry import Retry
from tba_secrets.netsuite.signing import Once
from tba_secrets.netsuite.transport import LostError
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources.interface import Pair
from tba_secrets.sources.values import TOKEN_HALVES, HalfNames

_REQUEST_HALVES: Final = HalfNames("request token", "request token secret")
_NETSUITE_STATUS: Final = "look at https://status.netsuite.com, then start the flow again"


class Steps:
    """Makes the calls of one application.

    Args:
        application: Who asks.
        record: How messages name the token that is to be issued.
        retry: Sends, and tries step one again.
        clock: Epoch seconds.
        probe: Where the skew of each host is kept.
        whose: How a person finds a token of this flow in NetSuite: application, user and role.
    """

    def __init__(
        self,
        application: Application,
        record: str,
        retry: Retry,
        clock: Callable[[], float],
        probe: ClockProbe,
        whose: str,
    ) -> None:
        self._application = application
        self._record = record
        self._retry = retry
        self._clock = clock
        self._probe = probe
        self._whose = whose

    def reach(self) -> None:
        """Ask the host that issues the token, and the one that it will be proven with, unsigned.

        Raises:
            ClockSkewError: Signatures could not be accepted.
            NetSuiteUnreachableError: No answer came within the deadline.
        """
        for service in (Service.RESTLETS, Service.SUITETALK):
            self._check_clock(service)

    def request_token(self, callback: str, role_id: str | None) -> Pair:
        """Step one.

        Args:
            callback: Where the consent page sends the browser back to.
            role_id: The role to ask for, None to let the user choose.

        Returns:
            The request token and its secret.

        Raises:
            NetSuiteUnreachableError: No answer to judge came within the deadline.
            FlowRefusedError: NetSuite refused, with a diagnosis.
            FlowError: The answer does not belong to this step, or does not confirm the callback (RFC 5849 section 2.1).
        """

        def attempt() -> requests.PreparedRequest:
            once = Once.now(self._clock())
            return step_one_request(self._application, callback, role_id, once)

        try:
            answer = self._retry.until_answered(attempt, Protocol.RESTLET)
        except LostError as lost:
            raise NetSuiteUnreachableError(
                f"{self._record}: {FlowStep.REQUEST_TOKEN}: {lost.how}. No consent was asked for",
                _NETSUITE_STATUS,
            ) from None
        if outcome(answer, Protocol.RESTLET) is not AnswerKind.ACCEPTED:
            raise self._refused(FlowStep.REQUEST_TOKEN, answer)
        fields = form_fields(answer.body_text)
        issued = issued_pair(fields, _REQUEST_HALVES)
        if issued is None:
            raise FlowError(
                f"{self._record}: {FlowStep.REQUEST_TOKEN} was answered {said(answer, Protocol.RESTLET)} "
                "without oauth_token and oauth_token_secret: something else answers in NetSuite's place",
                "compare `endpoint` with the URLs under Setup > Company > Company Information > Company URLs",
            )
        if fields.get("oauth_callback_confirmed", "").lower() != "true":
            raise FlowError(
                f"{self._record}: {FlowStep.REQUEST_TOKEN} did not confirm the callback "
                "(oauth_callback_confirmed is not true): the consent could be sent elsewhere, so it is not asked for",
                "enter http://localhost:* as Callback URL of the integration record",
            )
        return issued

    def access_token(self, request_token: Pair, verifier: Sensitive) -> Pair:
        """Step three, sent once.

        Returns:
            Token id and secret, without the white space around them.

        Raises:
            FlowRefusedError: NetSuite refused: no token was issued.
            TokenOrphanedError: The answer was lost or cannot be read: a token may have been issued.
        """
        once = Once.now(self._clock())
        request = step_three_request(self._application, request_token, verifier, once)
        try:
            answer = self._retry.once(request)
        except LostError as lost:
            raise self._orphaned(lost.how) from None
        except KeyboardInterrupt:
            raise self._orphaned("interrupted before the answer was there") from None
        if answer.status >= 500:
            raise self._orphaned(f"the answer was {said(answer, Protocol.RESTLET)}")
        if outcome(answer, Protocol.RESTLET) is not AnswerKind.ACCEPTED:
            raise self._refused(FlowStep.ACCESS_TOKEN, answer)
        issued = issued_pair(form_fields(answer.body_text), TOKEN_HALVES)
        if issued is None:
            raise self._orphaned(
                f"the answer {said(answer, Protocol.RESTLET)} has no token that can be read"
            )
        return issued

    def _check_clock(self, service: Service) -> None:
        base = self._application.url(service)

        def measure() -> float | None:
            unsigned = requests.Request("HEAD", base + "/").prepare
            try:
                return self._retry.until_answered(unsigned, None).skew_seconds
            except LostError as lost:
                raise NetSuiteUnreachableError(
                    f"{self._record}: the unsigned clock probe of {base}: {lost.how}. No consent was asked for",
                    _NETSUITE_STATUS,
                ) from None

        self._probe.check(base, self._record, measure)

    def _refused(self, step: FlowStep, answer: Answer) -> FlowRefusedError:
        application = self._application
        own_hosts = application.endpoint is None
        diagnosis = diagnose_step(step, answer, application.consumer, own_hosts=own_hosts)
        return FlowRefusedError(
            f"{self._record}: the authorization flow stopped, no token was issued: {diagnosis}",
            "the Login Audit Trail (Setup > Users/Roles > User Management > View Login Audit Trail) names the cause "
            "under Detail; fix it, then start the flow again",
            diagnosis=diagnosis,
        )

    def _orphaned(self, how: str) -> TokenOrphanedError:
        return TokenOrphanedError(
            f"{self._record}: {FlowStep.ACCESS_TOKEN}: {how}. Whether NetSuite issued the token is not known: one may "
            "exist that nobody holds the secret of",
            f"look under Setup > Users/Roles > Access Tokens for {self._whose}, created just now, revoke it where it "
            "is there, and start the flow again",
        )
