"""Exit codes of several outcomes together, and the refusals that are kept from one command to the next."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tba_secrets.cli.exits import Exit, worst
from tba_secrets.cli.refusals import RefusalFile, mark_of
from tba_secrets.netsuite import Refusal
from tba_secrets.sensitive import Fingerprint
from tests.netsuite.support import credential

DONE, FAILED, REFUSED, OTHERWISE = Exit.DONE, Exit.FAILED, Exit.REFUSED, Exit.OTHERWISE
ONE = Refusal(Fingerprint("00ff"), 1000.0)


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([], DONE),
        ([DONE, DONE], DONE),
        ([DONE, FAILED], FAILED),
        ([FAILED, OTHERWISE, DONE], OTHERWISE),
        ([FAILED, OTHERWISE, REFUSED], REFUSED),
    ],
)
def test_what_is_certain_goes_before_what_is_not_known(codes: list[Exit], code: Exit) -> None:
    assert worst(codes) == code


def test_refusals_come_back_and_go(tmp_path: Path) -> None:
    file = RefusalFile(tmp_path / "state" / "refusals.json")
    assert file.of("1234567", "a@example.com") == ()
    file.keep("1234567", "A@example.com", (ONE,))
    assert file.of("1234567", "a@example.com") == (ONE,)
    assert file.of("7654321", "a@example.com") == ()
    file.keep("1234567", "a@example.com", ())
    assert json.loads((tmp_path / "state" / "refusals.json").read_text()) == {}


def test_only_its_owner_reads_the_file_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "refusals.json"
    RefusalFile(path).keep("1234567", "a@example.com", (ONE,))
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    RefusalFile(tmp_path / "refusals.json").keep("1234567", "a@example.com", ())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}', '{"a": [["x"]]}', "\x00"])
def test_a_broken_file_counts_as_empty(text: str, tmp_path: Path) -> None:
    path = tmp_path / "refusals.json"
    path.write_text(text)
    file = RefusalFile(path)
    assert file.of("1234567", "a@example.com") == ()
    file.keep("1234567", "a@example.com", (ONE,))
    assert file.of("1234567", "a@example.com") == (ONE,)


def test_it_is_where_the_xdg_specification_says(tmp_path: Path) -> None:
    RefusalFile.at_home({"XDG_STATE_HOME": str(tmp_path)}).keep("1234567", "a@example.com", (ONE,))
    assert (tmp_path / "tba-secrets" / "refusals.json").exists()


def test_a_mark_tells_credentials_apart_and_shows_none() -> None:
    one, other = credential(), credential()
    assert mark_of(one) == mark_of(one) != mark_of(other)
    assert len(mark_of(one)) == 16
    assert not any(mark_of(one) in secret.reveal() for secret in one.secrets)
