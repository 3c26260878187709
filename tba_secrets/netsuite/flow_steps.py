"""Steps one and three of the authorization flow: two signed calls, each made, sent and judged.

1. Both hosts are reached by an unsigned call, which compares the clocks, as before every signed one (clock.py).
2. Step one may be tried again: a request token that nobody uses does nothing.
3. Step three is sent once: its lost answer may have held a token, and a second try would be refused.

Sources: Oracle help, "Step One Obtain An Unauthorized Request Token", "Step Three Exchange the Request Token for an
Access Token"; RFC 5849 sections 2.1 and 2.3. That the issued values come with white space is told by Celigo's release
notes (contrib-netsuite-servicemgr 1.0.6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

import requests

from tba_secrets.errors import NetSuiteUnreachableError, SourceError
from tba_secrets.netsuite import account as accounts
from tba_secrets.netsuite.account import Service, base_url
from tba_secrets.netsuite.answers import Answer, AnswerKind, Protocol, outcome, said
from tba_secrets.netsuite.clock import ClockProbe
from tba_secrets.netsuite.flow_errors import (
    FlowError,
    FlowRefusedError,
    FlowStep,
    TokenOrphanedError,
    diagnose_step,
)
from tba_secrets.netsuite.retry import Retry
from tba_secrets.netsuite.signing import Once, Parameter, SigningKeys, authorization
from tba_secrets.netsuite.transport import LostError
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources.interface import Pair
from tba_secrets.sources.values import TOKEN_HALVES, HalfNames, make_pair

_MOST_FIELDS: Final = 50
_PLACE: Final = "NetSuite's answer"
_REQUEST_HALVES: Final = HalfNames("request token", "request token secret")
_NETSUITE_STATUS: Final = "look at https://status.netsuite.com, then start the flow again"


@dataclass(frozen=True)
class Application:
    """The integration record that asks for a token, and where it asks."""

    name: str
    """As in the environment; people look the token up by it."""
    account: str
    consumer: Pair
    endpoint: str | None = None
    """One address for all services; the account's own hosts where None."""

    def url(self, service: Service) -> str:
        """Return the base URL of a service. Raises `AccountIdError` if the account id is malformed."""
        return base_url(self.account, service, self.endpoint)


def step_one_request(
    application: Application, callback: str, role_id: str | None, once: Once
) -> requests.PreparedRequest:
    """`POST /rest/requesttoken`: `role` is a signed header parameter without the `oauth_` prefix."""
    role = [("role", role_id)] if role_id is not None else []
    keys = SigningKeys(application.consumer.identifier, application.consumer.secret)
    extra = [("oauth_callback", callback), *role]
    return _request(application, FlowStep.REQUEST_TOKEN, keys, once, extra)


def step_three_request(
    application: Application, request_token: Pair, verifier: Sensitive, once: Once
) -> requests.PreparedRequest:
    """`POST /rest/accesstoken`, signed with the request token's secret."""
    consumer, token = application.consumer, request_token
    keys = SigningKeys(consumer.identifier, consumer.secret, token.identifier, token.secret)
    extra = [("oauth_verifier", verifier.reveal())]
    return _request(application, FlowStep.ACCESS_TOKEN, keys, once, extra)


def _request(
    application: Application, step: FlowStep, keys: SigningKeys, once: Once, extra: list[Parameter]
) -> requests.PreparedRequest:
    url = application.url(Service.RESTLETS) + step.value
    realm = accounts.realm(application.account)
    header = authorization(keys, "POST", url, once=once, realm=realm, extra=extra)
    return requests.Request("POST", url, headers={"Authorization": header}).prepare()


def form_fields(body: str) -> dict[str, str]:
    """Return the fields of a form-encoded answer, stripped of white space; empty if it is no form."""
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    return {name.strip(): value.strip() for name, value in pairs}


def issued_pair(fields: dict[str, str], names: HalfNames) -> Pair | None:
    """`oauth_token` and `oauth_token_secret`, None if they are not both there and usable."""
    texts = (fields.get("oauth_token"), fields.get("oauth_token_secret"))
    try:
        return make_pair(names, (_PLACE, _PLACE), texts)
    except SourceError:
        return None


