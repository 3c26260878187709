"""What `tba rotate` and `tba rollback` say at the end: what was done, what comes next, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tba_secrets.cli.rollback import rolled_back_words
from tba_secrets.cli.rotate import rotated_words
from tba_secrets.records import CredentialRecord, credential_records
from tests.pipeline.test_certificate_records import environment as certificates
from tests.pipeline.test_records import environment as tokens

NOW = 1_795_753_560.0  # 2026-11-27 04:26 UTC
TOKEN: CredentialRecord = credential_records(tokens())[0]
CERTIFICATE: CredentialRecord = credential_records(certificates())[0]
WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (replace(TOKEN, retire_after=WEEK), "the token before it is valid until 2026-12-04"),
        (replace(TOKEN, retire_after=None), "the token before it is valid until 2026-11-28"),
        (
            replace(CERTIFICATE, retire_after=WEEK),
            "the certificate before it is valid until 2026-12-04",
        ),
    ],
)
def test_a_rotation_says_until_when_the_predecessor_is_valid(
    record: CredentialRecord, words: str
) -> None:
    said = rotated_words(record, NOW)

    assert said.startswith(f"{record.path}: rotated, proven and current; {words}")
    assert "`tba retire` after that revokes it" in said


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (replace(TOKEN, retire_after=None), "nothing is going to revoke it"),
        (
            replace(TOKEN, retire_after=WEEK),
            "the token that it had until now is valid until 2026-12-04",
        ),
        (
            replace(CERTIFICATE, retire_after=None),
            "the certificate that it had until now is valid until 2026-11-27",
        ),
    ],
)
def test_a_rollback_says_what_becomes_of_what_it_leaves(
    record: CredentialRecord, words: str
) -> None:
    said = rolled_back_words(record, NOW)

    assert said.startswith(f"{record.path}: rolled back; ")
    assert words in said
    assert ("nothing is going to revoke" in said) == ("revokes it" not in said)
