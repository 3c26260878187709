"""The small judgements: what looks like a secret, and what a duration says."""

from __future__ import annotations

import secrets
from base64 import b64encode
from datetime import timedelta

import pytest

from tba_secrets.spec.looks_secret import is_plain_key, looks_secret, pasted_values
from tba_secrets.spec.model import parse_duration


@pytest.mark.parametrize(
    "name",
    [
        "WAREHOUSE_CONSUMER_SECRET",
        "integrationproductionwarehouse2",
        "MyWarehouseSyncTokenSecret2024Prod",
        "netsuite/production/eu-central-1/warehouse",
        "NETSUITE2026PRODUCTIONKEY",
    ],
)
def test_names_of_people_are_no_secrets(name: str) -> None:
    assert not looks_secret(name)


def test_generated_values_are() -> None:
    assert all(looks_secret(secrets.token_hex(32)) for _ in range(200))
    missed = sum(not looks_secret(b64encode(secrets.token_bytes(33)).decode()) for _ in range(1000))
    assert missed < 50


def test_values_of_netsuites_form_are_found_within_text() -> None:
    value = secrets.token_hex(32)
    assert [match.group() for match in pasted_values(f"# key={value}, old")] == [value]


@pytest.mark.parametrize("length", [63, 65])
def test_runs_of_another_length_are_not(length: int) -> None:
    assert not list(pasted_values(secrets.token_hex(33)[:length]))


def test_digests_that_say_so_are_not() -> None:
    assert not list(pasted_values(f"image@sha256:{secrets.token_hex(32)}"))


@pytest.mark.parametrize("key", ["", "a b", "a" * 41, "k\u00e9y", "9lives", secrets.token_hex(16)])
def test_odd_keys_are_not_repeated(key: str) -> None:
    assert not is_plain_key(key)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90d", timedelta(days=90)),
        ("12h", timedelta(hours=12)),
        ("2w", timedelta(weeks=2)),
        ("30m", timedelta(minutes=30)),
        ("99999s", timedelta(seconds=99999)),
        ("0d", timedelta(0)),
    ],
)
def test_durations(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text", ["", "90", "d", "-1d", "1.5d", "090d", "1y", "1d ", "100000d", "1d2h"]
)
def test_what_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None
