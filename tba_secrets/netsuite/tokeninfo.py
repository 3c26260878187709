"""Reading `/rest/tokeninfo`: who a token is.

Oracle help, "Token-based Authentication (TBA) Token Services", names what is returned (company name and id, role name
and id, entity id), not how the keys are spelled. Inferred from Oracle's own SuiteCloud CLI: `companyId`, `roleName`.
So spellings are read tolerantly, and what cannot be read is None: not proven. An answer that contradicts itself proves
nothing at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from tba_secrets.netsuite import account as accounts

_ACCOUNT: Final = frozenset({"companyid", "accountid", "company", "account"})
_NAMES_TOO: Final = frozenset({"company", "account"})
"""Keys under which a company's name may stand as well, and a name may look like an id: ACME2."""
_SURELY_AN_ACCOUNT: Final = re.compile(r"(TSTDRV|TD)?[0-9]+(_[A-Z]+[0-9]*)?")
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

    contradictory: str | None = None
    """Which of `account`, `role` and `user` has two values in the answer; None if it is consistent."""

    @classmethod
    def parse(cls, text: str) -> TokenInfo:
        """Parse the text of an answer; a key that is there twice is seen."""
        return cls.read(json.loads(text, object_pairs_hook=_Pairs))

    @classmethod
    def read(cls, body: Any) -> TokenInfo:
        """Read parsed JSON of any shape."""
        said = list(_flat(body))
        accounts_said = {_account(key, value) for key, value in said if key in _ACCOUNT} - {None}
        role_ids = {v for k, v in said if k in _ROLE_ID and _is_id(v)}
        differ = {
            "account": len(accounts_said) > 1 or _twice(said, _ACCOUNT - _NAMES_TOO),
            "role": len(role_ids) > 1 or _twice(said, _ROLE_NAME | _ROLE_ID),
            "user": _twice(said, _ENTITY),
        }
        return cls(
            account=_only(accounts_said),
            role_name=_only(
                v for k, v in said if k in _ROLE_NAME and not (k == "role" and _is_id(v))
            ),
            role_id=_only(role_ids),
            entity=_only(v for k, v in said if k in _ENTITY and _is_id(v)),
            contradictory=next((aspect for aspect, holds in differ.items() if holds), None),
        )


NOTHING_READ: Final = TokenInfo(None, None, None, None)


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with all of its keys, those that are there twice included."""


def _flat(body: Any, parent: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Flatten JSON: `{"role": {"id": 3}}` gives `roleid`, `3`; keys in lower case, letters and digits only."""
    if isinstance(body, dict):
        body = _Pairs(body.items())
    if not isinstance(body, _Pairs):
        return
    for key, value in body:
        name = parent + "".join(ch for ch in key.lower() if ch.isalnum())
        if isinstance(value, (dict, _Pairs)) and depth < 2:
            yield from _flat(value, name, depth + 1)
        elif isinstance(value, (str, int)) and not isinstance(value, bool) and str(value).strip():
            yield name, str(value).strip()


def _only(values: Iterable[str | None]) -> str | None:
    known = {value for value in values if value is not None}
    return known.pop() if len(known) == 1 else None


def _twice(said: Iterable[tuple[str, str]], keys: frozenset[str]) -> bool:
    values: dict[str, set[str]] = {}
    for key, value in said:
        if key in keys:
            values.setdefault(key, set()).add(_realm(value) or value)
    return any(len(different) > 1 for different in values.values())


def _account(key: str, value: str) -> str | None:
    account = _realm(value)
    if account is None or key not in _NAMES_TOO:
        return account
    return account if _SURELY_AN_ACCOUNT.fullmatch(account) is not None else None


def _realm(value: str) -> str | None:
    """Return the account id; None for a name: every account id has digits in it."""
    return accounts.read_realm(value) if any(ch.isdecimal() for ch in value) else None


def _is_id(value: str) -> bool:
    return value.lstrip("-").isdecimal()
