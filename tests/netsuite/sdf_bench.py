"""Projects of roles on disk, and the environments that they are written from: the cases under cases/sdf/."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from tba_secrets.spec import Environment, load

CASES = Path(__file__).parent / "cases" / "sdf"
GOLDEN = CASES / "project"
ROLE = "src/Objects/customrole_warehouse_integration.xml"


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of one file; ROLE in them is the file that it stands for."""
    text = (CASES / f"{name}.yaml").read_text(encoding="utf-8")
    return list(yaml.safe_load(text.replace("ROLE:", f"{ROLE}:").replace(" ROLE", f" {ROLE}")))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file under a folder, with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def environment(folder: Path, replace: dict[str, str] | None = None) -> Environment:
    """The environment beside the golden project, with some of its text replaced."""
    text = replaced((CASES / "environment.yaml").read_text(encoding="utf-8"), replace or {})
    path = folder / "environment.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, {})


def golden(folder: Path) -> Path:
    """A copy of the golden project."""
    return Path(shutil.copytree(GOLDEN, folder / "project"))


def break_it(folder: Path, case: dict[str, Any]) -> None:
    """Do to a project what a case says."""
    path = folder / case["file"]
    if case.get("remove"):
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if "bytes" in case:
        path.write_bytes(bytes.fromhex(case["bytes"]))
    elif "copy" in case:
        shutil.copy(folder / case["copy"], path)
    elif "text" in case:
        path.write_text(case["text"], encoding="utf-8")
    else:
        path.write_text(replaced(path.read_text(encoding="utf-8"), case["replace"]))


def replaced(text: str, replace: dict[str, str]) -> str:
    """A text with others in it; each must stand there once, or the case would prove nothing."""
    for old, new in replace.items():
        assert text.count(old) == 1, f"{old!r} must stand there once"
        text = text.replace(old, new)
    return text
