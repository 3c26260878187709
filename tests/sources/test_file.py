"""Source `file`: what is read, and what is refused before or after it is read."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

import pytest

from tba_secrets.errors import SourceError
from tba_secrets.sources import open_source
from tba_secrets.sources.file import MAXIMUM_BYTES
from tba_secrets.spec.model import ConsumerFile, ConsumerSource, TokenFile, TokenSource

FIRST = secrets.token_hex(32)
SECOND = secrets.token_hex(32)
PAIR = json.dumps({"token_id": FIRST, "token_secret": SECOND, "note": "x"})


def _file(folder: Path, text: str | bytes = PAIR, mode: int = 0o600) -> Path:
    path = folder / "token.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def _source(path: Path) -> TokenSource:
    return TokenSource(file=TokenFile(path=str(path)))


def _refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        open_source(_source(path)).read()
    assert caught.value.remedy
    assert FIRST not in str(caught.value)
    assert SECOND not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_private_file_is_a_pair(tmp_path: Path, mode: int) -> None:
    pair = open_source(_source(_file(tmp_path, mode=mode))).read()
    assert pair is not None
    assert (pair.identifier.reveal(), pair.secret.reveal(), pair.warnings) == (FIRST, SECOND, ())


def test_keys_can_be_named(tmp_path: Path) -> None:
    path = _file(tmp_path, json.dumps({"a": FIRST, "b": SECOND}))
    settings = ConsumerSource(file=ConsumerFile(path=str(path), key="a", secret="b"))
    pair = open_source(settings).read()
    assert pair is not None
    assert (pair.identifier.reveal(), pair.secret.reveal()) == (FIRST, SECOND)


def test_a_relative_path_belongs_to_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _file(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert open_source(_source(Path("token.json"))).read() is not None
    monkeypatch.chdir("/")
    assert open_source(_source(Path("token.json"))).read() is None


def test_a_missing_file_is_absent(tmp_path: Path) -> None:
    assert open_source(_source(tmp_path / "token.json")).read() is None


def test_empty_values_are_absent(tmp_path: Path) -> None:
    path = _file(tmp_path, json.dumps({"token_id": "", "token_secret": "\n"}))
    assert open_source(_source(path)).read() is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602, 0o610])
def test_a_file_that_others_have_access_to_is_refused(tmp_path: Path, mode: int) -> None:
    path = _file(tmp_path, mode=mode)
    refusal = _refusal(path)
    assert f"(mode {mode:04o})" in refusal
    assert f"chmod 600 {path}" in refusal
    assert f"argv: [cat, {path}]" in refusal


def test_a_link_is_followed_and_its_targets_mode_counts(tmp_path: Path) -> None:
    path, link = _file(tmp_path), tmp_path / "link.json"
    link.symlink_to(path)
    assert open_source(_source(link)).read() is not None
    path.chmod(0o644)
    assert "mode 0644" in _refusal(link)


def test_a_link_to_nothing_is_absent(tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "token.json")
    assert open_source(_source(link)).read() is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "this is not JSON, from line 1, column 1 on"),
        (f'{{"token_id": "{FIRST}",\n "token_secret": {SECOND}}}', "this is not JSON, from line 2"),
        (f'"{FIRST}"', "this is JSON, but not an object"),
        (f'["{FIRST}"]', "this is JSON, but not an object"),
        (json.dumps({"token_id": FIRST}), "the JSON object has no key `token_secret`"),
        (json.dumps({"token_id": FIRST, "token_secret": 7}), "`token_secret` is not a JSON string"),
        (json.dumps({"token_id": FIRST, "token_secret": None}), "`token_secret` is not a JSON"),
        (json.dumps({"token_id": FIRST, "token_secret": ""}), "the token secret is missing: file"),
        (f'{{"token_id": "{FIRST}", "token_id": "{SECOND}"}}', "has a key twice"),
        (b'{"token_id": "\xff"}', "this is not UTF-8 text"),
        ("[" * 100_000, "nested too deep"),
        ("9" * 5_000, "or a huge number"),
        (" " * (MAXIMUM_BYTES + 1), "it is larger than 1 MiB"),
    ],
    ids=[
        "empty",
        "not JSON",
        "a string",
        "a list",
        "a key is missing",
        "a number",
        "null",
        "half a pair",
        "a key twice",
        "not UTF-8",
        "too deep",
        "a huge number",
        "too large",
    ],
)
def test_contents_that_are_refused(tmp_path: Path, text: str | bytes, what: str) -> None:
    path = _file(tmp_path, text)
    refusal = _refusal(path)
    assert what in refusal
    assert f"file {path}" in refusal


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "Is a directory" in _refusal(tmp_path)


def test_a_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "not a regular file" in _refusal(tmp_path / "pipe")


def test_a_name_that_no_file_can_have_is_refused() -> None:
    assert "File name too long" in _refusal(Path("a" * 300))
    assert "its name is not valid" in _refusal(Path("a\x00b"))
