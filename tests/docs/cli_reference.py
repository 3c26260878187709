"""docs/cli.md: the help of every command, as it is printed. `python -m tests.docs.cli_reference` writes it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "cli.md"
HEAD: Final = """\
# The commands

`tba --install-completion` has your shell (bash, zsh, fish, PowerShell) complete commands and options.

To run `tba check` before each commit of an environment, with [pre-commit](https://pre-commit.com) and `tba` on PATH, in
`.pre-commit-config.yaml`:

```yaml
repos:
  - repo: ADDRESS-OF-THIS-REPOSITORY
    rev: TAG-OR-COMMIT
    hooks:
      - id: tba-check
```

What follows is what `--help` prints, written by `make cli-docs`.
"""
# Run in an environment of its own: a terminal, its width, its colours or a CI system would change what is printed.
PROGRAM: Final = """
import contextlib, io, json
import typer
from tba_secrets.cli import app
root = typer.main.get_command(app)

def walk(command, path):
    yield path
    for name in list(getattr(command, "commands", {})):
        command.load(name)
        yield from walk(command.commands[name], [*path, name])

pages = []
for path in walk(root, []):
    with contextlib.redirect_stdout(io.StringIO()) as page:
        root.main([*path, "--help"], prog_name="tba", standalone_mode=False)
    pages.append([" ".join(["tba", *path]), page.getvalue()])
print(json.dumps(pages))
"""
SETTINGS: Final = {"COLUMNS": "100", "LANG": "C.UTF-8", "PYTHONUTF8": "1"}


def reference() -> str:
    """The text that docs/cli.md has to hold."""
    return "\n".join([HEAD, *(_section(command, page) for command, page in pages())])


def pages() -> Iterator[tuple[str, str]]:
    """Each command in full, such as `tba rotate`, and its help."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=SETTINGS, capture_output=True, text=True, check=True
    )
    yield from json.loads(run.stdout)


def _section(command: str, page: str) -> str:
    lines = [line.rstrip() for line in page.strip("\n").splitlines()]
    text = "\n".join(lines).strip("\n")
    return f"## {command}\n\n```text\n{text}\n```\n"


if __name__ == "__main__":
    DOCUMENT.write_text(reference())
