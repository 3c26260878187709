"""Deliberate mistakes as data: what is done wrong, the command, how it must end, and the words a person must read.

A message is good where it says where, what and what to do. `says:` lists those words, `never:` what must not be there;
that no value and no traceback is there holds for every case.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

_FOLDER: Final = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Mistake:
    """One case of a data file."""

    name: str
    says: tuple[str, ...]
    """Where, what, and what to do."""
    command: str = ""
    """As it is typed; `pulumi up` where the file has one command for all."""
    exit: int = 1
    never: tuple[str, ...] = ()
    lines: int = 1000
    """The most that it may print: what matters must not be buried."""
    setup: dict[str, Any] = field(default_factory=dict)
    """What is done wrong, in the words of the file's driver."""


_OWN: Final = ("name", "says", "command", "exit", "never", "lines")


def mistakes(file: str) -> list[Mistake]:
    """All cases of one file."""
    return [_mistake(one) for one in yaml.safe_load((_FOLDER / file).read_text(encoding="utf-8"))]


def _mistake(entry: dict[str, Any]) -> Mistake:
    own: dict[str, Any] = {
        key: tuple(v) if isinstance(v := entry[key], list) else v for key in _OWN if key in entry
    }
    return Mistake(**own, setup={key: value for key, value in entry.items() if key not in _OWN})


def complaints(mistake: Mistake, status: int, output: str) -> list[str]:
    """What is not as the case has it; empty where the message is good."""
    wrong = [f"ended with {status}"] if status != mistake.exit else []
    wrong += [f"does not say {words!r}" for words in mistake.says if words not in output]
    bad = ("Traceback", "a bug in tba-secrets", *mistake.never)
    wrong += [f"says {words!r}" for words in bad if words in output]
    if (count := len(output.splitlines())) > mistake.lines:
        wrong.append(f"has {count} lines")
    return wrong
