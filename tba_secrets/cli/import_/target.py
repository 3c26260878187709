"""The target of an import: an existing environment, or a new one from the command line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import TypeAdapter, ValidationError

from tba_secrets.cli.exits import UsageError
from tba_secrets.cli.init.questions import is_stack_name
from tba_secrets.errors import TbaError
from tba_secrets.records import CredentialRecord, credential_records
from tba_secrets.spec import Environment, InvalidSpecError, check, load_stack
from tba_secrets.spec.model import Email
from tba_secrets.spec.text import read_text
from tba_secrets.stores import open_stores

_OF_STORE: Final = {"aws": ("profile", "role-arn"), "vault": ("mount",)}
_EMAIL: Final[TypeAdapter[str]] = TypeAdapter(Email)
_STAND_IN: Final = """
integrations:
  - name: stand-in
    consumer: stored
    role: {name: stand-in}
    tokens: [{name: stand-in, user: stand-in@example.com, token: stored}]
"""
"""An environment must declare an integration: this one stands for those to be imported."""


@dataclass(frozen=True)
class ImportTarget:
    """The environment that secrets are imported into."""

    name: str
    """The stack's name."""
    environment: Environment
    given: Mapping[str, Any]
    """Account, endpoint and store of a new file; empty if the file exists."""
    has_records: bool = False
    """Whether the file already has `integrations:`."""

    @property
    def new(self) -> bool:
        """Whether the environment does not exist yet."""
        return bool(self.given)

    @property
    def prefix(self) -> str:
        """The prefix of the secrets' names."""
        (settings,) = self.environment.store.listed.values()
        return settings.prefix

    @property
    def declared(self) -> set[str]:
        """The secrets that are already declared."""
        return {record.secret for record in self._records}

    @property
    def taken(self) -> set[str]:
        """The names of existing integrations, tokens and certificates."""
        return {name for record in self._records for name in (record.integration, record.token)}

    @property
    def _records(self) -> tuple[CredentialRecord, ...]:
        return credential_records(self.environment) if self.has_records else ()


def target_of(
    project: Path, environment: str, flags: Mapping[str, str | None], names: Sequence[str]
) -> ImportTarget:
    """Return the existing environment, which fixes account and store, or a new one from the flags.

    Raises:
        UsageError: A flag is wrong, missing, or does not fit the environment.
        TbaError: The existing file has problems, or declares several stores.
    """
    given = {name: text for name, text in flags.items() if text is not None}
    if os.path.lexists(project / "stacks" / f"{environment}.yaml"):
        if given:
            file = f"stacks/{environment}.yaml"
            raise UsageError(f"--{flag}: {file} sets it already; leave it out" for flag in given)
        return _existing(project, environment)
    if wrong := [*_wrong(environment, given, names)]:
        raise UsageError(wrong)
    return _new(environment, _declared(given))


def secret_names(target: ImportTarget, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names to import, under the prefix: those given, or all that are not declared yet.

    Raises:
        UsageError: A given name is declared already; or no name is given, and there is no prefix.
        TbaError: The secrets cannot be listed, or there are none.
    """
    declared = target.declared
    if names:
        short = tuple(dict.fromkeys(name.removeprefix(target.prefix) for name in names))
        if again := [name for name in short if name in declared]:
            file = f"stacks/{target.name}.yaml"
            raise UsageError(f"{name}: {file} declares it already" for name in again)
        return short
    if not target.prefix:
        why = f"SECRET: {target.name} has no prefix, so every secret of the store would be read"
        raise UsageError([f"{why}; name the secrets to import"])
    (store,) = open_stores(target.environment.store).values()
    there = (name.removeprefix(target.prefix) for name in store.names(target.prefix))
    left = [name for name in there if name not in declared]
    if not left:
        other = "other " if declared else ""
        raise TbaError(
            f"there is no {other}secret whose name begins with {target.prefix}",
            "correct the prefix, or name the secrets; AWS lists a new secret only after some minutes",
        )
    return tuple(left)


def emails_of(pairs: Iterable[str], names: Sequence[str], prefix: str) -> dict[str, str]:
    """Parse `--user SECRET=EMAIL`, by the secret's name.

    Raises:
        UsageError: A pair is malformed, or names a secret that is not to be imported.
    """
    emails, wrong = {}, []
    for pair in pairs:
        name, _, email = pair.rpartition("=")
        name = name.removeprefix(prefix)
        if name not in names:
            wrong.append(f"--user: {name or pair}: there is no such secret; write SECRET=EMAIL")
        elif not is_email(email):
            wrong.append(f"--user: {name}: write the user's e-mail address after the =")
        emails[name] = email
    if wrong:
        raise UsageError(wrong)
    return emails


def is_email(text: str) -> bool:
    """Return whether the models accept the text as a user's e-mail address."""
    try:
        _EMAIL.validate_python(text)
    except ValidationError:
        return False
    return True


def _wrong(environment: str, given: Mapping[str, str], names: Sequence[str]) -> Iterator[str]:
    if not is_stack_name(environment):
        yield "ENV: it is the stack's name: letters, digits, dots, hyphens and underscores"
    if "account" not in given:
        yield "--account: it is missing; for example --account 1234567_SB1"
    stores = [store for store in _OF_STORE if store in given]
    if len(stores) != 1:
        yield "--aws, --vault: write one of --aws REGION and --vault ADDRESS"
    for store, flags in _OF_STORE.items():
        for flag in flags:
            if flag in given and store not in given:
                yield f"--{flag}: it belongs to --{store}; leave it out"
    if "prefix" not in given and ("vault" in given or not names):
        yield "--prefix: it is missing; for example --prefix netsuite/prod/"


def _declared(given: Mapping[str, str]) -> dict[str, Any]:
    endpoint = {"endpoint": given["endpoint"]} if "endpoint" in given else {}
    if "aws" in given:
        named = {"profile": given.get("profile"), "role_arn": given.get("role-arn")}
        kind, settings = "aws", {"region": given["aws"], **named, "prefix": given.get("prefix")}
    else:
        where = {"address": given["vault"], "mount": given.get("mount", "secret")}
        kind, settings = "vault", {**where, "prefix": given["prefix"]}
    store = {key: text for key, text in settings.items() if text}
    return {"account": given["account"], **endpoint, "store": {kind: store}}


def _existing(project: Path, name: str) -> ImportTarget:
    """Load stacks/NAME.yaml, whose `integrations:` may still be missing."""
    begun = _begun(project / "stacks" / f"{name}.yaml")
    environment = begun or load_stack(project, name)
    if len(environment.store.listed) > 1:
        raise TbaError(
            f"{name} declares {' and '.join(environment.store.listed)}, but secrets are imported from one store",
            "declare the one that has them, import, and run `pulumi up`; then declare the other one too, and run it "
            "again: it copies them",
        )
    return ImportTarget(name, environment, {}, has_records=begun is None)


def _new(name: str, given: Mapping[str, Any]) -> ImportTarget:
    stand_in = yaml.safe_load(_STAND_IN)
    environment, findings = check({"version": 1, **given, **stand_in})
    if environment is None or findings:
        raise UsageError(f"{finding.what}; {finding.hint}" for finding in findings)
    return ImportTarget(name, environment, given)


def _begun(path: Path) -> Environment | None:
    """Return the environment of a file that only lacks `integrations:`; None for any other file."""
    try:
        text = read_text(path)
    except InvalidSpecError:
        return None
    environment, findings = check(text + _STAND_IN)
    return None if findings else environment
