"""Version ids: derived, recognisable, and legal as a ClientRequestToken."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tba_secrets.sensitive import Fingerprint, Sensitive
from tba_secrets.stores.interface import Candidate, SecretName, VersionId
from tba_secrets.stores.versions import (
    Origin,
    Terms,
    derived_version_id,
    fingerprint_of,
    is_ours,
    is_placeholder,
    placeholder_version_id,
    short,
    terms_of,
)

A = Candidate(Sensitive("{}"), Fingerprint("a1b2c3:" + "0" * 16))
B = Candidate(Sensitive("{}"), Fingerprint("a1b2c3:" + "1" * 16))
ROTATED = replace(A, terms=Terms(Origin.ROTATED, 86400))
NAME, OTHER = SecretName("netsuite/a"), SecretName("netsuite/b")
BEFORE = VersionId("tba-before")


def test_the_same_write_is_the_same_version() -> None:
    assert derived_version_id(NAME, A, BEFORE) == derived_version_id(NAME, A, BEFORE)


@pytest.mark.parametrize(
    ("name", "candidate", "replacing"),
    [
        (OTHER, A, BEFORE),
        (NAME, B, BEFORE),
        (NAME, ROTATED, BEFORE),
        (NAME, A, VersionId("tba-other")),
        (NAME, A, None),
    ],
)
def test_another_write_is_another_version(
    name: SecretName, candidate: Candidate, replacing: VersionId | None
) -> None:
    assert derived_version_id(name, candidate, replacing) != derived_version_id(NAME, A, BEFORE)


@pytest.mark.parametrize(
    "version", [derived_version_id(NAME, A, None), placeholder_version_id(NAME, "claim")]
)
def test_ids_are_legal_and_ours(version: VersionId) -> None:
    """API: PutSecretValue, ClientRequestToken: 32 to 64 characters."""
    assert re.fullmatch(r"[a-z0-9-]{32,64}", version)
    assert is_ours(version)


@pytest.mark.parametrize("overlap", [None, 0, 86400, 9_999_999_999])
@pytest.mark.parametrize("origin", Origin)
def test_an_id_carries_its_terms_and_its_fingerprint(origin: Origin, overlap: int | None) -> None:
    """A run that is killed between staging and promoting leaves nothing else."""
    candidate = replace(A, terms=Terms(origin, overlap, nonce="0123456789abcdef"))
    version = derived_version_id(NAME, candidate, BEFORE)
    assert terms_of(version) == candidate.terms
    assert fingerprint_of(version) == A.fingerprint
    assert re.fullmatch(r"[a-z0-9-]{32,64}", version)


def test_the_id_of_others_carries_nothing() -> None:
    theirs = VersionId("5f0c1f2e-9f6b-4a53-8d55-000000000000")
    assert terms_of(theirs) is terms_of(None) is terms_of(placeholder_version_id(NAME, "c")) is None
    assert fingerprint_of(theirs) is None
    assert terms_of("tba-" + "0" * 40) == Terms()


def test_two_claims_of_one_name_are_two_placeholders() -> None:
    assert placeholder_version_id(NAME, "one") != placeholder_version_id(NAME, "two")


def test_only_the_placeholder_is_one() -> None:
    assert is_placeholder(placeholder_version_id(NAME, "claim"))
    assert not is_placeholder(derived_version_id(NAME, A, None))
    assert not is_placeholder(None)
    assert not is_ours(VersionId("5f0c1f2e-9f6b-4a53-8d55-000000000000"))


@pytest.mark.parametrize("overlap", [None, 86400, 604800])
def test_what_is_shown_of_a_version_tells_it_from_another(overlap: int | None) -> None:
    terms = Terms(Origin.ROTATED, overlap)
    one, other = (short(derived_version_id(NAME, replace(c, terms=terms), None)) for c in (A, B))

    assert one != other
    assert one.endswith("...")
    assert len(one) < 30


def test_what_is_short_is_shown_whole() -> None:
    assert short("7") == "7"
