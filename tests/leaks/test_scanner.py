"""The scanner finds every leak that is planted, in every encoding and kind of artefact, and nothing else."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import secrets
import shlex
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus

import pytest

from tests.leaks.canaries import odd, usual
from tests.leaks.encodings import ENCODINGS, WINDOW
from tests.leaks.scanner import Artefact, Canary, Leak, Scanner, files, find, text

CANARIES: Final = (Canary("a usual value", usual()), Canary("an odd value", odd()))
SCANNER: Final = Scanner(CANARIES)
PARTED: Final = Canary(
    "a value in parts", r"""Zz\"Q7<w>k&%Ae+/#r'=X?!~9*()H_:;m,`$@b[]{}|^-Kp.?u?~~~"""
)
"""As awkward as the odd one, and fixed: what stands beside a part of it must not happen to go on with it."""
FOREIGN: Final = b"\xff"
"""A byte that no value has, in no encoding."""


def _go(value: str) -> str:
    told = json.dumps(value)
    for character in "<>&":
        told = told.replace(character, f"\\u{ord(character):04x}")
    return told[1:-1]


def _lower_percent(value: str) -> str:
    return "".join(
        quoted.lower() if (quoted := quote(character, safe="")) != character else character
        for character in value
    )


def _after(before: int, encode: Callable[[bytes], bytes]) -> Callable[[str], bytes]:
    """Encodes a value that stands behind `before` other bytes."""
    return lambda value: encode(FOREIGN * before + value.encode())


ENCODERS: Final[dict[str, list[Callable[[str], bytes]]]] = {
    "raw": [str.encode],
    "lower case": [lambda value: value.lower().encode()],
    "upper case": [lambda value: value.upper().encode()],
    "hex": [lambda value: value.encode().hex().encode()],
    "hex, upper case": [lambda value: value.encode().hex().upper().encode()],
    "JSON": [lambda value: json.dumps({"value": value}).encode()],
    "JSON of Go": [lambda value: _go(value).encode()],
    "JSON twice": [lambda value: json.dumps(json.dumps([value])).encode()],
    "JSON of Go twice": [lambda value: _go(_go(value)).encode()],
    "percent": [lambda value: quote_plus(value).encode()],
    "percent, lower case": [lambda value: _lower_percent(value).encode()],
    "percent twice": [lambda value: quote(quote(value, safe=""), safe="").encode()],
    "percent, slashes kept": [lambda value: quote(value).encode()],
    "percent, as browsers do": [lambda value: quote(value, safe="!*'()").encode()],
    "percent, every character": [lambda value: b"".join(b"%%%02X" % c for c in value.encode())],
    "percent, every character, lower case": [
        lambda value: b"".join(b"%%%02x" % c for c in value.encode())
    ],
    "HTML": [lambda value: html.escape(value).encode()],
    "Python literal": [
        lambda value: "'".join(repr(part)[1:-1] for part in value.split("'")).encode()
    ],
    "Python literal, both quotes": [lambda value: repr("'\"" + value).encode()],
    "shell": [lambda value: shlex.quote(value).encode()],
    "UTF-16LE": [lambda value: value.encode("utf-16-le")],
    "UTF-16BE": [lambda value: value.encode("utf-16-be")],
    "reversed": [lambda value: value[::-1].encode()],
    "base64": [_after(before, base64.b64encode) for before in range(3)],
    "base64, URL-safe": [_after(before, base64.urlsafe_b64encode) for before in range(3)],
}
"""The libraries' own encoders, which the scanner does not use for whole values."""


def _zip(leak: bytes, method: int) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        archive.writestr("first.txt", "nothing here " * 50)
        archive.writestr("plan.json", _within(leak))
    return held.getvalue()


def _within(leak: bytes) -> bytes:
    return b'{"resources": [{"outputs": {"note": "' + leak + b'"}}]}\n' * 3


