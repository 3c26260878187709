"""The order in which parallel workers run the tests: the slow ones first, so that none of them is the last to end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol, TypeVar

SLOW: Final = ("engine", "faults", "browser")
"""The markers of tests that take seconds."""
LONG: Final = {"ci": 4, "docs": 4, "leaks": 6}
"""Folders whose slow tests take several times as long as those of others."""


class Test(Protocol):
    """What counts of a `pytest.Item`."""

    @property
    def path(self) -> Path: ...
    def get_closest_marker(self, name: str) -> object | None: ...


Item = TypeVar("Item", bound=Test)


def weight(tests: Sequence[Test]) -> int:
    """How long they take, roughly: 1 for a slow test, 0 for a fast one."""
    return sum(
        LONG.get(test.path.parent.name, 1)
        for test in tests
        if any(test.get_closest_marker(name) for name in SLOW)
    )


def in_order(tests: Sequence[Item], workers: int) -> list[Item]:
    """Put the tests in an order of which each worker's part begins with a fair share of the slow files.

    xdist cuts the list into parts of equal length, and a worker that has done its part takes over from the end of
    another one's: fast tests. A file stays whole, for its tests share fixtures.
    """
    files: dict[Path, list[Item]] = {}
    for test in tests:
        files.setdefault(test.path, []).append(test)
    parts: list[list[Item]] = [[] for _ in range(workers)]
    for file in sorted(files.values(), key=weight, reverse=True):
        if weight(file):
            min(parts, key=weight).extend(file)
    fast = [test for file in files.values() if not weight(file) for test in file]
    ordered: list[Item] = []
    for number, part in enumerate(parts):
        room = (len(tests) - len(ordered)) // (workers - number) - len(part)
        ordered += [*part, *fast[: max(room, 0)]]
        del fast[: max(room, 0)]
    return [*ordered, *fast]
