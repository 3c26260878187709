"""What a store holds: the text of a flat JSON object of strings, under the names that the consumer expects.

One canonical text for one content, so that bytes can be compared and fingerprinted. Text that others wrote is compared
by content, not by its white space or the order of its keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Final, overload

from tba_secrets.errors import StoreError
from tba_secrets.netsuite.credential import Credential, TbaCredential
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.model import CertificateFormat, Format

Names = Format | CertificateFormat
"""Under which keys a credential is stored; the kind of names is the kind of credential."""
AnyCredential = TbaCredential | OAuth2Credential
"""What a store may hold."""
_MEND: Final = "store the credential anew with `tba rotate`, or name another secret"


def render(credential: Credential, names: Names) -> Sensitive:
    """Return the canonical text to store: compact JSON, keys sorted, UTF-8 kept as it is."""
    fields, keys = credential.fields, names.model_dump()
    content = {key: fields[field].reveal() for field, key in keys.items()}
    return Sensitive(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


@overload
def parse(
    value: Sensitive, names: Format, where: str, account: str | None = None
) -> TbaCredential: ...
@overload
def parse(
    value: Sensitive, names: CertificateFormat, where: str, account: str | None = None
) -> OAuth2Credential: ...
@overload
def parse(
    value: Sensitive, names: Names, where: str, account: str | None = None
) -> AnyCredential: ...
def parse(value: Sensitive, names: Names, where: str, account: str | None = None) -> AnyCredential:
    """Return the credential in a stored text.

    `where` names the secret in messages. The account is that of an object that does not say its own, None if it has to.

    Raises:
        StoreError: It is no flat JSON object of strings, a key is missing, or a value has not its form: which, never
            the value.
    """
    content = _flat(value)
    if content is None:
        raise StoreError(
            f"{where}: what is stored is not a flat JSON object of strings",
            "store a credential there by giving its source a value, or name another secret",
        )
    if account is not None:
        content.setdefault(names.account, Sensitive(account))
    keys = names.model_dump()
    if missing := sorted(set(keys.values()) - content.keys()):
        raise StoreError(
            f"{where}: the stored object lacks {', '.join(missing)}",
            "declare the keys that it uses under format:, or name another secret",
        )
    fields = {field: content[key] for field, key in keys.items()}
    if isinstance(names, CertificateFormat):
        return _oauth2(fields, names, where)
    account = fields.pop("account").reveal()
    return TbaCredential(account, **fields)


def parse_either(value: Sensitive, names: Names, where: str) -> AnyCredential:
    """Return the credential in a stored text, of the kind that it holds. Raises as `parse` does.

    The names of one kind serve where the text holds the other in its usual form.
    """
    usual = CertificateFormat()
    if set(usual.model_dump().values()) <= (_flat(value) or {}).keys():
        return parse(value, usual, where)
    return parse(value, names, where)


def _oauth2(
    fields: Mapping[str, Sensitive], names: CertificateFormat, where: str
) -> OAuth2Credential:
    secret = ("private_key", "client_id")
    words = {field: held.reveal() for field, held in fields.items() if field not in secret}
    scopes = tuple(word for word in words["scopes"].replace(" ", ",").split(",") if word)
    if not scopes:
        raise StoreError(f"{where}: the stored `{names.scopes}` names no scope", _MEND)
    return OAuth2Credential(
        account=words["account"],
        client_id=fields["client_id"],
        certificate_id=words["certificate_id"],
        private_key=fields["private_key"],
        certificate=words["certificate"],
        algorithm=words["algorithm"],
        scopes=scopes,
        token_endpoint=words["token_endpoint"],
        valid_until=_day(words["valid_until"], f"{where}: the stored `{names.valid_until}`"),
    )


def same_content(one: Sensitive, other: Sensitive) -> bool:
    """Return whether two stored texts hold the same object."""
    return one == other or ((content := _flat(one)) is not None and content == _flat(other))


def _day(text: str, what: str) -> date | None:
    """Return a day; an empty text is not known."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        pass
    raise StoreError(f"{what} is no day in the form YYYY-MM-DD", _MEND)


def _flat(value: Sensitive) -> dict[str, Sensitive] | None:
    """Return the object in a text, its values wrapped: a traceback that shows local variables shows none of them."""
    try:
        content = json.loads(value.reveal())
        if not isinstance(content, dict):
            return None
        for text in (*content, *content.values()):
            if not isinstance(text, str):
                return None
            text.encode()  # JSON can spell half of a surrogate pair, which no text has
    except (ValueError, RecursionError):
        return None
    return {key: Sensitive(held) for key, held in content.items()}
