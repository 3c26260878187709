"""The shape of an environment's YAML: frozen, strict models, and the JSON Schema's only source.

Strict means that nothing is coerced: an account id that YAML reads as a number is an error, not `"1234567"`. Every
model refuses keys that it does not know. Rules that span records (one secret, one record) are in `rules.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)
from pydantic.config import JsonDict

TEXT_TAG: Final = "<text>"
"""Marks the scalar member of a union in pydantic's error locations; no YAML key looks like it."""
MAPPING_TAG: Final = "<mapping>"


@dataclass(frozen=True)
class Remedy:
    """What to write instead, for an error of the field that carries it."""

    text: str


def _member(value: object) -> str:
    """Which member of a union of a scalar and a mapping `value` is meant to be."""
    return MAPPING_TAG if isinstance(value, dict | BaseModel) else TEXT_TAG


def _without_slash(url: str) -> str:
    return url.rstrip("/")


Name = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100),
    Remedy("begin with a letter or digit and use letters, digits, dots, hyphens and underscores"),
]
"""A record's name: part of Pulumi URNs, secret names and tags."""
EnvironmentVariable = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=255),
    Remedy("name the variable, never the value: letters, digits and underscores"),
]
URL_PATTERN: Final = r"^https?://[^/\s?#@]+/?$"
Url = Annotated[
    str,
    StringConstraints(pattern=URL_PATTERN),
    AfterValidator(_without_slash),
    Remedy('write "https://HOST" or "https://HOST:PORT", with no path and no credentials'),
]
"""Scheme, host and perhaps a port: no path, no credentials. Kept without a slash at the end."""
JsonKey = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$", max_length=100),
    Remedy("name the JSON key, never the value: letters, digits, dots, hyphens and underscores"),
]
"""A key of a flat JSON object."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
Argument = Annotated[str, StringConstraints(max_length=32768)]
"""Of a program; it may be empty."""
InternalId = Annotated[
    str,
    StringConstraints(pattern=r"^-?[0-9]{1,18}$"),
    Remedy('write the internal id that NetSuite shows, digits in quotes: "1234"'),
]
"""A record's internal id in NetSuite; system entities have negative ones."""
Duration = Annotated[
    str,
    StringConstraints(pattern=r"^[1-9][0-9]{0,4}[smhdw]$"),
    Remedy("write a whole number and one of s, m, h, d, w, for example 90d or 12h"),
]
"""A length of time, parsed by `tba_secrets.spec.duration`."""
DurationOrZero = Annotated[
    str,
    StringConstraints(pattern=r"^(0|[1-9][0-9]{0,4})[smhdw]$"),
    Remedy("write a whole number and one of s, m, h, d, w, for example 7d or 0d"),
]
AwsRegion = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]+$"),
    Remedy("write the region's code, for example us-east-1"),
]
_SECRET_CHARACTERS: Final = Remedy("use ASCII letters, digits and / _ + = . @ - only")
SecretPath = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9/_+=.@-]+$", max_length=512),
    _SECRET_CHARACTERS,
]
"""Part of a secret's name (AWS API CreateSecret, Name); what the whole name must be is in `rules.py`."""
Email = Annotated[
    str,
    StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254),
    Remedy("write the e-mail address that the user logs in to NetSuite with"),
]


def _named_segments(path: str) -> str:
    """Vault and HTTP clients take `a/../b` for `b`, and drop empty segments: the secret would be elsewhere."""
    if any(segment in ("", ".", "..") for segment in path.removesuffix("/").split("/")):
        raise ValueError("a segment is empty, `.` or `..`")
    return path


VaultMount = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", max_length=255),
    AfterValidator(_named_segments),
    Remedy(
        "write it without a slash at either end, for example secret or team/kv; no segment is . or .."
    ),
]
"""The path of a mount or a namespace."""
VaultPrefix = Annotated[
    str,
    StringConstraints(pattern=r"^([A-Za-z0-9_+=.@-]+/)+$", max_length=255),
    AfterValidator(_named_segments),
    Remedy(
        "write one or more names, each with a slash behind it, for example netsuite/sandbox/; none is . or .."
    ),
]
"""A folder under a mount, with its slash at the end."""
AccountId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z0-9]+(_[A-Z]+[0-9]*)?$", max_length=64),
    Remedy(
        "write it as Setup > Company > Company Information shows it: upper case, an underscore "
        'and no hyphen, in quotes, for example "1234567" or "1234567_SB1"'
    ),
]
"""As NetSuite writes it; the OAuth realm."""
StoreKind = Literal["aws", "vault"]
STORE_KINDS: Final[tuple[StoreKind, ...]] = ("aws", "vault")

