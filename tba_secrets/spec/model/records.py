"""Records: the environment, its integrations of either kind, their tokens and certificates, and what proves them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final, Literal, get_args

from pydantic import Discriminator, Field, Tag

from tba_secrets.spec.model.fields import (
    NUMBER_TAG,
    OAUTH2_TAG,
    TBA_TAG,
    TEXT_TAG,
    AccountId,
    Address,
    Description,
    Duration,
    DurationOrZero,
    Email,
    EnvironmentVariable,
    ExactlyOne,
    InternalId,
    JsonKey,
    Model,
    Name,
    RecordOrWord,
    Remedy,
    SecretPath,
    Text,
    WordOrRecord,
    loaded_address,
)
from tba_secrets.spec.model.sources import (
    ClientOrigin,
    CommandCall,
    ConsumerOrigin,
    KeyOrigin,
    TokenOrigin,
)
from tba_secrets.spec.model.stores import Stores


class Restlet(Model):
    """A RESTlet deployment to call with GET."""

    script: Text
    """The script id, `customscript_...`, or its internal id in quotes."""
    deploy: Text
    """The deployment id, `customdeploy_...`, or its internal id in quotes."""


class RestletCheck(Model):
    """Call a RESTlet of your own; its response body is ignored."""

    restlet: Restlet

    @property
    def name(self) -> str:
        """Its name in the evidence."""
        return f"restlet {self.restlet.script}/{self.restlet.deploy}"


CheckName = Literal["tokeninfo", "rest", "soap", "suiteql"]
Check = WordOrRecord[CheckName, RestletCheck]
"""One signed call."""


class Verify(Model):
    """Which signed calls prove a credential, and when."""

    checks: Annotated[tuple[Check, ...], Field(min_length=1, strict=False)] = ("tokeninfo", "rest")
    """The checks, all of which must pass."""
    accept_unproven: Annotated[tuple[Literal["role", "user"], ...], Field(strict=False)] = ()
    """What a token may pass without, where NetSuite does not tell it. The account must always be proven."""
    always: bool = False
    """Run the checks even on an `up` that changes nothing."""


class Role(Model):
    """The role that the token must act in."""

    name: Text
    """The role's name as NetSuite shows it."""
    id: InternalId | None = None
    """The role's internal id, needed if two roles share the name."""
    permissions: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    """Permissions by their names in NetSuite, with the level in parentheses if there are several:
    `Customers (View)`. For the checklist, the diagnosis, and `tba roles`."""


class User(Model):
    """The NetSuite user that the token acts for."""

    email: Email
    """The address that the user logs in with."""
    entity: InternalId | None = None
    """The internal entity id, which NetSuite answers; only a declared entity proves the user. If absent, later
    passes must name the entity of the first one."""


class Format(Model):
    """Other JSON keys, for a consumer that expects them in the stored object."""

    account: JsonKey = "account"
    consumer_key: JsonKey = "consumer_key"
    consumer_secret: JsonKey = "consumer_secret"
    token_id: JsonKey = "token_id"
    token_secret: JsonKey = "token_secret"


class SecretPolicy(Model):
    """Settings of a secret and its rotation, whatever it holds."""

    on_delete: Literal["recoverable", "retain"] | None = None
    """What becomes of a secret that is no longer declared; by default `recoverable`."""
    require_values: bool | None = None
    """Treat an absent source value as an error instead of keeping the stored value."""
    restore: bool | None = None
    """Restore a secret that is scheduled for deletion instead of refusing it."""
    rotate_every: Duration | None = None
    """How old a token or a certificate may become, for example 90d."""
    retire_after: DurationOrZero | None = None
    """How long the old one stays valid after a rotation."""
    warn_before: Duration | None = None
    """How long before the end of `rotate_every` to warn."""


class TokenPolicy(SecretPolicy):
    """Settings that the environment declares once and a token may override."""

    verify: WordOrRecord[Literal["always"], Verify] | None = None
    """`always` is short for `{always: true}`."""
    format: Format | None = None


class ReadersCommand(CommandCall):
    """A command that restarts or refreshes readers, for example kubectl or aws. It gets no secret value."""


class WebhookVariables(Model):
    """The environment variables of a webhook, whose address is a secret."""

    url: EnvironmentVariable
    """The variable that holds the webhook's address."""
    key: EnvironmentVariable | None = None
    """The variable that holds a key, which signs the message."""


class ReadersWebhook(Model):
    """A webhook that restarts or refreshes readers: JSON, by POST."""

    env: WebhookVariables
    """The variables that hold its address and the key of its signature."""


class AfterPromote(ExactlyOne):
    """Exactly one way to tell readers that a new version is current."""

    command: ReadersCommand | None = None
    """Run a command on the machine that promotes."""
    webhook: ReadersWebhook | None = None
    """Send a message to a webhook."""


