"""What differs for OAuth 2.0 client credentials: how a credential is made of its parts, and a key where none is given.

`cryptography` is loaded where a certificate is declared, and not otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tba_secrets.netsuite.credential import Credential, TbaCredential
from tba_secrets.provider.properties import StagedCredentialInputs
from tba_secrets.sources.interface import Pair
from tba_secrets.spec.model import parse_duration

if TYPE_CHECKING:
    from tba_secrets.netsuite.oauth2.parts import CertificateTerms


def maker(inputs: StagedCredentialInputs) -> Callable[[str, Pair, Pair], Credential]:
    """Return what makes a credential of the declared kind: for an account, of its two parts."""
    return TbaCredential.of if inputs.certificate is None else _terms(inputs).credential


def generate(inputs: StagedCredentialInputs) -> Pair:
    """Make a key and its certificate, in this process's memory."""
    return _terms(inputs).generate(datetime.now(UTC))


def _terms(inputs: StagedCredentialInputs) -> CertificateTerms:
    from tba_secrets.netsuite.oauth2.algorithms import Algorithm
    from tba_secrets.netsuite.oauth2.certificates import LONGEST
    from tba_secrets.netsuite.oauth2.parts import CertificateTerms

    declared = inputs.certificate
    assert declared is not None  # noqa: S101 - asked for certificates only
    return CertificateTerms(
        inputs.record,
        Algorithm(declared.algorithm),
        parse_duration(declared.valid_for) or LONGEST,
        declared.scopes,
    )
