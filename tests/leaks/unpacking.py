"""What is packed inside bytes: gzip, zlib and zip members wherever they begin, base64 of those, to a depth of four."""

from __future__ import annotations

import base64
import binascii
import re
import struct
import zlib
from collections.abc import Iterator
from typing import Final

_DEPTH: Final = 4
_LARGEST: Final = 1 << 26
_GZIP: Final = b"\x1f\x8b\x08"
_ZIP: Final = b"PK\x03\x04"
_MAGIC: Final = re.compile(b"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]|PK\x03\x04")
_ZIP_HEADER: Final = struct.Struct("<4sHHHHHIIIHH")
"""APPNOTE.TXT section 4.3.7, local file header; its method 8 is a bare deflate stream."""
_DEFLATED: Final = 8
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{24,}")


def unpacked(name: str, data: bytes, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of `data` itself and of everything packed in it; names say the way in."""
    yield name, data
    if depth < _DEPTH:
        for way, inner in _inside(data):
            yield from unpacked(f"{name} > {way}", inner, depth + 1)


def _inside(data: bytes) -> Iterator[tuple[str, bytes]]:
    for match in _MAGIC.finditer(data):
        if inner := _member(data, match.start()):
            yield f"packed at {match.start()}", inner
    for match in _BASE64.finditer(data):
        decoded = _decoded(match[0])
        if _MAGIC.match(decoded):
            yield f"base64 at {match.start()}", decoded


def _member(data: bytes, at: int) -> bytes:
    """What is packed from `at` on; nothing where it only looked like something packed."""
    if data.startswith(_ZIP, at):
        return _zip_member(data, at)
    return _inflated(data[at:], 47)  # 32 + 15: gzip or zlib, by its header


def _zip_member(data: bytes, at: int) -> bytes:
    if len(data) < at + _ZIP_HEADER.size:
        return b""
    header = _ZIP_HEADER.unpack_from(data, at)
    method, name_length, extra_length = header[3], header[9], header[10]
    if method != _DEFLATED:
        return b""  # stored: its bytes lie open in `data`
    return _inflated(data[at + _ZIP_HEADER.size + name_length + extra_length :], -15)


def _inflated(packed: bytes, window_bits: int) -> bytes:
    """As much as can be unpacked: a member may be cut short."""
    stream = zlib.decompressobj(window_bits)
    found = bytearray()
    try:
        for at in range(0, len(packed), 4096):
            found += stream.decompress(packed[at : at + 4096], _LARGEST)
            if stream.eof or len(found) >= _LARGEST:
                break
    except zlib.error:
        pass
    return bytes(found)


def _decoded(text: bytes) -> bytes:
    whole = text[: len(text) // 4 * 4].translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(whole)
    except binascii.Error:
        return b""
