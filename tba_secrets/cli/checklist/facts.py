"""NetSuite's requirements: feature boxes and permissions, and the checks that need and show them.

Sources: Oracle help, "Getting Started with Token-based Authentication", "Token-based Authentication
Permissions", "Create Integration Records for Applications to Use TBA", "Setting Up REST Web Services",
"REST Web Services Prerequisites and Setup", "Set Up OAuth 2.0 Roles". A missing service permission is answered
with 401: GitHub jacobsvante/netsuite #27.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tba_secrets.netsuite.oauth2 import permissions
from tba_secrets.netsuite.sdf.permissions import plain_name
from tba_secrets.spec.model import Check, RestletCheck


class CheckKind(Enum):
    """The kinds of signed calls; the value is the spelling in `verify.checks`, and in the evidence."""

    ACCESS_TOKEN = "access token"
    """Got with a certificate before all checks; nobody declares it."""
    TOKENINFO = "tokeninfo"
    REST = "rest"
    SOAP = "soap"
    SUITEQL = "suiteql"
    RESTLET = "restlet"


def kind_of(check: Check) -> CheckKind:
    """Return the kind of a declared check."""
    return CheckKind.RESTLET if isinstance(check, RestletCheck) else CheckKind(check)


def name_of(check: Check) -> str:
    """Return the name of a declared check in the evidence (`netsuite.checks`)."""
    return check.name if isinstance(check, RestletCheck) else check


@dataclass(frozen=True)
class RolePermission:
    """A permission of a role."""

    name: str
    level: str
    tab: str
    """The subtab of Permissions that lists it."""
    kinds: frozenset[CheckKind] = frozenset()
    """The checks that need it, and that show it by passing."""
    why: str = ""
    """What needs it where no check shows it."""


@dataclass(frozen=True)
class FeatureBox:
    """A box under Enable Features."""

    name: str
    where: str
    """Subtab and section."""
    kinds: frozenset[CheckKind]
    """The checks that need it, and that show it by passing."""
    permission: str = ""
    """A permission that needs the feature too."""
    certified: bool | None = None
    """True: for certificates only; False: for tokens only; None: for both."""


SCOPE_BOXES: Final = {
    "rest_webservices": "REST Web Services",
    "restlets": "RESTlets",
    "suite_analytics": "SuiteAnalytics Connect",
}
"""The boxes of an integration record, by the scope that each allows."""
CALLBACK_URL: Final = "http://localhost:*"
"""The only URL with a wildcard for its port (Oracle help, "The Three-Step TBA Authorization Flow")."""
ANY_CALL: Final = frozenset(CheckKind)
ACCESS_TOKEN: Final = frozenset({CheckKind.ACCESS_TOKEN})
IDENTITY: Final = frozenset({CheckKind.ACCESS_TOKEN, CheckKind.TOKENINFO})
"""What names role and user."""
RESTLET: Final = frozenset({CheckKind.RESTLET})
_SOAP: Final = frozenset({CheckKind.SOAP})
_SUITEQL: Final = frozenset({CheckKind.SUITEQL})
_REST: Final = frozenset({CheckKind.REST, CheckKind.SUITEQL})

USER_ACCESS_TOKENS: Final = "User Access Tokens"
LOG_IN: Final = RolePermission("Log in using Access Tokens", "Full", "Setup", ANY_CALL)
LOG_IN_OAUTH2: Final = RolePermission(permissions.LOG_IN, "Full", "Setup", ACCESS_TOKEN)
OWN_CERTIFICATES: Final = RolePermission(
    permissions.OWN_CERTIFICATES,
    "Full",
    "Setup",
    why="to bring its successor and to revoke what it superseded (`by: api`)",
)
LOGINS: Final = (LOG_IN.name, USER_ACCESS_TOKENS)
""""A user assigned the User Access Tokens permission does not also need the Log in using Access Tokens permission.\""""
_OF_OWN_TOKENS: Final = RolePermission(
    USER_ACCESS_TOKENS, "Full", "Setup", why="to issue and revoke tokens of its own"
)
_SERVICES: Final = (
    RolePermission("REST Web Services", "Full", "Setup", _REST),
    RolePermission("SOAP Web Services", "Full", "Setup", _SOAP),
    RolePermission("SuiteAnalytics Workbook", "Edit", "Reports", _SUITEQL),
)
_KNOWN: Final = {
    known.name: known
    for known in (LOG_IN, LOG_IN_OAUTH2, OWN_CERTIFICATES, _OF_OWN_TOKENS, *_SERVICES)
}

_AUTHENTICATION: Final = "SuiteCloud, Manage Authentication"
_SUITETALK: Final = "SuiteCloud, SuiteTalk (Web Services)"
FEATURES: Final = (
    FeatureBox("Token-based Authentication", _AUTHENTICATION, ANY_CALL, certified=False),
    FeatureBox("OAuth 2.0", _AUTHENTICATION, ACCESS_TOKEN, certified=True),
    FeatureBox("REST Web Services", _SUITETALK, _REST, "REST Web Services"),
    FeatureBox("SOAP Web Services", _SUITETALK, _SOAP, "SOAP Web Services"),
    FeatureBox("Server SuiteScript", "SuiteCloud, SuiteScript", RESTLET),
    FeatureBox("SuiteAnalytics Workbook", "Analytics", _SUITEQL, "SuiteAnalytics Workbook"),
)


def permission(declared: str) -> RolePermission | None:
    """Look up an entry of `role.permissions`; None for those that no check needs."""
    return _KNOWN.get(plain_name(declared))


def undeclared(
    declared: Iterable[str],
    kinds: frozenset[CheckKind],
    *,
    tokens: bool = True,
    certificates: bool = False,
    by_api: bool = False,
) -> list[RolePermission]:
    """List the permissions that a role's checks need and its `permissions:` lack.

    Tokens or certificates act in the role; of the latter one brings its successor to NetSuite (`by_api`).
    """
    given = set(map(plain_name, declared))
    wanted = (
        *((LOG_IN,) if tokens and not given.intersection(LOGINS) else ()),
        *((LOG_IN_OAUTH2,) if certificates else ()),
        *((OWN_CERTIFICATES,) if by_api else ()),
        *(needed for needed in _SERVICES if needed.kinds & kinds),
    )
    return [needed for needed in wanted if needed.name not in given]
