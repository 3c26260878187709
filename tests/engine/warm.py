"""A virtual environment whose programs begin with their imports done, for tests that start many of them.

Two thirds of the processor time of a `pulumi up` with a handful of resources are imports: of the program, of the
provider, of `tba`, and of the `pip list` that the language host runs. Here each of them is forked from a server that
has imported everything, and is otherwise what it is in the field: a process of its own, with the environment, the
folder, the arguments and the streams that whoever started it gave it. What was started is a small stand-in, which hands
signals on, ends as the program ends, and takes it along when it is killed.

The program is no child of who started its stand-in, and not in its session: tests about kills, terminals and processes
start the real thing (`Project.link_venv(cold=True)`).
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

VENV: Final = Path(sys.executable).parents[1]
"""The real one."""
PROGRAMS: Final = ("python", "python3", "tba", "pulumi-resource-tba")

# Only modules without which Python cannot start at all: this runs several times in each command.
_STAND_IN: Final = """\
#!{python} -IS
import _signal, _socket, posix, sys

program = sys.argv[0].rpartition("/")[2]
if program.startswith("python") and not (
    sys.argv[1:3] == ["-m", "pip"] or sys.argv[1:2] and sys.argv[1].endswith("-language-python-exec")
):
    posix.execv({python!r}, [{python!r}, *sys.argv[1:]])
server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
server.connect({address!r})
asked = repr((program, sys.argv, posix.getcwd(), posix.environ)).encode()
streams = b"".join(fd.to_bytes(4, sys.byteorder) for fd in (0, 1, 2))
server.sendmsg([len(asked).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
server.sendall(asked)
for number in (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP):
    _signal.signal(number, lambda number, _frame: server.send(bytes([number])))
status = server.recv(1)
posix._exit(status[0] if status else 1)
"""

# Not by `-m`: a program of that name would be what the messages about a wrong command line tell to run.
_SERVER: Final = "import sys; from tests.engine.warm_server import serve; serve(sys.argv[1])"


@functools.cache
def warm_venv() -> Path:
    """Start the server, which ends with this process; return the folder that stands in for `.venv`."""
    folder = Path(tempfile.mkdtemp(prefix="tba-warm-"))
    (folder / "bin").mkdir()
    for name in ("lib", "pyvenv.cfg"):
        (folder / name).symlink_to(VENV / name)
    stand_in = folder / "stand-in"
    address = str(folder / "server")
    stand_in.write_text(_STAND_IN.format(python=sys.executable, address=address))
    stand_in.chmod(0o755)
    for program in (VENV / "bin").iterdir():
        warm = program.name in PROGRAMS
        (folder / "bin" / program.name).symlink_to(stand_in if warm else program)
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER, address],
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        stdin=subprocess.PIPE,  # nobody writes to it: it is closed when this process ends
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert server.stdout is not None
    assert server.stdout.readline() == b"listening\n"
    _kept.append(server)
    return folder


_kept: list[subprocess.Popen[bytes]] = []
