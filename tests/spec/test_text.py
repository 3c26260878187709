"""Files that are no text of ours, and text that is meant to hurt."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from tba_secrets.spec import InvalidSpecError, load
from tba_secrets.spec.text import MAXIMUM_BYTES
from tests.spec.harness import BASE

PYYAML = tuple(int(number) for number in yaml.__version__.split("."))
BRACKETS_READ = 1001 if PYYAML >= (6, 0, 4) else 65
"""Where brackets are too deep: a newer PyYAML reads them ahead, up to a limit of its own."""


def _problem(path: Path) -> str:
    """The one problem of a file, as `LINE:COLUMN: what`."""
    with pytest.raises(InvalidSpecError) as caught:
        load(path, {})
    (problem,) = caught.value.problems
    assert problem.file == path
    assert problem.hint
    return f"{problem.line}:{problem.column}: {problem.what}"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "1:1: the file is empty"),
        (b"\xef\xbb\xbf", "1:1: the file is empty"),
        (b"version: 1\x00", "1:1: the file is binary, or UTF-16"),
        (BASE.encode("utf-16"), "1:1: the file is binary, or UTF-16"),
        (b"version: 1\naccount: caf\xe9\n", "2:13: the file is not UTF-8"),
        (b"\x89PNG\r\n\x1a\n", "1:1: the file is not UTF-8"),
        (b"version: 1\r\n\taccount: x\r\n", "2:1: a tab, which cannot indent YAML"),
        (b"#" * (MAXIMUM_BYTES + 1), "1:1: the file is larger than 1 MiB"),
        (b"[" * 200_000, f"1:{BRACKETS_READ}: nested deeper than 64 levels"),
        (b"{a: " * 200_000, "1:257: nested deeper than 64 levels"),
        (b"- " * 200_000, "1:129: nested deeper than 64 levels"),
    ],
    ids=[
        "empty",
        "only a byte order mark",
        "a NUL",
        "UTF-16",
        "Latin-1",
        "an image",
        "a tab with CRLF",
        "too large",
        "brackets 200,000 deep",
        "braces 200,000 deep",
        "lists 200,000 deep",
    ],
)
def test_bytes_that_are_refused(data: bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "environment.yaml"
    path.write_bytes(data)
    assert _problem(path) == expected


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert _problem(tmp_path / "environment.yaml") == "1:1: the file does not exist"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert _problem(tmp_path) == "1:1: this is a folder"


def test_a_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert _problem(tmp_path / "pipe.yaml") == "1:1: this is not a regular file"


def test_a_name_that_no_file_can_have_is_refused() -> None:
    assert "cannot be read" in _problem(Path("a" * 5000)) or "no such file" in _problem(
        Path("a" * 5000)
    )


@pytest.mark.parametrize(
    "data",
    [
        BASE.encode("utf-8-sig"),
        BASE.replace("\n", "\r\n").encode(),
        BASE.replace("\n", "\r").encode(),
    ],
    ids=["byte order mark", "CRLF", "CR"],
)
def test_what_editors_do_to_text_is_accepted(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "environment.yaml"
    path.write_bytes(data)
    assert load(path, {}).account == "1234567_SB1"


def test_lines_are_counted_alike_with_every_line_break(tmp_path: Path) -> None:
    path = tmp_path / "environment.yaml"
    path.write_bytes(BASE.replace("auth: tba", "auth: x").replace("\n", "\r").encode())
    assert _problem(path).startswith("11:11: ")


def test_as_deep_as_it_may_be_is_no_matter_of_depth(tmp_path: Path) -> None:
    path = tmp_path / "environment.yaml"
    path.write_text("[" * 64 + "]" * 64)
    assert "nested" not in _problem(path)


def test_a_file_wrong_on_every_line_is_told_briefly(tmp_path: Path) -> None:
    path = tmp_path / "environment.yaml"
    path.write_text("\tx\n" * 1000)
    with pytest.raises(InvalidSpecError) as caught:
        load(path, {})
    assert len(caught.value.problems) == 1000
    lines = str(caught.value).splitlines()
    assert len(lines) == 101
    assert lines[-1] == "... and 900 more problems"
