"""Decide who sent a signed request, or why it is refused.

The order of the checks is the simulator's, because Oracle lists the reasons without an order: first
what the request alone shows, then the integration, the token, the user, the signature and, last, what
the role may do.
"""

from __future__ import annotations

from dataclasses import dataclass

from tba_secrets.simulator import oauth1
from tba_secrets.simulator.credentials import AuthenticationRefused, Credentials
from tba_secrets.simulator.models import (
    Account,
    IntegrationRecord,
    RoleRecord,
    TokenRecord,
    UserRecord,
)
from tba_secrets.simulator.state import State
from tba_secrets.simulator.vocabulary import (
    CLOCK_TOLERANCE_SECONDS,
    LOGIN_USING_ACCESS_TOKENS,
    MINIMUM_NONCE_LENGTH,
    REST_WEB_SERVICES,
    SOAP_WEB_SERVICES,
    USER_ACCESS_TOKENS,
    AuditReason,
    CalledService,
    Feature,
    IntegrationState,
)

_ALGORITHM = "HMAC-SHA256"
_SOAP_ALGORITHM = "HMAC_SHA256"
"""Only a SOAP request may write the underscore (Oracle help, "The TokenPassport Complex Type")."""
_TOO_MANY_DIGITS = 20
PERMISSION = {CalledService.REST: REST_WEB_SERVICES, CalledService.SOAP: SOAP_WEB_SERVICES}


@dataclass(frozen=True)
class Identity:
    """The proven sender of a request."""

    account_id: str
    account: Account
    integration: IntegrationRecord
    token: TokenRecord | None
    """None for a request with an OAuth 2.0 access token."""
    user: UserRecord
    role: RoleRecord


def authenticate(state: State, service: CalledService, claim: Credentials, host: str) -> Identity:
    """Verify a claim, under the state's lock.

    Raises:
        AuthenticationRefused: with the reason for the Login Audit Trail.
    """
    with state.lock:
        try:
            identity = _verify(state, service, claim, host)
        except AuthenticationRefused:
            _count_failure(state, claim)
            raise
        state.lockouts.succeeded((identity.account_id, identity.user.id))
        return identity


def _verify(state: State, service: CalledService, claim: Credentials, host: str) -> Identity:
    """Check in order.

    1 form, version and algorithm, 2 account and feature, 3 integration, 4 timestamp, 5 nonce
    length, 6 token, 7 lockout, 8 signature, 9 new nonce, 10 user and role, 11 what the service
    requires of the role.
    """
    if service is CalledService.OAUTH2:
        raise AuthenticationRefused(AuditReason.PARAMETER_REJECTED)
    check_form(service, claim)  # 1
    account = find_account(state, claim.account, host)  # 2
    integration = _integration(account, claim.consumer_key)  # 3
    check_timestamp(claim.timestamp, state.clock.now(), AuditReason.PARAMETER_REJECTED)  # 4
    check_nonce(claim.nonce, AuditReason.NONCE_REJECTED)  # 5
    token = _token(account, integration, claim.token)  # 6
    user, role = account.user(token.user), account.role(token.role)
    user_key, now = (claim.account, user.id), state.clock.now()
    if state.lockouts.locked(user_key, now):  # 7
        raise AuthenticationRefused(AuditReason.TEMPORARY_LOCKED)
    check_signature(claim, integration.consumer_secret, token.token_secret)  # 8
    if not state.nonces.claim(user_key, claim.nonce, claim.timestamp, now):  # 9
        raise AuthenticationRefused(_nonce_used(service))
    _check_access(account, user, role)  # 10
    _check_service(service, role)  # 11
    return Identity(claim.account, account, integration, token, user, role)


def check_form(service: CalledService, claim: Credentials) -> None:
    """Require each parameter once, version 1.0, and HMAC-SHA256: HMAC-SHA1 ended with 2023.1."""
    if claim.defect is not None:
        raise AuthenticationRefused(claim.defect)
    if claim.version != "1.0":
        raise AuthenticationRefused(AuditReason.VERSION_REJECTED)
    known = (_ALGORITHM, _SOAP_ALGORITHM) if service is CalledService.SOAP else (_ALGORITHM,)
    if claim.algorithm not in known:
        raise AuthenticationRefused(AuditReason.UNKNOWN_ALGORITHM)


