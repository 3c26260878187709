"""The life of a certificate on the real engine: no key, assertion or access token is in what is kept or shown."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tba_secrets.simulator.oauth2 import access_token, assertion
from tests.engine.test_certificates import certified, declare, upload
from tests.leaks.conftest import WatchedWorld
from tests.leaks.scanner import Artefact, Canary, Scanner
from tests.leaks.test_engine import FAMILIES, LOUD, by_family, fail, require_recall, succeed

__all__ = ["certified"]

pytestmark = pytest.mark.engine

MINE: Final = {
    **{
        name: pattern
        for name, pattern in FAMILIES.items()
        if not name.startswith(("a source command", "plan", "preview"))
    },
    "what tba says": "what `tba rotate*",
    "the arguments of tba": "the arguments of *tba*",
}
"""Kinds of artefacts that this story must have left."""
TWO_KINDS: Final = """valid_for: 365d
      - name: rsa
        user: {email: orders.bot@example.com, entity: "38"}
        algorithm: PS256
        retire_after: 1d"""
"""A second certificate behind the first, whose key is EC."""


def of_key(name: str, pem: str) -> Iterator[Canary]:
    """Every shape of a key that the scanner cannot make of another: PEM's lines, and the numbers by themselves."""
    key = load_pem_private_key(pem.encode(), None)
    if isinstance(key, rsa.RSAPrivateKey):
        yield from of_rsa(name, key.private_numbers(), pem.splitlines()[1:-1])
        return
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    number = key.private_numbers().private_value
    scalar = number.to_bytes(32, "big")
    # PKCS #8 of P-256: 36 bytes that all keys share, the number, and the public key, which is in the certificate
    body = "".join(pem.splitlines()[1:-1])
    assert body[48:88] == b64encode(scalar).decode()[:40]
    yield Canary(f"{name}: the first line", body[48:64])
    yield Canary(f"{name}: the second line", body[64:88])
    yield from of_number(name, number, 32)


def of_rsa(name: str, numbers: rsa.RSAPrivateNumbers, lines: list[str]) -> Iterator[Canary]:
    """PEM's lines from the private exponent on, behind the public key; and where each private number begins."""
    private = {"d": numbers.d, "p": numbers.p, "q": numbers.q}
    private |= {"dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp}
    sizes = {part: (number.bit_length() + 7) // 8 for part, number in private.items()}
    behind = b64decode("".join(lines)).index(numbers.d.to_bytes(sizes["d"], "big"))
    first = -(-behind // 48)  # of 48 bytes is a line of PEM (RFC 7468)
    assert len(lines) - first >= 25
    for number, line in enumerate(lines[first:-1], start=first):
        yield Canary(f"{name}: line {number}", line)
    for part, value in private.items():
        for one in of_number(f"{name}: {part}", value, sizes[part]):
            yield Canary(one.name, one.value[:48])


def of_number(name: str, number: int, size: int) -> Iterator[Canary]:
    """A number in the shapes that people and programs give it."""
    octets = number.to_bytes(size, "big")
    yield Canary(f"{name}: as a JWK", urlsafe_b64encode(octets).decode().rstrip("="))
    yield Canary(f"{name}: in hexadecimal", octets.hex())
    yield Canary(f"{name}: as a number", str(number))


@pytest.fixture
def watched(
    certified: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[WatchedWorld, list[Canary]]:
    """The world of certificates, and what NetSuite has issued and been sent."""
    temporary = certified.project.folder / "tmp"
    temporary.mkdir()
    certified.project.environment["TMPDIR"] = str(temporary)
    sent: list[Canary] = []
    issue, read = access_token.issue, assertion.read

    def issued(*given: Any) -> str:
        token: str = issue(*given)
        sent.append(Canary(f"access token {len(sent)}", token.rpartition(".")[2]))
        return token

    def arrived(text: str) -> Any:
        sent.append(Canary(f"assertion {len(sent)}", text.rpartition(".")[2]))
        return read(text)

    monkeypatch.setattr(access_token, "issue", issued)
    monkeypatch.setattr(assertion, "read", arrived)
    return WatchedWorld(certified, tmp_path), sent


def tell(watched: WatchedWorld) -> None:
    """Create, wait, prove, rotate, retire, refuse, destroy."""
    folder = watched.folder
    declare(watched.world, more=TWO_KINDS)
    up = ("up", "--yes", "--skip-preview")
    fail(
        watched.run(
            *(*up, *LOUD, "--logtostderr"),
            *("--event-log", str(folder / "events.json"), "--tracing", f"file:{folder / 'trace'}"),
            PULUMI_DEBUG_COMMANDS="true",
            PULUMI_DEBUG_GRPC=str(folder / "grpc.json"),
        ),
        "waits for its upload",
    )
    upload(watched.world)
    upload(watched.world, "rsa")
    succeed(watched.run(*up, *LOUD))
    succeed(watched.tba("rotate", "test", "bot", "rsa"))
    succeed(watched.tba("retire", "test", "--now"))
    succeed(watched.tba("status", "test"))
    succeed(watched.tba("verify", "test"))
    declare(watched.world, by="person", more=TWO_KINDS)
    assert watched.tba("rotate", "test", "bot").status != 0
    fail(watched.run(*up, *LOUD), "NetSuite refused the login")
    succeed(watched.run("stack", "export", "--show-secrets"))
    succeed(watched.run("stack", "history", "--json", "--show-secrets"))
    succeed(watched.run("destroy", "--yes", "--skip-preview"))


def test_no_private_key_and_no_access_token_leaks(
    watched: tuple[WatchedWorld, list[Canary]],
) -> None:
    world, sent = watched
    tell(world)
    secrets = [world.world.secret(name) for name in ("bot", "rsa")]
    versions = [one for secret in secrets for one in secret.versions.values()]
    texts = [json.loads(one.value.string or "{}") for one in versions if one.value is not None]
    keys = {text["certificate_id"]: text["private_key"] for text in texts if "private_key" in text}
    canaries = [
        *sent,
        *(one for name, pem in keys.items() for one in of_key(f"the key of {name}", pem)),
    ]
    artefacts = world.artefacts()
    scanner = Scanner(canaries)

    leaks = scanner.find(artefacts)

    assert leaks == []
    kinds = [type(load_pem_private_key(pem.encode(), None)).__name__ for pem in keys.values()]
    assert sorted(kinds) == ["ECPrivateKey"] * 3 + ["RSAPrivateKey"] * 2
    assert len(sent) > 8
    assert not [one.name for one in artefacts if b"BEGIN PRIVATE KEY" in one.data]
    families = by_family(artefacts, MINE)
    assert [name for name, found in families.items() if not found] == []
    shapes = [one for one in canaries if one.name.endswith("in hexadecimal")]
    require_recall(scanner, families, [*sent, *shapes])
    for pem in keys.values():
        for form in (str, json.dumps, lambda text: b64encode(text.encode()).decode()):
            assert len(scanner.find([Artefact("a key", form(pem).encode())])) >= 2
