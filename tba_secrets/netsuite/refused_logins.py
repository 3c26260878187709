"""Which logins were refused lately: one file for all runs of a machine, the provider's and the command line's.

`$XDG_STATE_HOME/tba-secrets/refusals.json` (XDG Base Directory Specification; `~/.local/state` by default), readable by
its owner alone. It holds account, user, a keyed fingerprint and the time; no value.

1. Every change reads, changes and replaces the file under one lock (flock): runs side by side lose nothing.
2. An attempt is added before it is sent, and struck out when it was no refusal: a run that is killed leaves it here.
3. A user's turn is a lock of its own. Whoever holds it reads no attempt that is still under way; the kernel takes it
   off a killed run.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from tba_secrets.netsuite.credential import Credential
from tba_secrets.netsuite.lockout import Refusal, Who
from tba_secrets.sensitive import Fingerprint, fingerprint
from tba_secrets.state_folder import state_folder, write_error

_KEY: Final = b"tba-secrets: refused logins"


@dataclass(frozen=True)
class RefusedLogins:
    """The file; a broken one counts as empty. What locks it stands beside it."""

    path: Path

    @classmethod
    def at_home(cls, variables: Mapping[str, str] = os.environ) -> RefusedLogins:
        return cls(state_folder(variables) / "refusals.json")

    def __str__(self) -> str:
        return str(self.path)

    def write_error(self) -> OSError | None:
        """Return why it cannot be written, without writing it; None if it can."""
        return write_error(self.path)

    def of(self, account: str, user: str) -> tuple[Refusal, ...]:
        """Return what is known of one user, attempts under way included."""
        return _refusals(self._read(), Who.of(account, user))

    def add(self, account: str, user: str, refusal: Refusal) -> Refusal:
        """Note a refusal, or an attempt that may become one.

        Returns:
            The refusal as it is kept: a second one within the same second is another one.

        Raises:
            OSError: It could not be written.
        """
        kept = refusal

        def added(known: tuple[Refusal, ...]) -> list[Refusal]:
            nonlocal kept
            kept = refusal.beside(known)
            return [one for one in (*known, kept) if one.within_window(refusal.at)]

        self._change_user(Who.of(account, user), added)
        return kept

    def merge(self, account: str, user: str, refusals: Collection[Refusal]) -> None:
        """Add what another place has kept, if it is not here yet. Raises as `add` does."""

        def merged(known: tuple[Refusal, ...]) -> list[Refusal]:
            return sorted({*known, *refusals}, key=lambda one: one.at)

        if not set(refusals) <= set(self.of(account, user)):
            self._change_user(Who.of(account, user), merged)

    def strike(self, account: str, user: str, refusal: Refusal) -> None:
        """Take back what `add` has returned: it was no refusal.

        Raises:
            OSError: It could not be written; the entry stands.
        """

        def struck(known: tuple[Refusal, ...]) -> list[Refusal]:
            return [one for one in known if one != refusal]

        self._change_user(Who.of(account, user), struck)

    def turn(self, account: str, user: str) -> int | None:
        """Take the user's turn on this machine.

        Returns:
            What to close (`os.close`) when it is over; None if another run has it.

        Raises:
            OSError: There is no place for the lock.
        """
        digest = sha256(_name(Who.of(account, user)).encode()).hexdigest()[:16]
        return _locked(self._beside(f".{digest}.lock"), fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _change_user(
        self, who: Who, changed: Callable[[tuple[Refusal, ...]], list[Refusal]]
    ) -> None:
        def change(content: dict[str, list[Any]]) -> None:
            entries = changed(_refusals(content, who))
            content[_name(who)] = [[str(one.fingerprint), one.at] for one in entries]

        self._change(change)

    def _change(self, change: Callable[[dict[str, list[Any]]], None]) -> None:
        lock = _locked(self._beside(".lock"), fcntl.LOCK_EX)
        assert lock is not None  # noqa: S101 - without LOCK_NB flock waits
        try:
            content = self._read()
            change(content)
            new = self._beside(".new")
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump({user: entries for user, entries in content.items() if entries}, file)
            new.replace(self.path)
        finally:
            os.close(lock)

    def _beside(self, suffix: str) -> Path:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self.path.with_suffix(suffix)

    def _read(self) -> dict[str, list[Any]]:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            return {str(user): [[str(m), float(at)] for m, at in e] for user, e in content.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}


def mark_of(credential: Credential) -> Fingerprint:
    """Return what tells credentials apart. Not even with the key can NetSuite's random values be found from it."""
    return fingerprint(_KEY, "\n".join(secret.reveal() for secret in credential.secrets))


def _locked(path: Path, how: int) -> int | None:
    """Return the descriptor that holds the lock, until it is closed; None if another run holds it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, how)
    except BlockingIOError:
        os.close(lock)
        return None
    except BaseException:
        os.close(lock)
        raise
    return lock


def _name(who: Who) -> str:
    return f"{who.account} {who.user}"


def _refusals(content: Mapping[str, list[Any]], who: Who) -> tuple[Refusal, ...]:
    return tuple(Refusal(Fingerprint(mark), at) for mark, at in content.get(_name(who), []))
