"""The token endpoint and its keys (Oracle help, "POST Request to the Token Endpoint and the Access Token Response").

There is no documented table of errors for client credentials: the values are those of the authorization code flow
("Response Errors in Step Two"), and which refusal gets which value is inferred.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from flask import Request, Response, request

from tba_secrets.simulator import answers
from tba_secrets.simulator.authentication import account_of_host
from tba_secrets.simulator.credentials import AuthenticationRefused, MalformedRequest
from tba_secrets.simulator.gate import append, sent_request
from tba_secrets.simulator.models import Account
from tba_secrets.simulator.oauth2 import access_token, assertion
from tba_secrets.simulator.oauth2.assertion import Assertion, Grant
from tba_secrets.simulator.state import State
from tba_secrets.simulator.vocabulary import ACCESS_TOKEN_SECONDS, CalledService, OAuth2Reason

PATH: Final = "/services/rest/auth/oauth2/v1/token"
KEYS_PATH: Final = "/services/rest/auth/oauth2/v1/keys"
_GRANT: Final = "client_credentials"
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FORM: Final = "application/x-www-form-urlencoded"

_INVALID_CLIENT: Final = (401, "invalid_client")
_INVALID_GRANT: Final = (400, "invalid_grant")
_ERRORS: Final[Mapping[str, tuple[int, str]]] = {
    OAuth2Reason.INVALID_INTEGRATION: _INVALID_CLIENT,
    OAuth2Reason.INVALID_ISSUER: _INVALID_CLIENT,
    OAuth2Reason.INTEGRATION_BLOCKED: _INVALID_CLIENT,
    OAuth2Reason.FEATURE_DISABLED: _INVALID_CLIENT,
    OAuth2Reason.SIMULATOR_AUDIENCE: _INVALID_CLIENT,
    OAuth2Reason.AUTHORIZATION_CODE_GRANT_REQUIRED: (400, "unauthorized_client"),
    OAuth2Reason.INVALID_SCOPE: (400, "invalid_scope"),
    OAuth2Reason.SCOPE_MISMATCHED: (400, "invalid_scope"),
}


def token(state: State) -> Callable[[], Response]:
    """Answer POST /services/rest/auth/oauth2/v1/token: an access token for an assertion."""

    def run() -> Response:
        try:
            sent = assertion.read(_client_assertion(request))
        except UnsupportedGrant:
            return answers.oauth2_error(400, "unsupported_grant_type")
        except MalformedRequest:
            return answers.oauth2_error(400, "invalid_request")
        account_id = _account_id(state, sent)
        try:
            with state.lock:
                grant = _verify(state, account_id, sent)
        except AuthenticationRefused as refused:
            _record(state, account_id, sent, refused.detail)
            return _refusal(refused, account_id, sent)
        _record(state, account_id, sent, "")
        return _issued(state, account_id, grant)

    return run


def keys(state: State) -> Callable[[], Response]:
    """Answer GET /services/rest/auth/oauth2/v1/keys: the public keys of the host's account."""

    def show() -> Response:
        own = account_of_host(request.headers.get("Host", ""))
        known = [account for account in state.accounts if own in (None, account)]
        return answers.json_answer(access_token.key_set(known))

    return show


class UnsupportedGrant(MalformedRequest):
    """The grant type is another one."""


def _client_assertion(current: Request) -> str:
    """Return the assertion of a well-formed request: each parameter once."""
    values = dict(current.form.lists()) if current.mimetype == _FORM else {}
    if any(len(sent) != 1 for sent in values.values()):
        raise MalformedRequest("a parameter is repeated")
    if "Authorization" in current.headers or "client_secret" in values:
        raise MalformedRequest("several ways of client authentication")
    if values.get("grant_type", [_GRANT]) != [_GRANT]:
        raise UnsupportedGrant("another grant type")
    if "grant_type" not in values or values.get("client_assertion_type") != [_ASSERTION_TYPE]:
        raise MalformedRequest("a parameter is missing or malformed")
    return str(values.get("client_assertion", [""])[0])


def _account_id(state: State, sent: Assertion) -> str:
    """Find the account: by the host, else by `aud`, else (on loopback) by the client id."""
    named = account_of_host(request.headers.get("Host", "")) or assertion.account_of(sent, PATH)
    return named or state.owner(sent.client_id)


def _verify(state: State, account_id: str, sent: Assertion) -> Grant:
    """Check account and audience, then the lockout, then the assertion; a refusal counts against a known user."""
    account = state.accounts.get(account_id)
    here = f"{sent_request(request).scheme}://{request.headers.get('Host', '')}{PATH}"
    if assertion.account_of(sent, PATH) != account_id and not assertion.is_for(sent, here):
        raise AuthenticationRefused(OAuth2Reason.SIMULATOR_AUDIENCE)
    if account is None:
        raise AuthenticationRefused(OAuth2Reason.INVALID_INTEGRATION)
    user_key = _user_key(account_id, account, sent)
    now = state.clock.now()
    if user_key is not None and state.lockouts.locked(user_key, now):
        raise AuthenticationRefused(OAuth2Reason.TEMPORARY_LOCKED)
    try:
        grant = assertion.verify(state, account, sent)
    except AuthenticationRefused:
        if user_key is not None:
            state.lockouts.failed(user_key, now)
        raise
    state.lockouts.succeeded((account_id, grant.user.id))
    return grant


def _user_key(account_id: str, account: Account, sent: Assertion) -> tuple[str, str] | None:
    """Return whom an assertion names, by its certificate."""
    certificate = assertion.find_certificate(account, sent.key_id)
    return (account_id, account.user(certificate.user).id) if certificate is not None else None


def _issued(state: State, account_id: str, grant: Grant) -> Response:
    text = access_token.issue(
        account_id, grant.integration, grant.user, grant.role, grant.scopes, state.clock.now()
    )
    return answers.json_answer(
        {"access_token": text, "expires_in": ACCESS_TOKEN_SECONDS, "token_type": "Bearer"}
    )


def _refusal(refused: AuthenticationRefused, account_id: str, sent: Assertion) -> Response:
    """Build the answer, which never tells the cause; RS256 without `kid` was seen to get a 500."""
    if refused.reason is OAuth2Reason.UNSUPPORTED_ALGO and not sent.key_id:
        return answers.oauth2_error(500, "server_error")
    status, error = _ERRORS.get(refused.reason, _INVALID_GRANT)
    return answers.oauth2_error(status, error, account_id if status == 401 else None)


def _record(state: State, account_id: str, sent: Assertion, detail: str) -> None:
    """Add the attempt to the Login Audit Trail, with the names that the assertion leads to."""
    account = state.accounts.get(account_id)
    certificate = integration = None
    if account is not None:
        certificate = assertion.find_certificate(account, sent.key_id)
        integration = account.client(sent.client_id)
    append(
        state,
        request,
        CalledService.OAUTH2,
        account_id,
        detail,
        user=account.user(certificate.user) if account and certificate else None,
        role=account.role(certificate.role) if account and certificate else None,
        integration=integration,
    )
