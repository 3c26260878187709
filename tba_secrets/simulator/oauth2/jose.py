"""Look at a JWT without believing it."""

from __future__ import annotations

import json
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError


def parts(text: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return header and claims, unverified; None if the text is no JWT."""
    try:
        seen = jws.extract_compact(text.encode())
        claims = json.loads(seen.payload)
    except (JoseError, ValueError):
        return None
    return (seen.headers(), claims) if isinstance(claims, dict) else None
