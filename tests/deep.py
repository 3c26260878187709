"""Large matrices: `make test` runs one case of each kind, `make proof` the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pytest

Case = TypeVar("Case")


def rest_is_deep(cases: Iterable[Case], kept: Callable[[Case], bool]) -> list[Any]:
    """Mark every case as deep that `make test` does not keep."""
    return [case if kept(case) else pytest.param(case, marks=pytest.mark.deep) for case in cases]
