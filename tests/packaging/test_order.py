"""The order of parallel tests: every worker begins with slow ones, and nothing is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from tests.engine.project import ROOT
from tests.order import in_order, weight


@dataclass(frozen=True)
class Case:
    """A test of a file, slow where it has a marker."""

    file: str
    number: int
    marker: str | None = None

    @property
    def path(self) -> Path:
        return Path("tests") / self.file

    def get_closest_marker(self, name: str) -> object | None:
        return self if name == self.marker else None


FAST = [Case("spec/test_a.py", number) for number in range(100)]
SLOW = [Case(f"engine/test_{name}.py", number, "engine") for name in "abc" for number in range(3)]
TESTS = [*FAST, *SLOW, Case("ci/test_b.py", 0, "engine")]


@pytest.mark.parametrize("workers", [1, 2, 4, 7])
def test_each_part_begins_with_slow_tests_and_nothing_is_left_out(workers: int) -> None:
    ordered = in_order(TESTS, workers)

    assert sorted(map(TESTS.index, ordered)) == list(range(len(TESTS)))
    assert ordered == in_order(TESTS, workers), "each worker collects for itself"
    size = len(TESTS) // workers
    for number in range(min(workers, 4)):
        part = ordered[number * size + number * (len(TESTS) % workers) // workers :][:size]
        assert weight(part[:1]) > 0


def test_a_file_stays_whole() -> None:
    files = [case.file for case in in_order(TESTS, 2) if case.get_closest_marker("engine")]
    assert len([one for one, after in pairwise(files) if one != after]) == 3


def test_as_they_are_collected_the_slow_ones_would_come_last() -> None:
    assert weight(TESTS[:100]) == 0
    assert weight(in_order(TESTS, 1)[:10]) > 0


def test_what_runs_the_engine_is_no_fast_test() -> None:
    files = [*(ROOT / "tests").rglob("test_*.py")]
    running = [file for file in files if "\nfrom tests.engine.conftest import" in file.read_text()]

    assert len(running) > 20
    for file in running:
        assert re.search(r"pytest\.mark\.(engine|browser)", file.read_text()), file
