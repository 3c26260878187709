"""The server of `tests.engine.warm`: it imports everything once, and forks a process for each program asked for."""

from __future__ import annotations

import ast
import gc
import os
import runpy
import selectors
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, Final, NamedTuple

_SCRIPTS: Final = {
    "tba": "tba_secrets.cli",
    "pulumi-resource-tba": "tba_secrets.provider.process",
}
_OTHERS: Final = (
    "tests.faults.warm",
    "pulumi.runtime",
    "pulumi.automation",
    "pip._internal.commands.list",
)
"""What a program imports late; the first has the libraries of the stores, and the models of AWS."""


class _Asked(NamedTuple):
    program: str
    arguments: list[str]
    folder: str
    environment: dict[bytes, bytes]
    streams: list[int]

    def start(self) -> None:
        """Become what was asked for, in a process that was just forked."""
        for stream, fd in enumerate(self.streams):
            os.dup2(fd, stream)
            os.close(fd)
        os.chdir(self.folder)
        os.environ.clear()
        os.environb.update(self.environment)
        sys.argv[:] = self.arguments
        assert isinstance(sys.stdout, TextIOWrapper)
        sys.stdout.reconfigure(line_buffering=os.isatty(1))
        sys.path[0] = str(Path(self.arguments[0]).parent)
        if self.program in _SCRIPTS:
            import_module(_SCRIPTS[self.program]).main()
        elif sys.argv[1] == "-m":
            del sys.argv[1:3]
            runpy.run_module("pip", run_name="__main__", alter_sys=True)
        else:
            del sys.argv[0]
            runpy.run_path(sys.argv[0], run_name="__main__")


def serve(address: str) -> None:
    """Serve until whoever started this is gone."""
    _import_everything()
    gc.collect()
    gc.freeze()
    if (asked := _Server(address).asked()) is not None:
        asked.start()
        return
    shutil.rmtree(Path(address).parent)


class _Server:
    def __init__(self, address: str) -> None:
        self._selector = selectors.DefaultSelector()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(address)
        self._socket.listen(64)

    def asked(self) -> _Asked | None:
        """Return what was asked for in each process that is forked, and None in this one, at the end."""
        self._watch(self._socket, self._accept)
        self._watch(sys.stdin, lambda: None)
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is sys.stdin:
                    return None
                if self._selector.get_map().get(key.fd) is not key:
                    continue  # what happened a moment ago has ended it
                asked: _Asked | None = key.data()
                if asked is not None:
                    self._selector.close()
                    self._socket.close()
                    return asked

    def _watch(self, file: Any, happened: Callable[[], _Asked | None]) -> None:
        self._selector.register(file, selectors.EVENT_READ, happened)

    def _accept(self) -> _Asked | None:
        stand_in, _ = self._socket.accept()
        size, streams, _, _ = socket.recv_fds(stand_in, 4, 3)
        content = stand_in.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
        program, arguments, folder, environment = ast.literal_eval(content.decode())
        asked = _Asked(program, arguments, folder, environment, streams)
        pid = os.fork()
        if not pid:
            stand_in.close()
            return asked
        for stream in streams:
            os.close(stream)
        ended = os.pidfd_open(pid)
        self._watch(ended, lambda: self._end(pid, ended, stand_in))
        self._watch(stand_in, lambda: self._hand_on(pid, stand_in))
        return None

    def _hand_on(self, pid: int, stand_in: socket.socket) -> None:
        """Give a signal on; kill what nobody waits for any more."""
        try:
            number = stand_in.recv(1)
        except ConnectionError:
            number = b""
        os.kill(pid, number[0] if number else signal.SIGKILL)
        if not number:
            self._selector.unregister(stand_in)

    def _end(self, pid: int, ended: int, stand_in: socket.socket) -> None:
        _, status = os.waitpid(pid, 0)
        self._selector.unregister(ended)
        os.close(ended)
        if stand_in in self._selector.get_map():
            self._selector.unregister(stand_in)
            code = os.waitstatus_to_exitcode(status)
            stand_in.sendall(bytes([code if code >= 0 else 128 - code]))
        stand_in.close()


def _import_everything() -> None:
    package = import_module("tba_secrets")
    for module in walk_packages(package.__path__, "tba_secrets."):
        if not module.name.endswith(".__main__"):
            import_module(module.name)
    for name in _OTHERS:
        import_module(name)
