"""What can be wrong with a TBA call, where to look in NetSuite, and how to mend it: a table, read by `diagnosis`.

Sources: Oracle help, "Troubleshoot Token-based Authentication (TBA)" (the Login Audit Trail's reasons), "Manage TBA
Tokens", "Create Integration Records", "Token-based Authentication Permissions"; what users report most is named beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TOKENS_PAGE: Final = "Setup > Users/Roles > Access Tokens"
INTEGRATIONS: Final = "Setup > Integration > Manage Integrations"
ROLES: Final = "Setup > Users/Roles > User Management > Manage Roles"
_USERS: Final = "Setup > Users/Roles > User Management > Manage Users"
_FEATURES: Final = "Setup > Company > Enable Features > SuiteCloud"
_COMPANY: Final = "Setup > Company > Company Information"
_GOVERNANCE: Final = "Setup > Integration > Integration Governance"
_SCRIPTS: Final = "Customization > Scripting > Script Deployments"
_CLIENT: Final = "the code that signs, or the proxy between it and NetSuite"


@dataclass(frozen=True)
class Cause:
    """One thing that can be wrong."""

    what: str
    where: str
    """A menu path in NetSuite, or what else to look at."""
    mend: str
    trail: tuple[str, ...] = ()
    """The Login Audit Trail's Detail that proves it."""


