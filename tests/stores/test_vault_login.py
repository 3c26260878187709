"""Every way to log in, against the real auth methods; tokens that end in the middle of a run; secret ids used once."""

from __future__ import annotations

import json
import time
import uuid
from base64 import b64decode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import RSAKey

from tba_secrets.errors import AccessDeniedError, StoreUnavailableError
from tba_secrets.simulator.aws import SecretsManagerServer
from tba_secrets.stores.vault import VaultStore
from tests.stores.support import MARK, NAME, at_once, refusal, seen
from tests.stores.vault_bench import TOKEN_VARIABLE, vault_store
from tests.stores.vault_proxy import FaultyProxy
from tests.stores.vault_server import Api, VaultProcess, shared_server

__all__ = ["shared_server"]

RULES = 'path "*" { capabilities = ["create", "read", "update", "patch", "delete"] }'
SECRET_ID = "TBA_TEST_SECRET_ID"
JWT = "TBA_TEST_JWT"
LOGINS = "POST auth/.*/login"


class Logins:
    """One auth method on the real server, behind the proxy."""

    def __init__(self, vault: VaultProcess, proxy: FaultyProxy) -> None:
        self.api = Api(vault.url)
        self.proxy = proxy
        self.kv = self.api.mount_kv()
        self.mount = f"login-{uuid.uuid4().hex[:8]}"
        self.api.call("PUT", f"sys/policies/acl/{self.mount}", {"policy": RULES})

    def enable(self, kind: str) -> None:
        self.api.call("POST", f"sys/auth/{self.mount}", {"type": kind})

    def store(self, **auth: Any) -> VaultStore:
        ((method, declared),) = auth.items()
        return vault_store(
            self.proxy.url, self.kv, auth={method: {"mount": self.mount, **declared}}
        )

    def approle(self, **settings: Any) -> VaultStore:
        """With a new secret id in the environment."""
        self.enable("approle")
        role = f"auth/{self.mount}/role/r"
        self.api.call("POST", role, {"token_policies": [self.mount], **settings})
        self.role_id = str((self.api.data(f"{role}/role-id") or {})["role_id"])
        return self.store(approle={"role_id": self.role_id, "secret_id": {"env": SECRET_ID}})

    def secret_id(self) -> str:
        made = self.api.call("POST", f"auth/{self.mount}/role/r/secret-id")
        return str(made["data"]["secret_id"])


@pytest.fixture
def logins(vault: VaultProcess) -> Iterator[Logins]:
    with FaultyProxy(vault.url) as proxy:
        yield Logins(vault, proxy)


def lifetime() -> dict[str, int]:
    """Claims of a JWT that was issued a minute ago for an hour."""
    issued = int(time.time()) - 60
    return {"iat": issued, "nbf": issued, "exp": issued + 3600}


def works(store: VaultStore) -> bool:
    store.claim(NAME, MARK)
    return seen(store).owner == MARK


# --- the methods ------------------------------------------------------------------------------------


def test_token_from_a_file(vault: VaultProcess, tmp_path: Path) -> None:
    api = Api(vault.url)
    file = tmp_path / "token"
    file.write_text(api.token_for(RULES) + "\n")
    store = vault_store(vault.url, api.mount_kv(), auth={"token": {"file": str(file)}})
    assert works(store)
    missing = vault_store(vault.url, "secret", auth={"token": {"file": str(tmp_path / "nothing")}})
    refusal(AccessDeniedError, lambda: missing.describe(NAME), "nothing", "not there")


def test_approle(logins: Logins, monkeypatch: pytest.MonkeyPatch) -> None:
    store = logins.approle()
    monkeypatch.setenv(SECRET_ID, logins.secret_id())
    assert works(store)
    found = store.preflight([NAME])
    assert (found.identity, found.settings["auth"]) == (logins.mount, "approle")
    assert found.settings["role"] == logins.role_id
    assert logins.proxy.count(LOGINS) == 1


def test_approle_with_a_wrong_secret_id(logins: Logins, monkeypatch: pytest.MonkeyPatch) -> None:
    store = logins.approle()
    monkeypatch.setenv(SECRET_ID, "canary-obviously-fake")
    refusal(AccessDeniedError, lambda: store.describe(NAME), "role id or the secret id")
    assert logins.proxy.count(LOGINS) == 1


