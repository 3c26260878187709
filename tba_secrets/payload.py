"""What a store holds: the text of a flat JSON object of strings, under the names that the consumer expects.

One canonical text for one content, so that bytes can be compared and fingerprinted. Text that others wrote is compared
by content, not by its white space or the order of its keys.
"""

from __future__ import annotations

import json

from tba_secrets.errors import StoreError
from tba_secrets.netsuite.credential import Credential, TbaCredential
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.model import Format


def render(credential: Credential, names: Format) -> Sensitive:
    """Return the canonical text to store: compact JSON, keys sorted, UTF-8 kept as it is.

    Args:
        credential: What is to be stored.
        names: Under which keys, by field name.
    """
    fields, keys = credential.fields, names.model_dump()
    content = {key: fields[field].reveal() for field, key in keys.items()}
    return Sensitive(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


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
    content = _flat(value)
    if content is None:
        raise StoreError(
            f"{where}: what is stored is not a flat JSON object of strings",
            "store a credential there by giving its source a value, or name another secret",
        )
    if account is not None:
        content.setdefault(names.account, Sensitive(account))
    missing = sorted(set(names.model_dump().values()) - content.keys())
    if missing:
        raise StoreError(
            f"{where}: the stored object lacks {', '.join(missing)}",
            "declare the keys that it uses under format:, or name another secret",
        )
    return TbaCredential(
        account=content[names.account].reveal(),
        consumer_key=content[names.consumer_key],
        consumer_secret=content[names.consumer_secret],
        token_id=content[names.token_id],
        token_secret=content[names.token_secret],
    )


def same_content(one: Sensitive, other: Sensitive) -> bool:
    """Whether two stored texts hold the same object."""
    return one == other or ((content := _flat(one)) is not None and content == _flat(other))


def _flat(value: Sensitive) -> dict[str, Sensitive] | None:
    """Return the object in a text, its values wrapped: a traceback that shows local variables shows none of them."""
    try:
        content = json.loads(value.reveal())
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not all(isinstance(held, str) for held in content.values()):
        return None
    return {key: Sensitive(held) for key, held in content.items()}
