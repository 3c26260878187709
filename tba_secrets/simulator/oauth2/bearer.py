"""Decide who sent a request with an access token (Oracle help, "RESTlets and REST Web Services Authentication Errors").

Nothing but the token is looked at: a certificate that was revoked meanwhile does not end it (inferred).
"""

from __future__ import annotations

import re
from typing import Final

from flask import Request, Response

from tba_secrets.simulator import answers
from tba_secrets.simulator.authentication import PERMISSION, Identity, account_of_host
from tba_secrets.simulator.credentials import AuthenticationRefused, MalformedRequest
from tba_secrets.simulator.models import Account, IntegrationRecord, RoleRecord, UserRecord
from tba_secrets.simulator.oauth2 import access_token
from tba_secrets.simulator.oauth2.access_token import BearerToken
from tba_secrets.simulator.oauth2.assertion import require_usable
from tba_secrets.simulator.state import State
from tba_secrets.simulator.vocabulary import (
    LOGIN_USING_OAUTH2,
    MANAGE_OAUTH2,
    CalledService,
    Feature,
    OAuth2Reason,
    Scope,
)

_TOKEN: Final = re.compile(r"Bearer +([A-Za-z0-9\-._~+/]+=*)", re.IGNORECASE)
_SCOPE: Final = {
    CalledService.REST: Scope.REST_WEB_SERVICES,
    CalledService.OAUTH2: Scope.REST_WEB_SERVICES,
    CalledService.RESTLET: Scope.RESTLETS,
}


def presented(current: Request) -> bool:
    """Return whether the request's Authorization header is of this scheme."""
    return current.headers.get("Authorization", "").partition(" ")[0].lower() == "bearer"


def read(current: Request) -> BearerToken | None:
    """Return the access token of a request, None if it is not one of ours.

    Raises:
        MalformedRequest: The header is not `Bearer` and a token (RFC 6750 section 2.1).
    """
    found = _TOKEN.fullmatch(current.headers.get("Authorization", "").strip())
    if found is None:
        raise MalformedRequest("not a bearer token")
    return access_token.read(found[1])


def authenticate(
    state: State, service: CalledService, token: BearerToken | None, current: Request
) -> Identity:
    """Check in order.

    1 the service, the signature and the Cookie header, 2 expiry, 3 account and feature, 4 integration, 5 user and role,
    6 scope, 7 permissions.

    Raises:
        AuthenticationRefused: with the reason for the Login Audit Trail.
    """
    if service not in _SCOPE:  # 1
        raise AuthenticationRefused(OAuth2Reason.SIMULATOR_NO_BEARER)
    if token is None:
        raise AuthenticationRefused(OAuth2Reason.INVALID_SIGNATURE)
    if "Cookie" in current.headers:
        raise AuthenticationRefused(OAuth2Reason.SIMULATOR_COOKIE)
    if token.expires <= state.clock.now():  # 2
        raise AuthenticationRefused(OAuth2Reason.ACCESS_TOKEN_EXPIRED)
    account = _account(state, token, current)  # 3
    integration = require_usable(account.client(token.client_id))  # 4
    user, role = _user_and_role(account, token)  # 5
    if _SCOPE[service] not in token.scopes.intersection(integration.scopes):  # 6
        raise AuthenticationRefused(OAuth2Reason.SCOPE_MISMATCHED)
    if not _permitted(service, role):  # 7
        raise AuthenticationRefused(OAuth2Reason.INSUFFICIENT_PERMISSIONS)
    return Identity(token.account_id, account, integration, None, user, role)


def refusal(service: CalledService, account_id: str, role: RoleRecord | None = None) -> Response:
    """Answer 401 with invalid_token, whatever the cause; a "Web Services Only" role gets another code."""
    if service in (CalledService.RESTLET, CalledService.TOKEN_SERVICE):
        answer = answers.restlet_invalid_login()
    elif role is not None and role.web_services_only:
        answer = answers.rest_unpermitted_login()
    else:
        answer = answers.rest_invalid_login("")
    return answers.challenged(answer, account_id, "invalid_token", "Invalid login attempt.")


def malformed(service: CalledService) -> Response:
    """Answer 400 to a header that cannot be read."""
    if service in (CalledService.RESTLET, CalledService.TOKEN_SERVICE):
        answer = answers.restlet_malformed()
    else:
        answer = answers.rest_bad_request("INVALID_REQUEST", answers.MALFORMED_SYNTAX)
    return answers.challenged(answer, "", "invalid_request", answers.MALFORMED_SYNTAX)


def _account(state: State, token: BearerToken, current: Request) -> Account:
    if account_of_host(current.headers.get("Host", "")) not in (None, token.account_id):
        raise AuthenticationRefused(OAuth2Reason.SIMULATOR_AUDIENCE)
    account = state.accounts.get(token.account_id)
    if account is None:
        raise AuthenticationRefused(OAuth2Reason.INVALID_INTEGRATION)
    if Feature.OAUTH2 not in account.features:
        raise AuthenticationRefused(OAuth2Reason.FEATURE_DISABLED)
    return account


def names(
    state: State, token: BearerToken | None
) -> tuple[UserRecord | None, RoleRecord | None, IntegrationRecord | None]:
    """Return the records that a token names, as far as they are there."""
    account = state.accounts.get(token.account_id) if token is not None else None
    if account is None or token is None:
        return None, None, None
    return (
        next((u for u in account.users if u.id == token.entity), None),
        next((r for r in account.roles if r.id == token.role), None),
        account.client(token.client_id),
    )


def _user_and_role(account: Account, token: BearerToken) -> tuple[UserRecord, RoleRecord]:
    try:
        user, role = account.user(token.entity), account.role(token.role)
    except KeyError:
        raise AuthenticationRefused(OAuth2Reason.ENTITY_OR_ROLE_DISABLED) from None
    if not account.may_act(user, role):
        raise AuthenticationRefused(OAuth2Reason.ENTITY_OR_ROLE_DISABLED)
    return user, role


def _permitted(service: CalledService, role: RoleRecord) -> bool:
    """Return whether the role may log in with an access token, and has what the service requires.

    The Administrator role holds MANAGE_OAUTH2 too, and the help's samples show it with an access token, so that only a
    role that was given the permission is kept out (inferred).
    """
    permission = PERMISSION.get(CalledService.REST if service is CalledService.OAUTH2 else service)
    return (
        not role.web_services_only
        and MANAGE_OAUTH2 not in role.permissions
        and role.allows(LOGIN_USING_OAUTH2)
        and (permission is None or role.allows(permission))
    )
