"""Words that the simulator shares with NetSuite: services, features, permissions, audit reasons."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NewType

AccountId = NewType("AccountId", str)
"""The realm form: upper case with underscore, for example ``1234567_SB1``."""


class CalledService(StrEnum):
    """The service of a path, decided by its prefix: on loopback one host serves all three."""

    REST = "REST web services"
    SOAP = "SOAP web services"
    RESTLET = "RESTlets"
    TOKEN_SERVICE = "token services"
    """`/rest/*` on the restlets host; it answers as RESTlets do."""
    OAUTH2 = "OAuth 2.0"
    """`/services/rest/auth/*`: the token endpoint and the certificate rotation endpoint."""


class Feature(StrEnum):
    """The relevant boxes under Setup > Company > Enable Features; all are on by default."""

    TBA = "tba"
    REST = "rest"
    SOAP = "soap"
    RESTLETS = "restlets"
    WORKBOOK = "workbook"
    OAUTH2 = "oauth2"


class Scope(StrEnum):
    """The Scope boxes of an integration record, as an assertion and an access token spell them."""

    REST_WEB_SERVICES = "rest_webservices"
    RESTLETS = "restlets"
    SUITE_ANALYTICS = "suite_analytics"


class IntegrationState(StrEnum):
    """The State field of an integration record (Oracle help, "Create Integration Records")."""

    ENABLED = "Enabled"
    BLOCKED = "Blocked"


class AuditReason(StrEnum):
    """The Detail column of the Login Audit Trail: the only place that shows the true cause.

    Oracle help, "Troubleshoot Token-based Authentication (TBA)", has one table for calls and one for the
    authorization flow. Web services spell ``nonce_used`` as ``NonceUsed``.
    """

    CONSUMER_KEY_REFUSED = "consumer_key_refused"
    CONSUMER_KEY_UNKNOWN = "consumer_key_unknown"
    FEATURE_DISABLED = "FeatureDisabled"
    MISSING_TOKEN_PASSPORT_FIELDS = "MissingTokenPassportRequiredFields"
    NONCE_REJECTED = "nonce_rejected"
    NONCE_USED = "nonce_used"
    NONCE_USED_WEB_SERVICES = "NonceUsed"
    PARAMETER_REJECTED = "parameter_rejected"
    PERMISSION_DENIED = "permission_denied"
    INVALID_SIGNATURE = "InvalidSignature"
    UNKNOWN_ALGORITHM = "UnknownAlgorithm"
    TEMPORARY_LOCKED = "temporary_locked"
    INVALID_TIMESTAMP = "InvalidTimestamp"
    TOKEN_REJECTED = "token_rejected"
    VERSION_REJECTED = "VersionRejected"

    FLOW_UNKNOWN_INTEGRATION = "UnknownIntegration"
    FLOW_INTEGRATION_BLOCKED = "IntegrationBlocked"
    FLOW_AUTHORIZATION_FLOW_REQUIRED = "AuthorizationFlowRequired"
    FLOW_INVALID_CALLBACK = "InvalidCallback"
    FLOW_MISSING_REQUIRED_PARAMETER = "MissingRequiredParameter"
    FLOW_NONCE_REJECTED = "NonceRejected"
    FLOW_TOKEN_REJECTED = "TokenRejected"
    FLOW_ENTITY_OR_ROLE_DISABLED = "EntityOrRoleDisabled"
    FLOW_INVALID_VERIFIER = "InvalidVerifier"

    SIMULATOR_REALM_UNKNOWN = "simulator: realm_unknown"
    """Not Oracle's word: a realm that is no account here, a lower-case suffix included."""
    SIMULATOR_REALM_MISMATCH = "simulator: realm_mismatch"
    """Not Oracle's word: the account-specific domain in Host is that of another account."""
    SIMULATOR_AMBIGUOUS = "simulator: ambiguous_authentication"
    """Not Oracle's word: a TokenPassport twice, or beside another way to log in."""
    SIMULATOR_WEB_SERVICES_ONLY = "simulator: web_services_only_role"
    """Not Oracle's word: a role with "Web Services Only" called a RESTlet."""