_EXACTLY_ONE: JsonDict = {"minProperties": 1, "maxProperties": 1}
_AT_LEAST_ONE: JsonDict = {"minProperties": 1}


class Model(BaseModel):
    """Frozen, strict, closed, and silent about the values that it refuses."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        hide_input_in_errors=True,
        validate_default=False,
        use_attribute_docstrings=True,
    )


class FromEnvironment(Model):
    """An address that is not fixed in the file: the demo's and a test's free ports."""

    env: EnvironmentVariable
    """The variable that holds it; unset is an error. `load` replaces it by the address."""


Address = Annotated[
    Annotated[Url, Tag(TEXT_TAG)] | Annotated[FromEnvironment, Tag(MAPPING_TAG)],
    Discriminator(_member),
]
"""In the file a URL or the variable that holds one; in an `Environment` that was loaded always the URL."""


def _loaded(address: Url | FromEnvironment | None) -> str | None:
    if isinstance(address, FromEnvironment):
        raise TypeError(
            "the address was not resolved: environments come from tba_secrets.spec.load"
        )
    return address


# --- where values come from ---------------------------------------------------------------------


class EnvNames(Model):
    """Two environment variables. Unset or empty is absent; one without the other is an error."""

    secret: EnvironmentVariable
    """The variable that holds the secret half."""


class FilePlace(Model):
    """A file that holds one JSON object; refused where its group or others may read it."""

    path: Text
    """Relative to the folder that holds Pulumi.yaml."""


class CommandCall(Model):
    """A command that prints one JSON object: sops, op, gopass, a script."""

    argv: Annotated[tuple[Argument, ...], Field(min_length=1, strict=False)]
    """The program and its arguments; no shell is involved."""
    timeout: Annotated[int, Field(ge=1, le=600)] = 60
    """Seconds; then the command is ended, and that is an error."""


class ConsumerEnv(EnvNames):
    """Environment variables that hold the consumer key and secret."""

    key: EnvironmentVariable
    """The variable that holds the consumer key."""


class ConsumerFile(FilePlace):
    """A JSON file that holds the consumer key and secret."""

    key: JsonKey = "consumer_key"
    """The JSON key of the consumer key."""
    secret: JsonKey = "consumer_secret"
    """The JSON key of the consumer secret."""


class ConsumerCommand(CommandCall):
    """A command that prints the consumer key and secret as JSON."""

    key: JsonKey = "consumer_key"
    """The JSON key of the consumer key."""
    secret: JsonKey = "consumer_secret"
    """The JSON key of the consumer secret."""


class TokenEnv(EnvNames):
    """Environment variables that hold the token id and secret."""

    id: EnvironmentVariable
    """The variable that holds the token id."""


class TokenFile(FilePlace):
    """A JSON file that holds the token id and secret."""

    id: JsonKey = "token_id"
    """The JSON key of the token id."""
    secret: JsonKey = "token_secret"
    """The JSON key of the token secret."""


class TokenCommand(CommandCall):
    """A command that prints the token id and secret as JSON."""

    id: JsonKey = "token_id"
    """The JSON key of the token id."""
    secret: JsonKey = "token_secret"
    """The JSON key of the token secret."""


class ConsumerSource(Model):
    """Exactly one way to give the consumer key and secret."""

    model_config = ConfigDict(json_schema_extra=_EXACTLY_ONE)

    env: ConsumerEnv | None = None
    file: ConsumerFile | None = None
    command: ConsumerCommand | None = None


class TokenSource(Model):
    """Exactly one way to give the token id and secret."""

    model_config = ConfigDict(json_schema_extra=_EXACTLY_ONE)

    env: TokenEnv | None = None
    file: TokenFile | None = None
    command: TokenCommand | None = None


StoredConsumer = Annotated[
    Literal["stored"], Remedy("write a source (env, file or command), or the word stored")
]
"""The store alone holds the consumer pair."""
StoredToken = Annotated[
    Literal["stored", "prompt", "authorize"],
    Remedy("write a source (env, file or command), or one of: stored, prompt, authorize"),
]
"""The store alone holds the token pair. `tba rotate` asks for a new one (`prompt`) or has NetSuite issue it
(`authorize`); with `stored` it has to be told."""
ConsumerOrigin = Annotated[
    Annotated[ConsumerSource, Tag(MAPPING_TAG)] | Annotated[StoredConsumer, Tag(TEXT_TAG)],
    Discriminator(_member),
]
TokenOrigin = Annotated[
    Annotated[TokenSource, Tag(MAPPING_TAG)] | Annotated[StoredToken, Tag(TEXT_TAG)],
    Discriminator(_member),
]


# --- where they go --------------------------------------------------------------------------------


class AwsReplica(Model):
    """A region that AWS replicates the secret to."""

    region: AwsRegion
    kms_key: Text | None = None
    """The key in that region; the region's `aws/secretsmanager` where absent."""


