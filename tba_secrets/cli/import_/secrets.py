"""Find the credentials in a store that can be taken over, and say why the others cannot. Nothing is written.

Keys are recognised by name; nothing is guessed from a value. Spellings: PyPI `netsuite` (`token_id`) and
`netsuitesdk` (`token_key`), npm `nsrestlet` (`accountId`, `tokenKey`), npm `netsuite-api-client` (`realm`,
`token`, `consumer_secret_key`), netsuite-php (NETSUITE_TOKEN, NETSUITE_ACCOUNT).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from tba_secrets.cli.exits import Exit
from tba_secrets.errors import AccountIdError, NotOursError, StoreError, TbaError
from tba_secrets.lifecycle.act import admit
from tba_secrets.lifecycle.facts import Remembered
from tba_secrets.netsuite.account import realm
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.payload import parse
from tba_secrets.places import Place, places_in
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.looks_secret import shown_key
from tba_secrets.spec.model import Format, Stores
from tba_secrets.stores import open_stores
from tba_secrets.stores.interface import Snapshot, Stage

_AT_ONCE: Final = 8
SPELLINGS: Final[Mapping[str, frozenset[str]]] = {
    "account": frozenset({"account", "accountid", "realm"}),
    "consumer_key": frozenset({"consumerkey"}),
    "consumer_secret": frozenset({"consumersecret", "consumersecretkey"}),
    "token_id": frozenset({"tokenid", "tokenkey", "token", "accesstoken"}),
    "token_secret": frozenset({"tokensecret", "accesstokensecret"}),
}
"""The known spellings of each part, in lower case and without punctuation."""
_KEY_PREFIX: Final = re.compile(r"^(netsuite|ns|tba|oauth)")
"""What may precede a spelling, as in NETSUITE_CONSUMER_KEY."""
_VISIBLE_ASCII: Final = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class RecognisedCredential:
    """A credential in a secret's text."""

    credential: TbaCredential
    """Its account is the declared one."""
    names: Format
    rewritten: str
    """Why `pulumi up` has to rewrite the secret; empty if it takes it over unchanged."""


@dataclass(frozen=True)
class Importable:
    """A secret that can be taken over."""

    name: str
    """The secret's name under the prefix."""
    place: Place
    location: str
    """The ARN, or mount and path."""
    recognised: RecognisedCredential


@dataclass(frozen=True)
class NotImportable:
    """A secret that cannot be taken over."""

    place: Place
    error: TbaError
    exit: Exit = Exit.FAILED


def look(stores: Stores, names: Iterable[str], account: str) -> list[Importable | NotImportable]:
    """Read the current versions, several secrets at a time; names are under the one store's prefix.

    They must belong to the account, which is in realm form.
    """
    opened = open_stores(stores)

    def examine(name: str) -> Importable | NotImportable:
        (place,) = places_in(opened, stores, name, adopt=True).values()
        try:
            return _importable(name, place, account)
        except TbaError as error:
            return NotImportable(place, error)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(examine, names))


def recognise(value: Sensitive, account: str, where: str) -> RecognisedCredential:
    """Find the five parts of a credential in a secret's text; the account it must belong to is in realm form.

    Raises:
        StoreError: It is not a TBA credential, lacks a part other than the account, has two keys for one
            part, or belongs to another account. The message names keys, never a value.
    """
    texts = _texts(value)
    if texts is None:
        raise StoreError(f"{where} holds no TBA credential: its text is not a JSON object")
    names = _names(texts, where)
    if not_text := [key for key, text in texts.items() if text is None]:
        raise StoreError(
            f"{where}: the value of {_listed(not_text)} is not text, but `pulumi up` needs a flat object of strings",
            "store it as a JSON string, then run the command again",
        )
    credential = parse(value, names, where, account)
    _refuse_unusable(credential, names, where)
    _refuse_other_account(credential.account, account, where)
    extra = [key for key in texts if key not in names.model_dump().values()]
    added = "" if names.account in texts else f"with its account, under `{names.account}`"
    dropped = f"without {_listed(extra)}" if extra else ""
    spelled = f"its account as {account}" if credential.account != account else ""
    ours = TbaCredential(account, *credential.secrets)
    return RecognisedCredential(ours, names, ", ".join(filter(None, (added, dropped, spelled))))


