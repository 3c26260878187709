"""The calls of a KV version 2 mount (Vault API, "KV secrets engine - version 2"), each by what it means here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tba_secrets.errors import StoreError
from tba_secrets.sensitive import Sensitive
from tba_secrets.stores.failures import Outcome, StoreFailure, allowing
from tba_secrets.stores.vault.client import VaultClient
from tba_secrets.stores.vault.secret import KvPath, KvSecret, KvVersion, described, kv_version

_LOST_OR_MOVED: Final = (Outcome.UNKNOWN, Outcome.MISMATCH)


@dataclass(frozen=True)
class KvValue:
    """One version with its value."""

    version: KvVersion
    value: Sensitive | None
    """Canonical JSON text; None if the version is deleted or destroyed."""
    custom: Mapping[str, str]


class KvV2:
    """One mount."""

    def __init__(self, client: VaultClient) -> None:
        self.client = client
        self._mount = client.settings.mount

    def look(self, path: KvPath) -> KvSecret | None:
        """Look at a path without its values; None if it is absent."""
        with allowing(Outcome.ABSENT):
            answer = self.client.call("GET", self._at("metadata", path))
            return described(answer.data, answer.date)
        return None

    def read(self, path: KvPath, number: int | None = None) -> KvValue | None:
        """Read the newest version, or the one of a number; None if there is none."""
        query = None if number is None else {"version": str(number)}
        answer = self.client.call("GET", self._at("data", path), query=query, expected=(404,))
        told = answer.data.get("metadata")
        if not told:
            return None
        data = answer.data.get("data")
        return KvValue(
            version=kv_version(int(told["version"]), told),
            value=None if data is None else text_of(data),
            custom=told.get("custom_metadata") or {},
        )

    def write(self, path: KvPath, value: Sensitive, cas: int) -> KvVersion:
        """Write a version if number `cas` is the newest; else nothing is written, and the outcome is MISMATCH.

        A lost reply is not believed either way: it is read back.
        """
        body = {"data": data_of(value), "options": {"cas": cas}}
        for last in (False, True):
            try:
                answer = self.client.call("POST", self._at("data", path), body, repeatable=False)
                return kv_version(int(answer.data["version"]), answer.data)
            except StoreFailure as failure:
                if failure.outcome not in _LOST_OR_MOVED and not last:
                    raise
                if (written := self._read_back(path, value, cas)) is not None:
                    return written
                # A lost write may still be on its way: sent again with the same number, only one of the two is done.
                if last or failure.outcome is Outcome.MISMATCH:
                    raise
        raise AssertionError("the second try returns or raises")

    def annotate(self, path: KvPath, changes: Mapping[str, str | None]) -> None:
        """Merge into custom_metadata: what is not named stays, and None takes a key away. The path must exist.

        There is no way round a missing `patch`: reading, merging and writing the whole has no check-and-set, and
        would undo what another run has just written, such as a line of the journal.
        """
        if changes:
            body = {"custom_metadata": dict(changes)}
            self.client.call("PATCH", self._at("metadata", path), body)

    def make(self, path: KvPath, custom: Mapping[str, str]) -> None:
        """Make a path with custom_metadata and no version.

        It replaces what custom_metadata is there. The other settings are left to the mount.
        """
        self.client.call("POST", self._at("metadata", path), {"custom_metadata": dict(custom)})

    def delete_version(self, path: KvPath, number: int) -> None:
        """Delete one version, recoverably."""
        self.client.call("POST", self._at("delete", path), {"versions": [number]})

    def undelete_version(self, path: KvPath, number: int) -> None:
        """Undo `delete_version`."""
        self.client.call("POST", self._at("undelete", path), {"versions": [number]})

    def drop(self, path: KvPath) -> None:
        """Delete a candidate's path with every version and all metadata, for good."""
        self.client.call("DELETE", self._at("metadata", path))

    def _read_back(self, path: KvPath, value: Sensitive, cas: int) -> KvVersion | None:
        """Return the version that the write was to make, if it is there with that very value."""
        found = self.read(path)
        if found is None or found.version.number != cas + 1 or found.value is None:
            return None
        return found.version if found.value == canonical(value) else None

    def _at(self, kind: str, path: KvPath) -> str:
        return f"{self._mount}/{kind}/{path}"


def data_of(value: Sensitive) -> dict[str, str]:
    """Return the object that is stored for a text.

    Raises:
        StoreError: The text is no flat JSON object of strings. Vault takes numbers, and loses digits of them.
    """
    try:
        data = json.loads(value.reveal())
    except ValueError:
        data = None
    if not isinstance(data, dict) or not all(isinstance(held, str) for held in data.values()):
        raise StoreError(
            "what is to be stored in Vault is not a flat JSON object of strings",
            "store a credential: its account, consumer pair and token pair",
        )
    return data


def text_of(data: Mapping[str, Any]) -> Sensitive:
    """Return the canonical text of an object, as `tba_secrets.payload.render` writes it: Vault keeps no text."""
    return Sensitive(json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def canonical(value: Sensitive) -> Sensitive:
    """Return a text as Vault gives it back; see `data_of`."""
    return text_of(data_of(value))