TOKEN_REJECTED: Final = Cause(
    "the token id is wrong, inactive, revoked, or of another integration or account than the consumer key",
    TOKENS_PAGE,
    "compare the token's application, user and role with the record; create a new token where they differ",
    ("token_rejected", "TokenRejected"),
)
WRONG_SECRET: Final = Cause(
    "the consumer secret or the token secret does not belong to its key: cut off when it was copied, or consumer and "
    "token swapped",
    INTEGRATIONS,
    "take both halves of a pair from one place; a secret that is lost needs a new token, or Reset Credentials",
    ("InvalidSignature",),
)
CONSUMER_UNKNOWN: Final = Cause(
    "the consumer key is another account's, or was replaced by Reset Credentials",
    INTEGRATIONS,
    "take the consumer key and secret of this account's integration record",
    ("consumer_key_unknown", "UnknownIntegration"),
)
INTEGRATION_BLOCKED: Final = Cause(
    "the integration record is Blocked, waits for approval, or has Token-based Authentication cleared",
    INTEGRATIONS,
    "set State to Enabled and tick Token-based Authentication",
    ("consumer_key_refused", "IntegrationBlocked"),
)
NO_LOGIN_PERMISSION: Final = Cause(
    "the role may not log in with a token",
    ROLES,
    "add the permission Log in using Access Tokens (or User Access Tokens) under Permissions > Setup",
    ("permission_denied", "EntityOrRoleDisabled"),
)
NO_REST_PERMISSION: Final = Cause(
    "the role lacks REST Web Services, which NetSuite answers like a wrong login and not with 403",
    ROLES,
    "add the permission REST Web Services (Full) under Permissions > Setup",
    ("permission_denied",),
)
NO_SOAP_PERMISSION: Final = Cause(
    "the role lacks SOAP Web Services",
    ROLES,
    "add the permission SOAP Web Services (Full) under Permissions > Setup",
    ("permission_denied",),
)
ROLE_GONE: Final = Cause(
    "the user or the role is inactive, or the user no longer has the role",
    _USERS,
    "give the user access and the role back (Access tab); the token then works again",
    ("permission_denied", "EntityOrRoleDisabled"),
)
LOCKED_OUT: Final = Cause(
    "the user is locked out for 30 minutes after five failed logins, with this or another token",
    _USERS,
    "wait 30 minutes without any login of this user, and fix what failed before",
    ("temporary_locked",),
)
TBA_FEATURE: Final = Cause(
    "the feature Token-based Authentication is off in this account",
    f"{_FEATURES} > Manage Authentication",
    "tick Token-based Authentication",
    ("FeatureDisabled",),
)
SERVICE_FEATURE: Final = Cause(
    "the feature of this service (REST Web Services, SOAP Web Services, Server SuiteScript) is off",
    f"{_FEATURES} > SuiteTalk (Web Services)",
    "tick the feature, or leave the check out",
    ("FeatureDisabled",),
)
CLOCK: Final = Cause(
    "the clock of the machine that signs is more than five minutes off",
    "the machine's time synchronisation (NTP)",
    "set the clock",
    ("InvalidTimestamp",),
)
SANDBOX_REFRESH: Final = Cause(
    "the sandbox was refreshed or the token is production's: tokens are not copied, a refresh deletes them",
    TOKENS_PAGE,
    "create a new token in this account",
    ("token_rejected",),
)
ACCOUNT_FORM: Final = Cause(
    "the realm is missing, or not in its form (upper case with underscore: 1234567_SB1, not 1234567-sb1)",
    _COMPANY,
    "write it as it stands there, in the record and in every consumer",
    ("InvalidSignature",),
)
ACCOUNT_DIFFERS: Final = Cause(
    "the stored credential names another account than the environment",
    _COMPANY,
    "store the credential of the declared account",
    ("token_rejected", "consumer_key_unknown"),
)
ACCOUNT_CHANGED: Final = Cause(
    "`account:` was changed since these values were tested last, and they belong to the account before",
    "`account:` in the environment's YAML",
    "give the values of the new account to their sources, or put the account id back",
    ("token_rejected", "consumer_key_unknown"),
)
WHITESPACE: Final = Cause(
    "a value begins or ends with white space, which NetSuite's token answers are known to carry",
    "the source that the value comes from",
    "store it without the white space",
    ("InvalidSignature", "token_rejected", "consumer_key_unknown"),
)
UNUSUAL_FORM: Final = Cause(
    "a value is not the 64 lower-case hex digits that NetSuite gives out: cut off, swapped or still a placeholder",
    "the source that the value comes from",
    "compare its length with the original; create a new token where that is lost",
    ("InvalidSignature", "token_rejected", "consumer_key_unknown"),
)
WEB_SERVICES_ONLY: Final = Cause(
    'the role is marked "Web Services Only": it may use REST and SOAP, and no RESTlet or token service',
    ROLES,
    "clear Web Services Only Role, or declare checks without tokeninfo and restlet",
    ("permission_denied",),
)
AMBIGUOUS: Final = Cause(
    "a TokenPassport came with another login: Passport, ApplicationInfo, a session cookie",
    _CLIENT,
    "send the TokenPassport alone",
)
BURST: Final = Cause(
    'too many calls at once: over the limit NetSuite also answers "Invalid login attempt" instead of 429',
    _GOVERNANCE,
    "let fewer calls run side by side, and test again when the account is quiet",
)
PASSWORD_LOGIN: Final = Cause(
    "a client logs in with e-mail and password (NLAuth), which roles with two-factor authentication refuse",
    ROLES,
    "let every client of this user sign with its token",
)
UNSIGNED_QUERY: Final = Cause(
    "the query's parameters were not signed, or were put into the Authorization header",
    _CLIENT,
    "sign them with the oauth_ parameters and leave them in the URL; a proxy must not add or drop any",
    ("InvalidSignature", "parameter_rejected"),
)
ENCODING: Final = Cause(
    "what was signed is encoded otherwise than what was sent: `!` or a space in the path, sorted before encoding",
    _CLIENT,
    "percent-encode by RFC 3986, then sort; a proxy must pass host, path and query on as they are",
    ("InvalidSignature",),
)
HEX_DIGEST: Final = Cause(
    "the signature is a hex digest instead of base64",
    _CLIENT,
    "encode the HMAC's 32 bytes in base64",
    ("InvalidSignature",),
)
ALGORITHM: Final = Cause(
    "the signature method is not HMAC-SHA256 (SHA-1 ended with 2023.1; the underscore is for SOAP only)",
    _CLIENT,
    "sign with HMAC-SHA256, spelled with a hyphen",
    ("UnknownAlgorithm",),
)
REPLAYED: Final = Cause(
    "a nonce was used twice or is shorter than six characters: something sends one signed request again",
    _CLIENT,
    "sign every attempt anew; turn off retries in the proxy",
    ("nonce_used", "NonceUsed", "nonce_rejected", "NonceRejected"),
)
HEADER_BROKEN: Final = Cause(
    "an oauth_ parameter is missing, empty, malformed or sent twice, or oauth_version is not 1.0",
    _CLIENT,
    "send each parameter once, and percent-encoded",
    (
        "parameter_rejected",
        "VersionRejected",
        "MissingRequiredParameter",
        "MissingTokenPassportRequiredFields",
    ),
)
RECORD_PERMISSION: Final = Cause(
    "the login is good, and the role may not do this",
    ROLES,
    "add the permission that the call needs, or leave the check out",
)
NO_WORKBOOK: Final = Cause(
    "the role lacks SuiteAnalytics Workbook, which SuiteQL needs",
    ROLES,
    "add the permission SuiteAnalytics Workbook (Edit) under Permissions > Reports, or leave suiteql out",
)
NO_DEPLOYMENT: Final = Cause(
    "the RESTlet's script and deploy ids are not of this account, it is not released, or the role is no audience of it",
    _SCRIPTS,
    "compare both ids, the status Released and the Audience tab with the check",
)
NOT_THERE: Final = Cause(
    "this account or endpoint does not serve what was asked",
    f"{_COMPANY} > Company URLs",
    "compare `account` and `endpoint` with the URLs that stand there",
)
REDIRECT: Final = Cause(
    "the address is not the account's own: NetSuite, a proxy or a login page sends elsewhere",
    f"{_COMPANY} > Company URLs",
    "set `endpoint` to the address that stands there, or leave it out",
)
NOT_NETSUITE: Final = Cause(
    "something between answers in NetSuite's place: a proxy, a login page, a maintenance page",
    "`endpoint`, and the proxy settings of this machine",
    "let the account's hosts be reached directly",
)
FLOW_OFF: Final = Cause(
    'the integration record has "TBA: Authorization Flow" cleared',
    INTEGRATIONS,
    "tick TBA: Authorization Flow and enter the callback URL",
    ("AuthorizationFlowRequired",),
)
FLOW_CALLBACK: Final = Cause(
    "the callback URL is not the one of the integration record",
    INTEGRATIONS,
    "enter http://localhost:* (or the URL that is used) as Callback URL",
    ("InvalidCallback",),
)
FLOW_VERIFIER: Final = Cause(
    "the verifier is wrong, used before, or of another request token: consent was denied or took too long",
    "the consent page of the authorization flow",
    "start the flow again",
    ("InvalidVerifier",),
)
