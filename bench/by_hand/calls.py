"""Two signed calls to NetSuite, and one write to the store: what provisioning a credential takes at least."""

from __future__ import annotations

import json
import os
import time
from functools import cache
from threading import Lock
from typing import Any

import requests
from requests_oauthlib import OAuth1

CHECKS = ("/rest/tokeninfo", "/services/rest/system/v1/serverTime")
_FIRST = Lock()
"""Without it every thread that comes before the first client is there would make its own."""


def check(account: str, value: str) -> None:
    """Sign both calls with the credential; 429 is tried again."""
    held = json.loads(value)
    auth = OAuth1(
        held["consumer_key"],
        held["consumer_secret"],
        held["token_id"],
        held["token_secret"],
        signature_method="HMAC-SHA256",
        realm=account,
    )
    for path in CHECKS:
        while (
            answer := netsuite().get(os.environ["TBA_SIMULATOR"] + path, auth=auth)
        ).status_code in (400, 429):
            time.sleep(0.5)
        answer.raise_for_status()


@cache
def netsuite() -> requests.Session:
    """Keep connections open."""
    session = requests.Session()
    session.trust_env = False
    return session


def secrets_manager() -> Any:
    """Return the one client, whose loading takes a while."""
    with _FIRST:
        return _secrets_manager()


@cache
def _secrets_manager() -> Any:
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": 8}
    return boto3.client("secretsmanager", config=Config(max_pool_connections=32, retries=retries))


@cache
def vault() -> Any:
    """Make one client."""
    import hvac

    return hvac.Client(os.environ["VAULT_ADDR"], os.environ["VAULT_TOKEN"]).secrets.kv.v2


def write(secret: str, value: str, *, new: bool) -> None:
    """Write to the store that the environment names."""
    if "VAULT_ADDR" in os.environ:
        vault().create_or_update_secret(
            secret, json.loads(value), mount_point=os.environ["VAULT_MOUNT"]
        )
    elif new:
        secrets_manager().create_secret(Name=secret, SecretString=value)
    else:
        secrets_manager().put_secret_value(SecretId=secret, SecretString=value)


def remove(secret: str) -> None:
    """Delete it recoverably."""
    if "VAULT_ADDR" in os.environ:
        vault().delete_latest_version_of_secret(secret, mount_point=os.environ["VAULT_MOUNT"])
    else:
        secrets_manager().delete_secret(SecretId=secret, RecoveryWindowInDays=7)
