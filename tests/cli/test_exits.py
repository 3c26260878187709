"""Exit codes of several outcomes together."""

from __future__ import annotations

import pytest

from tba_secrets import __version__
from tba_secrets.cli.exits import Exit, worst
from tests.cli.conftest import Tba

DONE, FAILED, REFUSED, OTHERWISE = Exit.DONE, Exit.FAILED, Exit.REFUSED, Exit.OTHERWISE


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


def test_the_version_is_told(tba: Tba) -> None:
    ended = tba("--version")
    assert (ended.status, ended.out) == (0, f"tba-secrets {__version__}\n")
