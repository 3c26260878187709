"""`tba rotate --prompt`: what is typed at a terminal follows the rules of every other source."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.netsuite_account import Values

pytestmark = pytest.mark.long

PROMPTS = """
from tba_secrets.cli.new_tokens import _prompted
from tba_secrets.errors import SourceError
from tests.pipeline.test_records import record
try:
    pair = _prompted(record({}))
except SourceError as error:
    print(error)
else:
    print("taken", len(pair.identifier.reveal()), len(pair.secret.reveal()))
"""
GOOD = Values()


def typed(identifier: str, secret: str) -> str:
    """What is shown to somebody who types these two."""
    hand, terminal = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", PROMPTS],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        shown = b""
        for asked, text in ((b"token id: ", identifier), (b"token secret: ", secret)):
            while not shown.endswith(asked):
                more = process.stdout.read(1)
                assert more, shown
                shown += more
            os.write(hand, text.encode() + b"\n")
        shown += process.stdout.read()
    os.close(terminal)
    os.close(hand)
    return shown.decode()


def test_a_pair_is_taken_without_the_white_space_around_it() -> None:
    shown = typed(f" {GOOD.identifier}", GOOD.secret)
    assert "taken 64 64" in shown
    assert "warning: the token id (what was typed) had white space around it" in shown
    assert GOOD.identifier not in shown
    assert GOOD.secret not in shown


@pytest.mark.parametrize(
    ("identifier", "secret", "words"),
    [
        ("", "", "nothing was typed"),
        (GOOD.identifier, "", "the token secret is missing: what was typed has no value"),
        ("", GOOD.secret, "the token id is missing"),
        (GOOD.identifier + "\u200b", GOOD.secret, "a character that is not printable ASCII"),
        (GOOD.identifier, f"{GOOD.secret[:9]} {GOOD.secret[9:]}", "holds white space"),
        (GOOD.secret, GOOD.secret, "are the same text"),
    ],
    ids=["nothing", "no secret", "no id", "invisible", "white space", "the same"],
)
def test_what_no_source_may_give_is_not_taken_from_a_person(
    identifier: str, secret: str, words: str
) -> None:
    shown = typed(identifier, secret)
    assert words in shown
    assert "taken" not in shown
    assert GOOD.secret not in shown
