"""The recipes of docs/sources.md for password managers: its commands and YAML, with programs that end as those do."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tba_secrets.errors import SourceError
from tba_secrets.sources import Pair, open_source
from tba_secrets.spec.model import ConsumerSource, TokenSource
from tests.docs.documents import block
from tests.engine.project import ROOT

DOCUMENT: Final = ROOT / "docs" / "sources.md"
HANG_GUARD: Final = 20.0

SOPS: Final = """#!/bin/sh
# Statuses as in sops' cmd/sops/codes. The file is not encrypted here.
case "$1 $#" in
"edit 2") $EDITOR "$2" ;;
"-d 2")
    test -e "$2" || { echo "Error: cannot operate on non-existent file" >&2; exit 100; }
    case $STATE in
    "no key") echo "Failed to get the data key required to decrypt the SOPS file." >&2; exit 128 ;;
    broken) echo "MAC mismatch. File has A, computed B" >&2; exit 51 ;;
    esac
    cat "$2" ;;
*) exit 1 ;;
esac
"""
OP: Final = """#!/bin/sh
# Status 1 whatever is wrong, as op has it.
test "$STATE" != "signed out" || { echo "[ERROR] account is not signed in" >&2; exit 1; }
case "$*" in
"document create - --vault netsuite --title "*" --file-name "*)
    mkdir -p "$STORE/$7" && cat > "$STORE/$7/$9" ;;
"item list --vault netsuite")
    echo "ID    TITLE    VAULT    EDITED"
    for item in "$STORE"/*/; do echo "x7    $(basename "$item")    netsuite    now"; done ;;
"read op://netsuite/"*)
    test "$STATE" != broken && cat "$STORE/${2#op://netsuite/}" || { echo "[ERROR] no" >&2; exit 1; } ;;
*) exit 1 ;;
esac
"""
GOPASS: Final = """#!/bin/sh
# Statuses as in gopass' docs/exit-codes.md.
case "$1 $#" in
"insert 2") mkdir -p "$STORE/$(dirname "$2")" && cat > "$STORE/$2" ;;
"show 3")
    test "$2" = -o || exit 2
    case $STATE in
    "no store") echo "Error: password-store is not initialized." >&2; exit 6 ;;
    "no key") echo "Error: decryption failed" >&2; exit 11 ;;
    broken) echo "Error: failed to initialize store" >&2; exit 1 ;;
    esac
    test -e "$STORE/$3" || { echo "Error: entry is not in the password store" >&2; exit 10; }
    head -n 1 "$STORE/$3" ;;
*) exit 2 ;;
esac
"""
PROGRAMS: Final = {"sops": ("sops", SOPS), "1Password": ("op", OP), "gopass": ("gopass", GOPASS)}
"""The program of each heading."""
BARE: Final = {
    "sops": ["sops", "-d", "secrets/orders.json"],
    "1Password": ["op", "read", "op://netsuite/orders/pair.json"],
    "gopass": ["gopass", "show", "-o", "netsuite/orders"],
}
"""What each recipe is without what it adds for an absent value."""
AWAY: Final = [
    ("sops", "no key"),
    ("1Password", "signed out"),
    ("gopass", "no store"),
    ("gopass", "no key"),
]

CONSUMER: Final = {"consumer_key": secrets.token_hex(32), "consumer_secret": secrets.token_hex(32)}
TOKEN: Final = {"token_id": secrets.token_hex(32), "token_secret": secrets.token_hex(32)}

each = pytest.mark.parametrize("manager", PROGRAMS)
Install = Callable[[str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a manager's program on PATH, in an empty project."""

    def put(manager: str) -> None:
        name, text = PROGRAMS[manager]
        program = tmp_path / "bin" / name
        program.parent.mkdir()
        program.write_text(text)
        program.chmod(0o700)
        (tmp_path / "secrets").mkdir()
        (tmp_path / "store").mkdir()
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        monkeypatch.setenv("STORE", str(tmp_path / "store"))
        monkeypatch.setenv("STATE", "")

    return put


def _recipe(manager: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(block(DOCUMENT, "yaml", manager))
    assert set(found) == {"consumer", "token"}
    return found


def _read(manager: str) -> tuple[Pair | None, Pair | None]:
    recipe = _recipe(manager)
    return (
        open_source(ConsumerSource.model_validate(recipe["consumer"])).read(),
        open_source(TokenSource.model_validate(recipe["token"])).read(),
    )


def _store(manager: str) -> None:
    """Run the document's own commands; the pair comes from standard input, or from the editor."""
    lines = block(DOCUMENT, "sh", manager).splitlines()
    assert len(lines) == 2
    for line, pair in zip(lines, (CONSUMER, TOKEN), strict=True):
        text = json.dumps(pair)
        Path("typed.json").write_text(text)
        subprocess.run(
            ["sh", "-c", line],
            env={**os.environ, "EDITOR": "cp typed.json"},
            input=text,
            text=True,
            check=True,
            timeout=HANG_GUARD,
        )


def _texts(pair: Pair | None) -> list[str]:
    assert pair is not None
    assert pair.warnings == ()
    return [pair.identifier.reveal(), pair.secret.reveal()]


def _bare(manager: str) -> TokenSource:
    return TokenSource.model_validate({"command": {"argv": BARE[manager]}})


@each
def test_what_was_stored_is_read(install: Install, manager: str) -> None:
    install(manager)
    _store(manager)
    consumer, token = _read(manager)
    assert _texts(consumer) == list(CONSUMER.values())
    assert _texts(token) == list(TOKEN.values())


@each
def test_what_was_never_stored_is_absent(install: Install, manager: str) -> None:
    install(manager)
    assert _read(manager) == (None, None)
    with pytest.raises(SourceError, match=r"ended with status (100|10|1) "):
        open_source(_bare(manager)).read()


@pytest.mark.parametrize(("manager", "state"), AWAY)
def test_where_nobody_is_signed_in_it_is_absent(
    install: Install, monkeypatch: pytest.MonkeyPatch, manager: str, state: str
) -> None:
    install(manager)
    _store(manager)
    monkeypatch.setenv("STATE", state)
    assert _read(manager) == (None, None)
    with pytest.raises(SourceError, match=r"ended with status (128|11|6|1) "):
        open_source(_bare(manager)).read()


@each
def test_what_is_broken_is_an_error(
    install: Install, monkeypatch: pytest.MonkeyPatch, manager: str
) -> None:
    install(manager)
    _store(manager)
    monkeypatch.setenv("STATE", "broken")
    with pytest.raises(SourceError, match="command sh: it ended with status") as caught:
        _read(manager)
    assert not [text for text in (*CONSUMER.values(), *TOKEN.values()) if text in str(caught.value)]


@each
def test_where_the_program_is_missing_it_is_an_error(
    install: Install, tmp_path: Path, manager: str
) -> None:
    install(manager)
    (tmp_path / "bin" / PROGRAMS[manager][0]).unlink()
    with pytest.raises(SourceError, match="command sh: it ended with status"):
        _read(manager)


@each
def test_every_status_of_the_recipe_is_in_its_table(manager: str) -> None:
    section = DOCUMENT.read_text().partition(f"### {manager}\n")[2].partition("\n##")[0]
    absent = re.findall(r"\| ([^|]+) \| absent \|", section)
    told = {status for cell in absent for status in re.findall(r"\d+", cell)} - {"0"}
    script = _recipe(manager)["token"]["command"]["argv"][2]
    cases = re.search(r"in ([\d|]+)\)|-eq (\d+)", script)
    assert cases is not None
    assert set((cases[1] or cases[2]).split("|")) == told
