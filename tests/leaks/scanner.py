"""Finds canaries in artefacts, in any encoding, packed or cut short; says where, and never what.

One pass over the bytes looks at every fourth place. Wherever a needle (encodings.py) begins, one of these places is in
its first 12 bytes, with 9 bytes of it from there on, by which a dictionary knows it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from tests.leaks.encodings import WINDOW, needles
from tests.leaks.unpacking import unpacked

_STRIDE = 4
_KEY = WINDOW - _STRIDE + 1


@dataclass(frozen=True)
class Canary:
    """A secret value that must be nowhere.

    Args:
        name: What it is, to be shown.
        value: Printable ASCII, at least 12 characters.
    """

    name: str
    value: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) < WINDOW or not self.value.isascii():
            raise ValueError(f"{self.name}: a canary has at least {WINDOW} ASCII characters")


@dataclass(frozen=True)
class Artefact:
    """Something that people can get to see."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Leak:
    """Where a canary was found first in one artefact, in one encoding."""

    artefact: str
    """Its name, and the way into what is packed in it."""
    canary: str
    encoding: str
    offset: int


class Scanner:
    """Looks for a fixed set of canaries.

    Args:
        canaries: Their names must differ.
    """

    def __init__(self, canaries: Iterable[Canary]) -> None:
        self._index: dict[bytes, list[tuple[int, bytes, str, str]]] = {}
        known: dict[bytes, tuple[str, str]] = {}
        for canary in canaries:
            for encoding, needle in needles(canary.value):
                known.setdefault(needle, (canary.name, encoding))
        for shift in reversed(range(_STRIDE)):  # what begins first is found first
            for needle, names in known.items():
                entry = (shift, needle, *names)
                self._index.setdefault(needle[shift : shift + _KEY], []).append(entry)

    def find(self, artefacts: Iterable[Artefact]) -> list[Leak]:
        """The leaks, in the order of the artefacts."""
        seen: dict[bytes, list[Leak]] = {}
        found: list[Leak] = []
        for artefact in artefacts:
            digest = sha256(artefact.data).digest()
            if digest not in seen:
                seen[digest] = list(self._in(artefact.data))
            found += [
                Leak(artefact.name + leak.artefact, leak.canary, leak.encoding, leak.offset)
                for leak in seen[digest]
            ]
        return found

    def _in(self, data: bytes) -> Iterator[Leak]:
        for way, inner in unpacked("", data):
            told: set[tuple[str, str]] = set()
            for offset, canary, encoding in self._hits(inner):
                if (canary, encoding) not in told:
                    told.add((canary, encoding))
                    yield Leak(way, canary, encoding, offset)

    def _hits(self, data: bytes) -> Iterator[tuple[int, str, str]]:
        index = self._index
        for at in range(0, len(data) - _KEY + 1, _STRIDE):
            if (key := data[at : at + _KEY]) in index:
                for shift, needle, canary, encoding in index[key]:
                    if at >= shift and data.startswith(needle, at - shift):
                        yield at - shift, canary, encoding


def find(canaries: Iterable[Canary], artefacts: Iterable[Artefact]) -> list[Leak]:
    """Search every artefact for every canary."""
    return Scanner(canaries).find(artefacts)


def text(name: str, content: str) -> Artefact:
    """Words that somebody was shown."""
    return Artefact(name, content.encode("utf-8", "surrogateescape"))


def files(folder: Path) -> Iterator[Artefact]:
    """Every file under `folder`, and the list of their names; symbolic links are not followed."""
    names = []
    for parent, _, children in os.walk(folder):
        for path in sorted(Path(parent, child) for child in children):
            name = str(path.relative_to(folder))
            names.append(name)
            if path.is_file() and not path.is_symlink():
                yield Artefact(name, path.read_bytes())
    yield text("the names of the files", "\n".join(names))
