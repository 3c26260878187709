"""The real engine, driven by `tba`: the Pulumi CLI on the same stack, state and lock as every `pulumi up`."""

from tba_secrets.engine.pulumi import (
    EngineError,
    LockedError,
    configured,
    exported_deployment,
    exported_resources,
    without_password,
)
from tba_secrets.engine.runs import Holder, Life, life
from tba_secrets.engine.update import Engine, Shared, undeclared

__all__ = [
    "Engine",
    "EngineError",
    "Holder",
    "Life",
    "LockedError",
    "Shared",
    "configured",
    "exported_deployment",
    "exported_resources",
    "life",
    "undeclared",
    "without_password",
]
