"""A plain `pulumi up` of one stack, for several of them side by side.

The provider is served by this very process, as for `tba rotate` (see `engine`), one for each stack. What belongs to a
user and an account then holds across the stacks: the gate (one call of a user at a time, none after a refused one, so
that two environments of one user cannot lock him out together), the sources (a password manager's command runs once)
and the limit of writes to an AWS account. The CLI runs without selecting a stack: that setting is the project's, and
its user's choice.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pulumi import automation

from tba_secrets.engine import EngineError, command, exported_deployment, holder_is_dead, locked
from tba_secrets.engine_events import Listener, Message, Outcome, Result, Tell
from tba_secrets.errors import TbaError
from tba_secrets.netsuite import Gate
from tba_secrets.provider.server import Provider, serve
from tba_secrets.sources import SourceReader

_WITHOUT_QUESTIONS = ("--yes", "--skip-preview")


class Deployer:
    """Brings stacks of one project up; for threads.

    Args:
        project: The folder that holds Pulumi.yaml.
    """

    def __init__(self, project: Path) -> None:
        self._project = project
        self._gate = Gate(time.time)
        self._sources = SourceReader()
        self._running: set[Provider] = set()

    def up(self, stack: str, tell: Tell) -> Outcome:
        """Bring one stack up. What a killed run left is taken up first. Never raises for what goes wrong.

        Args:
            stack: The stack's name.
            tell: Is given what happens, line by line.
        """
        tell("begins")
        started, listener = time.monotonic(), Listener(tell)
        try:
            succeeded = self._up(stack, listener, tell)
        except TbaError as error:
            tell(error.what.partition("\n")[0])
            seconds = time.monotonic() - started
            return Outcome(stack, Result.FAILED, errors=(Message(str(error)),), seconds=seconds)
        return listener.outcome(stack, succeeded=succeeded, seconds=time.monotonic() - started)

    def stop(self) -> None:
        """Let what runs end before its next write; the engine is told by whoever stops us (Ctrl-C goes to all)."""
        for provider in tuple(self._running):
            provider.host.cancelled.set()

    def provider(self) -> Provider:
        """A provider that shares with the other stacks' what belongs to users and sources."""
        made = Provider(None)
        made.host.gate, made.host.sources = self._gate, self._sources
        return made

    def _up(self, stack: str, listener: Listener, tell: Tell) -> bool:
        with self._served() as port:
            cli = _Cli(self._project, stack, port)
            try:
                if exported_deployment(self._project, stack).get("pending_operations"):
                    cli.clear_pending()
                return cli.up(listener)
            except automation.ConcurrentUpdateError as error:
                if not holder_is_dead(str(error)):
                    raise locked(stack, str(error)) from None
            tell("the process that held the stack's lock is gone: taking its work up")
            try:
                cli.run("cancel", "--yes")
                cli.clear_pending()
                return cli.up(listener)
            except automation.ConcurrentUpdateError as error:
                raise locked(stack, str(error)) from None

    @contextmanager
    def _served(self) -> Iterator[int]:
        provider = self.provider()
        server, port = serve(provider)
        self._running.add(provider)
        try:
            yield port
        finally:
            self._running.discard(provider)
            server.stop(0)


class _Cli:
    """The Pulumi CLI on one stack, attached to a provider of this process."""

    def __init__(self, project: Path, stack: str, port: int) -> None:
        self._project = str(project)
        self._stack = stack
        self._environment = {"PULUMI_DEBUG_PROVIDERS": f"tba:{port}"}
        self._command = command()

    def up(self, listener: Listener) -> bool:
        """Whether it succeeded; why not, the listener has heard.

        Raises:
            ConcurrentUpdateError: Another update holds the lock.
            EngineError: The update did not begin: what the CLI says.
        """
        try:
            self.run("up", *_WITHOUT_QUESTIONS, "--json", listener=listener)
        except EngineError:
            if listener.errors:
                return False
            raise
        return True

    def clear_pending(self) -> None:
        """The documented way after a kill. Raises as `up`."""
        self.run("refresh", *_WITHOUT_QUESTIONS, "--clear-pending-creates")

    def run(self, *arguments: str, listener: Listener | None = None) -> None:
        """Run it to its end.

        Raises:
            ConcurrentUpdateError: Another update holds the lock.
            EngineError: It failed.
        """
        said: list[str] = []
        try:
            self._command.run(
                [*arguments, "--stack", self._stack, "--color", "never"],
                self._project,
                self._environment,
                on_output=listener.hear if listener else None,
                on_error=said.append,
            )
        except automation.ConcurrentUpdateError:
            raise
        except automation.CommandError:
            raise _failed(self._stack, said) from None


def _failed(stack: str, said: Sequence[str]) -> EngineError:
    words = "\n".join(said).strip().removeprefix("error: ")
    return EngineError(
        words or f"pulumi failed on the stack {stack}, and said nothing",
        f"`tba doctor {stack}` looks at the backend, the stack and its passphrase"
        if words
        else f"run `pulumi up --stack {stack}` to see more",
    )
