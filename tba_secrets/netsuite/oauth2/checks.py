"""A certificate as proven: an access token got with its key, whose claims are compared, then calls that carry it.

The access token is evidence by itself: key, certificate id, mapping, account and clock are good. A claim that says
something else than what is declared is refused; a claim that cannot be told proves nothing, and fails nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tba_secrets.errors import IdentityMismatchError, NotProvenError
from tba_secrets.netsuite.checks import run_check
from tba_secrets.netsuite.circumstances import NOTHING_KNOWN, Circumstances
from tba_secrets.netsuite.evidence import Evidence, Expected, Verification
from tba_secrets.netsuite.oauth2.access_token import AccessToken
from tba_secrets.netsuite.oauth2.causes import M2M_PAGE
from tba_secrets.netsuite.oauth2.client import BearerClient
from tba_secrets.spec.model import Check

ACCESS_TOKEN: Final = "access token"
_HIDDEN: Final = "another"
"""A client id may be the consumer key of TBA."""


def run_bearer_checks(
    client: BearerClient,
    checks: Sequence[Check],
    expected: Expected,
    circumstances: Circumstances = NOTHING_KNOWN,
) -> Verification:
    """Get an access token, compare its claims, run the checks, and stop at the first that fails.

    Args:
        client: Signs with the key that is to be proven.
        checks: As declared under `verify:`.
        expected: Account, role and user as declared, the last two by their internal ids.
        circumstances: What else is known, for the diagnosis of a failure.

    Returns:
        What was proven; `not_proven` tells what was not.

    Raises:
        AuthenticationRefusedError: NetSuite refused the assertion, or the access token; it was asked once.
        IdentityMismatchError: The certificate is mapped to another role or user, or is another account's.
        NotProvenError: No check was asked for, or an answer does not prove what its check is for.
        CheckFailedError: A check was answered with a failure.
        SourceError: The key cannot sign.
        ClockSkewError: Nothing was signed.
        NetSuiteUnreachableError: No verdict.
    """
    if not checks:
        raise NotProvenError(
            f"{client.record}: nothing is proven: no check was asked for",
            "declare checks under `verify:`",
        )
    evidence = [_identity(client, expected)]
    for check in checks:
        evidence.append(
            run_check(client, check, expected, circumstances, login_worked=len(evidence) > 1)
        )
    return Verification(tuple(evidence))


def _identity(client: BearerClient, expected: Expected) -> Evidence:
    token = client.access_token()
    claims = token.claims
    _match(client, "account", claims.account, expected.account)
    _match(client, "role id", claims.role_id, expected.role_id)
    _match(client, "user", claims.entity, expected.entity)
    if claims.client_id is not None and claims.client_id != client.credential.client_id:
        _match(client, "client id", _HIDDEN, "the one it was asked with")
    proofs = {
        "account": claims.account is not None,
        "role": claims.role_id is not None and expected.role_id is not None,
        "user": claims.entity is not None and expected.entity is not None,
        **_scopes(client, token),
    }
    return Evidence(
        check=ACCESS_TOKEN,
        account=claims.account,
        role_name=expected.role_name if proofs["role"] else None,
        role_id=claims.role_id,
        entity=claims.entity,
        at=token.answer.at,
        latency_seconds=token.answer.latency_seconds,
        clock_skew_seconds=token.answer.skew_seconds,
        proven=(ACCESS_TOKEN, *(what for what, holds in proofs.items() if holds)),
        not_proven=tuple(what for what, holds in proofs.items() if not holds),
    )


def _scopes(client: BearerClient, token: AccessToken) -> dict[str, bool]:
    granted = token.claims.scopes or frozenset()
    return {f"scope {scope}": scope in granted for scope in client.credential.scopes}


def _match(client: BearerClient, aspect: str, got: str | None, expected: str | None) -> None:
    """Refuse a certificate of somebody else. What is not said, or not declared, is not compared."""
    if got is None or expected is None or got == expected:
        return
    raise IdentityMismatchError(
        f"{client.record}: the access token works, and its {aspect} is {got!r}; declared is {expected!r}",
        f"map the certificate to the declared role and user of the declared account ({M2M_PAGE}): one certificate "
        "serves one of each; or correct the declaration",
        aspect=aspect,
        got=got,
        expected=expected,
    )
