"""Source `stored` (and `prompt`, `authorize`): the store alone holds the pair, and nothing else can give it.

A new pair comes through `tba rotate`, or was in the store before (`adopt: true`).
"""

from __future__ import annotations

from tba_secrets.sources.interface import Pair, Source


class StoredSource(Source):
    """Never has a value: what is in the store is kept."""

    def read(self) -> Pair | None:
        return None

    @property
    def place(self) -> str:
        return "the store itself"
