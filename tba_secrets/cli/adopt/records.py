"""What NetSuite said -> integrations and tokens: which belong together, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from tba_secrets.cli.adopt.asking import Asked

_NO_NAME: Final = re.compile(r"[^A-Za-z0-9._-]+")
_SIGN: Final = re.compile(r"([/._-])")
_LONGEST: Final = 100


@dataclass(frozen=True)
class NewToken:
    """One token that is to be declared."""

    name: str
    asked: Asked
    email: str | None
    """None where nobody has told it."""


@dataclass(frozen=True)
class NewIntegration:
    """The tokens of one consumer pair and one role."""

    name: str
    role_name: str | None
    role_id: str | None
    tokens: tuple[NewToken, ...]
    same_consumer: str = ""
    """The integration before it with the same consumer pair, in another role; empty where there is none."""


def grouped(
    asked: Sequence[Asked], emails: Mapping[str, str], taken: Iterable[str]
) -> tuple[NewIntegration, ...]:
    """Tokens of one consumer pair are one integration; those of another role are one beside it.

    Args:
        asked: What NetSuite said.
        emails: The users' addresses as far as they are known, by the secret's name.
        taken: Names that are in use.
    """
    groups: dict[tuple[object, ...], list[Asked]] = {}
    for one in asked:
        credential = one.found.recognised.credential
        pair = (credential.consumer_key, credential.consumer_secret)
        groups.setdefault((*pair, one.role_name, one.role_id), []).append(one)
    integrations, tokens = _Names(taken), _Names(taken)
    first: dict[tuple[object, ...], str] = {}
    made = []
    for (key, secret, *_), members in groups.items():
        name = integrations.take(_shared(m.found.name for m in members))
        before = first.setdefault((key, secret), name)
        made.append(
            NewIntegration(
                name,
                members[0].role_name,
                members[0].role_id,
                tuple(
                    NewToken(tokens.take(m.found.name), m, emails.get(m.found.name))
                    for m in members
                ),
                before if before != name else "",
            )
        )
    return tuple(made)


def users(asked: Iterable[Asked]) -> Iterator[tuple[str | None, list[Asked]]]:
    """The credentials by user: one entity is one user, and without an entity each may be another's."""
    by_entity: dict[str, list[Asked]] = {}
    for one in asked:
        by_entity.setdefault(one.entity or f"of {one.found.name}", []).append(one)
    for members in by_entity.values():
        yield members[0].entity, members


class _Names:
    """Names as the spec takes them, each given out once."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def take(self, wanted: str) -> str:
        """`wanted` with what no name takes replaced, and a number behind it where it is in use."""
        name = _NO_NAME.sub("-", wanted).strip("._-")[:_LONGEST] or "token"
        number, free = 1, name
        while free in self._taken:
            number += 1
            free = f"{name[: _LONGEST - 5]}-{number}"
        self._taken.add(free)
        return free


def _shared(names: Iterable[str]) -> str:
    """The words that the names begin with; the first name where there are none."""
    words = [_SIGN.split(name) for name in names]
    shared = takewhile(lambda parts: len(set(parts)) == 1, zip(*words, strict=False))
    return "".join(parts[0] for parts in shared).strip("/._-") or "".join(words[0])
