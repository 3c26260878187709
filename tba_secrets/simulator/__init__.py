"""A NetSuite simulator that verifies signatures itself and answers as NetSuite does.

Importing this package is cheap: Flask, Werkzeug and pydantic load when one of the names below is
first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tba_secrets.simulator.config import SimulatorConfig, SimulatorConfigError
    from tba_secrets.simulator.faults import Fault, FaultKind
    from tba_secrets.simulator.server import Simulator, serve

_HOME = {
    "Fault": "faults",
    "FaultKind": "faults",
    "Simulator": "server",
    "SimulatorConfig": "config",
    "SimulatorConfigError": "config",
    "serve": "server",
}

__all__ = ["Fault", "FaultKind", "Simulator", "SimulatorConfig", "SimulatorConfigError", "serve"]


def __getattr__(name: str) -> Any:
    """Load a public name from the module that defines it (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
