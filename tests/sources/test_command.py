"""Source `command`, with real programs: what they print, how they end, and what is left of them."""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from pathlib import Path

import pytest

from tba_secrets.errors import SourceError
from tba_secrets.sources import open_source
from tba_secrets.spec.model import TokenCommand, TokenSource

FIRST = secrets.token_hex(32)
SECOND = secrets.token_hex(32)
PAIR = json.dumps({"token_id": FIRST, "token_secret": SECOND})
HANG_GUARD = 20.0


def _python(code: str, *arguments: str, timeout: int = 20) -> TokenSource:
    return TokenSource(
        command=TokenCommand(argv=(sys.executable, "-c", code, *arguments), timeout=timeout)
    )


def _refusal(settings: TokenSource) -> str:
    with pytest.raises(SourceError) as caught:
        open_source(settings).read()
    assert caught.value.remedy
    assert FIRST not in str(caught.value)
    assert SECOND not in str(caught.value)
    return str(caught.value)


def test_what_it_prints_is_a_pair() -> None:
    pair = open_source(_python(f"print({PAIR!r})")).read()
    assert pair is not None
    assert (pair.identifier.reveal(), pair.secret.reveal(), pair.warnings) == (FIRST, SECOND, ())


def test_what_it_writes_to_standard_error_does_not_matter_when_it_succeeds() -> None:
    code = f"import sys; print({FIRST!r} * 5000, file=sys.stderr); print({PAIR!r})"
    assert open_source(_python(code)).read() is not None


def test_arguments_are_passed_as_they_are_and_no_shell_reads_them() -> None:
    code = "import json, sys; print(json.dumps({'token_id': sys.argv[1], 'token_secret': sys.argv[2]}))"
    pair = open_source(_python(code, "$HOME;`id`*", "a'b\"c")).read()
    assert pair is not None
    assert (pair.identifier.reveal(), pair.secret.reveal()) == ("$HOME;`id`*", "a'b\"c")


def test_standard_input_is_closed_and_there_is_no_terminal() -> None:
    code = (
        "import os, sys\n"
        "assert sys.stdin.read() == ''\n"
        "assert os.getsid(0) == os.getpid()\n"
        f"print({PAIR!r})"
    )
    assert open_source(_python(code)).read() is not None


def test_its_environment_is_ours_and_nothing_more() -> None:
    code = (
        "import json, os\n"
        "print(json.dumps({'token_id': '.'.join(os.environ), 'token_secret': 'x'}))"
    )
    pair = open_source(_python(code)).read()
    assert pair is not None
    coerced_by_python = {"LC_CTYPE"}  # PEP 538
    assert set(pair.identifier.reveal().split(".")) - coerced_by_python == (
        set(os.environ) - coerced_by_python
    )


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("print('{}')", "output: the JSON object has no key `token_id`"),
        ("print('no')", "output: this is not JSON, from line 1"),
        (f"print({PAIR!r}); print('{{}}')", "output: this is not JSON, from line 2"),
        ("print(3)", "output: this is JSON, but not an object"),
        (
            f"print({json.dumps({'token_id': FIRST, 'token_secret': ''})!r})",
            "the token secret is missing",
        ),
    ],
    ids=["empty object", "a word", "two objects", "a number", "half a pair"],
)
def test_output_that_is_refused(code: str, what: str) -> None:
    assert what in _refusal(_python(code))


@pytest.mark.parametrize("code", ["", "print(); print('  ')"])
def test_a_program_that_prints_nothing_has_no_value(code: str) -> None:
    assert open_source(_python(code)).read() is None


def test_one_that_prints_nothing_and_fails_is_refused() -> None:
    assert "ended with status 1" in _refusal(_python("raise SystemExit(1)"))


def test_a_failure_shows_the_status_and_how_many_lines_but_not_the_lines() -> None:
    code = f"import sys; print({PAIR!r}); sys.stderr.write('{FIRST}\\nsecret\\nlast'); sys.exit(3)"
    refusal = _refusal(_python(code))
    assert "it ended with status 3 and wrote 3 lines to standard error" in refusal
    assert "secret\n" not in refusal


def test_a_program_that_a_signal_ended_says_which() -> None:
    assert "it was ended by SIGKILL and wrote 0 lines" in _refusal(
        _python("import os; os.kill(os.getpid(), 9)")
    )


def test_a_program_that_does_not_exist_says_so(tmp_path: Path) -> None:
    settings = TokenSource(command=TokenCommand(argv=(str(tmp_path / "sops"), "-d", FIRST)))
    assert "the program does not exist" in _refusal(settings)


def test_a_file_that_is_no_program_says_so(tmp_path: Path) -> None:
    (tmp_path / "sops").write_text("x")
    settings = TokenSource(command=TokenCommand(argv=(str(tmp_path / "sops"),)))
    assert "it cannot be started (Permission denied)" in _refusal(settings)


def test_arguments_that_no_program_can_have_say_so() -> None:
    assert "its arguments are not valid" in _refusal(_python("", "a\x00b"))


def test_endless_output_is_ended() -> None:
    refusal = _refusal(_python("while True: print('y' * 4096)"))
    assert "it printed more than 1048576 bytes; it was ended" in refusal


@pytest.mark.parametrize(
    "keeps", ["None", "__import__('subprocess').DEVNULL"], ids=["keeps the output", "closes it"]
)
def test_after_the_time_is_over_nothing_of_it_runs(tmp_path: Path, keeps: str) -> None:
    note = tmp_path / "grandchild"
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], "
        f"stdout={keeps}, stderr={keeps})\n"
        f"open({str(note)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(600)"
    )
    refusal = _refusal(_python(code, timeout=2))
    assert "it did not end within 2 s; it was ended, with everything it had started" in refusal
    _wait_until_gone(int(note.read_text()))


def _wait_until_gone(pid: int) -> None:
    """Wait until a process is gone or only waits to be reaped; fail where it lives on."""
    deadline = time.monotonic() + HANG_GUARD
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} still runs")


def test_the_place_is_the_program_without_its_arguments() -> None:
    settings = TokenSource(command=TokenCommand(argv=("op", "read", "op://x/y")))
    assert open_source(settings).place == "command op"
