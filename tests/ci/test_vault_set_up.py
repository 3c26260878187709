"""The commands that docs/ci.md gives for Vault, run on a real one: which job may do what with its JWT."""

from __future__ import annotations

import os
import re
import time

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.ci.shop import bash
from tests.engine.project import ROOT
from tests.stores.vault_server import Api, VaultProcess, shared_server

__all__ = ["shared_server"]

REPOSITORY = "repo:acme/secrets"
AUDIENCE = "https://vault.example.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
DISCOVERY = "oidc_discovery_url=https://token.actions.githubusercontent.com"


@pytest.fixture
def api(vault: VaultProcess) -> Api:
    """A Vault that has been set up as the page says, but for where the public key comes from."""
    (commands,) = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "ci.md").read_text(), re.DOTALL)
    public = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert DISCOVERY in commands
    script = commands.replace(DISCOVERY, f"jwt_validation_pubkeys='{public.decode()}'")
    administrator = Api(vault.url)
    path = f"{ROOT / '.tools' / 'bin'}:{os.environ['PATH']}"
    settings = {"VAULT_ADDR": vault.url, "VAULT_TOKEN": administrator.token, "PATH": path}
    done = bash(script, ROOT, {**settings, "HOME": os.environ["HOME"]})
    assert done.status == 0, done.output
    return administrator


def may(api: Api, subject: str, path: str, repository: str = "acme/secrets") -> list[str]:
    """What a job may do at a path; its token carries the policy `tba-secrets-deploy` or does not."""
    now = int(time.time())
    claims = {
        "sub": subject,
        "aud": AUDIENCE,
        "repository": repository,
        "iat": now,
        "exp": now + 600,
    }
    private = KEY.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    token = jwt.encode({"alg": "RS256"}, claims, RSAKey.import_key(private))
    login = {"role": "tba-secrets", "jwt": token}
    auth = api.call("POST", "auth/jwt/login", login, expected=(200, 400))
    if "auth" not in auth:
        return []
    mine = Api(api.url, auth["auth"]["client_token"])
    asked = mine.call("POST", "sys/capabilities-self", {"paths": [path]})
    capabilities: list[str] = sorted(asked["data"]["capabilities"])
    return capabilities


def test_only_the_environments_jobs_may_write_and_no_other_may_read_a_value(api: Api) -> None:
    stores = (ROOT / "docs" / "stores.md").read_text()
    (policy,) = re.findall(
        r"```hcl\n(path \"secret/data/netsuite/sandbox/\*\".*?)```", stores, re.DOTALL
    )[:1]
    api.call("PUT", "sys/policies/acl/tba-secrets-deploy", {"policy": policy})
    secret = "secret/data/netsuite/sandbox/warehouse-bot"
    described = "secret/metadata/netsuite/sandbox/warehouse-bot"

    assert may(api, f"{REPOSITORY}:environment:sandbox", secret) == ["create", "read", "update"]
    for subject in ("pull_request", "ref:refs/heads/main", "environment:production"):
        assert may(api, f"{REPOSITORY}:{subject}", secret) == ["deny"]
        assert may(api, f"{REPOSITORY}:{subject}", described) == ["read"]
    assert may(api, f"{REPOSITORY}:environment:sandbox", secret, "somebody/fork") == []
