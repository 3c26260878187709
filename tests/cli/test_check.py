"""`tba check`: what is right, all that is wrong, and for programs the same as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tba_secrets.netsuite.tba_end import tba_note
from tests.cli.conftest import Tba
from tests.engine.project import environment_yaml
from tests.netsuite_account import NetSuiteAccount
from tests.spec.harness import OAUTH2_BASE

NOTE = tba_note(["warehouse", "billing"])


@pytest.fixture
def stacks(tmp_path: Path) -> Path:
    """A right environment, `test`, and one with two mistakes, `wrong`."""
    folder = tmp_path / "stacks"
    folder.mkdir()
    text = environment_yaml(NetSuiteAccount())
    (folder / "test.yaml").write_text(text)
    wrong = text.replace('"1234567_SB1"', "1234567").replace("region:", "regoin:")
    (folder / "wrong.yaml").write_text(wrong)
    return folder


@pytest.fixture(autouse=True)
def address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TBA_SIMULATOR", "http://127.0.0.1:9")


def test_a_right_one(stacks: Path, tba: Tba) -> None:
    ended = tba("check", "test", "--project", str(stacks.parent))
    assert (ended.status, ended.out) == (0, "test: 3 tokens, no problem found\n")
    assert ended.err == f"note: {NOTE}\n"
    text = (stacks / "test.yaml").read_text()
    (stacks / "other.yaml").write_text(text.replace("netsuite/test/", "netsuite/other/"))
    both = tba("check", "test", "other", "--project", str(stacks.parent))
    assert (both.out.count("no problem found"), both.err) == (2, ended.err)


def test_all_of_the_folder(stacks: Path, tba: Tba) -> None:
    ended = tba("check", "--project", str(stacks.parent))
    assert ended.status == 1
    assert ended.out == "test: 3 tokens, no problem found\n"
    assert f"{stacks / 'wrong.yaml'}:2:10: account:" in ended.err
    assert "did you mean `region`?" in ended.err


def test_two_environments_that_write_the_same_secret(stacks: Path, tba: Tba) -> None:
    text = (stacks / "test.yaml").read_text()
    (stacks / "other.yaml").write_text(text)
    at = ("--project", str(stacks.parent))

    ended = tba("check", "test", "other", *at)

    told = " ".join(ended.err.split())
    assert ended.status == 0
    assert "note: other writes what test writes too" in told
    assert "the aws secret netsuite/test/orders" in told
    assert "`prefix` of its own" in told
    notes = {
        name: one["notes"]
        for name, one in json.loads(tba("check", "test", "other", "--json", *at).out)[
            "environments"
        ].items()
    }
    assert [any("writes what test" in note for note in notes[name]) for name in notes] == [0, 1]

    apart = text.replace("netsuite/test/", "netsuite/other/")
    assert apart != text
    (stacks / "other.yaml").write_text(apart)
    assert "writes what" not in tba("check", "test", "other", *at).err


def test_as_json(stacks: Path, tba: Tba) -> None:
    ended = tba("check", "--json", "--project", str(stacks.parent))
    assert (ended.status, ended.err) == (1, "")
    found = json.loads(ended.out)["environments"]
    assert found["test"] == {
        "tokens": 3,
        "certificates": 0,
        "problems": [],
        "notes": [NOTE],
    }
    first, *_ = found["wrong"]["problems"]
    assert (first["file"], first["line"], first["column"]) == (str(stacks / "wrong.yaml"), 2, 10)
    assert "quotes" in first["hint"]


def test_certificates_are_counted(stacks: Path, tba: Tba) -> None:
    (stacks / "m2m.yaml").write_text(OAUTH2_BASE)
    ended = tba("check", "m2m", "--project", str(stacks.parent))
    assert (ended.status, ended.out) == (0, "m2m: 1 certificate, no problem found\n")
    assert ended.err == ""  # TBA's end is none of its business
    ended = tba("check", "m2m", "--json", "--project", str(stacks.parent))
    assert json.loads(ended.out)["environments"]["m2m"] == {
        "tokens": 0,
        "certificates": 1,
        "problems": [],
        "notes": [],
    }


def test_one_that_is_not_there_as_json(stacks: Path, tba: Tba) -> None:
    ended = tba("check", "nowhere", "--json", "--project", str(stacks.parent))
    assert ended.status == 1
    (problem,) = json.loads(ended.out)["environments"]["nowhere"]["problems"]
    assert "there: test, wrong" in problem["what"]


def test_nothing_to_check_is_no_success(tmp_path: Path, tba: Tba) -> None:
    ended = tba("check", "--project", str(tmp_path))
    assert ended.status == 1
    assert "holds no environment" in ended.err
    assert "tba init" in ended.err
