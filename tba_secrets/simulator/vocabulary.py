"""Words that the simulator shares with NetSuite: services, features, permissions, audit reasons."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NewType

AccountId = NewType("AccountId", str)
"""The realm form: upper case with underscore, for example ``1234567_SB1``."""


class Service(StrEnum):
    """The service of a path, decided by its prefix: on loopback one host serves all three."""

    REST = "REST web services"
    SOAP = "SOAP web services"
    RESTLET = "RESTlets"
    TOKEN_SERVICE = "token services"
    """`/rest/*` on the restlets host; it answers as RESTlets do."""


class Feature(StrEnum):
    """The relevant boxes under Setup > Company > Enable Features; all are on by default."""

    TBA = "tba"
    REST = "rest"
    SOAP = "soap"
    RESTLETS = "restlets"
    WORKBOOK = "workbook"


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


REST_WEB_SERVICES: Final = "REST Web Services"
SOAP_WEB_SERVICES: Final = "SOAP Web Services"
LOGIN_USING_ACCESS_TOKENS: Final = "Log in using Access Tokens"
USER_ACCESS_TOKENS: Final = "User Access Tokens"
SUITEANALYTICS_WORKBOOK: Final = "SuiteAnalytics Workbook"
CUSTOMERS: Final = "Customers"
ADMINISTRATOR_ROLE_ID: Final = "3"
"""The Administrator role has this internal id in every account and holds every permission."""

CLOCK_TOLERANCE_SECONDS: Final = 300
MINIMUM_NONCE_LENGTH: Final = 6
LOCKOUT_FAILURES: Final = 5
LOCKOUT_SECONDS: Final = 30 * 60


def service_of(path: str) -> Service | None:
    """Return the service of a request path, or None for the UI and the simulator's own pages."""
    if path.startswith("/services/NetSuitePort_"):
        return Service.SOAP
    if path.startswith("/services/rest/"):
        return Service.REST
    if path.startswith("/rest/"):
        return Service.TOKEN_SERVICE
    if path == "/app/site/hosting/restlet.nl":
        return Service.RESTLET
    return None