class OAuth2Reason(StrEnum):
    """The Detail column for OAuth 2.0, whose table is another one.

    Oracle help, "RESTlets and REST Web Services Error Messages in the Login Audit Trail". The words of the
    authorization code flow alone are left out: the simulator has no such flow.
    """

    ACCESS_TOKEN_EXPIRED = "AccessTokenExpired"
    AUTHORIZATION_CODE_GRANT_REQUIRED = "AuthorizationCodeGrantRequired"
    ENTITY_OR_ROLE_DISABLED = "EntityOrRoleDisabled"
    FEATURE_DISABLED = "FeatureDisabled"
    INTEGRATION_BLOCKED = "IntegrationBlocked"
    INVALID_INTEGRATION = "InvalidIntegration"
    INVALID_ISSUER = "InvalidIssuer"
    INVALID_SCOPE = "InvalidScope"
    INVALID_SIGNATURE = "InvalidSignature"
    MISSING_KEY = "MissingKey"
    MISSING_KEY_ID = "MissingKeyId"
    SCOPE_MISMATCHED = "ScopeMismatched"
    SIGNATURE_VALIDATION = "SignatureValidation"
    TOKEN_EXPIRED = "TokenExpired"
    TOKEN_NOT_ACCEPTABLE = "TokenNotAcceptable"
    TOKEN_VALIDITY_TOO_BROAD = "TokenValidityTooBroad"
    UNSUPPORTED_ALGO = "UnsupportedAlgo"

    INSUFFICIENT_PERMISSIONS = "InsufficientPermissions"
    """Seen by others; not in Oracle's table."""
    TEMPORARY_LOCKED = "temporary_locked"
    """The word of TBA: that refused assertions lock a user is inferred."""
    SIMULATOR_AUDIENCE = "simulator: audience_mismatch"
    """Not Oracle's word: `aud`, or the account-specific domain in Host, is that of another account."""
    SIMULATOR_COOKIE = "simulator: cookie_beside_bearer"
    """Not Oracle's word: a Cookie header beside an access token."""
    SIMULATOR_NO_BEARER = "simulator: bearer_not_accepted"
    """Not Oracle's word: an access token where only a signature is taken."""


REST_WEB_SERVICES: Final = "REST Web Services"
SOAP_WEB_SERVICES: Final = "SOAP Web Services"
LOGIN_USING_ACCESS_TOKENS: Final = "Log in using Access Tokens"
USER_ACCESS_TOKENS: Final = "User Access Tokens"
LOGIN_USING_OAUTH2: Final = "Log in using OAuth 2.0 Access Tokens"
MANAGE_OWN_CERTIFICATES: Final = "Manage own OAuth 2.0 Client Credentials Certificates"
MANAGE_OAUTH2: Final = "OAuth 2.0 Authorized Applications Management"
"""A role that has it "can't access RESTlets, REST web services, and SuiteAnalytics Connect using OAuth 2.0"."""
VIEW_LOGIN_AUDIT_TRAIL: Final = "View Login Audit Trail"
SUITEANALYTICS_WORKBOOK: Final = "SuiteAnalytics Workbook"
CUSTOMERS: Final = "Customers"
ADMINISTRATOR_ROLE_ID: Final = "3"
"""The Administrator role has this internal id in every account and holds every permission."""

CLOCK_TOLERANCE_SECONDS: Final = 300
MINIMUM_NONCE_LENGTH: Final = 6
LOCKOUT_FAILURES: Final = 5
LOCKOUT_SECONDS: Final = 30 * 60
ACCESS_TOKEN_SECONDS: Final = 3600
LONGEST_ASSERTION_SECONDS: Final = 3600
ACTIVE_CERTIFICATES: Final = 5
"""Of one integration record; revoked and expired ones do not count."""


def service_of(path: str) -> CalledService | None:
    """Return the service of a request path, or None for the UI and the simulator's own pages."""
    if path.startswith("/services/NetSuitePort_"):
        return CalledService.SOAP
    if path.startswith("/services/rest/auth/"):
        return CalledService.OAUTH2
    if path.startswith("/services/rest/"):
        return CalledService.REST
    if path.startswith("/rest/"):
        return CalledService.TOKEN_SERVICE
    if path == "/app/site/hosting/restlet.nl":
        return CalledService.RESTLET
    return None
