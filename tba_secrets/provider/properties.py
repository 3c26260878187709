"""The properties of the resources: what a program gives (inputs) and what the provider finds out (outputs).

The package schema is made from these models, and so are the checks of what arrives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal, NoReturn, Self, TypeVar

from pydantic import AfterValidator, Field, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from tba_secrets.errors import StoreError
from tba_secrets.provider.codec import Properties
from tba_secrets.provider.handler import Wire
from tba_secrets.sources import SourceSettings
from tba_secrets.spec.looks_secret import looks_secret, pasted_values
from tba_secrets.spec.model import (
    BEARER_CHECKS,
    MOST_USERS,
    AccountId,
    AfterPromote,
    AnyFormat,
    AwsSettings,
    CertificateFormat,
    CertificateSettings,
    Check,
    ClientOrigin,
    ConsumerOrigin,
    EnvironmentVariable,
    Format,
    KeyOrigin,
    Model,
    Role,
    Stores,
    TokenOrigin,
    User,
)
from tba_secrets.spec.shape import OWN_WORDS

_Origin = TypeVar("_Origin", ConsumerOrigin, TokenOrigin, ClientOrigin, KeyOrigin)
_Format = TypeVar("_Format", Format, CertificateFormat)


def _refuse(words: str) -> NoReturn:
    raise PydanticCustomError(OWN_WORDS, words)


def _some_store(stores: Stores) -> Stores:
    if not stores.listed:
        _refuse("no store is given; give one, for example aws")
    return stores


def _one_way(hook: AfterPromote) -> AfterPromote:
    if (hook.command is None) is (hook.webhook is None):
        _refuse("give exactly one of command, webhook")
    return hook


def _distinct_keys(format: _Format) -> _Format:
    names = list(format.model_dump().values())
    if twice := sorted(key for key, name in format.model_dump().items() if names.count(name) > 1):
        _refuse(
            f"{' and '.join(twice)} are stored under one key; give each of the values a key of its own"
        )
    return format


def _names_are_no_values(origin: _Origin) -> _Origin:
    """Refuse a value that was pasted where the name of its variable belongs, as in the YAML; it is never repeated."""
    named = (
        [] if isinstance(origin, str) or origin.env is None else origin.env.model_dump().values()
    )
    if any(looks_secret(name) or any(pasted_values(name)) for name in named):
        _refuse("this looks like a secret value; name the variable, never the value")
    return origin


Endpoint = Annotated[str | None, AfterValidator(lambda address: address or None)]
"""An empty text means none: programs in other languages write it so."""
SomeStores = Annotated[Stores, AfterValidator(_some_store)]
DistinctKeys = Annotated[AnyFormat, AfterValidator(_distinct_keys)]


def _with_format(properties: Properties) -> Properties:
    """Fill in the default keys of a certificate's object; keep the keys that are given."""
    said = properties.get("format") or {}
    if properties.get("certificate") is None or not isinstance(said, dict):
        return properties
    return {**properties, "format": {**CertificateFormat().model_dump(), **said}}


class RecordInputs(Wire):
    """What both resources of a record are given: of a token, or with `certificate` of a certificate."""

    record: str
    """`integration/token`."""
    account: AccountId
    """The NetSuite account id that the credential must be for."""
    endpoint: Endpoint = None
    """One address for all NetSuite services; the account's own where absent."""
    stores: SomeStores
    """As `store:` in the environment's YAML."""
    secret: str
    """The secret's name under each store's prefix."""
    certificate: CertificateSettings | None = None
    """What is declared of the certificate, for OAuth 2.0 client credentials; absent for a token."""
    format: DistinctKeys = Format()
    """The keys of the stored JSON object."""

    @model_validator(mode="before")
    @classmethod
    def _with_format(cls, given: Properties) -> Properties:
        return _with_format(given)


