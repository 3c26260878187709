"""What `tba` asks of the provider that it serves itself, beyond what a plain `pulumi up` does.

An intent passes in this process's memory alone, and so does every value that it brings. It is no input: a plain
`pulumi up` afterwards sees no change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tba_secrets.lifecycle.facts import Rollback as Rollback  # an intent as it is decided on
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources.interface import Pair
from tba_secrets.stores.versions import Origin


@dataclass(frozen=True, repr=False)
class Obtaining:
    """What a rotation is given to obtain its new pair with."""

    consumer: Pair
    """Signs the authorization flow."""
    about_to_issue: Callable[[], None]
    """Called right before NetSuite is asked to issue a token; what it raises stops the flow."""
    cancelled: Callable[[], bool]
    """Whether the run was cancelled: then nothing may be issued any more."""


Obtain = Callable[[Obtaining], Pair]
"""Gets a new pair."""


@dataclass(frozen=True, repr=False)
class Rotation:
    """A new pair for one part of a record."""

    obtain: Obtain | None
    """None for a key and certificate, which the provider makes itself."""
    part: str = "token"
    """`token` or `consumer`."""
    origin: Origin = Origin.ROTATED
    """Where the new pair comes from."""
    overlap_seconds: int = 0
    """How long the superseded token stays valid before it is revoked. A consumer pair has no overlap."""
    again: bool = False
    """A superseded token may come back: a person asked for it by name."""
    anew: bool = False
    """Even a candidate that waits for its proof is replaced: a person asked for it by name."""


@dataclass(frozen=True, repr=False)
class Retire:
    """Revoke the superseded tokens that are due by the journal."""

    in_use: Callable[[Sensitive], str | None]
    """The record, if any, whose current credential has this token id."""
    at_once: bool = False
    """Revoke what is still in its overlap, too."""
    by_hand: bool = False
    """A person has revoked in NetSuite what was left for one: those lines are closed, and nobody is asked."""


@dataclass(frozen=True)
class TellReaders:
    """Tell readers what is current, once it has passed again: `after_promote` has failed before."""


Intent = Rotation | Rollback | Retire | TellReaders
Intents = Mapping[str, Intent]
"""By `integration/token`."""
