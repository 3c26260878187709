"""NetSuite's permissions: the name in the user interface, the key in SDF, and the levels of each.

Sources: "generic_permission" and "generic_permission_level" in the SDF XML Reference of Oracle help;
keys from permissions.json in oracle/netsuite-suitecloud-sdk, and from the REST API browser's schema of
employee for the certificates; levels from role_permissions.ts in Salto's
NetSuite adapter. A permission that is not in this table is refused: a key is never guessed from a
name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tba_secrets.errors import SpecError
from tba_secrets.netsuite.oauth2.permissions import LOG_IN, MANAGES_APPLICATIONS, OWN_CERTIFICATES
from tba_secrets.spec.looks_secret import looks_secret
from tba_secrets.suggestions import did_you_mean

TBA: Final = "TBA"
_REST: Final = "RESTWEBSERVICES"
_SOAP: Final = "WEBSERVICESEXTERNAL"
OAUTH2: Final = "OAUTH2"
FEATURES: Final[Mapping[str, str]] = {
    TBA: "Token-based Authentication",
    _REST: "REST Web Services",
    _SOAP: "SOAP Web Services",
    OAUTH2: "OAuth 2.0",
}
"""The features that a role of ours may need, as a manifest's `<feature>` and as the box under Setup > Company > Enable
Features > SuiteCloud."""


class PermissionLevel(StrEnum):
    """The content of `<permlevel>`. NONE exists too: it is a role without the permission."""

    VIEW = "VIEW"
    CREATE = "CREATE"
    EDIT = "EDIT"
    FULL = "FULL"

    @property
    def word(self) -> str:
        """The level as the user interface and an environment's YAML write it."""
        return self.value.capitalize()


@dataclass(frozen=True)
class Permission:
    """One permission that a role may be given."""

    name: str
    """As the role's page in NetSuite shows it."""
    key: str
    """The content of `<permkey>`."""
    levels: tuple[PermissionLevel, ...]
    feature: str | None = None
    """What has to be enabled in the account before the permission can be given."""


@dataclass(frozen=True)
class PermissionGrant:
    """A permission at a level."""

    permission: Permission
    level: PermissionLevel


