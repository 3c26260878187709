"""The real engine, driven by `tba`: the Pulumi CLI on the same stack, state and lock as every `pulumi up`."""

from tba_secrets.engine.pulumi import (
    EngineError,
    configured,
    exported_deployment,
    exported_resources,
    without_password,
)
from tba_secrets.engine.runs import Holder, Life, life
from tba_secrets.engine.update import Engine, Shared

__all__ = [
    "Engine",
    "EngineError",
    "Holder",
    "Life",
    "Shared",
    "configured",
    "exported_deployment",
    "exported_resources",
    "life",
    "without_password",
]
