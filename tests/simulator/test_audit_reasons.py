"""Every reason of the Login Audit Trail is caused, with the answer on the wire, which is the same for all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote

import pytest
import requests

from tba_secrets.simulator import Simulator
from tba_secrets.simulator.state import State
from tba_secrets.simulator.vocabulary import AuditReason, CalledService, Feature
from tests.simulator.accounts import (
    ACCOUNT,
    APPLICATION,
    BOT,
    OTHER_ACCOUNT,
    ROLE,
    TOKEN,
    Keys,
)
from tests.simulator.conftest import NOW
from tests.simulator.signer import deliver, header, parameters, send, signed_header

PATHS = {
    CalledService.REST: "/services/rest/system/v1/serverTime",
    CalledService.RESTLET: "/app/site/hosting/restlet.nl?script=6&deploy=1",
    CalledService.TOKEN_SERVICE: "/rest/tokeninfo",
}
services = pytest.mark.parametrize("service", list(PATHS), ids=lambda s: s.name)


@dataclass(frozen=True)
class Case:
    """One way to be refused: a change of the account, of the signed parameters, or of the keys."""

    reason: AuditReason
    name: str
    account: Callable[[State], object] = lambda _: None
    changes: Mapping[str, str | None] = field(default_factory=dict)
    keys: Callable[[Keys], Keys] = lambda keys: keys
    realm: str | None = ACCOUNT
    host: str | None = None

    def __str__(self) -> str:
        return self.name


def role_without_permission(state: State) -> None:
    state.account(ACCOUNT).role(ROLE).permissions = ["REST Web Services"]


def make_administrator(state: State) -> None:
    role = state.account(ACCOUNT).role(ROLE)
    role.id, role.permissions = "3", []


def without_integration_box(state: State) -> None:
    state.account(ACCOUNT).integration(APPLICATION).tba = False


def stamp(offset: int) -> dict[str, str | None]:
    return {"oauth_timestamp": str(int(NOW) + offset)}


CASES = [
    Case(
        AuditReason.CONSUMER_KEY_UNKNOWN,
        "unknown consumer key",
        keys=lambda k: replace(k, consumer_key="nobody"),
    ),
    Case(
        AuditReason.CONSUMER_KEY_REFUSED,
        "blocked integration",
        account=lambda s: s.block_integration(ACCOUNT, APPLICATION),
    ),
    Case(AuditReason.CONSUMER_KEY_REFUSED, "TBA box cleared", account=without_integration_box),
    Case(
        AuditReason.FEATURE_DISABLED,
        "TBA feature off",
        account=lambda s: s.account(ACCOUNT).features.remove(Feature.TBA),
    ),
    Case(AuditReason.NONCE_REJECTED, "nonce of five characters", changes={"oauth_nonce": "abcde"}),
    Case(AuditReason.PARAMETER_REJECTED, "nonce missing", changes={"oauth_nonce": None}),
    Case(AuditReason.PARAMETER_REJECTED, "token empty", changes={"oauth_token": ""}),
    Case(AuditReason.PARAMETER_REJECTED, "timestamp no number", changes={"oauth_timestamp": "17x"}),
    Case(AuditReason.PARAMETER_REJECTED, "timestamp negative", changes={"oauth_timestamp": "-5"}),
    Case(
        AuditReason.PARAMETER_REJECTED, "timestamp endless", changes={"oauth_timestamp": "1" * 5000}
    ),
    Case(AuditReason.PARAMETER_REJECTED, "realm missing", realm=None),
    Case(
        AuditReason.PERMISSION_DENIED,
        "user inactive",
        account=lambda s: setattr(s.account(ACCOUNT).user(BOT), "active", False),
    ),
    Case(
        AuditReason.PERMISSION_DENIED,
        "role inactive",
        account=lambda s: setattr(s.account(ACCOUNT).role(ROLE), "active", False),
    ),
    Case(
        AuditReason.PERMISSION_DENIED,
        "role taken from the user",
        account=lambda s: s.account(ACCOUNT).user(BOT).roles.remove(ROLE),
    ),
    Case(
        AuditReason.PERMISSION_DENIED,
        "role may not log in by token",
        account=role_without_permission,
    ),
    Case(
        AuditReason.INVALID_SIGNATURE,
        "wrong consumer secret",
        keys=lambda k: replace(k, consumer_secret="wrong"),
    ),
    Case(
        AuditReason.INVALID_SIGNATURE,
        "wrong token secret",
        keys=lambda k: replace(k, token_secret="wrong"),
    ),
    Case(AuditReason.INVALID_TIMESTAMP, "301 s behind", changes=stamp(-301)),
    Case(AuditReason.INVALID_TIMESTAMP, "301 s ahead", changes=stamp(301)),
    Case(AuditReason.TOKEN_REJECTED, "unknown token", keys=lambda k: replace(k, token_id="nobody")),
    Case(
        AuditReason.TOKEN_REJECTED,
        "inactive token",
        account=lambda s: s.deactivate_token(ACCOUNT, TOKEN),
    ),
    Case(
        AuditReason.TOKEN_REJECTED,
        "revoked token",
        account=lambda s: s.revoke_token(ACCOUNT, TOKEN),
    ),
    Case(
        AuditReason.TOKEN_REJECTED,
        "token of another integration",
        keys=lambda k: replace(k, consumer_key="other-key", consumer_secret="other-secret"),
    ),
    Case(AuditReason.VERSION_REJECTED, "version 2.0", changes={"oauth_version": "2.0"}),
    Case(AuditReason.SIMULATOR_REALM_UNKNOWN, "lower-case suffix", realm="1234567_sb1"),
    Case(AuditReason.SIMULATOR_REALM_UNKNOWN, "hyphen in the realm", realm="1234567-SB1"),
    Case(AuditReason.CONSUMER_KEY_UNKNOWN, "another account's realm", realm=OTHER_ACCOUNT),
    Case(
        AuditReason.SIMULATOR_REALM_MISMATCH,
        "another account's host",
        host="7654321.suitetalk.api.netsuite.com",
    ),
]


def attempt(
    case: Case, simulator: Simulator, keys: Keys, service: CalledService
) -> requests.Response:
    """Send the request of a case; the Host header is part of what is signed."""
    prepared = requests.Request("GET", simulator.url + PATHS[service]).prepare()
    assert prepared.url is not None
    used = case.keys(keys)
    url = prepared.url
    if case.host is not None:
        prepared.headers["Host"] = case.host
        url = url.replace(simulator.url, f"http://{case.host}")
    pairs = parameters(used, NOW, **case.changes)
    prepared.headers["Authorization"] = signed_header(used, "GET", url, pairs, case.realm)
    return deliver(prepared)


GOOD = [
    Case(AuditReason.INVALID_SIGNATURE, "plain"),
    Case(AuditReason.NONCE_REJECTED, "nonce of six characters", changes={"oauth_nonce": "abcdef"}),
    Case(AuditReason.INVALID_TIMESTAMP, "300 s behind", changes=stamp(-300)),
    Case(AuditReason.INVALID_TIMESTAMP, "300 s ahead", changes=stamp(300)),
    Case(AuditReason.VERSION_REJECTED, "no version", changes={"oauth_version": None}),
    Case(
        AuditReason.SIMULATOR_REALM_MISMATCH,
        "own host",
        host="1234567-sb1.suitetalk.api.netsuite.com",
    ),
    Case(
        AuditReason.PERMISSION_DENIED,
        "User Access Tokens alone",
        account=lambda s: setattr(
            s.account(ACCOUNT).role(ROLE),
            "permissions",
            ["REST Web Services", "User Access Tokens"],
        ),
    ),
    Case(
        AuditReason.PERMISSION_DENIED,
        "Administrator",
        account=make_administrator,
    ),
]


@services
@pytest.mark.parametrize("case", GOOD, ids=str)
def test_the_good_twins_are_let_in(
    case: Case, service: CalledService, simulator: Simulator, keys: Keys
) -> None:
    case.account(simulator.state)
    answer = attempt(case, simulator, keys, service)
    assert answer.status_code == 200
    entry = simulator.state.audit(ACCOUNT)[-1]
    assert (entry.success, entry.detail) == (True, "")
    assert (entry.user, entry.role, entry.token_name) == (BOT, ROLE, TOKEN)
    assert entry.application_name == APPLICATION


@services
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_cause_is_in_the_trail_and_not_on_the_wire(
    case: Case, service: CalledService, simulator: Simulator, keys: Keys
) -> None:
    assert attempt(Case(case.reason, "twin"), simulator, keys, service).status_code == 200
    case.account(simulator.state)
    answer = attempt(case, simulator, keys, service)
    refused_login(answer, service, case.realm or "")
    entry = simulator.state.audit()[-1]
    assert (entry.success, entry.detail) == (False, case.reason.value)
    assert case.reason.value not in answer.text or case.reason is AuditReason.TOKEN_REJECTED


def refused_login(answer: requests.Response, service: CalledService, realm: str = ACCOUNT) -> None:
    """The documented refusal of each service, to the letter."""
    assert answer.status_code == 401
    if service is CalledService.REST:
        assert answer.json() == {
            "type": "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html",
            "title": "Unauthorized",
            "status": 401,
            "o:errorDetails": [
                {
                    "detail": "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI "
                    "at Setup > Users/Roles > User Management > View Login Audit Trail.",
                    "o:errorCode": "INVALID_LOGIN",
                }
            ],
        }
        assert answer.headers["WWW-Authenticate"] == (
            f'OAuth realm="{realm}", error="token_rejected", error_description="Invalid login attempt."'
        )
    else:
        assert (
            answer.text
            == '{"error" : {"code" : "INVALID_LOGIN_ATTEMPT", "message" : "Invalid login attempt."}}'
        )


@services
def test_a_nonce_is_used_once_per_timestamp_and_user(
    service: CalledService, simulator: Simulator, keys: Keys
) -> None:
    once = Case(AuditReason.NONCE_USED, "once", changes={"oauth_nonce": "only-once"})
    later = replace(once, changes={**once.changes, **stamp(1)})
    assert attempt(once, simulator, keys, service).status_code == 200
    refused_login(attempt(once, simulator, keys, service), service)
    expected = "NonceUsed" if service is CalledService.REST else "nonce_used"
    assert simulator.state.audit()[-1].detail == expected
    assert attempt(later, simulator, keys, service).status_code == 200


def test_a_refused_signature_does_not_use_up_the_nonce(simulator: Simulator, keys: Keys) -> None:
    changes: dict[str, str | None] = {"oauth_nonce": "only-once"}
    forged = Case(
        AuditReason.INVALID_SIGNATURE,
        "forged",
        changes=changes,
        keys=lambda k: replace(k, token_secret="x"),
    )
    assert attempt(forged, simulator, keys, CalledService.REST).status_code == 401
    honest = Case(AuditReason.NONCE_USED, "honest", changes=changes)
    assert attempt(honest, simulator, keys, CalledService.REST).status_code == 200


@services
@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC_SHA256", "PLAINTEXT", "hmac-sha256"])
def test_only_hmac_sha256_with_a_hyphen(
    method: str, service: CalledService, simulator: Simulator, keys: Keys
) -> None:
    case = Case(AuditReason.UNKNOWN_ALGORITHM, method, changes={"oauth_signature_method": method})
    answer = attempt(case, simulator, keys, service)
    assert simulator.state.audit()[-1].detail == "UnknownAlgorithm"
    if service is CalledService.REST:
        refused_login(answer, service)
    else:
        assert answer.status_code == 400
        assert "could not be understood by the server due to malformed syntax" in answer.text


@services
@pytest.mark.parametrize("fault", ["twice", "unescaped", "in the query too"])
def test_a_parameter_twice_or_unescaped_is_rejected(
    fault: str, service: CalledService, simulator: Simulator, keys: Keys
) -> None:
    url = simulator.url + PATHS[service]
    pairs = parameters(keys, NOW)
    if fault == "in the query too":
        url += f"{'&' if '?' in url else '?'}oauth_token={keys.token_id}"
    if fault == "twice":
        pairs.append(("oauth_version", "1.0"))
    text = signed_header(keys, "GET", url, pairs)
    if fault == "unescaped":
        text = text.replace("%3D", "=")
    answer = requests.get(url, headers={"Authorization": text}, timeout=10)
    refused_login(answer, service)
    assert simulator.state.audit()[-1].detail == "parameter_rejected"


@services
@pytest.mark.parametrize("text", ["OAuth nonsense", "Basic YTpi", "OAuth"])
def test_a_header_that_cannot_be_read(
    text: str, service: CalledService, simulator: Simulator
) -> None:
    answer = requests.get(
        simulator.url + PATHS[service], headers={"Authorization": text}, timeout=10
    )
    if service is CalledService.REST:
        refused_login(answer, service, realm="")
    else:
        assert answer.status_code == 400
        assert "malformed syntax" in answer.text


@services
def test_no_header_at_all(service: CalledService, simulator: Simulator) -> None:
    refused_login(requests.get(simulator.url + PATHS[service], timeout=10), service, realm="")


@pytest.mark.parametrize("permission", ["REST Web Services"])
def test_rest_without_its_permission_is_a_bad_login_and_not_403(
    permission: str, simulator: Simulator, keys: Keys
) -> None:
    simulator.state.account(ACCOUNT).role(ROLE).permissions.remove(permission)
    case = Case(AuditReason.PERMISSION_DENIED, permission)
    refused_login(attempt(case, simulator, keys, CalledService.REST), CalledService.REST)
    assert simulator.state.audit()[-1].detail == "permission_denied"
    assert attempt(case, simulator, keys, CalledService.TOKEN_SERVICE).status_code == 200


def test_a_web_services_only_role_may_not_call_restlets(simulator: Simulator, keys: Keys) -> None:
    simulator.state.account(ACCOUNT).role(ROLE).web_services_only = True
    case = Case(AuditReason.SIMULATOR_WEB_SERVICES_ONLY, "web services only")
    answer = attempt(case, simulator, keys, CalledService.RESTLET)
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        401,
        "INVALID_LOGIN_CREDENTIALS",
    )
    assert attempt(case, simulator, keys, CalledService.REST).status_code == 200
    assert attempt(case, simulator, keys, CalledService.TOKEN_SERVICE).status_code == 200


@pytest.mark.parametrize(
    ("feature", "service"),
    [(Feature.REST, CalledService.REST), (Feature.RESTLETS, CalledService.RESTLET)],
)
def test_a_feature_that_is_off_is_403_and_no_failed_login(
    feature: Feature, service: CalledService, simulator: Simulator, keys: Keys
) -> None:
    simulator.state.account(ACCOUNT).features.remove(feature)
    answer = attempt(Case(AuditReason.FEATURE_DISABLED, feature), simulator, keys, service)
    assert (answer.status_code, "INSUFFICIENT_PERMISSION" in answer.text) == (403, True)
    assert simulator.state.audit()[-1].success


def test_no_value_reaches_the_trail(simulator: Simulator, keys: Keys) -> None:
    for case in CASES:
        attempt(case, simulator, keys, CalledService.REST)
    shown = (
        repr(simulator.state.audit())
        + requests.get(f"{simulator.url}/simulator/audit", timeout=10).text
    )
    shown += requests.get(f"{simulator.url}/simulator/audit.json", timeout=10).text
    shown += repr(simulator.state.account(ACCOUNT))
    for value in vars(keys).values():
        assert value not in shown


def test_one_changed_bit_of_the_signature_is_refused(simulator: Simulator, keys: Keys) -> None:
    url = f"{simulator.url}/rest/tokeninfo"
    for bit in range(8):
        pairs = parameters(keys, NOW)
        good = signed_header(keys, "GET", url, pairs)
        sent = re.search(r'oauth_signature="([^"]+)"', good)
        assert sent is not None
        signature = unquote(sent[1])  # as it is sent, %2B and %2b are the same
        flipped = chr(ord(signature[3]) ^ (1 << bit))
        broken = good.replace(sent[1], quote(f"{signature[:3]}{flipped}{signature[4:]}", safe=""))
        if flipped.isascii() and flipped.isalnum():
            simulator.state.clear_lockout(ACCOUNT, BOT)
            assert (
                requests.get(url, headers={"Authorization": broken}, timeout=10).status_code == 401
            )
            assert requests.get(url, headers={"Authorization": good}, timeout=10).status_code == 200


def test_the_header_helper_is_not_what_refuses(simulator: Simulator, keys: Keys) -> None:
    """The unsigned header with a made-up signature is refused, the same one signed is taken."""
    url = f"{simulator.url}/rest/tokeninfo"
    unsigned = header([*parameters(keys, NOW), ("oauth_signature", "AAAA")], ACCOUNT)
    assert requests.get(url, headers={"Authorization": unsigned}, timeout=10).status_code == 401
    assert send(keys, "GET", url, NOW).status_code == 200
