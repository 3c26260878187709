"""What `tba` asks of the provider that it serves itself, beyond what a plain `pulumi up` does.

An intent passes in this process's memory alone, and so does every value that it brings. It is no input: a plain
`pulumi up` afterwards sees no change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tba_secrets.errors import NotOursError
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources.interface import Pair
from tba_secrets.stage import Place
from tba_secrets.stores.interface import Stage, VersionId
from tba_secrets.stores.journal import Retirement
from tba_secrets.stores.versions import is_placeholder


@dataclass(frozen=True, repr=False)
class Rotation:
    """A new pair for one part of a record."""

    obtain: Callable[[Pair], Pair]
    """Gets it, given the consumer pair, which signs the authorization flow."""
    part: str = "token"
    """`token` or `consumer`."""
    issued: bool = False
    """NetSuite issues it now: no source can give it again, so a refused one is kept."""
    overlap_seconds: int = 0
    """How long the superseded token stays valid before it is revoked. A consumer pair has no overlap."""


@dataclass(frozen=True)
class Rollback:
    """The previous version is to be current again, once it has passed."""


@dataclass(frozen=True, repr=False)
class Retire:
    """What the journal says is to be revoked, and whose time has come, is revoked."""

    in_use: Callable[[Sensitive], str | None]
    """The record, if any, whose current credential has this token id."""
    at_once: bool = False
    """Also what is still in its overlap."""
    by_hand: bool = False
    """A person has revoked in NetSuite what was left for one: those lines are closed, and nobody is asked."""


Intent = Rotation | Rollback | Retire
Intents = Mapping[str, Intent]
"""By `integration/token`."""


def previous(place: Place) -> VersionId:
    """The version to roll back to.

    Raises:
        NotOursError: There is none, it never was a credential, or its token is revoked.
    """
    snapshot = place.store.describe(place.name)
    version = snapshot.stages.get(Stage.PREVIOUS) if snapshot else None
    if snapshot is None or version is None or is_placeholder(version):
        raise NotOursError(
            f"{place} has no previous credential", "there is nothing to roll back to"
        )
    if any(one.version == version and one.state is Retirement.REVOKED for one in snapshot.journal):
        raise NotOursError(
            f"{place}: the previous token is revoked at NetSuite", "rotate to a new token instead"
        )
    return version
