"""Source `stored` (also `prompt`, `authorize` and `generated`): only the store holds the pair.

A new pair comes from `tba rotate`, or was in the store before (`adopt: true`).
"""

from __future__ import annotations

from tba_secrets.sources.interface import Pair, Source


class StoredSource(Source):
    """Never yields a value, so the stored one is kept."""

    def read(self) -> Pair | None:
        return None

    @property
    def place(self) -> str:
        return "the store itself"
