"""NetSuite with one credential: signed calls, what they prove, why they fail, and how often a user may be asked.

Importing this package is cheap: requests, oauthlib and pydantic are loaded when one of the names below is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tba_secrets.netsuite.credential import Credential, TbaCredential

if TYPE_CHECKING:
    from tba_secrets.netsuite.account import Service, base_url, realm
    from tba_secrets.netsuite.answers import Answer
    from tba_secrets.netsuite.checks import run_checks
    from tba_secrets.netsuite.circumstances import Circumstances
    from tba_secrets.netsuite.client import Client, SignedCall
    from tba_secrets.netsuite.diagnosis import Diagnosis, diagnose, explain
    from tba_secrets.netsuite.evidence import Evidence, Expected, Verification
    from tba_secrets.netsuite.flow import Person, authorize
    from tba_secrets.netsuite.flow_errors import FlowError, TokenOrphanedError
    from tba_secrets.netsuite.flow_wire import Application
    from tba_secrets.netsuite.gate import Gate, Turn
    from tba_secrets.netsuite.lockout import Refusal
    from tba_secrets.netsuite.refused_logins import RefusedLogins, mark_of
    from tba_secrets.netsuite.revocation import Revocation, RevocationOutcome, revoke
    from tba_secrets.netsuite.rules import Clue
    from tba_secrets.netsuite.signing import Once, SigningKeys, authorization, sign

_HOME = {
    "Answer": "answers",
    "Application": "flow_wire",
    "Circumstances": "circumstances",
    "Client": "client",
    "Clue": "rules",
    "Diagnosis": "diagnosis",
    "Evidence": "evidence",
    "Expected": "evidence",
    "FlowError": "flow_errors",
    "Gate": "gate",
    "Once": "signing",
    "Person": "flow",
    "Refusal": "lockout",
    "RefusedLogins": "refused_logins",
    "Revocation": "revocation",
    "RevocationOutcome": "revocation",
    "Service": "account",
    "SignedCall": "client",
    "SigningKeys": "signing",
    "TokenOrphanedError": "flow_errors",
    "Turn": "gate",
    "Verification": "evidence",
    "authorization": "signing",
    "authorize": "flow",
    "base_url": "account",
    "diagnose": "diagnosis",
    "explain": "diagnosis",
    "mark_of": "refused_logins",
    "realm": "account",
    "revoke": "revocation",
    "run_checks": "checks",
    "sign": "signing",
}

__all__ = [
    "Answer",
    "Application",
    "Circumstances",
    "Client",
    "Clue",
    "Credential",
    "Diagnosis",
    "Evidence",
    "Expected",
    "FlowError",
    "Gate",
    "Once",
    "Person",
    "Refusal",
    "RefusedLogins",
    "Revocation",
    "RevocationOutcome",
    "Service",
    "SignedCall",
    "SigningKeys",
    "TbaCredential",
    "TokenOrphanedError",
    "Turn",
    "Verification",
    "authorization",
    "authorize",
    "base_url",
    "diagnose",
    "explain",
    "mark_of",
    "realm",
    "revoke",
    "run_checks",
    "sign",
]


def __getattr__(name: str) -> Any:
    """Load a public name from the module that defines it (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
