"""oauthlib, Authlib, our signer and the simulator's verifier agree on 10,000 requests, and one changed bit is refused.

JSON bodies are left out: OAuth 1.0 signs no body but a form (RFC 5849 section 3.4.1.3.1), so TLS alone protects those.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import warnings
from urllib.parse import quote, unquote

import pytest
from oauthlib.oauth1 import Client as OauthlibClient

from tba_secrets.netsuite.signing import sign
from tba_secrets.simulator import Simulator
from tba_secrets.simulator.authentication import authenticate
from tba_secrets.simulator.credentials import AuthenticationRefused, MalformedRequest, from_header
from tba_secrets.simulator.vocabulary import CalledService
from tests.deep import rest_is_deep
from tests.netsuite.generated import FORM, Generated, Wire, generated
from tests.netsuite.support import credential
from tests.simulator.accounts import ACCOUNT, BOT, Keys, StandingClock, config
from tests.simulator.conftest import NOW

pytestmark = pytest.mark.long

with warnings.catch_warnings(record=True):  # Authlib announces what its next version will want
    from authlib.oauth1.rfc5849.client_auth import ClientAuth
    from authlib.oauth1.rfc5849.parameters import prepare_headers
    from authlib.oauth1.rfc5849.signature import generate_signature_base_string
    from authlib.oauth1.rfc5849.wrapper import OAuth1Request

REQUESTS, CHUNK = 10_000, 500
KEYS = Keys()
CREDENTIAL = credential(KEYS)


def ours(made: Generated) -> str:
    return sign(
        CREDENTIAL, made.method, made.url, made.form, nonce=made.nonce, timestamp=made.timestamp
    )


def by_oauthlib(made: Generated) -> str:
    client = OauthlibClient(
        KEYS.consumer_key,
        KEYS.consumer_secret,
        KEYS.token_id,
        KEYS.token_secret,
        signature_method="HMAC-SHA256",
        nonce=made.nonce,
        timestamp=str(made.timestamp),
        realm=ACCOUNT,
    )
    headers = {"Content-Type": FORM} if made.form else {}
    _, signed, _ = client.sign(made.url, made.method, made.body if made.form else None, headers)
    return str(signed["Authorization"])


def by_authlib(made: Generated) -> str:
    """The base string is Authlib's; the HMAC is Python's, for Authlib itself knows SHA-1 only."""
    client = ClientAuth(
        KEYS.consumer_key,
        KEYS.consumer_secret,
        KEYS.token_id,
        KEYS.token_secret,
        signature_method="HMAC-SHA256",
        realm=ACCOUNT,
    )
    parameters = client.get_oauth_params(made.nonce, str(made.timestamp))
    headers = prepare_headers(parameters, {"Content-Type": FORM} if made.form else {}, ACCOUNT)
    body = made.body if made.form else ""
    text = generate_signature_base_string(OAuth1Request(made.method, made.url, body, headers))
    key = f"{quote(KEYS.consumer_secret, safe='')}&{quote(KEYS.token_secret, safe='')}"
    digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def signature_of(header: str) -> str:
    return unquote(header.partition('oauth_signature="')[2].partition('"')[0])


class Verifier:
    """The simulator's whole verification, realm, clock and nonce included, without HTTP."""

    def __init__(self) -> None:
        self._state = Simulator(config(KEYS), StandingClock(NOW)).state

    def accepts(self, wire: Wire) -> bool:
        """Whether the login is good."""
        self._state.lockouts.clear((ACCOUNT, self._state.account(ACCOUNT).user(BOT).id))
        self._state.nonces.__init__()  # type: ignore[misc]
        try:
            claim = from_header(wire.header, wire.request, "oauth_token")
            authenticate(self._state, CalledService.REST, claim, wire.request.host)
        except (AuthenticationRefused, MalformedRequest):
            return False
        return True


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    return Verifier()


@pytest.mark.parametrize(
    "first", rest_is_deep(range(0, REQUESTS, CHUNK), lambda first: first < 2 * CHUNK)
)
def test_all_agree_and_one_changed_bit_is_refused(first: int, verifier: Verifier) -> None:
    refused = 0
    for seed in range(first, first + CHUNK):
        made = generated(seed)
        header = ours(made)
        assert signature_of(header) == by_authlib(made), f"Authlib, seed {seed}"
        assert signature_of(header) == signature_of(by_oauthlib(made)), f"oauthlib, seed {seed}"
        wire = Wire(made.sent(), header)
        assert verifier.accepts(wire), f"seed {seed}"
        refused += one_bit_is_refused(wire, seed, verifier)
    assert refused > 0.9 * CHUNK, "most changes have to be real ones"


def one_bit_is_refused(wire: Wire, seed: int, verifier: Verifier) -> bool:
    """Turn one bit over; False where that changes nothing that the request says, and then it must be accepted."""
    luck = random.Random(seed)  # noqa: S311 - the same change for the same seed
    part = luck.choice([name for name, text in wire.parts.items() if text])
    position, bit = luck.randrange(len(wire.parts[part])), luck.randrange(7)
    changed = wire.changed(part, position, bit)
    same = changed.means() == wire.means()
    assert verifier.accepts(changed) == same, f"seed {seed}: bit {bit} of {part} at {position}"
    return not same


def test_every_bit_of_one_request(verifier: Verifier) -> None:
    made = next(m for m in map(generated, range(REQUESTS)) if m.form and "%" in m.url)
    wire = Wire(made.sent(), ours(made))
    for part, text in wire.parts.items():
        for position in range(len(text)):
            for bit in range(7):
                changed = wire.changed(part, position, bit)
                same = changed.means() == wire.means()
                assert verifier.accepts(changed) == same, f"bit {bit} of {part} at {position}"


def test_another_secret_is_another_signature(verifier: Verifier) -> None:
    made = generated(1)
    other = credential(Keys(KEYS.consumer_key, KEYS.consumer_secret, KEYS.token_id))
    stranger = sign(
        other, made.method, made.url, made.form, nonce=made.nonce, timestamp=made.timestamp
    )
    assert not verifier.accepts(Wire(made.sent(), stranger))
    assert verifier.accepts(Wire(made.sent(), ours(made)))


def test_the_generator_makes_what_it_should() -> None:
    made = [generated(seed) for seed in range(2000)]
    assert len({(m.method, m.url, m.body) for m in made}) > 1900
    assert any("!" in m.url for m in made)
    assert any("%F0%9F%98%80" in m.url for m in made)
    assert any(m.form for m in made)
    assert any("=&" in m.url for m in made)
