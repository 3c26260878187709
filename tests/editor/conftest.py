"""A workspace as an editor opens it, with the language server at work on it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.editor.language_server import LanguageServer
from tests.engine.project import ROOT

MODELINE = "# yaml-language-server: $schema=../schema/environment.schema.json\n"


@dataclass
class Editor:
    """stacks/ beside schema/, as in this repository."""

    folder: Path
    server: LanguageServer

    def file(self, name: str, text: str) -> Path:
        """A file in stacks/."""
        file = self.folder / "stacks" / f"{name}.yaml"
        file.write_text(text)
        return file

    def underlined(self, name: str, text: str) -> dict[str, str]:
        """What is wrong with a file: the text of the line -> the message."""
        found = self.server.diagnostics(self.file(name, text))
        lines = text.splitlines()
        return {lines[one["range"]["start"]["line"]].strip(): one["message"] for one in found}


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "stacks").mkdir()
    shutil.copytree(ROOT / "schema", folder / "schema")
    with LanguageServer(folder) as server:
        yield Editor(folder, server)
