"""The sources of OAuth 2.0: one client id, and a key with its certificate, by each kind of source."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tba_secrets.errors import SourceError
from tba_secrets.sources.opening import SourceSettings, open_source
from tba_secrets.spec.model import (
    ClientCommand,
    ClientEnv,
    ClientFile,
    ClientSource,
    KeyCommand,
    KeyEnv,
    KeyFile,
    KeySource,
)
from tests.netsuite.oauth2.support import CLIENT_ID, certified

PAIR = certified()
CONTENT = {
    "client_id": CLIENT_ID,
    "private_key": PAIR.private_key.reveal(),
    "certificate": PAIR.certificate,
}
ENVIRON = {"CLIENT": CLIENT_ID, "KEY": CONTENT["private_key"], "CERTIFICATE": PAIR.certificate}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bot.json"
    path.write_text(json.dumps(CONTENT))
    path.chmod(0o600)
    return path


def sources(file: Path, kind: str) -> tuple[SourceSettings, SourceSettings]:
    """The source of a client id, and that of a key."""
    argv = (sys.executable, "-c", f"print(open({str(file)!r}).read())")
    match kind:
        case "env":
            return ClientSource(env=ClientEnv(id="CLIENT")), KeySource(
                env=KeyEnv(private_key="KEY", certificate="CERTIFICATE")
            )
        case "file":
            return ClientSource(file=ClientFile(path=str(file))), KeySource(
                file=KeyFile(path=str(file))
            )
        case _:
            return ClientSource(command=ClientCommand(argv=argv)), KeySource(
                command=KeyCommand(argv=argv)
            )


@pytest.mark.parametrize("kind", ["env", "file", "command"])
def test_what_each_kind_gives(file: Path, kind: str) -> None:
    client, key = (open_source(one, ENVIRON) for one in sources(file, kind))
    one = client.read()
    assert one is not None
    assert (one.identifier.reveal(), one.secret.reveal(), one.warnings) == (CLIENT_ID, "", ())
    both = key.read()
    assert both is not None
    assert both.identifier.reveal() == PAIR.certificate.strip()
    assert both.secret.reveal() == PAIR.private_key.reveal().strip()
    assert both.warnings == ()


def test_what_is_absent_is_no_error(file: Path) -> None:
    for one in sources(file, "env"):
        assert open_source(one, {}).read() is None
    file.unlink()
    for one in sources(file, "file"):
        assert open_source(one, {}).read() is None
    assert open_source("generated").read() is None
    assert open_source("stored").read() is None


def test_half_a_pair_is_refused_without_the_other_half(file: Path) -> None:
    key = open_source(sources(file, "env")[1], {"KEY": ENVIRON["KEY"]})
    with pytest.raises(SourceError, match="certificate is missing: environment variable") as caught:
        key.read()
    assert "PRIVATE" not in str(caught.value)


def test_one_text_for_both(file: Path) -> None:
    key = open_source(sources(file, "env")[1], {"KEY": "same", "CERTIFICATE": "same"})
    with pytest.raises(SourceError, match="are the same text"):
        key.read()


def test_a_client_id_is_one_word(file: Path) -> None:
    client = open_source(sources(file, "env")[0], {"CLIENT": "a canary"})
    with pytest.raises(SourceError, match=r"client id .* white space") as caught:
        client.read()
    assert "canary" not in str(caught.value)
    short = open_source(sources(file, "env")[0], {"CLIENT": "short"}).read()
    assert short is not None
    assert "5 characters" in short.warnings[0]


def test_the_places_are_named(file: Path) -> None:
    client, key = (open_source(one) for one in sources(file, "env"))
    assert client.place == "environment variable CLIENT"
    assert key.place == "environment variables CERTIFICATE and KEY"
