"""One NetSuite account, one Secrets Manager and one project, in which each token has a mistake of its own.

A case of cases/one_up.yaml is one integration with one token, one user and one role, all named after it: what is wrong
with one disturbs no other, and one real `pulumi up` shows every message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any, Final

from tba_secrets.simulator import Simulator, SimulatorConfig
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tba_secrets.simulator.aws.errors import AccessDeniedException, EncryptionFailure
from tba_secrets.simulator.state import State
from tests.engine.project import Run, new_project
from tests.mistakes.mistake import Mistake
from tests.netsuite_account import Values
from tests.simulator.aws.support import client

ACCOUNT: Final = "1234567_SB1"
PRODUCTION: Final = "1234567"
_PERMISSIONS: Final = ["REST Web Services", "Log in using Access Tokens"]
_HEAD: Final = f"""\
version: 1
account: "{ACCOUNT}"
endpoint: {{env: TBA_SIMULATOR}}
store: {{aws: {{region: us-east-1, prefix: netsuite/test/}}}}
integrations:
"""
_RECORD: Final = Template("""\
  - name: $name
    consumer: {env: {key: ${variable}_KEY, secret: ${variable}_SECRET}}
    role: {name: $name role}
    tokens:
      - name: $name-bot
        user: $name@example.com
        token: $token