@dataclass(frozen=True)
class Steps:
    """Makes the calls of one application."""

    application: Application
    record: str
    """How messages name the token that is to be issued."""
    retry: Retry
    """Sends, and tries step one again."""
    clock: Callable[[], float]
    """Epoch seconds."""
    probe: ClockProbe
    whose: str
    """How a person finds a token of this flow in NetSuite: application, user and role."""

    def reach(self) -> None:
        """Ask the host that issues the token, and the one that it will be proven with, unsigned.

        Raises:
            ClockSkewError: Signatures could not be accepted.
            NetSuiteUnreachableError: No answer came within the deadline.
        """
        for service in (Service.RESTLETS, Service.SUITETALK):
            self._check_clock(service)

    def request_token(self, callback: str, role_id: str | None) -> Pair:
        """Step one: get a request token and its secret. Without a role id the user chooses.

        Raises:
            NetSuiteUnreachableError: No answer to judge came within the deadline.
            FlowRefusedError: NetSuite refused, with a diagnosis.
            FlowError: The answer does not belong to this step, or does not confirm the callback (RFC 5849 section 2.1).
        """

        def attempt() -> requests.PreparedRequest:
            once = Once.now(self.clock())
            return step_one_request(self.application, callback, role_id, once)

        try:
            answer = self.retry.until_answered(attempt, Protocol.RESTLET)
        except LostError as lost:
            raise NetSuiteUnreachableError(
                f"{self.record}: {FlowStep.REQUEST_TOKEN}: {lost.how}. No consent was asked for",
                _NETSUITE_STATUS,
            ) from None
        if outcome(answer, Protocol.RESTLET) is not AnswerKind.ACCEPTED:
            raise self._refused(FlowStep.REQUEST_TOKEN, answer)
        fields = form_fields(answer.body_text)
        issued = issued_pair(fields, _REQUEST_HALVES)
        if issued is None:
            raise FlowError(
                f"{self.record}: {FlowStep.REQUEST_TOKEN} was answered {said(answer, Protocol.RESTLET)} "
                "without oauth_token and oauth_token_secret: something else answers in NetSuite's place",
                "compare `endpoint` with the URLs under Setup > Company > Company Information > Company URLs",
            )
        if fields.get("oauth_callback_confirmed", "").lower() != "true":
            raise FlowError(
                f"{self.record}: {FlowStep.REQUEST_TOKEN} did not confirm the callback "
                "(oauth_callback_confirmed is not true): the consent could be sent elsewhere, so it is not asked for",
                "enter http://localhost:* as Callback URL of the integration record",
            )
        return issued

    def access_token(self, request_token: Pair, verifier: Sensitive) -> Pair:
        """Step three, sent once: get token id and secret, without the white space around them.

        Raises:
            FlowRefusedError: NetSuite refused: no token was issued.
            TokenOrphanedError: The answer was lost or cannot be read: a token may have been issued.
        """
        once = Once.now(self.clock())
        request = step_three_request(self.application, request_token, verifier, once)
        try:
            answer = self.retry.once(request)
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
        base = self.application.url(service)

        def measure() -> float | None:
            unsigned = requests.Request("HEAD", base + "/").prepare
            try:
                return self.retry.until_answered(unsigned, None).skew_seconds
            except LostError as lost:
                raise NetSuiteUnreachableError(
                    f"{self.record}: the unsigned clock probe of {base}: {lost.how}. No consent was asked for",
                    _NETSUITE_STATUS,
                ) from None

        self.probe.check(base, self.record, measure)

    def _refused(self, step: FlowStep, answer: Answer) -> FlowRefusedError:
        own_hosts = self.application.endpoint is None
        diagnosis = diagnose_step(step, answer, self.application.consumer, own_hosts=own_hosts)
        return FlowRefusedError(
            f"{self.record}: the authorization flow stopped, no token was issued: {diagnosis}",
            "the Login Audit Trail (Setup > Users/Roles > User Management > View Login Audit Trail) names the cause "
            "under Detail; fix it, then start the flow again",
            diagnosis=diagnosis,
        )

    def _orphaned(self, how: str) -> TokenOrphanedError:
        return TokenOrphanedError(
            f"{self.record}: {FlowStep.ACCESS_TOKEN}: {how}. Whether NetSuite issued the token is not known: one may "
            "exist that nobody holds the secret of",
            f"look under Setup > Users/Roles > Access Tokens for {self.whose}, created just now, revoke it where it "
            "is there, and start the flow again",
        )
