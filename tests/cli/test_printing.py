"""How reports read: at the width of a terminal no word is broken and none is lost, and one cause is told once."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console

from tba_secrets.cli import explain, main, status, verify
from tba_secrets.cli.printing import grouped, tell
from tba_secrets.cli.verify import CheckedRecord
from tba_secrets.errors import TbaError
from tba_secrets.netsuite.evidence import Evidence, Verification
from tba_secrets.records import credential_records
from tba_secrets.rotation import RotationFinding, Standing
from tests.cli.status_bench import report, token
from tests.pipeline.test_records import environment

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_HEADINGS = {"token", "state", "result"}
"""Of what begins a block, where the table is too wide."""
_RULES = re.compile("[│┃┏┓└┘├┤┡┩╇┳┴┼━─]")


def show_status() -> None:
    """Two tokens under one cause, and a long name."""
    odd = "the last update failed, for a reason that takes a sentence of some length to be told in full"
    names = ("warehouse-synchronisation/orders-of-the-night-bot", "warehouse-synchronisation/stock")
    findings = [
        (RotationFinding(Standing.FAILING, odd, f"`tba rotate prod {name}` brings another one"),)
        for name in names
    ]
    status.show(report(*(token(n, 80, findings=f) for n, f in zip(names, findings, strict=True))))


def show_verify() -> None:
    """One that is proven, and two that are refused alike."""
    record = credential_records(environment())[0]
    proof = Evidence(
        "rest",
        record.account,
        "A Role With A Long Name",
        "1",
        None,
        1.8e9,
        0.1,
        2.2,
        ("account", "role"),
        ("user",),
    )
    refused = TbaError(f"{record.path}: refused, which this sentence says at some length", "look")
    verify._show(
        "prod",
        [
            CheckedRecord(record, Verification((proof,))),
            *[CheckedRecord(record, error=refused)] * 2,
        ],
    )


def show_explain() -> None:
    """The causes of a refused token, and an error."""
    explain.command(["token_rejected"])
    with pytest.raises(SystemExit):
        main()


@pytest.mark.parametrize("width", [60, 80, 140])
@pytest.mark.parametrize("show", [show_status, show_verify, show_explain])
def test_no_word_is_broken_or_lost_at_the_width_of_a_terminal(
    show: Callable[[], None],
    width: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["tba", "explain", "no such Detail of the trail " * 5])
    show()
    whole = _words("".join(capsys.readouterr()))
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", str(width))

    show()

    shown = _COLOURS.sub("", "".join(capsys.readouterr()))
    assert max(map(len, shown.splitlines())) <= width
    assert "…" not in shown
    assert whole - _HEADINGS <= _words(shown)


def _words(text: str) -> set[str]:
    return {word.removesuffix(":") for word in _RULES.sub(" ", text).split()}


def test_one_finding_of_several_tokens_is_told_once_with_a_command_for_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_status()

    out = capsys.readouterr().out
    assert out.count("for a reason") == 1
    both = "warehouse-synchronisation/orders-of-the-night-bot warehouse-synchronisation/stock"
    assert f"`tba rotate prod {both}` brings another one" in out


def test_a_line_goes_on_further_in_and_ends_with_its_last_word() -> None:
    file = StringIO()
    console = Console(file=file, force_terminal=True, color_system=None, width=20)
    tell(console, "  [red]error:[/] one two three four\n    Fix: this")
    tell(console, " 1. one two three four")
    assert file.getvalue().splitlines() == [
        "  error: one two",
        "    three four",
        "    Fix: this",
        " 1. one two three",
        "    four",
    ]


def test_what_differs_is_told_apart() -> None:
    assert list(
        grouped([("w/a", "w/a: refused"), ("w/b", "refused"), ("w/c", "away"), (None, "x")])
    ) == [
        "w/a, w/b: refused",
        "w/c: away",
        "x",
    ]