TellsReaders = Annotated[
    AfterPromote | None,
    Remedy("write {command: {argv: [PROGRAM, ARGUMENT]}} or {webhook: {env: {url: NAME}}}"),
]
"""What runs once after each promotion."""


class Token(TokenPolicy):
    """One access token, and the secret that holds it together with its consumer pair."""

    name: Name
    """Unique in the environment."""
    user: RecordOrWord[User, Email]
    """The user the token acts for; a plain string is the e-mail address."""
    secret: SecretPath | None = None
    """The secret's name in the store, under the prefix; by default the token's name."""
    token: TokenOrigin
    """The source of the token id and secret."""
    adopt: bool = False
    """Take over an existing secret that is marked as another stack's, or is not marked."""
    after_promote: TellsReaders = None
    """Restarts or refreshes readers, once a new version has become current."""
    description: Description | None = None
    """Written on the secret and shown in logs: do not put anything secret here."""


class Integration(Model):
    """One integration record and its tokens."""

    name: Name
    """Unique in the environment."""
    auth: Annotated[Literal["tba"], Remedy("write tba or oauth2")] = "tba"
    """The kind of credential: TBA."""
    consumer: ConsumerOrigin
    """The source of the consumer key and secret."""
    role: Role
    tokens: Annotated[tuple[Token, ...], Field(min_length=1, strict=False)]
    """The access tokens issued for this integration."""


LONGEST_VALIDITY: Final = timedelta(days=730)
"""NetSuite cuts a certificate to two years (Oracle help, "Certificate Conditions")."""
MOST_ACTIVE: Final = 5
"""Active certificates of one integration record, since NetSuite 2026.1; the sixth is refused."""

AlgorithmName = Annotated[
    Literal["ES256", "ES384", "ES512", "PS256", "PS384", "PS512"],
    Remedy(
        "write one of ES256, ES384, ES512, PS256, PS384, PS512: NetSuite's support for RS256 ended in March 2025"
    ),
]
Scope = Annotated[
    Literal["rest_webservices", "restlets", "suite_analytics"],
    Remedy(
        "write rest_webservices, restlets or suite_analytics, as the integration record ticks them"
    ),
]
BearerCheckName = Annotated[
    Literal["rest", "suiteql"],
    Remedy(
        "write rest, suiteql or a restlet: SOAP does not know OAuth 2.0, and tokeninfo is TBA's"
    ),
]
BearerCheck = WordOrRecord[BearerCheckName, RestletCheck]
"""One call with an access token."""
BEARER_CHECKS: Final[tuple[str, ...]] = get_args(get_args(BearerCheckName)[0])
"""The words for checks that certificates may use."""


class BearerVerify(Model):
    """Which calls prove a certificate beside its access token, and when."""

    checks: Annotated[tuple[BearerCheck, ...], Field(min_length=1, strict=False)] = ("rest",)
    """The checks, all of which must pass. The access token comes first: it names account, role and user."""
    always: bool = False
    """Run the checks even on an `up` that changes nothing."""

    @property
    def accept_unproven(self) -> tuple[()]:
        """Nothing: what an access token does not say fails no proof."""
        return ()


class MappedRole(Role):
    """The role that NetSuite maps the certificates to."""

    id: InternalId
    """The role's internal id: an access token names its role by it."""


class MappedUser(User):
    """The NetSuite user that a certificate is mapped to."""

    entity: InternalId
    """The internal entity id: an access token names its user by it."""


class CertificateFormat(Model):
    """Other JSON keys, for a consumer that expects them in the stored object."""

    account: JsonKey = "account"
    client_id: JsonKey = "client_id"
    certificate_id: JsonKey = "certificate_id"
    private_key: JsonKey = "private_key"
    certificate: JsonKey = "certificate"
    algorithm: JsonKey = "algorithm"
    scopes: JsonKey = "scopes"
    token_endpoint: JsonKey = "token_endpoint"
    valid_until: JsonKey = "valid_until"


def _format_tag(value: object) -> str:
    fields = value if isinstance(value, dict) else getattr(value, "__dict__", {})
    return OAUTH2_TAG if "client_id" in fields else TBA_TAG


AnyFormat = Annotated[
    Annotated[Format, Tag(TBA_TAG)] | Annotated[CertificateFormat, Tag(OAUTH2_TAG)],
    Discriminator(_format_tag),
]
"""The keys of a stored object, whole: of a token's credential, or of a certificate's."""


