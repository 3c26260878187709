"""yaml-language-server, as an editor runs it: started over stdio, spoken to by the Language Server Protocol 3.17."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Any, Final, Self

HERE: Final = Path(__file__).parent
SERVER: Final = HERE / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"

SETTINGS: Final = {
    "yaml": {
        "validate": True,
        "hover": True,
        "completion": True,
        "schemaStore": {"enable": False},  # a catalogue on the network
    }
}
HANG_GUARD_SECONDS: Final = 60

Message = dict[str, Any]


class LanguageServer:
    """One server, for the files of one folder.

    Args:
        folder: The workspace; files in it are found by the address of its path.
    """

    def __init__(self, folder: Path) -> None:
        node = shutil.which("node")
        assert node is not None, "Node.js is missing: `make editor` tells how to get it"
        assert SERVER.is_file(), "the language server is missing: run `make editor`"
        self._folder = folder
        self._last = 0
        self._configured = False
        self._process = subprocess.Popen(
            [node, SERVER, "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._guard = Timer(HANG_GUARD_SECONDS, self._process.kill)

    def __enter__(self) -> Self:
        """Shake hands, and wait until the server has asked for its settings."""
        self._guard.start()
        self._ask(
            "initialize",
            {"processId": None, "rootUri": self._folder.as_uri(), "capabilities": {}},
        )
        self._tell("initialized", {})
        while not self._configured:
            self._next()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._guard.cancel()
        self._process.kill()
        self._process.communicate()

    def diagnostics(self, file: Path) -> list[Message]:
        """Open a file; what the editor underlines in it (`range`, `message`), once the server has looked."""
        self._open(file)
        while True:
            message = self._next()
            if (
                message.get("method") == "textDocument/publishDiagnostics"
                and message["params"]["uri"] == file.as_uri()
            ):
                found: list[Message] = message["params"]["diagnostics"]
                return found

    def completions(self, file: Path, line: int, column: int) -> list[str]:
        """What is offered at a place of a file that is open: labels. Line and column count from 0."""
        answer = self._ask("textDocument/completion", _at(file, line, column))
        return [item["label"] for item in (answer or {}).get("items", [])]

    def hover(self, file: Path, line: int, column: int) -> str:
        """What is shown for a place of a file that is open, empty for nothing."""
        answer = self._ask("textDocument/hover", _at(file, line, column))
        return str(answer["contents"]["value"]) if answer else ""

    def _open(self, file: Path) -> None:
        document = {
            "uri": file.as_uri(),
            "languageId": "yaml",
            "version": 1,
            "text": file.read_text(),
        }
        self._tell("textDocument/didOpen", {"textDocument": document})

    def _ask(self, method: str, params: Message) -> Any:
        """Send a request and wait for its answer."""
        self._last += 1
        number = self._last
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message["error"]
                return message.get("result")

    def _tell(self, method: str, params: Message) -> None:
        self._send({"method": method, "params": params})

    def _next(self) -> Message:
        """The server's next message; what it asks for itself is answered: its settings, and nothing else."""
        message = self._receive()
        if "id" in message and "method" in message:
            asked = message["method"] == "workspace/configuration"
            items = message["params"]["items"] if asked else []
            result = [SETTINGS.get(item["section"]) for item in items] if asked else None
            self._send({"id": message["id"], "result": result})
            self._configured |= asked
        return message

    def _send(self, message: Message) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> Message:
        assert self._process.stdout is not None
        length = 0
        while (line := self._process.stdout.readline()) != b"\r\n":
            assert line, "the language server has ended"
            name, _, value = line.decode().partition(":")
            if name.lower() == "content-length":
                length = int(value)
        message: Message = json.loads(self._process.stdout.read(length))
        return message


def _at(file: Path, line: int, column: int) -> Message:
    return {
        "textDocument": {"uri": file.as_uri()},
        "position": {"line": line, "character": column},
    }
