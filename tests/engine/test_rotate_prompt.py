"""`tba rotate --prompt`: a person types the new token, unseen, before the engine starts."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tba_secrets.cli.exits import Exit
from tests.engine.conftest import World
from tests.engine.project import HANG_GUARD_SECONDS
from tests.engine.tba import SCRIPT, assert_nothing_to_do

pytestmark = pytest.mark.engine


class Person:
    """Somebody at a terminal, who reads what is asked before typing."""

    def __init__(self, process: subprocess.Popen[bytes], keyboard: int) -> None:
        self.process = process
        self._keyboard = keyboard
        self.seen = b""

    def is_asked(self, question: bytes) -> None:
        """Read on until the question stands there."""
        assert self.process.stdout is not None
        while not self.seen.endswith(question):
            byte = self.process.stdout.read(1)
            assert byte, self.seen
            self.seen += byte

    def types(self, line: str) -> None:
        os.write(self._keyboard, f"{line}\n".encode())

    def waits(self) -> int:
        """Until the command ends; its exit code."""
        assert self.process.stdout is not None
        self.seen += self.process.stdout.read()
        return self.process.wait(HANG_GUARD_SECONDS)


@contextmanager
def rotating(world: World) -> Iterator[Person]:
    """`tba rotate --prompt` at a terminal."""
    keyboard, terminal = pty.openpty()
    with subprocess.Popen(
        [world.project.folder / SCRIPT, "rotate", "test", "orders", "--prompt"],
        cwd=world.project.folder,
        env=world.project.environment,
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        bufsize=0,
    ) as process:
        yield Person(process, keyboard)
    os.close(keyboard)
    os.close(terminal)


def test_a_typed_token_is_taken_and_ctrl_c_at_the_prompt_ends_at_once(deployed: World) -> None:
    labels, calls = deployed.labels("orders"), len(deployed.aws.calls)

    with rotating(deployed) as person:
        person.is_asked(b"token id: ")
        person.process.send_signal(signal.SIGINT)
        assert person.waits() == Exit.INTERRUPTED, person.seen
    assert b"Traceback" not in person.seen
    assert (deployed.labels("orders"), len(deployed.aws.calls)) == (labels, calls)

    new = deployed.account.spares["orders"]
    with rotating(deployed) as person:
        person.is_asked(b"token id: ")
        person.types(new.identifier)
        person.is_asked(b"token secret: ")
        person.types(new.secret)
        assert person.waits() == 0, person.seen
    assert new.secret.encode() not in person.seen
    assert deployed.current("orders")["token_id"] == new.identifier
    assert_nothing_to_do(deployed)
