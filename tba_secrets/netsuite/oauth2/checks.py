"""A certificate as proven: an access token got with its key, whose claims are compared, then calls that carry it.

The access token is evidence by itself: key, certificate id, mapping, account and clock are good. A claim that says
something else than what is declared is refused; a claim that cannot be told proves nothing, and fails nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tba_secrets.errors import NotProvenError
from tba_secrets.netsuite.check_context import CheckContext
from tba_secrets.netsuite.checks import run_check
from tba_secrets.netsuite.circumstances import NOTHING_KNOWN, Circumstances
from tba_secrets.netsuite.evidence import Evidence, Expected, Verification
from tba_secrets.netsuite.oauth2.causes import M2M_PAGE
from tba_secrets.netsuite.oauth2.client import BearerClient
from tba_secrets.netsuite.tokeninfo import TokenInfo
from tba_secrets.spec.model import Check

ACCESS_TOKEN: Final = "access token"
_HIDDEN: Final = "another"
"""A client id may be the consumer key of TBA."""
_MAP_IT: Final = (
    f"map the certificate to the declared role and user of the declared account ({M2M_PAGE}): one certificate serves "
    "one of each; or correct the declaration"
)


def run_bearer_checks(
    client: BearerClient,
    checks: Sequence[Check],
    expected: Expected,
    circumstances: Circumstances = NOTHING_KNOWN,
) -> Verification:
    """Get an access token, compare its claims, run the checks, and stop at the first that fails.

    `expected` names role and user by their internal ids. Arguments, result and errors are those of `run_checks`; a
    refused assertion is a refused login, a certificate of another account, role or user an `IdentityMismatchError`.

    Raises:
        SourceError: The key cannot sign.
    """
    if not checks:
        raise NotProvenError(
            f"{client.record}: nothing is proven: no check was asked for",
            "declare checks under `verify:`",
        )
    evidence = [_identity(CheckContext(client, expected, ACCESS_TOKEN), client)]
    for check in checks:
        evidence.append(
            run_check(client, check, expected, circumstances, login_worked=len(evidence) > 1)
        )
    return Verification(tuple(evidence))


def _identity(context: CheckContext, client: BearerClient) -> Evidence:
    token = client.access_token()
    claims, expected = token.claims, context.expected
    others_client = claims.client_id not in (None, client.credential.client_id)
    compared = (
        ("account", claims.account, expected.account),
        ("role id", claims.role_id, expected.role_id),
        ("user", claims.entity, expected.entity),
        ("client id", _HIDDEN if others_client else None, "the one it was asked with"),
    )
    for aspect, got, wanted in compared:
        context.match(aspect, got, wanted, ACCESS_TOKEN, _MAP_IT)
    granted = claims.scopes or frozenset()
    proofs = {
        "account": claims.account is not None,
        "role": claims.role_id is not None and expected.role_id is not None,
        "user": claims.entity is not None and expected.entity is not None,
        **{f"scope {scope}": scope in granted for scope in client.credential.scopes},
    }
    role_name = expected.role_name if proofs["role"] else None
    return context.evidence(
        token.answer,
        (ACCESS_TOKEN, *(what for what, holds in proofs.items() if holds)),
        [what for what, holds in proofs.items() if not holds],
        TokenInfo(claims.account, role_name, claims.role_id, claims.entity),
    )
