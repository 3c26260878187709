"""What can be wrong with OAuth 2.0 client credentials, in the form of `netsuite.causes`.

Sources: Oracle help, "Troubleshooting OAuth 2.0" (the Login Audit Trail's reasons), "OAuth 2.0 Client Credentials
Setup", "Set Up OAuth 2.0 Roles", "Create Integration Records for Applications to Use OAuth 2.0".
"""

from __future__ import annotations

from typing import Final

from tba_secrets.netsuite.causes import INTEGRATIONS, ROLES, Cause

M2M_PAGE: Final = (
    "Setup > Integration > Manage Authentication > OAuth 2.0 Client Credentials (M2M) Setup"
)
_FEATURES: Final = "Setup > Company > Enable Features > SuiteCloud > Manage Authentication"
_CLIENT: Final = "the code that signs the assertion"

NOT_UPLOADED: Final = Cause(
    "no active certificate of this account has the certificate id: not uploaded, or to another account",
    M2M_PAGE,
    "look for the certificate id in the list, and upload the certificate where it is missing",
    ("MissingKey",),
)
CERTIFICATE_GONE: Final = Cause(
    "the certificate was revoked, or the mapping was removed",
    M2M_PAGE,
    "look for the certificate id in the list; a revoked one cannot come back: make a new one",
    ("MissingKey",),
)
CERTIFICATE_OVER: Final = Cause(
    "the certificate has run out",
    M2M_PAGE,
    "upload a new certificate by hand: one that has run out cannot bring its successor",
    ("MissingKey",),
)
SETUP_NOT_COPIED: Final = Cause(
    "the sandbox was refreshed or the certificate is production's: the setup is not copied, a refresh clears it",
    M2M_PAGE,
    "upload the certificate in this account",
    ("MissingKey",),
)
KEY_MISMATCH: Final = Cause(
    "the private key is not the one of the certificate with this id",
    "the source that the key comes from",
    "give the key and the certificate that were made together",
    ("SignatureValidation", "InvalidSignature"),
)
CLIENT_UNKNOWN: Final = Cause(
    "the client id is another record's or account's, was replaced by Reset Credentials, or is not the certificate's",
    INTEGRATIONS,
    "take the client id of the record that the certificate is mapped to",
    ("InvalidIssuer", "InvalidIntegration", "ClientIdMismatch"),
)
GRANT_CLEARED: Final = Cause(
    "the integration record has Client Credentials (Machine to Machine) Grant cleared",
    INTEGRATIONS,
    "tick Client Credentials (Machine to Machine) Grant",
    ("AuthorizationCodeGrantRequired",),
)
INTEGRATION_BLOCKED: Final = Cause(
    "the integration record is Blocked, or waits for approval",
    INTEGRATIONS,
    "set State to Enabled",
    ("IntegrationBlocked",),
)
SCOPE_CLEARED: Final = Cause(
    "the integration record has a scope cleared that was asked for, or that this service needs",
    INTEGRATIONS,
    "tick REST Web Services or RESTlets there, and declare it under `scopes`",
    ("ScopeMismatched", "InvalidScope"),
)
SCOPE_NOT_ASKED: Final = Cause(
    "the access token has not the scope of this service",
    "`scopes` in the environment's YAML",
    "declare rest_webservices for REST and SuiteQL, restlets for RESTlets",
    ("ScopeMismatched",),
)
FEATURE: Final = Cause(
    "the feature OAuth 2.0 is off in this account",
    _FEATURES,
    "tick OAuth 2.0",
    ("FeatureDisabled",),
)
NO_LOGIN_PERMISSION: Final = Cause(
    "the role may not log in with an OAuth 2.0 access token",
    ROLES,
    "add the permission Log in using OAuth 2.0 Access Tokens under Permissions > Setup",
    ("InsufficientPermissions", "EntityOrRoleDisabled"),
)
MANAGES_APPLICATIONS: Final = Cause(
    "the role has OAuth 2.0 Authorized Applications Management, which keeps it out of REST and RESTlets",
    ROLES,
    "take that permission away from the role of the integration",
    ("InsufficientPermissions",),
)
CLOCK: Final = Cause(
    "the clock of the machine that signs is off: the assertion is over, or issued in the future",
    "the machine's time synchronisation (NTP)",
    "set the clock",
    ("TokenNotAcceptable", "TokenExpired"),
)
ASSERTION_FORM: Final = Cause(
    "the assertion has no kid, another algorithm than PS256 to ES512, or lives for an hour or longer",
    _CLIENT,
    "sign with one of the six algorithms, name the certificate id as kid, and let it live for minutes",
    ("MissingKeyId", "UnsupportedAlgo", "TokenValidityTooBroad"),
)
REQUEST_FORM: Final = Cause(
    "the token request was changed on its way, or a client authenticates in two ways at once",
    "`endpoint`, and the proxy settings of this machine",
    "let the form pass as it is, without an Authorization header",
)
TOKEN_OVER: Final = Cause(
    "the access token is over, blocked, or not an access token: it lives for 60 minutes",
    _CLIENT,
    "get a new one after 50 minutes, and send it to REST and RESTlets of its own account only",
    ("AccessTokenExpired", "TokenBlocked", "TokenRejected", "InvalidTokenType"),
)
COOKIE: Final = Cause(
    "a cookie came with the access token, which NetSuite answers like a wrong login",
    _CLIENT,
    "send no Cookie header",
)
NOT_OWN_CERTIFICATES: Final = Cause(
    "the role may not manage its user's certificates",
    ROLES,
    "add the permission Manage own OAuth 2.0 Client Credentials Certificates, or declare `by: person`",
)
NO_PLACE: Final = Cause(
    "the integration record has five active certificates already, perhaps other users' too",
    M2M_PAGE,
    "revoke one that nothing uses any more; revoked and expired ones do not count",
)
NOT_TAKEN: Final = Cause(
    "NetSuite knows this certificate already, or the user has not the role that it is to be mapped to",
    M2M_PAGE,
    "compare role and entity with `role.id` and `user.entity`; a revoked certificate cannot be used again",
)
