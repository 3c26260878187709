"""Certificates: the id, the rules of a mapping, the rotation endpoint, and the page where a person uploads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import ValidationError

from tba_secrets.simulator import FaultKind, Simulator, SimulatorConfig, SimulatorConfigError
from tba_secrets.simulator.oauth2.mappings import CertificateRefused
from tba_secrets.simulator.oauth2.x509_facts import read
from tests.netsuite.oauth2.support import ORACLE_CERTIFICATE, ORACLE_ID
from tests.simulator.accounts import ACCOUNT, APPLICATION, BOT, ROLE, Keys, StandingClock
from tests.simulator.conftest import NOW
from tests.simulator.oauth2.conftest import upload
from tests.simulator.oauth2.holder import (
    Holder,
    ask_token,
    bearer,
    certificate_of,
    curve,
)
from tests.simulator.signer import send

DAY = 86400
ORACLES = ORACLE_CERTIFICATE.rstrip()

Rotation = Callable[..., requests.Response]


def url_of(simulator: Simulator, client_id: str, *more: str) -> str:
    path = f"/services/rest/auth/oauth2/v1/clients/{client_id}/certificates"
    return simulator.url + "/".join((path, *more))


@pytest.fixture
def rotation(simulator: Simulator, holder: Holder, token: Callable[..., str]) -> Rotation:
    """Call the endpoint with the holder's own access token: `rotation("POST", id, "revoke")`."""
    text = token()

    def call(method: str, *path: str, client_id: str = "", **more: Any) -> requests.Response:
        url = url_of(simulator, client_id or holder.client_id, *path)
        return requests.request(method, url, headers=bearer(text), timeout=10, **more)

    return call


def body(certificate: str, entity: object = "38", role: object = 1042) -> dict[str, Any]:
    """The documented body: in Oracle's sample the role is a number and the entity a text."""
    return {"fileContent": certificate, "role": role, "entity": entity}


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["o:errorDetails"][0]["o:errorCode"])


def test_the_id_of_the_certificate_that_oracle_prints() -> None:
    facts = read(ORACLES)
    assert facts.certificate_id == ORACLE_ID
    assert (facts.algorithm, str(facts.valid_from.date()), str(facts.valid_until.date())) == (
        "EC",
        "2026-01-30",
        "2026-03-01",
    )
    assert read(certificate_of(curve())).certificate_id != facts.certificate_id


def test_the_answers_that_oracle_prints(simulator: Simulator, keys: Keys) -> None:
    """Set up and listed in an account like the sample's, all but the ids of the account are the printed ones."""
    account = simulator.state.account(ACCOUNT)
    account.user(BOT).id, account.role(ROLE).id = "-5", "1000"
    mine = upload(simulator, Holder(keys.consumer_key))
    text = ask_token(simulator.url, mine.assertion()).json()["access_token"]
    url = url_of(simulator, keys.consumer_key) + "?c="
    sent = body(ORACLES, "-5", 1000)
    answer = requests.post(url, json=sent, headers=bearer(text), timeout=10)
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "entity_role_id": {"com": ACCOUNT, "ent": -5, "rol": 1000},
            "application_id": 1,
            "certificate_id": ORACLE_ID,
            "certificate": ORACLES,
            "algorithm": "EC",
            "created_at": "2026-01-01",
            "valid_from": "2026-01-30",
            "valid_until": "2026-03-01",
            "invalidated": False,
        },
    )
    listed = requests.get(url, headers=bearer(text), timeout=10).json()
    assert listed[0]["certificate_id"] == mine.certificate_id
    assert listed[1] == {
        "application": {
            "id": 1,
            "name": APPLICATION,
            "url": "/app/common/integration/integrapp.nl?id=1",
            "application_id": account.integration(APPLICATION).application_id,
        },
        "entity": {
            "id": -5,
            "name": "Integration Bot",
            "url": "/app/common/entity/entity.nl?id=-5",
        },
        "role": {"id": 1000, "name": ROLE, "url": "/app/setup/role.nl?id=1000"},
        "created": "2026-01-01",
        "valid_from": "2026-01-30",
        "valid_until": "2026-03-01",
        "revoked": False,
        "certificate_id": ORACLE_ID,
        "algorithm": "EC",
    }


def test_a_rotation_without_a_person(
    simulator: Simulator, holder: Holder, rotation: Rotation
) -> None:
    new = Holder(holder.client_id)
    added = rotation("POST", json=body(new.certificate))
    new.certificate_id = added.json()["certificate_id"]
    for one in (holder, new):
        assert ask_token(simulator.url, one.assertion()).status_code == 200
    fresh = ask_token(simulator.url, new.assertion()).json()["access_token"]
    old = url_of(simulator, holder.client_id, holder.certificate_id, "revoke")
    answer = requests.post(old, headers=bearer(fresh), timeout=10)
    assert (answer.status_code, answer.text) == (200, "Successfully revoked")
    assert answer.headers["Content-Type"].startswith("text/plain")
    listed = {one["certificate_id"]: one["revoked"] for one in rotation("GET").json()}
    assert listed == {holder.certificate_id: True, new.certificate_id: False}
    assert ask_token(simulator.url, holder.assertion()).status_code == 400
    assert ask_token(simulator.url, new.assertion()).status_code == 200


