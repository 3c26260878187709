"""The stored text of an OAuth 2.0 credential: what is written is read back, and what is broken is named by its key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tba_secrets.errors import StoreError
from tba_secrets.payload import parse, render, same_content
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.model import CertificateFormat
from tests.netsuite.oauth2.support import credential

USUAL = CertificateFormat()
RENAMED = CertificateFormat(client_id="NS_CLIENT_ID", private_key="NS_KEY", scopes="NS_SCOPES")
WHERE = "the secret netsuite/bot (aws)"


@pytest.mark.parametrize("names", [USUAL, RENAMED])
@pytest.mark.parametrize(
    "changed", [{}, {"valid_until": None}, {"scopes": ("rest_webservices", "restlets")}]
)
def test_what_is_written_is_read_back(names: CertificateFormat, changed: dict[str, Any]) -> None:
    mine = credential(**changed)
    stored = render(mine, names)
    assert parse(stored, names, WHERE) == mine
    assert render(parse(stored, names, WHERE), names) == stored
    assert set(json.loads(stored.reveal())) == set(names.model_dump().values())


def test_the_stored_object_is_flat_and_of_strings() -> None:
    stored = json.loads(render(credential(), USUAL).reveal())
    assert {type(value) for value in stored.values()} == {str}
    assert stored["account"] == "1234567_SB1"
    assert stored["scopes"] == "rest_webservices"
    assert stored["valid_until"] == "2027-11-28"
    assert stored["token_endpoint"].startswith("https://1234567-sb1.suitetalk.api.netsuite.com/")
    assert stored["private_key"].startswith("-----BEGIN PRIVATE KEY-----\n")


def test_another_key_is_another_content() -> None:
    stored = render(credential(), USUAL)
    spaced = Sensitive(json.dumps(json.loads(stored.reveal()), indent=2))
    assert same_content(stored, spaced)
    assert not same_content(stored, render(credential(certificate_id="another"), USUAL))


def _changed(**values: Any) -> Sensitive:
    content = json.loads(render(credential(), USUAL).reveal())
    return Sensitive(json.dumps({**content, **values}))


def test_scopes_that_somebody_separated_by_spaces() -> None:
    read = parse(_changed(scopes="rest_webservices restlets"), USUAL, WHERE)
    assert read.scopes == ("rest_webservices", "restlets")


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (Sensitive("canary"), "not a flat JSON object"),
        (Sensitive('["canary"]'), "not a flat JSON object"),
        (_changed(scopes=["canary"]), "not a flat JSON object"),
        (_changed(scopes=" , "), "`scopes` names no scope"),
        (_changed(valid_until="canary"), "`valid_until` is no day"),
        (
            Sensitive('{"account": "canary"}'),
            "lacks algorithm, certificate, certificate_id, client_id",
        ),
    ],
)
def test_what_is_broken_is_named_and_not_shown(stored: Sensitive, words: str) -> None:
    with pytest.raises(StoreError, match=words) as caught:
        parse(stored, USUAL, WHERE)
    assert "canary" not in str(caught.value)
    assert caught.value.__context__ is None


def test_other_names_are_not_found() -> None:
    with pytest.raises(StoreError, match="lacks NS_CLIENT_ID, NS_KEY, NS_SCOPES"):
        parse(render(credential(), USUAL), RENAMED, WHERE)


def test_the_key_is_not_shown() -> None:
    assert "PRIVATE" not in repr(parse(_changed(), USUAL, WHERE))