TagKey = Annotated[str, StringConstraints(min_length=1, max_length=128)]
TagValue = Annotated[str, StringConstraints(max_length=256)]
MOST_TAGS: Final = 38
"""AWS allows 50 on a secret: two hold the owner mark, and up to ten the journal."""


class AwsStore(Model):
    """AWS Secrets Manager in one account and region."""

    region: AwsRegion
    prefix: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z0-9/_+=.@-]*$", max_length=511),
        _SECRET_CHARACTERS,
    ] = ""
    """Put before every secret's name, as it is: end it with a slash."""
    account_id: (
        Annotated[
            str,
            StringConstraints(pattern=r"^[0-9]{12}$"),
            Remedy('write the 12 digits of the AWS account id in quotes: "123456789012"'),
        ]
        | None
    ) = None
    """The AWS account that this must be; compared with sts:GetCallerIdentity before anything is written."""
    role_arn: Text | None = None
    """A role to assume for every call."""
    profile: Text | None = None
    """A profile of the shared AWS configuration."""
    endpoint: Address | None = None
    """Instead of the region's own; AWS_ENDPOINT_URL works as well."""
    kms_key: Text | None = None
    """Key id, ARN or alias; the account's `aws/secretsmanager` where absent."""
    tags: Annotated[dict[TagKey, TagValue], Field(max_length=MOST_TAGS)] = Field(
        default_factory=dict
    )
    """Put on every secret; AWS allows 50 in all, and 12 of them are ours."""
    replicas: Annotated[tuple[AwsReplica, ...], Field(strict=False)] = ()
    """Further regions that hold a copy."""
    writes_per_second: Annotated[int, Field(ge=1, le=50)] = 45
    """All our writes to this account and region; the service refuses more than 50."""
    recovery_window_days: Annotated[int, Field(ge=7, le=30)] = 30
    """How long a deleted secret can be restored."""

    @property
    def endpoint_url(self) -> str | None:
        """The address of `endpoint`; None where the region's own is meant."""
        return _loaded(self.endpoint)


class VaultCredential(Model):
    """Exactly one place that holds a token, a secret id or a JWT. The value itself is never in the file."""

    model_config = ConfigDict(json_schema_extra=_EXACTLY_ONE)

    env: EnvironmentVariable | None = None
    """The environment variable that holds it."""
    file: Text | None = None
    """The file that holds it and nothing else, read anew at each login; relative to the folder of Pulumi.yaml."""


class VaultLogin(Model):
    """Where an auth method is mounted."""

    mount: VaultMount | None = None
    """The path of the auth method, without `auth/`; the method's own name where absent."""


class VaultAppRole(VaultLogin):
    """AppRole: a role id, and a secret id that may be good for one login only."""

    role_id: Text
    """As `vault read auth/approle/role/NAME/role-id` shows it; no secret."""
    secret_id: VaultCredential
    """Where the secret id comes from."""


class VaultKubernetes(VaultLogin):
    """The service account of the pod that this runs in."""

    role: Text
    """The role of the auth method."""
    token_file: Text = "/var/run/secrets/kubernetes.io/serviceaccount/token"
    """The service account's token, as Kubernetes mounts it."""


class VaultJwt(VaultLogin):
    """A JWT that a CI system issues for the job: GitHub Actions, GitLab."""

    role: Text
    """The role of the auth method."""
    jwt: VaultCredential
    """Where the job's token comes from."""


