"""The real engine, driven by `tba`: `pulumi up` on the same stack, with the provider served by this very process.

The engine attaches to it (PULUMI_DEBUG_PROVIDERS and the protocol's Attach), so that values pass in memory. State, lock
and history are the ones that every `pulumi up` uses.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from collections.abc import Callable, Iterable
from contextlib import chdir
from pathlib import Path
from typing import Any, Final

from pulumi import automation

from tba_secrets.errors import TbaError
from tba_secrets.provider.intents import Intents
from tba_secrets.provider.server import Provider, serve

_LOCK_HOLDER: Final = re.compile(
    r"created by (?P<user>[^@\s]+)@(?P<host>\S+) \(pid (?P<pid>[0-9]+)\)"
)

_COMPLAINT: Final = re.compile(r"^(?: stderr: )?error: (.+)$", re.MULTILINE)
_USER: Final = re.compile(r"//[^/@\s]*@")
"""A backend's address may hold a password (`postgres://user:password@host`)."""

Show = Callable[[str], None]


class EngineError(TbaError):
    """`pulumi up` failed; what it says is the engine's and our provider's own words."""


class LockedError(EngineError):
    """Another update of the stack is under way: nothing was done."""


def carry_out(project: Path, stack: str, intents: Intents, show: Show) -> None:
    """Carry intents out with one `pulumi up` that touches no other record. What a killed run left is taken up first.

    Args:
        project: The folder that holds Pulumi.yaml.
        stack: The stack's name.
        intents: By `integration/token`.
        show: Is given the engine's output, line by line.

    Raises:
        LockedError: Another update is under way: whose.
        EngineError: The stack is missing, or not every record succeeded: why.
    """
    provider = Provider(None)
    provider.host.intents = intents
    server, port = serve(provider)
    begun = False
    try:
        with chdir(project):  # paths in the YAML start from there
            chosen = _select(project, stack, port)
            _take_up(chosen, show)
            begun = True
            chosen.up(
                target=_targets(intents),
                on_output=show,
                color="never",
                suppress_outputs=True,
                continue_on_error=True,
            )
    except automation.ConcurrentUpdateError as error:
        raise locked(stack, str(error)) from None
    except automation.CommandError as error:
        raise _failed(stack, str(error), begun=begun) from None
    finally:
        server.stop(0)


def _failed(stack: str, told: str, *, begun: bool) -> EngineError:
    """Before the update has begun nothing was shown: then the CLI's own first line of complaint is the reason."""
    said = None if begun else _COMPLAINT.search(told)
    if said is None:
        return EngineError(f"{stack}: not every record succeeded", "the reason stands above")
    return EngineError(
        f"the stack {stack} cannot be opened: {_USER.sub('//', said[1])}",
        f"`tba doctor {stack}` looks at the backend, the stack and its passphrase; nothing was changed",
    )


def _select(project: Path, stack: str, port: int) -> automation.Stack:
    environment = {"PULUMI_DEBUG_PROVIDERS": f"tba:{port}"}
    try:
        return automation.select_stack(
            stack,
            work_dir=str(project),
            opts=automation.LocalWorkspaceOptions(env_vars=environment, pulumi_command=command()),
        )
    except automation.StackNotFoundError:
        raise no_stack(stack) from None


def _targets(records: Iterable[str]) -> list[str]:
    """The records' resources; and what holds them, for a record that is new in the stack."""
    paths = [record.split("/") for record in records]
    holders = ["**tba:index:Environment::*"]
    holders += [f"**tba:index:Integration::{name}" for name in sorted({path[0] for path in paths})]
    kinds = ("StagedCredential", "SmokeTest")
    return holders + [f"**{kind}::{token}" for _, token in paths for kind in kinds]


def _take_up(stack: automation.Stack, show: Show) -> None:
    """After a kill the engine's lock and its pending operations stay: the documented way, where the holder is dead."""
    try:
        stack.refresh(clear_pending_creates=True, on_output=lambda _line: None, color="never")
    except automation.ConcurrentUpdateError as error:
        if not holder_is_dead(str(error)):
            raise
        show("the process that held the stack's lock is gone: taking its work up\n")
        stack.cancel()
        stack.refresh(clear_pending_creates=True, on_output=lambda _line: None, color="never")


def holder_is_dead(refusal: str) -> bool:
    """Whether every holder of the lock was a process of this machine that is gone."""
    holders = list(_LOCK_HOLDER.finditer(refusal))
    return bool(holders) and all(
        holder["host"] == socket.gethostname() and not alive(int(holder["pid"]))
        for holder in holders
    )


def alive(pid: int) -> bool:
    """Whether a process of this machine runs.

    A killed process that nobody has waited for yet is dead too; in a container it may stay so (proc(5), state Z).
    """
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except ProcessLookupError:
        return False
    except OSError:  # not ours to signal, or no /proc here
        return True


def locked(stack: str, refusal: str) -> LockedError:
    """The words for an update that is refused because another one is under way.

    Args:
        stack: The stack's name.
        refusal: What the CLI said.
    """
    holder = _LOCK_HOLDER.search(refusal)
    who = f" by process {holder['pid']} on {holder['host']}" if holder else ""
    return LockedError(
        f"the stack {stack} is being updated{who}: nothing was changed",
        "wait for it, then run this again; where it is dead: `pulumi cancel --yes` first",
    )


def exported_deployment(project: Path, stack: str) -> dict[str, Any]:
    """A stack's last state, as `pulumi stack export` gives it; no secret is decrypted.

    The CLI is run without selecting the stack: several stacks are read at once, and the project's selected stack stays
    the one that its user chose. (The Automation API's own `export_stack` selects it, and decrypts.)

    Args:
        project: The folder that holds Pulumi.yaml.
        stack: The stack's name.

    Raises:
        EngineError: The CLI or the stack is missing, or the state cannot be read.
    """
    try:
        exported = command().run(["stack", "export", "--stack", stack], str(project), {})
        deployment: dict[str, Any] = json.loads(exported.stdout).get("deployment") or {}
    except automation.StackNotFoundError:
        raise no_stack(stack) from None
    except (automation.CommandError, ValueError):
        raise EngineError(
            f"the state of the stack {stack} cannot be read",
            f"`tba doctor {stack}` looks for the cause",
        ) from None
    return deployment


def exported_resources(project: Path, stack: str) -> list[dict[str, Any]]:
    """The resources of `exported_deployment`, which says what may go wrong."""
    return list(exported_deployment(project, stack).get("resources") or [])


def command() -> automation.PulumiCommand:
    """The CLI.

    Raises:
        EngineError: It is missing, or its version is none that the Automation API works with.
    """
    try:
        return automation.PulumiCommand()
    except OSError:
        raise EngineError(
            "the Pulumi CLI is not on PATH", "install it, or run `make tools`"
        ) from None
    except (automation.InvalidVersionError, subprocess.CalledProcessError):
        raise EngineError(
            "the Pulumi CLI on PATH says no version that can be used",
            "run `pulumi version`, and install a released one, or run `make tools`",
        ) from None


def no_stack(stack: str) -> EngineError:
    """The words for a stack that was never made."""
    return EngineError(
        f"there is no stack {stack}", f"`pulumi stack init {stack}`, then `pulumi up`"
    )
