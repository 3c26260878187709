"""Further cases of a kind: `make test` runs one of each, `make proof` the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pytest

Case = TypeVar("Case")


def rest_is_deep(cases: Iterable[Case], kept: Callable[[Case], bool]) -> list[Any]:
    """Mark every case as deep that `make test` does not keep. A tuple gives a test several arguments."""
    return [case if kept(case) else _deep(case) for case in cases]


def _deep(case: object) -> Any:
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.deep)