class VaultAwsIam(VaultLogin):
    """The AWS identity of this process, proven by a signed sts:GetCallerIdentity that Vault sends on."""

    role: Text
    """The role of the auth method."""
    region: AwsRegion
    """The region whose STS the request is signed for: the one in the `sts_region` of the auth method."""
    server_id: Text | None = None
    """What the auth method wants in the header X-Vault-AWS-IAM-Server-ID."""
    profile: Text | None = None
    """A profile of the shared AWS configuration."""


class VaultAuth(Model):
    """Exactly one way to prove to Vault who we are."""

    model_config = ConfigDict(json_schema_extra=_EXACTLY_ONE)

    token: VaultCredential | None = None
    """A token that somebody else obtained."""
    approle: VaultAppRole | None = None
    """Role id and secret id."""
    kubernetes: VaultKubernetes | None = None
    """The pod's service account."""
    jwt: VaultJwt | None = None
    """The CI job's token."""
    aws: VaultAwsIam | None = None
    """The AWS identity of this process."""


class VaultStore(Model):
    """One KV mount of HashiCorp Vault."""

    address: Address
    """Of the active node, or of a load balancer before it: redirects are never followed."""
    namespace: VaultMount | None = None
    """Vault Enterprise and HCP: the namespace that mount and auth method are in."""
    mount: VaultMount
    """The path of the KV secrets engine, for example `secret`."""
    prefix: VaultPrefix
    """Put before every secret's name; it ends with a slash, and policies for readers are written for it."""
    candidate_prefix: VaultPrefix = "tba-candidates/"
    """Where values wait for their checks, under the same mount: outside `prefix`, so that no reader sees one."""
    auth: VaultAuth = VaultAuth(token=VaultCredential(env="VAULT_TOKEN"))
    """How we log in; a token from VAULT_TOKEN where absent."""
    ca_cert: Text | None = None
    """A file of CA certificates in PEM; those of this machine where absent."""
    cluster_id: Text | None = None
    """The cluster that this must be, as `vault status` shows it; compared before anything is written."""
    allow_unversioned: bool = False
    """Use a KV version 1 mount: it keeps no previous version, so there is no rollback and no recoverable deletion."""

    @property
    def address_url(self) -> str:
        """The address."""
        return str(_loaded(self.address))


class Stores(Model):
    """One store or several; with several a token is promoted in the order in which they are listed."""

    model_config = ConfigDict(json_schema_extra=_AT_LEAST_ONE)

    aws: AwsStore | None = None
    vault: VaultStore | None = None
    order: Annotated[tuple[StoreKind, ...], Field(strict=False)] = ()
    """Which store is promoted first; as they are listed where absent."""

    @model_validator(mode="before")
    @classmethod
    def _as_listed(cls, data: object) -> object:
        """pydantic and Pulumi's wire format both forget the order of keys."""
        if not isinstance(data, dict) or data.get("order"):
            return data
        return {
            **data,
            "order": [key for key in data if key in STORE_KINDS and data[key] is not None],
        }

    @property
    def listed(self) -> dict[str, AwsStore | VaultStore]:
        """The settings of each store, in the order of promotion."""
        settings = {
            kind: getattr(self, kind) for kind in dict.fromkeys((*self.order, *STORE_KINDS))
        }
        return {kind: one for kind, one in settings.items() if one is not None}


# --- what NetSuite is told, and asked --------------------------------------------------------------


class Restlet(Model):
    """A RESTlet deployment to call with GET."""

    script: Text
    """The script id, `customscript_...` or its internal id in quotes."""
    deploy: Text
    """The deployment id, `customdeploy_...` or its internal id in quotes."""


class RestletCheck(Model):
    """Call a RESTlet of your own; its body is not looked at."""

    restlet: Restlet


CheckName = Literal["tokeninfo", "rest", "soap", "suiteql"]
Check = Annotated[
    Annotated[CheckName, Tag(TEXT_TAG)] | Annotated[RestletCheck, Tag(MAPPING_TAG)],
    Discriminator(_member),
]
"""One signed call."""


