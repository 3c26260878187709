"""The environment: one NetSuite account, where its secrets are kept, and its integrations of either kind."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Discriminator, Field, Tag

from tba_secrets.spec.model.base import (
    NUMBER_TAG,
    OAUTH2_TAG,
    TBA_TAG,
    TEXT_TAG,
    Model,
    Remedy,
    auth_tag,
    number_tag,
)
from tba_secrets.spec.model.certificates import OAuth2Integration
from tba_secrets.spec.model.fields import AccountId, Address, loaded_address
from tba_secrets.spec.model.records import Integration, TokenPolicy
from tba_secrets.spec.model.stores import Stores

AnyIntegration = Annotated[
    Annotated[Integration, Tag(TBA_TAG)] | Annotated[OAuth2Integration, Tag(OAUTH2_TAG)],
    Discriminator(auth_tag),
]
"""Of either kind, as `auth` says."""


MOST_USERS: Final = 100
UsersSideBySide = Annotated[
    Annotated[int, Field(ge=1, le=MOST_USERS), Tag(NUMBER_TAG)]
    | Annotated[Literal["auto"], Tag(TEXT_TAG)],
    Discriminator(number_tag),
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
        """How many users may be asked side by side; None where it is left to the tool."""
        return None if self.concurrency == "auto" else self.concurrency

    @property
    def endpoint_url(self) -> str | None:
        """The address of `endpoint`, or None for the account's own hosts."""
        return loaded_address(self.endpoint)
