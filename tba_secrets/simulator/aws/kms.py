"""The account's KMS keys, as far as Secrets Manager is concerned."""

from __future__ import annotations

from collections.abc import Iterable

from tba_secrets.simulator.aws.errors import DecryptionFailure, EncryptionFailure
from tba_secrets.simulator.aws.state import DEFAULT_KEY


class KeyRing:
    """The known keys (ids, ARNs or aliases as requests name them) and which are disabled.

    The API text gives no code for a missing key; EncryptionFailure has the fitting meaning ("Check
    that the KMS key is available, enabled").
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._enabled = {DEFAULT_KEY: True, **dict.fromkeys(known, True)}

    def add(self, key_id: str) -> None:
        """Make a key known and enabled."""
        self._enabled[key_id] = True

    def disable(self, key_id: str) -> None:
        """Disable a key: what it encrypted stays, but can be neither read nor written."""
        self._enabled[key_id] = False

    def for_encryption(self, key_id: str | None) -> str:
        """Return the key to encrypt with; the AWS managed key by default.

        Raises:
            EncryptionFailure: Unknown or disabled.
        """
        name = key_id or DEFAULT_KEY
        if not self._enabled.get(name, False):
            raise EncryptionFailure
        return name

    def check_decryption(self, key_id: str) -> None:
        """Check that a value encrypted with the key can be read.

        Raises:
            DecryptionFailure: The key is unknown or disabled.
        """
        if not self._enabled.get(key_id, False):
            raise DecryptionFailure