class CertificateSettings(Model):
    """What is declared of a certificate, beside its source."""

    algorithm: AlgorithmName = "ES256"
    """What assertions are signed with; it fixes the kind of key. Some consumers can do PS256 only."""
    valid_for: Duration = "365d"
    """How long a generated certificate is valid: 730d at most."""
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, strict=False)] = ("rest_webservices",)
    """What its access tokens may be used for; the integration record must tick each."""
    by: Literal["api", "person"] = "api"
    """Who brings a new certificate to NetSuite: the current credential, which needs the permission Manage own OAuth 2.0
    Client Credentials Certificates, or a person. The first certificate always needs a person, or another that works."""


class Certificate(CertificateSettings, SecretPolicy):
    """One certificate for one user, and the secret that holds its private key with all that a reader needs."""

    name: Name
    """Unique in the environment, among the tokens too."""
    user: MappedUser
    """The user the certificate acts for."""
    secret: SecretPath | None = None
    """The secret's name in the store, under the prefix; by default the certificate's name."""
    key: KeyOrigin = "generated"
    """Where the private key and its certificate come from; by default they are made in memory."""
    verify: WordOrRecord[Literal["always"], BearerVerify] | None = None
    """`always` is short for `{always: true}`."""
    format: CertificateFormat | None = None
    """Other JSON keys in the stored object."""
    adopt: bool = False
    """Take over an existing secret that is marked as another stack's, or is not marked."""
    after_promote: TellsReaders = None
    """Restarts or refreshes readers, once a new version has become current."""
    description: Description | None = None
    """Written on the secret and shown in logs: do not put anything secret here."""

    @property
    def settings(self) -> CertificateSettings:
        """Return what is declared of it beside its source."""
        return CertificateSettings(
            **{name: getattr(self, name) for name in CertificateSettings.model_fields}
        )


class OAuth2Integration(Model):
    """One integration record that uses OAuth 2.0 client credentials, and its certificates."""

    name: Name
    """Unique in the environment."""
    auth: Annotated[Literal["oauth2"], Remedy("write tba or oauth2")]
    """The kind of credential: OAuth 2.0 client credentials with certificates."""
    client: ClientOrigin
    """The source of the client id; on a record that carried TBA it is the consumer key."""
    role: MappedRole
    """The role of all its certificates."""
    certificates: Annotated[
        tuple[Certificate, ...], Field(min_length=1, max_length=MOST_ACTIVE - 1, strict=False)
    ]
    """The certificates: four at most, for five may be active and a rotation needs one more."""

    @property
    def tokens(self) -> tuple[Token, ...]:
        """None: an integration record of this kind has certificates."""
        return ()


def auth_tag(value: object) -> str:
    """Return the tag of the kind of integration that `value` is meant to be: TBA, unless it says otherwise."""
    auth = value.get("auth") if isinstance(value, dict) else getattr(value, "auth", None)
    return OAUTH2_TAG if auth == "oauth2" else TBA_TAG


AnyIntegration = Annotated[
    Annotated[Integration, Tag(TBA_TAG)] | Annotated[OAuth2Integration, Tag(OAUTH2_TAG)],
    Discriminator(auth_tag),
]
"""Of either kind, as `auth` says."""
MOST_USERS: Final = 100
UsersSideBySide = Annotated[
    Annotated[int, Field(ge=1, le=MOST_USERS), Tag(NUMBER_TAG)]
    | Annotated[Literal["auto"], Tag(TEXT_TAG)],
    Discriminator(lambda value: TEXT_TAG if isinstance(value, str) else NUMBER_TAG),
    Remedy(f"write auto, or a number from 1 to {MOST_USERS}"),
]


class Environment(Model):
    """One file under stacks/: one NetSuite account, one Pulumi stack of the same name."""

    version: Annotated[int, Field(ge=1, le=1), Remedy("write version: 1")]
    """The version of this file format."""
    account: AccountId
    """The account id as NetSuite writes it: upper case, with an underscore. Also the OAuth realm."""
    endpoint: Address | None = None
    """One address for all NetSuite services, for example a proxy or the simulator."""
    concurrency: UsersSideBySide = "auto"
    """How many users of the account may be asked side by side. `auto` begins with 2 and stops at 4, which leaves the
    smallest account (5) a place; give more where the account has more, or fewer where other integrations need them."""
    store: Stores
    defaults: TokenPolicy = TokenPolicy()
    """Settings for every token and certificate that does not override them."""
    integrations: Annotated[tuple[AnyIntegration, ...], Field(min_length=1, strict=False)]
    """The integration records of the account that this environment manages."""

    @property
    def most_users(self) -> int | None:
        """How many users may be asked side by side; None if it is left to the tool."""
        return None if self.concurrency == "auto" else self.concurrency

    @property
    def endpoint_url(self) -> str | None:
        """The address of `endpoint`, or None for the account's own hosts."""
        return loaded_address(self.endpoint)