def test_a_sixth_active_one(
    simulator: Simulator, rotation: Rotation, holder: Holder, clock: StandingClock
) -> None:
    """Revoked and expired ones do not count."""
    short = Holder(holder.client_id, certificate=certificate_of(curve(), NOW, days=0.0001))
    others = [Holder(holder.client_id).certificate for _ in range(4)]
    assert rotation("POST", json=body(short.certificate)).status_code == 200
    for one in others[:3]:
        assert rotation("POST", json=body(one)).status_code == 200
    answer = rotation("POST", json=body(others[3]))
    assert (code(answer), "5 active" in answer.text) == (
        (400, "INVALID_CONTENT"),
        True,
    )
    clock.now = NOW + 60
    assert rotation("POST", json=body(others[3])).status_code == 200
    sixth = Holder(holder.client_id).certificate
    assert rotation("POST", json=body(sixth)).status_code == 400
    assert rotation("POST", read(others[0]).certificate_id, "revoke").status_code == 200
    assert rotation("POST", json=body(sixth)).status_code == 200


def test_the_same_certificate_again(
    simulator: Simulator, rotation: Rotation, holder: Holder
) -> None:
    assert code(rotation("POST", json=body(holder.certificate))) == (400, "INVALID_CONTENT")
    other = simulator.state.account(ACCOUNT).integration("other-app")
    other.client_credentials = True
    simulator.state.revoke_certificate(ACCOUNT, holder.certificate_id)
    again = rotation("POST", client_id="other-key", json=body(holder.certificate))
    assert code(again) == (400, "INVALID_CONTENT")
    fresh = rotation("POST", client_id="other-key", json=body(certificate_of(curve())))
    assert fresh.status_code == 200


@pytest.mark.parametrize(("days", "until"), [(365, "2027-01-01"), (800, "2028-01-01")])
def test_the_validity_is_cut_to_two_years(days: int, until: str, rotation: Rotation) -> None:
    answer = rotation("POST", json=body(certificate_of(curve(), NOW, days)))
    assert answer.json()["valid_until"] == until


def test_the_cut_is_what_counts(simulator: Simulator, keys: Keys, clock: StandingClock) -> None:
    long = Holder(keys.consumer_key, certificate="")
    long.certificate = certificate_of(long.key, NOW, 800)
    upload(simulator, long)
    for days, status in ((729, 200), (730, 400)):  # 2026 and 2027 have 365 days each
        clock.now = long.now = NOW + days * DAY
        assert ask_token(simulator.url, long.assertion()).status_code == status


@pytest.mark.parametrize("bits", [2048, 3072])
def test_an_rsa_key_needs_3072_bits(
    bits: int, rotation: Rotation, rsa_key: rsa.RSAPrivateKey
) -> None:
    key = rsa_key if bits == 3072 else rsa.generate_private_key(65537, bits)
    answer = rotation("POST", json=body(certificate_of(key)))
    if bits == 3072:
        assert answer.json()["algorithm"] == "RSA"
    else:
        assert (code(answer), "bit length" in answer.text) == ((400, "INVALID_CONTENT"), True)


def test_one_that_has_run_out(rotation: Rotation) -> None:
    old = certificate_of(curve(), NOW - 2 * DAY, days=1)
    assert code(rotation("POST", json=body(old))) == (400, "INVALID_CONTENT")


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"[]",
        b"{",
        b"5",
        body("nothing"),
        body("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
        body(ORACLES, entity=None),
        body(ORACLES, entity=True),
        body(ORACLES, entity="99"),
        body(ORACLES, role="99"),
        {"fileContent": ORACLES, "role": 1042},
        {"fileContent": 5, "role": 1042, "entity": 38},
    ],
)
def test_a_body_that_is_none(wrong: Any, simulator: Simulator, rotation: Rotation) -> None:
    more = {"data": wrong} if isinstance(wrong, bytes) else {"json": wrong}
    assert code(rotation("POST", **more)) == (400, "INVALID_CONTENT")
    assert len(simulator.state.account(ACCOUNT).certificates) == 1
    assert rotation("POST", json=body(ORACLES)).status_code == 200


