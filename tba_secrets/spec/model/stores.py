"""Stores: where a credential is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from tba_secrets.spec.model.fields import (
    SECRET_CHARACTERS,
    Address,
    AwsRegion,
    EnvironmentVariable,
    ExactlyOne,
    Model,
    PathText,
    Remedy,
    Text,
    VaultMount,
    VaultPrefix,
    loaded_address,
)

StoreKind = Literal["aws", "vault"]
STORE_KINDS: Final[tuple[StoreKind, ...]] = ("aws", "vault")
_PATHS: Final = ("ca_cert", "file", "token_file")
"""The fields that are paths."""
_AnySettings = TypeVar("_AnySettings", bound=Model)


class AwsReplica(Model):
    """A region that AWS replicates the secret to."""

    region: AwsRegion
    kms_key: Text | None = None
    """The KMS key in that region; by default the region's `aws/secretsmanager`."""


MOST_TAGS: Final = 38
"""AWS allows 50 on a secret: two hold the owner mark, and up to ten the journal."""
TagKey = Annotated[str, StringConstraints(min_length=1, max_length=128)]
TagValue = Annotated[str, StringConstraints(max_length=256)]


class AwsSettings(Model):
    """AWS Secrets Manager in one account and region."""

    region: AwsRegion
    prefix: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z0-9/_+=.@-]*$", max_length=511),
        SECRET_CHARACTERS,
    ] = ""
    """Prepended to every secret's name unchanged: end it with a slash."""
    account_id: (
        Annotated[
            str,
            StringConstraints(pattern=r"^[0-9]{12}$"),
            Remedy('write the 12 digits of the AWS account id in quotes: "123456789012"'),
        ]
        | None
    ) = None
    """The AWS account to use; compared with sts:GetCallerIdentity before anything is written."""
    role_arn: Text | None = None
    """A role to assume for every call."""
    profile: Text | None = None
    """A profile of the shared AWS configuration."""
    endpoint: Address | None = None
    """Replaces the region's own address; AWS_ENDPOINT_URL works too."""
    kms_key: Text | None = None
    """The KMS key's id, ARN or alias; by default the account's `aws/secretsmanager`."""
    tags: Annotated[dict[TagKey, TagValue], Field(max_length=MOST_TAGS)] = Field(
        default_factory=dict
    )
    """Set on every secret; AWS allows 50 in all, and 12 of them are ours."""
    replicas: Annotated[tuple[AwsReplica, ...], Field(strict=False)] = ()
    """Other regions that hold a copy."""
    writes_per_second: Annotated[int, Field(ge=1, le=50)] = 45
    """The limit on our writes to this account and region; AWS refuses more than 50."""
    recovery_window_days: Annotated[int, Field(ge=7, le=30)] = 30
    """How many days a deleted secret can be restored."""


class VaultCredential(ExactlyOne):
    """The one place that holds a token, a secret id or a JWT; the file never holds the value."""

    env: EnvironmentVariable | None = None
    """The environment variable that holds it."""
    file: PathText | None = None
    """The file that holds nothing else; read again at each login, relative to Pulumi.yaml's folder."""


class VaultLogin(Model):
    """Where an auth method is mounted."""

    mount: VaultMount | None = None
    """The path of the auth method, without `auth/`; by default the method's own name."""


class VaultAppRole(VaultLogin):
    """AppRole: a role id, and a secret id that may be valid for one login only."""

    role_id: Text
    """The role id that `vault read auth/approle/role/NAME/role-id` shows; not a secret."""
    secret_id: VaultCredential
    """Where the secret id comes from."""


class VaultKubernetes(VaultLogin):
    """The service account of the pod that this process runs in."""

    role: Text
    """The role of the auth method."""
    token_file: PathText = "/var/run/secrets/kubernetes.io/serviceaccount/token"
    """The service account's token, as Kubernetes mounts it."""


