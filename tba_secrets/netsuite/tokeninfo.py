"""Reading `/rest/tokeninfo`: who a token is.

Oracle help, "Token-based Authentication (TBA) Token Services", names what is returned (company name and id, role name
and id, entity id), not how the keys are spelled. Inferred from Oracle's own SuiteCloud CLI: `companyId`, `roleName`.
So spellings are read tolerantly, and what cannot be read is None: not proven.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from tba_secrets.errors import AccountIdError
from tba_secrets.netsuite import account as accounts

_ACCOUNT: Final = frozenset({"companyid", "accountid", "company", "account"})
_ROLE_NAME: Final = frozenset({"rolename", "role"})
_ROLE_ID: Final = frozenset({"roleid", "roleinternalid", "role"})
_ENTITY: Final = frozenset({"entityid", "entityinternalid", "entity", "userid", "userinternalid"})


@dataclass(frozen=True)
class TokenInfo:
    """Whose token it is; None for what the answer does not say in a way known here."""

    account: str | None
    role_name: str | None
    role_id: str | None
    entity: str | None

    @classmethod
    def read(cls, body: Any) -> TokenInfo:
        """From parsed JSON of any shape."""
        said = list(_flat(body)) if isinstance(body, dict) else []
        return cls(
            account=_only(_realm(value) for key, value in said if key in _ACCOUNT),
            role_name=_only(
                v for k, v in said if k in _ROLE_NAME and not (k == "role" and _is_id(v))
            ),
            role_id=_only(v for k, v in said if k in _ROLE_ID and _is_id(v)),
            entity=_only(v for k, v in said if k in _ENTITY and _is_id(v)),
        )


NOTHING_READ: Final = TokenInfo(None, None, None, None)


def _flat(body: dict[str, Any], parent: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """`{"role": {"id": 3}}` as `roleid`: `3`; keys without case and signs."""
    for key, value in body.items():
        name = parent + "".join(ch for ch in key.lower() if ch.isalnum())
        if isinstance(value, dict) and depth < 2:
            yield from _flat(value, name, depth + 1)
        elif isinstance(value, (str, int)) and not isinstance(value, bool) and str(value).strip():
            yield name, str(value).strip()


def _only(values: Iterable[str | None]) -> str | None:
    """The one value that all spellings agree on; two that differ prove nothing."""
    known = {value for value in values if value is not None}
    return known.pop() if len(known) == 1 else None


def _realm(value: str) -> str | None:
    """The account id; None for a name: every account id has digits in it."""
    try:
        return accounts.realm(value) if any(ch.isdecimal() for ch in value) else None
    except AccountIdError:
        return None


def _is_id(value: str) -> bool:
    return value.lstrip("-").isdecimal()
