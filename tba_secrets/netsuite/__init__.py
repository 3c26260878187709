"""NetSuite with one credential: signed calls, what they prove, why they fail, and how often a user may be asked.

Importing this package is cheap: requests, oauthlib and pydantic are loaded when one of the names below is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tba_secrets.netsuite.credential import TbaCredential

if TYPE_CHECKING:
    from tba_secrets.netsuite.account import Service, base_url, realm
    from tba_secrets.netsuite.answers import Answer
    from tba_secrets.netsuite.checks import run_checks
    from tba_secrets.netsuite.circumstances import Circumstances
    from tba_secrets.netsuite.client import Call, Client
    from tba_secrets.netsuite.diagnosis import Diagnosis, diagnose, explain
    from tba_secrets.netsuite.evidence import Evidence, Expected, Verification
    from tba_secrets.netsuite.lockout import Gate, Refusal, Turn
    from tba_secrets.netsuite.rules import Clue
    from tba_secrets.netsuite.signing import Once, SigningKeys, authorization, sign

_HOME = {
    "Answer": "answers",
    "Call": "client",
    "Circumstances": "circumstances",
    "Client": "client",
    "Clue": "rules",
    "Diagnosis": "diagnosis",
    "Evidence": "evidence",
    "Expected": "evidence",
    "Gate": "lockout",
    "Once": "signing",
    "Refusal": "lockout",
    "Service": "account",
    "SigningKeys": "signing",
    "Turn": "lockout",
    "Verification": "evidence",
    "authorization": "signing",
    "base_url": "account",
    "diagnose": "diagnosis",
    "explain": "diagnosis",
    "realm": "account",
    "run_checks": "checks",
    "sign": "signing",
}

__all__ = [
    "Answer",
    "Call",
    "Circumstances",
    "Client",
    "Clue",
    "Diagnosis",
    "Evidence",
    "Expected",
    "Gate",
    "Once",
    "Refusal",
    "Service",
    "SigningKeys",
    "TbaCredential",
    "Turn",
    "Verification",
    "authorization",
    "base_url",
    "diagnose",
    "explain",
    "realm",
    "run_checks",
    "sign",
]


def __getattr__(name: str) -> Any:
    """Load a public name from the module that defines it (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