KINDS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "text": lambda leak: b"I1123 07:04:50 eventsink.go:86] " + leak + b"\n",
    "bare": lambda leak: leak,
    "JSON": _within,
    "binary": lambda leak: (
        secrets.token_bytes(499) + FOREIGN + leak + FOREIGN + secrets.token_bytes(500)
    ),
    "gzip": lambda leak: gzip.compress(_within(leak)),
    "gzip after a header": lambda leak: b"\0\1\2" + gzip.compress(_within(leak)),
    "zlib": lambda leak: zlib.compress(_within(leak)),
    "zip, deflated": lambda leak: _zip(leak, zipfile.ZIP_DEFLATED),
    "zip, stored": lambda leak: _zip(leak, zipfile.ZIP_STORED),
    "gzip in zip": lambda leak: _zip(gzip.compress(leak), zipfile.ZIP_DEFLATED),
    "zip in gzip": lambda leak: gzip.compress(_zip(leak, zipfile.ZIP_DEFLATED)),
    "base64 of gzip": lambda leak: b'"' + base64.b64encode(gzip.compress(_within(leak))) + b'"',
    "gzip cut short": lambda leak: gzip.compress(leak + FOREIGN + secrets.token_bytes(9000))[
        :-2000
    ],
}


def test_every_encoding_has_an_encoder_of_its_own() -> None:
    assert set(ENCODERS) == set(ENCODINGS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_leak_is_found(encoding: str, kind: str) -> None:
    for canary in CANARIES:
        for encoder in ENCODERS[encoding]:
            artefact = Artefact("the artefact", KINDS[kind](encoder(canary.value)))

            leaks = SCANNER.find([artefact])

            assert {leak.canary for leak in leaks} == {canary.name}
            assert all(leak.artefact.startswith("the artefact") for leak in leaks)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_part_of_twelve_characters_is_found_and_a_shorter_one_is_no_leak(
    encoding: str, kind: str
) -> None:
    scanner = Scanner([PARTED])
    for encoder in ENCODERS[encoding]:
        for at in (0, 7, len(PARTED.value) - WINDOW):
            part = PARTED.value[at : at + WINDOW]

            found = scanner.find([Artefact("a", KINDS[kind](encoder(part)))])
            shorter = scanner.find([Artefact("a", KINDS[kind](encoder(part[:-2])))])

            assert {leak.canary for leak in found} == {PARTED.name}
            assert shorter == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_other_values_are_no_leaks(encoding: str, kind: str) -> None:
    strangers = [KINDS[kind](encoder(odd() + usual())) for encoder in ENCODERS[encoding]]

    assert SCANNER.find(Artefact("a", data) for data in strangers) == []


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_odd_value_tells_the_encodings_apart(encoding: str) -> None:
    leaks = find(CANARIES, [Artefact("a", ENCODERS[encoding][0](CANARIES[1].value))])

    assert encoding in {leak.encoding for leak in leaks}


def test_the_offset_is_where_the_value_begins() -> None:
    canary = CANARIES[0]

    assert find([canary], [text("log", "0123456789" + canary.value)]) == [
        Leak("log", canary.name, "raw", 10)
    ]


def test_each_canary_and_each_copy_of_an_artefact_is_reported() -> None:
    data = KINDS["JSON"](b", ".join(canary.value.encode() for canary in CANARIES))

    leaks = find(CANARIES, [Artefact("state", data), Artefact("backup", data)])

    assert {(leak.artefact, leak.canary) for leak in leaks} == {
        (place, canary.name) for place in ("state", "backup") for canary in CANARIES
    }


def test_files_are_searched_at_every_depth_with_their_names(tmp_path: Path) -> None:
    canary = CANARIES[0]
    folder = tmp_path / "a" / ".b"
    folder.mkdir(parents=True)
    (folder / "held.json").write_text(canary.value)
    (folder / canary.value).write_text("the name is the leak")
    (tmp_path / "clean").write_text("nothing")

    found = find([canary], files(tmp_path))

    assert [leak.artefact for leak in found if leak.artefact.endswith("held.json")]
    assert [leak.artefact for leak in found if leak.artefact == "the names of the files"]
    assert len(found) == 2


def test_no_report_holds_a_value() -> None:
    leaks = find(CANARIES, [text("log", "".join(canary.value for canary in CANARIES))])

    told = repr([leaks, CANARIES, Artefact("log", CANARIES[0].value.encode())])
    assert leaks
    assert find(CANARIES, [text("report", told)]) == []


@pytest.mark.parametrize("value", ["short", "schlüssel-mit-umlaut"])
def test_a_value_that_could_not_be_found_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="at least 12 ASCII"):
        Canary("too short", value)
