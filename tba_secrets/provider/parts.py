"""The two parts of a credential, the consumer pair and the token pair: where each comes from, and its digest.

A part that its source does not give is *kept*: its digest is the one that state has, and its value stays in the store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tba_secrets.digest import DigestKey
from tba_secrets.errors import SourceError
from tba_secrets.provider.codec import UNKNOWN
from tba_secrets.provider.kinds import require_fit
from tba_secrets.provider.properties import StagedCredentialInputs
from tba_secrets.sources import SourceReader, open_source
from tba_secrets.sources.interface import Pair

UNSEEN: Final = "not seen"
"""The stand-in for the digest of a part that its source has never given; no real digest looks like it."""


@dataclass
class Resolved:
    """What Check finds out about the parts."""

    digests: dict[str, object] = field(default_factory=dict)
    pairs: dict[str, Pair | None] = field(default_factory=dict, repr=False)
    """What each source gave; None if it has no value."""
    places: dict[str, str] = field(default_factory=dict)
    """Where each source reads, for messages."""
    failures: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def resolve(
    inputs: StagedCredentialInputs,
    reader: SourceReader,
    key: DigestKey,
    known: Mapping[str, str],
    untested: Callable[[], bool],
    brought: str | None,
) -> Resolved:
    """Return the digest of each part, or why there is none.

    Args:
        inputs: Where each part comes from; without a value it is unknown in a preview, and an error in an update.
        reader: Asks each source once a process.
        key: The record's digest key.
        known: The digests that state has; empty on create and replace.
        untested: Whether nothing has ever passed: a part without a value is unknown in a preview then, so that a plan
            made without values takes the one that mends a refused one.
        brought: The part that an intent brings, if any: its source need not have it.
    """
    resolved = Resolved()
    for part, source in inputs.sources.items():
        try:
            place = resolved.places[part] = open_source(source).place
            pair = reader.read(source)
            if pair is not None:
                require_fit(inputs, part, pair, place)
        except SourceError as error:
            resolved.failures[part] = str(error)
            continue
        resolved.pairs[part] = pair
        if pair is not None:
            resolved.digests[part] = key.pair(pair)
            resolved.warnings += [f"{part} from {place}: {warning}" for warning in pair.warnings]
        elif part == brought or isinstance(source, str):
            resolved.digests[part] = known.get(part, UNSEEN)
        elif inputs.require_values:
            resolved.failures[part] = f"{place}: no value, and require_values is set. Give it one"
        elif part in known and not (inputs.preview and untested()):
            resolved.digests[part] = known[part]
        elif inputs.preview:
            resolved.digests[part] = UNKNOWN
        else:
            resolved.failures[part] = (
                f"{place}: no value, and none is known from an earlier run. "
                "Give it one and run again; nothing was written"
            )
    return resolved
