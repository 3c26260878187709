"""Say which of the known words somebody may have meant: one rule for the YAML, the command line and settings."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(given: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return the known word that is most like the given one, whatever its case; None if none is close.

    Args:
        given: What was written; it may be a secret in the wrong place, so only the known word is ever shown.
        known: What there is.
        cutoff: How alike they have to be, from 0 to 1.
    """
    by_lower = {word.lower(): word for word in known}
    near = get_close_matches(given.lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[near[0]] if near else None


def did_you_mean(given: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return "did you mean `WORD`?" for the nearest known word; empty if none is near. See `nearest`."""
    near = nearest(given, known, cutoff=cutoff)
    return "" if near is None else f"did you mean `{near}`?"


def or_else(suggestion: str, rule: str) -> str:
    """Put a suggestion, if there is one, before the rule that holds in any case."""
    return f"{suggestion} Otherwise {rule}" if suggestion else rule
