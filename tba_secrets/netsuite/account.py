"""Account ids and the addresses that follow from them.

Two spellings of one id (Oracle help, "URLs for Account-Specific Domains" and "The Authorization Headers"): the realm is
upper case with an underscore (`1234567_SB1`), the host label lower case with a hyphen (`1234567-sb1`). A lower-case
realm is the most reported cause of "Invalid login attempt" (GitHub netsuitephp/netsuite-php #121).
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from tba_secrets.errors import AccountIdError

_ACCOUNT: Final = re.compile(r"[A-Z0-9]{1,40}(_[A-Z]{1,10}[0-9]{0,4})?")


class Service(Enum):
    """The hosts of one account; the value is what stands between the account's label and `netsuite.com`."""

    SUITETALK = "suitetalk.api"
    """REST web services and SOAP web services."""
    RESTLETS = "restlets.api"
    """RESTlets, and the token services under `/rest/`."""
    APP = "app"
    """The user interface, and the consent page of the authorization flow."""


def realm(account: str) -> str:
    """Return an account id, in either spelling, as the OAuth realm and the SOAP `account` spell it.

    Raises:
        AccountIdError: It is no account id. It becomes part of a host name, so nothing else is let through.
    """
    spelled = account.strip().upper().replace("-", "_")
    if _ACCOUNT.fullmatch(spelled) is None:
        raise AccountIdError(
            "the account id has letters or signs that no NetSuite account id has",
            "write it as under Setup > Company > Company Information, for example 1234567_SB1",
        )
    return spelled


def read_realm(text: str) -> str | None:
    """Return an account id in realm form; None if it cannot be one."""
    try:
        return realm(text)
    except AccountIdError:
        return None


def base_url(account: str, service: Service, endpoint: str | None = None) -> str:
    """Where a service of the account is, without a trailing slash.

    `endpoint` is one address for all services instead (a simulator, a proxy): Oracle asks that the address can be
    configured ("Company URLs" subtab).

    Raises:
        AccountIdError: The account id is malformed.
    """
    label = realm(account).lower().replace("_", "-")
    if endpoint is not None:
        return endpoint.rstrip("/")
    return f"https://{label}.{service.value}.netsuite.com"


_OWN_HOST: Final = re.compile(
    r"([a-z0-9][a-z0-9-]*)\.(suitetalk\.api|restlets\.api|app)\.netsuite\.com"
)


def of_host(host: str) -> tuple[str, Service] | None:
    """Return the account (in realm form) and the service that a host name belongs to; None for any other host.

    `system.netsuite.com` and its like belong to no account.
    """
    found = _OWN_HOST.fullmatch(host.lower())
    if found is None or not any(ch.isdecimal() for ch in found[1]):
        return None
    return realm(found[1]), Service(found[2])
