"""Read an environment's YAML strictly: `load` is the first arrow of the pipeline.

`load` and `load_stack` read a file; `check` takes text or data. Nothing else reads an environment.
Importing this package is cheap: the YAML parser is loaded when one of the names below is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tba_secrets.spec.loader import check, load, load_stack, stack_names
    from tba_secrets.spec.model import Environment
    from tba_secrets.spec.problem import InvalidSpecError

_HOME = {
    "Environment": "model",
    "InvalidSpecError": "problem",
    "check": "loader",
    "load": "loader",
    "load_stack": "loader",
    "stack_names": "loader",
}
__all__ = ["Environment", "InvalidSpecError", "check", "load", "load_stack", "stack_names"]


def __getattr__(name: str) -> Any:
    """Import a public name from its module on first use."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