""")


@dataclass(frozen=True)
class Case:
    """One record, the mistake in it, and the values that nobody may see."""

    mistake: Mistake
    consumer: Values = field(default_factory=Values)
    token: Values = field(default_factory=Values)
    production: Values = field(default_factory=Values)
    """A token of the same integration in the production account."""

    @property
    def name(self) -> str:
        return self.mistake.name

    @property
    def secret(self) -> str:
        """Its name in the store."""
        return f"netsuite/test/{self.name}-bot"

    @property
    def values(self) -> dict[str, str]:
        """By the words that the data file has for them."""
        return {
            "KEY": self.consumer.identifier,
            "SECRET": self.consumer.secret,
            "TOKEN_ID": self.token.identifier,
            "TOKEN_SECRET": self.token.secret,
            "PRODUCTION_TOKEN_ID": self.production.identifier,
            "PRODUCTION_TOKEN_SECRET": self.production.secret,
        }

    @property
    def variable(self) -> str:
        """What its environment variables begin with."""
        return self.name.upper().replace("-", "_")

    def environment(self) -> dict[str, str]:
        """What the shell holds: the four values, but for what the case sets otherwise or leaves out."""
        parts = ("KEY", "SECRET", "TOKEN_ID", "TOKEN_SECRET")
        given = {part: f"${part}" for part in parts} | self.mistake.setup.get("set", {})
        return {
            f"{self.variable}_{part}": Template(text).substitute(self.values)
            for part, text in given.items()
            if text is not None
        }

    def yaml(self) -> str:
        """Its integration."""
        by_default = (
            f"{{env: {{id: {self.variable}_TOKEN_ID, secret: {self.variable}_TOKEN_SECRET}}}}"
        )
        token = self.mistake.setup.get("token", by_default)
        return _RECORD.substitute(name=self.name, variable=self.variable, token=token)

    def write_files(self, folder: Path) -> None:
        """The files that its source names."""
        for name, one in self.mistake.setup.get("files", {}).items():
            (folder / name).write_text(Template(one["text"]).substitute(self.values))
            (folder / name).chmod(int(one["mode"], 8))


@contextmanager
def one_up(folder: Path, mistakes: list[Mistake]) -> Iterator[tuple[list[Case], Run]]:
    """`pulumi up --continue-on-error` of all of them, once."""
    cases = [Case(mistake) for mistake in mistakes]
    config = SimulatorConfig.from_dict({"accounts": _accounts(cases)})
    with Simulator(config) as netsuite, SecretsManagerServer() as aws:
        settings = {
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "TBA_SIMULATOR": netsuite.url,
        }
        for case in cases:
            settings |= case.environment()
        project = new_project(folder / "project", settings)
        project.write(_HEAD + "".join(case.yaml() for case in cases))
        for case in cases:
            case.write_files(project.folder)
            _spoil(case, netsuite, aws)
        project.init()
        yield cases, project.up("--continue-on-error")


def said_of(case: Case, output: str) -> str:
    """What `pulumi up` reports of one record: its sections of the diagnostics."""
    sections = re.split(r"^  (?=\S)", output.partition("Diagnostics:")[2], flags=re.MULTILINE)
    mine = [one for one in sections if one.partition("\n")[0].endswith(f" ({case.name}-bot):")]
    return "".join(mine)


def _accounts(cases: list[Case]) -> dict[str, Any]:
    return {
        ACCOUNT: _account(cases, {case.name: case.token for case in cases}),
        PRODUCTION: _account(cases, {case.name: case.production for case in cases}),
    }


def _account(cases: list[Case], tokens: dict[str, Values]) -> dict[str, Any]:
    return {
        "integrations": [
            {
                "name": case.name,
                "consumer_key": case.consumer.identifier,
                "consumer_secret": case.consumer.secret,
            }
            for case in cases
        ],
        "roles": [
            {"id": f"{number}", "name": f"{case.name} role", "permissions": _PERMISSIONS}
            for number, case in enumerate(cases, start=1000)
        ],
        "users": [
            {
                "id": str(number),
                "email": f"{case.name}@example.com",
                "roles": [f"{case.name} role"],
            }
            for number, case in enumerate(cases, start=100)
        ],
        "tokens": [
            {
                "name": case.name,
                "integration": case.name,
                "user": f"{case.name}@example.com",
                "role": f"{case.name} role",
                "token_id": tokens[case.name].identifier,
                "token_secret": tokens[case.name].secret,
            }
            for case in cases
        ],
    }


# --- what is done wrong in NetSuite and in the store, by the words of the data file ------------------


def _spoil(case: Case, netsuite: Simulator, aws: SecretsManagerServer) -> None:
    if word := case.mistake.setup.get("netsuite"):
        _IN_NETSUITE[word](netsuite.state, case.name)
    if word := case.mistake.setup.get("store"):
        _IN_STORE[word](aws, case.secret)


def _revoked(state: State, name: str) -> None:
    state.revoke_token(ACCOUNT, name)


def _without_permission(state: State, name: str) -> None:
    state.account(ACCOUNT).role(f"{name} role").permissions.remove("Log in using Access Tokens")


def _without_rest(state: State, name: str) -> None:
    state.account(ACCOUNT).role(f"{name} role").permissions.remove("REST Web Services")


def _other_role(state: State, name: str) -> None:
    account = state.account(ACCOUNT)
    other = next(role.name for role in account.roles if not role.name.startswith(name))
    account.token(name).role = other
    account.user(f"{name}@example.com").roles.append(other)


def _no_tba_box(state: State, name: str) -> None:
    state.account(ACCOUNT).integration(name).tba = False


def _locked_out(state: State, name: str) -> None:
    user = state.account(ACCOUNT).user(f"{name}@example.com")
    for _ in range(5):
        state.lockouts.failed((ACCOUNT, user.id), state.clock.now())
    assert state.is_locked(ACCOUNT, user.email)


_IN_NETSUITE: Final[dict[str, Callable[[State, str], None]]] = {
    "the token is revoked": _revoked,
    "the role lacks Log in using Access Tokens": _without_permission,
    "the role lacks REST Web Services": _without_rest,
    "the token was made in another role": _other_role,
    "the integration does not tick Token-based Authentication": _no_tba_box,
    "the user is locked out": _locked_out,
}


def _foreign(aws: SecretsManagerServer, secret: str) -> None:
    held = client(aws.url)
    held.create_secret(Name=secret, SecretString='{"password": "obviously-fake"}')
    held.close()


def _deleting(aws: SecretsManagerServer, secret: str) -> None:
    _foreign(aws, secret)
    held = client(aws.url)
    held.delete_secret(SecretId=secret)
    held.close()


def _denied(aws: SecretsManagerServer, secret: str) -> None:
    words = "User: arn:aws:iam::000000000000:user/ci is not authorized to perform: "
    error = AccessDeniedException(words + "secretsmanager:PutSecretValue on resource: " + secret)
    aws.faults.fail(error, "PutSecretValue", secret=secret, times=None)


def _kms(aws: SecretsManagerServer, secret: str) -> None:
    aws.faults.fail(EncryptionFailure(), "CreateSecret", secret=secret, times=None)


_IN_STORE: Final[dict[str, Callable[[SecretsManagerServer, str], None]]] = {
    "a secret of somebody else's has the name": _foreign,
    "a secret of that name is scheduled for deletion": _deleting,
    "PutSecretValue is not allowed": _denied,
    "the KMS key is disabled": _kms,
}
