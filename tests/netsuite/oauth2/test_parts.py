"""A key and its certificate travel as one part of a credential, and become the same credential again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tba_secrets.errors import SourceError
from tba_secrets.netsuite.oauth2.algorithms import Algorithm
from tba_secrets.netsuite.oauth2.parts import CertificateTerms, as_pair
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources.interface import Pair
from tests.netsuite.oauth2.support import ACCOUNT, CLIENT_ID, NOW, certified, credential

TERMS = CertificateTerms("bot", Algorithm.ES256, timedelta(days=365), ("rest_webservices",))
CLIENT = Pair(Sensitive(CLIENT_ID), Sensitive(""))


@pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.ES512, Algorithm.PS384])
def test_the_parts_of_a_credential_make_it_again(algorithm: Algorithm) -> None:
    mine = credential(certified(algorithm))
    terms = CertificateTerms("bot", algorithm, timedelta(days=365), mine.scopes)

    again = terms.credential(ACCOUNT, mine.pair("consumer"), mine.pair("token"))

    assert again == mine
    assert again.pair("token") == mine.pair("token") == as_pair(certified(algorithm))


def test_a_key_goes_on_with_its_own_algorithm_until_it_is_rotated() -> None:
    terms = CertificateTerms("bot", Algorithm.PS256, timedelta(days=365), ("restlets",))

    again = terms.credential(ACCOUNT, CLIENT, as_pair(certified(Algorithm.ES384)))

    assert (again.algorithm, again.scopes) == ("ES384", ("restlets",))


def test_each_generated_one_is_another() -> None:
    one, other = TERMS.generate(NOW), TERMS.generate(NOW)

    assert one.identifier != other.identifier
    assert "PRIVATE" not in repr(one)
    assert TERMS.credential(ACCOUNT, CLIENT, one).certificate_id == one.identifier.reveal()


@pytest.mark.parametrize(
    ("keep", "words"), [("PRIVATE KEY", "no certificate"), ("CERTIFICATE", "no private key")]
)
def test_half_a_part_is_refused(keep: str, words: str) -> None:
    pair = certified()
    half = pair.private_key.reveal() if keep == "PRIVATE KEY" else pair.certificate

    with pytest.raises(SourceError, match=words):
        TERMS.credential(ACCOUNT, CLIENT, Pair(Sensitive("id"), Sensitive(half)))