class StagedCredentialInputs(RecordInputs):
    """One token of one integration, and where its credential goes."""

    owner: str
    """`organization/project/stack`: written on the secret as its owner."""
    consumer: Annotated[ConsumerOrigin, AfterValidator(_names_are_no_values)] | None = None
    """Where the consumer key and secret come from. With `token`, for token-based authentication."""
    token: Annotated[TokenOrigin, AfterValidator(_names_are_no_values)] | None = None
    """Where the token id and secret come from."""
    client: Annotated[ClientOrigin, AfterValidator(_names_are_no_values)] | None = None
    """Where the client id comes from. With `key` and `certificate`, for OAuth 2.0 client credentials."""
    key: Annotated[KeyOrigin, AfterValidator(_names_are_no_values)] | None = None
    """Where the private key and its certificate come from; `generated` makes them in the provider's memory."""
    description: str | None = None
    """Shown beside the secret in the store."""
    adopt: bool = False
    """Take over a secret that is not ours."""
    restore: bool = False
    """Restore a secret that is scheduled for deletion."""
    retain: bool = False
    """Leave the secret in the store on destroy."""
    require_values: bool = False
    """A source without a value is an error."""
    retire_after: int | None = None
    """How long a superseded token stays valid before it is revoked, in seconds; nothing revokes it where absent."""
    preview: bool = False
    """Whether this is a dry run, which needs no values; never persisted."""
    digests: dict[str, str] = Field(default_factory=dict)
    """Set by Check: the keyed digest of each part, as last seen at its source."""

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        tba, oauth2 = (self.consumer, self.token), (self.client, self.key, self.certificate)
        whole, other = (tba, oauth2) if self.certificate is None else (oauth2, tba)
        if None in whole or any(one is not None for one in other):
            _refuse(
                "give consumer and token, for token-based authentication; or client, key and certificate, for OAuth "
                "2.0"
            )
        if isinstance(self.format, CertificateFormat) != (self.certificate is not None):
            _refuse("format has the keys of the other kind of credential")
        return self

    @property
    def sources(self) -> Mapping[str, SourceSettings]:
        """`consumer` and `token`, each with its source."""
        consumer, token = self.consumer or self.client, self.token or self.key
        assert consumer is not None  # noqa: S101 - `_of_one_kind` has seen to it
        assert token is not None  # noqa: S101 - as above
        return {"consumer": consumer, "token": token}

    @property
    def overlap_seconds(self) -> int | None:
        """How long what is superseded stays valid; a certificate always goes, for it holds one of five places."""
        return self.retire_after if self.certificate is None else self.retire_after or 0

    @property
    def generates(self) -> bool:
        """Whether the token part has no source and is made here."""
        return self.key == "generated"


class StagedCredentialOutputs(Wire):
    """What is in the stores."""

    versions: dict[str, str]
    """The version that holds the credential, by store."""
    locations: dict[str, str]
    """The ARN or path, by store: for consumers."""
    fingerprint: str
    """The keyed digest of the exact text that is stored."""
    stored_digests: dict[str, str]
    """The keyed digest of each part, as it is in the store."""
    source_digests: dict[str, str] = Field(default_factory=dict)
    """The keyed digest of each part, as its source gave it last. An output beside the input `digests`: a partly failed
    update is saved with its old inputs and its new outputs."""
    earlier_formats: list[dict[str, str]] = Field(default_factory=list)
    """Other keys under which versions that are still in use may be stored: what changed them may not have passed."""
    claim: str
    """Our mark on the secret; Delete touches nothing that carries another."""
    drift: dict[str, str] = Field(default_factory=dict)
    """Where the version is neither candidate nor current, by store: what is there instead."""


class Sibling(Wire):
    """Another certificate of the same user and integration record."""

    secret: str
    """Its secret's name under each store's prefix."""
    format: DistinctKeys = CertificateFormat()
    """The keys of its stored JSON object."""


