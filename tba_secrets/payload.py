"""What a store holds: the text of a flat JSON object of strings, under the names that the consumer expects.

One canonical text for one content, so that bytes can be compared and fingerprinted. Text that others wrote is compared
by content, not by its white space or the order of its keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from tba_secrets.errors import StoreError
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.model import CertificateFormat, Format


def render(credential: TbaCredential, names: Format) -> Sensitive:
    """Return the canonical text to store: compact JSON, keys sorted, UTF-8 kept as it is."""
    content = {
        names.account: credential.account,
        names.consumer_key: credential.consumer_key.reveal(),
        names.consumer_secret: credential.consumer_secret.reveal(),
        names.token_id: credential.token_id.reveal(),
        names.token_secret: credential.token_secret.reveal(),
    }
    return _canonical(content)


def render_oauth2(credential: OAuth2Credential, names: CertificateFormat) -> Sensitive:
    """Return the canonical text to store of an OAuth 2.0 credential, in the form of `render`."""
    until = credential.valid_until
    content = {
        names.account: credential.account,
        names.client_id: credential.client_id.reveal(),
        names.certificate_id: credential.certificate_id,
        names.private_key: credential.private_key.reveal(),
        names.algorithm: credential.algorithm,
        names.scopes: ",".join(credential.scopes),
        names.token_endpoint: credential.token_endpoint,
        names.valid_until: until.isoformat() if until is not None else "",
    }
    return _canonical(content)


def parse(value: Sensitive, names: Format, where: str, account: str | None = None) -> TbaCredential:
    """Return the credential in a stored text.

    Args:
        value: What the store gave.
        names: Under which keys to look.
        where: The secret, for messages.
        account: Whose it is where the object does not say; None where it has to.

    Raises:
        StoreError: It is no flat JSON object of strings, or a key is missing: which, never the value.
    """
    content = _object(value, where)
    if account is not None:
        content.setdefault(names.account, Sensitive(account))
    _require(content, names.model_dump().values(), where)
    return TbaCredential(
        account=content[names.account].reveal(),
        consumer_key=content[names.consumer_key],
        consumer_secret=content[names.consumer_secret],
        token_id=content[names.token_id],
        token_secret=content[names.token_secret],
    )


def parse_oauth2(value: Sensitive, names: CertificateFormat, where: str) -> OAuth2Credential:
    """Return the OAuth 2.0 credential in a stored text.

    Args:
        value: What the store gave.
        names: Under which keys to look.
        where: The secret, for messages.

    Raises:
        StoreError: It is no flat JSON object of strings, a key is missing, or a value has not its form: which, never
            the value.
    """
    content = _object(value, where)
    _require(content, names.model_dump().values(), where)

    def text(key: str) -> str:
        return content[key].reveal()

    scopes = tuple(word for word in text(names.scopes).replace(" ", ",").split(",") if word)
    if not scopes:
        raise StoreError(f"{where}: the stored `{names.scopes}` names no scope", _MEND)
    return OAuth2Credential(
        account=text(names.account),
        client_id=content[names.client_id],
        certificate_id=text(names.certificate_id),
        private_key=content[names.private_key],
        algorithm=text(names.algorithm),
        scopes=scopes,
        token_endpoint=text(names.token_endpoint),
        valid_until=_day(text(names.valid_until), f"{where}: the stored `{names.valid_until}`"),
    )


def parse_either(
    value: Sensitive, names: Format | CertificateFormat, where: str
) -> TbaCredential | OAuth2Credential:
    """Return the credential in a stored text, of the kind that it holds. Raises as `parse` does.

    Args:
        value: What the store gave.
        names: Under which keys to look; those of one kind serve where the text holds the other in its usual form.
        where: The secret, for messages.
    """
    usual = CertificateFormat()
    if isinstance(names, CertificateFormat):
        return parse_oauth2(value, names, where)
    if set(usual.model_dump().values()) <= (_flat(value) or {}).keys():
        return parse_oauth2(value, usual, where)
    return parse(value, names, where)


_MEND: Final = "store the credential anew with `tba rotate`, or name another secret"


def same_content(one: Sensitive, other: Sensitive) -> bool:
    """Whether two stored texts hold the same object."""
    return one == other or ((content := _flat(one)) is not None and content == _flat(other))


def _canonical(content: dict[str, str]) -> Sensitive:
    return Sensitive(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def _object(value: Sensitive, where: str) -> dict[str, Sensitive]:
    content = _flat(value)
    if content is None:
        raise StoreError(
            f"{where}: what is stored is not a flat JSON object of strings",
            "store a credential there by giving its source a value, or name another secret",
        )
    return content


def _require(content: Mapping[str, Sensitive], keys: Iterable[str], where: str) -> None:
    if missing := sorted(set(keys) - content.keys()):
        raise StoreError(
            f"{where}: the stored object lacks {', '.join(missing)}",
            "declare the keys that it uses under format:, or name another secret",
        )


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
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not all(isinstance(held, str) for held in content.values()):
        return None
    return {key: Sensitive(held) for key, held in content.items()}
