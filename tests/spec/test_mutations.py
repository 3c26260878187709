"""Random damage to a good environment: never anything but an environment or its problems, and never a value."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from tba_secrets.spec import InvalidSpecError, load
from tests.spec.harness import BASE

CANARY = "Canary7xQ9vT2mL4pR8wZ0kJ3"
"""Looks like a secret, so that not even an unknown key of this name may be repeated."""
VALUES = [CANARY, f" {CANARY}: ", f'"{CANARY}"', f"- {CANARY}\n", f"{{{CANARY}: [{CANARY}]}}"]
SYNTAX = (
    "\n|  |\t|: |- |#|&a |*a|!!int |---\n|...\n|? |<<: |[|]|{|}|'|\"|>\n|%|@|`|\\|\x00|\x85|\u2028"
)
WORDS = "null no 0123 1e3 12:30:45 2026-01-01 true integrations: tokens: defaults: {} []"
PIECES = st.one_of(
    st.sampled_from([*VALUES, *SYNTAX.split("|"), *WORDS.split()]),
    st.text(max_size=8),
    st.binary(max_size=4),
)
EDITS = st.lists(
    st.tuples(st.integers(0, len(BASE)), st.integers(0, 30), PIECES), min_size=1, max_size=4
)


def _damaged(edits: list[tuple[int, int, str | bytes]]) -> bytes:
    """The base with pieces put in place of what stood at some offsets."""
    data = BASE.encode()
    for offset, length, piece in edits:
        new = piece if isinstance(piece, bytes) else piece.encode("utf-8", "surrogatepass")
        data = data[:offset] + new + data[offset + length :]
    return data


@given(EDITS)
@settings(max_examples=400, deadline=None)
def test_damage_gives_problems_inside_the_file_without_values(
    edits: list[tuple[int, int, str | bytes]],
) -> None:
    data = _damaged(edits)
    error = _refusal(data)
    if error is not None:
        assert CANARY not in str(error)
        assert CANARY not in repr(error)
        _require_positions_inside(error, data)


def _refusal(data: bytes) -> InvalidSpecError | None:
    """How a file with `data` is refused; any other exception is the test's failure."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "environment.yaml"
        path.write_bytes(data)
        try:
            load(path, {})
        except InvalidSpecError as error:
            return error
    return None


def _require_positions_inside(error: InvalidSpecError, data: bytes) -> None:
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    assert error.problems
    for problem in error.problems:
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1


def test_the_harness_sees_a_canary_that_is_repeated(tmp_path: Path) -> None:
    """The broken twin: a harmless word in the canary's place is repeated, so the search above can fail."""
    path = tmp_path / "environment.yaml"
    path.write_text(BASE.replace("auth: tba", "harmless: tba"))
    with pytest.raises(InvalidSpecError, match="harmless"):
        load(path, {})
