"""`tba sign` gives Oracle's own signatures, byte for byte, and shows no secret."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from tests.cli.conftest import Tba, World
from tests.simulator import test_vectors as oracle

pytestmark = pytest.mark.long

# Oracle help, "The Signature for Web Services and RESTlets": set A. Oracle prints A3 without its leading `+`.
HOST = "123456.{}.api.netsuite.com"
REST = f"https://{HOST.format('suitetalk')}/services/rest/record/v1/employee/40"
RESTLET = (
    f"https://{HOST.format('restlets')}/app/site/hosting/restlet.nl"
    "?script=6&deploy=1&customParam=someValue&testParam=someOtherValue"
)
FIXED = ("--nonce", oracle.NONCE, "--timestamp", "1508242306")
VECTORS = [
    (("GET", REST), "B5OIWznZ2YP0OB7VrJrGkYsTh%2B8H%2B5T9Hag%2Bo92q0zY%3D"),
    (("POST", RESTLET), "%2BKK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ%3D"),
]


@pytest.fixture(params=["in this process", "the console script"])
def either(request: pytest.FixtureRequest) -> Tba:
    name = "tba" if request.param == "in this process" else "script"
    run: Tba = request.getfixturevalue(name)
    return run


@pytest.fixture
def four_values(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    values = {
        "TBA_CONSUMER_KEY": oracle.KEY,
        "TBA_CONSUMER_SECRET": oracle.SECRET,
        "TBA_TOKEN_ID": oracle.TOKEN,
        "TBA_TOKEN_SECRET": oracle.TOKEN_SECRET,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


@pytest.mark.parametrize(("call", "signature"), VECTORS, ids=["A2", "A3"])
def test_the_header_of_oracles_vectors(
    call: tuple[str, str], signature: str, either: Tba, four_values: dict[str, str]
) -> None:
    ended = either("sign", *call, *FIXED)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == (
        f'OAuth realm="123456", oauth_consumer_key="{oracle.KEY}", oauth_token="{oracle.TOKEN}", '
        f'oauth_nonce="{oracle.NONCE}", oauth_timestamp="1508242306", oauth_signature_method="HMAC-SHA256", '
        f'oauth_version="1.0", oauth_signature="{signature}"\n'
    )


def test_the_token_passport_of_oracles_vector(either: Tba, four_values: dict[str, str]) -> None:
    url = f"https://{HOST.format('suitetalk')}/services/NetSuitePort_2025_2"
    ended = either("sign", "POST", url, "--soap", *FIXED)
    assert (ended.status, ended.err) == (0, "")
    assert ">tIcC5zyKUmycB5Ml/cNxOHDusw03Y5KPQiXVNUHHp4U=</c:signature>" in ended.out
    assert "<c:account>123456</c:account>" in ended.out


@pytest.mark.parametrize("soap", [(), ("--soap",)])
@pytest.mark.parametrize("changed", ["TBA_CONSUMER_SECRET", "TBA_TOKEN_SECRET", "TBA_TOKEN_ID"])
def test_another_value_is_another_signature(
    changed: str,
    soap: tuple[str, ...],
    tba: Tba,
    four_values: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = tba("sign", "GET", REST, *FIXED, *soap).out
    monkeypatch.setenv(changed, four_values[changed][:-1] + "0")
    assert tba("sign", "GET", REST, *FIXED, *soap).out != before


@pytest.mark.parametrize("soap", [(), ("--soap",)])
def test_no_secret_is_shown(soap: tuple[str, ...], tba: Tba, four_values: dict[str, str]) -> None:
    shown = tba("sign", "GET", REST, *soap)
    assert four_values["TBA_CONSUMER_SECRET"] not in shown.out + shown.err
    assert four_values["TBA_TOKEN_SECRET"] not in shown.out + shown.err


def test_nonce_and_time_are_fresh_where_none_are_given(
    tba: Tba, four_values: dict[str, str]
) -> None:
    assert tba("sign", "GET", REST).out != tba("sign", "GET", REST).out


@pytest.mark.parametrize(
    ("host", "given", "realm"),
    [
        ("1234567-sb1.restlets.api.netsuite.com", (), "1234567_SB1"),
        ("1234567-rp1.suitetalk.api.netsuite.com", (), "1234567_RP1"),
        ("tstdrv1234567.suitetalk.api.netsuite.com", (), "TSTDRV1234567"),
        ("1234567.app.netsuite.com", ("--realm", "7654321_SB2"), "7654321_SB2"),
        ("127.0.0.1:8917", ("--account", "1234567-sb1"), "1234567_SB1"),
    ],
)
def test_the_realm(
    host: str, given: tuple[str, ...], realm: str, tba: Tba, four_values: dict[str, str]
) -> None:
    out = tba("sign", "GET", f"https://{host}/rest/tokeninfo", *given).out
    assert f'realm="{realm}"' in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("https://system.netsuite.com/rest/tokeninfo",), "add --account"),
        (("ftp://1234567.app.netsuite.com/",), "cannot be signed"),
        (("no url",), "cannot be signed"),
        ((REST, "--nonce", "short"), "6 to 64 letters and digits"),
        ((REST, "--nonce", "sp:ecial-signs"), "6 to 64 letters and digits"),
        ((REST, "--form", "no equals sign"), "NAME=VALUE"),
        ((REST, "--record", "warehouse/orders"), "--env"),
    ],
)
def test_what_cannot_be_signed(
    arguments: tuple[str, ...], words: str, tba: Tba, four_values: dict[str, str]
) -> None:
    ended = tba("sign", "GET", *arguments)
    assert (ended.status, ended.out) == (1, "")
    assert words in ended.err


def test_a_missing_variable_is_named(
    either: Tba, four_values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TBA_TOKEN_SECRET")
    monkeypatch.setenv("TBA_TOKEN_ID", "")
    ended = either("sign", "GET", REST)
    assert (ended.status, ended.out) == (1, "")
    assert "no value in TBA_TOKEN_ID, TBA_TOKEN_SECRET" in ended.err
    assert "Traceback" not in ended.err


def test_white_space_around_a_value_is_refused(
    tba: Tba, four_values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TBA_TOKEN_SECRET", oracle.TOKEN_SECRET + "\n")
    ended = tba("sign", "GET", REST)
    assert ended.status == 1
    assert "TBA_TOKEN_SECRET" in ended.err


def test_a_url_that_has_to_be_sent_otherwise_is_said(tba: Tba, four_values: dict[str, str]) -> None:
    ended = tba("sign", "GET", f"{REST}?q=a b")
    assert "q=a%20b" in ended.err
    assert tba("sign", "GET", f"{REST}?q=a%20b").err == ""


def test_a_form_is_signed(tba: Tba, four_values: dict[str, str]) -> None:
    without = tba("sign", "POST", REST, *FIXED).out
    assert tba("sign", "POST", REST, *FIXED, "--form", "a=1").out != without
    assert (
        tba("sign", "POST", REST, *FIXED, "--form", "a=1").out
        != tba("sign", "POST", REST, *FIXED, "--form", "a=2").out
    )


def test_a_record_in_a_store_signs(tba: Tba, world: World) -> None:
    url = f"{world.netsuite.url}/rest/tokeninfo"
    arguments = ("--record", "warehouse/orders", "--env", "test", "--project", str(world.project))
    ended = tba("sign", "GET", url, *arguments)
    assert (ended.status, ended.err) == (0, "")
    assert 'realm="1234567_SB1"' in ended.out
    assert f'oauth_token="{world.account.tokens["orders"].identifier}"' in ended.out
    assert world.account.tokens["orders"].secret not in ended.out
    assert unquote(ended.out).count("=") > 8


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ("warehouse/nobody", "warehouse/orders, warehouse/stock, billing/invoices"),
        ("orders", "no credential has passed its checks yet"),
    ],
)
def test_a_record_that_is_not_there(record: str, words: str, tba: Tba, empty_world: World) -> None:
    project = str(empty_world.project)
    ended = tba("sign", "GET", REST, "--record", record, "--env", "test", "--project", project)
    assert (ended.status, ended.out) == (1, "")
    assert words in ended.err
