"""Read an environment's YAML strictly: `load` is the first arrow of the pipeline.

`load` and `load_stack` read a file; `check` takes text or data. Nothing else reads an environment.
"""

from __future__ import annotations

from tba_secrets.spec.loader import check, load, load_stack, stack_names
from tba_secrets.spec.model import Environment
from tba_secrets.spec.problem import InvalidSpecError, Problem

__all__ = [
    "Environment",
    "InvalidSpecError",
    "Problem",
    "check",
    "load",
    "load_stack",
    "stack_names",
]
