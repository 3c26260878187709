"""The product as a house: no file imports what imports it (types count too), and no two classes share a name."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import tba_secrets

PACKAGE = Path(tba_secrets.__file__).parent
Imports = Mapping[str, Iterable[str]]


def modules() -> dict[str, Path]:
    """Every module of the product, by its name; a package's face hands names on, and is none."""
    return {
        ".".join(("tba_secrets", *path.relative_to(PACKAGE).with_suffix("").parts)): path
        for path in PACKAGE.rglob("*.py")
        if path.name != "__init__.py"
    }


def imported(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """What a module imports, for its types only and in its functions included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from {node.module, *(f"{node.module}.{one.name}" for one in node.names)} & {
                *known
            }


def cycle(imports: Imports) -> list[str]:
    """The modules of one cycle; empty where there is none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_there_is_no_cycle() -> None:
    known = modules()
    imports = {name: set(imported(path, known)) for name, path in known.items()}

    assert sum(len(one) for one in imports.values()) > 1000
    assert cycle(imports) == []


@pytest.mark.parametrize("imports", [{"a": ["b"], "b": ["a"]}, {"a": ["b"], "b": ["c"], "c": "a"}])
def test_a_cycle_is_found(imports: Imports) -> None:
    assert {"a", "b"} <= {*cycle(imports)}


COMPONENTS = {"Environment", "Integration"}
"""What a program declares is named after what the YAML declares."""


def classes(path: Path) -> Iterator[str]:
    """The names of a file's public classes."""
    nodes = ast.walk(ast.parse(path.read_text()))
    yield from (
        node.name
        for node in nodes
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )


def taken_twice(names: Iterable[str]) -> set[str]:
    return {name for name, count in Counter(names).items() if count > 1}


def test_one_name_is_one_thing() -> None:
    names = [name for path in PACKAGE.rglob("*.py") for name in classes(path)]

    assert len(names) > 300
    assert taken_twice(names) == COMPONENTS
    assert taken_twice([*names, "Store"]) == {*COMPONENTS, "Store"}


DOCUMENT = Path(__file__).parents[2] / "docs" / "architecture.md"
ROW = re.compile(r"^\| (`[^|]*`) \| ([0-9],[0-9]{3}) \|", re.MULTILINE)


def lines(folders: str) -> int:
    """How many lines there are in folders, written as `a/`, `b/`."""
    paths = (PACKAGE / name for name in re.findall(r"`([a-z]+)/`", folders))
    return sum(len(file.read_text().splitlines()) for path in paths for file in path.rglob("*.py"))


def test_the_document_says_where_the_lines_are() -> None:
    rows = {
        folders: int(text.replace(",", "")) for folders, text in ROW.findall(DOCUMENT.read_text())
    }

    assert {f"`{path.name}/`" for path in PACKAGE.iterdir() if (path / "__init__.py").exists()} == {
        f"`{name}/`" for folders in rows for name in re.findall(r"`([a-z]+)/`", folders)
    }
    assert {name: told for name, told in rows.items() if abs(told - lines(name)) > told / 10} == {}
