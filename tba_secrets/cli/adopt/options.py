"""The command line of `tba import`: flags -> where to import to, which secrets, and whose they are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from pydantic import TypeAdapter, ValidationError

from tba_secrets.cli.adopt.found import listed
from tba_secrets.cli.adopt.target import RefusedError, Target, existing, new
from tba_secrets.errors import TbaError
from tba_secrets.spec.model import Email, Name

Flags: TypeAlias = Mapping[str, str | None]
"""`account`, `aws`, `profile`, `role-arn`, `vault`, `mount`, `prefix` and `endpoint`; None where absent."""
_OF_STORE: Final = {"aws": ("profile", "role-arn"), "vault": ("mount",)}
_EMAIL: Final[TypeAdapter[str]] = TypeAdapter(Email)
_NAME: Final[TypeAdapter[str]] = TypeAdapter(Name)


def target_of(project: Path, environment: str, flags: Flags, names: Sequence[str]) -> Target:
    """The environment that is there, which says account and store; else a new one from the flags.

    Raises:
        RefusedError: A flag is wrong, missing, or not for such an environment.
        TbaError: What is there has problems.
    """
    given = {name: text for name, text in flags.items() if text is not None}
    if os.path.lexists(project / "stacks" / f"{environment}.yaml"):
        if given:
            file = f"stacks/{environment}.yaml"
            raise RefusedError(*(f"--{flag}: {file} says it; leave it out" for flag in given))
        return existing(project, environment)
    if wrong := [*_wrong(environment, given, names)]:
        raise RefusedError(*wrong)
    return new(environment, _declared(given))


def wanted(target: Target, names: Sequence[str]) -> tuple[str, ...]:
    """The secrets' names under the prefix: those given, with or without it, or all that are not declared yet.

    Raises:
        RefusedError: One that is given is declared already; or none is, and there is no prefix.
        TbaError: They cannot be listed, or there is none.
    """
    if names:
        short = tuple(dict.fromkeys(name.removeprefix(target.prefix) for name in names))
        there = [name for name in short if name in target.declared]
        if there:
            file = f"stacks/{target.name}.yaml"
            raise RefusedError(*(f"{name}: {file} declares it already" for name in there))
        return short
    if not target.prefix:
        raise RefusedError(
            f"SECRET: {target.name} has no prefix, and every secret of the store would be read; name those to import"
        )
    left = [n for n in listed(target.stores, target.prefix) if n not in target.declared]
    if not left:
        other = "other " if target.declared else ""
        raise TbaError(
            f"there is no {other}secret whose name begins with {target.prefix}",
            "correct the prefix, or name the secrets; AWS lists what was made within the last minutes late",
        )
    return tuple(left)


def emails_of(pairs: Iterable[str], names: Sequence[str], prefix: str) -> dict[str, str]:
    """`--user NAME=EMAIL` by the secret's name.

    Raises:
        RefusedError: A pair is none, or names a secret that is not among those to import.
    """
    emails, wrong = {}, []
    for pair in pairs:
        name, _, email = pair.rpartition("=")
        name = name.removeprefix(prefix)
        if name not in names:
            wrong.append(f"--user: {name or pair}: there is no such secret; write NAME=EMAIL")
        elif not is_email(email):
            wrong.append(f"--user: {name}: write its user's e-mail address behind the =")
        emails[name] = email
    if wrong:
        raise RefusedError(*wrong)
    return emails


def is_email(text: str) -> bool:
    """Whether the spec takes it for a user's e-mail address."""
    return _fits(_EMAIL, text)


def _fits(adapter: TypeAdapter[str], text: str) -> bool:
    try:
        adapter.validate_python(text)
    except ValidationError:
        return False
    return True


def _wrong(environment: str, given: Mapping[str, str], names: Sequence[str]) -> Iterator[str]:
    if not _fits(_NAME, environment) or environment.startswith("Pulumi."):
        yield "ENV: it is the stack's name: letters, digits, dots, hyphens and underscores"
    if "account" not in given:
        yield "--account: it is missing; for example --account 1234567_SB1"
    stores = [store for store in _OF_STORE if store in given]
    if len(stores) != 1:
        yield "--aws, --vault: write --aws REGION or --vault ADDRESS, one of the two"
    for store, flags in _OF_STORE.items():
        for flag in flags:
            if flag in given and store not in given:
                yield f"--{flag}: it belongs to --{store}; leave it out"
    if "prefix" not in given and ("vault" in given or not names):
        yield "--prefix: it is missing; for example --prefix netsuite/prod/"


def _declared(given: Mapping[str, str]) -> dict[str, Any]:
    """What the file is to say."""
    endpoint = {"endpoint": given["endpoint"]} if "endpoint" in given else {}
    if "aws" in given:
        named = {"profile": given.get("profile"), "role_arn": given.get("role-arn")}
        settings = {"region": given["aws"], **named, "prefix": given.get("prefix")}
    else:
        mount = given.get("mount", "secret")
        settings = {"address": given["vault"], "mount": mount, "prefix": given["prefix"]}
    said = {key: text for key, text in settings.items() if text}
    return {
        "account": given["account"],
        **endpoint,
        "store": {"aws" if "aws" in given else "vault": said},
    }
