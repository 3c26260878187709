"""A client id, from each kind of source: it stands alone, and its pair has no secret."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path

import pytest

from tba_secrets.errors import SourceError
from tba_secrets.sources import open_source
from tba_secrets.spec.model import ClientCommand, ClientEnv, ClientFile, ClientSource

CLIENT_ID = secrets.token_hex(32)
SETTINGS = ClientSource(env=ClientEnv(id="CLIENT"))


def _given(way: str, value: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ClientSource:
    """A source of one kind that holds a value."""
    text = json.dumps({"client_id": value})
    if way == "env":
        monkeypatch.setenv("CLIENT", value)
        return SETTINGS
    if way == "command":
        argv = (sys.executable, "-c", f"print({text!r})")
        return ClientSource(command=ClientCommand(argv=argv))
    path = folder / "client.json"
    path.touch(mode=0o600)
    path.write_text(text)
    return ClientSource(file=ClientFile(path=str(path)))


@pytest.mark.parametrize("way", ["env", "file", "command"])
def test_one_value_is_a_client_id(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = open_source(_given(way, CLIENT_ID, tmp_path, monkeypatch)).read()
    assert pair is not None
    assert (pair.identifier.reveal(), pair.secret.reveal(), pair.warnings) == (CLIENT_ID, "", ())


@pytest.mark.parametrize("way", ["env", "file", "command"])
def test_a_value_that_no_assertion_carries_is_refused(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = open_source(_given(way, f"{CLIENT_ID}\n{CLIENT_ID}", tmp_path, monkeypatch))
    with pytest.raises(SourceError, match=r"the client id \(.*\) holds a line break") as caught:
        source.read()
    assert caught.value.remedy
    assert CLIENT_ID[:9] not in str(caught.value)


@pytest.mark.parametrize("environ", [{}, {"CLIENT": ""}, {"CLIENT": " \n"}])
def test_nothing_is_absent(environ: dict[str, str]) -> None:
    assert open_source(SETTINGS, environ).read() is None


def test_a_missing_file_is_absent_and_a_missing_key_is_not(tmp_path: Path) -> None:
    path = tmp_path / "client.json"
    settings = ClientSource(file=ClientFile(path=str(path), id="id"))
    assert open_source(settings).read() is None
    path.touch(mode=0o600)
    path.write_text(json.dumps({"client_id": CLIENT_ID}))
    with pytest.raises(SourceError, match="the JSON object has no key `id`"):
        open_source(settings).read()


def test_white_space_around_it_and_an_unusual_length_are_warnings() -> None:
    pair = open_source(SETTINGS, {"CLIENT": f"{CLIENT_ID[:-1]}\n"}).read()
    assert pair is not None
    assert pair.identifier.reveal() == CLIENT_ID[:-1]
    assert pair.warnings == (
        "the client id (environment variable CLIENT) had white space around it, which was removed",
        "the client id (environment variable CLIENT) has 63 characters; NetSuite shows 64 lower-case "
        "hexadecimal digits",
    )


def test_the_place_names_the_variable() -> None:
    assert open_source(SETTINGS, {}).place == "environment variable CLIENT"


def test_the_store_itself_gives_nothing() -> None:
    assert open_source("stored").read() is None


def test_a_source_of_no_kind_is_refused() -> None:
    with pytest.raises(SourceError, match="exactly one"):
        open_source(ClientSource())
