"""The questions of `tba init`, in their order, and the defaults of their answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

Answers: TypeAlias = Mapping[str, str]
"""By the answer's name, which is its place in the template; `env` is the environment's own name."""
STORES: Final = ("aws", "vault")


@dataclass(frozen=True)
class Question:
    """One thing to know."""

    name: str
    flag: str
    words: str
    example: str
    default: Callable[[Answers], str] | None = None
    """From the answers before it; None where a person has to say it."""
    store: str | None = None
    """Only for this kind of store."""
    asked: bool = True
    """Not asked on a terminal where False: the default is taken, or the flag."""


def _variable(answers: Answers, name: str, ending: str) -> str:
    """`warehouse-sync` -> WAREHOUSE_SYNC_CONSUMER_KEY; a variable cannot begin with a digit."""
    words = re.sub(r"[^A-Z0-9]+", "_", answers[name].upper()).strip("_").removesuffix("_TOKEN")
    return f"{'_' if words[:1].isdigit() else ''}{words}_{ending}"


QUESTIONS: Final = (
    Question("account", "--account", "NetSuite account id", "1234567_SB1"),
    Question("store", "--store", "Store (aws or vault)", "aws", lambda _: "aws"),
    Question("region", "--region", "AWS region", "us-east-1", store="aws"),
    Question(
        "aws_account",
        "--aws-account",
        "AWS account id that it must be, 12 digits (empty: any)",
        "111122223333",
        lambda _: "",
        store="aws",
    ),
    Question(
        "address", "--address", "Vault's address", "https://vault.example.com:8200", store="vault"
    ),
    Question("mount", "--mount", "Vault's KV mount", "secret", lambda _: "secret", store="vault"),
    Question(
        "prefix",
        "--prefix",
        "Prefix of the secrets' names",
        "netsuite/prod/",
        lambda known: f"netsuite/{known['env']}/",
    ),
    Question("integration", "--integration", "Name of the integration", "warehouse-sync"),
    Question("role", "--role", "Name of its role in NetSuite", "Warehouse Integration"),
    Question("user", "--user", "E-mail of the user that it acts as", "integration.bot@example.com"),
    Question(
        "token",
        "--token",
        "Name of the token",
        "warehouse-sync-token",
        lambda known: f"{known['integration']}-token",
    ),
    *(
        Question(
            name,
            f"--{name.replace('_', '-')}-env",
            "an environment variable",
            f"WAREHOUSE_{name.upper()}",
            lambda known, owner=owner, name=name: _variable(known, owner, name.upper()),  # type: ignore[misc]
            asked=False,
        )
        for owner, name in (
            ("integration", "consumer_key"),
            ("integration", "consumer_secret"),
            ("token", "token_id"),
            ("token", "token_secret"),
        )
    ),
)
