"""The Pulumi program of a project: stacks/STACK.yaml -> components, and the stack's output `credentials`."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, cast

import pulumi
from pulumi.runtime.proto import resource_pb2

from tba_secrets.provider import LOOK_AHEAD

if TYPE_CHECKING:
    from tba_secrets.components import Environment

_SHOWN: Final = 32
"""A program's exit code that tells the engine: it failed, and the reason has been shown."""


def run(project: Path) -> None:
    """Declare the environment of the stack that is being updated, and export its credentials.

    The project is Pulumi.yaml's folder. A file that cannot be used ends the program, once its problems have been shown.
    """
    _wake_provider()
    # What takes a while to load comes after that.
    from tba_secrets.components import Environment
    from tba_secrets.errors import SpecError
    from tba_secrets.spec import load_stack

    # When a resource fails, the language host interrupts this program; the reason has been shown.
    signal.signal(signal.SIGINT, lambda *_: os._exit(_SHOWN))
    # The SDK sends the engine four debug messages a resource, and waits for each: half of the program's time.
    pulumi.log.debug = _unheard
    try:
        spec = load_stack(project, pulumi.get_stack())
    except SpecError as error:
        pulumi.log.error(str(error))
        os._exit(_SHOWN)
    export_credentials(Environment(pulumi.get_stack(), spec))


def _wake_provider() -> None:
    """Have the engine start the provider while this program loads: each of the two takes about half a second.

    The engine starts it when a program first needs it.
    """
    monitor = cast("Any", pulumi.runtime.settings.get_monitor())

    def ask() -> None:
        # The first resource that needs the provider fails in the same way, and tells.
        with suppress(Exception):
            monitor.Invoke(resource_pb2.ResourceInvokeRequest(tok=LOOK_AHEAD))

    Thread(target=ask, daemon=True).start()


def _unheard(*_: object, **__: object) -> None:
    """Take the place of `pulumi.log.debug`."""


def export_credentials(environment: Environment) -> None:
    """Export an environment's credentials as the stack's output `credentials`, if all of them are known.

    With `--continue-on-error`, as `tba rotate` has it, the program outlives a record that fails, and what is known of
    that record, or of one that is no target and not there yet, is Pulumi's internal "unknown" value. The engine would
    save it for every reader of the output. Ending the program before it registers its outputs keeps the last good ones.
    By then every record has been through, and the engine knows which have failed.

    The program then waits for all of it at once, by `pulumi.run`: by itself the SDK looks at every output that is not
    there yet whenever one comes, which takes most of the program's time from some ten records on. A program that calls
    `pulumi.run` for itself exports `environment.credentials` there.
    """

    async def known() -> pulumi.Output[Any]:
        credentials = pulumi.Output.from_input(environment.credentials)
        if not pulumi.runtime.is_dry_run() and not await credentials.is_known():
            os._exit(0)
        return credentials

    exported: pulumi.Output[Any] = pulumi.Output.from_input(known())
    pulumi.export("credentials", exported)

    async def all_are_there() -> None:
        await exported.is_known()

    if (run := getattr(pulumi, "run", None)) is not None:  # older SDKs have none
        with suppress(pulumi.RunError):  # a test's mocks, in the place of an engine
            run(all_are_there)
