"""Steps one and three of the authorization flow.

Source: Oracle help, "The Three-Step TBA Authorization Flow".

Both are signed with the consumer secret and, in step three, the request token's secret. The Login
Audit Trail uses the reasons of the flow's own table. Step two, the consent page, is in consent.py.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode

from flask import Response, request

from tba_secrets.simulator import answers, authentication, credentials
from tba_secrets.simulator.credentials import (
    AuthenticationRefused,
    Credentials,
    MalformedRequest,
)
from tba_secrets.simulator.flow_tokens import RequestToken
from tba_secrets.simulator.gate import record, sent_request
from tba_secrets.simulator.models import Account, IntegrationRecord, TokenRecord
from tba_secrets.simulator.oauth1 import same
from tba_secrets.simulator.state import State
from tba_secrets.simulator.vocabulary import AuditReason, CalledService, IntegrationState

Step = Callable[[State, Credentials, IntegrationRecord], dict[str, str]]
_NOT_SET_UP = (AuditReason.FEATURE_DISABLED, AuditReason.FLOW_AUTHORIZATION_FLOW_REQUIRED)


def request_token(state: State, claim: Credentials, by: IntegrationRecord) -> dict[str, str]:
    """Step one, POST /rest/requesttoken: signed with an empty token secret; `role` is optional."""
    authentication.check_signature(claim, by.consumer_secret, "")
    _claim_nonce(state, by, claim)
    callback = claim.extra["oauth_callback"]
    if not callback_allowed(by.callback_url, callback):
        reason = AuditReason.FLOW_INVALID_CALLBACK
        raise AuthenticationRefused(reason, f"{reason.value} <<--{callback}-->>")
    issued = RequestToken(claim.account, by.name, callback, claim.extra.get("role"))
    state.request_tokens.add(issued)
    answer = {"oauth_token": issued.token, "oauth_token_secret": issued.secret}
    return {
        **answer,
        "oauth_callback_confirmed": "true",
        **({"role": issued.role} if issued.role else {}),
    }


def access_token(state: State, claim: Credentials, by: IntegrationRecord) -> dict[str, str]:
    """Step three, POST /rest/accesstoken: exchange an allowed request token, once."""
    granted = state.request_tokens.find(claim.token)
    if granted is None or granted.integration != by.name or granted.account != claim.account:
        raise AuthenticationRefused(AuditReason.FLOW_TOKEN_REJECTED)
    authentication.check_signature(claim, by.consumer_secret, granted.secret)
    _claim_nonce(state, by, claim)
    if granted.verifier is None or not same(granted.verifier, claim.extra["oauth_verifier"]):
        raise AuthenticationRefused(AuditReason.FLOW_INVALID_VERIFIER)
    token = _issue(state.account(claim.account), granted)
    state.request_tokens.spend(granted)
    return {"oauth_token": token.token_id, "oauth_token_secret": token.token_secret}


STEPS: dict[str, tuple[Step, tuple[str, ...]]] = {
    "/rest/requesttoken": (request_token, ("oauth_callback",)),
    "/rest/accesstoken": (access_token, ("oauth_token", "oauth_verifier")),
}
"""Each step with the parameters that it needs."""


def view(state: State, path: str) -> Callable[[], Response]:
    """Build a step's view: verify, record, answer a form.

    The answer has the stray newline that clients have to strip.
    """
    step, required = STEPS[path]

    def run() -> Response:
        try:
            claim = credentials.from_header(
                request.headers.get("Authorization", ""), sent_request(request), *required
            )
        except MalformedRequest:
            return answers.restlet_malformed()
        host = request.headers.get("Host", "")
        claim = replace(claim, account=_account_id(state, claim, host))
        try:
            with state.lock:
                fields = step(state, claim, _verify(state, claim, host))
        except AuthenticationRefused as refused:
            record(state, request, CalledService.TOKEN_SERVICE, claim, refused.detail)
            return _refusal(refused)
        record(state, request, CalledService.TOKEN_SERVICE, claim, "")
        return Response(urlencode(fields) + "\n", content_type="application/x-www-form-urlencoded")

    return run


def _verify(state: State, claim: Credentials, host: str) -> IntegrationRecord:
    """Check in order.

    1 parameters, 2 version, algorithm and feature, 3 integration, 4 timestamp, 5 nonce length. The
    step does the rest.
    """
    if claim.defect is not None:
        raise AuthenticationRefused(AuditReason.FLOW_MISSING_REQUIRED_PARAMETER)
    authentication.check_form(CalledService.TOKEN_SERVICE, claim)
    integration = _integration(_account(state, claim, host), claim.consumer_key)
    authentication.check_timestamp(
        claim.timestamp, state.clock.now(), AuditReason.INVALID_TIMESTAMP
    )
    authentication.check_nonce(claim.nonce, AuditReason.FLOW_NONCE_REJECTED)
    return integration


def _account_id(state: State, claim: Credentials, host: str) -> str:
    """Find the account: since 2020.1 the host or consumer key replaces an absent realm."""
    named = claim.account or authentication.account_of_host(host)
    return named or state.owner(claim.consumer_key)


def _account(state: State, claim: Credentials, host: str) -> Account:
    if not claim.account:
        raise AuthenticationRefused(AuditReason.FLOW_UNKNOWN_INTEGRATION)
    return authentication.find_account(state, claim.account, host)


def _integration(account: Account, consumer_key: str) -> IntegrationRecord:
    integration = account.client(consumer_key)
    if integration is None:
        raise AuthenticationRefused(AuditReason.FLOW_UNKNOWN_INTEGRATION)
    if integration.state is IntegrationState.BLOCKED:
        raise AuthenticationRefused(AuditReason.FLOW_INTEGRATION_BLOCKED)
    if not (integration.tba and integration.authorization_flow):
        raise AuthenticationRefused(AuditReason.FLOW_AUTHORIZATION_FLOW_REQUIRED)
    return integration


def _claim_nonce(state: State, by: IntegrationRecord, claim: Credentials) -> None:
    """Record the nonce for the integration, because no user is known yet."""
    key = (claim.account, f"integration {by.name}")
    if not state.nonces.claim(key, claim.nonce, claim.timestamp, state.clock.now()):
        raise AuthenticationRefused(AuditReason.NONCE_USED_WEB_SERVICES)


def callback_allowed(registered: str | None, callback: str) -> bool:
    """Return whether a callback matches the integration record's Callback URL.

    A `*` stands for a port or for the first label of a host. That ``http://localhost:*`` allows any path
    is inferred.
    """
    if registered is None:
        return False
    pattern = re.escape(registered).replace(r"\*", r"[A-Za-z0-9\-]+")
    path = r"(/.*)?" if registered.endswith(":*") else ""
    return re.fullmatch(pattern + path, callback) is not None


def _issue(account: Account, granted: RequestToken) -> TokenRecord:
    """Issue an access token, named after application, user and role as NetSuite does by default."""
    user, role = account.user(granted.user or ""), account.role(granted.granted_role or "")
    if not authentication.may_use_tokens(account, user, role):
        raise AuthenticationRefused(AuditReason.FLOW_ENTITY_OR_ROLE_DISABLED)
    name = f"{granted.integration} - {user.name or user.email}, {role.name}"
    again = sum(token.name.startswith(name) for token in account.tokens)
    token = TokenRecord(
        name=f"{name} ({again + 1})" if again else name,
        integration=granted.integration,
        user=user.id,
        role=role.id,
        token_id=secrets.token_hex(32),
        token_secret=secrets.token_hex(32),
    )
    account.tokens.append(token)
    return token


def _refusal(refused: AuthenticationRefused) -> Response:
    """Answer 405 without a body if the flow is not set up (seen by Celigo), else 401."""
    if refused.reason in _NOT_SET_UP:
        return Response("", 405)
    if refused.reason is AuditReason.UNKNOWN_ALGORITHM:
        return answers.restlet_malformed()
    return answers.restlet_invalid_login()
