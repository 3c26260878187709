"""What the package offers, and that looking at it loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

import tba_secrets.netsuite

HEAVY = ("requests", "oauthlib", "pydantic", "flask")


@pytest.mark.parametrize("name", tba_secrets.netsuite.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(tba_secrets.netsuite, name) is not None


def test_another_name_is_not() -> None:
    with pytest.raises(AttributeError, match="nothing_like_that"):
        tba_secrets.netsuite.nothing_like_that  # noqa: B018


@pytest.mark.parametrize(("used", "loaded"), [("", False), ("; tba_secrets.netsuite.Client", True)])
def test_the_import_is_light(used: str, loaded: bool) -> None:
    code = (
        f"import sys, tba_secrets.netsuite{used}; print([m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ("requests" in done.stdout) is loaded
    assert loaded or done.stdout.strip() == "[]"