def test_a_user_sees_and_touches_his_own_alone(
    simulator: Simulator, holder: Holder, rotation: Rotation
) -> None:
    account = simulator.state.account(ACCOUNT)
    account.user("39").roles.append(ROLE)
    foreign = Holder(holder.client_id)
    simulator.state.add_certificate(ACCOUNT, foreign.mapping(user="39"))
    foreign_id = read(foreign.certificate).certificate_id
    assert [one["certificate_id"] for one in rotation("GET").json()] == [holder.certificate_id]
    assert code(rotation("POST", foreign_id, "revoke")) == (403, "INSUFFICIENT_PERMISSION")
    assert code(rotation("POST", json=body(ORACLES, "39"))) == (403, "INSUFFICIENT_PERMISSION")
    assert not account.certificate(foreign_id).revoked


def test_an_administrator_sees_all(simulator: Simulator, holder: Holder) -> None:
    account = simulator.state.account(ACCOUNT)
    account.user("39").roles.append(ROLE)
    simulator.state.add_certificate(ACCOUNT, Holder(holder.client_id).mapping(user="39"))
    account.role(ROLE).id = "3"
    text = ask_token(simulator.url, holder.assertion()).json()["access_token"]
    listed = requests.get(
        url_of(simulator, holder.client_id), headers=bearer(text), timeout=10
    ).json()
    assert [one["entity"]["id"] for one in listed] == [38, 39]


@pytest.mark.parametrize(("method", "path"), [("GET", ()), ("POST", ()), ("POST", ("x", "revoke"))])
def test_what_every_call_needs(
    method: str, path: tuple[str, ...], simulator: Simulator, holder: Holder, rotation: Rotation
) -> None:
    url = url_of(simulator, holder.client_id, *path)
    scoped = ask_token(simulator.url, holder.assertion(scope="restlets")).json()["access_token"]
    assert requests.request(method, url, headers=bearer(scoped), timeout=10).status_code == 401
    assert requests.request(method, url, timeout=10).status_code == 401
    assert code(rotation(method, *path, client_id="nobody")) == (404, "NONEXISTENT_ID")
    simulator.state.account(ACCOUNT).role(ROLE).permissions.remove(
        "Manage own OAuth 2.0 Client Credentials Certificates"
    )
    assert code(rotation(method, *path)) == (403, "INSUFFICIENT_PERMISSION")


def test_a_tba_signature_is_not_taken(simulator: Simulator, keys: Keys, rotation: Rotation) -> None:
    assert send(keys, "GET", url_of(simulator, keys.consumer_key), NOW).status_code == 401
    assert simulator.state.audit()[-1].detail == "parameter_rejected"
    assert rotation("GET").status_code == 200


def test_revoking_twice_and_what_is_not_there(holder: Holder, rotation: Rotation) -> None:
    """Its own certificate too: the access token lives on."""
    assert code(rotation("POST", "nothing", "revoke")) == (404, "NONEXISTENT_ID")
    assert rotation("POST", holder.certificate_id, "revoke").status_code == 200
    assert code(rotation("POST", holder.certificate_id, "revoke")) == (400, "INVALID_REQUEST")


def test_a_lost_answer_is_settled_by_the_list(
    simulator: Simulator, holder: Holder, rotation: Rotation
) -> None:
    simulator.state.faults.add(FaultKind.ANSWER_LOST, match="/certificates$", method="POST")
    with pytest.raises(requests.ConnectionError):
        rotation("POST", json=body(ORACLES))
    assert [one["certificate_id"] for one in rotation("GET").json()] == [
        holder.certificate_id,
        read(ORACLES).certificate_id,
    ]
    simulator.state.faults.add(FaultKind.ANSWER_LOST, match="/revoke$")
    with pytest.raises(requests.ConnectionError):
        rotation("POST", holder.certificate_id, "revoke")
    assert rotation("GET").json()[0]["revoked"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [(FaultKind.SERVER_ERROR, 500), (FaultKind.MAINTENANCE, 503), (FaultKind.GARBAGE, 200)],
)
def test_faults_change_nothing(
    kind: FaultKind, status: int, simulator: Simulator, rotation: Rotation
) -> None:
    simulator.state.faults.add(kind, match="/certificates$")
    assert rotation("POST", json=body(ORACLES)).status_code == status
    assert len(simulator.state.account(ACCOUNT).certificates) == 1
    assert rotation("POST", json=body(ORACLES)).status_code == 200


