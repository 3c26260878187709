"""From an environment's settings to boto3 clients: credentials, role, endpoints, timeouts, retries, rate of writes.

Credentials are found as every AWS tool finds them (AWS SDKs and Tools Reference Guide, "Credential providers"): the
profile named, else the process environment, the shared configuration, a container's or an instance's role. boto3 is
imported on use.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

from tba_secrets.errors import AccessDeniedError, StoreError
from tba_secrets.sdk_logging import silence_sdk_debug
from tba_secrets.spec.model import Address, AwsSettings, FromEnvironment
from tba_secrets.stores.rate_limit import TokenBucket, shared_bucket

_WRITES: Final = (
    "CreateSecret",
    "PutSecretValue",
    "UpdateSecret",
    "UpdateSecretVersionStage",
    "DeleteSecret",
    "RestoreSecret",
    "TagResource",
    "UntagResource",
    "ReplicateSecretToRegions",
    "RemoveRegionsFromReplication",
)
_ROLE_ACCOUNT: Final = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):")


@dataclass(frozen=True)
class Transport:
    """How long, in seconds, and how often the SDK asks."""

    connect_timeout: float = 5.0
    read_timeout: float = 20.0
    total_max_attempts: int = 8
    """The first one included; botocore's `standard` mode, whose waits double up to 20 s."""


@dataclass(frozen=True)
class Clients:
    """One boto3 client for each service; both are thread-safe."""

    secretsmanager: Any
    sts: Any


def open_clients(
    settings: AwsSettings, transport: Transport, bucket: TokenBucket | None = None
) -> Clients:
    """Make the clients; AWS is asked only where a container's or an instance's role gives the credentials.

    `bucket` limits writes, in the place of the process's own for this account, region and endpoint.

    Raises:
        StoreError: The variable that names the endpoint is not set, the profile asks for a one-time password, or
            the file of CA certificates does not exist.
        botocore.exceptions.BotoCoreError: The profile, its credentials or the region are wrong.
        botocore.exceptions.ClientError: STS refuses the role.
    """
    endpoint, config = resolved_address(settings.endpoint), _config(transport)
    session = _session(settings, config)
    _, access_key = _credentials(session)
    secretsmanager = session.client("secretsmanager", endpoint_url=endpoint, config=config)
    if secretsmanager.meta.endpoint_url.startswith("https:"):
        _refuse_missing_bundle(session)
    limiter = bucket or shared_bucket(
        (_account(settings, access_key), settings.region, secretsmanager.meta.endpoint_url),
        settings.writes_per_second,
    )
    _limit_writes(secretsmanager, limiter)
    sts = session.client("sts", endpoint_url=_sts_endpoint(endpoint), config=config)
    return Clients(secretsmanager, sts)


def resolved_address(address: Address | None) -> str | None:
    """Return the URL itself, or the one in a variable of the process environment, which must be set."""
    if not isinstance(address, FromEnvironment):
        return address
    if url := os.environ.get(address.env):
        return url
    raise StoreError(
        f"the store's endpoint is to come from the environment variable {address.env}, which is not set",
        f"set {address.env} to an address such as http://127.0.0.1:4566, or take `endpoint` out",
    )


def _config(transport: Transport) -> Any:
    from botocore.config import Config

    return Config(
        connect_timeout=transport.connect_timeout,
        read_timeout=transport.read_timeout,
        max_pool_connections=32,
        retries={"mode": "standard", "total_max_attempts": transport.total_max_attempts},
        user_agent_extra="tba-secrets",
    )


def _session(settings: AwsSettings, config: Any) -> Any:
    import boto3
    from botocore.session import Session

    silence_sdk_debug()
    core = _with_shared_models(Session(profile=settings.profile))
    core.get_partition_for_region(settings.region)  # refuses a region that no partition can have
    # no public setting: by itself botocore asks the terminal, and waits there for good
    core.get_component("credential_provider").get_provider("assume-role")._prompter = _refuse_mfa
    session = boto3.Session(botocore_session=core, region_name=settings.region)
    return session if settings.role_arn is None else _assumed(settings, session, config)


def _with_shared_models(session: Any) -> Any:
    """Let a session take AWS's models from this process's one copy; by itself each reads and keeps 9 MB of them."""
    session.get_component("data_loader").file_loader = _models()
    return session