def test_jwt_of_a_ci_job(logins: Logins, monkeypatch: pytest.MonkeyPatch) -> None:
    """As GitHub Actions and GitLab issue them: bound to an audience and a subject."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    logins.enable("jwt")
    config = {"jwt_validation_pubkeys": [public.decode()]}
    logins.api.call("POST", f"auth/{logins.mount}/config", config)
    role = {
        "role_type": "jwt",
        "user_claim": "sub",
        "bound_audiences": ["vault"],
        "bound_subject": "repo:acme/netsuite:environment:sandbox",
        "token_policies": [logins.mount],
    }
    logins.api.call("POST", f"auth/{logins.mount}/role/ci", role)

    def issued(subject: str) -> str:
        claims = {"sub": subject, "aud": "vault", **lifetime()}
        return jwt.encode({"alg": "RS256"}, claims, RSAKey.import_key(private))

    monkeypatch.setenv(JWT, issued("repo:acme/netsuite:environment:sandbox"))
    assert works(logins.store(jwt={"role": "ci", "jwt": {"env": JWT}}))
    monkeypatch.setenv(JWT, issued("repo:mallory/netsuite:environment:sandbox"))
    other = logins.store(jwt={"role": "ci", "jwt": {"env": JWT}})
    refusal(AccessDeniedError, lambda: other.describe(NAME), "refuses the login", "subject")


class TokenReview:
    """The part of a Kubernetes API server that Vault asks whose token that is."""

    def __enter__(self) -> TokenReview:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                review = json.loads(self.rfile.read(length))
                user = {
                    "username": "system:serviceaccount:integrations:tba",
                    "uid": "u-1",
                    "groups": ["system:serviceaccounts"],
                }
                good = review["spec"]["token"].endswith(".good")
                review["status"] = {"authenticated": good, "user": user if good else {}}
                body = json.dumps(review).encode()
                self.send_response(201)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def test_kubernetes_service_account(logins: Logins, tmp_path: Path) -> None:
    file = tmp_path / "token"
    with TokenReview() as cluster:
        logins.enable("kubernetes")
        config = {
            "kubernetes_host": cluster.url,
            "disable_local_ca_jwt": True,
            "token_reviewer_jwt": "e30.e30.reviewer",
            "disable_iss_validation": True,
        }
        logins.api.call("POST", f"auth/{logins.mount}/config", config)
        role = {
            "bound_service_account_names": ["tba"],
            "bound_service_account_namespaces": ["integrations"],
            "token_policies": [logins.mount],
        }
        logins.api.call("POST", f"auth/{logins.mount}/role/tba", role)
        declared = {"role": "tba", "token_file": str(file)}
        file.write_text(_service_account_token("good"))
        assert works(logins.store(kubernetes=declared))
        file.write_text(_service_account_token("forged"))
        refused = logins.store(kubernetes=declared)
        refusal(AccessDeniedError, lambda: refused.describe(NAME), "refuses the login")


def _service_account_token(signature: str) -> str:
    """Vault reads the claims by itself, and leaves the signature to the cluster."""
    key = RSAKey.generate_key(2048)
    claims = {
        "kubernetes.io": {
            "namespace": "integrations",
            "serviceaccount": {"name": "tba", "uid": "u-1"},
        },
        "sub": "system:serviceaccount:integrations:tba",
        **lifetime(),
    }
    token = jwt.encode({"alg": "RS256"}, claims, key)
    return f"{token.rpartition('.')[0]}.{signature}"


def test_aws_iam(logins: Logins) -> None:
    """Vault sends the signed GetCallerIdentity on to STS: to our simulator of it."""
    with SecretsManagerServer() as aws:
        arn = _caller_arn(aws)
        logins.enable("aws")
        config = {"sts_endpoint": aws.url, "sts_region": "eu-west-1"}
        logins.api.call("POST", f"auth/{logins.mount}/config/client", config)
        role = {
            "auth_type": "iam",
            "bound_iam_principal_arn": [arn],
            "resolve_aws_unique_ids": False,
            "token_policies": [logins.mount],
        }
        logins.api.call("POST", f"auth/{logins.mount}/role/tba", role)
        assert works(logins.store(aws={"role": "tba", "region": "eu-west-1"}))
        sent = next(json.loads(one.body) for one in logins.proxy.seen if one.matches(LOGINS))
        assert b64decode(sent["iam_request_url"]) == b"https://sts.eu-west-1.amazonaws.com/"
        assert b"/eu-west-1/sts/aws4_request" in b64decode(sent["iam_request_headers"])
        other = {**role, "bound_iam_principal_arn": ["arn:aws:iam::999999999999:user/other"]}
        logins.api.call("POST", f"auth/{logins.mount}/role/other", other)
        refused = logins.store(aws={"role": "other", "region": "eu-west-1"})
        refusal(AccessDeniedError, lambda: refused.describe(NAME), "refuses the login")


def _caller_arn(aws: SecretsManagerServer) -> str:
    import boto3

    client = boto3.client("sts", region_name="us-east-1", endpoint_url=aws.url)
    return str(client.get_caller_identity()["Arn"])


def identity_request(region: str) -> bytes:
    """The URL that a login signs, as Vault is told it."""
    with FaultyProxy() as proxy:
        proxy.fail("auth/aws/login", 400)
        login = {"role": "tba", "region": region}
        store = vault_store(proxy.url, "secret", auth={"aws": login})
        refusal(AccessDeniedError, lambda: store.describe(NAME), "HTTP 400")
        return b64decode(json.loads(proxy.seen[-1].body)["iam_request_url"])


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-east-1", b"sts.us-east-1.amazonaws.com"),
        ("us-gov-west-1", b"sts.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", b"sts.cn-north-1.amazonaws.com.cn"),
        ("us-iso-east-1", b"sts.us-iso-east-1.c2s.ic.gov"),
    ],
)
def test_aws_iam_signs_for_the_partition_of_the_region(
    region: str, host: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert identity_request(region) == b"https://" + host + b"/"


def test_aws_iam_without_credentials(logins: Logins, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    store = logins.store(aws={"role": "tba", "region": "eu-west-1"})
    refusal(AccessDeniedError, lambda: store.describe(NAME), "no usable AWS credentials")


def test_a_method_that_is_not_mounted_is_named(
    logins: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET_ID, "obviously-fake")
    store = logins.store(approle={"role_id": "r", "secret_id": {"env": SECRET_ID}})
    refusal(
        AccessDeniedError, lambda: store.describe(NAME), f"auth/{logins.mount}/login", "is mounted"
    )


# --- a secret id that is good once ------------------------------------------------------------------


def test_a_single_use_secret_id_is_enough_for_a_run(
    logins: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = logins.approle(secret_id_num_uses=1)
    monkeypatch.setenv(SECRET_ID, logins.secret_id())
    ended = at_once([lambda: store.describe(NAME)] * 8)
    assert ended.errors == []
    assert works(store)
    assert logins.proxy.count(LOGINS) == 1


@pytest.mark.parametrize("status", [None, 500, 502, 200], ids=["cut", "500", "502", "html"])
def test_a_login_is_not_sent_again_after_a_lost_reply(
    logins: Logins, monkeypatch: pytest.MonkeyPatch, status: int | None
) -> None:
    store = logins.approle(secret_id_num_uses=1)
    monkeypatch.setenv(SECRET_ID, logins.secret_id())
    logins.proxy.fail(LOGINS, status, body=b"<html>", carried_out=True)
    for _ in range(3):
        refusal(StoreUnavailableError, lambda: store.describe(NAME), "login")
    assert logins.proxy.count(LOGINS) == 1


@pytest.mark.parametrize("status", [429, 412, 473])
def test_a_login_that_was_not_carried_out_is_sent_again(
    logins: Logins, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """The broken twin: nothing was used up."""
    store = logins.approle(secret_id_num_uses=1)
    monkeypatch.setenv(SECRET_ID, logins.secret_id())
    logins.proxy.fail(LOGINS, status, times=2)
    assert works(store)
    assert logins.proxy.count(LOGINS) == 3


# --- a token that ends in the middle of a run -------------------------------------------------------


def revoke(logins: Logins) -> None:
    """Every token of the login, as an operator would."""
    logins.api.call("PUT", f"sys/leases/revoke-prefix/auth/{logins.mount}/login")


def test_a_token_that_ended_is_obtained_again(
    logins: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = logins.approle()
    monkeypatch.setenv(SECRET_ID, logins.secret_id())
    assert works(store)
    revoke(logins)
    ended = at_once([lambda: store.describe(NAME)] * 8)
    assert ended.errors == []
    assert logins.proxy.count(LOGINS) == 2


def test_a_token_that_ended_and_a_secret_id_that_is_used_up(
    logins: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = logins.approle(secret_id_num_uses=1)
    monkeypatch.setenv(SECRET_ID, logins.secret_id())
    assert works(store)
    revoke(logins)
    refusal(AccessDeniedError, lambda: store.describe(NAME), "secret id", "issue a new")
    assert logins.proxy.count(LOGINS) == 2


def test_a_given_token_that_ended_is_told_from_a_policy(
    logins: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = logins.api.token_for(RULES)
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    store = vault_store(logins.proxy.url, logins.kv)
    assert works(store)
    logins.api.call("POST", "auth/token/revoke", {"token": token})
    before = len(logins.proxy.seen)
    error = refusal(AccessDeniedError, lambda: store.describe(NAME), "expired or was revoked")
    assert "capabilities" not in str(error)
    assert len(logins.proxy.seen) == before + 1


def test_a_file_that_holds_a_new_token_by_now_is_read_again(logins: Logins, tmp_path: Path) -> None:
    """The sink of a Vault Agent."""
    first, second = logins.api.token_for(RULES), logins.api.token_for(RULES)
    file = tmp_path / "sink"
    file.write_text(first)
    store = vault_store(logins.proxy.url, logins.kv, auth={"token": {"file": str(file)}})
    assert works(store)
    logins.api.call("POST", "auth/token/revoke", {"token": first})
    file.write_text(second)
    assert works(store)
    logins.api.call("POST", "auth/token/revoke", {"token": second})
    refusal(AccessDeniedError, lambda: store.describe(NAME), "expired or was revoked")


def test_a_token_that_is_refused_twice_is_an_error(
    logins: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = logins.approle()
    monkeypatch.setenv(SECRET_ID, logins.secret_id())
    logins.proxy.fail("GET sys/internal", 403, body=b'{"errors": ["invalid token"]}', times=100)
    refusal(AccessDeniedError, lambda: store.describe(NAME), "expired or was revoked")
    assert logins.proxy.count(LOGINS) == 2


@pytest.mark.parametrize(
    ("settings_of_role", "renewals", "logins_in_all"),
    [({"token_ttl": "2s"}, 1, 1), ({"token_ttl": "2s", "token_type": "batch"}, 0, 2)],
    ids=["service", "batch"],
)
def test_a_token_is_renewed_or_obtained_again_before_it_ends(
    logins: Logins,
    monkeypatch: pytest.MonkeyPatch,
    settings_of_role: dict[str, Any],
    renewals: int,
    logins_in_all: int,
) -> None:
    """At two thirds of its life; a batch token cannot be renewed."""
    store = logins.approle(**settings_of_role)
    monkeypatch.setenv(SECRET_ID, logins.secret_id())
    assert works(store)
    time.sleep(1.5)
    assert works(store)
    assert logins.proxy.count("POST auth/token/renew-self") == renewals
    assert logins.proxy.count(LOGINS) == logins_in_all


def test_a_given_token_is_renewed(logins: Logins, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, logins.api.token_for(RULES, ttl="2s"))
    store = vault_store(logins.proxy.url, logins.kv)
    assert works(store)
    time.sleep(1.5)
    assert works(store)
    time.sleep(1.0)
    assert works(store), "past its first end"
    assert logins.proxy.count("POST auth/token/renew-self") >= 1


def test_a_renewal_that_fails_leaves_the_token_that_still_lives(
    logins: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A used-up secret id does not end a run whose token has a third of its life left."""
    store = logins.approle(token_ttl="2s", secret_id_num_uses=1)
    monkeypatch.setenv(SECRET_ID, logins.secret_id())
    assert works(store)
    logins.proxy.fail("POST auth/token/renew-self", 403, times=100)
    time.sleep(1.4)
    assert works(store)
    assert logins.proxy.count(LOGINS) == 2
