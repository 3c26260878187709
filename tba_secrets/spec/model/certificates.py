"""OAuth 2.0 client credentials: an integration record whose certificates take the place of tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from tba_secrets.spec.model.after_promote import TellsReaders
from tba_secrets.spec.model.base import (
    MAPPING_TAG,
    OAUTH2_TAG,
    TBA_TAG,
    TEXT_TAG,
    Model,
    Remedy,
    member_tag,
)
from tba_secrets.spec.model.fields import Duration, InternalId, JsonKey, Name, SecretPath
from tba_secrets.spec.model.records import Format, RestletCheck, Role, SecretPolicy, Token, User
from tba_secrets.spec.model.sources import ClientOrigin, KeyOrigin

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
BearerCheck = Annotated[
    Annotated[BearerCheckName, Tag(TEXT_TAG)] | Annotated[RestletCheck, Tag(MAPPING_TAG)],
    Discriminator(member_tag),
]
"""One call with an access token."""


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
    verify: (
        Annotated[
            Annotated[Literal["always"], Tag(TEXT_TAG)] | Annotated[BearerVerify, Tag(MAPPING_TAG)],
            Discriminator(member_tag),
        ]
        | None
    ) = None
    """`always` is short for `{always: true}`."""
    format: CertificateFormat | None = None
    """Other JSON keys in the stored object."""
    adopt: bool = False
    """Take over an existing secret that is marked as another stack's, or is not marked."""
    after_promote: TellsReaders = None
    """Restarts or refreshes readers, once a new version has become current."""
    description: Annotated[str, StringConstraints(max_length=2048)] | None = None
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