class TestSetupPage:
    """/simulator/certificates, where a person uploads."""

    def post(self, simulator: Simulator, **changes: Any) -> requests.Response:
        sent = {"account": ACCOUNT, **Holder("").mapping(certificate=ORACLES), **changes}
        return requests.post(f"{simulator.url}/simulator/certificates", json=sent, timeout=10)

    def test_an_upload_and_the_list(self, simulator: Simulator, keys: Keys) -> None:
        mine = Holder(keys.consumer_key)
        answer = self.post(simulator, certificate=mine.certificate)
        mine.certificate_id = answer.json()["certificate_id"]
        assert (answer.status_code, answer.json()) == (
            201,
            {
                "account": ACCOUNT,
                "integration": APPLICATION,
                "user": BOT,
                "role": ROLE,
                "revoked": False,
                "certificate_id": read(mine.certificate).certificate_id,
                "algorithm": "EC",
                "valid_until": "2027-01-01",
            },
        )
        listed = requests.get(f"{simulator.url}/simulator/certificates", timeout=10).json()
        assert listed == {"certificates": [answer.json()]}
        assert ask_token(simulator.url, mine.assertion()).status_code == 200

    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"account": "9"}, "account"),
            ({"account": ["9"]}, "account"),
            ({"integration": "nothing"}, "integration"),
            ({"integration": "other-app"}, "box is not checked"),
            ({"user": "nobody"}, "user"),
            ({"user": "clerk@example.com"}, "does not have the role"),
            ({"role": "nothing"}, "role"),
            ({"certificate": "text"}, "not an X.509 certificate"),
            ({"certificate": ORACLES + "\n-----BEGIN PRIVATE KEY-----"}, "not an X.509"),
            ({"certificate": None}, "certificate"),
            ({"other": 1}, "other"),
        ],
    )
    def test_what_is_not_taken(
        self, changes: dict[str, Any], named: str, simulator: Simulator
    ) -> None:
        answer = self.post(simulator, **changes)
        assert (answer.status_code, named in answer.text) == (400, True)
        assert simulator.state.account(ACCOUNT).certificates == []
        assert self.post(simulator).status_code == 201

    def test_the_button_revoke(self, simulator: Simulator, keys: Keys) -> None:
        mine = Holder(keys.consumer_key)
        uploaded = self.post(simulator, certificate=mine.certificate).json()
        mine.certificate_id = uploaded["certificate_id"]
        url = f"{simulator.url}/simulator/certificates"

        other = {"account": ACCOUNT, "certificate_id": "another"}
        assert requests.delete(url, json=other, timeout=10).status_code == 400
        assert ask_token(simulator.url, mine.assertion()).status_code == 200

        named = {"account": ACCOUNT, "certificate_id": mine.certificate_id}
        answer = requests.delete(url, json=named, timeout=10)
        assert (answer.status_code, answer.json()) == (200, {**uploaded, "revoked": True})
        assert ask_token(simulator.url, mine.assertion()).status_code == 400

    def test_no_json(self, simulator: Simulator) -> None:
        url = f"{simulator.url}/simulator/certificates"
        assert requests.post(url, data=b"x", timeout=10).status_code == 400


def test_in_the_configuration(keys: Keys) -> None:
    account: dict[str, Any] = {
        "integrations": [
            {
                "name": "app",
                "consumer_key": keys.consumer_key,
                "consumer_secret": "s",
                "client_credentials": True,
                "scopes": ["restlets", "rest_webservices", "suite_analytics"],
            }
        ],
        "roles": [{"id": "1", "name": "R"}],
        "users": [{"id": "2", "email": "a@example.com", "roles": ["R"]}],
        "certificates": [{"integration": "app", "user": "2", "role": "R", "certificate": ORACLES}],
    }
    read_config = SimulatorConfig.from_dict({"accounts": {"1": account}})
    assert SimulatorConfig.from_dict(read_config.model_dump()) == read_config
    assert read_config.accounts["1"].certificate(read(ORACLES).certificate_id).user == "2"
    for name, wrong in (("user", "nobody"), ("certificate", "text"), ("integration", "nothing")):
        broken = account | {"certificates": [{**account["certificates"][0], name: wrong}]}
        with pytest.raises(SimulatorConfigError, match=r"certificates\.0\." + name):
            SimulatorConfig.from_dict({"accounts": {"1": broken}})


def test_an_ed25519_key(simulator: Simulator) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    like = x509.load_pem_x509_certificate(ORACLES.encode())
    made = (
        x509.CertificateBuilder()
        .subject_name(like.subject)
        .issuer_name(like.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(like.not_valid_before_utc)
        .not_valid_after(like.not_valid_after_utc)
        .sign(key, None)
    )
    pem = made.public_bytes(Encoding.PEM).decode()
    with pytest.raises(ValidationError, match="neither an RSA nor an EC key"):
        simulator.state.add_certificate(ACCOUNT, Holder("").mapping(certificate=pem))


def test_a_curve_of_256_bits_that_is_not_p_256(simulator: Simulator) -> None:
    odd = certificate_of(ec.generate_private_key(ec.SECP256K1()))
    with pytest.raises(CertificateRefused, match="bit length"):
        simulator.state.add_certificate(ACCOUNT, Holder("").mapping(certificate=odd))
