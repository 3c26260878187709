"""A key and its certificate: line breaks survive every kind of source, and what NetSuite would refuse is no pair."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from tba_secrets.errors import SourceError
from tba_secrets.netsuite.oauth2.algorithms import Algorithm
from tba_secrets.netsuite.oauth2.certificates import Certified, make
from tba_secrets.netsuite.oauth2.parts import as_pair
from tba_secrets.sources import Pair, Source, open_source
from tba_secrets.spec.model import (
    KeyCommand,
    KeyEnv,
    KeyFile,
    KeySource,
    TokenEnv,
    TokenSource,
)
from tests.netsuite.oauth2.support import pem, rsa_2048

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
GOOD = make(Algorithm.ES256, "test", 30 * DAY, NOW)
OTHER = make(Algorithm.ES256, "test", 30 * DAY, NOW)
KEY, CERTIFICATE = GOOD.private_key.reveal(), GOOD.certificate
SETTINGS = KeySource(env=KeyEnv(private_key="KEY", certificate="CERT"))
WAYS = ("env", "file", "command")


def _escaped(text: str) -> str:
    return text.replace("\n", "\\n")


@pytest.fixture
def given(tmp_path: Path) -> Callable[[str, str, str], Source]:
    """A source of one kind that holds two texts."""

    def source(way: str, key: str, certificate: str) -> Source:
        path = tmp_path / "key.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps({"private_key": key, "certificate": certificate}))
        code = f"print(open({str(path)!r}).read())"
        settings = {
            "env": SETTINGS,
            "file": KeySource(file=KeyFile(path=str(path))),
            "command": KeySource(command=KeyCommand(argv=(sys.executable, "-c", code))),
        }
        return open_source(settings[way], {"KEY": key, "CERT": certificate})

    return source


def _read(key: str, certificate: str) -> Pair | None:
    return open_source(SETTINGS, {"KEY": key, "CERT": certificate}).read()


def _refusal(environ: dict[str, str]) -> str:
    with pytest.raises(SourceError) as caught:
        open_source(SETTINGS, environ).read()
    assert caught.value.remedy
    lines = [line for text in environ.values() for line in text.replace("\\n", "\n").split("\n")]
    told = [line for line in lines if line and line in str(caught.value)]
    assert [line for line in told if not line.startswith("-----")] == []
    return str(caught.value)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "written",
    [str, str.strip, lambda text: text.replace("\n", "\r\n"), lambda text: f"\n{text}\n"],
    ids=["as it is", "without the last line break", "CRLF", "white space around it"],
)
def test_a_key_and_its_certificate_are_a_pair(
    given: Callable[[str, str, str], Source], way: str, written: Callable[[str], str]
) -> None:
    pair = given(way, written(KEY), written(CERTIFICATE)).read()
    assert pair == as_pair(GOOD)
    assert pair.identifier.reveal() == GOOD.certificate_id
    assert pair.secret.reveal() == KEY + CERTIFICATE


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("line_break", ["\\n", "\\r\\n"])
def test_escaped_line_breaks_are_taken_with_a_warning(
    given: Callable[[str, str, str], Source], way: str, line_break: str
) -> None:
    source = given(way, *(text.replace("\n", line_break) for text in (KEY, CERTIFICATE)))
    pair = source.read()
    assert pair is not None
    assert (pair.identifier, pair.secret) == (as_pair(GOOD).identifier, as_pair(GOOD).secret)
    names = ("the private key (", "the certificate (")
    for name, warning in zip(names, pair.warnings, strict=True):
        assert warning.startswith(name)
        assert warning.endswith(
            "had \\n in the place of line breaks, and was read as if it had them"
        )


def test_only_the_text_that_is_escaped_is_warned_of() -> None:
    pair = _read(_escaped(KEY), CERTIFICATE)
    assert pair is not None
    (warning,) = pair.warnings
    assert warning.startswith("the private key (environment variable KEY) had \\n")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("instead", ["n", "/n", "\\\\n"])
def test_anything_else_in_the_place_of_line_breaks_is_refused(
    given: Callable[[str, str, str], Source], way: str, instead: str
) -> None:
    source = given(way, KEY.replace("\n", instead), CERTIFICATE)
    with pytest.raises(SourceError, match="this is no private key in PEM") as caught:
        source.read()
    assert "with its line breaks" in caught.value.remedy
    assert KEY.split("\n")[1] not in str(caught.value)


@pytest.mark.parametrize("algorithm", [Algorithm.ES384, Algorithm.ES512, Algorithm.PS256])
def test_the_key_of_any_algorithm_is_taken(algorithm: Algorithm) -> None:
    made = make(algorithm, "test", 30 * DAY, NOW)
    assert _read(made.private_key.reveal(), made.certificate) == as_pair(made)


@pytest.mark.parametrize(
    "environ", [{}, {"KEY": "", "CERT": ""}, {"KEY": " \n"}], ids=["unset", "empty", "white space"]
)
def test_nothing_is_absent(environ: dict[str, str]) -> None:
    assert open_source(SETTINGS, environ).read() is None


def test_a_missing_file_is_absent(tmp_path: Path) -> None:
    settings = KeySource(file=KeyFile(path=str(tmp_path / "key.json")))
    assert open_source(settings).read() is None


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        ({"KEY": KEY}, "the certificate is missing: environment variable CERT"),
        ({"KEY": KEY, "CERT": "\n"}, "the certificate is missing: environment variable CERT"),
        ({"CERT": CERTIFICATE}, "the private key is missing: environment variable KEY"),
        ({"KEY": KEY + CERTIFICATE}, "the certificate is missing: environment variable CERT"),
    ],
    ids=["no certificate", "white space", "no key", "both in one variable"],
)
def test_half_a_pair_is_refused_and_the_other_half_named(
    environ: dict[str, str], missing: str
) -> None:
    assert _refusal(environ).startswith(missing)


def _made(days: int, ago: int) -> Certified:
    return make(Algorithm.ES256, "test", days * DAY, NOW - ago * DAY)


OLD, EARLY = _made(10, 20), _made(10, -5)
REFUSED: dict[str, tuple[str, str, str]] = {
    "another key": (
        OTHER.private_key.reveal(),
        CERTIFICATE,
        "environment variable CERT: the private key is not that of the certificate",
    ),
    "the two exchanged": (
        CERTIFICATE,
        KEY,
        "environment variable KEY: this is no private key in PEM",
    ),
    "the key twice": (KEY, KEY, "environment variable CERT: there is a private key where"),
    "no certificate": (KEY, "none", "environment variable CERT: this is no certificate in PEM"),
    "an escaped half": (
        _escaped(KEY[:80]),
        CERTIFICATE,
        "environment variable KEY: this is no private key in PEM",
    ),
    "bytes that are not UTF-8": ("\udcff" + KEY, CERTIFICATE, "KEY: this is no private key in PEM"),
    "run out": (OLD.private_key.reveal(), OLD.certificate, "CERT: the certificate ran out on"),
    "not yet valid": (EARLY.private_key.reveal(), EARLY.certificate, "CERT: the certificate is va"),
    "a passphrase": (
        pem(ec.generate_private_key(ec.SECP256R1()), b"of-tests").reveal(),
        CERTIFICATE,
        "environment variable KEY: the private key has a passphrase",
    ),
    "RSA of 2048 bits": (rsa_2048().reveal(), CERTIFICATE, "KEY: this is an RSA key of 2048 bits"),
    "a curve that no algorithm has": (
        pem(ec.generate_private_key(ec.SECP256K1())).reveal(),
        CERTIFICATE,
        "environment variable KEY: NetSuite takes no key of this kind",
    ),
    "a key that no algorithm has": (
        pem(ed25519.Ed25519PrivateKey.generate()).reveal(),
        CERTIFICATE,
        "environment variable KEY: NetSuite takes no key of this kind",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_netsuite_would_refuse_is_refused(case: str) -> None:
    key, certificate, words = REFUSED[case]
    assert words in _refusal({"KEY": key, "CERT": certificate})


def test_a_file_says_which_of_its_keys_is_meant(
    given: Callable[[str, str, str], Source], tmp_path: Path
) -> None:
    with pytest.raises(SourceError) as caught:
        given("file", KEY, "none").read()
    assert caught.value.what.startswith(f"file {tmp_path / 'key.json'}, key `certificate`: this is")


def test_keys_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({"a": KEY, "b": CERTIFICATE}))
    named = KeyFile(path=str(path), private_key="a", certificate="b")
    assert open_source(KeySource(file=named)).read() == as_pair(GOOD)
    with pytest.raises(SourceError, match="the JSON object has no key `private_key`"):
        open_source(KeySource(file=KeyFile(path=str(path)))).read()


def test_a_generated_key_comes_from_no_source() -> None:
    assert open_source("generated").read() is None


def test_a_source_of_no_kind_is_refused() -> None:
    with pytest.raises(SourceError, match="exactly one"):
        open_source(KeySource())


def _loads_cryptography(settings: TokenSource | KeySource) -> bool:
    """Whether a process that reads a source loads `cryptography`."""
    kind, document = type(settings).__name__, settings.model_dump_json()
    code = (
        "import sys\n"
        "from tba_secrets.sources import open_source\n"
        f"from tba_secrets.spec.model import {kind}\n"
        f"pair = open_source({kind}.model_validate_json({document!r})).read()\n"
        "assert pair is not None\n"
        "print('cryptography' in sys.modules)"
    )
    environ = {"ID": "token-id", "SECRET": "token-secret", "KEY": KEY, "CERT": CERTIFICATE}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    return run.stdout == "True\n"


def test_cryptography_is_loaded_for_a_key_and_not_for_a_token() -> None:
    assert not _loads_cryptography(TokenSource(env=TokenEnv(id="ID", secret="SECRET")))
    assert _loads_cryptography(SETTINGS)
