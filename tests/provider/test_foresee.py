"""What a preview warns of: the update would be refused, for the AWS credentials are not the declared account's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tba_secrets.provider.host import Host, LogSeverity
from tba_secrets.provider.staged_credential import StagedCredentialHandler
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer

Foresee = Callable[[str], list[tuple[LogSeverity, str, str, bool]]]


@pytest.fixture
def foresee(monkeypatch: pytest.MonkeyPatch) -> Iterator[Foresee]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
    with SecretsManagerServer() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)

        def run(account_id: str) -> list[tuple[LogSeverity, str, str, bool]]:
            said: list[tuple[LogSeverity, str, str, bool]] = []
            handler = StagedCredentialHandler(Host(log=lambda *words: said.append(words)))
            for secret in ("orders", "stock"):
                stores = {"aws": {"region": "us-east-1", "account_id": account_id}}
                handler.foresee(f"urn:{secret}", {"stores": stores, "secret": secret})
            return said

        yield run


def test_credentials_of_another_account_are_told_once(foresee: Foresee) -> None:
    ((severity, words, urn, _),) = foresee("111122223333")

    assert (severity, urn) == (LogSeverity.WARNING, "urn:orders")
    assert "the AWS credentials are of account 000000000000" in words
    assert "the environment declares account 111122223333" in words
    assert "correct `store.aws.account_id`" in words


def test_those_of_the_declared_account_are_not(foresee: Foresee) -> None:
    assert foresee("000000000000") == []


def test_credentials_that_are_missing_are_told_too_and_the_preview_goes_on(
    foresee: Foresee, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    ((severity, words, _, _),) = foresee("111122223333")

    assert severity is LogSeverity.WARNING
    assert "no usable AWS credentials were found" in words
