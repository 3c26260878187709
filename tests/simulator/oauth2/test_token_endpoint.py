"""The token endpoint: what it takes, and every reason to refuse with its answer and its line in the trail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import KeySet

from tba_secrets.simulator import FaultKind, Simulator
from tba_secrets.simulator.state import State
from tba_secrets.simulator.vocabulary import Feature, OAuth2Reason, Scope
from tests.simulator.accounts import (
    ACCOUNT,
    APPLICATION,
    BOT,
    OTHER_ACCOUNT,
    ROLE,
    Keys,
    StandingClock,
)
from tests.simulator.conftest import NOW
from tests.simulator.oauth2.conftest import upload
from tests.simulator.oauth2.holder import (
    AUDIENCE,
    BOTH,
    KEYS,
    TOKEN,
    Holder,
    ask_token,
    curve,
    decoded,
    form,
)


def test_an_access_token_and_its_claims(simulator: Simulator, holder: Holder) -> None:
    answer = ask_token(simulator.url, holder.assertion())
    assert answer.status_code == 200
    body = answer.json()
    assert (body["expires_in"], body["token_type"], set(body)) == (
        3600,
        "Bearer",
        {"access_token", "expires_in", "token_type"},
    )
    header, claims = decoded(body["access_token"])
    application = simulator.state.account(ACCOUNT).integration(APPLICATION).application_id
    assert (header["typ"], header["alg"], header["kid"][:14]) == (
        "JWT",
        "PS256",
        f"c.{ACCOUNT}."[:14],
    )
    assert claims.pop("jti").startswith(f"{ACCOUNT}.")
    assert claims == {
        "sub": "1042;38",
        "aud": [f"{application};{ACCOUNT}", holder.client_id],
        "scope": BOTH,
        "iss": "https://system.netsuite.com",
        "iat": NOW,
        "oit": NOW,
        "exp": NOW + 3600,
    }
    entry = simulator.state.audit(ACCOUNT)[-1]
    assert (entry.success, entry.user, entry.role, entry.application_name, entry.token_name) == (
        True,
        BOT,
        ROLE,
        APPLICATION,
        None,
    )
    assert (entry.service, entry.request) == ("OAuth 2.0", f"POST {TOKEN}")


def test_the_published_keys_verify_it_and_no_other(simulator: Simulator, holder: Holder) -> None:
    text = ask_token(simulator.url, holder.assertion()).json()["access_token"]
    published = requests.get(simulator.url + KEYS, timeout=10).json()
    assert {key["kid"].split(".")[1] for key in published["keys"]} == {ACCOUNT, OTHER_ACCOUNT}
    assert not any({"d", "p", "q"} & set(key) for key in published["keys"])
    keys = KeySet.import_key_set(published)
    assert jwt.decode(text, keys, algorithms=["PS256"]).claims["sub"] == "1042;38"
    start, claims, signature = text.split(".")
    with pytest.raises(Exception, match="bad_signature"):
        jwt.decode(f"{start}.{claims}.{signature[::-1]}", keys, algorithms=["PS256"])
    host = {"Host": "1234567-sb1.suitetalk.api.netsuite.com"}
    own = requests.get(simulator.url + KEYS, headers=host, timeout=10).json()["keys"]
    assert [key["kid"].split(".")[1] for key in own] == [ACCOUNT]


@pytest.mark.parametrize(("algorithm", "bits"), [("ES256", 256), ("ES384", 384), ("ES512", 521)])
def test_each_curve_has_its_algorithm(
    algorithm: str, bits: int, simulator: Simulator, keys: Keys
) -> None:
    good = upload(simulator, Holder(keys.consumer_key, curve(bits), algorithm))
    assert ask_token(simulator.url, good.assertion()).status_code == 200
    other = "ES384" if algorithm == "ES256" else "ES256"
    assert ask_token(simulator.url, replace(good, algorithm=other).assertion()).status_code == 400
    assert simulator.state.audit()[-1].detail == "SignatureValidation"


@pytest.mark.parametrize("algorithm", ["PS256", "PS384", "PS512"])
def test_an_rsa_key_signs_with_pss_alone(
    algorithm: str, simulator: Simulator, keys: Keys, rsa_key: rsa.RSAPrivateKey
) -> None:
    good = upload(simulator, Holder(keys.consumer_key, rsa_key, algorithm))
    assert ask_token(simulator.url, good.assertion()).status_code == 200
    old = replace(good, algorithm=f"RS{algorithm[2:]}")
    assert ask_token(simulator.url, old.assertion()).json() == {"error": "invalid_grant"}
    assert simulator.state.audit()[-1].detail == "UnsupportedAlgo"


def test_pkcs1_without_a_key_id_is_an_error_of_the_server(
    simulator: Simulator, keys: Keys, rsa_key: rsa.RSAPrivateKey
) -> None:
    old = upload(simulator, Holder(keys.consumer_key, rsa_key, "RS256"))
    answer = ask_token(simulator.url, old.assertion({"kid": None}))
    assert (answer.status_code, answer.json()) == (500, {"error": "server_error"})


@pytest.mark.parametrize(
    "claims",
    [
        {"scope": "rest_webservices"},
        {"scope": ["rest_webservices"]},
        {"scope": "restlets,rest_webservices"},
        {"scope": "restlets, rest_webservices"},
        {"scope": "restlets rest_webservices"},
        {"aud": AUDIENCE.replace("suitetalk", "restlets")},
        {"aud": [AUDIENCE]},
        {"exp": int(NOW) + 3600},
        {"exp": NOW + 300.5, "iat": NOW - 0.5},
        {"iat": int(NOW) - 1800, "exp": int(NOW) + 1},
        {"jti": "once"},
    ],
)
def test_what_assertions_are_seen_to_hold(
    claims: dict[str, Any], simulator: Simulator, holder: Holder
) -> None:
    assert ask_token(simulator.url, holder.assertion(**claims)).status_code == 200


def test_the_simulators_own_address_is_an_audience(simulator: Simulator, holder: Holder) -> None:
    own = holder.assertion(aud=simulator.url + TOKEN)
    assert ask_token(simulator.url, own).status_code == 200
    elsewhere = holder.assertion(aud="http://127.0.0.1:1" + TOKEN)
    assert ask_token(simulator.url, elsewhere).status_code == 401


@dataclass(frozen=True)
class Case:
    """One way to be refused: a change of the account, of the assertion, or of its holder."""

    reason: OAuth2Reason
    name: str
    status: int = 400
    error: str = "invalid_grant"
    account: Callable[[State], object] = lambda _: None
    claims: Mapping[str, Any] = field(default_factory=dict)
    header: Mapping[str, Any] = field(default_factory=dict)
    holder: Callable[[Holder], Holder] = lambda holder: holder
    host: str | None = None

    def __str__(self) -> str:
        return self.name


CLIENT: dict[str, Any] = {"status": 401, "error": "invalid_client"}
SCOPE: dict[str, Any] = {"error": "invalid_scope"}


def integration(state: State, name: str, value: object) -> None:
    setattr(state.account(ACCOUNT).integration(APPLICATION), name, value)


def revoke(state: State) -> None:
    certificate = state.account(ACCOUNT).certificates[0]
    state.revoke_certificate(ACCOUNT, certificate.facts.certificate_id)


def take_role(state: State) -> None:
    state.account(ACCOUNT).user(BOT).roles.remove(ROLE)


CASES = [
    Case(OAuth2Reason.UNSUPPORTED_ALGO, "HS256", header={"alg": "HS256"}),
    Case(OAuth2Reason.UNSUPPORTED_ALGO, "none", header={"alg": "none"}),
    Case(OAuth2Reason.MISSING_KEY_ID, "no kid", header={"kid": None}),
    Case(OAuth2Reason.MISSING_KEY_ID, "kid no text", header={"kid": 5}, status=400),
    Case(OAuth2Reason.MISSING_KEY, "unknown kid", header={"kid": "nobody"}),
    Case(OAuth2Reason.MISSING_KEY, "revoked", account=revoke),
    Case(
        OAuth2Reason.MISSING_KEY,
        "sandbox refreshed",
        account=lambda s: s.clear_certificates(ACCOUNT),
    ),
    Case(
        OAuth2Reason.SIGNATURE_VALIDATION, "another key", holder=lambda h: replace(h, key=curve())
    ),
    Case(OAuth2Reason.INVALID_INTEGRATION, "unknown client id", claims={"iss": "nobody"}, **CLIENT),
    Case(OAuth2Reason.INVALID_INTEGRATION, "no issuer", claims={"iss": None}, **CLIENT),
    Case(
        OAuth2Reason.INVALID_ISSUER,
        "client id of another record",
        account=lambda s: setattr(
            s.account(ACCOUNT).integration("other-app"), "client_credentials", True
        ),
        claims={"iss": "other-key"},
        **CLIENT,
    ),
    Case(
        OAuth2Reason.INTEGRATION_BLOCKED,
        "record blocked",
        account=lambda s: s.block_integration(ACCOUNT, APPLICATION),
        **CLIENT,
    ),
    Case(
        OAuth2Reason.AUTHORIZATION_CODE_GRANT_REQUIRED,
        "box not ticked",
        account=lambda s: integration(s, "client_credentials", False),
        error="unauthorized_client",
    ),
    Case(
        OAuth2Reason.FEATURE_DISABLED,
        "feature off",
        account=lambda s: s.account(ACCOUNT).features.remove(Feature.OAUTH2),
        **CLIENT,
    ),
    Case(
        OAuth2Reason.SIMULATOR_AUDIENCE,
        "another account's host",
        host="7654321.suitetalk.api.netsuite.com",
        **CLIENT,
    ),
    Case(
        OAuth2Reason.INVALID_INTEGRATION,
        "audience of another account",
        claims={"aud": AUDIENCE.replace("1234567-sb1", "7654321")},
        **CLIENT,
    ),
    Case(
        OAuth2Reason.INVALID_INTEGRATION,
        "audience of no account",
        claims={"aud": AUDIENCE.replace("1234567-sb1", "9999999")},
        **CLIENT,
    ),
    Case(OAuth2Reason.SIMULATOR_AUDIENCE, "no audience", claims={"aud": None}, **CLIENT),
    Case(
        OAuth2Reason.SIMULATOR_AUDIENCE,
        "audience over http",
        claims={"aud": AUDIENCE.replace("https", "http")},
        **CLIENT,
    ),
    Case(
        OAuth2Reason.SIMULATOR_AUDIENCE,
        "audience without the path",
        claims={"aud": AUDIENCE.removesuffix(TOKEN)},
        **CLIENT,
    ),
    Case(OAuth2Reason.TOKEN_NOT_ACCEPTABLE, "issued in the future", claims={"iat": int(NOW) + 1}),
    Case(OAuth2Reason.TOKEN_NOT_ACCEPTABLE, "no iat", claims={"iat": None}),
    Case(OAuth2Reason.TOKEN_NOT_ACCEPTABLE, "exp no number", claims={"exp": "soon"}),
    Case(OAuth2Reason.TOKEN_NOT_ACCEPTABLE, "exp not a number", claims={"exp": float("nan")}),
    Case(OAuth2Reason.TOKEN_NOT_ACCEPTABLE, "exp true", claims={"exp": True}),
    Case(OAuth2Reason.TOKEN_EXPIRED, "expired", claims={"iat": int(NOW) - 9, "exp": int(NOW)}),
    Case(OAuth2Reason.TOKEN_VALIDITY_TOO_BROAD, "over an hour", claims={"exp": int(NOW) + 3601}),
    Case(OAuth2Reason.TOKEN_VALIDITY_TOO_BROAD, "for ever", claims={"exp": 10**30}),
    Case(OAuth2Reason.INVALID_SCOPE, "scope empty", claims={"scope": ""}, **SCOPE),
    Case(OAuth2Reason.INVALID_SCOPE, "scope missing", claims={"scope": None}, **SCOPE),
    Case(OAuth2Reason.INVALID_SCOPE, "scope no text", claims={"scope": {"a": 1}}, **SCOPE),
    Case(
        OAuth2Reason.SCOPE_MISMATCHED,
        "scope not ticked",
        claims={"scope": "suite_analytics"},
        **SCOPE,
    ),
    Case(OAuth2Reason.SCOPE_MISMATCHED, "scope unknown", claims={"scope": "everything"}, **SCOPE),
    Case(
        OAuth2Reason.SCOPE_MISMATCHED,
        "one of two not ticked",
        account=lambda s: integration(s, "scopes", [Scope.RESTLETS]),
        **SCOPE,
    ),
    Case(
        OAuth2Reason.ENTITY_OR_ROLE_DISABLED,
        "user inactive",
        account=lambda s: setattr(s.account(ACCOUNT).user(BOT), "active", False),
    ),
    Case(
        OAuth2Reason.ENTITY_OR_ROLE_DISABLED,
        "role inactive",
        account=lambda s: setattr(s.account(ACCOUNT).role(ROLE), "active", False),
    ),
    Case(OAuth2Reason.ENTITY_OR_ROLE_DISABLED, "role taken from the user", account=take_role),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_refusal_tells_the_trail_and_not_the_client(
    case: Case, simulator: Simulator, holder: Holder
) -> None:
    good = holder.assertion()
    text = case.holder(holder).assertion(dict(case.header), **case.claims)
    case.account(simulator.state)
    headers = {"Host": case.host} if case.host else {}
    answer = ask_token(simulator.url, text, headers=headers)
    assert (answer.status_code, answer.json()) == (case.status, {"error": case.error})
    entry = simulator.state.audit()[-1]
    assert (entry.success, entry.detail) == (False, case.reason.value)
    challenge = answer.headers.get("WWW-Authenticate")
    assert challenge == (f'Basic realm="{entry.account}"' if case.status == 401 else None)
    assert good not in repr(entry)


def test_every_reason_of_the_token_endpoint_is_caused() -> None:
    elsewhere = {
        OAuth2Reason.ACCESS_TOKEN_EXPIRED,
        OAuth2Reason.INVALID_SIGNATURE,
        OAuth2Reason.INSUFFICIENT_PERMISSIONS,
        OAuth2Reason.SIMULATOR_COOKIE,
        OAuth2Reason.SIMULATOR_NO_BEARER,
        OAuth2Reason.TEMPORARY_LOCKED,
    }
    assert {case.reason for case in CASES} == set(OAuth2Reason) - elsewhere


def test_a_certificate_that_is_not_yet_valid_or_has_run_out(
    simulator: Simulator, holder: Holder, clock: StandingClock
) -> None:
    for moment in (NOW - 1, NOW + 365 * 86400):
        clock.now = holder.now = moment
        ask_token(simulator.url, holder.assertion())
        assert simulator.state.audit()[-1].detail == "MissingKey"
    clock.now = holder.now = NOW + 365 * 86400 - 1
    assert ask_token(simulator.url, holder.assertion()).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"client_assertion_type": None}, "invalid_request"),
        ({"client_assertion_type": "other"}, "invalid_request"),
        ({"client_assertion": None}, "invalid_request"),
        ({"client_assertion": "a.b"}, "invalid_request"),
        ({"client_assertion": "a.b.c"}, "invalid_request"),
        ({"client_assertion": "W10.W10.W10"}, "invalid_request"),
        ({"client_assertion": "Ü.b.c"}, "invalid_request"),
        ({"grant_type": ["client_credentials", "client_credentials"]}, "invalid_request"),
        ({"client_secret": "s"}, "invalid_request"),
    ],
)
def test_a_request_that_is_none(
    changes: dict[str, Any], error: str, simulator: Simulator, holder: Holder
) -> None:
    sent = {k: v for k, v in (form(holder.assertion()) | changes).items() if v is not None}
    answer = requests.post(simulator.url + TOKEN, data=sent, timeout=10)
    assert (answer.status_code, answer.json()) == (400, {"error": error})
    assert simulator.state.audit() == []


def test_json_is_no_form(simulator: Simulator, holder: Holder) -> None:
    answer = requests.post(simulator.url + TOKEN, json=form(holder.assertion()), timeout=10)
    assert answer.json() == {"error": "invalid_request"}


def test_five_refused_assertions_lock_the_user(
    simulator: Simulator, holder: Holder, clock: StandingClock
) -> None:
    wrong = replace(holder, key=curve())
    for _ in range(5):
        assert ask_token(simulator.url, wrong.assertion()).status_code == 400
    assert simulator.state.is_locked(ACCOUNT, BOT)
    assert ask_token(simulator.url, holder.assertion()).status_code == 400
    assert simulator.state.audit()[-1].detail == "temporary_locked"
    clock.now = holder.now = NOW + 1800
    assert ask_token(simulator.url, holder.assertion()).status_code == 200


def test_an_unknown_certificate_locks_nobody(simulator: Simulator, holder: Holder) -> None:
    for _ in range(6):
        ask_token(simulator.url, holder.assertion({"kid": "nobody"}))
    assert ask_token(simulator.url, holder.assertion()).status_code == 200


@pytest.mark.parametrize(
    ("kind", "settings", "status", "text"),
    [
        (FaultKind.SERVER_ERROR, {"status": 502}, 502, "UNEXPECTED_ERROR"),
        (FaultKind.MAINTENANCE, {}, 503, "scheduled maintenance"),
        (FaultKind.GARBAGE, {}, 200, "not an answer"),
        (FaultKind.CONCURRENCY_LIMIT, {}, 429, "CONCURRENCY_LIMIT_EXCEEDED"),
        (FaultKind.CLOCK_SKEW, {"seconds": -60}, 400, "invalid_grant"),
    ],
)
def test_faults(
    kind: FaultKind,
    settings: dict[str, int],
    status: int,
    text: str,
    simulator: Simulator,
    holder: Holder,
) -> None:
    simulator.state.faults.add(kind, match="/token$", **settings)
    answer = ask_token(simulator.url, holder.assertion())
    assert (answer.status_code, text in answer.text) == (status, True)
    assert ask_token(simulator.url, holder.assertion()).status_code == 200


@pytest.mark.parametrize(
    ("kind", "tries"), [(FaultKind.RESET, 0), (FaultKind.ANSWER_LOST, 1), (FaultKind.TRUNCATED, 1)]
)
def test_a_connection_that_breaks(
    kind: FaultKind, tries: int, simulator: Simulator, holder: Holder
) -> None:
    simulator.state.faults.add(kind, match="/token$")
    with pytest.raises(requests.RequestException):
        ask_token(simulator.url, holder.assertion())
    assert len(simulator.state.audit()) == tries
    assert ask_token(simulator.url, holder.assertion()).status_code == 200
