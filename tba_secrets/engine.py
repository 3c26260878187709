"""The real engine, driven by `tba`: `pulumi up` on the same stack, with the provider served by this very process.

The engine attaches to it (PULUMI_DEBUG_PROVIDERS and the protocol's Attach), so that values pass in memory. State, lock
and history are the ones that every `pulumi up` uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pulumi import automation

from tba_secrets.errors import TbaError
from tba_secrets.provider.rotation import Rotation
from tba_secrets.provider.server import Provider, serve


class EngineError(TbaError):
    """`pulumi up` failed; what it says is the engine's and our provider's own words."""


def rotate(
    project: Path,
    stack: str,
    rotations: Mapping[str, Rotation],
    show: Callable[[str], None],
) -> None:
    """Rotate records with one `pulumi up` that touches nothing else.

    Args:
        project: The folder that holds Pulumi.yaml.
        stack: The stack's name.
        rotations: By `integration/token`.
        show: Is given the engine's output, line by line.

    Raises:
        EngineError: The stack is missing or locked, or a record was not rotated: why.
    """
    provider = Provider(None)
    provider.host.rotations = rotations
    server, port = serve(provider)
    try:
        _select(project, stack, port).up(
            target=_targets(rotations), on_output=show, color="never", suppress_outputs=True
        )
    except automation.ConcurrentUpdateError:
        raise EngineError(
            f"the stack {stack} is locked by another update",
            "wait for it; where it was killed: `pulumi cancel --yes`, then this again",
        ) from None
    except automation.CommandError:
        raise EngineError(
            f"{stack}: not every record was rotated", "the reason stands above"
        ) from None
    finally:
        server.stop(0)


def _select(project: Path, stack: str, port: int) -> automation.Stack:
    environment = {"PULUMI_DEBUG_PROVIDERS": f"tba:{port}"}
    try:
        return automation.select_stack(
            stack,
            work_dir=str(project),
            opts=automation.LocalWorkspaceOptions(env_vars=environment),
        )
    except automation.StackNotFoundError:
        raise EngineError(
            f"there is no stack {stack}", f"`pulumi stack init {stack}`, then `pulumi up`"
        ) from None


def _targets(records: Mapping[str, Rotation]) -> list[str]:
    tokens = [record.partition("/")[2] for record in records]
    return [f"**{kind}::{token}" for token in tokens for kind in ("StagedCredential", "SmokeTest")]
