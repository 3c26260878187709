"""The machine's file of refused logins: what it keeps, who reads it, and that runs side by side lose nothing."""

from __future__ import annotations

import errno
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tba_secrets.netsuite.lockout import Refusal
from tba_secrets.netsuite.refused_logins import RefusedLogins, mark_of
from tba_secrets.sensitive import Fingerprint
from tests.netsuite.support import credential

pytestmark = pytest.mark.long

ACCOUNT, USER = "1234567", "a@example.com"
ONE = Refusal(Fingerprint("00ff"), 1000.0)
HANG_GUARD_SECONDS = 120
NOTES_A_REFUSAL = """
import sys
from pathlib import Path
from tba_secrets.netsuite.lockout import Refusal
from tba_secrets.netsuite.refused_logins import RefusedLogins
sys.stdin.readline()
RefusedLogins(Path(sys.argv[1])).add("1234567", "a@example.com", Refusal("00ff", 1000.0))
"""


@pytest.fixture
def logins(tmp_path: Path) -> RefusedLogins:
    return RefusedLogins(tmp_path / "state" / "refusals.json")


def test_a_refusal_comes_back_and_goes(logins: RefusedLogins) -> None:
    assert logins.write_error() is None
    assert logins.of(ACCOUNT, USER) == ()
    assert logins.add(ACCOUNT, "A@example.com", ONE) == ONE
    assert logins.write_error() is None
    assert logins.of(ACCOUNT, USER) == (ONE,)
    assert logins.of("7654321", USER) == ()
    logins.strike(ACCOUNT, USER, ONE)
    assert json.loads(Path(str(logins)).read_text()) == {}


def test_a_second_one_within_the_same_second_is_another_one(logins: RefusedLogins) -> None:
    first, second = logins.add(ACCOUNT, USER, ONE), logins.add(ACCOUNT, USER, ONE)
    assert first != second
    logins.strike(ACCOUNT, USER, first)
    assert logins.of(ACCOUNT, USER) == (second,)


def test_what_is_older_than_the_window_goes_with_the_next_one(logins: RefusedLogins) -> None:
    late = Refusal(ONE.fingerprint, ONE.at + 1800)
    logins.add(ACCOUNT, USER, ONE)
    logins.add(ACCOUNT, USER, late)
    assert logins.of(ACCOUNT, USER) == (late,)


def test_only_its_owner_reads_what_is_kept(logins: RefusedLogins) -> None:
    logins.add(ACCOUNT, USER, ONE)
    folder = Path(str(logins)).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}', '{"a": [["x"]]}', "\x00"])
def test_a_broken_file_counts_as_empty(text: str, tmp_path: Path) -> None:
    path = tmp_path / "refusals.json"
    path.write_text(text)
    logins = RefusedLogins(path)
    assert logins.of(ACCOUNT, USER) == ()
    logins.add(ACCOUNT, USER, ONE)
    assert logins.of(ACCOUNT, USER) == (ONE,)


def test_it_is_where_the_xdg_specification_says(tmp_path: Path) -> None:
    RefusedLogins.at_home({"XDG_STATE_HOME": str(tmp_path)}).add(ACCOUNT, USER, ONE)
    assert (tmp_path / "tba-secrets" / "refusals.json").exists()


def test_nothing_is_written_where_there_is_no_folder() -> None:
    nowhere = RefusedLogins(Path(os.devnull) / "state" / "refusals.json")
    assert nowhere.of(ACCOUNT, USER) == ()
    assert isinstance(nowhere.write_error(), NotADirectoryError)
    with pytest.raises(OSError, match="Not a directory"):
        nowhere.add(ACCOUNT, USER, ONE)
    with pytest.raises(OSError, match="Not a directory"):
        nowhere.turn(ACCOUNT, USER)


def test_asking_whether_it_can_be_written_writes_nothing(
    logins: RefusedLogins, tmp_path: Path
) -> None:
    assert logins.write_error() is None
    assert [*tmp_path.iterdir()] == []
    logins.add(ACCOUNT, USER, ONE)
    before = {path: path.stat() for path in Path(str(logins)).parent.iterdir()}
    assert logins.write_error() is None
    after = {path: path.stat() for path in Path(str(logins)).parent.iterdir()}
    assert {path: (one.st_ino, one.st_mtime_ns) for path, one in after.items()} == {
        path: (one.st_ino, one.st_mtime_ns) for path, one in before.items()
    }


@pytest.mark.parametrize("beside", ["refusals.json", "refusals.lock", "refusals.new"])
def test_what_it_is_written_with_has_to_be_writable_too(
    beside: str, logins: RefusedLogins, tmp_path: Path
) -> None:
    (tmp_path / "state" / beside).mkdir(parents=True)
    assert isinstance(logins.write_error(), IsADirectoryError)
    with pytest.raises(IsADirectoryError):
        logins.add(ACCOUNT, USER, ONE)


def test_a_folder_without_locks_is_no_place_for_it(
    logins: RefusedLogins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on some network mounts, which cannot be had here."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    error = logins.write_error()
    assert error is not None
    assert error.errno == errno.ENOLCK
    with pytest.raises(OSError, match="No locks"):
        logins.add(ACCOUNT, USER, ONE)


def test_room_for_a_file_is_not_room_for_what_is_in_it(logins: RefusedLogins) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        error = logins.write_error()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert error is not None
    assert error.errno == errno.EFBIG


def test_one_run_has_a_users_turn_at_a_time(logins: RefusedLogins) -> None:
    first = logins.turn(ACCOUNT, USER)
    assert first is not None
    assert logins.turn(ACCOUNT, USER.upper()) is None
    other = logins.turn(ACCOUNT, "b@example.com")
    assert other is not None
    os.close(other)
    os.close(first)
    again = logins.turn(ACCOUNT, USER)
    assert again is not None
    os.close(again)


def test_forty_processes_at_once_lose_no_refusal(logins: RefusedLogins) -> None:
    command = [sys.executable, "-c", NOTES_A_REFUSAL, str(logins)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(40)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    ends = [(*process.communicate(timeout=HANG_GUARD_SECONDS), process) for process in processes]
    assert [(process.returncode, err) for _, err, process in ends] == [(0, b"")] * 40
    assert len(logins.of(ACCOUNT, USER)) == 40


def test_a_mark_tells_credentials_apart_and_shows_none() -> None:
    one, other = credential(), credential()
    assert mark_of(one) == mark_of(one) != mark_of(other)
    assert len(mark_of(one)) == 16
    assert not any(mark_of(one) in secret.reveal() for secret in one.secrets)
