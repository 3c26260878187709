"""Open a session from a record, a store, an environment's settings, or AWS or Vault directly.

The store is not contacted before the first call. docs/readers.md lists the permissions a reader needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Unpack, overload

from tba_secrets.client.current import CurrentCredential
from tba_secrets.client.pace import Options, Pace
from tba_secrets.client.signed_calls import SignedCalls
from tba_secrets.client.signed_session import SignedSession
from tba_secrets.errors import SpecError, StoreError
from tba_secrets.records import CredentialRecord, credential_records
from tba_secrets.spec import load_stack
from tba_secrets.spec.model import (
    AwsSettings,
    Format,
    Stores,
    VaultAuth,
    VaultCredential,
    VaultSettings,
)
from tba_secrets.stores import open_stores
from tba_secrets.stores.interface import SecretName, Store


@overload
def session(origin: CredentialRecord, /, **options: Unpack[Options]) -> SignedSession: ...
@overload
def session(origin: Store, name: str, /, **options: Unpack[Options]) -> SignedSession: ...
def session(
    origin: CredentialRecord | Store, name: str | None = None, /, **options: Unpack[Options]
) -> SignedSession:
    """Open a session that signs with the current version of one secret.

    Args:
        origin: An open store, or a record of an environment, whose `format` and `endpoint` then apply.
        name: With a store: the secret's whole name there, prefix included.
        options: See `Options` and `Pace`.

    Raises:
        ValueError: An option is out of bounds.
    """
    if isinstance(origin, CredentialRecord):
        return _of_record(origin, None, options)
    if not name:
        raise TypeError("session(store, name): the secret's name is missing")
    names = options.pop("format", Format())
    endpoint = options.pop("endpoint", None)
    pace = Pace(**options)  # type: ignore[misc] # what is left are the fields of Pace
    current = CurrentCredential(origin, SecretName(name), names, pace)
    return SignedSession(SignedCalls(current, endpoint, pace))


def session_for(
    stores: Stores, secret: str, /, kind: str | None = None, **options: Unpack[Options]
) -> SignedSession:
    """Open a session from an environment's store settings.

    Args:
        stores: `store` of the environment's YAML.
        secret: The secret's name under the prefix.
        kind: `aws` or `vault`: which of several stores to read; None for the first.
        options: See `Options` and `Pace`.

    Raises:
        StoreError: The environment has no such store.
    """
    opened = open_stores(stores)
    chosen = next(iter(opened), None) if kind is None else kind
    if chosen is None or chosen not in opened:
        raise StoreError(
            f"there is no store {chosen or ''} to read from (declared: {', '.join(opened) or 'none'})",
            "name a store that the environment declares",
        )
    return session(opened[chosen], getattr(stores, chosen).prefix + secret, **options)


def aws_session(
    region: str,
    name: str,
    /,
    *,
    profile: str | None = None,
    role_arn: str | None = None,
    store_endpoint: str | None = None,
    **options: Unpack[Options],
) -> SignedSession:
    """Open a session from a secret in AWS Secrets Manager, with AWS's usual credentials.

    Args:
        region: For example `us-east-1`.
        name: The secret's whole name.
        profile: A profile of the shared AWS configuration.
        role_arn: A role to assume.
        store_endpoint: Replaces the region's own address, for example with a VPC endpoint.
        options: See `Options` and `Pace`.
    """
    aws = AwsSettings(region=region, profile=profile, role_arn=role_arn, endpoint=store_endpoint)
    return session_for(Stores(aws=aws), name, **options)


def vault_session(
    address: str,
    path: str,
    /,
    *,
    mount: str = "secret",
    auth: VaultAuth | None = None,
    namespace: str | None = None,
    ca_cert: str | None = None,
    allow_unversioned: bool = False,
    **options: Unpack[Options],
) -> SignedSession:
    """Open a session from a secret in HashiCorp Vault.

    Args:
        address: For example `https://vault.example.com:8200`.
        path: Under the mount, for example `netsuite/sandbox/warehouse-bot`.
        mount: The mount of the KV secrets engine.
        auth: How to log in; a token from VAULT_TOKEN where None.
        namespace: The namespace, in Vault Enterprise and HCP.
        ca_cert: A file of CA certificates in PEM.
        allow_unversioned: The mount is KV version 1.
        options: See `Options` and `Pace`.

    Raises:
        StoreError: The path has no folder.
    """
    folder, slash, secret = path.rpartition("/")
    if not (folder and secret):
        raise StoreError(
            f"the path {path!r} names no secret in a folder",
            "write all of it, for example netsuite/sandbox/warehouse-bot",
        )
    vault = VaultSettings(
        address=address,
        mount=mount,
        prefix=folder + slash,
        auth=auth or VaultAuth(token=VaultCredential(env="VAULT_TOKEN")),
        namespace=namespace,
        ca_cert=ca_cert,
        allow_unversioned=allow_unversioned,
    )
    return session_for(Stores(vault=vault), secret, **options)


def environment_session(
    project_root: str | Path,
    stack: str,
    record: str,
    /,
    kind: str | None = None,
    **options: Unpack[Options],
) -> SignedSession:
    """Open a session from stacks/STACK.yaml, with its store, format and endpoint.

    Args:
        project_root: The folder that holds Pulumi.yaml.
        stack: The stack's name.
        record: `integration/token`, or `integration/certificate`.
        kind: `aws` or `vault`: which of several stores to read; None for the first.
        options: See `Options` and `Pace`; they override the file.

    Raises:
        SpecError: The file is absent or invalid, or has no such record.
    """
    records = {r.path: r for r in credential_records(load_stack(Path(project_root), stack))}
    if record not in records:
        raise SpecError(
            f"stacks/{stack}.yaml: there is no record {record!r} (there: {', '.join(records)})",
            "name it as integration/token, or integration/certificate",
        )
    return _of_record(records[record].anchored(Path(project_root)), kind, options)


def _of_record(record: CredentialRecord, kind: str | None, options: Options) -> SignedSession:
    options.setdefault("format", record.format)
    options.setdefault("endpoint", record.endpoint)
    return session_for(record.stores, record.secret, kind, **options)
