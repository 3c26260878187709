"""Which logins were refused lately, kept from one `tba` command to the next: five lock a user out for 30 minutes.

`$XDG_STATE_HOME/tba-secrets/refusals.json` (XDG Base Directory Specification; `~/.local/state` by default), readable by
its owner alone. It holds account, user, a keyed fingerprint and the time; no value.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tba_secrets.netsuite import Refusal, TbaCredential
from tba_secrets.sensitive import Fingerprint, fingerprint

_KEY: Final = b"tba-secrets: refused logins"


class RefusalFile:
    """The file; a broken one counts as empty."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def at_home(cls, variables: Mapping[str, str] = os.environ) -> RefusalFile:
        """The file of whoever runs the command."""
        given = variables.get("XDG_STATE_HOME")
        state = Path(given) if given else Path.home() / ".local" / "state"
        return cls(state / "tba-secrets" / "refusals.json")

    def of(self, account: str, user: str) -> tuple[Refusal, ...]:
        """What is known of one user."""
        entries = self._read().get(f"{account} {user.casefold()}", [])
        return tuple(Refusal(Fingerprint(mark), at) for mark, at in entries)

    def keep(self, account: str, user: str, refusals: tuple[Refusal, ...]) -> None:
        """Replace what is known of one user; nothing is written where that changes nothing."""
        known, name = self._read(), f"{account} {user.casefold()}"
        entries = [[str(one.fingerprint), one.at] for one in refusals]
        if known.get(name, []) == entries:
            return
        known[name] = entries
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self._path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({user: held for user, held in known.items() if held}, file)
        new.replace(self._path)

    def _read(self) -> dict[str, list[Any]]:
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            return {str(user): [[str(m), float(at)] for m, at in e] for user, e in content.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}


def mark_of(credential: TbaCredential) -> Fingerprint:
    """Tells credentials apart. NetSuite's random values cannot be found from it, whoever knows the key."""
    return fingerprint(_KEY, "\n".join(secret.reveal() for secret in credential.secrets))
