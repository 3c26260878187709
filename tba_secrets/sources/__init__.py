"""Read the values: `open_source` picks the class, `SourceReader` reads each source once."""

from __future__ import annotations

from tba_secrets.sources.interface import Pair, Source
from tba_secrets.sources.opening import SourceSettings, open_source
from tba_secrets.sources.reader import SourceReader

__all__ = ["Pair", "Source", "SourceReader", "SourceSettings", "open_source"]
