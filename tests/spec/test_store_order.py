"""With several stores a token is promoted in the order in which they are listed."""

from __future__ import annotations

import pytest

from tba_secrets.spec.model import Stores

AWS = {"region": "us-east-1"}
VAULT = {"address": "https://vault.example.com", "mount": "secret", "prefix": "netsuite/"}


@pytest.mark.parametrize(
    ("listed", "order"),
    [
        ({"aws": AWS, "vault": VAULT}, ["aws", "vault"]),
        ({"vault": VAULT, "aws": AWS}, ["vault", "aws"]),
        ({"vault": VAULT}, ["vault"]),
        ({"aws": AWS, "vault": VAULT, "order": ["vault", "aws"]}, ["vault", "aws"]),
        ({"aws": AWS, "vault": VAULT, "order": ["vault"]}, ["vault", "aws"]),
    ],
)
def test_the_order_is_the_listed_one(listed: dict[str, object], order: list[str]) -> None:
    stores = Stores.model_validate(listed)

    assert list(stores.listed) == order


def test_the_order_survives_a_wire_that_sorts_keys() -> None:
    stores = Stores.model_validate({"vault": VAULT, "aws": AWS})

    sent = dict(sorted(stores.model_dump(mode="json", exclude_none=True).items()))

    assert list(Stores.model_validate(sent).listed) == ["vault", "aws"]
