"""Whether the engine may save its state once, at the end of an update, instead of before and after each step.

The whole state is written each time, so the time for it grows with the square of the number of resources. What a killed
run did is then not in state. For our resources that is nothing new, since the next run finds it in the stores; of any
other resource the engine would not know that it exists (docs/decisions/0012-state-is-saved-at-the-end.md).
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

_VARIABLE: Final = "PULUMI_SKIP_CHECKPOINTS"
_OURS: Final = ("tba:", "pulumi:pulumi:Stack", "pulumi:providers:tba")
_IMPORTS: Final = ("pathlib", "tba_secrets.program")


def saving(project: Path, resources: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the variable that lets the engine save at the end, if nothing but our resources is at stake.

    Nothing is returned if the user has set it: that is their decision.
    """
    if _VARIABLE in os.environ:
        return {}
    ours_alone = all(resource["type"].startswith(_OURS) for resource in resources)
    return {_VARIABLE: "true"} if ours_alone and _declares_environments_alone(project) else {}


def _declares_environments_alone(project: Path) -> bool:
    """Return whether the program is the one that `tba init` writes. A program that cannot be read is not."""
    try:
        settings = yaml.safe_load((project / "Pulumi.yaml").read_text(encoding="utf-8"))
        runtime = settings["runtime"]
        name = runtime["name"] if isinstance(runtime, dict) else runtime
        program = ast.parse((project / "__main__.py").read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError, LookupError, TypeError, yaml.YAMLError):
        return False
    return name == "python" and "main" not in settings and all(map(_is_ours, program.body))


def _is_ours(statement: ast.stmt) -> bool:
    """Return whether a statement is a docstring, an import that `run` needs, or a call of `run`."""
    match statement:
        case ast.ImportFrom(module=module, level=0):
            return module in _IMPORTS
        case (
            ast.Expr(value=ast.Constant(value=str()))
            | ast.Expr(value=ast.Call(func=ast.Name(id="run")))
        ):
            return True
    return False