class Verify(Model):
    """Which signed calls prove a credential, and when."""

    checks: Annotated[tuple[Check, ...], Field(min_length=1, strict=False)] = ("tokeninfo", "rest")
    """All of them must pass."""
    accept_unproven: Annotated[tuple[Literal["role", "user"], ...], Field(strict=False)] = ()
    """What a token may pass without, where NetSuite does not tell it. The account always has to be proven."""
    always: bool = False
    """Also on an `up` that changes nothing."""


class Role(Model):
    """The role that the token must act in."""

    name: Text
    """As NetSuite shows it."""
    id: InternalId | None = None
    """The internal id, where two roles have one name."""
    permissions: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    """By their names in NetSuite, with the level in parentheses where there are several: `Customers (View)`. For the
    checklist, the diagnosis, and `tba roles`."""


class User(Model):
    """The NetSuite user that the token acts for."""

    email: Email
    """What the user logs in with."""
    entity: InternalId | None = None
    """The internal entity id, which is what NetSuite answers: only where it is declared the user is proven. Where it is
    absent, later passes must name the entity of the first one."""


class Format(Model):
    """Other keys for a consumer that expects them in the stored JSON object."""

    account: JsonKey = "account"
    consumer_key: JsonKey = "consumer_key"
    consumer_secret: JsonKey = "consumer_secret"
    token_id: JsonKey = "token_id"
    token_secret: JsonKey = "token_secret"


class TokenPolicy(Model):
    """What can be said once for the environment, and again for a token."""

    verify: (
        Annotated[
            Annotated[Literal["always"], Tag(TEXT_TAG)] | Annotated[Verify, Tag(MAPPING_TAG)],
            Discriminator(_member),
        ]
        | None
    ) = None
    """`always` is short for `{always: true}`."""
    format: Format | None = None
    on_delete: Literal["recoverable", "retain"] | None = None
    """`recoverable` where nothing is said."""
    require_values: bool | None = None
    """An absent source is an error, not "keep"."""
    restore: bool | None = None
    """Restore a secret that is scheduled for deletion instead of refusing."""
    rotate_every: Duration | None = None
    """How old a token may become, for example 90d."""
    retire_after: DurationOrZero | None = None
    """How long the old token stays valid beside the new one."""
    warn_before: Duration | None = None
    """How long before `rotate_every` is over a warning is given."""


class Token(TokenPolicy):
    """One access token, and the secret that holds it together with its consumer pair."""

    name: Name
    """Unique in the environment."""
    user: Annotated[
        Annotated[User, Tag(MAPPING_TAG)] | Annotated[Email, Tag(TEXT_TAG)], Discriminator(_member)
    ]
    """A plain string is the e-mail address."""
    secret: SecretPath | None = None
    """The secret's name in the store, under the prefix; the token's name where absent."""
    token: TokenOrigin
    """Where the token id and secret come from."""
    adopt: bool = False
    """Take over a secret that exists and is marked as another stack's, or is not marked at all."""
    description: Annotated[str, StringConstraints(max_length=2048)] | None = None
    """Written on the secret; it is shown in logs, so nothing secret goes here."""


class Integration(Model):
    """One integration record and its tokens."""

    name: Name
    """Unique in the environment."""
    auth: Literal["tba"] = "tba"
    """A closed choice: OAuth 2.0 client credentials are the way out of TBA, and will be the second member."""
    consumer: ConsumerOrigin
    """Where the consumer key and secret come from."""
    role: Role
    tokens: Annotated[tuple[Token, ...], Field(min_length=1, strict=False)]
    """The access tokens issued for this integration."""


class Environment(Model):
    """One file under stacks/: one NetSuite account, one Pulumi stack of the same name."""

    version: Annotated[int, Field(ge=1, le=1), Remedy("write version: 1")]
    """The version of this file's shape."""
    account: AccountId
    """The account id as NetSuite writes it: upper case, with an underscore. It is the OAuth realm."""
    endpoint: Address | None = None
    """One address for all NetSuite services instead of the account's own: the simulator, or a proxy."""
    store: Stores
    defaults: TokenPolicy = TokenPolicy()
    """For every token that does not say otherwise."""
    integrations: Annotated[tuple[Integration, ...], Field(min_length=1, strict=False)]
    """The integration records of the account that this environment manages."""

    @property
    def endpoint_url(self) -> str | None:
        """The address of `endpoint`; None where the account's own hosts are meant."""
        return _loaded(self.endpoint)