class SmokeTestInputs(RecordInputs):
    """Which secret to prove, as whom it must act, and what to do with it then."""

    owner: str = ""
    """`organization/project/stack`: part of the key of the digests in the journal."""
    role: Role
    """The role that the token must act in."""
    user: User
    """The user that the token must act for."""
    checks: Annotated[tuple[Check, ...], Field(min_length=1, strict=False)] = ("tokeninfo", "rest")
    """The signed calls to make."""
    accept_unproven: Annotated[tuple[Literal["role", "user"], ...], Field(strict=False)] = ()
    """What a token may pass without, where NetSuite does not tell it."""
    versions: dict[str, str] = Field(default_factory=dict)
    """The version to prove, by store; what is current where absent."""
    fingerprint: str = ""
    """The keyed digest of what is proven: a new one is a reason to test."""
    promote: bool = True
    """Make the version current when it has passed."""
    siblings: Annotated[tuple[Sibling, ...], Field(strict=False)] = ()
    """One that works may bring the first certificate to NetSuite."""
    keep_candidate: bool = False
    """A refused candidate stays pending: for values that no source can give again."""
    most_users: Annotated[int, Field(ge=1, le=MOST_USERS)] | None = None
    """How many users of the account may be asked side by side; begins with 2 and stops at 4 where absent."""
    always: bool = False
    """Test on every update, even where nothing has changed."""
    after_promote: Annotated[AfterPromote, AfterValidator(_one_way)] | None = None
    """Tells readers once the version has become current; its failure undoes nothing."""
    withheld: Annotated[tuple[EnvironmentVariable, ...], Field(strict=False)] = ()
    """Variables that a command of `after_promote` does not get: those that hold the values of sources."""

    @model_validator(mode="after")
    def _checks_of_its_kind(self) -> Self:
        words = {check for check in self.checks if isinstance(check, str)}
        if self.certificate is not None and not words <= {*BEARER_CHECKS}:
            _refuse(
                "checks: SOAP does not know OAuth 2.0, and tokeninfo is TBA's; give rest, suiteql or a restlet"
            )
        return self


class RefusalEntry(Model):
    """One authentication failure of the user: three within 30 minutes, and the user is not asked again."""

    fingerprint: str
    at: int
    """Epoch seconds."""


class SmokeTestOutputs(Wire):
    """What was proven, and when."""

    verified: dict[str, str] = Field(default_factory=dict)
    """The version that passed and, with `promote`, is current: by store."""
    verified_at: str = ""
    """ISO 8601, UTC; empty if nothing has passed yet."""
    verified_as: str = ""
    """`role R in account A`."""
    since: int = 0
    """When the verified token was first proven: epoch seconds; 0 if that is not known."""
    token_digest: str = ""
    """The keyed digest of the token that was proven: its age counts wherever it moves."""
    entity: str = ""
    """The internal id of the user that NetSuite named; later proofs must name the same."""
    evidence: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """What each check has proven, and what it has not."""
    valid_until: str = ""
    """The last day of the certificate that was proven, ISO 8601; empty for a token."""
    waits_for: str = ""
    """What a person has to do in NetSuite before the candidate can pass; empty if nothing waits."""
    refusals: Annotated[tuple[RefusalEntry, ...], Field(strict=False)] = ()
    """The user's authentication failures of the last 30 minutes, this run's included."""
    drift: dict[str, str] = Field(default_factory=dict)
    """Where another version than the verified one is current, by store."""
    untold: str = ""
    """Why `after_promote` has not told readers of the verified version yet; empty if nobody is to be told."""


class LookAhead(Wire):
    """What the component `Environment` announces: the secrets that the update is about to look at."""

    stores: SomeStores
    """As `store:` in the environment's YAML."""
    secrets: dict[str, str]
    """By `integration/token`, the secret's name under each store's prefix."""


_FORMAT: Final = TypeAdapter[Format | CertificateFormat](AnyFormat)


def format_of(properties: Properties) -> Format | CertificateFormat:
    """Return the keys of the stored object; those of a token's credential if the resource does not say."""
    return _FORMAT.validate_python(_with_format(properties).get("format") or {})


def where(properties: Properties) -> tuple[Stores, str]:
    """Return the stores and the secret's name, which even an imported resource has."""
    return Stores.model_validate(properties["stores"]), str(properties["secret"])


# --- `pulumi import tba:index:StagedCredential NAME ID` -------------------------------------------

_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):[0-9]{12}:secret:(.+)-[A-Za-z0-9]{6}"
)
_SHORT = re.compile(r"aws:([a-z0-9-]+):(.+)")


def parse_id(id: str) -> tuple[Stores, str]:
    """Return the store and the secret's whole name in it, from an id to import.

    The id is `aws:REGION:NAME` or the secret's whole ARN (`arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-XXXXXX`).

    Raises:
        StoreError: The id has another shape.
    """
    match = _ARN.fullmatch(id) or _SHORT.fullmatch(id)
    if match is None:
        raise StoreError(
            "the id to import is of an unknown shape", "give aws:REGION:NAME, or the secret's ARN"
        )
    return Stores(aws=AwsSettings(region=match[1])), match[2]