@cache
def _models() -> Any:
    from botocore.loaders import JSONFileLoader

    files: Any = JSONFileLoader()
    files.load_file = cache(files.load_file)
    return files


def _assumed(settings: AwsSettings, source: Any, config: Any) -> Any:
    """Return a session in the role, whose credentials renew themselves (STS AssumeRole lasts an hour)."""
    import boto3
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
    from botocore.exceptions import NoCredentialsError
    from botocore.session import get_session

    found, _ = _credentials(source)
    if found is None:
        raise NoCredentialsError

    def create_client(service: str, **credentials: str) -> Any:
        endpoint = _sts_endpoint(resolved_address(settings.endpoint))
        return source.client(service, endpoint_url=endpoint, config=config, **credentials)

    fetcher = AssumeRoleCredentialFetcher(
        client_creator=create_client,
        source_credentials=found,
        role_arn=settings.role_arn,
        extra_args={"RoleSessionName": "tba-secrets"},
    )
    session = _with_shared_models(get_session())
    session._credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
    return boto3.Session(botocore_session=session, region_name=settings.region)


def _refuse_mfa(_prompt: str) -> NoReturn:
    raise AccessDeniedError(
        "the AWS profile asks for a one-time password (`mfa_serial`), and a run has nobody to ask",
        "sign in first (`aws sts get-session-token --serial-number ... --token-code ...`) and set AWS_ACCESS_KEY_ID, "
        "AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or name a profile without `mfa_serial`",
    )


def _credentials(session: Any) -> tuple[Any, str]:
    """Fetch the credentials, and return them with their access key; None and an empty text if there are none.

    They are fetched before the first call, so that what is wrong with them is not taken for a failure of that call; and
    here alone, for botocore fetches again whenever credentials near their end are asked for.
    """
    from botocore.exceptions import BotoCoreError, ClientError, CredentialRetrievalError

    try:
        credentials = session.get_credentials()
        if credentials is None:
            return None, ""
        return credentials, str(credentials.get_frozen_credentials().access_key)
    except (StoreError, BotoCoreError, ClientError):
        raise
    except Exception:
        # a credential_process that is missing, or prints no JSON: botocore lets it through
        unreadable = CredentialRetrievalError(provider="the profile", error_msg="no credentials")
    raise unreadable  # after the except block: what was caught may hold what the process printed


def _refuse_missing_bundle(session: Any) -> None:
    """Raise StoreError if the file of CA certificates that AWS's settings name does not exist.

    botocore asks for it after the connection is made, and calls that a lost connection.
    """
    configured = session._session.get_config_variable("ca_bundle")
    bundle = configured or os.environ.get("REQUESTS_CA_BUNDLE")
    if bundle and not Path(bundle).exists():
        raise StoreError(
            f"there is no CA bundle {bundle}, which the profile's `ca_bundle`, AWS_CA_BUNDLE or REQUESTS_CA_BUNDLE "
            "names",
            "name a PEM file that exists, by its whole path",
        )


def _account(settings: AwsSettings, access_key: str) -> str:
    """Return what the limiter counts by: the account if it is known, else the access key."""
    if settings.account_id is not None:
        return settings.account_id
    if (role := _ROLE_ACCOUNT.match(settings.role_arn or "")) is not None:
        return role.group(1)
    return access_key


def _limit_writes(client: Any, bucket: TokenBucket) -> None:
    """Wait for the limiter before each attempt: an SDK retry is one more write to AWS.

    `before-sign` comes once an attempt, and before the signature, which holds the time.
    """

    def wait(**_: Any) -> None:
        bucket.acquire()

    for operation in _WRITES:
        client.meta.events.register(f"before-sign.secrets-manager.{operation}", wait)


def _sts_endpoint(endpoint: str | None) -> str | None:
    """Where STS is asked: a simulator serves both services, an address of AWS's own (a VPC endpoint) only one."""
    host = urlsplit(endpoint or "").hostname or ""
    return None if host.endswith(_aws_suffixes()) else endpoint


def _aws_suffixes() -> tuple[str, ...]:
    """Return what AWS's own hosts end with, in every partition that botocore knows."""
    from botocore.loaders import Loader

    partitions = Loader(file_loader=_models()).load_data("partitions")["partitions"]
    outputs = [partition["outputs"] for partition in partitions]
    kinds = ("dnsSuffix", "dualStackDnsSuffix")
    return tuple(f".{output[kind]}" for output in outputs for kind in kinds if kind in output)