def find_account(state: State, account_id: str, host: str) -> Account:
    """Find the realm's account; a real NetSuite host name must agree with it."""
    if not account_id:
        raise AuthenticationRefused(AuditReason.PARAMETER_REJECTED)
    account = state.accounts.get(account_id)
    if account is None:
        raise AuthenticationRefused(AuditReason.SIMULATOR_REALM_UNKNOWN)
    if account_of_host(host) not in (None, account_id):
        raise AuthenticationRefused(AuditReason.SIMULATOR_REALM_MISMATCH)
    if Feature.TBA not in account.features:
        raise AuthenticationRefused(AuditReason.FEATURE_DISABLED)
    return account


def account_of_host(host: str) -> str | None:
    """Return the account id of an account-specific domain, or None for any other host.

    `1234567-sb1.suitetalk.api.netsuite.com` belongs to `1234567_SB1`, `system.netsuite.com` to no account.
    """
    name = host.partition(":")[0].lower()
    label = name.partition(".")[0]
    if not name.endswith(".netsuite.com") or label in ("system", "rest", "webservices"):
        return None
    return label.upper().replace("-", "_")


def check_timestamp(timestamp: str, now: float, malformed: AuditReason) -> None:
    """Require a positive whole number within five minutes of the clock, inclusive."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < _TOO_MANY_DIGITS):
        raise AuthenticationRefused(malformed)
    if abs(int(timestamp) - int(now)) > CLOCK_TOLERANCE_SECONDS:
        raise AuthenticationRefused(AuditReason.INVALID_TIMESTAMP)


def check_nonce(nonce: str, reason: AuditReason) -> None:
    """Require at least six characters."""
    if len(nonce) < MINIMUM_NONCE_LENGTH:
        raise AuthenticationRefused(reason)


def check_signature(claim: Credentials, consumer_secret: str, token_secret: str) -> None:
    """Require the signature that both secrets give over the request as sent."""
    expected = oauth1.hmac_sha256(claim.base_string, consumer_secret, token_secret)
    if not oauth1.same(expected, claim.signature):
        raise AuthenticationRefused(AuditReason.INVALID_SIGNATURE)


def _integration(account: Account, consumer_key: str) -> IntegrationRecord:
    integration = account.client(consumer_key)
    if integration is None:
        raise AuthenticationRefused(AuditReason.CONSUMER_KEY_UNKNOWN)
    if integration.state is IntegrationState.BLOCKED or not integration.tba:
        raise AuthenticationRefused(AuditReason.CONSUMER_KEY_REFUSED)
    return integration


def _token(account: Account, integration: IntegrationRecord, token_id: str) -> TokenRecord:
    token = find_token(account, token_id)
    if token is None or not token.usable or token.integration != integration.name:
        raise AuthenticationRefused(AuditReason.TOKEN_REJECTED)
    return token


def find_token(account: Account, token_id: str) -> TokenRecord | None:
    """Return the token with that id, whatever its state, or None."""
    return next((t for t in account.tokens if oauth1.same(t.token_id, token_id)), None)


def _nonce_used(service: CalledService) -> AuditReason:
    if service in (CalledService.REST, CalledService.SOAP):
        return AuditReason.NONCE_USED_WEB_SERVICES
    return AuditReason.NONCE_USED


def may_use_tokens(account: Account, user: UserRecord, role: RoleRecord) -> bool:
    """Return whether user and role are active, belong together, and may log in by token."""
    permitted = role.allows(LOGIN_USING_ACCESS_TOKENS, USER_ACCESS_TOKENS)
    return account.may_act(user, role) and permitted


def _check_access(account: Account, user: UserRecord, role: RoleRecord) -> None:
    if not may_use_tokens(account, user, role):
        raise AuthenticationRefused(AuditReason.PERMISSION_DENIED)


def _check_service(service: CalledService, role: RoleRecord) -> None:
    """Refuse the login without the service's permission: 401, not 403.

    Seen in GitHub jacobsvante/netsuite #27.
    """
    permission = PERMISSION.get(service)
    if permission is not None and not role.allows(permission):
        raise AuthenticationRefused(AuditReason.PERMISSION_DENIED)
    if service is CalledService.RESTLET and role.web_services_only:
        raise AuthenticationRefused(AuditReason.SIMULATOR_WEB_SERVICES_ONLY)


def _count_failure(state: State, claim: Credentials) -> None:
    """Count a failure that names a known token against its user, whatever the reason."""
    account = state.accounts.get(claim.account)
    token = find_token(account, claim.token) if account is not None else None
    if account is not None and token is not None:
        user_key = (claim.account, account.user(token.user).id)
        state.lockouts.failed(user_key, state.clock.now())
