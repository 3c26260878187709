"""Watches the store for the invariants that must hold at every instant.

I1: whoever reads the default way gets our placeholder, or a credential that has passed its checks. I2: the last
credential that is known to work stays in the secret, readable, until its successor has passed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from tba_secrets.simulator.aws import AccountState, Secret
from tba_secrets.stores.versions import PLACEHOLDER
from tests.engine.conftest import World

CHECKS: Final = frozenset({"GET /rest/tokeninfo", "GET /services/rest/system/v1/serverTime"})
"""The signed calls of the default checks, as the Login Audit Trail names them."""


@dataclass(frozen=True)
class KnownGood:
    """A version that was current, and had passed when it became so."""

    version: str
    text: str = field(repr=False)


@dataclass
class Watcher:
    """An observer of the strict Secrets Manager. It records, for what is raised in a server's thread is easily lost.

    Only what NetSuite accepted since the watcher was made counts as a proof, and what was current then.
    """

    world: World
    violations: list[str] = field(default_factory=list)
    changes: int = 0
    """How many changes it has seen: a watcher that saw none has proven nothing."""
    _trail_starts: int = 0
    _good: dict[str, KnownGood] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._trail_starts = len(self.world.netsuite.state.audit())
        for secret in self.world.aws.state.secrets("us-east-1"):
            version, text = _current(secret)
            if text not in (None, PLACEHOLDER):
                self._good[secret.name] = KnownGood(version, str(text))

    def __call__(self, state: AccountState, action: str, name: str) -> None:
        """After one change of one secret."""
        self.changes += 1
        secret = state.secret(name)
        version, text = _current(secret)
        good = self._good.get(name)
        if text is None or text == PLACEHOLDER or (good is not None and text == good.text):
            self._check_kept(secret, name, action)
        elif self._has_passed(text):
            self._good[name] = KnownGood(version, text)
        else:
            self.violations.append(f"I1: {action} made {version} of {name} current, unproven")
            self._check_kept(secret, name, action)

    def _check_kept(self, secret: Secret | None, name: str, action: str) -> None:
        """I2: a version without a label counts as gone, for AWS drops it when it likes."""
        good = self._good.get(name)
        if good is None:
            return
        labelled = {} if secret is None or secret.deleted is not None else secret.labelled()
        if secret is None or good.version not in labelled:
            self.violations.append(f"I2: {action} took away {good.version} of {name}")
        elif _text(secret, good.version) != good.text:
            self.violations.append(f"I2: {action} changed {good.version} of {name}")

    def _has_passed(self, text: str) -> bool:
        """Whether NetSuite has accepted exactly this credential in each of the checks."""
        token = self._token_of(text)
        trail = self.world.netsuite.state.audit()[self._trail_starts :]
        return {one.request for one in trail if one.success and one.token_name == token} >= CHECKS

    def _token_of(self, text: str) -> str:
        """The name of the access token whose whole credential the text is; empty where it is none's."""
        held, account = json.loads(text), self.world.account
        for suffix, tokens in (("", account.tokens), (" second", account.spares)):
            for name, token in tokens.items():
                consumer = account.consumers[account.consumer_of(name)]
                whole = {
                    "account": account.id,
                    "consumer_key": consumer.identifier,
                    "consumer_secret": consumer.secret,
                    "token_id": token.identifier,
                    "token_secret": token.secret,
                }
                if held == whole:
                    return name + suffix
        return ""


@contextmanager
def watched(world: World) -> Iterator[Watcher]:
    """Watch the world's store for as long as the block lasts."""
    watcher = Watcher(world)
    world.aws.observers.append(watcher)
    try:
        yield watcher
    finally:
        world.aws.observers.remove(watcher)


def _current(secret: Secret | None) -> tuple[str, str | None]:
    """What a reader gets who names neither version nor label: (version, text); None where it gets an error."""
    if secret is None or secret.deleted is not None:
        return "", None
    version = secret.labels.get("AWSCURRENT", "")
    return version, _text(secret, version)


def _text(secret: Secret, version: str) -> str | None:
    held = secret.versions.get(version)
    return None if held is None or held.value is None else held.value.string