_OF_LOGINS: Final = (
    ("Access Token Management", "ADMI_MANAGE_OAUTH_TOKENS", TBA),
    ("Log in using Access Tokens", "ADMI_LOGIN_OAUTH", TBA),
    ("User Access Tokens", "ADMI_MANAGE_OWN_OAUTH_TOKENS", TBA),
    ("REST Web Services", "ADMI_RESTWEBSERVICES", _REST),
    ("SOAP Web Services", "ADMI_WEBSERVICES", _SOAP),
    (LOG_IN, "ADMI_LOGIN_OAUTH2", OAUTH2),
    (MANAGES_APPLICATIONS, "ADMI_MANAGE_OAUTH2", OAUTH2),
    (OWN_CERTIFICATES, "ADMI_MANAGE_OWN_OAUTH2_CERTS", OAUTH2),
    ("Integration Application", "ADMI_INTEGRAPP", None),
    ("Deleted Records", "ADMI_DELETEDRECORD", None),
)
_WITH_FEWER_LEVELS: Final = (
    ("SuiteAnalytics Workbook", "REPO_ANALYTICS", (PermissionLevel.EDIT,)),
    ("Perform Search", "LIST_FIND", (PermissionLevel.VIEW, PermissionLevel.FULL)),
)
_OF_RECORDS: Final = """
SuiteScript ADMI_CUSTOMSCRIPT, Accounts LIST_ACCOUNT, Cases LIST_CASE, Classes LIST_CLASS, Contacts LIST_CONTACT,
Currency LIST_CURRENCY, Custom Record Entries LIST_CUSTRECORDENTRY, Customers LIST_CUSTJOB,
Departments LIST_DEPARTMENT, Documents and Files LIST_FILECABINET, Employees LIST_EMPLOYEE,
Integration Applications LIST_INTEGRAPP, Items LIST_ITEM, Locations LIST_LOCATION, Shipping Items LIST_SHIPITEM,
Subsidiaries LIST_SUBSIDIARY, Tasks LIST_TASK, Tax Records LIST_TAXITEM, Units LIST_UNIT, Vendors LIST_VENDOR,
Adjust Inventory TRAN_INVADJST, Bills TRAN_VENDBILL, Cash Sale TRAN_CASHSALE, Credit Memo TRAN_CUSTCRED,
Customer Deposit TRAN_CUSTDEP, Customer Payment TRAN_CUSTPYMT, Deposit TRAN_DEPOSIT, Estimate TRAN_ESTIMATE,
Find Transaction TRAN_FIND, Fulfill Orders TRAN_SALESORDFULFILL, Invoice TRAN_CUSTINVC,
Item Fulfillment TRAN_ITEMSHIP, Item Receipt TRAN_ITEMRCPT, Make Journal Entry TRAN_JOURNAL,
Opportunity TRAN_OPPRTNTY, Pay Bills TRAN_VENDPYMT, Purchase Order TRAN_PURCHORD,
Receive Order TRAN_PURCHORDRECEIVE, Receive Returns TRAN_RTNAUTHRECEIVE, Return Authorization TRAN_RTNAUTH,
Sales Order TRAN_SALESORD, Transfer Order TRAN_TRNFRORD
"""
"""Those that have every level."""
_KNOWN: Final = (
    *(Permission(name, key, (PermissionLevel.FULL,), feature) for name, key, feature in _OF_LOGINS),
    *(Permission(name, key, levels) for name, key, levels in _WITH_FEWER_LEVELS),
    *(
        Permission(name, key, tuple(PermissionLevel))
        for name, _, key in (row.strip().rpartition(" ") for row in _OF_RECORDS.split(","))
    ),
)
PERMISSIONS: Final[Mapping[str, Permission]] = {p.name: p for p in _KNOWN}
"""Every permission that is known here, by its name."""
BY_KEY: Final[Mapping[str, Permission]] = {p.key: p for p in _KNOWN}

_WITH_LEVEL: Final = re.compile(
    rf"(?P<name>.+) \((?P<level>{'|'.join(level.word for level in PermissionLevel)})\)"
)
_SHOWN: Final = 80
"""Characters of a name that is not known; NetSuite's longest have about 60."""


def plain_name(declared: str) -> str:
    """Strip the level from an entry of `role.permissions`: `Customers (View)`."""
    found = _WITH_LEVEL.fullmatch(declared)
    return found["name"] if found else declared


def grant(text: str) -> PermissionGrant:
    """Parse one entry of `role.permissions`: `REST Web Services`; with more than one level `Customers (View)`.

    Raises:
        SpecError: The name is unknown, or the level is missing, superfluous or not one of its levels.
    """
    found = _WITH_LEVEL.fullmatch(text)
    permission = _known(found["name"] if found else text)
    several = "write one of " + ", ".join(
        f"`{permission.name} ({level.word})`" for level in permission.levels
    )
    if found is None and len(permission.levels) > 1:
        raise SpecError(f"`{text}` has several levels", several)
    if found is None:
        return PermissionGrant(permission, permission.levels[0])
    level = PermissionLevel(found["level"].upper())
    if len(permission.levels) == 1:
        alone = f"write it alone: `{permission.name}`"
        raise SpecError(f"`{permission.name}` has one level", alone)
    if level not in permission.levels:
        raise SpecError(f"`{permission.name}` has no level {level.word}", several)
    return PermissionGrant(permission, level)


def _known(name: str) -> Permission:
    """Return the permission of exactly that name, because the diagnosis compares it as well."""
    if name in PERMISSIONS:
        return PERMISSIONS[name]
    remedy = (
        did_you_mean(name, PERMISSIONS, cutoff=0.7)
        or "write its name as NetSuite shows it; docs/roles.md lists those that are known here"
    )
    harmless = len(name) <= _SHOWN and name.isprintable() and not looks_secret(name)
    shown = f"`{name}`" if harmless else "(not shown: it may be a secret)"
    raise SpecError(f"unknown permission {shown}", remedy)
