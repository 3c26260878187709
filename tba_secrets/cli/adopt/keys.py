"""A stored text -> the credential in it, and under which JSON keys it is: recognised by name, never guessed by value.

Spellings: PyPI `netsuite` (`token_id`) and `netsuitesdk` (`token_key`), npm `nsrestlet` (`accountId`, `tokenKey`),
npm `netsuite-api-client` (`realm`, `token`, `consumer_secret_key`), netsuite-php (NETSUITE_TOKEN, NETSUITE_ACCOUNT).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from tba_secrets.errors import AccountIdError, StoreError
from tba_secrets.netsuite.account import realm
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.payload import parse
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.model import Format
from tba_secrets.spec.suspicion import shown_key

SPELLINGS: Final[Mapping[str, frozenset[str]]] = {
    "account": frozenset({"account", "accountid", "realm"}),
    "consumer_key": frozenset({"consumerkey"}),
    "consumer_secret": frozenset({"consumersecret", "consumersecretkey"}),
    "token_id": frozenset({"tokenid", "tokenkey", "token", "accesstoken"}),
    "token_secret": frozenset({"tokensecret", "accesstokensecret"}),
}
"""Each part by the words for it, in lower case and without signs."""
_BEFORE: Final = re.compile(r"^(netsuite|ns|tba|oauth)")
"""What may stand before a word: NETSUITE_CONSUMER_KEY."""
_VISIBLE_ASCII: Final = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Recognised:
    """A credential as a secret holds it."""

    credential: TbaCredential
    """Its account is the declared one."""
    names: Format
    rewritten: str
    """Why `pulumi up` has to write it once more; empty where it takes it over as it is."""


def recognise(value: Sensitive, account: str, where: str) -> Recognised:
    """Find the five parts.

    Args:
        value: What the store gave.
        account: The account that it must be for, in realm form.
        where: The secret, for messages.

    Raises:
        StoreError: It is no TBA credential, lacks a part other than the account, has two keys for one, or is of another
            account: which, never a value.
    """
    texts = _texts(value)
    if texts is None:
        raise StoreError(f"{where} holds no TBA credential: its text is no JSON object")
    names = _names(texts, where)
    if no_text := [key for key, text in texts.items() if text is None]:
        raise StoreError(
            f"{where}: what is stored under {_listed(no_text)} is no text, and `pulumi up` takes flat objects of "
            "strings",
            "store it as a JSON string, and run it again",
        )
    credential = parse(value, names, where, account)
    _refuse_unusable(credential, names, where)
    _refuse_other_account(credential.account, account, where)
    extra = [key for key in texts if key not in names.model_dump().values()]
    added = "" if names.account in texts else f"with its account, under `{names.account}`"
    dropped = f"without {_listed(extra)}" if extra else ""
    spelled = f"its account as {account}" if credential.account != account else ""
    mine = TbaCredential(account, *credential.secrets)
    return Recognised(mine, names, ", ".join(filter(None, (added, dropped, spelled))))


def _texts(value: Sensitive) -> dict[str, Sensitive | None] | None:
    """The object's values, wrapped; None for one that is no text, and for a text that is no object."""
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
    if len(missing) >= len(SPELLINGS) - 1:  # an account, or a token, is in many a secret
        raise StoreError(f"{where} holds no TBA credential: its keys are other ones")
    if set(missing) - {"account"}:
        raise StoreError(
            f"{where} lacks {', '.join(missing)}, or has it under a key that is not known here",
            "store the whole credential in one secret, then run it again (docs/importing.md lists the keys)",
        )
    for part, fitting in found.items():
        if len(fitting) > 1:
            raise StoreError(
                f"{where}: {_listed(fitting)} could each be its {part}",
                "take one of them out, or declare the secret by hand with format: and adopt: true",
            )
    taken = {part: fitting[0] for part, fitting in found.items() if fitting}
    return Format.model_construct(None, **{**Format().model_dump(), **taken})


def _means(key: str, part: str) -> bool:
    word = "".join(character for character in key.lower() if character.isalnum())
    return word in SPELLINGS[part] or _BEFORE.sub("", word) in SPELLINGS[part]


def _refuse_unusable(credential: TbaCredential, names: Format, where: str) -> None:
    keys = (names.consumer_key, names.consumer_secret, names.token_id, names.token_secret)
    for key, secret in zip(keys, credential.secrets, strict=True):
        if not _VISIBLE_ASCII.fullmatch(secret.reveal()):
            raise StoreError(
                f"{where}: what is stored under {shown_key(key)} is empty, or holds white space or characters that "
                "are not printable ASCII: it cannot be signed with",
                "store the value as NetSuite showed it, and run it again",
            )


def _refuse_other_account(found: str, account: str, where: str) -> None:
    try:
        spelled = realm(found)
    except AccountIdError:
        raise StoreError(f"{where}: what it holds as its account is no account id") from None
    if spelled != account:
        raise StoreError(
            f"{where} is of the account {spelled}, and not of {account}",
            "take it over into the environment of its account",
        )


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(map(shown_key, keys))
