"""Version ids: derived, recognisable, and legal as a ClientRequestToken."""

from __future__ import annotations

import re

import pytest

from tba_secrets.sensitive import Fingerprint
from tba_secrets.stores.interface import SecretName, VersionId
from tba_secrets.stores.versions import (
    derived_version_id,
    is_ours,
    is_placeholder,
    placeholder_version_id,
)

A, B = Fingerprint("0" * 16), Fingerprint("1" * 16)
NAME, OTHER = SecretName("netsuite/a"), SecretName("netsuite/b")
BEFORE = VersionId("tba-before")


def test_the_same_write_is_the_same_version() -> None:
    assert derived_version_id(NAME, A, BEFORE) == derived_version_id(NAME, A, BEFORE)


@pytest.mark.parametrize(
    ("name", "fingerprint", "replacing"),
    [(OTHER, A, BEFORE), (NAME, B, BEFORE), (NAME, A, VersionId("tba-other")), (NAME, A, None)],
)
def test_another_write_is_another_version(
    name: SecretName, fingerprint: Fingerprint, replacing: VersionId | None
) -> None:
    assert derived_version_id(name, fingerprint, replacing) != derived_version_id(NAME, A, BEFORE)


@pytest.mark.parametrize(
    "version", [derived_version_id(NAME, A, None), placeholder_version_id(NAME)]
)
def test_ids_are_legal_and_ours(version: VersionId) -> None:
    """API: PutSecretValue, ClientRequestToken: 32 to 64 characters."""
    assert re.fullmatch(r"[a-z0-9-]{32,64}", version)
    assert is_ours(version)


def test_only_the_placeholder_is_one() -> None:
    assert is_placeholder(placeholder_version_id(NAME))
    assert not is_placeholder(derived_version_id(NAME, A, None))
    assert not is_placeholder(None)
    assert not is_ours(VersionId("5f0c1f2e-9f6b-4a53-8d55-000000000000"))
