"""The gate before every signed endpoint: read the claim, verify it, record it, answer a refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from flask import Request, Response, request

from tba_secrets.simulator import answers, credentials, passport
from tba_secrets.simulator.audit import AuditEntry
from tba_secrets.simulator.authentication import (
    Identity,
    authenticate,
    find_token,
)
from tba_secrets.simulator.credentials import (
    AuthenticationRefused,
    Credentials,
    MalformedRequest,
)
from tba_secrets.simulator.models import IntegrationRecord, RoleRecord, TokenRecord, UserRecord
from tba_secrets.simulator.oauth1 import SentRequest
from tba_secrets.simulator.oauth2 import bearer
from tba_secrets.simulator.state import State
from tba_secrets.simulator.vocabulary import AuditReason, CalledService, Feature, OAuth2Reason


@dataclass(frozen=True)
class Call:
    """A request that passed the gate."""

    state: State
    identity: Identity
    request: Request
    path_values: dict[str, str]


View = Callable[[Call], Response]

_FEATURES = {
    CalledService.REST: Feature.REST,
    CalledService.SOAP: Feature.SOAP,
    CalledService.RESTLET: Feature.RESTLETS,
}


def sent_request(current: Request) -> SentRequest:
    """Return the request as its client signed it.

    That is: raw path and query, and the scheme before a TLS-ending proxy.
    """
    path, _, query = str(current.environ["RAW_URI"]).partition("?")
    if "://" in path:
        path = "/" + path.split("://", 1)[1].partition("/")[2]
    return SentRequest(
        method=current.method,
        scheme=current.headers.get("X-Forwarded-Proto", current.scheme).partition(",")[0].strip(),
        host=current.headers.get("Host", ""),
        path=path,
        query=query,
        content_type=current.headers.get("Content-Type", ""),
        body=current.get_data(cache=True),
    )


def signed(state: State, service: CalledService, view: View) -> Callable[..., Response]:
    """Wrap a view so that only verified requests reach it."""

    @wraps(view)
    def guarded(**path_values: str) -> Response:
        by_bearer = service is not CalledService.SOAP and bearer.presented(request)
        identity = (_by_bearer if by_bearer else _by_signature)(state, service)
        if isinstance(identity, Response):
            return identity
        needed = _FEATURES.get(service, Feature.OAUTH2 if by_bearer else Feature.TBA)
        if needed not in identity.account.features:
            return answers.feature_disabled(service)
        return view(Call(state, identity, request, path_values))

    return guarded


def _by_signature(state: State, service: CalledService) -> Identity | Response:
    """Return the sender of a signed request, or its refusal."""
    claim: Credentials | None = None
    try:
        claim = read_claim(service, request)
        identity = authenticate(state, service, claim, request.headers.get("Host", ""))
    except MalformedRequest:
        return malformed(service)
    except AuthenticationRefused as refused:
        record(state, request, service, claim, refused.detail)
        return refusal(service, refused, claim)
    record(state, request, service, claim, "")
    return identity


def _by_bearer(state: State, service: CalledService) -> Identity | Response:
    """Return the sender of a request with an access token, or its refusal."""
    try:
        token = bearer.read(request)
    except MalformedRequest:
        return bearer.malformed(service)
    identity, detail = None, ""
    try:
        with state.lock:
            identity = bearer.authenticate(state, service, token, request)
    except AuthenticationRefused as refused:
        detail = refused.detail
    account_id = token.account_id if token is not None else ""
    user, role, integration = bearer.names(state, token)
    append(
        state, request, service, account_id, detail, user=user, role=role, integration=integration
    )
    return identity or bearer.refusal(service, account_id, role)


def read_claim(service: CalledService, current: Request) -> Credentials:
    """Read the TokenPassport for SOAP, or else the Authorization header."""
    if service is CalledService.SOAP:
        return passport.from_envelope(current.get_data(cache=True), current.cookies)
    header = current.headers.get("Authorization")
    if header is None:
        raise AuthenticationRefused(AuditReason.PARAMETER_REJECTED)
    return credentials.from_header(header, sent_request(current), "oauth_token")


def refusal(
    service: CalledService, refused: AuthenticationRefused, claim: Credentials | None
) -> Response:
    """Build the answer to a refusal, which reveals the cause only where Oracle documents that."""
    special = _SPECIAL_REFUSALS.get((service, refused.reason))
    if special is not None:
        return special()
    if service is CalledService.SOAP:
        return answers.soap_invalid_login()
    if service in (CalledService.REST, CalledService.OAUTH2):
        return answers.rest_invalid_login(claim.account if claim is not None else "")
    return answers.restlet_invalid_login()


_SPECIAL_REFUSALS: dict[
    tuple[CalledService, AuditReason | OAuth2Reason], Callable[[], Response]
] = {
    (CalledService.SOAP, AuditReason.SIMULATOR_AMBIGUOUS): answers.soap_ambiguous,
    (
        CalledService.RESTLET,
        AuditReason.SIMULATOR_WEB_SERVICES_ONLY,
    ): answers.restlet_web_services_only,
    (CalledService.RESTLET, AuditReason.UNKNOWN_ALGORITHM): answers.restlet_malformed,
    (CalledService.TOKEN_SERVICE, AuditReason.UNKNOWN_ALGORITHM): answers.restlet_malformed,
}


def malformed(service: CalledService) -> Response:
    """Build the answer to an unreadable request."""
    if service is CalledService.SOAP:
        return answers.soap_malformed()
    if service in (CalledService.REST, CalledService.OAUTH2):
        return answers.rest_invalid_login("")
    return answers.restlet_malformed()


def record(
    state: State, current: Request, service: CalledService, claim: Credentials | None, detail: str
) -> None:
    """Add the attempt to the Login Audit Trail, with the names that the claim leads to."""
    account_id = claim.account if claim is not None else ""
    account = state.accounts.get(account_id)
    token = integration = None
    if account is not None and claim is not None:
        token = find_token(account, claim.token)
        integration = account.client(claim.consumer_key)
    append(
        state,
        current,
        service,
        account_id,
        detail,
        user=account.user(token.user) if account and token else None,
        role=account.role(token.role) if account and token else None,
        integration=integration,
        token=token,
    )


def append(
    state: State,
    current: Request,
    service: CalledService,
    account_id: str,
    detail: str,
    *,
    user: UserRecord | None,
    role: RoleRecord | None,
    integration: IntegrationRecord | None,
    token: TokenRecord | None = None,
) -> None:
    """Add an entry to the Login Audit Trail."""
    state.trail.append(
        AuditEntry(
            date=state.clock.moment(),
            account=account_id,
            service=service.value,
            request=f"{current.method} {current.path}",
            success=not detail,
            detail=detail,
            user=user.email if user is not None else None,
            role=role.name if role is not None else None,
            token_name=token.name if token is not None else None,
            application_name=integration.name if integration is not None else None,
        )
    )
