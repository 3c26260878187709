"""What the data files can say is done wrong, where no engine is needed to see the message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from string import Template
from typing import Any, Final

import pytest

from tba_secrets.simulator.aws import SECRET_ACCESS_KEY
from tba_secrets.simulator.vocabulary import Feature
from tests.cli.conftest import World
from tests.simulator.aws.support import client
from tests.stores.vault_server import Api, FileServer, VaultProcess

VARIABLES: Final = ("K", "S", "BK", "BS", "OI", "OS", "SI", "SS", "II", "IS")
"""Of `tests.cli.conftest.YAML`."""
_OTHER_KEY: Final = "AKIADENIEDDENIED0000"
_AWS: Final = "aws: {region: us-east-1, prefix: netsuite/test/}"


@dataclass
class Workshop(World):
    """One environment `test`, and all that it needs; each method spoils something, and is a key of a case."""

    monkeypatch: pytest.MonkeyPatch
    request: pytest.FixtureRequest
    """For the Vault, which is started where a case wants one."""

    def spoil(self, setup: dict[str, Any]) -> None:
        """Do all that the case says, in its order."""
        for word, argument in setup.items():
            getattr(self, word)(argument)

    @property
    def values(self) -> dict[str, str]:
        """The account's own values, by the variable that holds each."""
        return dict(zip(VARIABLES, self.secrets, strict=True))

    def set(self, variables: dict[str, str | None]) -> None:
        """In the shell: None where it is not set; `$OI` is the account's own value."""
        for name, text in variables.items():
            if text is None:
                self.monkeypatch.delenv(name, raising=False)
            else:
                self.monkeypatch.setenv(name, Template(text).substitute(self.values))

    def yaml(self, replaced: dict[str, str]) -> None:
        """Text of the environment, and what stands there instead, at its first place."""
        path = self.project / "stacks" / "test.yaml"
        text = path.read_text()
        for old, new in replaced.items():
            assert old in text, f"{old!r} is not there"
            text = text.replace(old, Template(new).safe_substitute(self.values), 1)
        path.write_text(text)

    def text(self, text: str) -> None:
        """The whole environment."""
        self.write(text)

    def rename(self, name: str) -> None:
        """The environment's file has another name."""
        (self.project / "stacks" / "test.yaml").rename(self.project / "stacks" / name)

    def files(self, files: dict[str, dict[str, str]]) -> None:
        """Files in the project's folder, with a mode."""
        for name, one in files.items():
            (self.project / name).write_text(Template(one["text"]).safe_substitute(self.values))
            (self.project / name).chmod(int(one["mode"], 8))

    def stored(self, tokens: list[str]) -> None:
        """These are current in the store."""
        for token in tokens:
            self.put(token)

    def in_netsuite(self, mistake: str) -> None:
        """Something in NetSuite is not as it has to be."""
        _IN_NETSUITE[mistake](self)

    def deny(self, actions: str) -> None:
        """Our identity at AWS may not do that."""
        self.aws.identities.add(_OTHER_KEY, "ci", denied=set(actions.split()))
        self.set({"AWS_ACCESS_KEY_ID": _OTHER_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY})

    def deleting(self, secret: str) -> None:
        """Somebody has scheduled a secret for deletion."""
        held = client(self.aws.url)
        held.delete_secret(SecretId=secret)
        held.close()

    def vault(self, mistake: str) -> None:
        """The store is a Vault, which is not as it has to be."""
        address, mount, token = _IN_VAULT[mistake](self)
        settings = f"vault: {{address: {address}, mount: {mount}, prefix: netsuite/test/}}"
        self.yaml({_AWS: settings})
        self.set({"VAULT_TOKEN": token})

    @property
    def vault_server(self) -> Api:
        """An administrator of this run's Vault."""
        process: VaultProcess = self.request.getfixturevalue("vault")
        return Api(process.url)


def _feature_off(shop: Workshop) -> None:
    shop.netsuite.state.account(shop.account.id).features.remove(Feature.TBA)


def _blocked(shop: Workshop) -> None:
    shop.netsuite.state.block_integration(shop.account.id, "warehouse")


def _revoked(shop: Workshop) -> None:
    shop.netsuite.state.revoke_token(shop.account.id, "stock")


def _skewed(shop: Workshop) -> None:
    shop.netsuite.state.faults.add("clock_skew", seconds=900, times=None)


def _stopped(shop: Workshop) -> None:
    shop.netsuite.stop()


_IN_NETSUITE: Final[dict[str, Callable[[Workshop], None]]] = {
    "the feature Token-based Authentication is off": _feature_off,
    "the integration is blocked": _blocked,
    "the token of stock is revoked": _revoked,
    "its clock is another one": _skewed,
    "nothing answers": _stopped,
}

Opened = tuple[str, str, str]
"""Address, mount and token."""


def _sealed(shop: Workshop) -> Opened:
    server: FileServer = shop.request.getfixturevalue("sealed_vault")
    return server.url, "secret", server.token


def _no_vault(shop: Workshop) -> Opened:
    return "http://127.0.0.1:9", "secret", "obviously-fake-token"


def _no_mount(shop: Workshop) -> Opened:
    return shop.vault_server.url, "sercet", shop.vault_server.token


def _version_1(shop: Workshop) -> Opened:
    return shop.vault_server.url, shop.vault_server.mount_kv(1), shop.vault_server.token


def _bad_token(shop: Workshop) -> Opened:
    return shop.vault_server.url, shop.vault_server.mount_kv(), "hvs.obviously-fake-token"


def _no_policy(shop: Workshop) -> Opened:
    token = shop.vault_server.token_for('path "somewhere/else" { capabilities = ["read"] }')
    return shop.vault_server.url, shop.vault_server.mount_kv(), token


_IN_VAULT: Final[dict[str, Callable[[Workshop], Opened]]] = {
    "it is sealed": _sealed,
    "nothing answers at its address": _no_vault,
    "there is no such mount": _no_mount,
    "the mount is KV version 1": _version_1,
    "its token is not valid any more": _bad_token,
    "the policy allows something else": _no_policy,
}
