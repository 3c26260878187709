"""What an access token says of itself, in the two shapes that are known and in those that are not."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from tba_secrets.netsuite.oauth2.access_token import NOTHING_TOLD, Claims, read_claims
from tba_secrets.sensitive import Sensitive

CLIENT = "751a2830e09c6f47b00e486ec192934c" * 2
UUID = "1C61CD58-044D-497A-A297-A3E9A9BB9243"


def token(payload: Any) -> Sensitive:
    """An access token with these claims; nobody verifies its signature."""
    body = urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b"=").decode()
    return Sensitive(f"eyJhbGciOiJQUzI1NiJ9.{body}.c2ln")


NEW = {
    "sub": "3;-5",
    "aud": [f"{UUID};3829855", CLIENT],
    "scope": ["restlets", "rest_webservices"],
    "iss": "https://system.netsuite.com",
    "exp": 1769772494,
}
OLD = {
    "sub": "4030059;0;3;7;N",
    "aud": [CLIENT, f"app:{UUID}"],
    "scope": "rest_webservices",
    "exp": 1769772494,
}
BOTH = frozenset({"restlets", "rest_webservices"})


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (NEW, Claims("3829855", "3", "-5", Sensitive(CLIENT), BOTH)),
        (
            OLD,
            Claims("4030059", "3", "7", Sensitive(CLIENT), frozenset({"rest_webservices"})),
        ),
        ({**NEW, "aud": [f"{UUID};3829855_sb1", CLIENT]}, "3829855_SB1"),
        ({**NEW, "scope": "restlets,rest_webservices"}, "3829855"),
    ],
)
def test_the_known_shapes(payload: dict[str, Any], told: Claims | str) -> None:
    found = read_claims(token(payload))
    if isinstance(told, str):
        assert found.account == told
        assert found.scopes == BOTH
    else:
        assert found == told


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({**NEW, "sub": "3;-5;7"}, "role_id"),
        ({**NEW, "sub": "role;user"}, "role_id"),
        ({**NEW, "sub": 3}, "entity"),
        ({**NEW, "aud": f"{UUID};3829855"}, "account"),
        ({**NEW, "aud": ["no-uuid;3829855", CLIENT]}, "account"),
        ({**NEW, "aud": [f"{UUID};../../etc", CLIENT]}, "account"),
        ({**NEW, "aud": [CLIENT, "another"]}, "client_id"),
        ({**NEW, "sub": "4030059;0;3;7;N"}, "account"),
        ({**NEW, "scope": []}, "scopes"),
        ({**NEW, "scope": [1]}, "scopes"),
    ],
)
def test_what_cannot_be_told_is_not_guessed(payload: dict[str, Any], field: str) -> None:
    assert getattr(read_claims(token(payload)), field) is None
    assert getattr(read_claims(token(NEW)), field) is not None


@pytest.mark.parametrize(
    "text", ["", "opaque", "a.b", "a.%%%.c", "a.bm9qc29u.c", "a.WzFd.c", "a." + "A" * 9000 + ".c"]
)
def test_a_token_of_another_form_tells_nothing(text: str) -> None:
    assert read_claims(Sensitive(text)) == NOTHING_TOLD
