"""What the kind of a credential decides: how it is made of its parts, and who asks NetSuite with it.

`cryptography` is loaded where a certificate is declared, and not otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tba_secrets.lifecycle.facts import TOKEN
from tba_secrets.netsuite.client import Caller, Client
from tba_secrets.netsuite.credential import Credential, TbaCredential
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential
from tba_secrets.provider.properties import StagedCredentialInputs
from tba_secrets.sources.interface import Pair
from tba_secrets.spec.model import LONGEST_VALIDITY, parse_duration

if TYPE_CHECKING:
    from tba_secrets.netsuite.oauth2.parts import CertificateTerms


def client_for(credential: Credential, endpoint: str | None, record: str) -> Caller:
    """Return a client that talks to NetSuite with a credential.

    Raises:
        TypeError: No client is known for its kind.
    """
    if isinstance(credential, TbaCredential):
        return Client(credential, endpoint, record=record)
    if isinstance(credential, OAuth2Credential):
        from tba_secrets.netsuite.oauth2.client import BearerClient

        return BearerClient(credential, endpoint, record=record)
    raise TypeError(f"there is no client for {type(credential).__name__}")


def maker(inputs: StagedCredentialInputs) -> Callable[[str, Pair, Pair], Credential]:
    """Return what makes a credential of the declared kind: for an account, of its two parts."""
    return TbaCredential.of if inputs.certificate is None else _terms(inputs).credential


def require_fit(inputs: StagedCredentialInputs, part: str, given: Pair, place: str) -> None:
    """Refuse what a source gives if it does not fit what is declared: a key that signs with another algorithm.

    Raises:
        SourceError: The key does not fit; the error names its place and what would fit.
    """
    if inputs.certificate is not None and part == TOKEN:
        from tba_secrets.netsuite.oauth2.parts import require_algorithm

        require_algorithm(given, inputs.certificate.algorithm, place)


def generate(inputs: StagedCredentialInputs) -> Pair:
    """Make a key and its certificate, in this process's memory."""
    return _terms(inputs).generate(datetime.now(UTC))


def _terms(inputs: StagedCredentialInputs) -> CertificateTerms:
    from tba_secrets.netsuite.oauth2.algorithms import Algorithm
    from tba_secrets.netsuite.oauth2.parts import CertificateTerms

    declared = inputs.certificate
    assert declared is not None  # noqa: S101 - asked for certificates only
    return CertificateTerms(
        inputs.record,
        Algorithm(declared.algorithm),
        parse_duration(declared.valid_for) or LONGEST_VALIDITY,
        declared.scopes,
    )
