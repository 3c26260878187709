"""The Pulumi CLI on one stack, and what its complaints mean.

The stack is named with every command and never selected: the selected stack is the user's own choice.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Thread
from typing import IO, Any, Final

from tba_secrets.engine import runs
from tba_secrets.engine.runs import Holder, Life
from tba_secrets.errors import TbaError
from tba_secrets.sensitive import Sensitive

_NOT_FOUND: Final = re.compile(r"no stack named .* found")
_LOCKED: Final = re.compile(
    r"the stack is currently locked by|Conflict: Another update is currently in progress"
)
_COMPLAINT: Final = re.compile(r"^error: (.+)", re.MULTILINE | re.DOTALL)
_USER: Final = re.compile(r"""//[^\s"']*@""")
_PASSWORD: Final = re.compile(r"""([?&][a-z_]*password=)[^&\s"']*""", re.IGNORECASE)
_WITHOUT_TERMINAL: Final = ("--color", "never", "--non-interactive")

Hear = Callable[[str], None]
"""Called with each line of output."""


class EngineError(TbaError):
    """The engine did not do what was asked; what it says is its own and our provider's words."""


class LockedError(EngineError):
    """Another update holds the stack's lock: nothing was done. There are no holders if the backend does not tell."""

    def __init__(self, stack: str, holders: tuple[Holder, ...]) -> None:
        who = " and ".join(map(str, holders)) or "another run"
        alive = runs.life(stack, holders) is Life.ALIVE
        super().__init__(
            f"the stack {stack} is being updated by {who}: nothing was changed",
            "it is still running: wait for it, then run this again"
            if alive
            else "wait for it, then run this again; if you are sure that it is dead, add --take-over",
        )
        self.holders = holders


class PulumiCli:
    """The CLI on one stack, with variables beside this process's own; `cancelled` once the user has asked to stop."""

    def __init__(
        self,
        project: Path,
        stack: str,
        environment: Mapping[str, str] | None = None,
        cancelled: Event | None = None,
    ) -> None:
        self._project = project
        self._stack = stack
        self._environment = {"PULUMI_SKIP_UPDATE_CHECK": "true", **(environment or {})}
        self._cancelled = cancelled or Event()
        self._process: subprocess.Popen[str] | None = None
        self._told = False

    def read(self, *arguments: str) -> str:
        """Run a command that takes no lock; returns what it prints. Raises as `run`."""
        lines: list[str] = []
        self._run(arguments, lines.append, locks=False)
        return "".join(lines)

    def run(self, *arguments: str, hear: Hear = lambda _line: None) -> None:
        """Run a command that takes the stack's lock, to its end; `arguments` are without the stack.

        Raises:
            LockedError: Another update holds the lock.
            EngineError: The CLI or the stack is missing, or the command failed.
        """
        self._run(arguments, hear, locks=True)

    def interrupt(self) -> None:
        """Let what runs end as after Ctrl-C. A second time ends it at once. For a signal handler: takes no lock."""
        process = self._process
        if process is not None:
            self._told = True
            process.send_signal(signal.SIGINT)

    def _run(self, arguments: tuple[str, ...], hear: Hear, *, locks: bool) -> None:
        complaints: list[str] = []
        began = time.time()
        with self._start(arguments) as process:
            kept = None
            if locks:
                kept = runs.record(self._project, self._stack, process.pid, began)
            self._process = process
            # Ctrl-C may have come when there was no process to hand it to; a second one would end the engine at once.
            if self._cancelled.is_set() and not self._told:
                self.interrupt()
            reading = Thread(target=_drain, args=(process.stderr, complaints), daemon=True)
            reading.start()
            try:
                for line in process.stdout or ():
                    hear(line)
            except BaseException:
                self.interrupt()  # Ctrl-C in a command that does not handle it: the CLI has not seen it
                process.wait()
                reading.join()
                raise
            status = process.wait()
            reading.join()
        self._process = None
        said = "".join(complaints)
        if status == 0:
            if locks:
                runs.forget_dead(self._project, self._stack)
            return
        # A failed run may have left its lock: the record stays, until the next update that has the lock.
        if _LOCKED.search(said):
            if kept is not None:
                kept.path.unlink(missing_ok=True)
            raise LockedError(self._stack, runs.holders(said))
        raise _failed(self._stack, said)

    def _start(self, arguments: tuple[str, ...]) -> subprocess.Popen[str]:
        """Start it in a process group of its own: Ctrl-C reaches `tba` alone, which hands it on once."""
        try:
            return subprocess.Popen(  # noqa: S603 - the CLI, without a shell
                ["pulumi", *arguments, "--stack", self._stack, *_WITHOUT_TERMINAL],  # noqa: S607
                cwd=self._project,
                env={**os.environ, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                process_group=0,
            )
        except OSError:
            raise EngineError(
                "the Pulumi CLI is not on PATH", "install it, or run `make tools`"
            ) from None


def _drain(stream: IO[str], lines: list[str]) -> None:
    lines.extend(stream)


def _failed(stack: str, said: str) -> EngineError:
    if _NOT_FOUND.search(said):
        return EngineError(
            f"there is no stack {stack}", f"`pulumi stack init {stack}`, then `pulumi up`"
        )
    complaint = _COMPLAINT.search(said)
    words = without_password((complaint[1] if complaint else said).strip())
    return EngineError(
        f"pulumi failed on the stack {stack}: {words or 'it says nothing'}",
        f"`tba doctor {stack}` looks at the backend, the stack and its passphrase",
    )


def without_password(text: str) -> str:
    """Take user and password out of a backend's address (`postgres://user:password@host`)."""
    return _PASSWORD.sub(r"\1...", _USER.sub("//", text))


def exported_deployment(project: Path, stack: str) -> dict[str, Any]:
    """Read a stack's last state, as `pulumi stack export` gives it; no secret is decrypted.

    Raises:
        EngineError: The CLI or the stack is missing, or the state cannot be read.
    """
    try:
        exported = json.loads(PulumiCli(project, stack).read("stack", "export"))
        return dict(exported["deployment"] or {})
    except (ValueError, KeyError, TypeError):
        raise _unreadable("state", stack) from None


def configured(project: Path, stack: str) -> dict[str, Sensitive]:
    """Read a stack's own configuration, secrets included: by `namespace:name`, what is a text.

    Raises:
        EngineError: The CLI or the stack is missing, a secret cannot be decrypted, or the CLI printed no JSON.
    """
    try:
        read = json.loads(PulumiCli(project, stack).read("config", "--show-secrets", "--json"))
        values = {name: (one or {}).get("value") for name, one in read.items()}
    except (ValueError, AttributeError):  # from None: the text has the secrets
        raise _unreadable("configuration", stack) from None
    return {name: Sensitive(text) for name, text in values.items() if isinstance(text, str)}


def _unreadable(what: str, stack: str) -> EngineError:
    return EngineError(
        f"the {what} of the stack {stack} cannot be read",
        f"`tba doctor {stack}` looks for the cause",
    )


def exported_resources(project: Path, stack: str) -> list[dict[str, Any]]:
    """Read the resources of `exported_deployment`, which says what may go wrong."""
    return list(exported_deployment(project, stack).get("resources") or [])