def _importable(name: str, place: Place, account: str) -> Importable:
    snapshot = place.store.describe(place.name)
    if snapshot is None:
        raise StoreError(f"{place} does not exist", "correct its name")
    _refuse_managed(place, snapshot)
    stored = place.store.read(place.name, Stage.CURRENT)
    if stored is None:
        raise StoreError(f"{place} has no current version")
    return Importable(name, place, snapshot.location, recognise(stored.value, account, str(place)))


def _refuse_managed(place: Place, snapshot: Snapshot) -> None:
    """Refuse a secret that is already managed: `adopt: true` would disable this check in `pulumi up`."""
    admit(place, snapshot, Remembered())
    if (owner := snapshot.owner) is not None:
        raise NotOursError(
            f"{place} is already managed: it is marked as {owner.record} of the stack {owner.stack}",
            "leave it there; or remove it from that stack, and declare it here by hand with `adopt: true`",
        )
    if snapshot.foreign_candidate:
        raise NotOursError(
            f"{place} has a pending version: another rotation is in progress, or was left unfinished",
            "let it finish, or remove the pending label from that version, then run the command again",
        )


def _texts(value: Sensitive) -> dict[str, Sensitive | None] | None:
    """Wrap the object's values; None stands for a value that is not text, or for no object at all."""
    try:
        content = json.loads(value.reveal())
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    return {
        key: Sensitive(held) if isinstance(held, str) else None for key, held in content.items()
    }


def _names(keys: Iterable[str], where: str) -> Format:
    found = {part: [key for key in keys if _means(key, part)] for part in SPELLINGS}
    missing = [part for part, fitting in found.items() if not fitting]
    if len(missing) >= len(SPELLINGS) - 1:  # many other secrets have an account or a token, too
        raise StoreError(f"{where} holds no TBA credential: it has other keys")
    if set(missing) - {"account"}:
        raise StoreError(
            f"{where} lacks {', '.join(missing)}, or has it under an unknown key",
            "store the whole credential in one secret, then run the command again (docs/importing.md lists the keys)",
        )
    for part, fitting in found.items():
        if len(fitting) > 1:
            raise StoreError(
                f"{where}: {_listed(fitting)} could each be its {part}",
                "remove one of them, or declare the secret by hand with format: and adopt: true",
            )
    taken = {part: fitting[0] for part, fitting in found.items() if fitting}
    return Format.model_construct(None, **{**Format().model_dump(), **taken})


def _means(key: str, part: str) -> bool:
    word = "".join(character for character in key.lower() if character.isalnum())
    return word in SPELLINGS[part] or _KEY_PREFIX.sub("", word) in SPELLINGS[part]


def _refuse_unusable(credential: TbaCredential, names: Format, where: str) -> None:
    keys = (names.consumer_key, names.consumer_secret, names.token_id, names.token_secret)
    for key, secret in zip(keys, credential.secrets, strict=True):
        if not _VISIBLE_ASCII.fullmatch(secret.reveal()):
            raise StoreError(
                f"{where}: the value of {shown_key(key)} is empty, or holds white space or characters that are not "
                "printable ASCII: it cannot sign",
                "store the value as NetSuite showed it, then run the command again",
            )


def _refuse_other_account(found: str, account: str, where: str) -> None:
    try:
        spelled = realm(found)
    except AccountIdError:
        raise StoreError(f"{where}: its account is not an account id") from None
    if spelled != account:
        raise StoreError(
            f"{where} belongs to the account {spelled}, not to {account}",
            "import it into the environment of its own account",
        )


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(map(shown_key, keys))
