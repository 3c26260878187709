"""Records: integrations, roles and tokens, and the checks that prove them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from tba_secrets.spec.model.after_promote import TellsReaders
from tba_secrets.spec.model.base import MAPPING_TAG, TEXT_TAG, Model, Remedy, member_tag
from tba_secrets.spec.model.fields import (
    Duration,
    DurationOrZero,
    Email,
    InternalId,
    JsonKey,
    Name,
    SecretPath,
    Text,
)
from tba_secrets.spec.model.sources import ConsumerOrigin, TokenOrigin


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
Check = Annotated[
    Annotated[CheckName, Tag(TEXT_TAG)] | Annotated[RestletCheck, Tag(MAPPING_TAG)],
    Discriminator(member_tag),
]
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

    verify: (
        Annotated[
            Annotated[Literal["always"], Tag(TEXT_TAG)] | Annotated[Verify, Tag(MAPPING_TAG)],
            Discriminator(member_tag),
        ]
        | None
    ) = None
    """`always` is short for `{always: true}`."""
    format: Format | None = None


class Token(TokenPolicy):
    """One access token, and the secret that holds it together with its consumer pair."""

    name: Name
    """Unique in the environment."""
    user: Annotated[
        Annotated[User, Tag(MAPPING_TAG)] | Annotated[Email, Tag(TEXT_TAG)],
        Discriminator(member_tag),
    ]
    """The user the token acts for; a plain string is the e-mail address."""
    secret: SecretPath | None = None
    """The secret's name in the store, under the prefix; by default the token's name."""
    token: TokenOrigin
    """The source of the token id and secret."""
    adopt: bool = False
    """Take over an existing secret that is marked as another stack's, or is not marked."""
    after_promote: TellsReaders = None
    """Restarts or refreshes readers, once a new version has become current."""
    description: Annotated[str, StringConstraints(max_length=2048)] | None = None
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
