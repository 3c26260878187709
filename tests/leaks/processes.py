"""The processes below one process, as everybody on the machine can see them: arguments and environment, from /proc."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final

from tests.leaks.scanner import Artefact

_PAUSE_SECONDS: Final = 0.02
_PROC: Final = Path("/proc")


class Watch:
    """Looks at a process and all its descendants, again and again, until it is closed.

    Args:
        pid: The process.
    """

    def __init__(self, pid: int) -> None:
        self._known = {pid}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._look_again, daemon=True)
        self._seen: dict[tuple[int, bytes], bytes] = {}

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._thread.join()

    def arguments(self) -> list[Artefact]:
        """The command line of each process."""
        return [Artefact(f"the arguments of {_name(argv)}", argv) for _, argv in self._seen]

    def environments(self, declared: Mapping[str, str]) -> list[Artefact]:
        """The environment of each process, without the `declared` variables where they hold what was declared."""
        given = {f"{name}={value}".encode() for name, value in declared.items()}
        return [
            Artefact(
                f"the environment of {_name(argv)}",
                b"\0".join(entry for entry in environ.split(b"\0") if entry not in given),
            )
            for (_, argv), environ in self._seen.items()
        ]

    def _look_again(self) -> None:
        while not self._closing.wait(_PAUSE_SECONDS):
            for pid in list(self._known):
                self._look(pid)

    def _look(self, pid: int) -> None:
        with suppress(OSError):  # it may end at any moment
            folder = _PROC / str(pid)
            for task in (folder / "task").iterdir():
                self._known.update(int(child) for child in (task / "children").read_text().split())
            argv = (folder / "cmdline").read_bytes()
            if argv and (pid, argv) not in self._seen:
                self._seen[pid, argv] = (folder / "environ").read_bytes()
            return
        self._known.discard(pid)


def _name(argv: bytes) -> str:
    words = argv.decode("utf-8", "replace").split("\0")
    return " ".join(word.rpartition("/")[2][:40] for word in words[:2])
