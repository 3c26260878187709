"""The signatures that Oracle's help prints, byte for byte, and RFC 5849's rules for what is signed."""

from __future__ import annotations

import pytest

from tba_secrets.simulator import oauth1

# Oracle help, "The Signature for Web Services and RESTlets": set A.
KEY = "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4"
SECRET = "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5"
TOKEN = "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc"
TOKEN_SECRET = "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295"
NONCE = "fjaLirsIcCGVZWzBX0pg"
HEADER = [
    ("realm", "123456"),
    ("oauth_consumer_key", KEY),
    ("oauth_token", TOKEN),
    ("oauth_nonce", NONCE),
    ("oauth_timestamp", "1508242306"),
    ("oauth_signature_method", "HMAC-SHA256"),
    ("oauth_version", "1.0"),
    ("oauth_signature", "left out of the base string"),
]
OAUTH_PART = (
    f"oauth_consumer_key%3D{KEY}%26oauth_nonce%3D{NONCE}%26oauth_signature_method%3DHMAC-SHA256"
    f"%26oauth_timestamp%3D1508242306%26oauth_token%3D{TOKEN}%26oauth_version%3D1.0"
)


def request(method: str, host: str, path: str, query: str = "", **more: str) -> oauth1.SentRequest:
    return oauth1.SentRequest(method, "https", host, path, query, **more)  # type: ignore[arg-type]


def test_a1_soap_token_passport() -> None:
    base = oauth1.passport_base_string("123456", KEY, TOKEN, NONCE, "1508242306")
    assert base == f"123456&{KEY}&{TOKEN}&{NONCE}&1508242306"
    assert (
        oauth1.hmac_sha256(base, SECRET, TOKEN_SECRET)
        == "tIcC5zyKUmycB5Ml/cNxOHDusw03Y5KPQiXVNUHHp4U="
    )


def test_a2_rest_get() -> None:
    sent = request(
        "GET", "123456.suitetalk.api.netsuite.com", "/services/rest/record/v1/employee/40"
    )
    base = oauth1.signature_base_string(sent, HEADER)
    assert base == (
        "GET&https%3A%2F%2F123456.suitetalk.api.netsuite.com%2Fservices%2Frest%2Frecord%2Fv1%2Femployee%2F40&"
        + OAUTH_PART
    )
    assert (
        oauth1.hmac_sha256(base, SECRET, TOKEN_SECRET)
        == "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY="
    )


def test_a3_restlet_post_with_query() -> None:
    sent = request(
        "POST",
        "123456.restlets.api.netsuite.com",
        "/app/site/hosting/restlet.nl",
        "script=6&deploy=1&customParam=someValue&testParam=someOtherValue",
    )
    base = oauth1.signature_base_string(sent, HEADER)
    assert base == (
        "POST&https%3A%2F%2F123456.restlets.api.netsuite.com%2Fapp%2Fsite%2Fhosting%2Frestlet.nl&"
        f"customParam%3DsomeValue%26deploy%3D1%26{OAUTH_PART}%26script%3D6%26testParam%3DsomeOtherValue"
    )
    # Oracle prints this without the leading plus: 43 characters, which is no base64 of 32 bytes.
    assert (
        oauth1.hmac_sha256(base, SECRET, TOKEN_SECRET)
        == "+KK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ="
    )


def test_b_step_one_of_the_flow_signs_the_role_and_no_token_secret() -> None:
    key = "60712990bc09623786e7047c226bcb3f86d49dca0b04efc21001dc76d97a81f5"
    header = [
        ("oauth_consumer_key", key),
        ("oauth_nonce", "bUvpxBX93OWo0FLswq5M"),
        ("oauth_timestamp", "1575998103"),
        ("oauth_signature_method", "HMAC-SHA256"),
        ("oauth_version", "1.0"),
        ("oauth_callback", "https://my.example.com/TBA/?callbackRequest"),
        ("role", "45678"),
    ]
    base = oauth1.signature_base_string(
        request("POST", "1234567.restlets.api.netsuite.com", "/rest/requesttoken"), header
    )
    assert base == (
        "POST&https%3A%2F%2F1234567.restlets.api.netsuite.com%2Frest%2Frequesttoken&oauth_callback%3D"
        "https%253A%252F%252Fmy.example.com%252FTBA%252F%253FcallbackRequest%26oauth_consumer_key%3D"
        f"{key}%26oauth_nonce%3DbUvpxBX93OWo0FLswq5M%26oauth_signature_method%3DHMAC-SHA256%26"
        "oauth_timestamp%3D1575998103%26oauth_version%3D1.0%26role%3D45678"
    )
    assert oauth1.hmac_sha256(base, key, "") == "7kgwwmiAylqeMdHjCBnIUUW+drDrGCbZGBkuCt39J90="


def test_rfc_5849_section_3_4_1_1() -> None:
    """The RFC's own example: repeated, empty and form parameters, and a plus in the body that is a space."""
    sent = oauth1.SentRequest(
        method="post",
        scheme="HTTP",
        host="EXAMPLE.COM:80",
        path="/request",
        query="b5=%3D%253D&a3=a&c%40=&a2=r%20b",
        content_type="application/x-www-form-urlencoded; charset=utf-8",
        body=b"c2&a3=2+q",
    )
    header = [
        ("realm", "Example"),
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
        ("oauth_signature", "bYT5CMsGcbgUdFHObYMEfcx6bsw="),
    ]
    assert oauth1.signature_base_string(sent, header) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D"
        "%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3D"
        "HMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


@pytest.mark.parametrize(
    ("scheme", "host", "uri"),
    [
        ("https", "Example.COM:443", "https://example.com/p"),
        ("http", "example.com:80", "http://example.com/p"),
        ("https", "example.com:8443", "https://example.com:8443/p"),
        ("http", "127.0.0.1:443", "http://127.0.0.1:443/p"),
        ("http", "[::1]:80", "http://[::1]/p"),
    ],
)
def test_default_ports_are_left_out(scheme: str, host: str, uri: str) -> None:
    assert oauth1.SentRequest("GET", scheme, host, "/p", "").base_uri == uri


@pytest.mark.parametrize("content_type", ["application/json", "", "multipart/form-data"])
def test_other_bodies_are_not_signed(content_type: str) -> None:
    sent = oauth1.SentRequest("POST", "http", "h", "/p", "a=1", content_type, b"b=2")
    assert sent.unsigned_parameters == [("a", "1")]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic abc",
        "OAuth",
        "OAuth ",
        "OAuth realm",
        'OAuth realm="x" oauth_nonce="y"',
        'OAuth realm="x',
    ],
)
def test_a_header_that_cannot_be_read_is_malformed(header: str) -> None:
    with pytest.raises(oauth1.MalformedHeaderError):
        oauth1.parse_authorization(header)


def test_a_header_is_read_with_any_spacing_and_order() -> None:
    parsed = oauth1.parse_authorization('oauth a="1",realm="123_SB1" ,  oauth_signature="x%2By%3D"')
    assert parsed.parameters == [("a", "1"), ("realm", "123_SB1"), ("oauth_signature", "x+y=")]
    assert parsed.escaped


@pytest.mark.parametrize("value", ["x+y=", "a/b", "a b", "%zz", "ü"])
def test_a_value_that_is_not_encoded_is_noticed(value: str) -> None:
    assert not oauth1.parse_authorization(f'OAuth oauth_signature="{value}"').escaped
