"""Read an environment's YAML strictly: `load` is the first arrow of the pipeline."""

from __future__ import annotations

from tba_secrets.spec.loader import load, load_stack, stack_names
from tba_secrets.spec.model import Environment
from tba_secrets.spec.problem import InvalidSpecError, Problem

__all__ = ["Environment", "InvalidSpecError", "Problem", "load", "load_stack", "stack_names"]
