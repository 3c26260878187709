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


VALUE = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", VALUE),
        ("check", VALUE),
        ("rotate", "sandbox", VALUE.upper()),
        ("init", f'"{VALUE}"'),
        ("verify", "sandbox", f"--token={VALUE}"),
        (VALUE,),
        ("explain", f"-----BEGIN PRIVATE KEY-----\n{VALUE}\n-----END PRIVATE KEY-----"),
    ],
)
def test_a_value_on_the_command_line_is_refused_and_not_repeated(
    tba: Tba, arguments: tuple[str, ...]
) -> None:
    ended = tba(*arguments)

    assert ended.status == Exit.USAGE
    assert VALUE.lower() not in (ended.out + ended.err).lower()
    assert "an argument looks like a secret value" in ended.err
    assert "revoke it" in ended.err


@pytest.mark.parametrize("argument", [VALUE[1:], f"{VALUE}0", f"https://a.example/x?h={VALUE}"])
def test_what_is_no_value_is_an_argument_like_any_other(tba: Tba, argument: str) -> None:
    assert "looks like a secret value" not in tba("explain", argument).err