class VaultJwt(VaultLogin):
    """A JWT that a CI system issues for the job: GitHub Actions, GitLab."""

    role: Text
    """The role of the auth method."""
    jwt: VaultCredential
    """Where the job's token comes from."""


class VaultAwsIam(VaultLogin):
    """The AWS identity of this process, proven by a signed sts:GetCallerIdentity request."""

    role: Text
    """The role of the auth method."""
    region: AwsRegion
    """The region whose STS the request is signed for: the auth method's `sts_region`."""
    server_id: Text | None = None
    """The value that the auth method requires in the header X-Vault-AWS-IAM-Server-ID."""
    profile: Text | None = None
    """A profile of the shared AWS configuration."""


class VaultAuth(ExactlyOne):
    """Exactly one way to log in to Vault."""

    token: VaultCredential | None = None
    """An existing token."""
    approle: VaultAppRole | None = None
    """Role id and secret id."""
    kubernetes: VaultKubernetes | None = None
    """The pod's service account."""
    jwt: VaultJwt | None = None
    """The CI job's token."""
    aws: VaultAwsIam | None = None
    """The AWS identity of this process."""


class VaultSettings(Model):
    """One KV mount of HashiCorp Vault."""

    address: Address
    """The address of the active node, or of its load balancer: redirects are never followed."""
    namespace: VaultMount | None = None
    """The namespace of mount and auth method, in Vault Enterprise and HCP."""
    mount: VaultMount
    """The path of the KV secrets engine, for example `secret`."""
    prefix: VaultPrefix
    """Prepended to every secret's name; it ends with a slash. Policies for readers refer to it."""
    candidate_prefix: VaultPrefix = "tba-candidates/"
    """The folder of candidates that await their checks: outside `prefix`, so that no reader sees them."""
    auth: VaultAuth = VaultAuth(token=VaultCredential(env="VAULT_TOKEN"))
    """The login method; by default a token from VAULT_TOKEN."""
    ca_cert: PathText | None = None
    """A PEM file of CA certificates, relative to Pulumi.yaml's folder; by default this machine's."""
    cluster_id: Text | None = None
    """The cluster to use, as `vault status` shows it; compared before anything is written."""
    allow_unversioned: bool = False
    """Accept a KV version 1 mount, which keeps no versions: no rollback, no recoverable deletion."""

    @property
    def address_url(self) -> str:
        """The address, resolved."""
        return str(loaded_address(self.address))


class Stores(Model):
    """One store or several; several are promoted in the order in which they are listed."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    aws: AwsSettings | None = None
    vault: VaultSettings | None = None
    order: Annotated[tuple[StoreKind, ...], Field(strict=False)] = ()
    """The order of promotion; by default the order in which the stores are listed."""

    @model_validator(mode="before")
    @classmethod
    def _as_listed(cls, data: object) -> object:
        """Record the order of the keys: pydantic and Pulumi's wire format both lose it."""
        if not isinstance(data, dict) or data.get("order"):
            return data
        order = [key for key in data if key in STORE_KINDS and data[key] is not None]
        return {**data, "order": order}

    @property
    def listed(self) -> dict[str, AwsSettings | VaultSettings]:
        """The settings of each store, in the order of promotion."""
        kinds = dict.fromkeys((*self.order, *STORE_KINDS))
        settings = {kind: getattr(self, kind) for kind in kinds}
        return {kind: one for kind, one in settings.items() if one is not None}

    def anchored(self, folder: Path) -> Stores:
        """Return the same stores with every relative path starting from the folder that holds Pulumi.yaml."""
        return _anchored(self, folder.resolve())


def _anchored(settings: _AnySettings, folder: Path) -> _AnySettings:
    """Join a folder and the paths that a model and the models in it name."""
    update: dict[str, object] = {}
    for name, value in settings:
        if name in _PATHS and value is not None:
            update[name] = str(folder / value)
        elif isinstance(value, Model):
            update[name] = _anchored(value, folder)
    return settings.model_copy(update=update)
