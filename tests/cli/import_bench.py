"""The world of `tba import`: secrets that a person made by hand, an account that knows the tokens, an empty project."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from tba_secrets.simulator import Simulator
from tba_secrets.spec import Environment, load_stack
from tests.cli.conftest import Ended, Tba
from tests.netsuite_account import NetSuiteAccount, Values

PREFIX: Final = "netsuite/prod/"
OURS: Final = ("account", "consumer_key", "consumer_secret", "token_id", "token_secret")
OTHERS: Final = (
    "NETSUITE_ACCOUNT",
    "NETSUITE_CONSUMER_KEY",
    "NETSUITE_CONSUMER_SECRET",
    "NETSUITE_TOKEN",
    "NETSUITE_TOKEN_SECRET",
)


def stored_text(
    made_for: NetSuiteAccount,
    token: str,
    values: Values | None = None,
    /,
    *,
    keys: tuple[str, ...] = OURS,
    **changes: Any,
) -> str:
    """A credential as a person pastes it; `changes` by the stored key, None takes one away."""
    consumer = made_for.consumers[made_for.consumer_of(token)]
    pair = values or made_for.tokens[token]
    texts = (made_for.id, consumer.identifier, consumer.secret, pair.identifier, pair.secret)
    content = {**dict(zip(keys, texts, strict=True)), **changes}
    return json.dumps({key: text for key, text in content.items() if text is not None}, indent=2)


class Hand(Protocol):
    """Whoever makes secrets."""

    def __call__(self, name: str, text: str) -> None: ...


@dataclass
class Shop:
    """What an import finds."""

    account: NetSuiteAccount
    netsuite: Simulator
    project: Path
    tba: Tba
    write: Hand
    store: tuple[str, ...]
    """The flags that name it."""
    made: list[Values] = field(default_factory=list)

    def put(self, name: str, token: str, values: Values | None = None, **more: Any) -> None:
        """A secret under the prefix with this token in it; `more` as `stored_text` takes it."""
        self.made += [values] if values is not None else []
        self.write(PREFIX + name, stored_text(self.account, token, values, **more))

    def run(self, *arguments: str, flags: Mapping[str, str | None] | None = None) -> Ended:
        """`tba import prod` with all flags that a new environment needs, changed by `flags`; it shows no secret."""
        given = {
            "--account": self.account.id,
            "--prefix": PREFIX,
            "--endpoint": self.netsuite.url,
            **(flags or {}),
        }
        words = [word for flag, text in given.items() if text is not None for word in (flag, text)]
        return self.bare(*words, *self.store, *arguments)

    def bare(self, *arguments: str, environment: str = "prod") -> Ended:
        """`tba import` with these arguments alone."""
        ended = self.tba("import", environment, "--project", str(self.project), *arguments)
        shown = ended.out + ended.err + self.text(environment)
        assert not any(secret in shown for secret in self.secrets), "a secret is shown"
        assert "Traceback" not in shown
        return ended

    def text(self, environment: str = "prod") -> str:
        """The environment's file; empty where there is none."""
        path = self.file(environment)
        return path.read_text() if path.exists() else ""

    def file(self, environment: str = "prod") -> Path:
        """Where it is."""
        return self.project / "stacks" / f"{environment}.yaml"

    def loaded(self, environment: str = "prod") -> Environment:
        """The environment, which must have no mistake."""
        return load_stack(self.project, environment, {})

    @property
    def secrets(self) -> list[str]:
        """Every value."""
        held = [
            *self.account.consumers.values(),
            *self.account.tokens.values(),
            *self.account.spares.values(),
            *self.made,
        ]
        return [text for values in held for text in (values.identifier, values.secret)]

    @property
    def logins(self) -> int:
        """How many signed calls NetSuite has seen."""
        return len(self.netsuite.state.audit())
